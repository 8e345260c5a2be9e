"""The observations of an estimation: one row a period, region and product, and the cells they stand in."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from sandtable.data.loading import DataSet
from sandtable.errors import Fault, InputError
from sandtable.estimation.columns import (
    ADVERTISING,
    AGE,
    CONSTANT,
    OLD,
    RENEWED,
    advertising_of,
    factors_of,
    period_numbers,
)
from sandtable.estimation.spec import EstimationSpec
from sandtable.market.demand import Demand
from sandtable.market.primitives import FloatArray, IntArray, Nests, Tastes


@dataclass(frozen=True)
class Batch:
    """Cells with the same products, to be computed at once.

    Attributes
    ----------
    rows : ndarray of int, shape (R, J)
        Row of the sample; -1 where the product is not sold in the cell.
    periods : ndarray of int, shape (R,)
        Code of the period of each cell.
    market_sizes : ndarray, shape (R,)
        Consumers in each cell.
    outer, inner : ndarray of int, shape (J,), or None
        Nest codes of the products.
    firms : ndarray of int, shape (J,)
        Owner codes of the products.
    """

    rows: IntArray
    periods: IntArray
    market_sizes: FloatArray
    outer: IntArray | None
    inner: IntArray | None
    firms: IntArray

    def wide(self, values: FloatArray, missing: float) -> FloatArray:
        """Spread values of the sample over cells and products."""
        return np.where(self.rows >= 0, values[self.rows], missing)

    def long(self, values: FloatArray, into: FloatArray) -> None:
        """Put values of cells and products (further axes kept) into an array of the sample."""
        there = self.rows >= 0
        into[self.rows[there]] = values[there]

    def demand(self, tastes: Tastes, sigmas: tuple[float, ...]) -> Demand:
        """Build the demand of these products; `sigmas` are outer first."""
        if self.outer is None or self.inner is None:
            return Demand(tastes)
        return Demand(tastes, Nests(self.outer, self.inner, sigmas[0], sigmas[-1]))


@dataclass(frozen=True)
class Sample:
    """Observations of a data set under a spec.

    Attributes
    ----------
    rows : DataFrame
        Sorted by period, region and product; with ``share``, ``outside_share``, ``price``.
    dropped : int
        Rows without sales, which have no logarithm and were left out.
    national : bool
        Whether firms set one price for all regions.
    """

    rows: pd.DataFrame
    spec: EstimationSpec
    dropped: int
    national: bool

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def shares(self) -> FloatArray:
        """Shares of the whole market, shape (N,)."""
        return self.rows["share"].to_numpy(dtype=np.float64)

    @property
    def prices(self) -> FloatArray:
        """Prices that the model sees, shape (N,)."""
        return self.rows["price"].to_numpy(dtype=np.float64)

    @cached_property
    def cells(self) -> IntArray:
        """Code of the cell (period and region) of each row, shape (N,)."""
        return self.codes("period * region")

    def number(self, name: str) -> FloatArray:
        """Values of a numeric column, or of a product of columns, shape (N,)."""
        values = np.ones(len(self.rows))
        for factor in factors_of(name):
            if factor != CONSTANT:
                values = values * self.rows[factor].to_numpy(dtype=np.float64)
        return values

    def numbers(self, names: list[str]) -> FloatArray:
        """Values of several columns side by side, shape (N, len(names))."""
        return np.column_stack([np.empty((len(self), 0)), *(self.number(name) for name in names)])

    def codes(self, name: str) -> IntArray:
        """Codes of a group, or of each pair of groups, shape (N,)."""
        groups = self.rows.groupby(factors_of(name), dropna=False).ngroup()
        return np.asarray(groups, dtype=np.int64)

    @cached_property
    def nest_codes(self) -> tuple[IntArray, ...]:
        """Nests of each row, outer first; an inner nest lies within its outer one."""
        nests = self.spec.nests
        return tuple(self.codes(" * ".join(nests[: level + 1])) for level in range(len(nests)))

    @cached_property
    def log_within_shares(self) -> FloatArray:
        """Logarithms of the share of an inner nest in its outer nest and of the product in its inner nest, (N, nests).

        One nest: only that of the share of the product in it.
        """
        sums = [self.shares]
        sums += [self._sum_by(codes) for codes in reversed(self.nest_codes)]
        columns = [np.log(own / group) for own, group in itertools.pairwise(sums)]
        return np.column_stack([np.empty((len(self), 0)), *reversed(columns)])

    def _sum_by(self, codes: IntArray) -> FloatArray:
        keys = [self.cells, codes]
        summed = self.rows["share"].groupby(keys).transform("sum")
        return summed.to_numpy(dtype=np.float64)

    @cached_property
    def batches(self) -> tuple[Batch, ...]:
        """Cells by product list: with national pricing the regions of one period stand together."""
        blocks = self.codes("period") if self.national else self.cells
        products = self.codes("product")
        lists: dict[tuple[int, ...], list[IntArray]] = {}
        for places in _split(blocks):
            sold = tuple(np.unique(products[places]).tolist())
            lists.setdefault(sold, []).append(places)
        return tuple(self._batch(sold, np.concatenate(places)) for sold, places in lists.items())

    def _batch(self, sold: tuple[int, ...], places: IntArray) -> Batch:
        products = np.searchsorted(sold, self.codes("product")[places])
        _, first, cell = np.unique(self.cells[places], return_index=True, return_inverse=True)
        rows = np.full((len(first), len(sold)), -1, dtype=np.int64)
        rows[cell, products] = places
        one = np.empty(len(sold), dtype=np.int64)
        one[products] = places
        sizes = self.rows["size"].to_numpy(dtype=np.float64)[places[first]]
        nests = [codes[one] for codes in self.nest_codes]
        periods = self.codes("period")[places[first]]
        outer, inner = (nests[0], nests[-1]) if nests else (None, None)
        return Batch(rows, periods, sizes, outer, inner, self.codes("firm")[one])


def _split(codes: IntArray) -> list[IntArray]:
    order = np.argsort(codes, kind="stable")
    ends = np.flatnonzero(np.diff(codes[order])) + 1
    return [np.asarray(part) for part in np.split(order, ends)]


def make_sample(data_set: DataSet, spec: EstimationSpec) -> Sample:
    """Join the tables of a data set into the observations that a spec asks for.

    Raises
    ------
    InputError
        If no row is left, a column has empty cells, or the shares of a cell leave nothing to the outside good.
    """
    products = data_set.tables["products"]
    rows = data_set.tables["sales"].merge(
        products[[column for column in products if column != "name"]],
        on="product",
        how="left",
        validate="many_to_one",
    )
    rows = rows.merge(data_set.tables["market"], on=["period", "region"], validate="many_to_one")
    rows = _wanted(rows, spec)
    if spec.advertising is not None:
        carried = advertising_of(data_set, spec.advertising.carry_over)
        rows = rows.merge(carried, on=["period", "region", "brand"], how="left")
        rows[ADVERTISING] = rows[ADVERTISING].fillna(0.0)
    rows = _with_ages(rows)
    size = rows[spec.market.share_of].to_numpy(dtype=np.float64) * spec.market.times
    sold = rows["units"].to_numpy(dtype=np.float64) > 0
    rows = rows.assign(
        size=size, share=rows["units"] / size, price=rows[spec.price].astype(np.float64)
    )
    inside = rows.groupby(["period", "region"])["share"].transform("sum")
    dropped = int((~sold).sum())
    rows = rows.assign(outside_share=1 - inside)[sold]
    rows = rows.sort_values(["period", "region", "product"], ignore_index=True)
    sample = Sample(rows, spec, dropped, data_set.metadata.pricing == "national")
    _refuse_unusable(sample)
    return sample


def _wanted(rows: pd.DataFrame, spec: EstimationSpec) -> pd.DataFrame:
    if spec.regions:
        rows = rows[rows["region"].isin(spec.regions)]
    if spec.periods is not None and spec.periods.from_period is not None:
        rows = rows[rows["period"] >= spec.periods.from_period]
    if spec.periods is not None and spec.periods.to_period is not None:
        rows = rows[rows["period"] <= spec.periods.to_period]
    return rows


def _with_ages(rows: pd.DataFrame) -> pd.DataFrame:
    now = period_numbers(rows["period"])
    if "launched" in rows:
        age = now - period_numbers(rows["launched"])
        # a product without a launch date has always been there
        rows = rows.assign(**{AGE: age.fillna(OLD).clip(-1, OLD).astype(np.int64)})
    if "facelift" in rows:
        renewed = now >= period_numbers(rows["facelift"]).fillna(np.inf)
        rows = rows.assign(**{RENEWED: renewed.astype(np.int64)})
    return rows


def _refuse_unusable(sample: Sample) -> None:
    spec, rows = sample.spec, sample.rows
    file = f"estimation spec '{spec.name}'"
    if rows.empty:
        raise InputError(
            [Fault(file, "", "no row with sales is left; widen the periods or the regions.")]
        )
    faults = []
    full = rows[rows["outside_share"] <= 0]
    if len(full):
        period, region = full.iloc[0][["period", "region"]]
        faults.append(
            Fault(
                file,
                "market",
                f"the products of {period}, {region} take the whole market, so that nothing is "
                "left for the outside good; raise market.times or use market_size.",
            )
        )
    columns = [*spec.characteristics, *spec.cost_shifters]
    columns += [name for instrument in spec.instruments for name in instrument.of]
    for name in dict.fromkeys(columns):
        empty = int(np.isnan(sample.number(name)).sum())
        if empty:
            faults.append(
                Fault(
                    file,
                    "",
                    f"'{name}' is empty in {empty} row(s); fill the cells or leave the column out.",
                )
            )
    if faults:
        raise InputError(faults)
