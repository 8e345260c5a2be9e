"""Second derivatives of a firm's profit by its own prices: is a stationary point a maximum?"""

from __future__ import annotations

import numpy as np

from sandtable.market.demand import Demand, nest_factors
from sandtable.market.kernel import Choice
from sandtable.market.primitives import FloatArray, IntArray


def profit_hessian(
    choice: Choice, demand: Demand, margins: FloatArray, members: IntArray
) -> FloatArray:
    """Second derivatives of the profit of one firm by the prices of its products, by cell.

    Parameters
    ----------
    choice : Choice
        Choice probabilities at the prices.
    demand : Demand
        The demand that gave them.
    margins : ndarray, shape (R, J)
        Price less marginal cost of every product.
    members : ndarray of int, shape (n,)
        Products of the firm.

    Returns
    -------
    ndarray, shape (R, n, n)
        Symmetric; negative definite at a maximum. Per consumer of the cell.

    Notes
    -----
    Derivative of `supply.profit_gradient` with ``dlnP_l/dp_i = -alpha A_li`` and
    ``A_li = own*(l == i) - P_i - outer*Q_i*(same outer nest) - inner*R_i*(same inner nest)``, where Q and R are the
    probabilities within the nests.
    """
    own, outer, inner = nest_factors(demand.nests)
    alphas, weights = demand.tastes.price_coefficients, demand.tastes.weights
    chosen = choice.probabilities[:, members]
    margin = margins[:, members, None]
    identity = np.eye(len(members))[:, :, None]
    by_price = -chosen[:, None]
    nests = []
    if demand.nests is not None and choice.within_outer is not None:
        assert choice.within_inner is not None
        for factor, within, codes in (
            (outer, choice.within_outer, demand.nests.outer),
            (inner, choice.within_inner, demand.nests.inner),
        ):
            same = (codes[members, None] == codes[members])[:, :, None]
            nests.append((factor, within[:, members], same.astype(np.float64)))
            by_price = by_price - factor * same * within[:, None, members]
    slopes = own * identity + by_price  # A, (R, n, n, K)
    sold = chosen * margin
    reach = np.einsum("rlk,rlik->rik", sold, slopes)
    total = sold.sum(axis=1)
    base = 1 - alphas * (own * margin - total[:, None])
    hessian = -slopes * (chosen * base)[:, :, None]
    hessian -= own * identity * chosen[:, :, None]
    hessian += chosen[:, :, None] * (chosen - alphas * reach)[:, None]
    nest_slope = -chosen[:, None]  # d ln P_nest / dp_i over -alpha, from the outer nest inwards
    for level, (factor, within, same) in enumerate(nests):
        own_weight = 1.0 if level == 0 else own - inner
        probability_slope = nest_slope + own_weight * same * within[:, None]
        won = np.einsum("jlk,rlk->rjk", same, sold)
        won_slope = same * chosen[:, None] - alphas * np.einsum(
            "jlk,rlk,rlik->rjik", same, sold, slopes
        )
        change = -alphas * (slopes - probability_slope) * won[:, :, None] + won_slope
        hessian += factor * within[:, :, None] * change
        nest_slope = nest_slope - factor * same * within[:, None]
    return np.asarray(hessian @ (weights * alphas))
