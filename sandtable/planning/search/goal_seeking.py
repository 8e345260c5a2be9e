"""Goal seek: the least change of chosen levers that reaches a target, or proof that none does.

The least change is the shortest way from where nothing changes, each lever measured in parts of its room. One lever is
followed over its whole room, so that a measure that rises and falls again hides no answer; several are scanned, then
polished from several starts. Where no point keeps the targets, the answer is a certificate: the nearest reachable
values, at which levers, which bounds bind there, and what moving each of them would bring.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sandtable.data.loading import DataSet
from sandtable.errors import Fault, InputError
from sandtable.market.primitives import FloatArray
from sandtable.planning.search.choices import Choice
from sandtable.planning.search.following_line import follow_line
from sandtable.planning.search.measuring import Measure
from sandtable.planning.search.outcomes import Outcome, at_levers, outcome_of, require_as_found
from sandtable.planning.search.searching import SEED, Progress, Space
from sandtable.planning.search.solving import (
    KEPT,
    STARTS,
    Found,
    Limits,
    Objective,
    Programme,
    solve,
    starts_of,
)
from sandtable.planning.search.stepping import on_steps
from sandtable.planning.search.targets import Requirement
from sandtable.scenario.model import Scenario

Scan = tuple[FloatArray, FloatArray]
WITHIN_REACH = 1e-5  # a miss so small may be one of the polish
RUNS_A_START = 60  # expected, to tell how far a search is


def seek_goal(
    scenario: Scenario,
    choices: Sequence[Choice],
    targets: Sequence[Requirement],
    data_set: DataSet | None = None,
    *,
    keep: Sequence[Requirement] = (),
    points: int | None = None,
    starts: int = STARTS,
    seed: int = SEED,
    progress: Progress | None = None,
) -> Outcome:
    """Change levers as little as possible so that targets are reached.

    Parameters
    ----------
    scenario : Scenario
        Its levers act besides the choices; a lever with the key of a choice is where its change is counted from.
    choices : sequence of Choice
    targets : sequence of Requirement
        What is to be reached.
    data_set : DataSet, optional
        The loaded data set, when it is at hand.
    keep : sequence of Requirement
        What must hold on the way: where targets cannot be reached, the nearest values still keep these.
    points : int, optional
        Scanned before polishing; 4,096 where a sweep gives the measures, else 192.
    starts : int
        Of the polishing.
    seed : int
        Of the scan.
    progress : callable, optional
        Called with runs done and expected; the search stops when it returns False.

    Returns
    -------
    Outcome
        ``feasible`` says whether all targets are reached and all that was to be kept is.

    Raises
    ------
    InputError
        If nothing is asked, or a lever cannot be pulled.
    ConvergenceError
        If prices do not converge at the bounds, or the full run of the answer misses what the search kept.
    SearchStoppedError
        If `progress` stopped it.
    """
    if not targets:
        raise InputError([Fault("goal", "targets", "there is none; give at least one.")])
    measures = [one.measure for one in (*targets, *keep)]
    space = Space.of(scenario, choices, measures, data_set, progress=progress)
    space.expected = _expected(space, points, starts)
    outcome = _sought(space, space.scan(seed=seed, points=points), targets, keep, starts)
    space.finish()
    return outcome


def _sought(
    space: Space,
    scan: Scan,
    targets: Sequence[Requirement],
    keep: Sequence[Requirement],
    starts: int,
) -> Outcome:
    requirements = [*targets, *keep]
    limits = Limits.of(requirements, space)
    programme = Programme.of(space, _least_change(space), limits, smooth=space.smooth)
    monotone = None
    if len(space.choices) == 1:
        found, monotone = follow_line(programme, scan)
        if found.feasible:
            return _reached(programme, found, requirements, monotone)
    nearest = near = None
    if not limits.in_sight(scan[1]):
        nearest, near = nearest_values(space, scan, targets, keep, starts)
        if limits.worst(near.values) > WITHIN_REACH:
            return certificate(nearest, near, requirements, limits, monotone=monotone)
    found = _closest(programme, scan, starts, [] if near is None else [near.point])
    if found.feasible:
        return _reached(programme, found, requirements, monotone)
    if nearest is None or near is None:
        nearest, near = nearest_values(space, scan, targets, keep, starts)
    return certificate(nearest, near, requirements, limits, monotone=monotone)


def _expected(space: Space, points: int | None, starts: int) -> int:
    scanned = 2 ** len(space.choices) if space.quick else (points or 192)
    return scanned + starts * RUNS_A_START


def _least_change(space: Space) -> Objective:
    return lambda point, _: float(((point - space.rest) ** 2).sum())


def _closest(programme: Programme, scan: Scan, starts: int, also: Sequence[FloatArray]) -> Found:
    # an answer one step from where nothing changes is easily overlooked by starts far away
    still = np.clip(programme.space.rest, 0.0, 1.0)
    programme.at(still)
    seeds = [*starts_of(programme, scan, starts), still, *also]
    return solve(programme, np.array(seeds))


def _reached(
    programme: Programme,
    found: Found,
    requirements: Sequence[Requirement],
    monotone: bool | None,
) -> Outcome:
    programme, found = on_steps(programme, found)
    if not found.feasible:
        return certificate(programme, found, requirements, programme.limits, monotone=monotone)
    outcome = outcome_of(programme, found, requirements, programme.limits, monotone=monotone)
    outcome = require_as_found(outcome, found)
    still = bool(np.allclose(found.point, programme.space.rest, atol=1e-9))
    levers = "no change" if still else at_levers(programme.space, found.point)
    wanted = " and ".join(map(str, requirements))
    return replace(outcome, sentence=f"Reached with {levers}: {wanted}.")


def nearest_values(
    space: Space,
    scan: Scan,
    targets: Sequence[Requirement],
    keep: Sequence[Requirement],
    starts: int = STARTS,
) -> tuple[Programme, Found]:
    """Come as near to targets as the room and what must be kept allow.

    Where what must be kept cannot be kept, the nearest values to all of it together are sought.
    """
    kept = Limits.of(keep, space)
    programme = Programme.of(space, _shortfall(space, scan, targets), kept, smooth=space.smooth)
    found = _nearest(programme, scan, starts)
    if found.feasible:
        return programme, found
    everything = [*targets, *keep]
    objective = _shortfall(space, scan, everything)
    programme = Programme.of(space, objective, Limits.of((), space), smooth=space.smooth)
    return programme, _nearest(programme, scan, starts)


def _nearest(programme: Programme, scan: Scan, starts: int) -> Found:
    return solve(programme, starts_of(programme, scan, starts))


def _shortfall(space: Space, scan: Scan, targets: Sequence[Requirement]) -> Objective:
    """Return what is missing: of one target along its measure, of several the sum of squares."""
    limits = Limits.of(targets, space)
    if len(targets) > 1:
        return lambda _, values: float((limits.misses(values) ** 2).sum())
    sign = float(limits.signs[0])
    if sign == 0:
        margins = limits.margins(scan[1])[:, 0]
        if (margins < 0).any() and (margins > 0).any():
            return lambda _, values: float(limits.misses(values)[0] ** 2)
        sign = 1.0 if (margins < 0).any() else -1.0
    place = limits.places[0]
    return lambda _, values: float(-sign * (values[place] - limits.bounds[0]) / limits.scales[0])


def certificate(
    programme: Programme,
    found: Found,
    requirements: Sequence[Requirement],
    limits: Limits,
    *,
    measures: Sequence[Measure] = (),
    monotone: bool | None = None,
) -> Outcome:
    """Say that requirements cannot be kept together, how near one comes, and what stands in the way."""
    programme, found = on_steps(programme, found)
    misses = limits.misses(found.values)
    worst = int(np.argmax(misses))
    place = limits.places[worst]
    outcome = outcome_of(
        programme,
        found,
        requirements,
        limits,
        quantity=lambda one: float(one.values[place]),
        measures=measures,
        monotone=monotone,
    )
    space = programme.space
    parts = [
        f"{one.requirement} (nearest {one.requirement.measure.shown(one.value)}, "
        f"{100 * miss:.3g} % of its size missing)"
        for one, miss in zip(outcome.limits, misses.tolist(), strict=True)
        if miss > KEPT
    ]
    sentence = (
        f"Not reachable: {' and '.join(parts)}. That near come {at_levers(space, found.point)}; "
        f"looked at {space.scanned:,} points of the room, then searched from {found.starts} of them."
    )
    return replace(outcome, feasible=False, sentence=sentence)
