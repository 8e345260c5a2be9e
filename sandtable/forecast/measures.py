"""Measures of forecasts, and the paired check whether one method is surely better than another."""

from __future__ import annotations

import numpy as np

from sandtable.forecast.panel import FloatArray

MEASURES = (
    "wape",
    "mase",
    "bias",
    "pinball_10",
    "pinball_50",
    "pinball_90",
    "coverage_80",
)
LOWEST_SKILL = -9.99  # what a benchmark without any error leaves
LAGS = 3  # the variance of mean differences counts correlation over a third of the origins


def measures(
    actual: FloatArray, forecast: FloatArray, half_widths: FloatArray, scales: FloatArray
) -> dict[str, float]:
    """Measure forecasts of any horizons; NaN where a measure has no case.

    Parameters
    ----------
    actual, forecast, half_widths : ndarray, shape (O, H, K)
        Half-widths of 80 % intervals in logarithms.
    scales : ndarray, shape (O, 1, K)
        Mean absolute error of the (seasonal) naive forecast within the known history.

    Returns
    -------
    dict
        WAPE and bias over the sum of actual values; pinball loss over their mean; MASE and coverage as means
        over cases; ``n`` cases of which ``n_interval`` have an interval, and ``origins``.
    """
    known = np.isfinite(actual) & np.isfinite(forecast)
    error = np.where(known, forecast - actual, 0.0)
    total = float(actual[known].sum())
    scaled = np.where(known & (scales > 0), np.abs(error) / np.where(scales > 0, scales, 1), np.nan)
    ranged = known & np.isfinite(half_widths)
    low = forecast * np.exp(-half_widths)
    high = forecast * np.exp(half_widths)
    inside = ((actual >= low) & (actual <= high))[ranged]
    return {
        "wape": float(np.abs(error).sum()) / total if total > 0 else np.nan,
        "mase": _mean(scaled[np.isfinite(scaled)]),
        "bias": float(error.sum()) / total if total > 0 else np.nan,
        "pinball_10": _pinball(actual[ranged], low[ranged], 0.1),
        "pinball_50": _pinball(actual[known], forecast[known], 0.5),
        "pinball_90": _pinball(actual[ranged], high[ranged], 0.9),
        "coverage_80": _mean(inside.astype(float)),
        "n": int(known.sum()),
        "n_interval": int(ranged.sum()),
        "origins": int(known.any(axis=(1, 2)).sum()),
    }


def _mean(values: FloatArray) -> float:
    return float(values.mean()) if values.size else np.nan


def _pinball(actual: FloatArray, quantile: FloatArray, probability: float) -> float:
    if not actual.size or actual.sum() <= 0:
        return np.nan
    gap = actual - quantile
    return float(np.maximum(probability * gap, (probability - 1) * gap).mean() / actual.mean())


def naive_scale(history: FloatArray, season_length: int) -> FloatArray:
    """Mean absolute change over one year (over one period, where that is all there is), shape (K,).

    Parameters
    ----------
    history : ndarray, shape (T, K)
        Periods before a series began are 0 and do not count.
    """
    seen = np.where(history > 0, history, np.nan)
    scale = np.full(history.shape[1], np.nan)
    for lag in (1, season_length):  # the change over one year replaces the other where it is known
        if len(history) > lag:
            changes = np.abs(seen[lag:] - seen[:-lag])
            count = np.isfinite(changes).sum(axis=0)
            mean = np.nansum(changes, axis=0) / np.maximum(count, 1)
            scale = np.where(count > 0, mean, scale)
    return scale


def losses(actual: FloatArray, forecast: FloatArray) -> FloatArray:
    """WAPE of each origin over its horizons and series, shape (O,)."""
    known = np.isfinite(actual) & np.isfinite(forecast)
    missed = np.where(known, np.abs(forecast - actual), 0.0).sum(axis=(1, 2))
    total = np.where(known, actual, 0.0).sum(axis=(1, 2))
    return np.where(total > 0, missed / np.where(total > 0, total, 1), np.nan)


def skill(actual: FloatArray, forecast: FloatArray, benchmark: FloatArray) -> float:
    """1 - WAPE / WAPE of the benchmark, over the cases that both forecast; 0 where both are exact.

    At least -9.99; NaN where there is no case.
    """
    known = np.isfinite(actual) & np.isfinite(forecast) & np.isfinite(benchmark)
    missed = float(np.abs(forecast - actual)[known].sum())
    other = float(np.abs(benchmark - actual)[known].sum())
    if other > 0:
        return max(1 - missed / other, LOWEST_SKILL)
    if not known.any():
        return np.nan
    return LOWEST_SKILL if missed > 0 else 0.0


def surely_better(actual: FloatArray, forecast: FloatArray, benchmark: FloatArray) -> bool:
    """Whether a forecast beats another beyond the noise of the origins, 95 % one-sided.

    A paired test of Diebold and Mariano (1995) on the losses by origin, with Bartlett weights over a third of
    the origins and the fixed-b critical value of Kiefer and Vogelsang (2005), which is honest about few and
    overlapping origins.
    """
    known = np.isfinite(forecast) & np.isfinite(benchmark)
    paired = np.where(known, actual, np.nan)
    gain = losses(paired, benchmark) - losses(paired, forecast)
    gain = gain[np.isfinite(gain)]
    n_origins = len(gain)
    if n_origins < LAGS or gain.mean() <= 1e-12:
        return False
    lags = n_origins // LAGS
    centred = gain - gain.mean()
    variance = float(centred @ centred)
    for lag in range(1, lags):
        variance += 2 * (1 - lag / lags) * float(centred[lag:] @ centred[:-lag])
    fraction = lags / n_origins
    critical = 1.6449 + 2.1859 * fraction + 0.3142 * fraction**2 - 0.3427 * fraction**3
    error = np.sqrt(max(variance, 0.0)) / n_origins
    return bool(gain.mean() > critical * error)
