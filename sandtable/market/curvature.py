"""Second derivatives of a firm's profit by its own prices: is a stationary point a maximum?"""

from __future__ import annotations

import numpy as np

from sandtable.market.demand import Demand, nest_factors
from sandtable.market.kernel import Choice
from sandtable.market.primitives import FloatArray, IntArray


def profit_hessian(
    choice: Choice,
    demand: Demand,
    margins: FloatArray,
    members: IntArray,
    kept: FloatArray | None = None,
) -> FloatArray:
    """Second derivatives of the profit of one firm by the prices of its products, by cell.

    Parameters
    ----------
    choice : Choice
        Choice probabilities at the prices.
    demand : Demand
        The demand that gave them.
    margins : ndarray, shape (R, J)
        What the firm earns on each vehicle of every product.
    members : ndarray of int, shape (n,)
        Products of the firm.
    kept : ndarray, shape (R, J) or (J,), optional
        What it earns more when the price rises by one money unit; 1 by default.

    Returns
    -------
    ndarray, shape (R, n, n)
        Symmetric; negative definite at a maximum. Per consumer of the cell.

    Notes
    -----
    Derivative of `supply.profit_gradient`. With P, Q, R the probabilities of a product, of it within its outer nest
    and within its inner nest, T the firm's margin earned from all, from the outer and from the inner nest, k kept, g
    the gradient, and own, o, n of `nest_factors`, it is per type, times the price coefficient,
    ``-own (g_i + k_i P_i) (i == j) + g_i P_j + P_i g_j``
    ``+ o (g_i Q_j + Q_i g_j + a T_outer Q_i Q_j - a T Q_i P_j)`` within an outer nest and
    ``+ n (g_i R_j + R_i g_j + a (1 + o) T_inner R_i R_j - a T R_i P_j - a o T_outer R_i Q_j)`` within an inner nest.
    """
    own, outer, inner = nest_factors(demand.nests)
    alphas = demand.tastes.price_coefficients
    weights = demand.tastes.weights * alphas
    chosen = choice.probabilities[:, members]
    sold = chosen * margins[:, members, None]
    total = sold.sum(axis=1, keepdims=True)
    gains = chosen if kept is None else chosen * kept[..., members, None]
    gradient = gains - alphas * (own * sold - chosen * total)
    nests = demand.nests
    if nests is None:
        return _outside_nests(gradient * weights, gains * weights, chosen, own)
    assert choice.within_outer is not None
    assert choice.within_inner is not None
    in_outer, in_inner = choice.within_outer[:, members], choice.within_inner[:, members]
    same_outer, same_inner = (
        (codes[members, None] == codes[members]).astype(np.float64)
        for codes in (nests.outer, nests.inner)
    )
    won_outer, won_inner = alphas * (same_outer @ sold), alphas * (same_inner @ sold)
    gradient += outer * in_outer * won_outer + inner * in_inner * won_inner
    weighted, total = gradient * weights, alphas * total
    hessian = _outside_nests(weighted, gains * weights, chosen, own)
    lost = won_outer * in_outer - total * chosen
    hessian += (outer * same_outer) * (
        _both_ways(weighted, in_outer) + _product(in_outer * weights, lost)
    )
    lost = (1 + outer) * won_inner * in_inner - total * chosen - outer * won_outer * in_outer
    hessian += (inner * same_inner) * (
        _both_ways(weighted, in_inner) + _product(in_inner * weights, lost)
    )
    return hessian


def _outside_nests(
    weighted_gradient: FloatArray, weighted: FloatArray, chosen: FloatArray, own: float
) -> FloatArray:
    hessian = _both_ways(weighted_gradient, chosen)
    diagonal = np.arange(chosen.shape[1])
    hessian[:, diagonal, diagonal] -= own * (weighted_gradient + weighted).sum(axis=2)
    return hessian


def _product(left: FloatArray, right: FloatArray) -> FloatArray:
    return np.asarray(left @ np.swapaxes(right, 1, 2))


def _both_ways(left: FloatArray, right: FloatArray) -> FloatArray:
    product = _product(left, right)
    return product + np.swapaxes(product, 1, 2)
