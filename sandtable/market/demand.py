"""Demand: how mean utilities and prices become shares, and how shares answer prices.

Consumer type k in cell r gets ``V_jrk = delta_jr + deviation_jk - alpha_k * p_jr`` from product j and 0 from the
outside good. Plain logit, one- and two-level nested logit, a random price coefficient and any
random-coefficients model on given consumer types are special cases.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sandtable.market.kernel import Choice, ShareKernel, choice_probabilities
from sandtable.market.primitives import FloatArray, IntArray, Nests, Tastes


@dataclass(frozen=True)
class Demand:
    """Consumer types and nests.

    Parameters
    ----------
    tastes : Tastes
        Consumer types with their price coefficients and weights.
    nests : Nests, optional
        Two-level nesting; none is a (mixed) logit.
    """

    tastes: Tastes
    nests: Nests | None = None

    @classmethod
    def lognormal(
        cls,
        price_coefficient: float,
        spread: float,
        n_nodes: int,
        *,
        nests: Sequence[IntArray] = (),
        sigmas: Sequence[float] = (),
    ) -> Demand:
        """Demand with a lognormal price coefficient and up to two levels of nests.

        Parameters
        ----------
        price_coefficient, spread : float
            Of the median customer, above 0; standard deviation of its logarithm, 0 without.
        n_nodes : int
            Quadrature nodes over customers.
        nests : sequence of ndarray of int, shape (J,)
            Nest of each product at each level, outer first.
        sigmas : sequence of float
            Nesting parameter of each level.

        Raises
        ------
        ValueError
            If a value is out of range or the parameters are out of order.
        """
        tastes = Tastes.lognormal(price_coefficient, spread, n_nodes)
        if len(nests) == 0:
            return cls(tastes)
        # one level is two equal ones
        return cls(tastes, Nests(nests[0], nests[-1], sigmas[0], sigmas[-1]))

    def utilities(
        self, deltas: FloatArray, prices: FloatArray, *, out: FloatArray | None = None
    ) -> FloatArray:
        """Utility of each product to each type, shape (R, J, K); written to ``out`` when given."""
        alphas = self.tastes.price_coefficients
        offered = np.isfinite(deltas)
        means = deltas if offered.all() else np.where(offered, deltas, 0.0)
        # delta - alpha * price as one matrix product: half the time of two broadcasts
        left, right = np.stack([prices, means], axis=-1), np.stack([-alphas, np.ones_like(alphas)])
        values = np.matmul(left, right, out=out)
        if self.tastes.deviations is not None:
            values += self.tastes.deviations
        if means is not deltas:
            values[~offered] = -np.inf
        return values

    def choice(self, deltas: FloatArray, prices: FloatArray) -> Choice:
        """Choice probabilities by type at given mean utilities and prices, both (R, J)."""
        return choice_probabilities(
            self.utilities(deltas, prices), self.nests, overwrite_utilities=True
        )

    def kernel(self, prices: FloatArray) -> ShareKernel:
        """Prepare shares at fixed prices, to be evaluated at many mean utilities.

        Parameters
        ----------
        prices : ndarray, shape (R, J) or (J,)
            One dimension when all cells see the same prices: the fast case.
        """
        tastes = np.multiply(prices[..., None], -self.tastes.price_coefficients)
        if self.tastes.deviations is not None:
            tastes += self.tastes.deviations
        return ShareKernel(tastes, self.tastes.weights, self.nests, overwrite_tastes=True)

    def shares(self, deltas: FloatArray, prices: FloatArray) -> FloatArray:
        """Shares of the whole market, outside good included.

        Parameters
        ----------
        deltas : ndarray, shape (R, J)
            Mean utility without price; ``-inf`` marks a product that is not offered in that cell.
        prices : ndarray, shape (R, J) or (J,)
            What the customer pays, in the money unit of the price coefficient.

        Returns
        -------
        ndarray, shape (R, J)
            Each in [0, 1); rows sum to less than one.
        """
        if len(self.tastes.weights) == 1:
            # one type: price is part of the mean utility, and all cells share the (empty) tastes
            deviations = self.tastes.deviations
            if deviations is None:
                deviations = np.zeros((deltas.shape[1], 1))
            kernel = ShareKernel(deviations, self.tastes.weights, self.nests)
            return kernel.shares(deltas - self.tastes.price_coefficients[0] * prices)
        return self.kernel(common_prices(prices)).shares(deltas)

    def price_jacobian(self, deltas: FloatArray, prices: FloatArray) -> FloatArray:
        """Derivative of each share (second axis) by each price (third axis), shape (R, J, J)."""
        choice = self.choice(deltas, prices)
        return -_share_jacobian(
            choice, self.nests, self.tastes.weights * self.tastes.price_coefficients
        )

    def delta_jacobian(self, deltas: FloatArray, prices: FloatArray) -> FloatArray:
        """Derivative of each share (second axis) by each mean utility (third axis), shape (R, J, J)."""
        return _share_jacobian(self.choice(deltas, prices), self.nests, self.tastes.weights)


def common_prices(prices: FloatArray) -> FloatArray:
    """Prices with one row where all cells see the same, shape (J,): the fast case of `Demand.kernel`."""
    if prices.ndim == 2 and len(prices) and (prices == prices[0]).all():
        return np.asarray(prices[0])
    return prices


def nest_factors(nests: Nests | None) -> tuple[float, float, float]:
    """Weights of own share, outer and inner nest in the derivative of a nested logit share.

    Returns
    -------
    own, outer, inner : float
        ``ds_j/dV_l = own*s_j*(j == l) - inner*s_(j|h)*s_l - outer*s_(j|g)*s_l - s_j*s_l``; ``inner`` only within
        the inner nest, ``outer`` only within the outer nest (Verboven 1996).
    """
    if nests is None:
        return 1.0, 0.0, 0.0
    own = 1 / (1 - nests.sigma_inner)
    return own, nests.sigma_outer / (1 - nests.sigma_outer), own - 1 / (1 - nests.sigma_outer)


def _share_jacobian(choice: Choice, nests: Nests | None, weights: FloatArray) -> FloatArray:
    own, outer, inner = nest_factors(nests)
    probabilities = choice.probabilities
    transposed = np.swapaxes(probabilities * weights, 1, 2)
    jacobian = -(probabilities @ transposed)
    if nests is not None and choice.within_outer is not None and choice.within_inner is not None:
        same_outer = nests.outer[:, None] == nests.outer
        same_inner = nests.inner[:, None] == nests.inner
        jacobian -= np.where(same_outer, outer * (choice.within_outer @ transposed), 0.0)
        jacobian -= np.where(same_inner, inner * (choice.within_inner @ transposed), 0.0)
    diagonal = np.arange(probabilities.shape[1])
    jacobian[:, diagonal, diagonal] += own * (probabilities @ weights)
    return jacobian
