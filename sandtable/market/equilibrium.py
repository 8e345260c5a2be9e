"""Price equilibrium: the prices at which no responding firm gains from another price.

Fixed point ``m = inv(Lambda) ((O * Gamma) m + s)`` (the zeta-markup of Morrow and Skerlos 2011), accelerated by
SQUAREM, without ever building a J x J matrix; where that stalls, the same without acceleration, then Newton's method
from the best point. It ends with the first-order residual and a second-order check, or with a typed reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from sandtable.errors import ConvergenceError
from sandtable.market.curvature import profit_hessian
from sandtable.market.demand import Demand
from sandtable.market.kernel import choice_probabilities
from sandtable.market.primitives import BoolArray, FloatArray, IntArray
from sandtable.market.squarem import squarem_step
from sandtable.market.supply import Ownership, profit_gradient

Reason = Literal["iteration_limit", "not_finite", "not_a_maximum"]
SENTENCES: dict[Reason, str] = {
    "iteration_limit": "the rivals' prices did not settle within the iteration limit",
    "not_finite": "the rivals' prices ran away to values that are not finite",
    "not_a_maximum": "the prices found are not a profit maximum for every firm that answers",
}


@dataclass(frozen=True)
class PricingGame:
    """Who sets which prices against whom.

    Parameters
    ----------
    demand : Demand
        Consumer types and nests.
    deltas : ndarray, shape (R, J)
        Mean utilities without price; ``-inf`` marks a product that is not offered.
    market_sizes : ndarray, shape (R,)
        Consumers in each cell.
    costs : ndarray, shape (R, J)
        Marginal costs.
    firms : ndarray of int, shape (J,)
        Owner of each product.
    responding : ndarray of bool, shape (J,)
        Products whose prices are chosen; the others stay where they start.
    national : bool
        One price move for all cells, or one in each cell.
    """

    demand: Demand
    deltas: FloatArray
    market_sizes: FloatArray
    costs: FloatArray
    firms: IntArray
    responding: BoolArray
    national: bool


@dataclass(frozen=True)
class Equilibrium:
    """What the solver found.

    Attributes
    ----------
    prices : ndarray, shape (R, J)
        Prices of all products, those that were held included.
    residual : float
        Largest first-order residual: derivative of profit by price over units, dimensionless.
    iterations : int
        Evaluations of the fixed point.
    reason : str or None
        None when it converged to a maximum; otherwise why not.
    """

    prices: FloatArray
    residual: float
    iterations: int
    reason: Reason | None

    @property
    def converged(self) -> bool:
        """Whether the prices may be shown."""
        return self.reason is None

    def require(self) -> FloatArray:
        """Return the prices, or raise `ConvergenceError` with the reason."""
        if self.reason is not None:
            raise ConvergenceError(
                self.reason,
                f"{SENTENCES[self.reason]} (first-order residual {self.residual:.1e} after "
                f"{self.iterations} evaluations); hold some rivals or make the change smaller.",
            )
        return self.prices


# prices that run away are found out by their values at the end
@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def equilibrium(
    game: PricingGame,
    start: FloatArray,
    *,
    tolerance: float = 1e-10,
    maximum_iterations: int = 1_000,
    check_maximum: bool = True,
) -> Equilibrium:
    """Find Bertrand-Nash prices among the products that respond.

    Parameters
    ----------
    game : PricingGame
        The game.
    start : ndarray, shape (R, J)
        Prices to start from; held products keep them. With national pricing the differences between
        cells in the start are kept as offsets.
    tolerance : float
        First-order residual at which to stop.
    maximum_iterations : int
        Evaluations before another method is tried.
    check_maximum : bool
        Whether to check the second-order condition of each firm at the end.

    Returns
    -------
    Equilibrium
    """
    # cells in which a product is not offered say nothing about its price
    if not game.responding.any():
        return Equilibrium(start, 0.0, 0, None)
    if not np.isfinite(start).all():
        return Equilibrium(start, np.nan, 0, "not_finite")
    problem = _Problem(game, start)
    point, residual, used = _iterate(problem, problem.first, tolerance, maximum_iterations)
    # leaps may end far from any solution where plain steps from the start arrive
    for attempt in (_plain_steps, _polish):
        if residual <= tolerance:
            break
        other, other_residual, more = attempt(problem, point, tolerance, maximum_iterations)
        used += more
        if other_residual < residual or not np.isfinite(residual):
            point, residual = other, other_residual
    prices = problem.prices(point)
    reason: Reason | None = None
    if not (np.isfinite(residual) and np.isfinite(prices).all()):
        reason = "not_finite"
    elif residual > tolerance:
        reason = "iteration_limit"
    elif check_maximum and not _is_maximum(problem, point):
        reason = "not_a_maximum"
    return Equilibrium(prices, float(residual), used, reason)


class _Problem:
    """The game as a fixed point in the moves of the responding products, (G, J): G cells or one nation."""

    def __init__(self, game: PricingGame, start: FloatArray) -> None:
        self.game = game
        self.ownership = Ownership(game.firms, game.demand)
        self.start = start
        self.costs = np.where(np.isfinite(game.costs), game.costs, 0.0)
        offered = np.isfinite(game.deltas)
        self.free = game.responding & (
            offered.any(axis=0, keepdims=True) if game.national else offered
        )
        self.scale = np.maximum(np.abs(start).max(), 1e-300)
        self.first = np.zeros(self.free.shape)
        # fresh memory for every evaluation would cost as much as the arithmetic
        self._buffer = np.empty((*start.shape, len(game.demand.tastes.weights)))

    def prices(self, moves: FloatArray) -> FloatArray:
        return np.asarray(self.start + np.where(self.free, moves, 0.0))

    def gradient(self, moves: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Profit gradient, shares and slopes, summed over cells when pricing is national, (G, J) each."""
        game = self.game
        prices = self.prices(moves)
        utilities = game.demand.utilities(game.deltas, prices, out=self._buffer)
        choice = choice_probabilities(utilities, game.demand.nests, overwrite_utilities=True)
        gradient, shares, slopes = profit_gradient(choice, self.ownership, prices - self.costs)
        if game.national:
            sizes = game.market_sizes
            return (sizes @ gradient)[None], (sizes @ shares)[None], (sizes @ slopes)[None]
        return gradient, shares, slopes

    def improve(self, moves: FloatArray) -> tuple[FloatArray, float]:
        """One step of the fixed point (its change), and the residual at ``moves``."""
        gradient, shares, slopes = self.gradient(moves)
        step = np.where(self.free, gradient / slopes, 0.0)
        relative = np.where(self.free, np.abs(gradient) / shares, 0.0)
        return step, float(relative.max(initial=0.0))


def _iterate(
    problem: _Problem, moves: FloatArray, tolerance: float, maximum: int
) -> tuple[FloatArray, float, int]:
    step, residual = problem.improve(moves)
    used = 1
    while used < maximum and residual > tolerance and np.isfinite(residual):
        first = moves + step
        first_step, first_residual = problem.improve(first)
        used += 1
        if first_residual <= tolerance:
            return first, first_residual, used
        leap = moves + squarem_step(_flat(step), _flat(first_step)).reshape(moves.shape)
        leap_step, leap_residual = problem.improve(leap)
        used += 1
        # a leap may overshoot far from the solution; then the two plain steps stand
        if np.isfinite(leap_residual) and leap_residual <= max(2 * first_residual, 1e-3):
            moves, step, residual = leap, leap_step, leap_residual
        else:
            moves = first + first_step
            step, residual = problem.improve(moves)
            used += 1
    return moves, residual, used


def _plain_steps(
    problem: _Problem, _: FloatArray, tolerance: float, maximum: int
) -> tuple[FloatArray, float, int]:
    """The fixed point from the start without leaps: slower, and seldom lost."""
    moves, used = problem.first, 0
    while True:
        step, residual = problem.improve(moves)
        used += 1
        if residual <= tolerance or used >= maximum or not np.isfinite(residual):
            return moves, residual, used
        moves = moves + step


def _flat(step: FloatArray) -> FloatArray:
    return step.reshape(1, -1)


def _polish(
    problem: _Problem, moves: FloatArray, tolerance: float, _: int
) -> tuple[FloatArray, float, int]:
    """Newton's method (scipy's hybrid) on the fixed point, for the games where it only creeps."""
    from scipy.optimize import root  # slow to import, seldom needed

    if not np.isfinite(moves).all():
        moves = problem.first
    free, scale = problem.free, problem.scale
    calls = 0

    def step(values: FloatArray) -> FloatArray:
        nonlocal calls
        calls += 1
        trial = np.array(moves)
        trial[free] = values * scale
        change = problem.improve(trial)[0][free] / scale
        return np.asarray(np.where(np.isfinite(change), change, 1e6))

    solution = root(step, moves[free] / scale, method="hybr", options={"xtol": 1e-14})
    found = np.array(moves)
    found[free] = solution.x * scale
    settled, residual, more = _iterate(problem, found, tolerance, 50)
    return settled, residual, calls + more


def _is_maximum(problem: _Problem, moves: FloatArray) -> bool:
    """Whether the profit of each responding firm curves down in the prices that it chooses."""
    game = problem.game
    prices = problem.prices(moves)
    choice = game.demand.choice(game.deltas, prices)
    columns = problem.free.any(axis=0)
    for firm in np.unique(game.firms[columns]):
        # costs of held products of the firm count too: their margins are part of its profit
        members = np.flatnonzero(game.firms == firm)
        hessian = profit_hessian(choice, game.demand, prices - problem.costs, members)
        if game.national:
            hessian = np.einsum("r,rji->ji", game.market_sizes, hessian)[None]
        for cell, matrix in enumerate(hessian):
            chosen = problem.free[cell, members]
            if chosen.any() and not _curves_down(matrix[np.ix_(chosen, chosen)]):
                return False
    return True


def _curves_down(hessian: FloatArray) -> bool:
    scale = np.sqrt(np.abs(np.diagonal(hessian)))
    if not (np.diagonal(hessian) < 0).all():
        return False
    return bool(np.linalg.eigvalsh(hessian / np.outer(scale, scale))[-1] <= 1e-9)
