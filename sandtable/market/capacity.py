"""Capacity: what a market buys when some products cannot be had in the number wanted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sandtable.errors import ConvergenceError
from sandtable.market.demand import Demand
from sandtable.market.primitives import BoolArray, FloatArray

TOLERANCE = 1e-12
NEWTON_STEPS = 50
PLAIN_STEPS = 20_000


@dataclass(frozen=True)
class Rationed:
    """A market under limits.

    Attributes
    ----------
    deltas : ndarray, shape (R, J)
        Mean utilities less the shadow ones; the same array when nothing binds.
    shadows : ndarray, shape (J,)
        Utility that a product would have to lose for its demand to fit, 0 or more; infinite where the limit is 0.
    units : ndarray, shape (R, J)
        What is bought.
    """

    deltas: FloatArray
    shadows: FloatArray
    units: FloatArray

    @property
    def binding(self) -> BoolArray:
        """Which limits bind, shape (J,)."""
        return np.asarray(self.shadows > 0)


def ration(
    demand: Demand,
    deltas: FloatArray,
    prices: FloatArray,
    market_sizes: FloatArray,
    limits: FloatArray,
) -> Rationed:
    """Hold demand within limits: who does not get a product takes the next best, by the model's own substitution.

    Parameters
    ----------
    demand : Demand
        Consumer types and nests.
    deltas, prices : ndarray, shape (R, J)
        Mean utilities without price, and what the customer pays.
    market_sizes : ndarray, shape (R,)
        Consumers in each cell.
    limits : ndarray, shape (J,)
        Units of all cells together, 0 or more; infinite where nothing limits.

    Returns
    -------
    Rationed

    Raises
    ------
    ValueError
        If a limit is negative or missing.
    ConvergenceError
        Reason ``"capacity"`` if no shadow utilities were found.

    Notes
    -----
    ``0 <= shadow_j, units_j(delta - shadow) <= limit_j``, one of the two with equality: the multiplier of a limit
    in the convex problem whose gradient is demand, so that the solution is unique. Newton's method on the limits
    that bind, after the fixed point ``shadow_j + (1 - sigma) ln(units_j / limit_j)``, at least 0, which contracts as
    Berry's does.
    """
    if not (limits >= 0).all():
        raise ValueError("a limit must be 0 or more.")
    closed = limits == 0
    if closed.any():
        deltas = np.where(closed, -np.inf, deltas)
    problem = _Limits(demand, deltas, prices, market_sizes, limits)
    shadows = np.zeros(len(limits))
    excess = problem.excess(shadows)
    if (excess > 0).any():
        shadows = problem.solve(shadows)
        deltas = deltas - shadows
    units = demand.shares(deltas, prices) * market_sizes[:, None]
    return Rationed(deltas, np.where(closed, np.inf, shadows), units)


@dataclass(frozen=True)
class _Limits:
    demand: Demand
    deltas: FloatArray
    prices: FloatArray
    market_sizes: FloatArray
    limits: FloatArray

    def excess(self, shadows: FloatArray) -> FloatArray:
        """Logarithm of units over limit, (J,); minus infinity where nothing limits or nothing is sold."""
        shares = self.demand.shares(self.deltas - shadows, self.prices)
        units = self.market_sizes @ shares
        limited = np.isfinite(self.limits) & (units > 0)
        ratio = np.divide(units, self.limits, where=limited, out=np.zeros_like(units))
        return np.log(ratio, where=limited, out=np.full_like(units, -np.inf))

    def miss(self, shadows: FloatArray, excess: FloatArray) -> float:
        """How far the conditions are from being met."""
        return float(np.abs(np.minimum(shadows, -excess)).max())

    def solve(self, shadows: FloatArray) -> FloatArray:
        nests = self.demand.nests
        damping = 1 - nests.sigma_inner if nests else 1.0
        excess = self.excess(shadows)
        for step in range(PLAIN_STEPS):
            if self.miss(shadows, excess) <= TOLERANCE:
                return shadows
            plain = np.maximum(0.0, shadows + damping * excess)
            shadows = self._newton(shadows) if step % 20 == 10 else plain
            excess = self.excess(shadows)
        raise ConvergenceError(
            "capacity", "no split of demand fits the capacities; make them larger or fewer."
        )

    def _newton(self, shadows: FloatArray) -> FloatArray:
        """Newton's method on the limits that bind; what it starts from when it leads nowhere better."""
        best = self.miss(shadows, self.excess(shadows))
        point = shadows
        for _ in range(NEWTON_STEPS):
            excess = self.excess(point)
            active = np.flatnonzero(point + excess > 0)
            if not active.size:
                break
            jacobian = self.demand.delta_jacobian(self.deltas - point, self.prices)
            slopes = np.einsum("r,rjl->jl", self.market_sizes, jacobian)[np.ix_(active, active)]
            units = self.limits[active] * np.exp(excess[active])
            change = np.linalg.solve(slopes / units[:, None], excess[active])
            trial = np.zeros_like(point)
            trial[active] = np.maximum(0.0, point[active] + change)
            miss = self.miss(trial, self.excess(trial))
            if not miss < best:
                break
            point, best = trial, miss
            if miss <= TOLERANCE:
                break
        return point
