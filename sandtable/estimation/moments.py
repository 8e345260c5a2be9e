"""Moment conditions of a random-coefficient model, with the linear coefficients concentrated out."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from sandtable.errors import ConvergenceError
from sandtable.estimation.mean_utilities import MeanUtilities
from sandtable.market.primitives import FloatArray

GREATEST_SPREAD, GREATEST_SIGMA = 3.0, 0.98
LEAST_SPREAD = 1e-3
FARTHEST = 5.0  # ln alpha from its start
EDGE = 1e-4  # nearer to a bound than this is on it
SETTLED = 1e-8  # what one more step would still gain, in units of the noise of the criterion
MOST_EVALUATIONS = 60


@dataclass(frozen=True)
class Moments:
    """The conditions ``Z' xi = 0`` under one weighting.

    Parameters
    ----------
    utilities : MeanUtilities
        The inversion.
    instruments : ndarray, shape (N, M)
        Exogenous columns and excluded instruments, cleared of the effects.
    exogenous : ndarray, shape (N, K)
        Columns of beta, cleared of the effects.
    root : ndarray, shape (M, M)
        A square root of the weighting: ``W = root.T @ root``.
    """

    utilities: MeanUtilities
    instruments: FloatArray
    exogenous: FloatArray
    root: FloatArray
    _memory: dict[bytes, tuple[FloatArray, FloatArray]] = field(default_factory=dict, repr=False)

    @cached_property
    def _outer(self) -> FloatArray:
        """Weighted derivatives of the moments by beta, shape (M, K)."""
        n = len(self.instruments)
        return np.asarray(self.root @ (self.instruments.T @ self.exogenous) / np.sqrt(n))

    @cached_property
    def _left(self) -> FloatArray:
        """What turns mean utilities into weighted moments that beta cannot reduce, shape (M, N)."""
        weighted = self.root @ self.instruments.T / np.sqrt(len(self.instruments))
        basis = np.linalg.qr(self._outer)[0]
        return np.asarray(weighted - basis @ (basis.T @ weighted))

    def residuals(self, theta: FloatArray) -> FloatArray:
        """Weighted moments, shape (M,); their sum of squares is the criterion ``n g' W g``."""
        return np.asarray(self._left @ self.solved(theta)[0])

    def jacobian(self, theta: FloatArray) -> FloatArray:
        """Derivatives of `residuals`, shape (M, P): exact, by the implicit function theorem."""
        return np.asarray(self._left @ self.solved(theta)[1])

    def criterion(self, theta: FloatArray) -> float:
        """The criterion ``n g' W g``, by which minima are compared."""
        left = self.residuals(theta)
        return float(left @ left)

    def gradient(self, theta: FloatArray) -> FloatArray:
        """Derivative of the criterion, shape (P,)."""
        return np.asarray(2 * self.jacobian(theta).T @ self.residuals(theta))

    def betas(self, theta: FloatArray) -> FloatArray:
        """Coefficients of the exogenous columns that minimise the criterion, shape (K,)."""
        weighted = self.root @ (self.instruments.T @ self.solved(theta)[0])
        right = weighted / np.sqrt(len(self.instruments))
        return np.asarray(np.linalg.lstsq(self._outer, right, rcond=None)[0])

    def solved(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Mean utilities and their derivatives, remembered for the last parameters."""
        key = np.asarray(theta, dtype=np.float64).tobytes()
        if key not in self._memory:
            found = self.utilities.solve(np.asarray(theta, dtype=np.float64))
            self._memory.clear()
            self._memory[key] = found
        return self._memory[key]


@dataclass(frozen=True)
class Search:
    """One start of the search and where it ended.

    Attributes
    ----------
    start, end : ndarray, shape (P,)
        ln alpha, spread, nesting parameters.
    criterion : float
        Infinite when it did not converge.
    reason : str
        Empty when it converged; otherwise ``"inversion"`` or ``"iterations"``.
    """

    start: FloatArray
    end: FloatArray
    criterion: float
    reason: str


def search(moments: Moments, start: FloatArray, noise: float) -> Search:
    """Look for the least criterion from one start, by least squares within bounds.

    Parameters
    ----------
    start : ndarray, shape (P,)
        ln alpha, spread, nesting parameters.
    noise : float
        Size of the criterion that chance alone gives each condition.
    """
    from scipy.optimize import least_squares

    lower, upper = _bounds(start)
    first = np.clip(_to_free(start), lower + EDGE, upper - EDGE)
    try:
        n_moments = len(moments.residuals(_from_free(first)))
    except ConvergenceError as error:
        return Search(start, start, np.inf, error.reason)

    def left(free: FloatArray) -> FloatArray:
        try:
            return moments.residuals(_from_free(free))
        except ConvergenceError:  # a step too far: the search tries a shorter one
            return np.full(n_moments, np.nan)

    def slopes(free: FloatArray) -> FloatArray:
        return np.asarray(moments.jacobian(_from_free(free)) @ _free_slopes(free))

    found = least_squares(
        left,
        first,
        jac=slopes,
        bounds=(lower, upper),
        x_scale="jac",
        xtol=1e-12,
        ftol=1e-14,
        gtol=1e-14,
        max_nfev=MOST_EVALUATIONS,
    )
    free = np.asarray(found.x, dtype=np.float64)
    end = _from_free(free)
    inside = (free > lower + EDGE) & (free < upper - EDGE)
    jacobian = slopes(free)[:, inside]
    step = np.linalg.lstsq(jacobian, moments.residuals(end), rcond=None)[0]
    gain = float(((jacobian @ step) ** 2).sum())
    if not (inside[0] and gain <= SETTLED * noise):
        return Search(start, end, np.inf, "iterations")
    return Search(start, end, moments.criterion(end), "")


def at_edge(theta: FloatArray) -> tuple[int, ...]:
    """Places of the parameters that lie on a bound of the search."""
    free = _to_free(theta)
    lower, upper = _bounds(theta)
    near = (free <= lower + 10 * EDGE) | (free >= upper - 10 * EDGE)
    return tuple(np.flatnonzero(near).tolist())


def _bounds(start: FloatArray) -> tuple[FloatArray, FloatArray]:
    level = start[0]
    lower = np.array([level - FARTHEST, LEAST_SPREAD, 0.0, 0.0])
    upper = np.array([level + FARTHEST, GREATEST_SPREAD, GREATEST_SIGMA, GREATEST_SIGMA])
    return lower[: len(start)], upper[: len(start)]


def _from_free(free: FloatArray) -> FloatArray:
    """Parameters from search coordinates, in which outer <= inner < 1 is a box."""
    theta = np.array(free)
    if len(theta) == 4:
        theta[3] = theta[2] + (1 - theta[2]) * free[3]
    return theta


def _to_free(theta: FloatArray) -> FloatArray:
    free = np.array(theta)
    if len(free) == 4:
        free[3] = (theta[3] - theta[2]) / (1 - theta[2])
    return free


def _free_slopes(free: FloatArray) -> FloatArray:
    slopes = np.eye(len(free))
    if len(free) == 4:
        slopes[3, 2], slopes[3, 3] = 1 - free[3], 1 - free[2]
    return slopes
