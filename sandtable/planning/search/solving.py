"""The least of an objective over a room, under limits on measures: a scan, then polishing from several starts.

Whatever a run has seen counts: the answer is the best of all points that were run and keep the limits, so that it is
never worse than the best point of the scan. SLSQP polishes; where it does not finish, or measures are not smooth
(capacity, firms that answer, taxes from a price on), COBYQA follows it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from scipy.optimize import Bounds, NonlinearConstraint, minimize

from sandtable.errors import Fault, InputError
from sandtable.market.primitives import FloatArray
from sandtable.planning.search.searching import Space
from sandtable.planning.search.targets import Requirement

KEPT = 1e-6  # part of its size up to which a limit may be missed
WELL_KEPT = (
    1e-8  # up to which a point is preferred, so that none is chosen because it misses a little
)
STEP_SMOOTH, STEP_ROUGH = 1e-6, 1e-4  # of the differences that give slopes, in parts of the room
STARTS = 4
APART = 0.15  # distance of two starts in the unit cube, per root of the number of choices
ROUNDING = 1e-9  # in the unit cube
NO_NUMBER = 1e3  # what stands for a point without numbers


@dataclass(frozen=True)
class Limits:
    """Bounds on measures, one a requirement.

    Attributes
    ----------
    places : tuple of int
        Of the measure among the values of the space.
    signs : ndarray, shape (C,)
        1: at least, -1: at most, 0: equal.
    bounds, scales : ndarray, shape (C,)
        In the unit of the measure.
    """

    places: tuple[int, ...]
    signs: FloatArray
    bounds: FloatArray
    scales: FloatArray

    @classmethod
    def of(cls, requirements: Sequence[Requirement], space: Space) -> Limits:
        """Resolve requirements against the baseline of a space.

        Raises
        ------
        InputError
            If one is counted from a baseline that is not known.
        """
        places = tuple(space.place(one.measure) for one in requirements)
        baselines = [float(space.baseline[place]) for place in places]
        bounds = [one.bound(base) for one, base in zip(requirements, baselines, strict=True)]
        faults = [
            Fault("search", str(one), "is counted from a baseline that is not known; give a value.")
            for one, bound in zip(requirements, bounds, strict=True)
            if not np.isfinite(bound)
        ]
        if faults:
            raise InputError(faults)
        signs = [{">=": 1.0, "<=": -1.0, "=": 0.0}[one.sense] for one in requirements]
        sizes = [
            max(abs(bound), 0.0 if np.isnan(base) else abs(base))
            for bound, base in zip(bounds, baselines, strict=True)
        ]
        scales = [size if size > 0 else 1.0 for size in sizes]
        return cls(places, np.array(signs), np.array(bounds), np.array(scales))

    def __len__(self) -> int:
        return len(self.places)

    def margins(self, values: FloatArray) -> FloatArray:
        """Return by how much values keep the limits, in parts of their size: (..., C); below 0 they miss.

        An equality gives value less bound.
        """
        signs = np.where(self.signs == 0, 1.0, self.signs)
        found = signs * (values[..., list(self.places)] - self.bounds) / self.scales
        return np.asarray(np.where(np.isnan(found), -NO_NUMBER, found))

    def misses(self, values: FloatArray) -> FloatArray:
        """Return by how much values miss the limits, in parts of their size: (..., C), 0 or more."""
        margins = self.margins(values)
        return np.asarray(np.where(self.signs == 0, np.abs(margins), np.maximum(-margins, 0.0)))

    def worst(self, values: FloatArray) -> FloatArray:
        """Return the largest miss, (...)."""
        return np.asarray(self.misses(values).max(axis=-1, initial=0.0))

    def in_sight(self, values: FloatArray) -> bool:
        """Whether some of many points keep them; an equality is in sight where points lie on both sides of it."""
        margins = self.margins(values)
        equal = self.signs == 0
        kept = (margins[:, ~equal] >= -KEPT).all(axis=1)
        return bool(kept.any()) and all(
            (margins[:, place] <= 0).any() and (margins[:, place] >= 0).any()
            for place in np.flatnonzero(equal)
        )

    def moved(self, place: int, distance: float) -> Limits:
        """Return them with one bound moved."""
        bounds = self.bounds.copy()
        bounds[place] += distance
        return replace(self, bounds=bounds)


_minimise: Any = minimize  # its overloads leave out options that it takes
Objective = Callable[
    [FloatArray, FloatArray], float
]  # point, values -> what is to be small, about 1


@dataclass(frozen=True)
class Programme:
    """What a search solves.

    Attributes
    ----------
    space : Space
    objective : callable
    limits : Limits
    lower, upper : ndarray, shape (n,)
        Bounds in the unit cube; they differ from 0 and 1 when a bound is moved to price it.
    scanned_by : callable, optional
        A quicker objective that ranks the scan; the objective itself by default.
    """

    space: Space
    objective: Objective
    limits: Limits
    lower: FloatArray
    upper: FloatArray
    scanned_by: Objective | None = None
    smooth: bool = True
    asked: dict[bytes, float] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        space: Space,
        objective: Objective,
        limits: Limits,
        *,
        scanned_by: Objective | None = None,
        smooth: bool = True,
    ) -> Programme:
        """Return a programme over the whole room of a space."""
        n = len(space.choices)
        return cls(space, objective, limits, np.zeros(n), np.ones(n), scanned_by, smooth)

    def at(self, point: FloatArray) -> FloatArray:
        """Return the objective and the margins of a point, (1 + C,)."""
        values = self.space.values(point)
        return np.concatenate([[self.score(point, values)], self.limits.margins(values)])

    def score(self, point: FloatArray, values: FloatArray) -> float:
        """Return the objective; a large number where there is none."""
        key = point.tobytes()
        if key not in self.asked:
            found = float(self.objective(point, values))
            self.asked[key] = found if np.isfinite(found) else NO_NUMBER
        return self.asked[key]

    @property
    def scored(self) -> list[FloatArray]:
        """Points at which the objective was asked for."""
        return [np.frombuffer(key) for key in self.asked]

    @cached_property
    def equal(self) -> np.ndarray:
        """Which limits are equalities."""
        return np.asarray(self.limits.signs == 0)

    def within(self, point: FloatArray) -> bool:
        """Whether a point lies in the room."""
        return bool(((point >= self.lower) & (point <= self.upper)).all())


@dataclass(frozen=True)
class Found:
    """What a search found.

    Attributes
    ----------
    point : ndarray, shape (n,)
        In the unit cube.
    values : ndarray, shape (M,)
    score : float
        The objective.
    miss : float
        Largest miss of a limit, in parts of its size.
    optima : tuple of float
        The objective that each start ended with, where it kept the limits.
    starts : int
    """

    point: FloatArray
    values: FloatArray
    score: float
    miss: float
    optima: tuple[float, ...]
    starts: int

    @property
    def feasible(self) -> bool:
        """Whether it keeps every limit."""
        return self.miss <= KEPT


def starts_of(programme: Programme, scan: tuple[FloatArray, FloatArray], count: int) -> FloatArray:
    """Return the best points of a scan that stand apart from each other, the best first, (n, A)."""
    points, values = scan
    scored = programme.scanned_by or programme.objective
    scores = np.array([scored(point, row) for point, row in zip(points, values, strict=True)])
    scores = np.where(np.isfinite(scores), scores, NO_NUMBER)
    misses = programme.limits.worst(values)
    misses = np.where(misses <= KEPT, 0.0, misses)
    order = np.lexsort((scores, misses))
    if misses.min() == 0:
        # beside points that keep all limits, the best of those that nearly do: the optimum lies between
        near = np.lexsort((scores + 10 * misses,))
        order = np.stack([order, near], axis=1).ravel()
    chosen: list[FloatArray] = []
    distance = APART * np.sqrt(points.shape[1])
    for place in order.tolist():
        if all(np.linalg.norm(points[place] - one) > distance for one in chosen):
            chosen.append(points[place])
        if len(chosen) == count:
            break
    return np.array(chosen)


def solve(programme: Programme, starts: FloatArray, *, iterations: int = 40) -> Found:
    """Polish from each start; return the best of all points that were looked at.

    Parameters
    ----------
    programme : Programme
    starts : ndarray, shape (S, n)
    iterations : int
        Of each polish at most.
    """
    optima = []
    for start in starts:
        end = _polished(programme, np.clip(start, programme.lower, programme.upper), iterations)
        if programme.limits.worst(programme.space.values(end)) <= KEPT:
            optima.append(programme.score(end, programme.space.values(end)))
    best = best_of(programme)
    tidy = _inside(programme, best.point)
    values = programme.space.values(tidy)
    score, miss = programme.score(tidy, values), float(programme.limits.worst(values))
    if miss <= max(best.miss, WELL_KEPT) and np.isclose(score, best.score, rtol=ROUNDING, atol=0):
        best = Found(tidy, values, score, miss, (), 0)
    return replace(best, optima=tuple(optima), starts=len(starts))


def best_of(programme: Programme) -> Found:
    """Return the best of all points at which the objective was asked for."""
    points = [point for point in programme.scored if programme.within(point)]
    values = np.array([programme.space.values(point) for point in points])
    scores = np.array([programme.asked[point.tobytes()] for point in points])
    misses = programme.limits.worst(values)
    kept = misses <= WELL_KEPT
    place = int(np.argmin(np.where(kept, scores, np.inf) if kept.any() else misses))
    return Found(points[place], values[place], float(scores[place]), float(misses[place]), (), 0)


def _polished(programme: Programme, start: FloatArray, iterations: int) -> FloatArray:
    programme.at(start)
    end, done = _slsqp(programme, start, iterations)
    if programme.smooth and done:
        return end
    # where limit and objective run almost alike SLSQP creeps; a step without slopes and a fresh start free it
    ends = [start, end, _cobyqa(programme, end)]
    if programme.smooth:
        best = min(ends, key=lambda point: _rank(programme, point))
        ends.append(_slsqp(programme, best, iterations)[0])
    return min(ends, key=lambda point: _rank(programme, point))


def _rank(programme: Programme, point: FloatArray) -> tuple[float, float]:
    found = programme.at(point)
    miss = float(programme.limits.worst(programme.space.values(point)))
    return (miss if miss > KEPT else 0.0, float(found[0]))


def _slsqp(programme: Programme, start: FloatArray, iterations: int) -> tuple[FloatArray, bool]:
    """Return where SLSQP ends, and whether it says that this is an optimum."""
    equal = programme.equal
    slopes: dict[bytes, FloatArray] = {}

    def jacobian(point: FloatArray) -> FloatArray:
        key = point.tobytes()
        if key not in slopes:
            slopes[key] = _slopes(programme, point)
        return slopes[key]

    constraints: list[Any] = [
        {
            "type": kind,
            "fun": lambda point, rows=rows: programme.at(point)[1:][rows],
            "jac": lambda point, rows=rows: jacobian(point)[1:][rows],
        }
        for kind, rows in (("ineq", ~equal), ("eq", equal))
        if rows.any()
    ]
    found = _minimise(
        lambda point: programme.at(point)[0],
        start,
        jac=lambda point: jacobian(point)[0],
        method="SLSQP",
        bounds=Bounds(programme.lower, programme.upper),
        constraints=constraints,
        options={"maxiter": iterations, "ftol": 1e-13},
    )
    end = _inside(programme, found.x if np.isfinite(found.x).all() else start)
    kept = programme.limits.worst(programme.space.values(end)) <= KEPT
    return end, bool(found.success and kept)


def _inside(programme: Programme, point: FloatArray) -> FloatArray:
    """Return a point within its bounds, and at them where it lies there but for rounding."""
    for bound in (programme.lower, programme.upper):
        point = np.where(np.abs(point - bound) < ROUNDING, bound, point)
    return np.asarray(np.clip(point, programme.lower, programme.upper))


def _slopes(programme: Programme, point: FloatArray) -> FloatArray:
    """Return how objective and margins change with each choice, (1 + C, n)."""
    step = STEP_SMOOTH if programme.smooth else STEP_ROUGH
    middle = programme.at(point)
    columns = []
    for place in range(len(point)):
        towards = step if point[place] + step <= programme.upper[place] else -step
        beside = point.copy()
        beside[place] += towards
        columns.append((programme.at(beside) - middle) / (beside[place] - point[place]))
    return np.stack(columns, axis=1)


def _cobyqa(programme: Programme, start: FloatArray) -> FloatArray:
    limits = programme.limits
    constraints = []
    if len(limits):
        tops = np.where(programme.equal, 0.0, np.inf)
        constraints = [
            NonlinearConstraint(lambda point: programme.at(point)[1:], np.zeros(len(limits)), tops)
        ]
    found = _minimise(
        lambda point: programme.at(point)[0],
        start,
        method="COBYQA",
        bounds=Bounds(programme.lower, programme.upper),
        constraints=constraints,
        options={
            "maxfev": 40 * (len(start) + 1),
            "initial_tr_radius": 0.05,
            "final_tr_radius": 1e-7,
        },
    )
    return _inside(programme, found.x)
