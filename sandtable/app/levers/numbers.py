"""The numbers of a lever on the table: what a change is a part of, where nothing is changed, what is usual."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from sandtable.app.levers.draft import BOUNDS
from sandtable.app.view import Scope, base_list_prices, mean_prices
from sandtable.market.primitives import FloatArray
from sandtable.scenario.base import Base
from sandtable.scenario.calendar import regions_of
from sandtable.scenario.known import Known
from sandtable.scenario.levers import ChangeKind, Lever, lever_table
from sandtable.scenario.model import LeverMove
from sandtable.scenario.periods import PeriodResult

LISTED = ("list_price", "rival_price", "launch")
NO_REFERENCE = ("price_floor", "price_cap", "fuel_price")
FROM_NOTHING = ("customer_cash", "dealer_cash", "subsidy")
PRICED = (*LISTED, "net_price")


@dataclass(frozen=True)
class Numbers:
    """One lever on one target in the region and period in view, in the lever's unit.

    Attributes
    ----------
    reference : float or None
        What a relative change is a part of.
    start : float or None
        The value at which nothing is changed; None where there is none.
    now : float or None
        Of a price: what all levers together make of it.
    usual : tuple of float, or None
        Values seen in the data, or the guard-rail as a part of the reference.
    seen : bool
        Whether `usual` are values seen in the data.
    """

    reference: float | None = None
    start: float | None = None
    now: float | None = None
    usual: tuple[float, float] | None = None
    seen: bool = False

    def usual_as(self, kind: ChangeKind) -> tuple[float, float] | None:
        """Return the usual range in the way that the amount is given; None where it is not known."""
        given: ChangeKind = "value" if self.seen else "relative"
        if self.usual is None or kind == given:
            return self.usual
        if not self.reference:
            return None
        low, high = self.usual
        if self.seen:
            whole = 1.0 if kind == "absolute" else self.reference
            return (low - self.reference) / whole, (high - self.reference) / whole
        value_at_none = self.reference if self.start is None else self.start
        origin = value_at_none if kind == "value" else 0.0
        return origin + low * self.reference, origin + high * self.reference


def numbers_of(aim: LeverMove, item: PeriodResult, scope: Scope, known: Known) -> Numbers:
    """Return the numbers of a lever.

    Parameters
    ----------
    aim : LeverMove
        The lever and what it is pulled on.
    item : PeriodResult
        The period in view.
    scope : Scope
        The regions in view.
    known : Known
        Names and tables of the data set.
    """
    lever, base = lever_table()[aim.lever], item.base
    columns = _columns(aim, base)
    reference = _reference(aim, lever, item, scope, columns, known)
    start = 0.0 if aim.lever in FROM_NOTHING else reference
    if aim.lever == "launch" or aim.lever in BOUNDS:
        start = None
    now, usual, seen = None, None, False
    if aim.lever in PRICED and aim.product in base.market.products:
        now = _price_now(aim, item, scope, columns[0])
    if lever.guard_rail == "seen" and aim.product in base.market.products:
        usual, seen = base.prices_seen(aim.product, net=aim.lever == "net_price"), True
    elif isinstance(lever.guard_rail, list):
        usual = lever.guard_rail[0], lever.guard_rail[1]
    return Numbers(reference, start, now, usual, seen)


def first_kind(lever: Lever, kinds: list[ChangeKind], numbers: Numbers) -> ChangeKind | None:
    """Return how an amount is given until the user says otherwise: as the thing itself where it is known."""
    if not kinds:
        return None
    known = numbers.reference is not None and (lever.guard_rail == "seen" or not lever.step)
    if "value" in kinds and (known or lever.unit == "vehicles"):
        return "value"
    return "absolute" if lever.unit == "dealers" and "absolute" in kinds else kinds[0]


def step_of(lever: Lever, kind: ChangeKind, numbers: Numbers, price_step: float) -> float:
    """Return one press of a button, in the lever's unit; a relative change in per cent."""
    if kind == "relative":
        return 100 * (lever.step or 0.01)
    if lever.unit in ("dealers", "households"):
        return 1.0 if lever.unit == "dealers" else 1000.0
    if lever.step is None or not numbers.reference:
        return price_step if lever.unit == "money" else 1.0
    return _round_step(lever.step * abs(numbers.reference))


def _round_step(size: float) -> float:
    power = 10.0 ** np.floor(np.log10(size))
    return float(next(it * power for it in (5, 2, 1) if it * power <= size * 1.0001))


def _columns(aim: LeverMove, base: Base) -> list[int]:
    market = base.market
    if aim.product is not None:
        return [j for j, code in enumerate(market.products) if code == aim.product]
    if aim.firm is not None:
        return [j for j, firm in enumerate(market.firms) if firm == aim.firm]
    return list(range(len(market.products)))


def _reference(
    aim: LeverMove,
    lever: Lever,
    item: PeriodResult,
    scope: Scope,
    columns: list[int],
    known: Known,
) -> float | None:
    base = item.base
    market = base.market
    cells = np.ix_(scope.rows, columns)
    found: dict[str, Callable[[], float | None]] = {
        **dict.fromkeys(LISTED, lambda: base_list_prices(base, scope).get(aim.product or "")),
        "net_price": lambda: _net_price(market.prices, base, scope, columns),
        "market_size": lambda: float(market.market_sizes[scope.rows].sum()),
        "capacity": lambda: float(market.units[:, columns].sum()) or None,
        "media": lambda: _spend(aim, known, base.period),
        "dealers": lambda: _dealers(aim, known, base.period),
        "spec": lambda: _characteristic(aim, base),
        "unit_cost": lambda: _mean(market.costs[cells]),
        **dict.fromkeys(NO_REFERENCE, lambda: None),
    }
    if aim.lever in found:
        return found[aim.lever]()
    return _mean(base.list_prices[cells]) if lever.unit == "money" else None


def _mean(values: FloatArray) -> float | None:
    return float(np.nanmean(values)) if np.isfinite(values).any() else None


def _price_now(aim: LeverMove, item: PeriodResult, scope: Scope, column: int) -> float | None:
    """Return what all levers together make of a price, wherever they are pulled; a rival's answer is no lever."""
    if aim.lever == "net_price":
        return _net_price(item.composed.market.prices, item.base, scope, [column])
    levered = replace(item.base, list_prices=item.composed.list_prices)
    return base_list_prices(levered, scope).get(aim.product or "")


def _net_price(prices: FloatArray, base: Base, scope: Scope, columns: list[int]) -> float | None:
    if not columns:
        return None
    cells = np.ix_(scope.rows, columns)
    offered = np.where(base.market.offered[cells], prices[cells], np.nan)
    if not np.isfinite(offered).any():
        return None
    return float(mean_prices(offered, base.market.units[cells]).mean())


def _brands(aim: LeverMove, known: Known) -> set[str]:
    products = known.data_set.tables["products"]
    return set(products.loc[products["firm"] == aim.firm, "brand"])


def _spend(aim: LeverMove, known: Known, period: str) -> float | None:
    """Return what a firm spends in the period, or in the last one that was observed."""
    table = known.data_set.tables.get("media")
    if table is None:
        return None
    last = period if period in known.observed else known.observed[-1]
    inside = (table["period"] == last) & table["brand"].isin(_brands(aim, known))
    inside &= table["region"].isin(regions_of(known.data_set, aim.region))
    if aim.channel is not None:
        inside &= table["channel"] == aim.channel
    return float(table.loc[inside, "spend"].sum())


def _dealers(aim: LeverMove, known: Known, period: str) -> float | None:
    """Return how many dealers of a firm are open in the period."""
    table = known.data_set.tables.get("dealers")
    if table is None:
        return None
    inside = table["brand"].isin(_brands(aim, known))
    inside &= table["region"].isin(regions_of(known.data_set, aim.region))
    for column, is_open in (("opened", True), ("closed", False)):
        if column in table:
            dates = table[column].astype("string").fillna("" if is_open else "9999")
            inside &= dates <= period if is_open else dates > period
    return float(inside.sum())


def _characteristic(aim: LeverMove, base: Base) -> float | None:
    table = base.data_set.tables["products"]
    if aim.characteristic not in table:
        return None
    values = table.loc[table["product"] == aim.product, aim.characteristic]
    return _mean(values.to_numpy(dtype=np.float64))
