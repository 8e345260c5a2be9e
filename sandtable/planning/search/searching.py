"""The room of a search: amounts of some levers as a unit cube, and what the market does at each point of it.

A point is run once and kept. Where a sweep can give all measures that are asked for, the room is scanned by a sweep;
else by runs. What a sweep gives is never handed out as an answer: candidates are run again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Literal

import numpy as np
from scipy.stats import qmc

from sandtable.data.loading import DataSet
from sandtable.errors import ConvergenceError, Fault, InputError, SandtableError
from sandtable.market.primitives import FloatArray
from sandtable.planning.measures import MEASURES as SWEPT
from sandtable.planning.measures import stands_alone
from sandtable.planning.search.choices import Choice, resting_amounts
from sandtable.planning.search.measuring import Measure
from sandtable.planning.sweeps.sweeping import sweep
from sandtable.scenario.base import open_data_set
from sandtable.scenario.model import Scenario
from sandtable.scenario.run import Result, run

Progress = Callable[[int, int], bool | None]

SEED = 20260701
SWEPT_POINTS = 4_096
RUN_POINTS = 192
LEVELS = 33  # of each axis of the scanning sweep
MOST_CHOICES = 12
CORNERS_OF = 4  # choices up to which every corner of the room is scanned
THRESHOLDS = ("price_from", "price_to", "at_most")  # terms of taxes that begin or end at a price
SAME = 1e-9  # relative difference up to which a definition says what the arrays say


class SearchStoppedError(SandtableError):
    """A search that its caller stopped: it has no answer."""


@dataclass
class Space:
    """A scenario with some levers free.

    Attributes
    ----------
    scenario : Scenario
    choices : tuple of Choice
    data_set : DataSet
    measures : tuple of Measure
    rest : ndarray, shape (n,)
        The point at which no choice changes anything; outside of the cube where the bounds leave it out.
    baseline : ndarray, shape (M,)
        The measures before any lever.
    alone : bool
        Whether rivals hold and periods stand alone.
    smooth : bool
        Whether measures have slopes everywhere: then no capacity, answer or price threshold bends them.
    defined : ndarray of bool, shape (M,)
        Measures whose definition says something else than the arrays: they are read by it, which is slower.
    quick : bool
        Whether a sweep gives all measures.
    runs, failures, scanned : int
        Points run so far, those without numbers, and points scanned.
    """

    scenario: Scenario
    choices: tuple[Choice, ...]
    data_set: DataSet
    measures: tuple[Measure, ...]
    rest: FloatArray
    baseline: FloatArray
    alone: bool
    smooth: bool
    defined: tuple[bool, ...]
    progress: Progress | None
    quick: bool = False
    runs: int = 0
    failures: int = 0
    scanned: int = 0
    expected: int = 0
    told: int = 0
    kept: dict[bytes, FloatArray] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        scenario: Scenario,
        choices: Sequence[Choice],
        measures: Sequence[Measure],
        data_set: DataSet | None = None,
        *,
        progress: Progress | None = None,
    ) -> Space:
        """Look at a scenario from both ends of its choices.

        Raises
        ------
        InputError
            If there is no choice or too many, or a lever cannot be pulled.
        ConvergenceError
            If the prices do not converge at either end of the choices.
        """
        data_set = data_set or open_data_set(scenario.data)
        _check_choices(choices)
        low = _at(scenario, choices, [choice.low for choice in choices])
        high = _at(scenario, choices, [choice.high for choice in choices])
        ends = [run(one, data_set, search_again=False) for one in (low, high)]
        first = ends[0]
        lows, rooms = (
            np.array([getattr(choice, name) for choice in choices]) for name in ("low", "room")
        )
        rest = (resting_amounts(choices, scenario, first) - lows) / rooms
        unique = tuple(dict.fromkeys(measures))
        _check_known(unique, ends)
        baseline = np.array([measure.reported(first, "baseline") for measure in unique])
        space = cls(
            scenario=scenario,
            choices=tuple(choices),
            data_set=data_set,
            measures=unique,
            rest=rest,
            baseline=baseline,
            alone=stands_alone(first),
            smooth=stands_alone(first) and not _has_thresholds(high),
            defined=tuple(_says_otherwise(measure, first) for measure in unique),
            progress=progress,
        )
        own = all(measure.of_own_total for measure in unique) and not any(space.defined)
        space.quick = own and space.alone and space._swept_together()
        return space

    def _swept_together(self) -> bool:
        axes = [choice.axis([choice.low, choice.high]) for choice in self.choices]
        return sweep(self.scenario, axes, self.data_set, sample=1).together

    def place(self, measure: Measure) -> int:
        """Return where a measure stands among the values."""
        return self.measures.index(measure)

    def amounts(self, point: FloatArray) -> FloatArray:
        """Return the amounts of a point: exact at the bounds, and in whole steps without the dust of division."""
        pairs = zip(self.choices, point.tolist(), strict=True)
        return np.array([_amount(choice, z) for choice, z in pairs])

    def at(self, point: FloatArray) -> Scenario:
        """Return the scenario of a point."""
        return _at(self.scenario, self.choices, self.amounts(point).tolist())

    def values(self, point: FloatArray) -> FloatArray:
        """Return the measures at a point, (M,); NaN where there are none.

        Raises
        ------
        SearchStoppedError
            If the caller stopped the search.
        """
        key = (point + 0.0).tobytes()
        if key not in self.kept:
            self.tell(1)
            self.runs += 1
            try:
                self.kept[key] = self.read(run(self.at(point), self.data_set, search_again=False))
            except (ConvergenceError, InputError):
                self.failures += 1
                self.kept[key] = np.full(len(self.measures), np.nan)
        return self.kept[key]

    def read(self, result: Result) -> FloatArray:
        """Return the measures of a result, (M,)."""
        return np.array(
            [
                measure.reported(result) if defined else measure.of(result)
                for measure, defined in zip(self.measures, self.defined, strict=True)
            ]
        )

    def tell(self, steps: int) -> None:
        """Tell how far the search is; stop it when nobody waits any more.

        Raises
        ------
        SearchStoppedError
        """
        self.told = min(self.told + steps, self.expected)
        if self.progress is not None and self.progress(self.told, self.expected) is False:
            raise SearchStoppedError("the search was stopped; it has no answer.")

    def finish(self) -> None:
        """Tell that the search is done, with however many runs."""
        self.tell(self.expected)

    def scan(self, *, seed: int = SEED, points: int | None = None) -> tuple[FloatArray, FloatArray]:
        """Look over the whole room: points evenly spread, corners, and where nothing changes.

        Returns
        -------
        points : ndarray, shape (S, n)
        values : ndarray, shape (S, M)
        """
        n_points = points or (SWEPT_POINTS if self.quick else RUN_POINTS)
        extra = [np.clip(self.rest, 0.0, 1.0)]
        if len(self.choices) <= CORNERS_OF:
            extra += [np.array(corner) for corner in product((0.0, 1.0), repeat=len(self.choices))]
        if len(self.choices) == 1:
            spread = np.linspace(0.0, 1.0, min(n_points, 257 if self.quick else 65))[:, None]
        else:
            drawn = qmc.Sobol(len(self.choices), rng=np.random.default_rng(seed))
            spread = drawn.random_base2((n_points - 1).bit_length())[:n_points]
        if not self.quick:
            found = np.concatenate([spread, np.array(extra)])
            self.scanned = len(found)
            return found, np.stack([self.values(point) for point in found])
        swept, values = self._swept(n_points, seed)
        beside = np.stack([self.values(point) for point in extra])
        self.scanned = len(swept) + len(extra)
        return np.concatenate([swept, np.array(extra)]), np.concatenate([values, beside])

    def _swept(self, n_points: int, seed: int) -> tuple[FloatArray, FloatArray]:
        single = len(self.choices) == 1
        levels = 257 if single else LEVELS
        axes = [
            choice.axis([choice.low + choice.room * z for z in np.linspace(0, 1, levels).tolist()])
            for choice in self.choices
        ]

        def alive(done: int, total: int) -> bool:
            self.tell(0)
            return True

        found = sweep(
            self.scenario,
            axes,
            self.data_set,
            sample=None if single else n_points,
            seed=seed,
            progress=alive,
        )
        columns = [SWEPT.index(measure.name) for measure in self.measures]
        return found.levels / (levels - 1), found.measures[:, columns]


def _amount(choice: Choice, z: float) -> float:
    if z == 1:
        return choice.high
    amount = choice.low + z * choice.room
    if choice.step is None:
        return amount
    whole = choice.low + choice.step * round((amount - choice.low) / choice.step)
    return float(f"{whole:.12g}") if abs(amount - whole) <= SAME * choice.room else amount


def _at(scenario: Scenario, choices: Sequence[Choice], amounts: Sequence[float]) -> Scenario:
    for choice, amount in zip(choices, amounts, strict=True):
        scenario = scenario.with_lever(choice.at(amount))
    return scenario


def _check_choices(choices: Sequence[Choice]) -> None:
    faults = []
    if not choices:
        faults.append(Fault("search", "choices", "there is none; give at least one."))
    if len(choices) > MOST_CHOICES:
        message = f"are {len(choices)}; a search moves {MOST_CHOICES} levers at most."
        faults.append(Fault("search", "choices", message))
    if len({choice.move.key for choice in choices}) < len(choices):
        message = "pull the same lever on the same target twice; keep one of them."
        faults.append(Fault("search", "choices", message))
    if faults:
        raise InputError(faults)


def _check_known(measures: Sequence[Measure], ends: Sequence[Result]) -> None:
    """Refuse measures that neither end of the choices knows, such as leads that nobody counts."""
    faults = [
        Fault("search", str(measure), "is not known of this scenario; ask for another measure.")
        for measure in measures
        if all(np.isnan(measure.of(end)) for end in ends)
    ]
    if faults:
        raise InputError(faults)


def _has_thresholds(scenario: Scenario) -> bool:
    return any(name in THRESHOLDS for move in scenario.levers for name, _ in move.terms)


def _says_otherwise(measure: Measure, result: Result) -> bool:
    """Whether the definition of a measure gives another number than the arrays do."""
    pairs = [(measure.of(result, side), measure.reported(result, side)) for side in _SIDES]
    return any(not np.isclose(*pair, rtol=SAME, atol=0.0, equal_nan=True) for pair in pairs)


_SIDES: tuple[Literal["baseline", "scenario"], ...] = ("baseline", "scenario")
