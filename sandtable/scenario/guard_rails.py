"""Guard-rails: a move beyond what was seen in the data, or beyond the lever's usual range, is marked, not refused."""

from __future__ import annotations

import numpy as np

from sandtable.market.primitives import FloatArray
from sandtable.scenario.base import Base
from sandtable.scenario.levers import lever_table
from sandtable.scenario.model import LeverMove


def beyond_guard_rail(
    move: LeverMove,
    base: Base,
    prices: FloatArray,
    rows: list[int],
    columns: list[int],
) -> str | None:
    """Say how a move leaves its guard-rail; None when it does not.

    Parameters
    ----------
    move : LeverMove
    base : Base
    prices : ndarray, shape (R, J)
        Prices after the move, list or net, as the lever sets them.
    rows, columns : list of int
        Cells that it acts on.
    """
    rail = lever_table()[move.lever].guard_rail
    if rail is None:
        return None
    if rail == "seen":
        return _beyond_seen(move, base, prices[np.ix_(rows, columns)], columns)
    low, high = rail
    amount = _relative_amount(move, base, rows, columns)
    if amount is None or low <= amount <= high:
        return None
    target = move.product or move.firm or "the market"
    return (
        f"{move.lever} of {target} changes by {amount:+.1%}, beyond its guard-rail "
        f"({low:+.0%} to {high:+.0%})"
    )


def _beyond_seen(move: LeverMove, base: Base, prices: FloatArray, columns: list[int]) -> str | None:
    for place, column in enumerate(columns):
        product = base.market.products[column]
        low, high = base.prices_seen(product, net=move.lever == "net_price")
        given = prices[:, place][np.isfinite(prices[:, place])]
        if ((given < low) | (given > high)).any():
            return (
                f"{move.lever} of {product} lies outside the prices seen "
                f"in the data ({low:,.6g} to {high:,.6g})"
            )
    return None


def _relative_amount(
    move: LeverMove, base: Base, rows: list[int], columns: list[int]
) -> float | None:
    """Return the size of a move as a share of what it moves; None where that is not known."""
    if move.change is not None and move.change.kind == "relative":
        return move.change.amount
    amount = (move.value or 0.0) if move.change is None else move.change.amount
    cells = np.ix_(rows, columns)
    if move.lever == "market_size":
        size = float(base.market.market_sizes[rows].sum())
    else:
        values = base.market.costs if move.lever == "unit_cost" else base.list_prices
        size = float(np.nanmean(values[cells])) if np.isfinite(values[cells]).any() else 0.0
    return amount / size if size else None
