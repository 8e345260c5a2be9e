"""The normal combination of an estimate with priors, joint covariance kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sandtable.errors import ConvergenceError
from sandtable.market.primitives import FloatArray

TOLERANCE = 1e-8  # of a step, in standard errors of the estimate
MAXIMUM_STEPS = 100
HALVINGS = 20

Look = Callable[[FloatArray], tuple[FloatArray, FloatArray]]


@dataclass(frozen=True)
class Combination:
    """What estimate and priors say together.

    Attributes
    ----------
    mean : ndarray, shape (K,)
        The most likely point.
    covariance : ndarray, shape (K, K)
        At that point.
    data_weights : ndarray, shape (K,)
        Variance after over variance before, 0 to 1: the weight that the estimate keeps in each parameter. With one
        prior on one parameter it is the usual precision weight.
    distance : float
        Mahalanobis distance, squared, between what the estimate implies for the priors and what they say.
    degrees : int
        Number of priors that can disagree.
    p_value : float
        Chance of a distance at least that large if both were right.
    """

    mean: FloatArray
    covariance: FloatArray
    data_weights: FloatArray
    distance: float
    degrees: int
    p_value: float


def combine(
    mean: FloatArray,
    covariance: FloatArray,
    look: Look,
    wanted: FloatArray,
    noise: FloatArray,
) -> Combination:
    """Combine a normal estimate with priors on functions of its parameters.

    Parameters
    ----------
    mean, covariance : ndarray, shape (K,) and (K, K)
        The estimate.
    look : callable
        Point -> what the priors speak of there, shape (M,), and its derivative, shape (M, K). May raise `ValueError`
        or `ConvergenceError` where there is no demand.
    wanted, noise : ndarray, shape (M,) and (M, M)
        What the priors say, and the covariance of their errors.

    Returns
    -------
    Combination

    Raises
    ------
    ConvergenceError
        Reason ``"posterior"`` if the search for the most likely point does not end.

    Notes
    -----
    Minimises ``(x - m)' S^-1 (x - m) + (v - h(x))' R^-1 (v - h(x))`` by Gauss-Newton steps in the form
    ``x = m + G (v - h(x0) - H (m - x0))`` with ``G = S H' (H S H' + R)^-1``, which needs no inverse of S or R. Priors
    that are linear end in one step: the textbook ``(S^-1 + H' R^-1 H)^-1 (S^-1 m + H' R^-1 v)``.
    """
    from scipy.stats import chi2  # slow to import

    values, slopes = look(mean)
    innovation = _Inverse(slopes @ covariance @ slopes.T + noise)
    gap = wanted - values
    distance = float(gap @ innovation.matrix @ gap)
    scales = np.sqrt(np.diag(covariance))
    scales = np.where(scales > 0, scales, 1.0)
    point = mean
    for _ in range(MAXIMUM_STEPS):
        gain = covariance @ slopes.T @ _Inverse(slopes @ covariance @ slopes.T + noise).matrix
        goal = mean + gain @ (wanted - values - slopes @ (mean - point))
        reached, values, slopes = _towards(look, point, goal)
        step = np.abs((reached - point) / scales).max()
        point = reached
        if step < TOLERANCE:
            break
    else:
        raise ConvergenceError(
            "posterior",
            f"estimate and priors did not settle in {MAXIMUM_STEPS} steps; widen the priors or drop one.",
        )
    gain = covariance @ slopes.T @ _Inverse(slopes @ covariance @ slopes.T + noise).matrix
    kept = np.eye(len(mean)) - gain @ slopes
    # both terms are covariances, so that rounding cannot make a variance negative
    after = kept @ covariance @ kept.T + gain @ noise @ gain.T
    before = np.diag(covariance)
    weights = np.where(before > 0, np.diag(after) / np.where(before > 0, before, 1.0), 1.0)
    return Combination(
        point,
        (after + after.T) / 2,
        np.clip(weights, 0.0, 1.0),
        distance,
        innovation.rank,
        float(chi2.sf(distance, innovation.rank)) if innovation.rank else 1.0,
    )


def _towards(
    look: Look, point: FloatArray, goal: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Go as far towards the goal as there is a demand."""
    for halving in range(HALVINGS):
        reached = point + (goal - point) / 2**halving
        try:
            return reached, *look(reached)
        except (ConvergenceError, ValueError):
            continue
    raise ConvergenceError(
        "posterior",
        "estimate and priors lead where no demand exists; widen the priors or drop one.",
    )


class _Inverse:
    """Inverse of a covariance on the space that it spans, whatever its scales."""

    def __init__(self, matrix: FloatArray) -> None:
        scales = np.sqrt(np.maximum(np.diag(matrix), 0.0))
        scales = np.where(scales > 0, scales, 1.0)
        values, vectors = np.linalg.eigh(matrix / np.outer(scales, scales))
        spanned = values > 1e-13 * max(float(values.max(initial=0.0)), 0.0)
        self.rank = int(spanned.sum())
        roots = vectors[:, spanned] / np.sqrt(values[spanned])
        self.matrix: FloatArray = roots @ roots.T / np.outer(scales, scales)
