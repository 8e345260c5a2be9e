"""Mean utilities at which a random-coefficient model gives the observed shares, and their derivatives.

By the implicit function theorem ``d delta/d theta = -(ds/d delta)^-1 ds/d theta``. A parameter that moves utilities by
``u`` (by product and type) moves choice probabilities like any change of utility. A nesting parameter does too, with
``u`` the logarithm of a conditional probability: of the product within its inner nest for ``sigma_inner``, of the
inner nest within its outer one for ``sigma_outer``.
"""

from __future__ import annotations

import numpy as np

from sandtable.errors import ConvergenceError
from sandtable.estimation.sample import Batch, Sample
from sandtable.market.demand import Demand
from sandtable.market.inversion import invert_shares
from sandtable.market.kernel import Choice
from sandtable.market.primitives import FloatArray, Nests, Tastes

NEWTON_STEPS = 8
TOLERANCE = 1e-12  # of a log share


class MeanUtilities:
    """Inversion and derivatives over all cells of a sample, each started where the last one ended.

    Parameters
    ----------
    sample : Sample
        The observations.
    n_nodes : int
        Gauss-Hermite nodes of the price coefficient.
    """

    def __init__(self, sample: Sample, n_nodes: int) -> None:
        self._sample = sample
        self._n_nodes = n_nodes
        self._nodes = np.polynomial.hermite_e.hermegauss(n_nodes)[0]
        self._batches = [
            (batch, batch.wide(sample.shares, 0.0), filled_prices(batch, sample.prices))
            for batch in sample.batches
        ]
        self._last: list[FloatArray | None] = [None] * len(self._batches)

    def solve(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Mean utilities without price and their derivatives.

        Parameters
        ----------
        theta : ndarray, shape (2 + n_nests,)
            ln alpha, spread of ln alpha, nesting parameters outer first.

        Returns
        -------
        deltas : ndarray, shape (N,)
        derivatives : ndarray, shape (N, 2 + n_nests)

        Raises
        ------
        ConvergenceError
            Reason ``"inversion"``.
        """
        try:
            return self._solved(theta)
        except np.linalg.LinAlgError:
            message = "the derivatives of the shares cannot be inverted; a nesting parameter is too near 1."
            raise ConvergenceError("inversion", message) from None

    def _solved(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        deltas = np.empty(len(self._sample))
        derivatives = np.empty((len(self._sample), len(theta)))
        for place, (batch, shares, prices) in enumerate(self._batches):
            demand = self.demand(batch, theta)
            found = _warm_inversion(demand, shares, prices, self._last[place])
            self._last[place] = found
            batch.long(found, deltas)
            batch.long(self._derivatives(demand, found, prices, len(theta)), derivatives)
        return deltas, derivatives

    def demand(self, batch: Batch, theta: FloatArray) -> Demand:
        """Build the demand of a batch at some parameters."""
        return demand_at(batch, theta, self._n_nodes)

    def derivatives_at(
        self, theta: FloatArray, deltas: FloatArray, prices: FloatArray
    ) -> FloatArray:
        """Derivatives of the mean utilities at shares that the model itself gives, shape (N, 2 + n_nests)."""
        derivatives = np.empty((len(self._sample), len(theta)))
        for batch, _, observed in self._batches:
            wide = np.where(batch.rows >= 0, batch.wide(prices, 0.0), observed)
            demand = self.demand(batch, theta)
            found = self._derivatives(demand, batch.wide(deltas, -np.inf), wide, len(theta))
            batch.long(found, derivatives)
        return derivatives

    def _derivatives(
        self, demand: Demand, deltas: FloatArray, prices: FloatArray, n_parameters: int
    ) -> FloatArray:
        choice = demand.choice(deltas, prices)
        alphas, weights = demand.tastes.price_coefficients, demand.tastes.weights
        lost = -prices[:, :, None] * alphas
        moves = [lost, lost * self._nodes]
        if n_parameters > 2:
            assert choice.within_inner is not None
            assert choice.within_outer is not None
            if n_parameters > 3:
                moves.append(_logarithm(choice.within_outer) - _logarithm(choice.within_inner))
            moves.append(_logarithm(choice.within_inner))
        slopes = [probability_changes(choice, demand.nests, move) @ weights for move in moves]
        offered = np.isfinite(deltas)
        both = offered[:, :, None] & offered[:, None, :]
        jacobian = demand.delta_jacobian(deltas, prices)
        jacobian = np.where(both, jacobian, np.eye(deltas.shape[1]))
        right = np.where(offered[:, :, None], np.stack(slopes, axis=-1), 0.0)
        return np.asarray(-np.linalg.solve(jacobian, right))


def demand_at(batch: Batch, theta: FloatArray, n_nodes: int) -> Demand:
    """Build the demand of a batch at ln alpha, spread, sigmas outer first; one type when there is no spread."""
    tastes = Tastes.lognormal(float(np.exp(theta[0])), float(theta[1]), n_nodes)
    return batch.demand(tastes, tuple(theta[2:].tolist()))


def probability_changes(choice: Choice, nests: Nests | None, move: FloatArray) -> FloatArray:
    """Derivative of choice probabilities when utilities move, by type.

    Parameters
    ----------
    choice : Choice
        Where utilities are now.
    nests : Nests or None
    move : ndarray, shape (R, J, K)
        Direction in which utilities move.

    Returns
    -------
    ndarray, shape (R, J, K)
    """
    probabilities = choice.probabilities
    overall = (probabilities * move).sum(axis=1, keepdims=True)
    if nests is None:
        return np.asarray(probabilities * (move - overall))
    assert choice.within_inner is not None
    assert choice.within_outer is not None
    inner = (np.arange(len(nests.members))[:, None] == nests.inner).astype(np.float64)
    outer = (np.arange(int(nests.outer.max()) + 1)[:, None] == nests.outer).astype(np.float64)
    of_inner = (inner @ (choice.within_inner * move))[:, nests.inner]
    of_outer = (outer @ (choice.within_outer * move))[:, nests.outer]
    change = (move - of_inner) / (1 - nests.sigma_inner)
    change += (of_inner - of_outer) / (1 - nests.sigma_outer) + of_outer - overall
    return np.asarray(probabilities * change)


def _logarithm(probabilities: FloatArray) -> FloatArray:
    return np.asarray(np.log(np.where(probabilities > 0, probabilities, 1.0)))


def filled_prices(batch: Batch, prices: FloatArray) -> FloatArray:
    """Prices by cell and product; a finite one where the product is not sold keeps the arithmetic clean."""
    wide = batch.wide(prices, np.nan)
    return np.asarray(np.where(np.isfinite(wide), wide, np.nanmean(wide, axis=0)))


def _warm_inversion(
    demand: Demand, shares: FloatArray, prices: FloatArray, start: FloatArray | None
) -> FloatArray:
    """Newton's method from the last solution; from scratch where that does not work."""
    if start is None or len(demand.tastes.weights) == 1:
        return invert_shares(demand, shares, prices)
    offered = shares > 0
    both = offered[:, :, None] & offered[:, None, :]
    log_shares = np.log(np.where(offered, shares, 1.0))
    deltas, worst = start, np.inf
    identity = np.eye(shares.shape[1])
    for _ in range(NEWTON_STEPS):
        predicted = np.where(offered, demand.shares(deltas, prices), 1.0)
        if not (np.isfinite(predicted).all() and (predicted > 0).all()):
            break
        gap = log_shares - np.log(predicted)
        now = np.abs(gap).max()
        if now <= TOLERANCE:
            return deltas
        if not now < worst:
            break
        worst = now
        jacobian = demand.delta_jacobian(deltas, prices) / predicted[:, :, None]
        step = np.linalg.solve(np.where(both, jacobian, identity), gap[:, :, None])[:, :, 0]
        deltas = deltas + np.where(offered, step, 0.0)
    return invert_shares(demand, shares, prices)
