"""Rates of many dealers, partly pooled: a beta distribution over dealers, binomial counts within each.

A dealer's rate is drawn towards the mean of its group, the more so the fewer customers it saw. How alike dealers are is
found by maximum marginal likelihood; how much counts jump between months beyond chance makes them count for less.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

MOST_ALIKE = 1e6  # prior trials beyond which dealers do not differ
LEAST_ALIKE = 0.5
UNKNOWN = 2.0  # prior trials when too few dealers tell how alike they are: hardly any pooling
FLAT = 0.5  # log-likelihood by which the best must beat "all dealers alike"
PRIOR_MONTHS = 24.0  # months that the average dealer's jumpiness weighs against a dealer's own


@dataclass(frozen=True)
class Pool:
    """How rates are distributed over the dealers of each group.

    Attributes
    ----------
    means : ndarray, shape (G,)
        Mean rate of each group; NaN without data.
    concentration : float
        Trials that the group's mean is worth, common to all groups.
    method : str
        ``likelihood``; ``moments`` where the likelihood is flat; ``unknown`` with too few dealers.
    """

    means: FloatArray
    concentration: float
    method: Literal["likelihood", "moments", "unknown"]


@dataclass(frozen=True)
class PooledRates:
    """Posterior of each rate: mean, 80 % and 95 % intervals; shape (D,) each."""

    means: FloatArray
    low_80: FloatArray
    high_80: FloatArray
    low_95: FloatArray
    high_95: FloatArray


def fit_pool(successes: FloatArray, trials: FloatArray, groups: IntArray | None = None) -> Pool:
    """Find the mean of each group and how alike its dealers are.

    Parameters
    ----------
    successes, trials : ndarray, shape (D,)
        Counts, need not be whole; a dealer with 0 trials says nothing.
    groups : ndarray of int, shape (D,), optional
        Group of each dealer, from 0; by default one group.

    Returns
    -------
    Pool

    Notes
    -----
    Beta-binomial likelihood, maximised over the concentration, with the means at their weighted moment
    estimates [Williams 1982]. If the best beats "all alike" by less than half a unit, the likelihood is flat
    and the concentration is that of moments [Kleinman 1973].
    """
    from scipy.optimize import minimize_scalar

    groups = np.zeros(len(trials), dtype=np.int64) if groups is None else groups
    n_groups = int(groups.max(initial=0)) + 1
    some = trials > 0
    k, n, g = successes[some], trials[some], groups[some]
    if len(n) < len(np.unique(g)) + 2:
        return Pool(_group_means(k, n, g, n_groups, UNKNOWN), UNKNOWN, "unknown")

    def lost(log_concentration: float) -> float:
        concentration = float(np.exp(log_concentration))
        means = _group_means(k, n, g, n_groups, concentration)[g]
        return -_log_likelihood(k, n, means, concentration)

    bounds = (float(np.log(LEAST_ALIKE)), float(np.log(MOST_ALIKE)))
    best = minimize_scalar(lost, bounds=bounds, method="bounded", options={"xatol": 1e-4})
    if lost(bounds[1]) - float(best.fun) >= FLAT:
        concentration, method = float(np.exp(best.x)), "likelihood"
    else:
        concentration, method = _moments(k, n, g, n_groups), "moments"
    means = _group_means(k, n, g, n_groups, concentration)
    return Pool(means, concentration, "likelihood" if method == "likelihood" else "moments")


def posterior(
    successes: FloatArray,
    trials: FloatArray,
    means: FloatArray,
    concentration: FloatArray | float,
) -> PooledRates:
    """Rates given counts and the pool; without trials the pool's mean, as wide as dealers differ.

    Parameters
    ----------
    successes, trials : ndarray, shape (D,)
        Counts, need not be whole.
    means : ndarray, shape (D,)
        Mean of the group of each dealer, in (0, 1).
    concentration : ndarray, shape (D,), or float
        Trials that the mean is worth, above 0.

    Examples
    --------
    >>> posterior(np.array([2.0]), np.array([20.0]), np.array([0.3]), 20.0).means.tolist()
    [0.2]
    """
    passed = successes + means * concentration
    dropped = trials - successes + (1 - means) * concentration
    low_95, low_80, high_80, high_95 = (
        np.asarray(special.betaincinv(passed, dropped, level), dtype=np.float64)
        for level in (0.025, 0.1, 0.9, 0.975)
    )
    return PooledRates(passed / (passed + dropped), low_80, high_80, low_95, high_95)


def variance_inflation(successes: FloatArray, trials: FloatArray) -> FloatArray:
    """How much more counts jump between months than a steady rate would let them.

    Parameters
    ----------
    successes, trials : ndarray, shape (T, D)
        Counts by month and dealer.

    Returns
    -------
    ndarray, shape (D,)
        1 or more; trials divided by it are trials that count in full.

    Notes
    -----
    Pearson's statistic per degree of freedom, against the dealer's own rate and what the month did to all
    dealers. A dealer's own figure rests on few months, so that it is drawn towards that of all dealers.
    """
    k, n = successes, trials
    seen = n > 0
    odds = _log_odds(k.sum(axis=0), n.sum(axis=0))
    months = _log_odds(k.sum(axis=1), n.sum(axis=1)) - _log_odds(k.sum(), n.sum())
    rates = special.expit(odds[None, :] + months[:, None])
    expected = np.where(seen, n * rates * (1 - rates), 1.0)
    surprise = np.where(seen, (k - n * rates) ** 2 / expected, 0.0).sum(axis=0)
    freedom = np.maximum(seen.sum(axis=0) - 1, 0)
    common_freedom = freedom.sum() - max(int(seen.any(axis=1).sum()) - 1, 0)
    if common_freedom <= 0:
        return np.ones(n.shape[1])
    common = max(1.0, float(surprise.sum() / common_freedom))
    own = (PRIOR_MONTHS * common + surprise) / (PRIOR_MONTHS + freedom)
    return np.asarray(np.maximum(1.0, own), dtype=np.float64)


def _log_odds(successes: FloatArray, trials: FloatArray) -> FloatArray:
    """Log-odds of a rate; half a customer on either side keeps them finite."""
    return np.asarray(np.log((successes + 0.5) / (trials - successes + 0.5)), dtype=np.float64)


def _group_means(
    k: FloatArray, n: FloatArray, groups: IntArray, n_groups: int, concentration: float
) -> FloatArray:
    weights = n / (1 + (n - 1) / (concentration + 1))
    total = np.bincount(groups, weights, n_groups)
    passed = np.bincount(groups, weights * k / n, n_groups)
    trials = np.bincount(groups, n, n_groups)
    edge = 0.5 / (trials + 1)
    means = np.full(n_groups, np.nan)
    np.divide(passed, total, out=means, where=total > 0)
    return np.asarray(np.clip(means, edge, 1 - edge), dtype=np.float64)


def _log_likelihood(k: FloatArray, n: FloatArray, means: FloatArray, concentration: float) -> float:
    passed, dropped = means * concentration, (1 - means) * concentration
    terms = special.betaln(k + passed, n - k + dropped) - special.betaln(passed, dropped)
    return float(terms.sum())


def _moments(k: FloatArray, n: FloatArray, groups: IntArray, n_groups: int) -> float:
    means = _group_means(k, n, groups, n_groups, MOST_ALIKE)[groups]
    variance = means * (1 - means)
    lost = len(np.unique(groups)) / len(n)  # degrees of freedom that the means took
    spread = (k / n - means) ** 2 / (1 - lost) - variance / n
    scale = variance * np.maximum(1 - 1 / n, 0)
    likeness = spread.sum() / scale.sum() if scale.sum() > 0 else 0.0
    if likeness <= 1 / MOST_ALIKE:
        return MOST_ALIKE
    return float(np.clip(1 / likeness - 1, LEAST_ALIKE, MOST_ALIKE))
