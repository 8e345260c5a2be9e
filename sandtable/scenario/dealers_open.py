"""How many dealers a firm has in each region."""

from __future__ import annotations

import numpy as np

from sandtable.data.kept import Kept
from sandtable.data.loading import DataSet
from sandtable.market.primitives import FloatArray


def dealers_open(data_set: DataSet, firm: str, period: str) -> FloatArray:
    """Return the dealers of a firm's brands that are open in a period, by region in the order of the market, (R,).

    Parameters
    ----------
    data_set : DataSet
        With the tables ``dealers`` and ``market``.
    firm : str
    period : str
        One that has come or is to come; dealers of the last observed one stay open.
    """
    return _counts.get((data_set.fingerprint, firm, period), lambda: _count(data_set, firm, period))


def _count(data_set: DataSet, firm: str, period: str) -> FloatArray:
    products, dealers = data_set.tables["products"], data_set.tables["dealers"]
    brands = set(products.loc[products["firm"] == firm, "brand"])
    there = dealers["brand"].isin(brands) & ~(dealers["opened"] > period)
    if "closed" in dealers:
        there &= ~(dealers["closed"] <= period)
    counted = dealers[there].groupby("region").size()
    regions = sorted(data_set.tables["market"]["region"].unique())
    return np.asarray(counted.reindex(regions, fill_value=0).to_numpy(np.float64))


_counts = Kept[tuple[str, str, str], FloatArray](limit=256)
