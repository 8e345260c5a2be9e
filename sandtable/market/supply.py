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
    conduct : float
        Weight of other firms' profits, 0 to 1.
    """

    firms: IntArray
    demand: Demand
    conduct: float = 0.0
    _parts: list[tuple[float, list[_Groups]]] = field(init=False, repr=False)
    _weights: FloatArray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        # full weight on the own firm is weight 1 - conduct on it and conduct on all firms together
        parts = [(1 - self.conduct, self._grouped(self.firms))]
        if self.conduct:
            parts.append((self.conduct, self._grouped(np.zeros_like(self.firms))))
        tastes = self.demand.tastes
        object.__setattr__(self, "_parts", parts)
        object.__setattr__(self, "_weights", tastes.weights * tastes.price_coefficients)

    def _grouped(self, owners: IntArray) -> list[_Groups]:
        nests = self.demand.nests
        groups = [owners]
        if nests is not None:
            width = int(owners.max()) + 1
            groups += [nests.outer * width + owners, nests.inner * width + owners]
        return [_Groups(group) for group in groups]

    def cross_terms(self, choice: Choice, margins: FloatArray) -> FloatArray:
        """Lost margin won back by other products that count, ``(O * Gamma) @ margins``, matrix-free, shape (R, J).

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
        for weight, grouped in self._parts:
            for (factor, shares), groups in zip(within, grouped, strict=True):
                if factor * weight:
                    won = groups.sums(margins, choice.probabilities) * self._weights
                    of_group = np.take(won, groups.codes, axis=1)
                    total += weight * factor * np.vecdot(shares, of_group)
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
    conduct: float = 0.0,
    markup_ratios: FloatArray | float = 1.0,
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
    conduct : float
        Weight of other firms' profits, 0 to 1.
    markup_ratios : ndarray, shape (J,), or float
        Markup of each product over the one of the first-order condition.

    Returns
    -------
    ndarray, shape (R, J)
        In the unit of the prices (equal in all cells when national); NaN for a product offered nowhere.

    Notes
    -----
    ``c = p - ratio * inv(O * -ds/dp) s`` with O 1 within a firm and the conduct between firms, summed over cells with
    the market sizes as weights when national.
    """
    shares = demand.shares(deltas, prices)
    ratios = np.broadcast_to(np.asarray(markup_ratios, dtype=np.float64), firms.shape)
    weights = np.where(firms[:, None] == firms, 1.0, conduct)
    # row j: the first-order condition of product j, so the derivatives of all shares by price j
    slopes = -weights * np.swapaxes(demand.price_jacobian(deltas, prices), 1, 2)
    right = np.einsum("rjl,rl->rj", slopes, prices / ratios) - shares
    if national:
        slopes = np.einsum("r,rjl->jl", market_sizes, slopes)[None]
        right = (market_sizes @ right)[None]
        shares = (market_sizes @ shares)[None]
    sold = shares > 0
    identity = np.eye(len(firms))
    solvable = np.where(sold[:, :, None] & sold[:, None, :], slopes, identity)
    costs = ratios * np.linalg.solve(solvable, np.where(sold, right, 0.0)[:, :, None])[:, :, 0]
    return np.array(np.broadcast_to(np.where(sold, costs, np.nan), prices.shape))


def profit_gradient(
    choice: Choice, ownership: Ownership, margins: FloatArray, kept: FloatArray | float = 1.0
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Derivative of each owner's profit by the price of each product, per consumer, by cell.

    Parameters
    ----------
    choice : Choice
        Choice probabilities at the prices.
    ownership : Ownership
        Who owns what.
    margins : ndarray, shape (R, J)
        What the firm earns on each vehicle: price less marginal cost.
    kept : ndarray, shape (R, J) or (J,), or float
        What it earns more when the price rises by one money unit: 1 without tax.

    Returns
    -------
    gradient, gains, slopes : ndarray, shape (R, J)
        ``kept_j s_j + sum over l of the firm of m_l ds_l/dp_j``, its first part, and `Ownership.own_slopes`.
    """
    gains = kept * np.asarray(choice.probabilities @ ownership.demand.tastes.weights)
    cross = ownership.cross_terms(choice, margins)
    slopes = ownership.own_slopes(choice)
    return gains + cross - slopes * margins, gains, slopes
