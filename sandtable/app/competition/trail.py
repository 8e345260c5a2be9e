"""Where each product stood over the last periods: share of sales and price, from the observed sales."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import pandas as pd

from sandtable.data.loading import DataSet
from sandtable.scenario.calendar import periods_of

Basis = Literal["net_price", "list_price"]
LENGTH = 12


@dataclass(frozen=True)
class Trail:
    """The observed market over some periods.

    Attributes
    ----------
    periods : tuple of str
        Oldest first.
    shares : DataFrame
        Share of all units sold in view, 0 to 1; one row a period, one column a product; NaN where it is not sold.
    prices : dict of str to DataFrame
        Mean price in money units by basis, weighted by units; of the same shape.
    """

    periods: tuple[str, ...]
    shares: pd.DataFrame
    prices: dict[Basis, pd.DataFrame]

    def share(self, product: str, period: str) -> float:
        """Return the share of a product in a period; NaN if it was not sold."""
        return self._shares.get((product, period), math.nan)

    def price(self, product: str, period: str, basis: Basis) -> float:
        """Return the price of a product in a period; NaN if it was not sold."""
        return self._prices[basis].get((product, period), math.nan)

    @cached_property
    def _shares(self) -> dict[tuple[str, str], float]:
        return _cells(self.shares)

    @cached_property
    def _prices(self) -> dict[Basis, dict[tuple[str, str], float]]:
        return {basis: _cells(frame) for basis, frame in self.prices.items()}

    def first(self, product: str) -> str | None:
        """Return the period from which on a product is sold up to the end; None if it is not sold at the end."""
        start = None
        for period in reversed(self.periods):
            if math.isnan(self.share(product, period)):
                break
            start = period
        return start


def trail_of(data_set: DataSet, regions: tuple[str, ...], last: str, length: int = LENGTH) -> Trail:
    """Read the trail that ends in a period.

    Parameters
    ----------
    data_set : DataSet
    regions : tuple of str
        The regions in view.
    last : str
        Its last period.
    length : int
        Periods at most.
    """
    periods = tuple(period for period in periods_of(data_set) if period <= last)[-length:]
    sales = data_set.tables["sales"]
    wanted = sales["period"].isin(periods) & sales["region"].isin(regions) & (sales["units"] > 0)
    columns = ["period", "product", "units", "net_price", "list_price"]
    sold = sales.loc[wanted, columns].copy()
    for basis in ("net_price", "list_price"):
        sold[basis] *= sold["units"]

    def summed(column: str) -> pd.DataFrame:
        wide = sold.pivot_table(index="period", columns="product", values=column, aggfunc="sum")
        return wide.reindex(list(periods))

    units = summed("units")
    prices: dict[Basis, pd.DataFrame] = {
        "net_price": summed("net_price") / units,
        "list_price": summed("list_price") / units,
    }
    return Trail(periods, units.div(units.sum(axis=1), axis=0), prices)


def has_two_prices(data_set: DataSet) -> bool:
    """Whether net prices differ from list prices anywhere."""
    sales = data_set.tables["sales"]
    return bool((sales["net_price"] != sales["list_price"]).any())


def _cells(frame: pd.DataFrame) -> dict[tuple[str, str], float]:
    """Return the cells by product and period: the page looks thousands of them up."""
    return {
        (str(product), str(period)): value
        for product, values in zip(frame.columns, frame.to_numpy().T.tolist(), strict=True)
        for period, value in zip(frame.index, values, strict=True)
    }
