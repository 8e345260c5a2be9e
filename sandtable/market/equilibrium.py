"""Price equilibrium: the prices at which no responding firm gains from another price.

Fixed point ``m = inv(Lambda) ((O * Gamma) m + s)`` (the zeta-markup of Morrow and Skerlos 2011), accelerated by
SQUAREM, without ever building a J x J matrix; where that stalls, the same without acceleration, then Newton's method
from the best point. Floors and caps are kept by projection. It ends with the first-order residual and a second-order
check, or with a typed reason.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from sandtable.errors import ConvergenceError
from sandtable.market.curvature import profit_hessian
from sandtable.market.fixed_point import Problem, iterate, plain_steps, polish
from sandtable.market.game import PricingGame
from sandtable.market.primitives import FloatArray

Reason = Literal["iteration_limit", "not_finite", "not_a_maximum"]
SENTENCES: dict[Reason, str] = {
    "iteration_limit": "the rivals' prices did not settle within the iteration limit",
    "not_finite": "the rivals' prices ran away to values that are not finite",
    "not_a_maximum": "the prices found are not a profit maximum for every firm that answers",
}
SAME_PRICES = 1e-6  # relative to the largest price


@dataclass(frozen=True)
class Equilibrium:
    """What the solver found.

    Attributes
    ----------
    prices : ndarray, shape (R, J)
        Prices of all products, those that were held included.
    residual : float
        Largest first-order residual: derivative of profit by price over units, dimensionless; 0 for a price that
        rests on its floor or cap and would leave it.
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
    first: FloatArray | None = None,
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
    first : ndarray, shape (R, J), optional
        Where the search begins, when not at the start itself; with national pricing the mean move counts.
    tolerance : float
        First-order residual at which to stop.
    maximum_iterations : int
        Evaluations before another method is tried.
    check_maximum : bool
        Whether to check the second-order condition of each firm at the end; there is none to check where markup
        ratios other than 1 say that firms do not maximise.

    Returns
    -------
    Equilibrium

    Raises
    ------
    ValueError
        If a price floor lies above a cap.
    """
    if not game.responding.any():
        return Equilibrium(start, 0.0, 0, None)
    if not np.isfinite(start).all():
        return Equilibrium(start, np.nan, 0, "not_finite")
    problem = Problem(game, start, first)
    point, residual, used = iterate(problem, problem.first, tolerance, maximum_iterations)
    # leaps may end far from any solution where plain steps from the start arrive
    for attempt in (plain_steps, polish):
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
    elif check_maximum and (game.ratios == 1).all() and not _is_maximum(problem, point):
        reason = "not_a_maximum"
    return Equilibrium(prices, float(residual), used, reason)


def first_round(game: PricingGame, start: FloatArray, *, tolerance: float = 1e-10) -> FloatArray:
    """Each responding firm's best answer to the prices at the start, before anybody answers the answers.

    Parameters
    ----------
    game : PricingGame
        The game.
    start : ndarray, shape (R, J)
        Prices that each firm takes the others to keep.
    tolerance : float
        First-order residual at which to stop.

    Returns
    -------
    ndarray, shape (R, J)

    Raises
    ------
    ConvergenceError
        If the answer of a firm was not found.
    """
    prices = np.array(start)
    for firm in np.unique(game.firms[game.responding]):
        chosen = game.responding & (game.firms == firm)
        answer = equilibrium(replace(game, responding=chosen), start, tolerance=tolerance)
        prices[:, chosen] = answer.require()[:, chosen]
    return prices


def other_equilibrium(
    game: PricingGame, start: FloatArray, found: Equilibrium, *, tolerance: float = 1e-10
) -> Equilibrium | None:
    """Search again from prices at cost; an equilibrium need not be the only one.

    Parameters
    ----------
    game : PricingGame
        The game.
    start : ndarray, shape (R, J)
        As for `equilibrium`.
    found : Equilibrium
        What was found from the start.
    tolerance : float
        First-order residual at which to stop.

    Returns
    -------
    Equilibrium or None
        The other one; None when the search comes to the same prices, or finds none.
    """
    costs = np.where(np.isfinite(game.costs), game.costs, start)
    at_cost = costs / game.kept + game.unit_taxes
    other = equilibrium(game, start, first=at_cost, tolerance=tolerance)
    if not other.converged:
        return None
    distance = np.abs(other.prices - found.prices)[np.isfinite(game.deltas)].max(initial=0.0)
    return other if distance > SAME_PRICES * np.abs(start).max() else None


def _is_maximum(problem: Problem, moves: FloatArray) -> bool:
    """Whether the objective of each responding firm curves down in the prices that it chooses."""
    game = problem.game
    prices = problem.prices(moves)
    choice = game.demand.choice(game.deltas, prices)
    margins = game.margins(prices)
    # a price on its floor or cap is not chosen
    free = problem.free & ~problem.at_bound(moves)
    everything = np.arange(len(game.firms))
    for firm in np.unique(game.firms[free.any(axis=0)]):
        owned = game.firms == firm
        # costs of held products of the firm count too, and those of others as far as their profit does
        members = everything if game.conduct else np.flatnonzero(owned)
        counted = margins * np.where(owned, 1.0, game.conduct)
        hessian = profit_hessian(choice, game.demand, counted, members, game.kept)
        if game.national:
            hessian = np.einsum("r,rji->ji", game.market_sizes, hessian)[None]
        for cell, matrix in enumerate(hessian):
            chosen = (free[cell] & owned)[members]
            if chosen.any() and not _curves_down(matrix[np.ix_(chosen, chosen)]):
                return False
    return True


def _curves_down(hessian: FloatArray) -> bool:
    scale = np.sqrt(np.abs(np.diagonal(hessian)))
    if not (np.diagonal(hessian) < 0).all():
        return False
    return bool(np.linalg.eigvalsh(hessian / np.outer(scale, scale))[-1] <= 1e-9)
