"""The levels that a forecast is judged at, and the benchmarks of each level."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from sandtable.forecast.panel import FloatArray, Panel
from sandtable.forecast.rolling import Rolling
from sandtable.forecast.series import ets_of_each, seasonal_naive

Level = Literal[
    "market_size",
    "total_units",
    "own_firm_units",
    "own_firm_share",
    "firm_units",
    "product_units",
    "product_region_units",
]
LEVELS: tuple[Level, ...] = get_args(Level)
BY_PRODUCT: tuple[Level, ...] = ("product_units", "product_region_units")


def level_values(level: Level, units: FloatArray, panel: Panel) -> FloatArray:
    """Add units (..., R, J) up to a level, shape (..., K).

    Share of the own firm is share of sales: of all units sold, without the outside good.
    """
    if level == "product_region_units":
        return units.reshape(*units.shape[:-2], -1)
    by_product: FloatArray = units.sum(axis=-2)
    if level == "product_units":
        return by_product
    if level == "firm_units":
        names = sorted(set(panel.firms))
        member = np.array([[firm == name for name in names] for firm in panel.firms], dtype=float)
        return np.asarray(by_product @ member)
    total: FloatArray = by_product.sum(axis=-1, keepdims=True)
    if level == "total_units":
        return total
    own: FloatArray = (by_product * panel.owned).sum(axis=-1, keepdims=True)
    if level == "own_firm_units":
        return own
    return np.asarray(own / np.where(total > 0, total, np.nan))


def history_of(level: Level, panel: Panel) -> FloatArray:
    """Return what was observed at a level, shape (T, K)."""
    if level == "market_size":
        return np.asarray(panel.market_sizes.sum(axis=1, keepdims=True))
    return level_values(level, panel.units, panel)


def continuing(level: Level, panel: Panel) -> FloatArray:
    """Return 1 where a series is judged, NaN where it ended before the last period, shape (K,)."""
    if level == "product_region_units":
        going = panel.continues.reshape(-1)
    else:
        going = np.asarray(history_of(level, panel)[-1] > 0)
    return np.where(going, 1.0, np.nan)


def seasonal_series(level: Level, panel: Panel, n_ahead: int) -> FloatArray:
    """Repeat the last year of each series of a level; the last value where it was not there then."""
    history = np.nan_to_num(history_of(level, panel))
    path = seasonal_naive(history, n_ahead, panel.season_length)
    return np.where(path > 0, path, history[-1])


def ets_series(level: Level, panel: Panel, n_ahead: int) -> FloatArray:
    """Forecast each series of a level by ETS; the share is the ratio of two, the regions the last split."""
    if level == "product_region_units":
        return split_as_last(ets_series("product_units", panel, n_ahead), panel)
    if level == "own_firm_share":
        own = ets_series("own_firm_units", panel, n_ahead)
        return own / ets_series("total_units", panel, n_ahead)
    return ets_of_each(history_of(level, panel), n_ahead, panel.season_length)


def split_as_last(by_product: FloatArray, panel: Panel) -> FloatArray:
    """Split units of products (H, J) over regions as in the last period, shape (H, R * J)."""
    last = panel.units[-1]
    split = last / np.maximum(last.sum(axis=0), 1e-300)
    return np.asarray((split * by_product[:, None, :]).reshape(len(by_product), -1))


def actual_at(level: Level, rolling: Rolling) -> FloatArray:
    """Return what came at a level, shape (O, H, K); NaN where a series is not judged."""
    if level == "market_size":
        return np.asarray(rolling.actual_sizes.sum(axis=2, keepdims=True))
    values = level_values(level, rolling.actual_units, rolling.panel)
    masks = [continuing(level, rolling.panel.until(origin)) for origin in rolling.origins]
    return values * np.array(masks)[:, None, :]


def forecasts_at(
    level: Level, rolling: Rolling, market_method: str, *, with_ets: bool = True
) -> dict[str, FloatArray]:
    """Return the forecasts of every method at a level, each of shape (O, H, K).

    ``ets`` is NaN at origins where it has another form than at the end.
    """
    if level == "market_size":
        values = {name: sizes.sum(axis=2, keepdims=True) for name, sizes in rolling.sizes.items()}
        unlike = ~rolling.alike
        for name in ("ets_total", "ets_region"):
            values[name] = np.where(unlike[:, None, None], np.nan, values[name])
        return values
    sizes = rolling.sizes[market_method][..., None]
    values = {
        name: level_values(level, sizes * shares, rolling.panel)
        for name, shares in rolling.shares.items()
    }
    shape = next(iter(values.values())).shape
    seasonal, smoothed = np.full(shape, np.nan), np.full(shape, np.nan)
    for place, origin in enumerate(rolling.origins):
        ahead = min(rolling.horizon, len(rolling.panel) - origin)
        known = rolling.panel.until(origin)
        seasonal[place, :ahead] = seasonal_series(level, known, rolling.horizon)[:ahead]
        if not (with_ets and rolling.alike[place]):
            continue
        if level in BY_PRODUCT:
            path = rolling.ets_of_products[place]
            path = path if level == "product_units" else split_as_last(path, known)
        else:
            path = ets_series(level, known, rolling.horizon)
        smoothed[place, :ahead] = path[:ahead]
    return {**values, "seasonal_naive": seasonal, **({"ets": smoothed} if with_ets else {})}


def seen_again(rolling: Rolling) -> float:
    """Return the share of the products sold at an origin that are still sold at the target, on average."""
    panel = rolling.panel
    sold = panel.units.sum(axis=1) > 0
    rates = [
        float(sold[target][sold[origin - 1]].mean())
        for origin in rolling.origins[rolling.n_warm_up :]
        for target in range(origin, min(origin + rolling.horizon, len(panel)))
    ]
    return float(np.mean(rates)) if rates else 1.0
