"""One lever followed over its whole room: every crossing of a bound is found, however the measure bends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np
from scipy.optimize import brentq, minimize_scalar

from sandtable.market.primitives import FloatArray
from sandtable.planning.search.solving import Found, Programme, best_of

EXACT = 1e-13
Height = Callable[[float], float]


def follow_line(
    programme: Programme, scan: tuple[FloatArray, FloatArray]
) -> tuple[Found, bool | None]:
    """Solve a programme with one choice.

    Parameters
    ----------
    programme : Programme
        Its limits are crossed where their margins change sign between two points of the scan, or at a peak or a valley
        between them.
    scan : tuple of ndarray
        Points and values.

    Returns
    -------
    found : Found
        The best of all crossings, of the ends, and of where nothing changes.
    monotone : bool or None
        Whether the measure only rises or only falls over the scan; None for several limits.
    """
    points, places = np.unique(scan[0][:, 0], return_index=True)
    values = scan[1][places]
    for height, seen in _heights(programme, programme.limits.margins(values)):
        for low, high in _brackets(points.tolist(), seen.tolist(), height):
            programme.at(np.array([_root(height, low, high)]))
    for end in (0.0, 1.0, float(np.clip(programme.space.rest[0], 0.0, 1.0))):
        programme.at(np.array([end]))
    monotone = None
    if len(programme.limits) == 1:
        steps = np.diff(values[:, programme.limits.places[0]])
        monotone = bool((steps >= 0).all() or (steps <= 0).all())
    return replace(best_of(programme), starts=1), monotone


def _heights(programme: Programme, margins: FloatArray) -> Iterator[tuple[Height, FloatArray]]:
    """Yield what is 0 at the edge of the allowed, the least margin and each equality, and its values over the scan."""
    equal = programme.equal
    if (~equal).any():
        yield (
            lambda z: float(programme.at(np.array([z]))[1:][~equal].min()),
            margins[:, ~equal].min(axis=1),
        )
    for place in np.flatnonzero(equal).tolist():
        yield (
            lambda z, place=place: float(programme.at(np.array([z]))[1 + place]),  # type: ignore[misc]
            margins[:, place],
        )


def _brackets(points: list[float], seen: list[float], height: Height) -> list[tuple[float, float]]:
    """Return pairs of points between which a function crosses 0, those around a hidden peak or valley too."""
    knots = dict(zip(points, seen, strict=True))
    known = list(knots.items())
    for (before, left), (_, middle), (after, right) in zip(
        known, known[1:], known[2:], strict=False
    ):
        side = 1.0 if middle < 0 else -1.0  # a peak below 0 may reach it, and so may a valley above
        if side * middle >= side * left and side * middle >= side * right:
            at = _turn(height, before, after, side)
            knots[at] = height(at)
    ordered = sorted(knots.items())
    return [
        (low, high)
        for (low, first), (high, second) in pairwise(ordered)
        if (first < 0) != (second < 0)
    ]


def _turn(height: Height, before: float, after: float, side: float) -> float:
    found = minimize_scalar(
        lambda z: -side * height(z),
        bounds=(before, after),
        method="bounded",
        options={"xatol": 1e-10},
    )
    return float(found.x)


def _root(height: Height, low: float, high: float) -> float:
    ends = height(low), height(high)
    if (ends[0] < 0) == (ends[1] < 0):
        # the scan saw a crossing in the last digits only: the end is the root
        return low if abs(ends[0]) < abs(ends[1]) else high
    return float(brentq(height, low, high, xtol=EXACT, rtol=4 * float(np.finfo(float).eps)))
