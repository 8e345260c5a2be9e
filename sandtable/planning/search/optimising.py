"""The best levers: most (or least) of a measure over bounds and requirements, on average or in the worst draws.

The room is scanned, the best points that stand apart are polished, and the answer is the best of all points run. Each
bound at which the answer lies is moved a little and the problem solved again: what that brings is its shadow price, and
a bound that brings nothing is not called binding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from sandtable.data.loading import DataSet
from sandtable.errors import Fault, InputError
from sandtable.market.primitives import FloatArray
from sandtable.planning.search.choices import Choice
from sandtable.planning.search.goal_seeking import WITHIN_REACH, certificate, nearest_values
from sandtable.planning.search.measuring import Measure
from sandtable.planning.search.outcomes import Outcome, at_levers, outcome_of, require_as_found
from sandtable.planning.search.risk import Risk, WorstDraws
from sandtable.planning.search.searching import RUN_POINTS, SEED, Progress, Space
from sandtable.planning.search.solving import (
    STARTS,
    Limits,
    Objective,
    Programme,
    solve,
    starts_of,
)
from sandtable.planning.search.stepping import on_steps
from sandtable.planning.search.targets import Requirement
from sandtable.scenario.model import Scenario

RUNS_A_START = 100  # expected, to tell how far a search is


@dataclass(frozen=True)
class Aim:
    """What is to be as large (or as small) as it can be.

    Parameters
    ----------
    measure : Measure
    direction : str
        ``most`` or ``least``.
    risk : Risk, optional
        Over draws of the parameters; without it the parameters themselves count.
    """

    measure: Measure
    direction: Literal["most", "least"] = "most"
    risk: Risk | None = None

    @property
    def sign(self) -> float:
        """1 for most, -1 for least."""
        return 1.0 if self.direction == "most" else -1.0

    def __str__(self) -> str:
        """Say it in a few words."""
        whole = f"{self.direction} {self.measure}"
        return whole if self.risk is None else f"{whole}, {self.risk}"


@dataclass(frozen=True)
class FrontPoint:
    """One point of a front: a full answer, the best of one measure at a level of another."""

    level: float
    outcome: Outcome


@dataclass(frozen=True)
class _Job:
    """A space, its scan, and what is asked of it."""

    space: Space
    scan: tuple[FloatArray, FloatArray]
    aim: Aim
    starts: int
    draws: WorstDraws | None
    shown: tuple[Measure, ...]

    def outcome(
        self, requirements: Sequence[Requirement], also: Sequence[FloatArray] = ()
    ) -> Outcome:
        """Solve it under some requirements; further points to start from may be given."""
        limits = Limits.of(requirements, self.space)
        place = self.space.place(self.aim.measure)
        size = float(np.nanmax(np.abs(self.scan[1][:, place])))
        scale = -self.aim.sign / (size if size > 0 else 1.0)
        programme = self._programme(limits, place, scale)
        seeds = [*starts_of(programme, self.scan, self.starts), *also]
        if not limits.in_sight(self.scan[1]):
            # no point of the scan keeps them: see whether any point can before looking for the best one
            nearest, near = nearest_values(self.space, self.scan, requirements, (), self.starts)
            if limits.worst(near.values) > WITHIN_REACH:
                return certificate(nearest, near, requirements, limits, measures=self.shown)
            seeds.append(near.point)
        found = solve(programme, np.array(seeds))
        programme, found = on_steps(programme, found)
        if not found.feasible:
            return certificate(programme, found, requirements, limits, measures=self.shown)
        outcome = outcome_of(
            programme,
            found,
            requirements,
            limits,
            quantity=lambda one: one.score / scale,
            measures=self.shown,
        )
        outcome = require_as_found(outcome, found)
        exact = outcome.value(self.aim.measure)
        value = exact if self.draws is None else found.score / scale
        levers = at_levers(self.space, found.point)
        sentence = f"{str(self.aim).capitalize()}: {self.aim.measure.shown(value)} at {levers}."
        warnings = (*outcome.warnings, *(() if self.draws is None else self.draws.sentences))
        return replace(outcome, sentence=sentence, objective=value, warnings=warnings)

    def _programme(self, limits: Limits, place: int, scale: float) -> Programme:
        def central(_: FloatArray, values: FloatArray) -> float:
            return scale * float(values[place])

        objective: Objective = central
        if self.draws is not None:
            draws = self.draws

            def over_draws(point: FloatArray, _: FloatArray) -> float:
                return scale * draws.value(self.space.at(point))

            objective = over_draws
        # the worst draws change from point to point: there the objective has a kink
        smooth = self.space.smooth and (self.aim.risk is None or self.aim.risk.kind == "mean")
        return Programme.of(self.space, objective, limits, scanned_by=central, smooth=smooth)


def optimise(
    scenario: Scenario,
    choices: Sequence[Choice],
    aim: Aim,
    data_set: DataSet | None = None,
    *,
    keep: Sequence[Requirement] = (),
    points: int | None = None,
    starts: int = STARTS,
    seed: int = SEED,
    progress: Progress | None = None,
) -> Outcome:
    """Find the levers that give most (or least) of a measure.

    Parameters
    ----------
    scenario : Scenario
        Its levers act besides the choices; capacities are levers of it.
    choices : sequence of Choice
        Levers with floor and cap, in whole steps if wanted.
    aim : Aim
    data_set : DataSet, optional
        The loaded data set, when it is at hand.
    keep : sequence of Requirement
        What must hold, under the parameters themselves; a budget is ``spending <= ...``.
    points : int, optional
        Scanned before polishing; 4,096 where a sweep gives the measures, else 192.
    starts : int
        Of the polishing.
    seed : int
        Of the scan and of the draws.
    progress : callable, optional
        Called with runs done and expected; the search stops when it returns False.

    Returns
    -------
    Outcome
        Not ``feasible`` where the requirements cannot be kept together: then it is the nearest to keeping them.

    Raises
    ------
    InputError
        If a lever cannot be pulled, or risk is asked of parameters without errors.
    ConvergenceError
        If prices do not converge at the bounds, or the full run of the answer misses what the search kept.
    SearchStoppedError
        If `progress` stopped it.
    """
    job = _job(scenario, choices, aim, data_set, keep, (), points, starts, seed, progress)
    outcome = job.outcome(keep)
    job.space.finish()
    return outcome


def _job(
    scenario: Scenario,
    choices: Sequence[Choice],
    aim: Aim,
    data_set: DataSet | None,
    keep: Sequence[Requirement],
    also: Sequence[Measure],
    points: int | None,
    starts: int,
    seed: int,
    progress: Progress | None,
    *,
    answers: int = 1,
) -> _Job:
    measures = [aim.measure, *(one.measure for one in keep), *also]
    draws = None
    space = Space.of(scenario, choices, measures, data_set, progress=progress)
    if aim.risk is not None:
        draws = WorstDraws.of(aim.measure, aim.direction, aim.risk, space.data_set, seed)
        draws.value(scenario)  # so that what cannot be drawn is said before the work begins
    scanned = 0 if space.quick else (points or RUN_POINTS)
    space.expected = scanned + answers * starts * RUNS_A_START
    scan = space.scan(seed=seed, points=points)
    return _Job(space, scan, aim, starts, draws, (aim.measure, *also))


def pareto_front(
    scenario: Scenario,
    choices: Sequence[Choice],
    aim: Aim,
    against: Aim,
    data_set: DataSet | None = None,
    *,
    count: int = 9,
    keep: Sequence[Requirement] = (),
    points: int | None = None,
    starts: int = STARTS,
    seed: int = SEED,
    progress: Progress | None = None,
) -> tuple[FrontPoint, ...]:
    """Return how much of one measure must be given up for another.

    Each point is the best of `aim` at a level of `against`.

    Parameters
    ----------
    scenario, choices, data_set, keep, points, starts, seed, progress
        As in `optimise`.
    aim, against : Aim
        The second one without risk.
    count : int
        Points, 2 or more, at even levels of the second measure between what the best of the first has of it and its
        own best. Points that another one beats in both are left out.

    Returns
    -------
    tuple of FrontPoint
        From most of the first to most of the second; a single one that is not feasible where nothing is.
    """
    faults = []
    if count < 2:
        faults.append(Fault("optimise", "points of the front", f"are {count}; expected 2 or more."))
    if against.risk is not None:
        faults.append(Fault("optimise", "against", "has risk; only what is aimed at may have."))
    if aim.measure == against.measure:
        faults.append(Fault("optimise", "against", "is what is aimed at; name another measure."))
    if faults:
        raise InputError(faults)
    job = _job(
        scenario, choices, aim, data_set, keep, [against.measure], points, starts, seed, progress,
        answers=count,
    )  # fmt: skip
    first = job.outcome(keep)
    if not first.feasible:
        return (FrontPoint(float("nan"), first),)
    other = replace(job, aim=against, draws=None).outcome(keep)
    place = job.space.place(against.measure)
    ends = [_value(job.space, one, place) for one in (first, other)]
    found = [FrontPoint(ends[0], first)]
    sense: Literal[">=", "<="] = ">=" if against.direction == "most" else "<="
    seeds = [_point(job.space, first), _point(job.space, other)]
    for level in np.linspace(ends[0], ends[1], count)[1:].tolist():
        # at the very end a little room is left, or else there would be one point and nothing to choose
        bound = level if level != ends[1] else level - 1e-4 * (ends[1] - ends[0])
        outcome = job.outcome([*keep, Requirement(against.measure, sense, bound)], seeds)
        if outcome.feasible:
            found.append(FrontPoint(level, outcome))
            seeds = [_point(job.space, outcome), seeds[-1]]
    job.space.finish()
    return _not_beaten(found, aim, against)


def _point(space: Space, outcome: Outcome) -> FloatArray:
    lows = np.array([choice.low for choice in space.choices])
    rooms = np.array([choice.room for choice in space.choices])
    return np.asarray((np.array(outcome.amounts) - lows) / rooms)


def _value(space: Space, outcome: Outcome, place: int) -> float:
    return float(space.read(outcome.result)[place])


def _not_beaten(found: Sequence[FrontPoint], aim: Aim, against: Aim) -> tuple[FrontPoint, ...]:
    """Return the points that no other one equals or beats in both measures."""
    at = [
        (aim.sign * (one.outcome.objective or 0.0), against.sign * _seen(one, against))
        for one in found
    ]
    kept = []
    for place, one in enumerate(found):
        mine = np.array(at[place])
        rest = np.array([other for other_place, other in enumerate(at) if other_place != place])
        close = 1e-9 * np.abs(mine)
        beaten = len(rest) and bool(
            ((rest >= mine - close).all(axis=1) & (rest > mine + close).any(axis=1)).any()
        )
        same = any(np.allclose(mine, at[other], rtol=1e-9) for other in range(place))
        if not beaten and not same:
            kept.append(one)
    return tuple(kept)


def _seen(one: FrontPoint, against: Aim) -> float:
    return against.measure.reported(one.outcome.result)
