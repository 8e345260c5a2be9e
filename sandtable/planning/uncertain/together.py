"""All draws of a scenario at once, while who is there and what firms answer do not depend on the draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sandtable.market.demand import Demand
from sandtable.market.primitives import FloatArray, IntArray
from sandtable.planning.uncertain.bases import DrawnPeriod
from sandtable.planning.uncertain.blocks import block_shares
from sandtable.planning.uncertain.inputs import InputDraws, parameters_at, scenario_at
from sandtable.scenario.compose import Composed, compose
from sandtable.scenario.draft import cells_moved
from sandtable.scenario.following import PriceMoves
from sandtable.scenario.model import Scenario
from sandtable.scenario.periods import PeriodResult
from sandtable.scenario.run import Result
from sandtable.scenario.worth_moves import COST_LEVERS, changed_costs

Volumes = tuple[FloatArray, FloatArray]  # units and contribution profit


@dataclass(frozen=True)
class Sides:
    """What draws of a scenario give on both sides, baseline and scenario.

    Attributes
    ----------
    units, earned : tuple of two ndarray, shape (D, T, F)
        Units, and contribution profit before what levers spend.
    spending : ndarray, shape (D, T, F)
        What the levers spend in the scenario, whatever is sold.
    """

    units: tuple[FloatArray, FloatArray]
    earned: tuple[FloatArray, FloatArray]
    spending: FloatArray

    @classmethod
    def empty(cls, n_draws: int, n_periods: int, n_firms: int) -> Sides:
        """Return arrays to be filled."""
        four = [np.full((n_draws, n_periods, n_firms), np.nan) for _ in range(5)]
        return cls((four[0], four[1]), (four[2], four[3]), four[4])

    def repeated(self, n_draws: int) -> Sides:
        """Return so many draws where there is one for all."""
        if len(self.spending) == n_draws:
            return self
        five = [
            np.repeat(values, n_draws, axis=0)
            for values in (*self.units, *self.earned, self.spending)
        ]
        return Sides((five[0], five[1]), (five[2], five[3]), five[4])


@dataclass(frozen=True)
class _View:
    """What customers see and firms get in one period of the scenario: for all draws alike (E = 1), or for each.

    Attributes
    ----------
    prices, lift, utility : ndarray, shape (E, R, J)
        What counts with the customer; the change of the mean utility, and the part of it that media and dealers add.
    asked : ndarray, shape (E, R, J)
        What the firm gets for each vehicle, less the cash that it pays.
    spending : ndarray, shape (E, J)
    """

    prices: FloatArray
    lift: FloatArray
    utility: FloatArray
    asked: FloatArray
    spending: FloatArray

    @classmethod
    def of(cls, composed: Sequence[Composed], item: PeriodResult) -> _View:
        before = item.base.market
        lift = np.zeros((len(composed), *before.deltas.shape))
        for place, one in enumerate(composed):
            np.subtract(one.market.deltas, before.deltas, out=lift[place], where=before.offered)
        return cls(
            prices=np.stack([one.market.prices for one in composed]),
            lift=lift,
            utility=np.stack([one.utility for one in composed]),
            asked=np.stack(
                [one.supply.asked(one.market.prices) - one.cash_kept for one in composed]
            ),
            spending=np.stack([one.spending.sum(axis=0) for one in composed]),
        )

    def rows(self, item: PeriodResult) -> IntArray:
        """Regions in which prices or mean utilities changed in any draw."""
        before = item.base.market
        priced = ((self.prices != before.prices) & before.offered).any(axis=(0, 2))
        return np.flatnonzero(priced | (self.lift != 0).any(axis=(0, 2)))


def owned_by(item: PeriodResult, firms: Sequence[str]) -> FloatArray:
    """Return which product belongs to which firm in the base, (J, F)."""
    return np.array([[float(owner == firm) for firm in firms] for owner in item.base.market.firms])


def run_together(
    result: Result,
    drawn: Sequence[DrawnPeriod],
    firms: Sequence[str],
    inputs: InputDraws | None = None,
) -> Sides:
    """Units and profits by draw, period and firm; all draws at once.

    Parameters
    ----------
    result : Result
        The run under the parameters themselves.
    drawn : sequence of DrawnPeriod
        Its periods under the draws of the parameters.
    firms : sequence of str
    inputs : InputDraws, optional
        As many draws of the inputs as there are of the parameters.
    """
    sides = Sides.empty(len(drawn[0].demands), len(drawn), len(firms))
    views = _views(result, inputs)
    shares = _scenario_shares(result.periods, drawn, views)
    for place, (item, period) in enumerate(zip(result.periods, drawn, strict=True)):
        owned = owned_by(item, firms)
        view = views[place]
        found = period.baseline, _totals(result.scenario, item, period, view, shares[place])
        for side, (of_products, earned) in enumerate(found):
            sides.units[side][:, place] = of_products @ owned
            sides.earned[side][:, place] = earned @ owned
        sides.spending[:, place] = view.spending @ owned
    return sides


def _views(result: Result, inputs: InputDraws | None) -> list[_View]:
    if inputs is None:
        return [_View.of([item.composed], item) for item in result.periods]
    by_period: list[list[Composed]] = [[] for _ in result.periods]
    for draw in range(len(inputs.values)):
        values = inputs.at(draw)
        scenario = scenario_at(result.scenario, values)
        parameters = parameters_at(result.parameters, values)
        history: list[PriceMoves] = []
        for item, found in zip(result.periods, by_period, strict=True):
            base = replace(item.base, parameters=parameters)
            found.append(compose(scenario, base, result.own_firm, history))
            history.append(found[-1].moves)
    return [_View.of(found, item) for found, item in zip(by_period, result.periods, strict=True)]


def _totals(
    scenario: Scenario, item: PeriodResult, period: DrawnPeriod, view: _View, shares: FloatArray
) -> Volumes:
    """Units of each product, and profit before spending, (D, J) each."""
    costs = period.costs
    for move in scenario.levers:
        rows, columns = cells_moved(move, item.base)
        if move.lever in COST_LEVERS and rows and columns:
            costs = np.broadcast_to(costs, shares.shape).copy() if costs is period.costs else costs
            cells = np.ix_(range(len(costs)), rows, columns)
            costs[cells] = changed_costs(move, costs[cells])
    base, sizes = item.base.market, item.market.market_sizes
    untouched = (
        shares is period.shares
        and costs is period.costs
        and (view.asked == base.prices).all()
        and np.array_equal(sizes, base.market_sizes)
    )
    return period.baseline if untouched else period.totals(shares, sizes, view.asked, costs)


def _scenario_shares(
    items: Sequence[PeriodResult], drawn: Sequence[DrawnPeriod], views: Sequence[_View]
) -> list[FloatArray]:
    """Shares of each period under each draw, (D, R, J); only rows in which something changed are looked at."""
    moved = [view.rows(item) for view, item in zip(views, items, strict=True)]
    shares = [period.shares for period in drawn]
    alike: dict[tuple[str, ...], list[int]] = {}
    for place, item in enumerate(items):
        if len(moved[place]):
            alike.setdefault(item.base.market.products, []).append(place)
    for places in alike.values():
        demands = drawn[places[0]].demands
        scale = _lift_scale(items[places[0]], demands)[:, None, None]
        parts = []
        for place in places:
            rows, view = moved[place], views[place]
            deltas, lift = drawn[place].deltas[:, rows], view.lift[:, rows]
            if lift.any():
                utility = view.utility[:, rows]
                deltas = deltas + (lift - utility) * scale + utility
            parts.append(deltas)
        prices = np.concatenate([views[place].prices[:, moved[place]] for place in places], axis=1)
        found = _shares(demands, np.concatenate(parts, axis=1), prices)
        start = 0
        for place in places:
            rows = moved[place]
            shares[place] = drawn[place].shares.copy()
            shares[place][:, rows] = found[:, start : start + len(rows)]
            start += len(rows)
    return shares


def _shares(demands: Sequence[Demand], deltas: FloatArray, prices: FloatArray) -> FloatArray:
    """Shares at prices (E, n, J) that may differ from draw to draw."""
    if all(np.array_equal(one, prices[0], equal_nan=True) for one in prices[1:]):
        return block_shares(demands, deltas, prices[0])
    each = zip(demands, deltas, prices, strict=True)
    return np.stack([demand.shares(delta, price) for demand, delta, price in each])


def _lift_scale(item: PeriodResult, demands: Sequence[Demand]) -> FloatArray:
    """A factor on attraction counts in utility by one less the inner nesting parameter, which is drawn, (D,)."""

    def room(demand: Demand) -> float:
        return 1.0 if demand.nests is None else 1 - demand.nests.sigma_inner

    return np.array([room(demand) for demand in demands]) / room(item.base.market.demand)
