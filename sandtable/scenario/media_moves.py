"""The lever on media spend: what it adds to the adstock of each brand and channel, and what it costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sandtable.market.primitives import FloatArray
from sandtable.scenario.base import Base
from sandtable.scenario.draft import Draft, RefusedMoveError
from sandtable.scenario.media_base import MediaBase
from sandtable.scenario.model import LeverMove


def move_media(
    draft: Draft,
    move: LeverMove,
    rows: list[int],
    columns: list[int],
    base: Base,
    run: Sequence[str],
) -> None:
    """Add to the adstock what a move has spent since its first period, and charge what it spends in this one.

    Parameters
    ----------
    draft : Draft
        Changed in place.
    move : LeverMove
        Of the lever media.
    rows, columns : list of int
        Regions, and the products of the firm, whose brands spend.
    base : Base
    run : sequence of str
        Periods that are run, oldest first: nothing is spent before them.

    Raises
    ------
    RefusedMoveError
        If less than nothing would be spent.
    """
    media = base.media
    assert media is not None
    path, now = media.path, media.place
    cells, brands, channels = _cells(media, move, rows, columns)
    first = path.periods.index(run[0])
    acting = [place for place in range(first, now + 1) if move.acts_in(path.periods[place])]
    if not acting:
        return
    some = np.ix_(acting, rows, brands, channels)
    more = _more(move, path.spend[some], path.households[np.ix_(acting, rows)])
    left = path.carry_over[channels] ** (now - np.array(acting))[:, None]
    draft.stock[cells] += np.einsum("trbc,tc->rbc", more, left)
    if acting[-1] == now:
        _charge(draft, more[-1], rows, columns, brands, base, media)


def spent(media: MediaBase, move: LeverMove, rows: list[int], columns: list[int]) -> float:
    """Return what the base spends in a period on what a move names, in money units."""
    cells, _, _ = _cells(media, move, rows, columns)
    households = media.path.households[media.place][rows]
    return float((media.path.spend[media.place][cells] * households[:, None, None]).sum())


def _cells(
    media: MediaBase, move: LeverMove, rows: list[int], columns: list[int]
) -> tuple[tuple[NDArray[Any], ...], list[int], list[int]]:
    """Return the cells (R, B, C) that a move spends in, and their brands and channels."""
    brands = sorted({int(place) for place in media.brand_of[columns] if place >= 0})
    names = media.path.channels
    channels = [place for place, name in enumerate(names) if move.channel in (None, name)]
    return np.ix_(rows, brands, channels), brands, channels


def _more(move: LeverMove, spend: FloatArray, households: FloatArray) -> FloatArray:
    """Return what is spent more per household in some periods, (T, R, B, C); an amount is spread as the base spends."""
    if move.change is not None and move.change.kind == "relative":
        return np.asarray(spend * move.change.amount)
    total = (spend * households[:, :, None, None]).sum(axis=(1, 2, 3))
    amount = (move.value or 0.0) - total if move.change is None else move.change.amount
    short = np.flatnonzero(total + amount < -1e-9 * total)
    if short.size:
        message = (
            f"takes {-move.change.amount if move.change else 0:,.6g} off a spend of "
            f"{total[short[0]]:,.6g} on {move.channel or 'all channels'}; less than nothing cannot be spent."
        )
        raise RefusedMoveError(message)
    # where nothing is spent yet: to each household the same
    even = amount / households.sum(axis=1) / spend[0, 0].size
    scale = np.divide(amount, total, where=total > 0, out=np.zeros_like(total))
    return np.where(
        (total > 0)[:, None, None, None],
        spend * scale[:, None, None, None],
        np.broadcast_to(even, total.shape)[:, None, None, None],
    )


def _charge(
    draft: Draft,
    more: FloatArray,
    rows: list[int],
    columns: list[int],
    brands: list[int],
    base: Base,
    media: MediaBase,
) -> None:
    """Charge each brand's spend to its own products."""
    households = media.path.households[media.place][rows]
    for place, brand in enumerate(brands):
        mine = [column for column in columns if media.brand_of[column] == brand]
        draft.spend(rows, mine, more[:, place].sum(axis=1) * households, base)
