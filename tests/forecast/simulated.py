"""Markets whose seasons, trends and age curves are known, as data sets."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sandtable.data import DataSet, find_data_set, load_data_set
from sandtable.data.loading import load_metadata
from sandtable.data.metadata import Frequency
from sandtable.forecast.panel import FloatArray
from sandtable.forecast.periods import period_name, period_number

SEASON = np.log([0.96, 0.72, 0.97, 0.94, 1.0, 1.04, 0.96, 1.0, 1.07, 1.09, 1.13, 1.2])
FIRST = period_number("2022-01", "month")


@cache
def shipped(name: str) -> DataSet:
    return load_data_set(find_data_set(name), tables={"products", "sales", "market"})


def data_set_of(
    units: Any,
    market_sizes: Any,
    *,
    frequency: Frequency = "month",
    launched: Sequence[int | None] | None = None,
    order: Sequence[int] | None = None,
) -> DataSet:
    """Make a data set from units (T, R, J) and market sizes (T, R); zeros have no row."""
    n_periods, _, n_products = units.shape
    first = FIRST if frequency == "month" else period_number("1970", "year")
    periods = [period_name(first + t, frequency) for t in range(n_periods)]
    starts = launched or [None] * n_products
    table = pd.DataFrame(
        {
            "product": [f"P{j:02d}" for j in range(n_products)],
            "firm": ["Nova" if j % 3 == 0 else f"Firm{j % 3}" for j in range(n_products)],
            "launched": [None if t is None else period_name(first + t, frequency) for t in starts],
        }
    )
    if order is not None:
        table = table.iloc[list(order)].reset_index(drop=True)
    t, r, j = np.nonzero(units)
    sales = pd.DataFrame(
        {
            "period": np.array(periods)[t],
            "region": [f"R{place}" for place in r],
            "product": [f"P{place:02d}" for place in j],
            "units": units[t, r, j],
            "list_price": 1.0,
            "net_price": 1.0,
        }
    )
    t, r = np.indices(market_sizes.shape).reshape(2, -1)
    market = pd.DataFrame(
        {
            "period": np.array(periods)[t],
            "region": [f"R{place}" for place in r],
            "market_size": market_sizes[t, r],
        }
    )
    tables = {"products": table, "sales": sales, "market": market}
    text = "".join(frame.to_csv() for frame in tables.values())
    digest = hashlib.sha256(text.encode()).hexdigest()
    metadata = load_metadata(find_data_set("premium_ev")).model_copy(
        update={"name": "simulated", "frequency": frequency}
    )
    return DataSet("simulated", Path("simulated"), metadata, tables, {}, digest, ())


def logit_units(odds: Any, sizes: Any, seed: int) -> FloatArray:
    """Units (T, R, J) of ln odds, as counts drawn by chance; NaN odds are not sold."""
    attraction = np.exp(np.where(np.isfinite(odds), odds, -np.inf))
    shares = attraction / (1 + attraction.sum(axis=2, keepdims=True))
    drawn = np.random.default_rng(seed).poisson(shares * sizes[:, :, None])
    return np.where(np.isfinite(odds), np.maximum(drawn, 1), 0).astype(float)


def age_effect(ages: FloatArray) -> FloatArray:
    """A ramp: -1.1 at launch, -0.5 two months on, 0 after a year."""
    return np.where(ages < 0, np.nan, np.log1p(-np.exp(-(np.maximum(ages, 0) + 1) / 2.5)))


def planted(seed: int = 1, n_periods: int = 40) -> DataSet:
    """Season in market and shares, growth, an age curve, and little else."""
    random = np.random.default_rng(seed)
    n_regions, n_products = 2, 15
    launched = [None] * 6 + [int(t) for t in np.linspace(2, n_periods - 3, 9)]
    starts = np.array([-60 if t is None else t for t in launched])
    season = SEASON[(FIRST + np.arange(n_periods)) % 12]
    taste = random.normal(0, 0.02, (n_periods, 1, n_products)).cumsum(axis=0)
    odds = (
        random.normal(-3.8, 0.5, (1, n_regions, n_products))
        + age_effect(np.arange(n_periods)[:, None] - starts)[:, None, :]
        + 0.5 * season[:, None, None]
        + taste
    )
    growth = 0.006 * np.arange(n_periods) + 0.7 * season
    noise = random.normal(0, 0.01, (n_periods, n_regions))
    sizes = np.round(np.exp(11 + growth[:, None] + noise))
    return data_set_of(logit_units(odds, sizes, seed), sizes, launched=launched)


def wandering(seed: int, n_periods: int = 40, n_products: int = 15) -> DataSet:
    """A market of pure random walks: nothing but the last value says anything of the next."""
    random = np.random.default_rng(seed)
    n_regions = 2
    odds = random.normal(-4, 0.4, (1, 1, n_products)) + random.normal(
        0, 0.08, (n_periods, n_regions, n_products)
    ).cumsum(axis=0)
    steps = random.normal(0, 0.02, (n_periods, n_regions))
    sizes = np.round(np.exp(13 + steps.cumsum(axis=0)))
    return data_set_of(logit_units(odds, sizes, seed), sizes)


def with_later_changed(data_set: DataSet, after: str) -> DataSet:
    """Change every figure after a period: sales, market sizes, facelifts."""
    sales, market = data_set.tables["sales"].copy(), data_set.tables["market"].copy()
    later = sales["period"] > after
    scale = np.random.default_rng(0).uniform(0.2, 1.5, int(later.sum()))
    sales.loc[later, "units"] = np.maximum(1.0, np.round(sales.loc[later, "units"] * scale))
    sales["units"] = sales["units"].astype(float)
    market["market_size"] = market["market_size"].astype(float)
    market.loc[market["period"] > after, "market_size"] *= 3
    products = data_set.tables["products"].copy()
    if "facelift" in products:
        products.loc[products["facelift"] > after, "facelift"] = None
    tables = {**data_set.tables, "sales": sales, "market": market, "products": products}
    return replace(data_set, tables=tables, sha256=f"{data_set.sha256}-{after}")
