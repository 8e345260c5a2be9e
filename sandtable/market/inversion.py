"""Berry inversion: the mean utilities at which the model gives the observed shares, exactly."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sandtable.errors import ConvergenceError
from sandtable.market.demand import Demand, common_prices
from sandtable.market.primitives import FloatArray, Nests
from sandtable.market.squarem import squarem_step

GapFunction = Callable[[FloatArray], FloatArray]

NEWTON_STARTS_AT = 1e-4  # largest error of a log share from which Newton's steps are safe
QUICK = 60  # evaluations of the contraction that cost less than one step of Newton's


def logit_inversion(shares: FloatArray, nests: Nests | None = None) -> FloatArray:
    """Mean utilities, price included, of a (nested) logit with one consumer type: closed form.

    Parameters
    ----------
    shares : ndarray, shape (R, J)
        Shares of the whole market; 0 marks a product that is not offered.
    nests : Nests, optional
        Two-level nesting.

    Returns
    -------
    ndarray, shape (R, J)
        ``-inf`` where the share is 0.

    Notes
    -----
    ``ln s_j - ln s_0 - sigma_inner ln s_(j|h) - sigma_outer ln s_(h|g)``: Berry (1994), Verboven (1996).
    """
    with np.errstate(divide="ignore"):
        log_shares = np.log(shares)
        deltas = log_shares - np.log1p(-shares.sum(axis=1, keepdims=True))
        if nests is None:
            return np.asarray(deltas)
        inner_sums = shares @ (nests.inner[:, None] == np.arange(len(nests.members)))
        outer_sums = shares @ (nests.outer[:, None] == np.arange(nests.outer.max() + 1))
        log_inner = np.log(inner_sums)[:, nests.inner]
        log_outer = np.log(outer_sums)[:, nests.outer]
    offered = shares > 0
    correction = np.zeros_like(shares)
    correction[offered] = (
        nests.sigma_inner * (log_shares - np.where(offered, log_inner, 0.0))[offered]
        + nests.sigma_outer * (log_inner - np.where(offered, log_outer, 0.0))[offered]
    )
    return np.asarray(np.where(offered, deltas - correction, -np.inf))


def invert_shares(
    demand: Demand,
    shares: FloatArray,
    prices: FloatArray,
    *,
    tolerance: float = 1e-13,
    maximum_iterations: int = 2_000,
) -> FloatArray:
    """Mean utilities without price at which demand gives the observed shares.

    Parameters
    ----------
    demand : Demand
        Consumer types and nests.
    shares : ndarray, shape (R, J)
        Observed shares of the whole market, each in [0, 1), rows summing to less than one; 0 marks
        a product that is not offered.
    prices : ndarray, shape (R, J)
        What the customer pays.
    tolerance : float
        Largest error of a log share.
    maximum_iterations : int
        Evaluations of the shares before giving up.

    Returns
    -------
    ndarray, shape (R, J)
        ``-inf`` where the share is 0.

    Raises
    ------
    ValueError
        If a share is out of range; the message names its cell and product.
    ConvergenceError
        Reason ``"inversion"`` if the tolerance is not reached.

    Notes
    -----
    One consumer type: closed form. Several: the contraction of Berry, Levinsohn and Pakes (1995), damped by
    ``1 - sigma_inner`` (Grigolon and Verboven 2014), accelerated by SQUAREM, finished by Newton's method.
    """
    _check_shares(shares)
    tastes = demand.tastes
    start = logit_inversion(shares, demand.nests)
    if len(tastes.weights) == 1:
        deviations = 0.0 if tastes.deviations is None else tastes.deviations[:, 0]
        return np.asarray(start + tastes.price_coefficients[0] * prices - deviations)
    offered = shares > 0
    log_shares = np.log(np.where(offered, shares, 1.0))
    kernel = demand.kernel(common_prices(prices))
    damping = 1.0 if demand.nests is None else 1 - demand.nests.sigma_inner

    def gaps(deltas: FloatArray) -> FloatArray:
        predicted = np.where(offered, kernel.shares(deltas), 1.0)
        with np.errstate(divide="ignore"):
            return np.asarray(log_shares - np.log(predicted))

    deltas = start + tastes.weights @ tastes.price_coefficients * prices
    if tastes.deviations is not None:
        deltas -= tastes.deviations @ tastes.weights
    deltas, gap = _contract(gaps, deltas, damping, tolerance, maximum_iterations)
    return _newton(demand, gaps, deltas, gap, prices, tolerance)


def _check_shares(shares: FloatArray) -> None:
    wrong = np.argwhere(~((shares >= 0) & (shares < 1)))
    if wrong.size:
        cell, product = wrong[0]
        raise ValueError(
            f"shares[{cell}, {product}] is {shares[cell, product]}; it must lie in [0, 1)."
        )
    full = np.flatnonzero(shares.sum(axis=1) >= 1)
    if full.size:
        raise ValueError(
            f"the shares of cell {full[0]} sum to {shares[full[0]].sum()}; "
            "they must sum to less than 1, so that the outside good has a share."
        )


def _contract(
    gaps: GapFunction, deltas: FloatArray, damping: float, tolerance: float, maximum: int
) -> tuple[FloatArray, FloatArray]:
    """Mean utilities close enough for Newton's method, with the errors of their log shares."""
    gap = gaps(deltas)
    used = 1
    while True:
        worst = np.abs(gap).max(initial=0.0)
        if worst <= tolerance or (worst <= NEWTON_STARTS_AT and used >= QUICK):
            return deltas, gap
        if not (used < maximum and np.isfinite(worst)):
            break
        first = deltas + damping * gap
        first_gap = gaps(first)
        candidate = deltas + squarem_step(damping * gap, damping * first_gap)
        candidate_gap = gaps(candidate)
        used += 2
        better = np.abs(candidate_gap).max() < np.abs(first_gap).max()
        deltas, gap = (candidate, candidate_gap) if better else (first, first_gap)
    raise ConvergenceError(
        "inversion",
        f"the observed shares were not reproduced within {maximum} evaluations (largest error of a "
        f"log share {worst:.1e}); check for shares near 0 or a very wide spread of tastes.",
    )


def _newton(
    demand: Demand,
    gaps: GapFunction,
    best: FloatArray,
    best_gap: FloatArray,
    prices: FloatArray,
    tolerance: float,
) -> FloatArray:
    worst = np.abs(best_gap).max(initial=0.0)
    for _ in range(12):
        if worst <= tolerance:
            break
        offered = np.isfinite(best)
        both = offered[:, :, None] & offered[:, None, :]
        shares = np.where(offered, demand.shares(best, prices), 1.0)
        jacobian = demand.delta_jacobian(best, prices) / shares[:, :, None]
        jacobian = np.where(both, jacobian, np.eye(best.shape[1]))
        step = np.linalg.solve(jacobian, best_gap[:, :, None])[:, :, 0]
        gap = gaps(best + step)
        if not np.abs(gap).max() < worst:
            break
        best, best_gap, worst = best + step, gap, np.abs(gap).max()
    # rounding of the shares themselves sets a floor a little above the tolerance in large markets
    if not worst <= max(tolerance, 1e-12):
        raise ConvergenceError(
            "inversion",
            f"the observed shares were reproduced only to {worst:.1e} in logarithms; "
            "check for shares near 0 or a very wide spread of tastes.",
        )
    return best
