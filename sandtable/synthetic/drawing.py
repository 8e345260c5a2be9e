"""Random numbers by stream, paths over time, and rounding that keeps sums."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sandtable.market.primitives import FloatArray

STREAMS = (
    *("tilt", "costs", "quality", "taste", "spend", "growth", "sizes", "batteries"),
    *("attributes", "channels", "research", "dealers", "rates", "funnel"),
)


def generator(seed: int, stream: str) -> np.random.Generator:
    """Return the random numbers of one part, so that a change in one part leaves the others alone."""
    return np.random.default_rng([seed, STREAMS.index(stream)])


def autoregressive(
    random: np.random.Generator, shape: tuple[int, ...], persistence: float, deviation: float
) -> FloatArray:
    """Draw stationary first-order paths along the first axis with the given standard deviation."""
    shocks = random.normal(size=shape) * deviation
    path = np.empty(shape)
    path[0] = shocks[0]
    for period in range(1, shape[0]):
        path[period] = persistence * path[period - 1] + np.sqrt(1 - persistence**2) * shocks[period]
    return path


def largest_remainder(values: FloatArray, total: int | None = None) -> FloatArray:
    """Round so that the sum is the rounded sum (or `total`): floors, then one more for the largest remainders."""
    target = round(float(values.sum())) if total is None else total
    scaled = values * (target / values.sum()) if total is not None else values
    floors = np.floor(scaled)
    short = target - int(floors.sum())
    order = np.argsort(-(scaled - floors), kind="stable")
    floors[order[:short]] += 1
    return np.asarray(floors)


def spread_over(values: Sequence[float], total: int) -> FloatArray:
    """Share a whole number out in proportion to values, in whole numbers."""
    return largest_remainder(np.asarray(values, dtype=np.float64), total)
