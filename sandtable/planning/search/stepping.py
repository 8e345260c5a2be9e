"""From any amounts to amounts in whole steps: the nearest combinations first, then one step at a time."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np

from sandtable.market.primitives import FloatArray
from sandtable.planning.search.searching import Space
from sandtable.planning.search.solving import WELL_KEPT, Found, Programme, best_of, solve

NEIGHBOURS_OF = 6  # choices in steps up to which every neighbouring combination is looked at
MOST_MOVES = 200


def on_steps(programme: Programme, found: Found) -> tuple[Programme, Found]:
    """Return the best point in whole steps near another, and the programme with its steps held.

    Choices without a step are polished again once those with one stand; without any step all stays as it is.
    """
    space = programme.space
    steps = _steps(space)
    if not np.isfinite(steps).any():
        return programme, found
    points = _neighbours(found.point, steps)
    best = min(points, key=lambda point: _rank(programme, point))
    for _ in range(MOST_MOVES):
        beside = [best, *_beside(best, steps)]
        better = min(beside, key=lambda point: _rank(programme, point))
        if better is best:
            break
        best = better
    held = np.isfinite(steps)
    lower, upper = np.where(held, best, 0.0), np.where(held, best, 1.0)
    fixed = replace(programme, lower=lower, upper=upper, asked={})
    fixed.at(best)
    end = best_of(fixed) if held.all() else solve(fixed, best[None])
    return fixed, replace(end, optima=found.optima, starts=found.starts)


def _steps(space: Space) -> FloatArray:
    """Return the step of each choice as a part of its room; infinite without one."""
    return np.array([np.inf if one.step is None else one.step / one.room for one in space.choices])


def _snapped(value: float, step: float) -> list[float]:
    """Return the whole steps around a value, within 0 and 1."""
    if not np.isfinite(step):
        return [value]
    last = int(np.floor(1 / step + 1e-9))
    low = int(np.clip(np.floor(value / step + 1e-9), 0, last))
    return [min(place * step, 1.0) for place in dict.fromkeys((low, min(low + 1, last)))]


def _neighbours(point: FloatArray, steps: FloatArray) -> list[FloatArray]:
    around = [
        _snapped(value, step) for value, step in zip(point.tolist(), steps.tolist(), strict=True)
    ]
    if int(np.isfinite(steps).sum()) <= NEIGHBOURS_OF:
        return [np.array(one) for one in product(*around)]
    pairs = zip(around, point.tolist(), strict=True)
    nearest = [ends[int(np.argmin(np.abs(np.array(ends) - value)))] for ends, value in pairs]
    return [np.array(nearest)]


def _beside(point: FloatArray, steps: FloatArray) -> list[FloatArray]:
    found = []
    for place in np.flatnonzero(np.isfinite(steps)).tolist():
        for sign in (-1, 1):
            moved = point[place] + sign * steps[place]
            moved = round(moved / steps[place]) * steps[place]
            if -1e-9 <= moved <= 1 + 1e-9:
                beside = point.copy()
                beside[place] = np.clip(moved, 0.0, 1.0)
                found.append(beside)
    return found


def _rank(programme: Programme, point: FloatArray) -> tuple[float, float]:
    score = float(programme.at(point)[0])
    miss = float(programme.limits.worst(programme.space.values(point)))
    return (miss if miss > WELL_KEPT else 0.0, score)
