"""Supply: who owns what, what margins the first-order conditions imply, and the costs behind them.

Firms set the prices of their products to maximise profit (multi-product Bertrand). With national pricing a
product has one price for all cells (each cell may add its own fixed offset); with regional pricing each cell has
its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from sandtable.market.demand import Demand, nest_factors
from sandtable.market.kernel import Choice
from sandtable.market.primitives import FloatArray, IntArray


@dataclass(frozen=True)
class Ownership:
    """The firm of each product, with the sums over products of one firm (and nest) that pricing needs.

    Parameters
    ----------
    firms : ndarray of int, shape (J,)
        Owner of each product.
    demand : Demand
        Its nests divide the products of a firm further.
    """

    firms: IntArray
    demand: Demand
    _groups: list[_Groups] = field(init=False, repr=False)
    _weights: FloatArray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        nests = self.demand.nests
        groups = [self.firms]
        if nests is not None:
            width = int(self.firms.max()) + 1
            groups += [nests.outer * width + self.firms, nests.inner * width + self.firms]
        tastes = self.demand.tastes
        object.__setattr__(self, "_groups", [_Groups(group) for group in groups])
        object.__setattr__(self, "_weights", tastes.weights * tastes.price_coefficients)

    def cross_terms(self, choice: Choice, margins: FloatArray) -> FloatArray:
        """Lost margin won back by the firm's other products, ``(O * Gamma) @ margins``, matrix-free, shape (R, J).

        Notes
        -----
        Without nests ``sum_k w_k alpha_k s_jk M_fk`` with ``M_fk`` the sum of ``s_lk m_l`` over products ``l`` of
        firm f (Morrow and Skerlos 2011); nests add the same sums within the firm's part of each nest.
        """
        _, outer, inner = nest_factors(self.demand.nests)
        within = [(1.0, choice.probabilities)]
        if choice.within_outer is not None and choice.within_inner is not None:
            within += [(outer, choice.within_outer), (inner, choice.within_inner)]
        total = np.zeros_like(margins)
        for (factor, shares), groups in zip(within, self._groups, strict=True):
            if factor:
                won = groups.sums(margins, choice.probabilities) * self._weights
                total += factor * np.vecdot(shares, np.take(won, groups.codes, axis=1))
        return total

    def own_slopes(self, choice: Choice) -> FloatArray:
        """The diagonal ``Lambda``: utility slope times own-probability, summed over types, shape (R, J)."""
        own, _, _ = nest_factors(self.demand.nests)
        return np.asarray(own * (choice.probabilities @ self._weights))


class _Groups:
    """Products in groups, and weighted sums over each group."""

    def __init__(self, groups: IntArray) -> None:
        names, self.codes = np.unique(groups, return_inverse=True)
        self.order = np.argsort(self.codes, kind="stable")
        self.ends = np.cumsum(np.bincount(self.codes, minlength=len(names)))

    def sums(self, weights: FloatArray, values: FloatArray) -> FloatArray:
        """Sum of ``weights[r, j] * values[r, j]`` over the products of each group, shape (R, G, K)."""
        from scipy.sparse import csr_array  # slow to import, needed only where prices answer

        n_cells, n_products, n_types = values.shape
        n_groups = len(self.ends)
        # one sparse matrix for all cells: a third of the time of a dense one
        cells = np.arange(n_cells)[:, None]
        columns = (self.order + n_products * cells).ravel()
        ends = (self.ends + n_products * cells).ravel()
        matrix = csr_array(
            (weights[:, self.order].ravel(), columns, np.concatenate([[0], ends])),
            shape=(n_cells * n_groups, n_cells * n_products),
        )
        sums = matrix @ values.reshape(-1, n_types)
        return np.asarray(sums.reshape(n_cells, n_groups, n_types))


def marginal_costs(
    demand: Demand,
    deltas: FloatArray,
    prices: FloatArray,
    *,
    firms: IntArray,
    market_sizes: FloatArray,
    national: bool,
) -> FloatArray:
    """Marginal costs at which the given prices satisfy the first-order conditions of every firm.

    Parameters
    ----------
    demand : Demand
        Consumer types and nests.
    deltas, prices : ndarray, shape (R, J)
        Mean utilities without price (``-inf``: not offered) and what the customer pays.
    firms : ndarray of int, shape (J,)
        Owner of each product.
    market_sizes : ndarray, shape (R,)
        Weight of each cell where pricing is national.
    national : bool
        One cost and one first-order condition a product over all cells, or one in each cell.

    Returns
    -------
    ndarray, shape (R, J)
        In the unit of the prices (equal in all cells when national); NaN for a product offered nowhere.

    Notes
    -----
    ``c = p - inv(O * -ds/dp) s``, summed over cells with the market sizes as weights when national.
    """
    shares = demand.shares(deltas, prices)
    same_firm = firms[:, None] == firms
    # row j: the first-order condition of product j, so the derivatives of all shares by price j
    slopes = np.where(same_firm, -np.swapaxes(demand.price_jacobian(deltas, prices), 1, 2), 0.0)
    right = np.einsum("rjl,rl->rj", slopes, prices) - shares
    if national:
        slopes = np.einsum("r,rjl->jl", market_sizes, slopes)[None]
        right = (market_sizes @ right)[None]
        shares = (market_sizes @ shares)[None]
    sold = shares > 0
    identity = np.eye(len(firms))
    solvable = np.where(sold[:, :, None] & sold[:, None, :], slopes, identity)
    costs = np.linalg.solve(solvable, np.where(sold, right, 0.0)[:, :, None])[:, :, 0]
    return np.array(np.broadcast_to(np.where(sold, costs, np.nan), prices.shape))


def profit_gradient(
    choice: Choice, ownership: Ownership, margins: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Derivative of each owner's profit by the price of each product, per consumer, by cell.

    Parameters
    ----------
    choice : Choice
        Choice probabilities at the prices.
    ownership : Ownership
        Who owns what.
    margins : ndarray, shape (R, J)
        Price less marginal cost.

    Returns
    -------
    gradient, shares, slopes : ndarray, shape (R, J)
        ``s_j + sum over l of the firm of m_l ds_l/dp_j``, the shares, and `Ownership.own_slopes`.
    """
    shares = np.asarray(choice.probabilities @ ownership.demand.tastes.weights)
    cross = ownership.cross_terms(choice, margins)
    slopes = ownership.own_slopes(choice)
    return shares + cross - slopes * margins, shares, slopes
