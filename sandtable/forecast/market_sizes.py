"""Candidates for the path of the market size of each region."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from sandtable.forecast.panel import FloatArray, Panel
from sandtable.forecast.series import ets, last_value, seasonal_growth, seasonal_naive

MarketMethod = Callable[[Panel, int], FloatArray]


def by_last_value(panel: Panel, n_ahead: int) -> FloatArray:
    """Repeat the last period."""
    return last_value(panel.market_sizes, n_ahead)


def by_seasonal_naive(panel: Panel, n_ahead: int) -> FloatArray:
    """Repeat the last year."""
    return seasonal_naive(panel.market_sizes, n_ahead, panel.season_length)


def by_seasonal_growth(panel: Panel, n_ahead: int) -> FloatArray:
    """Repeat the last year with the growth of the whole market, so that regions keep their weights."""
    total = panel.market_sizes.sum(axis=1)
    path = seasonal_naive(panel.market_sizes, n_ahead, panel.season_length)
    grown = seasonal_growth(total, n_ahead, panel.season_length)
    return np.asarray(path * (grown / path.sum(axis=1))[:, None])


def by_ets_total(panel: Panel, n_ahead: int) -> FloatArray:
    """ETS of the whole market, split as the last year was split."""
    path = ets(panel.market_sizes.sum(axis=1), n_ahead, panel.season_length)
    year = panel.market_sizes[-panel.season_length :].sum(axis=0)
    return np.asarray(path[:, None] * (year / year.sum()))


def by_ets_region(panel: Panel, n_ahead: int) -> FloatArray:
    """ETS of each region on its own."""
    columns = [ets(sizes, n_ahead, panel.season_length) for sizes in panel.market_sizes.T]
    return np.column_stack(columns)


# simplest first: of two that are as good, the earlier is used
MARKET_METHODS: Mapping[str, MarketMethod] = {
    "last_value": by_last_value,
    "seasonal_naive": by_seasonal_naive,
    "seasonal_growth": by_seasonal_growth,
    "ets_total": by_ets_total,
    "ets_region": by_ets_region,
}
