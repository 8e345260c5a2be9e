"""Pass-through: how equilibrium prices answer costs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sandtable.market.game import PricingGame
from sandtable.market.primitives import FloatArray
from sandtable.market.supply import Ownership, profit_gradient

STEP = 1e-5  # relative to a price; central differences of the first-order conditions


def pass_through(game: PricingGame, prices: FloatArray) -> FloatArray:
    """Derivative of each equilibrium price by each marginal cost.

    Parameters
    ----------
    game : PricingGame
        Its responding products answer; the prices of the others stay.
    prices : ndarray, shape (R, J)
        Equilibrium prices of the game.

    Returns
    -------
    ndarray, shape (R, J, J), or (1, J, J) with national prices
        Row: the product whose price answers; column: the product whose cost rises by one money unit.

    Notes
    -----
    Implicit function theorem on the first-order conditions F(p, c) = 0: ``dp/dc = -inv(dF/dp) dF/dc`` (Weyl and
    Fabinger 2013), with F differentiated by central differences.
    """
    shape = prices.shape
    n_products = shape[1]
    ownership = Ownership(game.firms, game.demand, game.conduct)

    def conditions(at: FloatArray, costs: FloatArray) -> FloatArray:
        margins = replace(game, costs=costs).margins(at)
        choice = game.demand.choice(game.deltas, at)
        gradient = profit_gradient(choice, ownership, margins, game.kept)[0]
        return (game.market_sizes @ gradient)[None] if game.national else gradient

    costs = np.where(np.isfinite(game.costs), game.costs, 0.0)
    n_cells = 1 if game.national else shape[0]
    by_price = np.empty((n_cells, n_products, n_products))
    by_cost = np.empty_like(by_price)
    for product in range(n_products):
        step = STEP * float(np.abs(prices[:, product]).mean())
        move = np.zeros(shape)
        move[:, product] = step
        up, down = conditions(prices + move, costs), conditions(prices - move, costs)
        by_price[:, :, product] = (up - down) / (2 * step)
        up, down = conditions(prices, costs + move), conditions(prices, costs - move)
        by_cost[:, :, product] = (up - down) / (2 * step)
    offered = np.isfinite(game.deltas)
    free = game.responding & (offered.any(axis=0, keepdims=True) if game.national else offered)
    held = np.eye(n_products)
    system = np.where(free[:, :, None], by_price, held)
    right = np.where(free[:, :, None], -by_cost, 0.0)
    return np.asarray(np.linalg.solve(system, right))
