"""One period of a data set as arrays: regions by products."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sandtable.data.loading import DataSet

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Cells:
    """One period: what was sold where, at which price.

    Attributes
    ----------
    products : tuple of str
        Those sold in the period, in the order of the products table.
    firms : tuple of str
        Owner of each product.
    units : ndarray, shape (R, J)
        0 where a product is not offered.
    list_prices : ndarray, shape (R, J)
        In money units; NaN where a product is not offered.
    net_prices : ndarray, shape (R, J)
        What the customer pays; where a product is not offered, its mean over the other regions.
    market_sizes : ndarray, shape (R,)
    """

    period: str
    regions: tuple[str, ...]
    products: tuple[str, ...]
    firms: tuple[str, ...]
    units: Floats
    list_prices: Floats
    net_prices: Floats
    market_sizes: Floats

    @property
    def shares(self) -> Floats:
        """Shares of the whole market, shape (R, J)."""
        return np.asarray(self.units / self.market_sizes[:, None])


def cells_of(data_set: DataSet, period: str) -> Cells:
    """Read one period of the tables sales and market as arrays."""
    sales = data_set.tables["sales"]
    sales = sales[(sales["period"] == period) & (sales["units"] > 0)]
    market = data_set.tables["market"]
    market = market[market["period"] == period].set_index("region").sort_index()
    regions = tuple(market.index)
    sold = set(sales["product"])
    # the order of the products table, so that the model's order does not depend on the sales
    products = tuple(code for code in data_set.tables["products"]["product"] if code in sold)
    wide = {
        column: widened(sales, column, regions, products)
        for column in ("units", "list_price", "net_price")
    }
    prices = wide["net_price"]
    firms = data_set.tables["products"].set_index("product")["firm"]
    return Cells(
        period,
        regions,
        products,
        tuple(firms.loc[list(products)]),
        np.nan_to_num(wide["units"]),
        wide["list_price"],
        # where a product is not offered its price says nothing; a finite one keeps the arithmetic clean
        np.where(np.isfinite(prices), prices, np.nanmean(prices, axis=0)),
        market["market_size"].to_numpy(dtype=np.float64),
    )


def widened(
    table: pd.DataFrame, column: str, regions: Collection[str], products: Collection[str]
) -> Floats:
    """Return one column of a table as regions by products, NaN where there is no row."""
    pivoted = table.pivot(index="region", columns="product", values=column)
    return pivoted.reindex(index=list(regions), columns=list(products)).to_numpy(dtype=np.float64)


def nest_codes(
    data_set: DataSet, nests: Sequence[str], products: Collection[str]
) -> tuple[Codes, ...]:
    """Return the nest of each product as a number, at each level, outer first.

    Parameters
    ----------
    data_set : DataSet
    nests : sequence of str
        Columns of the products table, outer first; none, one or two.
    products : collection of str

    Returns
    -------
    tuple of ndarray of int, shape (J,)
        One a level; an inner nest lies within one outer nest.
    """
    table = data_set.tables["products"].set_index("product").loc[list(products)]
    codes = []
    for depth in range(1, len(nests) + 1):
        groups = table.groupby(list(nests[:depth]), sort=False).ngroup()
        codes.append(groups.to_numpy().astype(np.int64))
    return tuple(codes)
