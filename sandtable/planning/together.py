"""All draws of a scenario at once, while what customers pay and who is there do not depend on the draw."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sandtable.market.demand import Demand
from sandtable.market.primitives import FloatArray, IntArray
from sandtable.planning.bases import DrawnPeriod
from sandtable.planning.blocks import block_shares
from sandtable.scenario.draft import cells_moved
from sandtable.scenario.model import Scenario
from sandtable.scenario.periods import PeriodResult
from sandtable.scenario.run import Result
from sandtable.scenario.worth_moves import COST_LEVERS, changed_costs

Volumes = tuple[FloatArray, FloatArray]  # units and contribution profit


def owned_by(item: PeriodResult, firms: Sequence[str]) -> FloatArray:
    """Return which product belongs to which firm in the base, (J, F)."""
    return np.array([[float(owner == firm) for firm in firms] for owner in item.base.market.firms])


def run_together(
    result: Result, drawn: Sequence[DrawnPeriod], firms: Sequence[str]
) -> tuple[Volumes, Volumes]:
    """Units and profits by draw, period and firm, baseline and scenario; all draws at once."""
    shape = (len(drawn[0].demands), len(drawn), len(firms))
    units, profits = (np.empty(shape), np.empty(shape)), (np.empty(shape), np.empty(shape))
    shares = _scenario_shares(result.periods, drawn)
    for place, (item, period) in enumerate(zip(result.periods, drawn, strict=True)):
        owned = owned_by(item, firms)
        sides = period.baseline, _scenario_totals(result.scenario, item, period, shares[place])
        for side, (of_products, earned) in enumerate(sides):
            units[side][:, place] = of_products @ owned
            profits[side][:, place] = earned @ owned
    return units, profits


def _scenario_totals(
    scenario: Scenario, item: PeriodResult, period: DrawnPeriod, shares: FloatArray
) -> Volumes:
    composed, market = item.composed, item.market
    asked = composed.supply.asked(market.prices) - composed.cash_kept
    costs = period.costs
    for move in scenario.levers:
        rows, columns = cells_moved(move, item.base)
        if move.lever in COST_LEVERS and rows and columns:
            costs = np.broadcast_to(costs, shares.shape).copy() if costs is period.costs else costs
            cells = np.ix_(range(len(costs)), rows, columns)
            costs[cells] = changed_costs(move, costs[cells])
    base = item.base.market
    untouched = (
        shares is period.shares
        and costs is period.costs
        and np.array_equal(asked, base.prices)
        and np.array_equal(market.market_sizes, base.market_sizes)
        and not composed.spending.any()
    )
    if untouched:
        return period.baseline
    units, profits = period.totals(shares, market.market_sizes, asked, costs)
    return units, profits - composed.spending.sum(axis=0)


def _scenario_shares(
    items: Sequence[PeriodResult], drawn: Sequence[DrawnPeriod]
) -> list[FloatArray]:
    """Shares of each period under each draw, (D, R, J); only rows in which something changed are looked at."""
    moved = [_moved_rows(item) for item in items]
    shares = [period.shares for period in drawn]
    alike: dict[tuple[str, ...], list[int]] = {}
    for place, item in enumerate(items):
        if len(moved[place][0]):
            alike.setdefault(item.base.market.products, []).append(place)
    for places in alike.values():
        demands = drawn[places[0]].demands
        scale = _lift_scale(items[places[0]], demands)
        parts = []
        for place in places:
            rows, lift = moved[place]
            deltas = drawn[place].deltas[:, rows]
            if lift.any():
                utility = items[place].composed.utility[rows]
                deltas = deltas + (lift - utility) * scale[:, None, None] + utility
            parts.append(deltas)
        prices = np.concatenate([items[place].market.prices[moved[place][0]] for place in places])
        found = block_shares(demands, np.concatenate(parts, axis=1), prices)
        start = 0
        for place in places:
            rows, _ = moved[place]
            shares[place] = drawn[place].shares.copy()
            shares[place][:, rows] = found[:, start : start + len(rows)]
            start += len(rows)
    return shares


def _moved_rows(item: PeriodResult) -> tuple[IntArray, FloatArray]:
    """Regions in which prices or mean utilities changed, and by how much the latter did, (n,) and (n, J)."""
    before, after = item.base.market, item.market
    offered = before.offered
    lift = np.zeros_like(before.deltas)
    np.subtract(after.deltas, before.deltas, out=lift, where=offered)
    moved = ((after.prices != before.prices) & offered).any(axis=1) | (lift != 0).any(axis=1)
    rows = np.flatnonzero(moved)
    return rows, lift[rows]


def _lift_scale(item: PeriodResult, demands: Sequence[Demand]) -> FloatArray:
    """A factor on attraction counts in utility by one less the inner nesting parameter, which is drawn, (D,)."""

    def room(demand: Demand) -> float:
        return 1.0 if demand.nests is None else 1 - demand.nests.sigma_inner

    return np.array([room(demand) for demand in demands]) / room(item.base.market.demand)
