"""How well predicted effects of past events agree with the seen ones, each number with its error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from sandtable.planning.hindsight.replaying import CONFIDENCE, Replay, Way, slope_of


@dataclass(frozen=True)
class Agreement:
    """Predicted against seen effects of one way of replaying; NaN where a number has no case.

    Attributes
    ----------
    way : str
        ``list_price``: the lever alone, as large as the list price moved; ``paid_price``: as large as what customers
        paid moved; ``seen_prices``: with the prices of all products as they were seen.
    n : int
        Events.
    bias : float
        Mean of predicted less seen, in logarithms: 0.01 is about one per cent of units.
    wape : float
        Sum of absolute misses over the sum of absolute seen effects, in units a period; 1 or more is no better than
        saying that nothing would happen.
    correlation : float
        Of predicted and seen effects.
    slope, slope_error : float
        Seen effect for each unit of the predicted one, through the origin (a zero event predicts zero), and its
        standard error, clustered by period.
    slope_low, slope_high : float
        95 % interval of the slope.
    sign_hits : float
        Part of the events whose effect had the predicted direction.
    coverage : float
        Part of the events inside their 80 % interval, of `n_interval` that have one.
    coverage_low, coverage_high : float
        What coverage the events leave possible, 95 % (Wilson).
    """

    way: Way
    n: int
    bias: float
    wape: float
    correlation: float
    slope: float
    slope_error: float
    slope_low: float
    slope_high: float
    sign_hits: float
    coverage: float
    n_interval: int
    coverage_low: float
    coverage_high: float


def agreement(replays: Sequence[Replay], way: Way) -> Agreement:
    """Hold the predicted effects of one way against the seen ones."""
    seen = np.array([one.seen for one in replays])
    predicted = np.array([one.predicted[way] for one in replays])
    widths = np.array([one.half_widths[way] for one in replays])
    units = np.array([one.units for one in replays])
    periods = np.array([one.event.base for one in replays])
    nan = float("nan")
    total = float(np.abs(units * np.expm1(seen)).sum())
    missed = float(np.abs(units * (np.exp(predicted) - np.exp(seen))).sum())
    slope, error, low, high = slope_of(predicted, seen, periods)
    ranged = np.isfinite(widths)
    inside = int((np.abs(seen - predicted) <= widths)[ranged].sum())
    n_interval = int(ranged.sum())
    coverage_low, coverage_high = wilson(inside, n_interval)
    spread = len(replays) > 2 and np.ptp(predicted) > 0 and np.ptp(seen) > 0
    return Agreement(
        way=way,
        n=len(replays),
        bias=float((predicted - seen).mean()) if len(replays) else nan,
        wape=missed / total if total > 0 else nan,
        correlation=float(np.corrcoef(predicted, seen)[0, 1]) if spread else nan,
        slope=slope,
        slope_error=error,
        slope_low=low,
        slope_high=high,
        sign_hits=float((np.sign(predicted) == np.sign(seen)).mean()) if len(replays) else nan,
        coverage=inside / n_interval if n_interval else nan,
        n_interval=n_interval,
        coverage_low=coverage_low,
        coverage_high=coverage_high,
    )


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of Wilson (1927) for a rate of hits; NaN for none.

    Examples
    --------
    >>> [round(edge, 3) for edge in wilson(8, 10)]
    [0.49, 0.943]
    """
    if n == 0:
        return float("nan"), float("nan")
    z = float(stats.norm.ppf(0.5 + CONFIDENCE / 2))
    middle = (hits + z**2 / 2) / (n + z**2)
    half = z / (n + z**2) * np.sqrt(hits * (n - hits) / n + z**2 / 4)
    return float(max(middle - half, 0.0)), float(min(middle + half, 1.0))
