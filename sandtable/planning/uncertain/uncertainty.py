"""How sure a scenario is: baseline and scenario under the same draws of all that is not known exactly.

Three layers are drawn, each by itself and each to be left out: the *parameters* of demand, the *forecast* of the
coming periods, and the *inputs* beside demand (pass-through of cash, response to media and dealers, worth, known
margins). Every draw runs baseline and scenario alike (common random numbers), so that the intervals are those of the
*difference*. A draw of the parameters is calibrated anew: its baseline is the observed one; what differs is how buyers,
and firms that answer, react. A draw of the forecast moves both sides by the same factor; a capacity is met with the
market as it was drawn.

While firms hold their prices or match those of others, all draws run together. With firms in best response, launches,
capacity limits or purchases brought forward each draw runs by itself, in as many processes as are asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from sandtable.data.loading import DataSet
from sandtable.data.parameters import ParameterSet
from sandtable.errors import SandtableError, did_you_mean
from sandtable.market.primitives import FloatArray
from sandtable.planning.measures import MEASURES, share_of_sales
from sandtable.planning.uncertain.apart import Failure, Task, run_apart
from sandtable.planning.uncertain.bases import drawn_periods
from sandtable.planning.uncertain.draws import N_DRAWS, SEED, ParameterDraws, draw_parameters
from sandtable.planning.uncertain.inputs import InputDraws, draw_inputs, inputs_of, parameters_at
from sandtable.planning.uncertain.layers import LAYERS, LayerDraws, checked_layers
from sandtable.planning.uncertain.level_draws import draw_levels
from sandtable.planning.uncertain.spread import spread_of
from sandtable.planning.uncertain.together import Sides, owned_by, run_together
from sandtable.scenario.base import open_data_set, open_parameters
from sandtable.scenario.model import Scenario
from sandtable.scenario.periods import PeriodResult
from sandtable.scenario.pulling_forward import temporary_moves
from sandtable.scenario.run import Result, run

__all__ = [
    "LAYERS",
    "MEASURES",
    "Failure",
    "PairedResult",
    "ParameterDraws",
    "StoppedError",
    "draw_parameters",
    "paired_runs",
]

TOTAL = "total"
Progress = Callable[[int, int], None]


class StoppedError(SandtableError):
    """Somebody asked to stop; there are no numbers."""


@dataclass(frozen=True)
class PairedResult:
    """A scenario under many draws.

    Attributes
    ----------
    result : Result
        The run under the parameters themselves.
    draws : ParameterDraws
        One draw, the values themselves, where the parameters are not drawn.
    firms : tuple of str
        The own firm first; by base ownership.
    units, profits : tuple of two ndarray, shape (D, T, F)
        Baseline and scenario of each draw, period and firm; NaN where a draw failed.
    failures : tuple of Failure
        Draws that could not be calibrated or whose prices did not converge: counted, and in no interval.
    layers : LayerDraws
        What was drawn.
    """

    result: Result
    draws: ParameterDraws
    firms: tuple[str, ...]
    units: tuple[FloatArray, FloatArray]
    profits: tuple[FloatArray, FloatArray]
    failures: tuple[Failure, ...]
    layers: LayerDraws

    @property
    def n_draws(self) -> int:
        """Draws, failed ones too."""
        return len(self.units[0])

    @property
    def periods(self) -> tuple[str, ...]:
        """Periods that were run."""
        return tuple(item.base.period for item in self.result.periods)

    @property
    def n_converged(self) -> int:
        """Draws with numbers in all periods."""
        return self.n_draws - len({failure.draw for failure in self.failures})

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader of the intervals must know beside the warnings of the run, a sentence each."""
        failed = self.n_draws - self.n_converged
        counted = [
            f"{failed} of {self.n_draws} draws gave no numbers and are in no interval; the first "
            f"in {self.failures[0].period}: {self.failures[0].reason}"
        ] if failed else []  # fmt: skip
        return (*self.layers.sentences, *counted)

    def parameter_set(self, draw: int) -> ParameterSet:
        """Return the parameters of demand and the inputs of one draw."""
        found = self.draws.parameter_set(draw if len(self.draws) > 1 else 0)
        inputs = self.layers.inputs
        return found if inputs is None else parameters_at(found, inputs.at(draw))

    def sides(
        self, measure: str = "units", firm: str | None = None, period: str | None = None
    ) -> FloatArray:
        """Return baseline and scenario of each draw that converged, shape (2, D).

        Parameters
        ----------
        measure : str
            ``units``, ``share_of_sales`` (0 to 1, without the outside good) or ``contribution_profit``.
        firm : str, optional
            The own firm by default.
        period : str, optional
            All periods together by default.

        Raises
        ------
        ValueError
            If the measure, the firm or the period is unknown.
        """
        for name, kind, known in (
            (measure, "measure", MEASURES),
            (firm, "firm", self.firms),
            (period, "period", self.periods),
        ):
            if name is not None and name not in known:
                raise ValueError(f"no {kind} is called '{name}'{did_you_mean(name, known)}")
        column = self.firms.index(self.firms[0] if firm is None else firm)
        row = -1 if period is None else self.periods.index(period)
        found = self._measured[:, MEASURES.index(measure), :, row, column]
        return np.asarray(found[:, np.isfinite(found).all(axis=0)])

    def changes(
        self, measure: str = "units", firm: str | None = None, period: str | None = None
    ) -> FloatArray:
        """Return scenario less baseline of each draw that converged, shape (D,); arguments as of `sides`."""
        before, after = self.sides(measure, firm, period)
        return np.asarray(after - before)

    @cached_property
    def _measured(self) -> FloatArray:
        """All measures by side, measure, draw, period (the total last) and firm."""
        return np.stack([_measures(*side) for side in zip(self.units, self.profits, strict=True)])

    def summary(self) -> pd.DataFrame:
        """Return how the changes spread: one row a measure, firm and period, and one for all periods together.

        Returns
        -------
        DataFrame
            measure, firm, period (``total`` for all), change (under the parameters themselves), the quantiles
            ``low_95, low_80, low_50, median, high_50, high_80, high_95`` and ``p_beats`` (chance that the change is
            above 0), each with its Monte-Carlo error ``..._error``; and n_draws. Missing where nothing was drawn.
        """
        central = _central(self.result, self.firms)
        changes = np.moveaxis(self._measured[1] - self._measured[0], 1, 0)
        periods = [*self.periods, TOTAL]
        kept = changes[np.isfinite(changes).all(axis=(1, 2, 3))]
        index = pd.MultiIndex.from_product(
            [MEASURES, periods, self.firms], names=["measure", "period", "firm"]
        )
        known = bool(self.layers.drawn)
        spread = spread_of(kept.reshape(len(kept), -1) if known else np.empty((0, len(index))))
        table = index.to_frame(index=False)[["measure", "firm", "period"]]
        table["change"] = (central[1] - central[0]).ravel()
        return pd.concat([table, pd.DataFrame(spread)], axis=1).assign(n_draws=len(kept))


def _measures(units: FloatArray, profits: FloatArray) -> FloatArray:
    """Return all measures with the total of the periods last, (M, D, T + 1, F)."""
    units, profits = (
        np.concatenate([values, values.sum(axis=1, keepdims=True)], axis=1)
        for values in (units, profits)
    )
    shares = share_of_sales(units, units.sum(axis=2, keepdims=True))
    return np.stack([units, shares, profits])


def _central(result: Result, firms: Sequence[str]) -> FloatArray:
    """Both sides under the parameters themselves, (2, M, T + 1, F)."""
    sides = [
        [_by_firm(item, firms, scenario=scenario) for item in result.periods]
        for scenario in (False, True)
    ]
    return np.stack(
        [
            _measures(*(np.array(values)[None] for values in zip(*side, strict=True)))[:, 0]
            for side in sides
        ]
    )


def _by_firm(
    item: PeriodResult, firms: Sequence[str], *, scenario: bool
) -> tuple[FloatArray, FloatArray]:
    state = item.scenario if scenario else item.baseline
    owned = owned_by(item, firms)
    return state.units.sum(axis=0) @ owned, state.contribution_profit.sum(axis=0) @ owned


def paired_runs(
    scenario: Scenario,
    data_set: DataSet | None = None,
    n_draws: int = N_DRAWS,
    *,
    seed: int = SEED,
    layers: Sequence[str] = LAYERS,
    workers: int = 1,
    progress: Progress = lambda done, total: None,
    stop: Callable[[], bool] = lambda: False,
) -> PairedResult:
    """Run a scenario under many draws of what is not known exactly, baseline and scenario with the same draw.

    Parameters
    ----------
    scenario : Scenario
    data_set : DataSet, optional
        The loaded data set, when it is at hand.
    n_draws : int
        200 while somebody waits, 2,000 for a report.
    seed : int
        The same seed gives the same numbers, whatever the number of workers.
    layers : sequence of str
        What is drawn: ``parameters``, ``forecast``, ``inputs``.
    workers : int
        Processes for draws that must run one by one.
    progress : callable
        Called with the draws done and all draws.
    stop : callable
        Asked between draws; True ends the run.

    Returns
    -------
    PairedResult

    Raises
    ------
    ValueError
        If a layer is unknown, or the number of draws or workers is below 1.
    InputError
        As `run` and `draw_parameters` do.
    ConvergenceError
        If the run under the parameters themselves does not converge; draws that do not are counted instead.
    StoppedError
        If `stop` said so.
    """
    if workers < 1:
        raise ValueError(f"workers is {workers}; it must be 1 or more.")
    checked_layers(layers)

    def tick(done: int) -> None:
        if stop():
            raise StoppedError("the draws were stopped; there are no intervals.")
        progress(done, n_draws)

    data_set = data_set or open_data_set(scenario.data)
    result = run(scenario, data_set)
    drawn = _draw(result, data_set, n_draws, seed, layers)
    return paired_at(result, drawn, workers=workers, tick=tick)


def paired_at(
    result: Result,
    drawn: LayerDraws,
    *,
    workers: int = 1,
    tick: Callable[[int], None] = lambda done: None,
) -> PairedResult:
    """Run a scenario at draws that are made already; `tick` is called with the draws done and may raise to stop."""
    data_set, n_draws = result.data_set, drawn.n_draws
    others = {firm for item in result.periods for firm in item.base.market.firms}
    firms = (result.own_firm, *sorted(others - {result.own_firm}))
    sides, failures = _sides(result, data_set, drawn, firms, workers, tick)
    tick(n_draws)
    missing = sorted({failure.draw for failure in failures})
    for values in (*sides.units, *sides.earned, sides.spending):
        values[missing] = np.nan
    units, profits = _levelled(result, sides, drawn, firms)
    return PairedResult(result, drawn.parameters, firms, units, profits, tuple(failures), drawn)


def _draw(
    result: Result, data_set: DataSet, n_draws: int, seed: int, layers: Sequence[str]
) -> LayerDraws:
    parameters = open_parameters(result.scenario, data_set)
    known = draw_parameters(parameters, n_draws, seed=seed)
    if "parameters" not in layers:
        known = ParameterDraws(parameters, (), np.empty((1, 0)), "none", 0)
    inputs: InputDraws | None = None
    if "inputs" in layers:
        found = inputs_of(result.scenario, data_set, parameters)
        inputs = draw_inputs(found, n_draws, seed=seed) if found else None
    levels = None
    if "forecast" in layers:
        periods = [item.base.period for item in result.periods]
        levels = draw_levels(data_set, periods, n_draws, seed=seed)
    return LayerDraws(tuple(layers), known, inputs, levels)


def _sides(
    result: Result,
    data_set: DataSet,
    drawn: LayerDraws,
    firms: tuple[str, ...],
    workers: int,
    tick: Callable[[int], None],
) -> tuple[Sides, list[Failure]]:
    periods = tuple(item.base.period for item in result.periods)
    n_draws, scenario = drawn.n_draws, result.scenario
    if not _alike(result, drawn):
        levels = drawn.levels if _limited(result) else None
        task = Task(
            scenario, data_set, result.own_firm, firms, periods, drawn.parameters, drawn.inputs, levels,
            n_draws,
        )  # fmt: skip
        return run_apart(task, workers=workers, tick=tick)
    bases = drawn_periods(data_set, drawn.parameters, periods, scenario.supply, tick=tick)
    failures = [
        Failure(draw, item.base.period, reason)
        for item in bases
        for draw, reason in item.failures.items()
    ]
    if drawn.inputs is not None and len(drawn.parameters) == 1:
        bases = tuple(item.repeated(n_draws) for item in bases)
    sides = run_together(result, bases, firms, drawn.inputs)
    return sides.repeated(n_draws), failures


def _levelled(
    result: Result, sides: Sides, drawn: LayerDraws, firms: tuple[str, ...]
) -> tuple[tuple[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]:
    """Units and profits at the levels of the forecast that were drawn; the same factor on both sides."""
    factors: FloatArray | float = 1.0
    if drawn.levels is not None and not _limited(result):
        before = np.array([_by_firm(item, firms, scenario=False)[0] for item in result.periods])
        own, others = drawn.levels.factors(share_of_sales(before[:, 0], before.sum(axis=1)))
        n_others = sides.spending.shape[2] - 1
        factors = np.concatenate(
            [own[..., None], np.repeat(others[..., None], n_others, 2)], axis=2
        )
    units, earned = ([values * factors for values in pair] for pair in (sides.units, sides.earned))
    return (units[0], units[1]), (earned[0], earned[1] - sides.spending)


def _limited(result: Result) -> bool:
    """Whether numbers do not grow with the market: something can be built only so often."""
    return any(move.lever == "capacity" for move in result.scenario.levers)


def _alike(result: Result, drawn: LayerDraws) -> bool:
    """Whether who is there, what firms answer and what is handed from period to period is the same in all draws."""
    levers = {move.lever for move in result.scenario.levers}
    held = all(item.answer is None for item in result.periods)
    forward = any(temporary_moves(result.scenario))
    costs = drawn.inputs is not None and result.scenario.supply.costs == "accounting"
    return held and not forward and not costs and not levers & {"launch", "capacity"}
