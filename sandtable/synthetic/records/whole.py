"""Tables that are whole at any scale, since they belong to the aggregated tables: exposures, stock, targets."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sandtable.synthetic.records.basis import Basis

CLICK_RATES = {
    "digital": 0.008,
    "events": 0.003,
    "outdoor": 0.0002,
    "search": 0.03,
    "social": 0.011,
    "television": 0.0004,
}
STOCK_DAYS = (30.0, 60.0)
DAYS_A_MONTH = 30.0
TARGET_PULL, TARGET_SPREAD = 1.02, 0.06


def exposures_table(random: np.random.Generator, basis: Basis) -> pd.DataFrame:
    """Own impressions, clicks and spend; impressions and spend are those of the media table."""
    media = basis.own_media
    rates = media["channel"].map(CLICK_RATES).to_numpy(np.float64)
    rates = rates * np.exp(random.normal(0, 0.1, len(media)))
    seen = media["impressions"].to_numpy(np.int64)
    return pd.DataFrame(
        {
            "month": media["period"],
            "region": media["region"],
            "channel": media["channel"],
            "impressions": seen,
            "clicks": random.binomial(seen, rates).astype(np.int64),
            "spend": media["spend"].astype(np.int64),
        }
    )


def stock_table(random: np.random.Generator, basis: Basis) -> pd.DataFrame:
    """Cars at each dealer at the end of a month: 30 to 60 days of its deliveries, the days drawn by dealer."""
    funnel = basis.tables["funnel"]
    rows = funnel[funnel["period"].isin(basis.periods)]
    rows = rows.sort_values(["period", "dealer", "product"], ignore_index=True)
    days = pd.Series(random.uniform(*STOCK_DAYS, len(basis.dealers)), index=list(basis.dealers))
    held = rows["dealer"].map(days).to_numpy() * np.exp(random.normal(0, 0.08, len(rows)))
    cars = np.maximum(1, np.round(rows["deliveries"].to_numpy() / DAYS_A_MONTH * held))
    return pd.DataFrame(
        {
            "month": rows["period"],
            "dealer": rows["dealer"],
            "product": rows["product"],
            "units_in_stock": cars.astype(np.int64),
        }
    )


def targets_table(random: np.random.Generator, basis: Basis) -> pd.DataFrame:
    """Cars planned by month, region and own product: near what was sold, a little above."""
    sales = basis.tables["sales"]
    mine = sales["product"].isin(basis.products) & sales["period"].isin(basis.periods)
    rows = sales[mine].sort_values(["period", "region", "product"], ignore_index=True)
    missed = TARGET_PULL * np.exp(random.normal(0, TARGET_SPREAD, len(rows)))
    return pd.DataFrame(
        {
            "month": rows["period"],
            "region": rows["region"],
            "product": rows["product"],
            "target_units": np.round(rows["units"] * missed).astype(np.int64),
        }
    )
