"""Candidates for the path of the shares of the products that are sold in the last period."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from sandtable.forecast.lifecycle import fit_lifecycle, log_odds, smoothed_level
from sandtable.forecast.panel import FloatArray, Panel

ShareMethod = Callable[[Panel, int], FloatArray]
RECENT = 3  # periods that the mean of the last ones is over


def by_last_share(panel: Panel, n_ahead: int) -> FloatArray:
    """Repeat the last shares."""
    return np.repeat(panel.shares[-1:], n_ahead, axis=0)


def by_mean_share(panel: Panel, n_ahead: int) -> FloatArray:
    """Repeat the mean share of the last three periods in which a product was sold."""
    recent = panel.shares[-RECENT:]
    count = np.maximum((recent > 0).sum(axis=0), 1)
    mean = np.where(panel.continues, recent.sum(axis=0) / count, 0.0)
    return _below_one(np.repeat(mean[None], n_ahead, axis=0), panel)


def by_seasonal_share(panel: Panel, n_ahead: int) -> FloatArray:
    """Repeat the shares of the same period a year before; the last share where there is none."""
    length = panel.season_length
    if len(panel) < length:
        return by_last_share(panel, n_ahead)
    year = panel.shares[np.arange(n_ahead) % length - length]
    path = np.where(year > 0, year, panel.shares[-1])
    return _below_one(np.where(panel.continues, path, 0.0), panel)


def by_lifecycle(panel: Panel, n_ahead: int) -> FloatArray:
    """Persistence with lifecycle; the season of buying is left to the market size."""
    return _persistence(panel, n_ahead, with_season=False)


def by_lifecycle_season(panel: Panel, n_ahead: int) -> FloatArray:
    """Persistence with lifecycle, and the season of buying at all in the shares."""
    return _persistence(panel, n_ahead, with_season=True)


def _persistence(panel: Panel, n_ahead: int, *, with_season: bool) -> FloatArray:
    lifecycle = fit_lifecycle(panel, with_season=with_season)
    n_periods = len(panel)
    places = panel.places_in_season(n_ahead)
    seen = lifecycle.expected(panel, np.arange(n_periods), places[0])
    ahead = lifecycle.expected(panel, n_periods + np.arange(n_ahead), places[1])
    level, _ = smoothed_level(log_odds(panel) - seen[:, None, :])
    path = level + ahead[:, None, :]
    weights = np.where(panel.continues, np.exp(np.where(panel.continues, path, 0.0)), 0.0)
    return np.asarray(weights / (1 + weights.sum(axis=2, keepdims=True)))


def _below_one(shares: FloatArray, panel: Panel) -> FloatArray:
    """Scale down where shares of different periods add up to more than ever was sold, half-way to all."""
    most = (1 + panel.shares.sum(axis=2).max(axis=0)) / 2
    sums = shares.sum(axis=2)
    return np.asarray(
        shares * np.where(sums > most, most / np.maximum(sums, most), 1.0)[:, :, None]
    )


# simplest first: of two that are as good, the earlier is used
SHARE_METHODS: Mapping[str, ShareMethod] = {
    "last_share": by_last_share,
    "mean_share": by_mean_share,
    "seasonal_share": by_seasonal_share,
    "lifecycle": by_lifecycle,
    "lifecycle_season": by_lifecycle_season,
}
