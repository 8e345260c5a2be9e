"""The history of a market as arrays: what was known up to a period, and nothing later."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sandtable.data.loading import DataSet
from sandtable.data.metadata import Frequency
from sandtable.forecast.periods import SEASON_LENGTH, period_name, period_number

FloatArray: TypeAlias = NDArray[np.float64]
BoolArray: TypeAlias = NDArray[np.bool_]
IntArray: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True)
class Panel:
    """Units and market sizes by period, without gaps in time.

    Attributes
    ----------
    periods, regions, products, firms : tuple of str
        Firms are those of the products, in their order.
    market_sizes : ndarray, shape (T, R)
        Households in the market.
    units : ndarray, shape (T, R, J)
        0 where a product is not sold.
    launched, facelift : ndarray, shape (J,)
        Period counted from the first one (negative: before it); NaN where unknown or none.
    """

    frequency: Frequency
    own_firm: str
    periods: tuple[str, ...]
    regions: tuple[str, ...]
    products: tuple[str, ...]
    firms: tuple[str, ...]
    market_sizes: FloatArray
    units: FloatArray
    launched: FloatArray
    facelift: FloatArray

    def __len__(self) -> int:
        return len(self.periods)

    @property
    def season_length(self) -> int:
        """Periods of one year."""
        return SEASON_LENGTH[self.frequency]

    @cached_property
    def shares(self) -> FloatArray:
        """Shares of the whole market, shape (T, R, J); 0 where not sold."""
        return self.units / self.market_sizes[:, :, None]

    @cached_property
    def owned(self) -> BoolArray:
        """Whether a product is of the own firm, shape (J,)."""
        return np.array([firm == self.own_firm for firm in self.firms], dtype=np.bool_)

    @cached_property
    def continues(self) -> BoolArray:
        """Whether a product is sold in the last period, by region, shape (R, J)."""
        return np.asarray(self.units[-1] > 0)

    def until(self, n_periods: int) -> Panel:
        """Return what was known after the first `n_periods`: later facelifts and launches are not."""
        facelift = np.where(self.facelift < n_periods, self.facelift, np.nan)
        launched = np.where(self.launched < n_periods, self.launched, np.nan)
        return replace(
            self,
            periods=self.periods[:n_periods],
            market_sizes=self.market_sizes[:n_periods],
            units=self.units[:n_periods],
            launched=launched,
            facelift=facelift,
        )

    def places_in_season(self, n_ahead: int) -> tuple[IntArray, IntArray]:
        """Return the place in the year of each observed period and of the `n_ahead` next ones."""
        first = period_number(self.periods[0], self.frequency)
        numbers = (first + np.arange(len(self) + n_ahead)) % self.season_length
        return numbers[: len(self)], numbers[len(self) :]


def panel_of(data_set: DataSet) -> Panel:
    """Arrange a data set as arrays.

    The regions are those of the last period; the history goes back to where a period, or the market size of
    one of them, is missing.
    """
    frequency = data_set.metadata.frequency
    market = data_set.tables["market"]
    sales = data_set.tables["sales"]
    products = data_set.tables["products"]
    last = str(sales["period"].max())
    regions = tuple(sorted(market.loc[market["period"] == last, "region"].astype(str)))
    sizes = market.pivot(index="period", columns="region", values="market_size")
    periods = _unbroken(sizes.reindex(columns=list(regions)), sales, last, frequency)
    codes = tuple(products["product"].astype(str))
    units = np.zeros((len(periods), len(regions), len(codes)))
    places = [
        pd.Index(names).get_indexer(pd.Index(sales[column]))
        for names, column in ((periods, "period"), (regions, "region"), (codes, "product"))
    ]
    there = (places[0] >= 0) & (places[1] >= 0)
    units[places[0][there], places[1][there], places[2][there]] = sales["units"].to_numpy()[there]
    first = period_number(periods[0], frequency)
    return Panel(
        frequency=frequency,
        own_firm=data_set.metadata.own_firm,
        periods=periods,
        regions=regions,
        products=codes,
        firms=tuple(products["firm"].astype(str)),
        market_sizes=sizes.loc[list(periods), list(regions)].to_numpy(dtype=np.float64),
        units=units,
        launched=_launches(products, units, frequency, first),
        facelift=_numbers(products, "facelift", frequency, first),
    )


def _unbroken(
    sizes: pd.DataFrame, sales: pd.DataFrame, last: str, frequency: Frequency
) -> tuple[str, ...]:
    known = set(sizes.index[sizes.notna().all(axis=1)].astype(str)) & set(
        sales["period"].astype(str)
    )
    end = period_number(last, frequency)
    periods: list[str] = []
    while (name := period_name(end - len(periods), frequency)) in known:
        periods.append(name)
    return tuple(reversed(periods))


def _launches(
    products: pd.DataFrame, units: FloatArray, frequency: Frequency, first: int
) -> FloatArray:
    """Launch as the table says; where it says nothing, the first sale, unless the history begins with it."""
    stated = _numbers(products, "launched", frequency, first)
    sold = units.sum(axis=1) > 0
    began = np.argmax(sold, axis=0).astype(np.float64)
    began[began == 0] = np.nan
    return np.where(np.isnan(stated), began, stated)


def _numbers(products: pd.DataFrame, column: str, frequency: Frequency, first: int) -> FloatArray:
    if column not in products:
        return np.full(len(products), np.nan)
    return np.array(
        [
            np.nan if pd.isna(period) else float(period_number(str(period), frequency) - first)
            for period in products[column]
        ]
    )
