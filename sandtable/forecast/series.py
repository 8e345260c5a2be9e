"""One series ahead: last value, seasonal naive, seasonal naive with growth, and exponential smoothing (ETS)."""

from __future__ import annotations

import warnings

import numpy as np

from sandtable.forecast.panel import FloatArray

SHORTEST_ETS = 10  # periods; with fewer, statsmodels has no starting values
GROWTH_WINDOW = 5  # periods at least that a rate of growth is taken from
FURTHEST = float(np.log(2))  # an ETS path never leaves the range seen by more than a factor of two


def last_value(history: FloatArray, n_ahead: int) -> FloatArray:
    """Repeat the last period, shape (T, ...) -> (n_ahead, ...)."""
    return np.repeat(history[-1:], n_ahead, axis=0)


def seasonal_naive(history: FloatArray, n_ahead: int, season_length: int) -> FloatArray:
    """Repeat the last year, or the last period where there is less than a year."""
    if len(history) < season_length:
        return last_value(history, n_ahead)
    back = np.arange(n_ahead) % season_length - season_length
    return history[back]


def seasonal_growth(history: FloatArray, n_ahead: int, season_length: int) -> FloatArray:
    """Repeat the last year, grown as the latest periods grew over the year before.

    The rate is the mean over the last year (five years, where a period is a year) of the change in
    logarithms over one year, at most a halving or a doubling.
    """
    pairs = min(max(season_length, GROWTH_WINDOW), len(history) - season_length)
    if pairs < 1:
        return last_value(history, n_ahead)
    logs = np.log(history)
    changes = logs[-pairs:] - logs[-pairs - season_length : -season_length]
    rate = np.clip(changes.mean(axis=0), -FURTHEST, FURTHEST)
    years = 1 + np.arange(n_ahead) // season_length
    growth = years.reshape(-1, *[1] * (history.ndim - 1)) * rate
    return np.asarray(seasonal_naive(history, n_ahead, season_length) * np.exp(growth))


def has_two_seasons(n_periods: int, season_length: int) -> bool:
    """Whether a history lets ETS have a season: two full years, of more than one period each."""
    return season_length > 1 and n_periods >= 2 * season_length


def ets(history: FloatArray, n_ahead: int, season_length: int) -> FloatArray:
    """Forecast one positive series by statsmodels' ETS on its logarithms.

    Additive error, damped trend, and a season where there are two full years. A history of fewer than ten
    periods, or one that never moved, is forecast by its last value.

    Parameters
    ----------
    history : ndarray, shape (T,)
        Positive.
    n_ahead, season_length : int

    Returns
    -------
    ndarray, shape (n_ahead,)
    """
    logs = np.log(history)
    if len(logs) < SHORTEST_ETS or np.ptp(logs) < 1e-9:
        return last_value(history, n_ahead)
    from statsmodels.tsa.exponential_smoothing.ets import (  # type: ignore[import-untyped]
        ETSModel,
    )

    seasonal = has_two_seasons(len(logs), season_length)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        # a search that stops early is judged by the back-test like any other forecast
        warnings.simplefilter("ignore")
        model = ETSModel(
            logs,
            trend="add",
            damped_trend=True,
            seasonal="add" if seasonal else None,
            seasonal_periods=season_length if seasonal else None,
            initialization_method="heuristic",
        )
        path = np.asarray(model.fit(disp=False).forecast(n_ahead), dtype=np.float64)
    if not np.isfinite(path).all():
        return seasonal_naive(history, n_ahead, season_length)
    bounded = np.clip(path, logs.min() - FURTHEST, logs.max() + FURTHEST)
    return np.asarray(np.exp(bounded))


def ets_of_each(history: FloatArray, n_ahead: int, season_length: int) -> FloatArray:
    """Forecast each series of (T, K) by ETS since its last gap; 0 where it ended before the last period."""
    path = np.zeros((n_ahead, history.shape[1]))
    for column, series in enumerate(history.T):
        if series[-1] > 0:
            gaps = np.flatnonzero(series <= 0)
            since = int(gaps[-1]) + 1 if gaps.size else 0
            path[:, column] = ets(series[since:], n_ahead, season_length)
    return path
