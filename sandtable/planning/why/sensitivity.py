"""What a result hangs on: each parameter, input and assumption moved by itself, the others held.

Numbers go to their 10 % and 90 % points: by their standard error, or by the assumed range where there is none. Choices
(how rivals answer, what costs are, conduct) take their other settings. Bars say how far the answer moves; they do not
add up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sandtable.data.loading import DataSet
from sandtable.data.metadata import Grade
from sandtable.data.parameters import ParameterSet
from sandtable.errors import ConvergenceError, did_you_mean
from sandtable.market.primitives import FloatArray
from sandtable.planning.measures import MEASURES, measures_of
from sandtable.planning.uncertain.assumed import POINT, assumed_ranges
from sandtable.planning.uncertain.draws import ParameterDraws
from sandtable.planning.uncertain.inputs import Input, InputDraws, inputs_of
from sandtable.planning.uncertain.layers import LayerDraws
from sandtable.planning.uncertain.level_draws import LevelDraws, level_deviations
from sandtable.planning.uncertain.uncertainty import paired_at
from sandtable.scenario.base import open_data_set
from sandtable.scenario.levers import lever_table
from sandtable.scenario.model import Response, Rivals, Scenario
from sandtable.scenario.run import Result, run
from sandtable.scenario.summary import totals

ENDS = (-POINT, POINT)
BELOW_ONE = 0.999
SOME_CONDUCT = 0.2  # of the others' profit: a market known to be soft
MOST_FORWARD = 0.5
LEVELS = ("forecast_sales", "forecast_own_share")


@dataclass(frozen=True)
class Swing:
    """What one number or choice does to the change of a measure.

    Attributes
    ----------
    name : str
    low_at, high_at : str
        Where it stands at the two ends: numbers as text, choices by name.
    low, high : float
        Change of the measure there. Of a choice: the lowest and the highest over its settings.
    grade : str
        Evidence of the number or choice.
    source : str
    assumed : bool
        Whether the range is `assumed.yaml`'s or a choice, and not a standard error.
    """

    name: str
    low_at: str
    high_at: str
    low: float
    high: float
    grade: Grade
    source: str
    assumed: bool

    @property
    def span(self) -> float:
        """How far the change moves between the ends."""
        return abs(self.high - self.low)


@dataclass(frozen=True)
class Tornado:
    """What the change of a measure hangs on, the widest span first.

    Attributes
    ----------
    result : Result
    measure : str
    change : float
        Own firm, all periods, everything at its place.
    swings : tuple of Swing
    notes : tuple of str
        Settings without numbers, and why.
    """

    result: Result
    measure: str
    change: float
    swings: tuple[Swing, ...]
    notes: tuple[str, ...]


def tornado(
    scenario: Scenario, data_set: DataSet | None = None, *, measure: str = "units"
) -> Tornado:
    """Move each parameter, input and assumption of a scenario by itself.

    Parameters
    ----------
    scenario : Scenario
    data_set : DataSet, optional
        The loaded data set, when it is at hand.
    measure : str
        ``units``, ``share_of_sales`` or ``contribution_profit`` of the own firm, all periods.

    Raises
    ------
    ValueError
        If the measure is unknown.
    InputError, ConvergenceError
        As `run` does.
    """
    if measure not in MEASURES:
        raise ValueError(f"no measure is called '{measure}'{did_you_mean(measure, MEASURES)}")
    data_set = data_set or open_data_set(scenario.data)
    result = run(scenario, data_set)
    centre = _change(result, measure)
    numbers, notes = _of_numbers(result, measure)
    chosen = []
    for choice in _choices(scenario, data_set):
        found: dict[str, float] = {choice.now: centre}
        for label, other in choice.others.items():
            try:
                found[label] = _change(run(other, data_set, search_again=False), measure)
            except ConvergenceError as error:
                notes.append(f"{choice.name} at {label}: {error}")
        low, high = min(found, key=found.__getitem__), max(found, key=found.__getitem__)
        chosen.append(
            Swing(choice.name, low, high, found[low], found[high], "judgement", choice.source, True)
        )
    swings = sorted([*numbers, *chosen], key=lambda one: -one.span)
    return Tornado(result, measure, centre, tuple(swings), tuple(notes))


def _change(result: Result, measure: str) -> float:
    """Change of a measure of the own firm, all periods."""
    sums = np.zeros((2, 3))
    for item in result.periods:
        for side, state in enumerate((item.baseline, item.scenario)):
            owned = totals(item, result.own_firm)[side]
            sums[side] += owned.units, state.units.sum(), owned.contribution_profit
    found = measures_of(sums)[:, MEASURES.index(measure)]
    return float(found[1] - found[0])


@dataclass(frozen=True)
class _Number:
    """A number, or some that move together, with both ends: values by name, or levels."""

    name: str
    ends: tuple[dict[str, float], dict[str, float]]
    grade: Grade
    source: str
    assumed: bool

    def shown(self, end: int) -> str:
        values = list(self.ends[end].values())
        return f"{values[0]:.4g}" if len(values) == 1 else f"{(10, 90)[end]} %"


def _of_numbers(result: Result, measure: str) -> tuple[list[Swing], list[str]]:
    """Run all ends of all numbers as draws of one run."""
    parameters, scenario = result.parameters, result.scenario
    demand = list(_demand_numbers(parameters))
    inputs = inputs_of(scenario, result.data_set, parameters)
    beside = list(_input_numbers(inputs))
    periods = [item.base.period for item in result.periods]
    widths = np.nan_to_num(level_deviations(result.data_set, periods))
    levels = [_level_number(row, widths) for row in (0, 1) if widths[row].any()]
    numbers = [*demand, *beside, *levels]
    moved = [end for number in numbers for end in number.ends]
    named = parameters.named()
    values = [[end.get(name, known.value) for name, known in named.items()] for end in moved]
    of_inputs = [[end.get(item.name, item.value) for item in inputs] for end in moved]
    scores = np.array([[end.get(name, 1.0) for name in LEVELS] for end in moved])
    shifts = np.where(scores == 1, 0.0, np.sign(np.log(scores)) * POINT)
    drawn = LayerDraws(
        ("parameters", "forecast", "inputs"),
        ParameterDraws(parameters, tuple(named), np.array(values), "standard_errors", 0),
        InputDraws(inputs, np.array(of_inputs)) if inputs else None,
        LevelDraws(shifts[:, :1] * widths[0], shifts[:, 1:] * widths[1]),
    )
    paired = paired_at(result, drawn)
    failed = {failure.draw: failure.reason for failure in paired.failures}
    kept = [draw for draw in range(len(moved)) if draw not in failed]
    changes = dict(zip(kept, paired.changes(measure).tolist(), strict=True))
    swings, notes = [], []
    for place, number in enumerate(numbers):
        ends = 2 * place, 2 * place + 1
        if failed.keys() & set(ends):
            notes += [f"{number.name}: {failed[end]}" for end in ends if end in failed]
            continue
        swings.append(
            Swing(
                number.name, number.shown(0), number.shown(1), changes[ends[0]], changes[ends[1]],
                number.grade, number.source, number.assumed,
            )
        )  # fmt: skip
    return swings, notes


def _demand_numbers(parameters: ParameterSet) -> Iterator[_Number]:
    sigmas = [sigma.value for sigma in parameters.sigmas]
    for name, known in parameters.named().items():
        nested = name.startswith("sigma_")
        assumed = assumed_ranges()["sigma" if nested else name]
        error = assumed.error(known.value) if known.standard_error is None else known.standard_error
        if not error or (not nested and known.value <= 0):
            continue
        if nested:
            place = [f"sigma_{nest}" for nest in parameters.nests].index(name)
            low = 0.0 if place == 0 else sigmas[place - 1]
            high = BELOW_ONE if place == len(sigmas) - 1 else sigmas[place + 1]
            ends = [float(np.clip(known.value + score * error, low, high)) for score in ENDS]
        else:
            ends = [known.value * float(np.exp(score * error / known.value)) for score in ENDS]
        missing = known.standard_error is None
        yield _Number(
            name,
            ({name: ends[0]}, {name: ends[1]}),
            known.grade if not missing else assumed.grade,
            assumed.source if missing else known.source,
            missing,
        )


def _input_numbers(inputs: Sequence[Input]) -> Iterator[_Number]:
    """Channels of media move together, field by field."""
    grouped: dict[str, list[Input]] = {}
    for item in inputs:
        kind, _, rest = item.name.partition(":")
        field = rest.rpartition(":")[2]
        name = f"media_{field}" if kind == "media" else kind if kind == "margin" else item.name
        grouped.setdefault(name, []).append(item)
    for name, items in grouped.items():
        ends = [
            {item.name: float(item.at(np.array([score]))[0]) for item in items} for score in ENDS
        ]
        first = items[0]
        yield _Number(name, (ends[0], ends[1]), first.grade, first.source, first.assumed)


def _level_number(row: int, widths: FloatArray) -> _Number:
    size = float(np.exp(POINT * widths[row].max()))
    return _Number(
        LEVELS[row],
        ({LEVELS[row]: 1 / size}, {LEVELS[row]: size}),
        "estimated",
        "the 80 % interval of the forecast, from its back-test",
        False,
    )


@dataclass(frozen=True)
class _Choice:
    """An assumption with other settings."""

    name: str
    now: str
    others: dict[str, Scenario]
    source: str


def _choices(scenario: Scenario, data_set: DataSet) -> Iterator[_Choice]:
    rivals, supply = scenario.rivals, scenario.supply
    modes = {
        "hold": Response(),
        "match 50 %": Response("match", 0.5, 1),
        "best response": Response("best_response"),
    }
    yield _Choice(
        "rivals",
        str(rivals.default) + (" and exceptions" if rivals.by_firm else ""),
        {
            label: replace(scenario, rivals=Rivals(response))
            for label, response in modes.items()
            if Rivals(response) != rivals
        },
        "how rivals answer is the scenario's own assumption",
    )
    if data_set.metadata.known_margins:
        other = replace(supply, costs="implied" if supply.costs == "accounting" else "accounting")
        costs = {str(other.costs): replace(scenario, supply=other)}
        yield _Choice("costs", supply.costs, costs, "implied by prices, or from known margins")
    soft = 0.0 if supply.conduct else SOME_CONDUCT
    conduct = {f"{soft:.0%}": replace(scenario, supply=replace(supply, conduct=soft))}
    yield _Choice("conduct", f"{supply.conduct:.0%}", conduct, "Bertrand, or a softer market")
    forward = [
        move.last is not None and "brought_forward" in lever_table()[move.lever].terms
        for move in scenario.levers
    ]
    if any(forward):
        settings = {}
        for part in (0.0, MOST_FORWARD):
            levers = tuple(
                replace(move, terms=tuple({**dict(move.terms), "brought_forward": part}.items()))
                if temporary
                else move
                for move, temporary in zip(scenario.levers, forward, strict=True)
            )
            settings[f"{part:.0%}"] = replace(scenario, levers=levers)
        said = "what a temporary tax or subsidy brings forward is the scenario's own assumption"
        yield _Choice("brought_forward", "as written", settings, said)
