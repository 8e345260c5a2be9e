"""The names that a spec may use, and the columns behind them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sandtable.data.contracts import CONTRACTS
from sandtable.data.loading import DataSet
from sandtable.market.primitives import FloatArray

CONSTANT = "constant"
ADVERTISING = "advertising"
AGE, RENEWED = "age", "renewed"
OLD = 24  # months (or years) from which on age is one group
NOT_A_GROUP = ("name", "launched", "facelift")
OUTCOMES = ("units", "orders", "deliveries", "backlog", "wait_weeks", "total_units", "market_size")


def factors_of(name: str) -> list[str]:
    """Split ``battery_index * battery_kwh`` into its factors."""
    return [factor.strip() for factor in name.split("*")]


def number_names(data_set: DataSet, *, advertising: bool) -> list[str]:
    """Name the numeric columns that shift tastes or costs and are not outcomes of the market."""
    found = [
        column
        for table in ("products", "sales", "market")
        for column in data_set.tables[table].select_dtypes("number").columns
        if column not in OUTCOMES and column not in ("list_price", "net_price")
    ]
    return [CONSTANT, *found, *([ADVERTISING] if advertising else [])]


def nest_names(data_set: DataSet) -> list[str]:
    """Name the text columns of the products table that can group products."""
    known = set(CONTRACTS["products"].columns) - set(NOT_A_GROUP) - {"product"}
    return [column for column in data_set.tables["products"].columns if column in known]


def group_names(data_set: DataSet) -> list[str]:
    """Name everything that can be an effect or a cluster."""
    columns = data_set.tables["products"].columns
    names = ["product", "region", "period", *nest_names(data_set)]
    names += [AGE] if "launched" in columns else []
    return names + ([RENEWED] if "facelift" in columns else [])


def advertising_of(data_set: DataSet, carry_over: float) -> pd.DataFrame:
    """Return ln of the spend of each brand in each region and period, carried over from period to period.

    Months before the first are taken to be like it.
    """
    media = data_set.tables["media"]
    spend = media.groupby(["region", "brand", "period"], as_index=False)["spend"].sum()
    wide = spend.pivot(index=["region", "brand"], columns="period", values="spend")
    periods = sorted(data_set.tables["market"]["period"].unique())
    wide = wide.reindex(columns=periods).fillna(0.0)
    values = np.log1p(wide.to_numpy(dtype=np.float64))
    stock: FloatArray = np.empty_like(values)
    stock[:, 0] = values[:, 0] / (1 - carry_over)
    for period in range(1, values.shape[1]):
        stock[:, period] = values[:, period] + carry_over * stock[:, period - 1]
    carried = pd.DataFrame(stock, index=wide.index, columns=wide.columns)
    return carried.reset_index().melt(
        id_vars=["region", "brand"], var_name="period", value_name=ADVERTISING
    )


def period_numbers(periods: pd.Series) -> pd.Series:
    """Number periods so that neighbours differ by one; missing stays missing."""
    text = periods.astype("string")
    year = _part(text, 0, 4)
    if text.str.contains("Q").any():
        return 4 * year + _part(text, 6, 7)
    if text.str.contains("-").any():
        return 12 * year + _part(text, 5, 7)
    return year


def _part(text: pd.Series, first: int, last: int) -> pd.Series:
    return pd.to_numeric(text.str[first:last], errors="coerce").astype("Float64").astype("float64")
