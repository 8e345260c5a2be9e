"""The base path: market sizes and shares beyond the last observed period, when nobody does anything new."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np

from sandtable.data.kept import Kept
from sandtable.data.loading import DataSet
from sandtable.data.metadata import BilingualText
from sandtable.forecast import wording
from sandtable.forecast.back_testing import (
    check_count,
    choice_dict,
    plain,
    rolling_of,
    verdict_dict,
)
from sandtable.forecast.intervals import log_errors, spread_at
from sandtable.forecast.judging import Case, Choice, Verdict, case_of, choose, judge, unjudged
from sandtable.forecast.levels import Level, ets_series, level_values, seasonal_series
from sandtable.forecast.market_sizes import MARKET_METHODS
from sandtable.forecast.panel import FloatArray, Panel
from sandtable.forecast.periods import periods_after
from sandtable.forecast.rolling import FEWEST_ORIGINS, HORIZON, Rolling
from sandtable.forecast.series import has_two_seasons
from sandtable.forecast.shares import SHARE_METHODS

QUANTILES = {"low_95": (95, -1), "low_80": (80, -1), "high_80": (80, 1), "high_95": (95, 1)}

_paths: Kept[Hashable, BasePath] = Kept(8)


@dataclass(frozen=True)
class LevelPath:
    """The path of one total with its intervals; each array of shape (H,).

    Attributes
    ----------
    median : ndarray
        By the method of the verdict, which may be a benchmark that the path did not beat.
    of_path : ndarray
        What the market sizes and shares of the path add up to.
    low_95, low_80, high_80, high_95 : ndarray
        Bounds around `median`; NaN where there is too little history.
    """

    verdict: Verdict
    median: FloatArray
    of_path: FloatArray
    low_95: FloatArray
    low_80: FloatArray
    high_80: FloatArray
    high_95: FloatArray

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        arrays = {
            name: [plain(value) for value in getattr(self, name)]
            for name in ("median", "of_path", *QUANTILES)
        }
        return {"verdict": verdict_dict(self.verdict), **arrays}


@dataclass(frozen=True)
class BasePath:
    """Market sizes and shares of the coming periods, prices held.

    Attributes
    ----------
    last_period : str
        The last observed one, whose prices are held.
    regions : tuple of str
        Those of the last period, by name.
    products, firms : tuple of str
        Products sold in the last period, in the order of the products table, and their firms.
    market_sizes : ndarray, shape (H, R)
        Households.
    shares : ndarray, shape (H, R, J)
        Of the whole market: the sum over products is below 1. 0 where not sold.
    market_size_method, share_method : Choice
        How, and why.
    total_units, own_firm_units, own_firm_share : LevelPath
        With 80 % and 95 % intervals; the share is that of sales.
    warnings : tuple of BilingualText
        What must be known to read the path.
    """

    data_set: str
    sha256: str
    last_period: str
    periods: tuple[str, ...]
    regions: tuple[str, ...]
    products: tuple[str, ...]
    firms: tuple[str, ...]
    own_firm: str
    market_sizes: FloatArray
    shares: FloatArray
    market_size_method: Choice
    share_method: Choice
    total_units: LevelPath
    own_firm_units: LevelPath
    own_firm_share: LevelPath
    warnings: tuple[BilingualText, ...]

    @property
    def units(self) -> FloatArray:
        """Units, shape (H, R, J)."""
        return self.market_sizes[:, :, None] * self.shares

    def to_dict(self) -> dict[str, Any]:
        """Return the whole as plain values, for JSON; what is unknown is None."""
        return {
            "schema": 1,
            "data_set": self.data_set,
            "sha256": self.sha256,
            "last_period": self.last_period,
            "periods": list(self.periods),
            "regions": list(self.regions),
            "products": list(self.products),
            "firms": list(self.firms),
            "own_firm": self.own_firm,
            "market_sizes": self.market_sizes.tolist(),
            "shares": self.shares.tolist(),
            "market_size_method": choice_dict(self.market_size_method),
            "share_method": choice_dict(self.share_method),
            "total_units": self.total_units.to_dict(),
            "own_firm_units": self.own_firm_units.to_dict(),
            "own_firm_share": self.own_firm_share.to_dict(),
            "warnings": [warning.model_dump() for warning in self.warnings],
        }


def base_path(data_set: DataSet, n_periods: int = HORIZON) -> BasePath:
    """Forecast a data set beyond its last period; kept in memory for the next call.

    Parameters
    ----------
    data_set : DataSet
        With products, sales and market.
    n_periods : int
        From 1 to 120; the back-test reaches 12.

    Raises
    ------
    InputError
        If `n_periods` is out of range.
    """
    check_count(data_set, "periods", n_periods)
    key = (data_set.fingerprint, n_periods)
    return _paths.get(key, lambda: _base_path(data_set, n_periods))


def _base_path(data_set: DataSet, n_periods: int) -> BasePath:
    rolling = rolling_of(data_set, HORIZON)
    panel = rolling.panel
    horizons = tuple(range(1, HORIZON + 1))
    size, share = choose(rolling, horizons, FEWEST_ORIGINS)
    sizes = MARKET_METHODS[size.method](panel, n_periods)
    shares = SHARE_METHODS[share.method](panel, n_periods)
    levels: tuple[Level, ...] = ("total_units", "own_firm_units", "own_firm_share")
    paths = [_level_path(level, rolling, size, share, n_periods) for level in levels]
    sold = panel.continues.any(axis=0)
    return BasePath(
        data_set=data_set.name,
        sha256=data_set.sha256,
        last_period=panel.periods[-1],
        periods=periods_after(panel.periods[-1], panel.frequency, n_periods),
        regions=panel.regions,
        products=tuple(np.array(panel.products)[sold].tolist()),
        firms=tuple(np.array(panel.firms)[sold].tolist()),
        own_firm=panel.own_firm,
        market_sizes=sizes,
        shares=shares[:, :, sold],
        market_size_method=size,
        share_method=share,
        total_units=paths[0],
        own_firm_units=paths[1],
        own_firm_share=paths[2],
        warnings=_warnings(data_set, panel, n_periods, paths),
    )


def _level_path(
    level: Level, rolling: Rolling, size: Choice, share: Choice, n_periods: int
) -> LevelPath:
    panel = rolling.panel
    sizes = MARKET_METHODS[size.method](panel, n_periods)[:, :, None]

    def path_of(method: str) -> FloatArray:
        if method == "ets":
            return ets_series(level, panel, n_periods)[:, 0]
        if method == "seasonal_naive":
            return seasonal_series(level, panel, n_periods)[:, 0]
        units = sizes * SHARE_METHODS[method](panel, n_periods)
        return np.asarray(level_values(level, units, panel)[:, 0])

    bounds = dict.fromkeys(QUANTILES, np.full(n_periods, np.nan))
    if rolling.n_judged == 0:
        verdict = unjudged(level, share.method, 0, FEWEST_ORIGINS)
        return LevelPath(verdict, path_of(share.method), path_of(share.method), **bounds)
    case = case_of(level, rolling, size.method, tuple(range(1, HORIZON + 1)))
    overall = case.measure(share.method)[0]
    verdict = judge(case, share.method, FEWEST_ORIGINS, overall)
    median = path_of(verdict.method)
    bounds = _bounds(case, verdict.method, median) or bounds
    if level == "own_firm_share":
        bounds = {name: np.minimum(bound, 1.0) for name, bound in bounds.items()}
    return LevelPath(verdict, median, path_of(share.method), **bounds)


def _bounds(case: Case, method: str, median: FloatArray) -> dict[str, FloatArray] | None:
    forecast = case.forecasts[method]
    errors = log_errors(case.actual, forecast)
    spread = spread_at(errors, forecast, case.rolling.origins, len(case.rolling.panel))
    if spread is None:
        return None
    ahead = np.arange(1, len(median) + 1, dtype=float)
    return {
        name: median * np.exp(side * spread.half_width(ahead, median, nominal))
        for name, (nominal, side) in QUANTILES.items()
    }


def _warnings(
    data_set: DataSet, panel: Panel, n_periods: int, paths: list[LevelPath]
) -> tuple[BilingualText, ...]:
    last = panel.periods[-1]
    found = [
        wording.both(*wording.PRICES_HELD, period=last),
        wording.both(*wording.NO_LAUNCHES, period=last),
    ]
    gone = int(((panel.units.sum(axis=(0, 1)) > 0) & ~panel.continues.any(axis=0)).sum())
    if gone:
        found.append(wording.both(*wording.STAYS_AWAY, n=gone, period=last))
    first = str(data_set.tables["sales"]["period"].min())
    if panel.periods[0] != first:
        found.append(wording.both(*wording.SHORTENED, period=panel.periods[0]))
    if panel.season_length > 1 and not has_two_seasons(len(panel), panel.season_length):
        found.append(wording.both(*wording.NO_SEASON, n=len(panel)))
    if n_periods > HORIZON:
        found.append(wording.both(*wording.BEYOND, horizon=HORIZON))
    if any(np.isnan(path.low_80).any() for path in paths):
        found.append(wording.both(*wording.NO_INTERVAL))
    found += [path.verdict.sentence for path in paths if path.verdict.grade != "usable"]
    return tuple(found)
