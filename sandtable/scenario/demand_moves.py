"""Levers on demand: who is there, who owns it, how much it attracts, how many go on from stage to stage."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sandtable.funnel.stages import changed_rate, rates_of
from sandtable.market.primitives import FloatArray
from sandtable.scenario.base import Base
from sandtable.scenario.crossing import crossing
from sandtable.scenario.dealers_open import dealers_open
from sandtable.scenario.draft import Draft, RefusedMoveError
from sandtable.scenario.funnel_base import FunnelTable, funnel_table
from sandtable.scenario.levers import terms_of
from sandtable.scenario.model import LeverMove

Rows = list[int]


def move_demand(
    draft: Draft, move: LeverMove, rows: Rows, columns: Rows, base: Base, age: int
) -> None:
    """Apply one move to some rows and columns of a draft, in place.

    Parameters
    ----------
    draft : Draft
    move : LeverMove
        Of none of the levers on price, supply, media or worth.
    rows, columns : list of int
        Regions and products.
    base : Base
    age : int
        Periods for which it has acted before this one.

    Raises
    ------
    RefusedMoveError
        If fewer dealers would be left than none.
    """
    cells = crossing(rows, columns)
    if move.lever == "exit":
        draft.offered[cells] = False
    elif move.lever in ("ownership", "divestiture"):
        draft.firms[columns] = move.owner
    elif move.lever == "market_size":
        draft.market_sizes[rows] *= _growth(move, float(draft.market_sizes[rows].sum()))
    elif move.lever in _BY_LEVER:
        _BY_LEVER[move.lever](draft, move, rows, columns, base)
    else:
        factor = 1 + _change(move)
        if move.lever == "run_out":
            factor **= age + 1
        if move.lever == "lead_volume":
            draft.attract(cells, factor)
        else:  # conversion, facelift, run_out, plate_rule
            draft.attraction[cells] *= factor


def _change(move: LeverMove) -> float:
    assert move.change is not None
    return move.change.amount


def _growth(move: LeverMove, households: float) -> float:
    """Factor on the market size; an absolute change is of all the regions together, each in its proportion."""
    assert move.change is not None
    change = move.change
    return 1 + (change.amount if change.kind == "relative" else change.amount / households)


def _move_dealers(draft: Draft, move: LeverMove, rows: Rows, columns: Rows, base: Base) -> None:
    """Utility follows ``ln(1 + dealers)``; their running cost is spent whatever they sell."""
    assert move.change is not None
    effect = base.parameters.dealers
    assert effect is not None
    now = dealers_open(base.data_set, str(move.firm), base.period)[rows]
    after = np.array([move.change.applied_to(number) for number in now.tolist()])
    if (after < 0).any():
        place = int(np.argmin(after))
        message = (
            f"leaves {move.firm} {after[place]:g} dealers in {base.market.regions[rows[place]]}, "
            f"where it has {now[place]:g}; there cannot be fewer than none."
        )
        raise RefusedMoveError(message)
    draft.utility[crossing(rows, columns)] += (effect.value * np.log((1 + after) / (1 + now)))[
        :, None
    ]
    cost = terms_of(move)["cost"]
    if cost:
        draft.spend(rows, columns, cost * (after - now), base)


def _move_stage(draft: Draft, move: LeverMove, rows: Rows, columns: Rows, base: Base) -> None:
    """More who go on at one stage are as many more at the end, before the market takes part of them back."""
    table = funnel_table(base.data_set)
    assert table is not None
    place = table.stages.index(str(move.stage))
    if move.dealer is None:
        factor = _rate_factor(base.stages[:, rows][:, :, columns], place, _change(move))
    else:
        products = [base.market.products[column] for column in columns]
        region = table.regions[table.region_of[table.dealers.index(move.dealer)]]
        rows = [base.market.regions.index(region)]
        factor = _dealer_factor(table, move, place, products, region, base.period)
    cells = crossing(rows, columns)
    draft.attraction[cells] *= factor
    draft.stage_factors[place - 1][cells] *= factor


def _rate_factor(counts: FloatArray, place: int, change: float) -> FloatArray:
    """Return the factor on the rate into a stage, held below 1; without a known rate, as the change says."""
    rate = rates_of(counts[place - 1 : place + 1])[0]
    known = np.isfinite(rate) & (rate > 0)
    rate = np.where(known, rate, 1.0)
    return np.where(known, changed_rate(rate, change) / rate, 1 + change)


def _dealer_factor(
    table: FunnelTable,
    move: LeverMove,
    place: int,
    products: list[str],
    region: str,
    period: str,
) -> FloatArray:
    """Return the factor on the region's sales when one of its dealers changes a rate, (1, J)."""
    whole = np.nan_to_num(table.placed(table.pooled(period), products, [region]))
    own = table.pooled(period, dealer=str(move.dealer))
    own = np.nan_to_num(table.placed(own, products, [region]))
    factor = _rate_factor(own, place, _change(move))
    part = np.divide(own[-1], whole[-1], where=whole[-1] > 0, out=np.zeros_like(own[-1]))
    return np.asarray(1 + part * (factor - 1))


def _move_referrals(draft: Draft, move: LeverMove, rows: Rows, columns: Rows, base: Base) -> None:
    """Referrals are a part of the leads; the reward is paid on each order that they bring."""
    change = _change(move)
    cells = crossing(rows, columns)
    part = base.referral_rates[cells]
    draft.attract(cells, 1 + part * change)
    reward = terms_of(move)["reward"]
    if reward:
        draft.cash_kept[cells] += reward * part * (1 + change) / (1 + part * change)


_BY_LEVER: dict[str, Callable[[Draft, LeverMove, Rows, Rows, Base], None]] = {
    "dealers": _move_dealers,
    "stage_rate": _move_stage,
    "referral_reward": _move_referrals,
}
