"""Prices and units of the synthetic market: pinned to its targets in the last month, Bertrand-Nash in all others."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sandtable.market.equilibrium import equilibrium
from sandtable.market.game import PricingGame
from sandtable.market.inversion import invert_shares
from sandtable.market.primitives import FloatArray
from sandtable.market.supply import marginal_costs
from sandtable.synthetic.drawing import largest_remainder
from sandtable.synthetic.history import History
from sandtable.synthetic.plan import Plan

PRICE_STEP = 100.0


@dataclass(frozen=True)
class Sold:
    """What was sold: T months, R regions, J products; NaN where a product is not on sale.

    Attributes
    ----------
    units, net_prices : ndarray, shape (T, R, J)
        Whole cars; CNY, tax included.
    list_prices : ndarray, shape (T, J)
        CNY, tax included.
    market_sizes : ndarray, shape (T, R)
        Households in the market.
    costs : ndarray, shape (T, J)
        Marginal costs that the prices rest on, in money that includes tax, as prices do.
    """

    units: FloatArray
    net_prices: FloatArray
    list_prices: FloatArray
    market_sizes: FloatArray
    costs: FloatArray


def sell(plan: Plan, history: History) -> Sold:
    """Go back in time from the last month: costs and utilities move, firms answer, households choose."""
    demand = plan.demand
    units = history.last_units
    sizes = history.market_sizes
    last_sizes = sizes[-1]
    discounts = np.array([product.discount for product in plan.file.products]) / 100
    offsets = np.array([region.price_offset for region in plan.file.regions], dtype=np.float64)
    prices = _rounded(plan.list_prices * (1 - discounts)) + offsets[:, None]
    deltas = invert_shares(demand, units / last_sizes[:, None], prices)
    last_costs = marginal_costs(
        demand, deltas, prices, firms=plan.firm_codes, market_sizes=last_sizes, national=True
    )[0]
    n_periods = len(plan.periods)
    sold_units, sold_prices = [units], [prices]
    costs = last_costs + history.cost_changes
    game = PricingGame(
        demand=demand,
        deltas=deltas,
        market_sizes=last_sizes,
        costs=np.tile(last_costs, (len(plan.regions), 1)),
        firms=plan.firm_codes,
        responding=np.ones(len(plan.products), dtype=bool),
        national=True,
    )
    for period in reversed(range(n_periods - 1)):
        offered = plan.offered[period]
        then = replace(
            game,
            deltas=np.where(offered, deltas + history.utilities[period], -np.inf),
            market_sizes=sizes[period],
            costs=np.tile(costs[period], (len(plan.regions), 1)),
        )
        found = equilibrium(then, prices, tolerance=1e-9).require()
        prices = np.where(offered, _rounded(found - offsets[:, None]) + offsets[:, None], prices)
        shares = demand.shares(then.deltas, prices)
        expected = shares * sizes[period][:, None]
        sold_units.append(np.stack([largest_remainder(row) for row in expected]))
        sold_prices.append(prices)
    missing = np.where(plan.offered, 0.0, np.nan)
    net = np.stack(sold_prices[::-1]) + missing[:, None, :]
    return Sold(
        np.stack(sold_units[::-1]) + missing[:, None, :],
        net,
        list_price_path(plan.list_prices, net.max(axis=1)),
        sizes,
        costs + missing,
    )


def _rounded(prices: FloatArray) -> FloatArray:
    return np.asarray(np.round(prices / PRICE_STEP) * PRICE_STEP)


def list_price_path(last: FloatArray, highest_net: FloatArray) -> FloatArray:
    """List prices that move in steps: back in time one holds until the net price leaves 88 to 100 % of it.

    Parameters
    ----------
    last : ndarray, shape (J,)
        List prices of the last month.
    highest_net : ndarray, shape (T, J)
        Highest net price over the regions; NaN where a product is not on sale.

    Returns
    -------
    ndarray, shape (T, J)
        Never below the net price; NaN where a product is not on sale.
    """
    path = np.full(highest_net.shape, np.nan)
    current = np.array(last)
    for period in reversed(range(len(highest_net))):
        net = highest_net[period]
        outside = (net > current) | (net < 0.88 * current)
        if period < len(highest_net) - 1:
            # prices end in 800, as prices do
            fresh = np.ceil(net * 1.025 / 1000) * 1000 - 200
            current = np.where(outside, np.maximum(fresh, net), current)
        path[period] = np.where(np.isnan(net), np.nan, current)
    return path
