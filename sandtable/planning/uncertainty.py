"""How sure the change of a scenario is, as far as the parameters of demand are not known exactly.

Every draw of the parameters runs baseline and scenario alike (common random numbers), so that the intervals are those
of the *difference*. Each draw is calibrated anew: its baseline is the observed one whatever the parameters; what
differs is how buyers, and firms that answer, react. Errors of the forecast and of the inputs are in no interval here.

While firms hold their prices or match those of others, all draws run together. With firms in best response, launches or
capacity limits each draw runs by itself, one game after the other: a few seconds become minutes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sandtable.data.loading import DataSet
from sandtable.errors import ConvergenceError, InputError, did_you_mean
from sandtable.market.primitives import FloatArray
from sandtable.planning.bases import DrawnPeriod, drawn_periods
from sandtable.planning.draws import (
    N_DRAWS,
    PASS_THROUGH,
    SEED,
    ParameterDraws,
    draw_parameters,
)
from sandtable.planning.measures import MEASURES, share_of_sales
from sandtable.planning.spread import spread_of
from sandtable.planning.together import Volumes, owned_by, run_together
from sandtable.scenario.base import open_data_set, open_parameters
from sandtable.scenario.model import Scenario
from sandtable.scenario.periods import Memory, PeriodResult, run_period
from sandtable.scenario.run import Result, run

__all__ = [
    "MEASURES",
    "Failure",
    "PairedResult",
    "ParameterDraws",
    "draw_parameters",
    "paired_runs",
]

TOTAL = "total"


@dataclass(frozen=True)
class Failure:
    """A draw without numbers.

    Attributes
    ----------
    draw : int
    period : str
    reason : str
        A sentence.
    """

    draw: int
    period: str
    reason: str


@dataclass(frozen=True)
class PairedResult:
    """A scenario under many draws of the parameters.

    Attributes
    ----------
    result : Result
        The run under the parameters themselves.
    draws : ParameterDraws
    firms : tuple of str
        The own firm first; by base ownership.
    units, profits : tuple of two ndarray, shape (D, T, F)
        Baseline and scenario of each draw, period and firm; NaN where a draw failed.
    failures : tuple of Failure
        Draws that could not be calibrated or whose prices did not converge: counted, and in no interval.
    """

    result: Result
    draws: ParameterDraws
    firms: tuple[str, ...]
    units: tuple[FloatArray, FloatArray]
    profits: tuple[FloatArray, FloatArray]
    failures: tuple[Failure, ...]

    @property
    def periods(self) -> tuple[str, ...]:
        """Periods that were run."""
        return tuple(item.base.period for item in self.result.periods)

    @property
    def n_converged(self) -> int:
        """Draws with numbers in all periods."""
        return len(self.draws) - len({failure.draw for failure in self.failures})

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader of the intervals must know beside the warnings of the run, a sentence each."""
        failed = len(self.draws) - self.n_converged
        counted = [
            f"{failed} of {len(self.draws)} draws gave no numbers and are in no interval; the first "
            f"in {self.failures[0].period}: {self.failures[0].reason}"
        ] if failed else []  # fmt: skip
        return (*self.draws.sentences, *counted)

    def changes(
        self, measure: str = "units", firm: str | None = None, period: str | None = None
    ) -> FloatArray:
        """Return scenario less baseline of each draw that converged, shape (D,).

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
        found = self._changes()[MEASURES.index(measure)][:, row, column]
        return np.asarray(found[np.isfinite(found)])

    def _changes(self) -> FloatArray:
        """Return changes by measure, draw, period (the total last) and firm."""
        before, after = zip(self.units, self.profits, strict=True)
        return _measures(*after) - _measures(*before)

    def summary(self) -> pd.DataFrame:
        """Return how the changes spread: one row a measure, firm and period, and one for all periods together.

        Returns
        -------
        DataFrame
            measure, firm, period (``total`` for all), change (under the parameters themselves), the quantiles
            ``low_95, low_80, low_50, median, high_50, high_80, high_95`` and ``p_beats`` (chance that the change is
            above 0), each with its Monte-Carlo error ``..._error``; and n_draws. Missing where the parameters have no
            errors.
        """
        central = _central(self.result, self.firms)
        changes = np.moveaxis(self._changes(), 1, 0)
        periods = [*self.periods, TOTAL]
        kept = changes[np.isfinite(changes).all(axis=(1, 2, 3))]
        index = pd.MultiIndex.from_product(
            [MEASURES, periods, self.firms], names=["measure", "period", "firm"]
        )
        known = self.draws.basis != "none"
        spread = spread_of(kept.reshape(len(kept), -1) if known else np.empty((0, len(index))))
        table = index.to_frame(index=False)[["measure", "firm", "period"]]
        table["change"] = central.ravel()
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
    sides = [
        [_by_firm(item, firms, scenario=scenario) for item in result.periods]
        for scenario in (False, True)
    ]
    before, after = (
        _measures(*(np.array(values)[None] for values in zip(*side, strict=True)))[:, 0]
        for side in sides
    )
    return after - before


def _by_firm(item: PeriodResult, firms: Sequence[str], *, scenario: bool) -> Volumes:
    state = item.scenario if scenario else item.baseline
    owned = owned_by(item, firms)
    return state.units.sum(axis=0) @ owned, state.contribution_profit.sum(axis=0) @ owned


def paired_runs(
    scenario: Scenario,
    data_set: DataSet | None = None,
    n_draws: int = N_DRAWS,
    *,
    seed: int = SEED,
) -> PairedResult:
    """Run a scenario under many draws of its parameters, baseline and scenario with the same draw.

    Parameters
    ----------
    scenario : Scenario
    data_set : DataSet, optional
        The loaded data set, when it is at hand.
    n_draws : int
        200 while somebody waits, 2,000 for a report.
    seed : int
        The same seed gives the same numbers.

    Returns
    -------
    PairedResult

    Raises
    ------
    InputError
        As `run` and `draw_parameters` do.
    ConvergenceError
        If the run under the parameters themselves does not converge; draws that do not are counted instead.
    """
    data_set = data_set or open_data_set(scenario.data)
    result = run(scenario, data_set)
    draws = draw_parameters(open_parameters(scenario, data_set), n_draws, seed=seed)
    others = {firm for item in result.periods for firm in item.base.market.firms}
    firms = (result.own_firm, *sorted(others - {result.own_firm}))
    periods = [item.base.period for item in result.periods]
    drawn = drawn_periods(data_set, draws, periods, scenario.supply)
    failures = [
        Failure(draw, item.base.period, reason)
        for item in drawn
        for draw, reason in item.failures.items()
    ]
    if _alike(result, draws):
        sides = run_together(result, drawn, firms)
    else:
        sides, found = _each(result, drawn, firms, {failure.draw for failure in failures})
        failures += found
    missing = sorted({failure.draw for failure in failures})
    for values in (*sides[0], *sides[1]):
        values[missing] = np.nan
    return PairedResult(result, draws, firms, *sides, tuple(failures))


def _alike(result: Result, draws: ParameterDraws) -> bool:
    """Whether prices and who is there are the same in all draws."""
    levers = {move.lever for move in result.scenario.levers}
    held = all(item.answer is None for item in result.periods)
    drawn_prices = PASS_THROUGH in draws.names and "customer_cash" in levers
    return held and not drawn_prices and not levers & {"launch", "capacity"}


def _each(
    result: Result, drawn: Sequence[DrawnPeriod], firms: Sequence[str], skipped: set[int]
) -> tuple[tuple[Volumes, Volumes], list[Failure]]:
    """Units and profits by draw, period and firm, one run after the other."""
    shape = (len(drawn[0].demands), len(drawn), len(firms))
    units, profits = (np.empty(shape), np.empty(shape)), (np.empty(shape), np.empty(shape))
    failures = []
    for draw in sorted(set(range(shape[0])) - skipped):
        memory = Memory()
        for place, period in enumerate(drawn):
            base = period.base_of_draw(draw)
            try:
                item, _ = run_period(
                    result.scenario, base, result.own_firm, memory, search_again=False
                )
            except (ConvergenceError, InputError) as error:
                failures.append(Failure(draw, base.period, str(error)))
                break
            for side, scenario in enumerate((False, True)):
                found = _by_firm(item, firms, scenario=scenario)
                units[side][draw, place], profits[side][draw, place] = found
    return (units, profits), failures
