"""The pricing game as a fixed point, and three ways to it: leaps, plain steps, Newton's method."""

from __future__ import annotations

import numpy as np

from sandtable.market.game import PricingGame
from sandtable.market.kernel import choice_probabilities
from sandtable.market.primitives import BoolArray, FloatArray
from sandtable.market.squarem import squarem_step
from sandtable.market.supply import Ownership, profit_gradient


class Problem:
    """The game as a fixed point in the moves of the responding products, (G, J): G cells or one nation."""

    def __init__(self, game: PricingGame, start: FloatArray, first: FloatArray | None) -> None:
        self.game = game
        self.ownership = Ownership(game.firms, game.demand, game.conduct)
        self.start = start
        offered = np.isfinite(game.deltas)
        self.free = game.responding & (
            offered.any(axis=0, keepdims=True) if game.national else offered
        )
        self.scale = np.maximum(np.abs(start).max(), 1e-300)
        self.bounds = game.bounds(start)
        self.bounded = game.floors is not None or game.caps is not None
        self.first = self.within(self._moves_to(start if first is None else first))
        self._kept = game.kept
        self._slope = self._kept / game.ratios
        # fresh memory for every evaluation would cost as much as the arithmetic
        self._buffer = np.empty((*start.shape, len(game.demand.tastes.weights)))

    def _moves_to(self, prices: FloatArray) -> FloatArray:
        moves = np.where(np.isfinite(self.game.deltas), prices - self.start, np.nan)
        if self.game.national:
            known = np.isfinite(moves)
            sums = np.where(known, moves, 0.0).sum(axis=0, keepdims=True)
            moves = sums / np.maximum(known.sum(axis=0, keepdims=True), 1)
        return np.where(self.free, np.nan_to_num(moves), 0.0)

    def within(self, moves: FloatArray) -> FloatArray:
        """Return the moves inside the bounds."""
        return np.clip(moves, *self.bounds) if self.bounded else moves

    def at_bound(self, moves: FloatArray) -> BoolArray:
        """Return which moves rest on a floor or a cap, shape (G, J)."""
        low, high = self.bounds
        return np.asarray((moves <= low) | (moves >= high))

    def prices(self, moves: FloatArray) -> FloatArray:
        """Return the prices after the moves, shape (R, J)."""
        return np.asarray(self.start + np.where(self.free, moves, 0.0))

    def gradient(self, moves: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Profit gradient, gains and slopes of the markup, summed over cells if national, (G, J) each."""
        game = self.game
        prices = self.prices(moves)
        utilities = game.demand.utilities(game.deltas, prices, out=self._buffer)
        choice = choice_probabilities(utilities, game.demand.nests, overwrite_utilities=True)
        gradient, gains, slopes = profit_gradient(
            choice, self.ownership, game.margins(prices), self._kept
        )
        slopes = slopes * self._slope
        if game.national:
            sizes = game.market_sizes
            return (sizes @ gradient)[None], (sizes @ gains)[None], (sizes @ slopes)[None]
        return gradient, gains, slopes

    def improve(self, moves: FloatArray) -> tuple[FloatArray, float]:
        """One step of the fixed point (its change), and the residual at ``moves``."""
        gradient, gains, slopes = self.gradient(moves)
        step = np.where(self.free, gradient / slopes, 0.0)
        relative = np.where(self.free, np.abs(gradient) / gains, 0.0)
        if self.bounded:
            target = moves + step
            inside = self.within(target)
            step = np.where(inside == target, step, inside - moves)
            # a price that would leave its range rests on the bound: nothing is left to gain
            relative = np.where(self.at_bound(moves) & (step == 0), 0.0, relative)
        return step, float(relative.max(initial=0.0))


def iterate(
    problem: Problem, moves: FloatArray, tolerance: float, maximum: int
) -> tuple[FloatArray, float, int]:
    """Leap by SQUAREM until the residual is small enough: moves, residual, evaluations."""
    step, residual = problem.improve(moves)
    used = 1
    while used < maximum and residual > tolerance and np.isfinite(residual):
        first = moves + step
        first_step, first_residual = problem.improve(first)
        used += 1
        if first_residual <= tolerance:
            return first, first_residual, used
        leap = squarem_step(_flat(step), _flat(first_step)).reshape(moves.shape)
        leap = problem.within(moves + leap)
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


def plain_steps(
    problem: Problem, _: FloatArray, tolerance: float, maximum: int
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


def polish(
    problem: Problem, moves: FloatArray, tolerance: float, _: int
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
    settled, residual, more = iterate(problem, found, tolerance, 50)
    return settled, residual, calls + more
