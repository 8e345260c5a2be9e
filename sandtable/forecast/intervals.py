"""Prediction intervals from past errors: how far off a method was, by horizon and by size of the series."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sandtable.forecast.panel import BoolArray, FloatArray

MANY_SERIES = 10  # from here on quantiles are taken from the errors themselves
NORMAL_80, NORMAL_95 = 1.2816, 1.9600
MEAN_TO_DEVIATION = float(
    np.sqrt(np.pi / 2)
)  # of a normal error: standard deviation over mean size
SIZE_BINS = 6
FEWEST_KNOWN = 3  # origins with an error, below which nothing is said
WIDEST = float(np.log(10))  # half an interval is never wider than a factor of ten


@dataclass(frozen=True)
class Spread:
    """Size of errors in logarithms: ``a + b sqrt(h) + c / sqrt(forecast)``, and how many of it make an interval.

    Attributes
    ----------
    coefficients : ndarray, shape (3,)
        a, b and c, each 0 or more.
    half_80, half_95 : float
        Multiples of the mean size that hold 80 and 95 per cent of errors.
    """

    coefficients: FloatArray
    half_80: float
    half_95: float

    def half_width(self, horizons: FloatArray, forecast: FloatArray, nominal: int) -> FloatArray:
        """Return half the width of the interval in logarithms."""
        half = self.half_80 if nominal == 80 else self.half_95
        return np.minimum(half * _size(self.coefficients, horizons, forecast), WIDEST)


def _features(horizons: FloatArray, forecast: FloatArray) -> FloatArray:
    horizons, forecast = np.broadcast_arrays(horizons, forecast)
    counts = 1 / np.sqrt(np.maximum(forecast, 1.0))
    return np.stack([np.ones(horizons.shape), np.sqrt(horizons), counts], axis=-1)


def _size(coefficients: FloatArray, horizons: FloatArray, forecast: FloatArray) -> FloatArray:
    return np.asarray(_features(horizons, forecast) @ coefficients)


def log_errors(actual: FloatArray, forecast: FloatArray) -> FloatArray:
    """ln(actual / forecast); where a series ended, half a unit stands for none. NaN where unknown."""
    with np.errstate(invalid="ignore", divide="ignore"):
        errors = np.log(np.where(actual <= 0, np.minimum(0.5, forecast), actual) / forecast)
    return np.where(np.isfinite(errors), errors, np.nan)


def fit_spread(
    errors: FloatArray, forecast: FloatArray, horizons: FloatArray, n_origins: int, *, many: bool
) -> Spread:
    """Fit the size of errors.

    Parameters
    ----------
    errors, forecast, horizons : ndarray, shape (N,)
        Finite; one for each past forecast of each series.
    n_origins : int
        Origins that they come from, 2 or more.
    many : bool
        Whether there are enough series to take quantiles from the errors themselves.
    """
    from scipy.optimize import nnls

    size = np.abs(errors)
    cells = _cells(horizons, forecast)
    counts = np.bincount(cells).astype(float)
    kept = counts > 0
    counts = counts[kept]
    features = np.stack(
        [np.bincount(cells, column)[kept] / counts for column in _features(horizons, forecast).T], 1
    )
    means = np.bincount(cells, size)[kept] / counts
    root = np.sqrt(counts)[:, None]
    coefficients = nnls(features * root, means * root[:, 0])[0]
    relative = size / np.maximum(_size(coefficients, horizons, forecast), 1e-12)
    if many:
        return Spread(coefficients, *(float(np.quantile(relative, q)) for q in (0.8, 0.95)))
    halves = [MEAN_TO_DEVIATION * _t_quantile(q, n_origins - 1) for q in (0.9, 0.975)]
    return Spread(coefficients, *halves)


def _t_quantile(probability: float, freedom: int) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(freedom, probability))


def _cells(horizons: FloatArray, forecast: FloatArray) -> FloatArray:
    """Group errors by horizon and by size, so that a fit over thousands of them is one over dozens."""
    edges = np.quantile(forecast, np.linspace(0, 1, SIZE_BINS + 1)[1:-1])
    return np.asarray(horizons.astype(np.int64) * SIZE_BINS + np.searchsorted(edges, forecast))


def spread_at(
    errors: FloatArray, forecast: FloatArray, origins: tuple[int, ...], known: int
) -> Spread | None:
    """Fit the size of the errors (O, H, K) that were known when the history had `known` periods.

    None where they come from fewer than three origins.
    """
    times = np.array(origins, dtype=float)[:, None, None]
    ahead = np.arange(1, errors.shape[1] + 1, dtype=float)[None, :, None]
    there: BoolArray = np.isfinite(errors) & (times + ahead <= known)
    n_origins = int(there.any(axis=(1, 2)).sum())
    if n_origins < FEWEST_KNOWN:
        return None
    many = bool(there.sum() >= MANY_SERIES * there.any(axis=2).sum())
    ahead = np.broadcast_to(ahead, errors.shape)[there]
    return fit_spread(errors[there], forecast[there], ahead, n_origins, many=many)


def rolling_half_widths(
    actual: FloatArray, forecast: FloatArray, origins: tuple[int, ...]
) -> FloatArray:
    """Half-widths (O, H, K) of 80 % intervals, at each origin from the errors known there."""
    errors = log_errors(actual, forecast)
    ahead = np.arange(1, errors.shape[1] + 1, dtype=float)[:, None]
    widths = np.full(errors.shape, np.nan)
    for place, origin in enumerate(origins):
        spread = spread_at(errors, forecast, origins, origin)
        if spread is not None:
            widths[place] = spread.half_width(ahead, forecast[place], 80)
    return widths
