"""The funnel of a data set as arrays: how many reach each stage, in the base and in a scenario."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sandtable.data.kept import Kept
from sandtable.data.loading import DataSet
from sandtable.funnel.stages import STAGES, rates_of, stage_counts
from sandtable.market.primitives import FloatArray

WINDOW = 12  # latest periods that a rate is pooled over


@dataclass(frozen=True)
class FunnelTable:
    """Counts of the funnel table over T periods, R regions, D dealers and the J products that it has.

    Attributes
    ----------
    periods, regions, dealers, products : tuple of str
        All sorted.
    stages : tuple of str
        Those of `STAGES` that the table has.
    counts : ndarray, shape (S, T, D, J)
        People at each stage; 0 where there is no row.
    referrals : ndarray, shape (T, D, J)
        Leads from referrals; 0 where the table does not say.
    region_of : ndarray of int, shape (D,)
        Place of the region of each dealer.
    """

    periods: tuple[str, ...]
    regions: tuple[str, ...]
    dealers: tuple[str, ...]
    products: tuple[str, ...]
    stages: tuple[str, ...]
    counts: FloatArray
    referrals: FloatArray
    region_of: NDArray[np.int64]

    @cached_property
    def by_region(self) -> FloatArray:
        """Counts summed over the dealers of each region, (S, T, R, J)."""
        return self._over_dealers(self.counts)

    @cached_property
    def _referrals_by_region(self) -> FloatArray:
        return np.asarray(self._over_dealers(self.referrals[None])[0])

    def pooled(self, period: str, *, dealer: str | None = None) -> FloatArray:
        """Counts of the latest periods up to one, summed, of all dealers or of one alone, (S, R, J)."""
        window = self._window(period)
        if dealer is None:
            return np.asarray(self.by_region[:, window].sum(axis=1))
        place = self.dealers.index(dealer)
        alone = np.zeros_like(self.by_region[:, 0])
        alone[:, self.region_of[place]] = self.counts[:, window, place].sum(axis=1)
        return alone

    def referral_rates(self, period: str) -> FloatArray:
        """Referrals for each lead over the latest periods up to one, (R, J); 0 where nobody left a lead."""
        window = self._window(period)
        referred = self._referrals_by_region[window].sum(axis=0)
        leads = self.pooled(period)[0]
        return np.asarray(np.divide(referred, leads, where=leads > 0, out=np.zeros_like(leads)))

    def placed(
        self, counts: FloatArray, products: Sequence[str], regions: Sequence[str]
    ) -> FloatArray:
        """Return counts (..., R, J) for other regions and products; NaN where the table has none."""
        rows = [self._row_of.get(region, -1) for region in regions]
        columns = [self._column_of.get(product, -1) for product in products]
        found = np.full((*counts.shape[:-2], len(rows), len(columns)), np.nan)
        there = np.ix_(np.flatnonzero(np.array(rows) >= 0), np.flatnonzero(np.array(columns) >= 0))
        known = np.ix_([row for row in rows if row >= 0], [c for c in columns if c >= 0])
        found[..., there[0], there[1]] = counts[..., known[0], known[1]]
        return found

    @cached_property
    def _row_of(self) -> dict[str, int]:
        return {region: place for place, region in enumerate(self.regions)}

    @cached_property
    def _column_of(self) -> dict[str, int]:
        return {product: place for place, product in enumerate(self.products)}

    def _window(self, period: str) -> slice:
        end = int(np.searchsorted(self.periods, period, side="right"))
        end = end or len(self.periods)
        return slice(max(end - WINDOW, 0), end)

    def _over_dealers(self, counts: FloatArray) -> FloatArray:
        home = np.zeros((len(self.dealers), len(self.regions)))
        home[np.arange(len(self.dealers)), self.region_of] = 1.0
        return np.asarray(np.einsum("stdj,dr->strj", counts, home))


def funnel_table(data_set: DataSet) -> FunnelTable | None:
    """Return the funnel of a data set, kept in memory; None when it has none."""
    if "funnel" not in data_set.tables:
        return None
    return _tables.get(data_set.fingerprint, lambda: _read(data_set.tables["funnel"]))


def counted_stages(
    data_set: DataSet, period: str, products: Sequence[str], regions: Sequence[str]
) -> FloatArray:
    """Return the people at each stage in an observed period, (S, R, J); NaN where nobody was counted."""
    table = funnel_table(data_set)
    if table is None:
        return np.empty((0, len(regions), len(products)))
    if period not in table.periods:
        return np.full((len(table.stages), len(regions), len(products)), np.nan)
    counts = table.by_region[:, table.periods.index(period)]
    counts = table.placed(counts, products, regions)
    return np.where(counts.any(axis=0), counts, np.nan)


def expected_stages(
    data_set: DataSet, last: str, products: Sequence[str], units: FloatArray
) -> FloatArray:
    """Return the people at each stage that it takes to sell so many vehicles, at the rates of the latest periods.

    Parameters
    ----------
    data_set : DataSet
    last : str
        Last observed period.
    products : sequence of str, length J
    units : ndarray, shape (R, J)
        Regions as in the market table.

    Returns
    -------
    ndarray, shape (S, R, J)
        NaN where a product has no rates; those of all regions stand in where a region has none.
    """
    table = funnel_table(data_set)
    regions = sorted(data_set.tables["market"]["region"].unique())
    if table is None:
        return np.empty((0, *units.shape))
    pooled = table.placed(table.pooled(last), products, regions)
    everywhere = np.broadcast_to(np.nansum(pooled, axis=1, keepdims=True), pooled.shape)
    rates = rates_of(np.where(pooled[-1] > 0, pooled, everywhere))
    rates = np.where(rates > 0, rates, np.nan)
    return stage_counts(np.where(np.isfinite(rates).all(axis=0), units, np.nan), rates)


def _read(table: pd.DataFrame) -> FunnelTable:
    dealers = table.drop_duplicates("dealer").sort_values("dealer")
    regions = sorted(table["region"].unique())
    periods = sorted(table["period"].unique())
    products = sorted(table["product"].unique())
    stages = tuple(name for name in STAGES if name in table)
    where = tuple(
        pd.Index(names).get_indexer(pd.Index(table[column]))
        for names, column in (
            (periods, "period"),
            (dealers["dealer"], "dealer"),
            (products, "product"),
        )
    )
    shape = (len(periods), len(dealers), len(products))

    def spread(column: str) -> FloatArray:
        values = np.zeros(shape)
        if column in table:
            values[where] = table[column].fillna(0).to_numpy(np.float64)
        return values

    return FunnelTable(
        periods=tuple(periods),
        regions=tuple(regions),
        dealers=tuple(dealers["dealer"]),
        products=tuple(products),
        stages=stages,
        counts=np.stack([spread(stage) for stage in stages]),
        referrals=spread("referrals"),
        region_of=pd.Index(regions).get_indexer(pd.Index(dealers["region"])).astype(np.int64),
    )


_tables = Kept[str, FunnelTable](limit=4)
