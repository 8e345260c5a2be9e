"""Guard-rails: a move beyond what was seen in the data, or beyond the lever's usual range, is marked, not refused."""

from __future__ import annotations

import numpy as np

from sandtable.market.primitives import FloatArray
from sandtable.scenario.base import Base
from sandtable.scenario.dealers_open import dealers_open
from sandtable.scenario.levers import lever_table, terms_of
from sandtable.scenario.media_moves import spent
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
    if move.lever == "media" and move.change is None and base.media is not None:
        amount -= spent(base.media, move, rows, columns)
    size = _size(move, base, rows, columns)
    return amount / size if size else None


def _size(move: LeverMove, base: Base, rows: list[int], columns: list[int]) -> float:
    """Return the size of what a move moves; 0 where that is not known."""
    cells = np.ix_(rows, columns)
    if move.lever == "market_size":
        return float(base.market.market_sizes[rows].sum())
    if move.lever == "media" and base.media is not None:
        return spent(base.media, move, rows, columns)
    if move.lever == "dealers":
        return float(dealers_open(base.data_set, str(move.firm), base.period)[rows].sum())
    if move.lever == "fuel_price":
        return terms_of(move)["price"]
    if move.lever == "spec":
        return float(base.characteristic(str(move.characteristic))[columns].mean())
    values = (base.market.costs if move.lever == "unit_cost" else base.list_prices)[cells]
    return float(np.nanmean(values)) if np.isfinite(values).any() else 0.0
