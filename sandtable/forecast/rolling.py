"""Forecasts from rolling origins: at each, every candidate sees what was known then and nothing later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sandtable.forecast.market_sizes import MARKET_METHODS, by_seasonal_growth
from sandtable.forecast.panel import BoolArray, FloatArray, Panel
from sandtable.forecast.series import ets_of_each, has_two_seasons
from sandtable.forecast.shares import SHARE_METHODS

FEWEST_ORIGINS = 8
WARM_UP = 8  # origins before the judged ones, at most, whose errors give the first intervals
HORIZON = 12


@dataclass(frozen=True)
class Rolling:
    """Forecasts and what came, by origin and horizon; NaN beyond the last period.

    Attributes
    ----------
    panel : Panel
        The whole history.
    origins : tuple of int
        Number of periods known at each origin, oldest first; those before `n_warm_up` only give errors for
        intervals.
    alike : ndarray of bool, shape (O,)
        Whether ETS has the form (with or without a season) that the whole history gives it.
    sizes : mapping of str to ndarray, shape (O, H, R)
        Market size by method.
    shares : mapping of str to ndarray, shape (O, H, R, J)
        Shares by method.
    actual_sizes : ndarray, shape (O, H, R)
    actual_units : ndarray, shape (O, H, R, J)
    """

    panel: Panel
    origins: tuple[int, ...]
    n_warm_up: int
    alike: BoolArray
    sizes: Mapping[str, FloatArray]
    shares: Mapping[str, FloatArray]
    actual_sizes: FloatArray
    actual_units: FloatArray

    @property
    def n_judged(self) -> int:
        """Origins that are judged."""
        return len(self.origins) - self.n_warm_up

    @property
    def horizon(self) -> int:
        """Periods ahead, at most."""
        return int(self.actual_sizes.shape[1])

    @cached_property
    def ets_of_products(self) -> FloatArray:
        """Plain ETS of the units of each product, shape (O, H, J); slow, and two levels need it."""
        history = self.panel.units.sum(axis=1)
        paths = np.full((len(self.origins), self.horizon, history.shape[1]), np.nan)
        for place, origin in enumerate(self.origins):
            if self.alike[place]:
                season_length = self.panel.season_length
                paths[place] = ets_of_each(history[:origin], self.horizon, season_length)
        return paths


def origins_of(n_periods: int, season_length: int, horizon: int) -> tuple[tuple[int, ...], int]:
    """Return the origins and how many of them are for warming up.

    Every horizon gets eight judged origins where the history allows it; the first origin knows a year and a
    period more, or four periods.
    """
    earliest = max(season_length + 1, 4)
    first = max(earliest + 2, n_periods - horizon - FEWEST_ORIGINS + 1)
    start = max(earliest, first - WARM_UP)
    return tuple(range(start, n_periods)), max(min(first, n_periods) - start, 0)


def roll(panel: Panel, horizon: int) -> Rolling:
    """Forecast from each origin by every candidate."""
    n_periods = len(panel)
    origins, n_warm_up = origins_of(n_periods, panel.season_length, horizon)
    final = has_two_seasons(n_periods, panel.season_length)
    alike = np.array(
        [has_two_seasons(origin, panel.season_length) == final for origin in origins],
        dtype=np.bool_,
    )
    shape = (len(origins), horizon, *panel.units.shape[1:])
    sizes = {name: np.full(shape[:3], np.nan) for name in MARKET_METHODS}
    shares = {name: np.full(shape, np.nan) for name in SHARE_METHODS}
    actual_sizes, actual_units = np.full(shape[:3], np.nan), np.full(shape, np.nan)
    for place, origin in enumerate(origins):
        known = panel.until(origin)
        ahead = min(horizon, n_periods - origin)
        actual_sizes[place, :ahead] = panel.market_sizes[origin : origin + ahead]
        actual_units[place, :ahead] = panel.units[origin : origin + ahead]
        for name, size_method in MARKET_METHODS.items():
            # an ETS of another form would be judged for what it will not be; growth stands in for it
            stand_in = name.startswith("ets") and not alike[place]
            method = by_seasonal_growth if stand_in else size_method
            sizes[name][place, :ahead] = method(known, horizon)[:ahead]
        for name, share_method in SHARE_METHODS.items():
            shares[name][place, :ahead] = share_method(known, horizon)[:ahead]
    return Rolling(panel, origins, n_warm_up, alike, sizes, shares, actual_sizes, actual_units)
