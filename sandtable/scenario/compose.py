"""Levers -> market: what the customer pays, what attracts, who owns, who is there; rivals not yet asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sandtable.errors import Fault, InputError
from sandtable.market.market import Market
from sandtable.market.primitives import BoolArray, FloatArray
from sandtable.scenario.base import Base, regions_of
from sandtable.scenario.levers import lever_table
from sandtable.scenario.model import LeverMove, Scenario

PRICE_LEVERS = ("list_price", "net_price", "customer_cash", "rival_price")


@dataclass(frozen=True)
class Composed:
    """One period of a scenario before rivals answer.

    Attributes
    ----------
    market : Market
        The base market after the levers.
    list_prices : ndarray, shape (R, J)
        In money units.
    lead_factors : ndarray, shape (R, J)
        Factor on the leads of each product.
    cash_kept : ndarray, shape (R, J)
        What the firm pays for each car beyond the fall of the net price, in money units.
    priced : ndarray of bool, shape (J,)
        Products whose price a lever set: they do not answer.
    outside_seen : tuple of str
        A sentence for each move beyond its guard-rail.
    """

    market: Market
    list_prices: FloatArray
    lead_factors: FloatArray
    cash_kept: FloatArray
    priced: BoolArray
    outside_seen: tuple[str, ...]


@dataclass
class _Draft:
    """The arrays that levers change, one after the other, before they are frozen."""

    list_prices: FloatArray
    net_prices: FloatArray
    attraction: FloatArray
    lead_factors: FloatArray
    cash_kept: FloatArray
    offered: BoolArray
    market_sizes: FloatArray
    firms: NDArray[Any]
    priced: BoolArray


def compose(scenario: Scenario, base: Base) -> Composed:
    """Apply the levers of a scenario to one period of its base.

    Parameters
    ----------
    scenario : Scenario
        Its moves act in their order.
    base : Base
        One observed period.

    Returns
    -------
    Composed

    Raises
    ------
    InputError
        If moves together leave a price of zero or less.
    """
    market = base.market
    shape = market.prices.shape
    draft = _Draft(
        list_prices=base.list_prices.copy(),
        net_prices=market.prices.copy(),
        attraction=np.ones(shape),
        lead_factors=np.ones(shape),
        cash_kept=np.zeros(shape),
        offered=np.ones(shape, dtype=bool),
        market_sizes=market.market_sizes.copy(),
        firms=np.array(market.firms, dtype=object),
        priced=np.zeros(shape[1], dtype=bool),
    )
    marks: list[str] = []
    for index, move in enumerate(scenario.levers):
        if not move.acts_in(base.period):
            continue
        rows, columns = _cells(move, base)
        if not (rows and columns):
            continue  # not sold in this period; the checks saw that it is sold in another one
        if move.lever in PRICE_LEVERS:
            _move_price(draft, move, np.ix_(rows, columns), base)
            draft.priced[columns] = True
            _check_prices(draft, market, index)
        else:
            _move_market(draft, move, rows, columns)
            _check_sizes(draft, index)
        mark = _beyond_guard_rail(move, base, draft, rows, columns)
        if mark:
            marks.append(mark)
    return Composed(
        market=_moved(market, draft),
        list_prices=draft.list_prices,
        lead_factors=draft.lead_factors,
        cash_kept=draft.cash_kept,
        priced=draft.priced,
        outside_seen=tuple(marks),
    )


def _moved(market: Market, draft: _Draft) -> Market:
    """Change only what a lever touched, so that what was not touched stays equal to the bit."""
    return market.moved(
        prices=draft.net_prices,
        attraction=draft.attraction if (draft.attraction != 1).any() else None,
        offered=None if draft.offered.all() else draft.offered,
        market_sizes=draft.market_sizes,
        firms=tuple(str(firm) for firm in draft.firms),
    )


def _cells(move: LeverMove, base: Base) -> tuple[list[int], list[int]]:
    market = base.market
    wanted = regions_of(base.data_set, move.region)
    rows = [market.regions.index(region) for region in wanted if region in market.regions]
    if move.product is None and move.firm is None:
        columns = list(range(len(market.products)))
    elif move.product is not None:
        columns = [j for j, code in enumerate(market.products) if code == move.product]
    else:
        columns = [j for j, firm in enumerate(market.firms) if firm == move.firm]
    return rows, columns


def _move_price(
    draft: _Draft, move: LeverMove, cells: tuple[NDArray[Any], ...], base: Base
) -> None:
    if move.lever == "customer_cash":
        passed = base.parameters.customer_cash_pass_through.value
        cash = move.value or 0.0
        draft.net_prices[cells] -= passed * cash
        draft.cash_kept[cells] += (1 - passed) * cash
    elif move.lever == "net_price":
        draft.net_prices[cells] = _changed(move, draft.net_prices[cells])
    else:
        before = draft.list_prices[cells]
        after = _changed(move, before)
        draft.list_prices[cells] = after
        draft.net_prices[cells] += np.nan_to_num(after - before)


def _changed(move: LeverMove, values: FloatArray) -> FloatArray:
    if move.change is None:
        assert move.value is not None
        return np.full_like(values, move.value)
    if move.change.kind == "relative":
        return values * (1 + move.change.amount)
    return values + move.change.amount


def _move_market(draft: _Draft, move: LeverMove, rows: list[int], columns: list[int]) -> None:
    cells = np.ix_(rows, columns)
    if move.lever == "exit":
        draft.offered[cells] = False
    elif move.lever == "ownership":
        draft.firms[columns] = move.owner
    elif move.lever == "market_size":
        draft.market_sizes[rows] *= _growth(move, float(draft.market_sizes[rows].sum()))
    else:
        assert move.change is not None
        factor = 1 + move.change.amount
        draft.attraction[cells] *= factor
        if move.lever == "lead_volume":
            draft.lead_factors[cells] *= factor


def _growth(move: LeverMove, households: float) -> float:
    """Factor on the market size; an absolute change is of all the regions together, each in its proportion."""
    assert move.change is not None
    change = move.change
    return 1 + (change.amount if change.kind == "relative" else change.amount / households)


def _check_prices(draft: _Draft, market: Market, index: int) -> None:
    wrong = np.argwhere(market.offered & ~(draft.net_prices > 0))
    if wrong.size:
        row, column = wrong[0]
        raise InputError(
            [
                Fault(
                    "scenario",
                    f"levers[{index}]",
                    f"leaves {market.products[column]} a net price of "
                    f"{draft.net_prices[row, column]:,.6g} in {market.regions[row]}; "
                    "a price must stay above 0.",
                )
            ]
        )


def _check_sizes(draft: _Draft, index: int) -> None:
    if not (draft.market_sizes > 0).all():
        message = "leaves no households in the market; a market size must stay above 0."
        raise InputError([Fault("scenario", f"levers[{index}]", message)])


def _beyond_guard_rail(
    move: LeverMove, base: Base, draft: _Draft, rows: list[int], columns: list[int]
) -> str | None:
    rail = lever_table()[move.lever].guard_rail
    target = move.product or move.firm or "the market"
    if rail is None:
        return None
    if rail == "seen":
        net = move.lever == "net_price"
        prices = (draft.net_prices if net else draft.list_prices)[np.ix_(rows, columns)]
        for place, column in enumerate(columns):
            low, high = base.prices_seen(base.market.products[column], net=net)
            column_prices = prices[:, place][np.isfinite(prices[:, place])]
            if ((column_prices < low) | (column_prices > high)).any():
                return (
                    f"{move.lever} of {base.market.products[column]} lies outside the prices seen "
                    f"in the data ({low:,.6g} to {high:,.6g})"
                )
        return None
    low, high = rail
    if move.lever == "customer_cash":
        listed = base.list_prices[np.ix_(rows, columns)]
        if not np.isfinite(listed).any():
            return None
        amount = (move.value or 0.0) / float(np.nanmean(listed))
    else:
        assert move.change is not None
        size = base.market.market_sizes[rows].sum() if move.change.kind == "absolute" else 1.0
        amount = move.change.amount / size
    if low <= amount <= high:
        return None
    return (
        f"{move.lever} of {target} changes by {amount:+.1%}, beyond its guard-rail "
        f"({low:+.0%} to {high:+.0%})"
    )
