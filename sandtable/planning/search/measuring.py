"""Measures of a result: units, shares, money and leads of a firm, a product, a segment or a region."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from sandtable.market.primitives import FloatArray
from sandtable.planning.measures import MEASURES as SWEPT
from sandtable.scenario.draft import cells_moved
from sandtable.scenario.periods import PeriodResult, State
from sandtable.scenario.reading import read_codes
from sandtable.scenario.run import Result
from sandtable.scenario.summary import Totals, totals

FIGURES = (
    "units",
    "share_of_sales",
    "revenue",
    "contribution_profit",
    "net_price",
    "leads",
    "conversion",
    "spending",
)
SCOPES = ("firm", "product", "segment", "region", "period")
ALL = "all"  # as a firm: every firm
CASH_LEVERS = ("customer_cash", "dealer_cash")

Side = Literal["baseline", "scenario"]


@dataclass(frozen=True)
class Measure:
    """One number of a result.

    Parameters
    ----------
    name : str
        One of `FIGURES`, or the code of an indicator that a result can be asked for. ``net_price`` is the mean over
        vehicles sold. ``spending`` is what the scenario spends beyond the base: media and dealers, and customer and
        dealer cash times the vehicles it is paid for; finance, leases and rewards count in the profit only.
    firm : str, optional
        The own firm by default, unless a product is named; ``all`` for every firm.
    product, segment : str, optional
    region : str, optional
        A region or an area; all by default.
    period : str, optional
        All periods together by default.
    """

    name: str
    firm: str | None = None
    product: str | None = None
    segment: str | None = None
    region: str | None = None
    period: str | None = None

    def __str__(self) -> str:
        """Write it as it is typed."""
        scopes = ((scope, getattr(self, scope)) for scope in SCOPES)
        quoted = (
            f"{scope}='{value}'" if " " in value else f"{scope}={value}"
            for scope, value in scopes
            if value is not None
        )
        return " ".join([self.name, *quoted])

    def shown(self, value: float) -> str:
        """Write a value of it."""
        if self.name in ("share_of_sales", "conversion"):
            return f"{100 * value:.6g} %"
        if abs(value) >= 1000:
            return f"{value:,.0f}"
        return f"{value:.6g}"

    @property
    def of_own_total(self) -> bool:
        """Whether a sweep gives it: the own firm over all regions and periods."""
        return self.name in SWEPT and self == Measure(self.name)

    def of(self, result: Result, side: Side = "scenario") -> float:
        """Return its value, summed straight from the arrays of a result; NaN where unknown."""
        if self.name not in FIGURES:
            return self._indicator(result, side)
        items = [item for item in result.periods if self.period in (None, item.base.period)]
        parts = [_Part.of(self, item, result, side) for item in items]
        if self.name == "spending":
            return 0.0 if side == "baseline" else sum(part.spending(result) for part in parts)
        if self.name == "leads":
            return _people(parts)
        total = {name: sum(part.sum(name) for part in parts) for name in ("units", self.name)}
        units = total["units"]
        if self.name == "share_of_sales":
            return _ratio(units, sum(part.sold for part in parts), empty=0.0)
        if self.name == "conversion":
            return _ratio(units, _people(parts))
        return _ratio(total["net_price"], units) if self.name == "net_price" else total[self.name]

    def reported(self, result: Result, side: Side = "scenario") -> float:
        """Return its value as the definitions of the indicators have it, where they define it."""
        if self.product or self.segment or self.firm == ALL or self.name not in KPIS:
            return self.of(result, side)
        found = totals(self._items(result), self.firm or result.own_firm, self._regions(result))
        value = getattr(found[0 if side == "baseline" else 1], self.name)
        return float("nan") if value is None else float(value)

    def _indicator(self, result: Result, side: Side) -> float:
        regions = self._regions(result) or result.periods[0].base.market.regions
        sides = read_codes(self._items(result), self.firm or result.own_firm, regions, (self.name,))
        value = sides[0 if side == "baseline" else 1].figures[self.name]
        return float("nan") if value is None else float(value)

    def _items(self, result: Result) -> list[PeriodResult]:
        return [item for item in result.periods if self.period in (None, item.base.period)]

    def _regions(self, result: Result) -> tuple[str, ...] | None:
        if self.region is None:
            return None
        base = result.periods[0].base
        return tuple(base.market.regions[row] for row in base.rows_of(self.region))


KPIS = tuple(Totals.__dataclass_fields__)


@dataclass(frozen=True)
class _Part:
    """What a measure is of in one period.

    Attributes
    ----------
    inside : ndarray of float, shape (J,)
        1 for a product that counts.
    of_segment : ndarray of float, shape (J,)
        1 for a product that counts as sold beside it.
    """

    item: PeriodResult
    state: State
    rows: list[int]
    inside: FloatArray
    of_segment: FloatArray

    @classmethod
    def of(cls, measure: Measure, item: PeriodResult, result: Result, side: Side) -> _Part:
        market = item.base.market
        of_segment = np.ones(len(market.products))
        if measure.segment is not None:
            table = item.base.data_set.tables["products"]
            segments = dict(zip(table["product"].tolist(), table["segment"].tolist(), strict=True))
            of_segment = np.array([segments[code] == measure.segment for code in market.products])
        inside = of_segment.astype(float)
        if measure.product is not None:
            inside = inside * np.array([code == measure.product for code in market.products])
        firm = measure.firm or (None if measure.product else result.own_firm)
        if firm not in (None, ALL):
            inside = inside * np.array([owner == firm for owner in market.firms])
        rows = item.base.rows_of(measure.region)
        state = item.baseline if side == "baseline" else item.scenario
        return cls(item, state, rows, inside, of_segment.astype(float))

    @property
    def sold(self) -> float:
        """Units of all that are sold beside it."""
        return float((self.state.units[self.rows] @ self.of_segment).sum())

    def sum(self, name: str) -> float:
        """Return units or money over what is inside; for a price, what customers pay together."""
        if name not in ("units", "revenue", "contribution_profit", "net_price"):
            return 0.0
        cells: FloatArray = getattr(self.state, name)[self.rows]
        if name == "net_price":
            cells = np.nan_to_num(cells) * self.state.units[self.rows]
        return float((cells @ self.inside).sum())

    def people(self) -> Iterator[float]:
        """Yield leads of what is inside, where known."""
        cells = self.state.leads[self.rows][:, self.inside > 0]
        yield from cells[np.isfinite(cells)].tolist()

    def spending(self, result: Result) -> float:
        """Return what the scenario spends beyond the base on what is inside."""
        spent = self.item.composed.spending.copy()
        for move in result.scenario.levers:
            if move.lever not in CASH_LEVERS:
                continue
            rows, columns = cells_moved(move, self.item.base)
            if rows and columns:
                cells = np.ix_(rows, columns)
                spent[cells] += (move.value or 0.0) * self.state.units[cells]
        return float((spent[self.rows] @ self.inside).sum())


def _ratio(part: float, whole: float, *, empty: float = float("nan")) -> float:
    return part / whole if whole > 0 else empty


def _people(parts: list[_Part]) -> float:
    counted = [list(part.people()) for part in parts]
    if not all(counted):
        return float("nan")
    return float(sum(map(sum, counted)))
