"""What is expected of an ordinary dealer or region, and how improbable it is to fall so far below that.

Rates are compared on log-odds, where the effect of a region adds to that of the peers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from sandtable.funnel.pooling import UNKNOWN, PooledRates, fit_pool, posterior

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

LEAST_EXPECTED = 10.0  # customers expected to go on, and to drop out, before a link is judged
LEAST_PEERS = 5
LEAST_DEALERS = 3  # of a region that is judged, and other regions it is judged against

# Quadrature over the rates of ordinary dealers: from -9 to 9 of their spread.
_STEPS = np.linspace(-9, 9, 121)


@dataclass(frozen=True)
class StageEvidence:
    """Counts of one stage, deflated by `variance_inflation`, and where the dealers are.

    Attributes
    ----------
    successes, trials : ndarray, shape (D,)
        Customers that arrived and went on.
    regions : ndarray of int, shape (D,)
        Region of each dealer.
    peers : sequence of ndarray of int, shape (D,)
        Groups of each dealer, narrowest first; the first with enough others in it serves.
    """

    successes: FloatArray
    trials: FloatArray
    regions: IntArray
    peers: Sequence[IntArray]


@dataclass(frozen=True)
class DealerLinks:
    """One stage at each dealer; shape (D,).

    Attributes
    ----------
    judged : ndarray of bool
        Whether the sample is large enough.
    benchmarks : ndarray
        Rate of the peers with the effect of the dealer's region.
    usual_low, usual_high : ndarray
        Where 95 % of ordinary dealers in its place lie.
    peer_rates : ndarray
        Rate of the peers without it.
    peer_group : ndarray of int
        Which of the groups served.
    n_peers : ndarray of int
    pooled : PooledRates
        Drawn towards the benchmark, as an ordinary dealer's.
    alone : PooledRates
        Hardly drawn: for a dealer that is surely no ordinary one.
    p_values : ndarray
        Probability of so low a count at an ordinary dealer; 1 where not judged.
    """

    judged: BoolArray
    benchmarks: FloatArray
    usual_low: FloatArray
    usual_high: FloatArray
    peer_rates: FloatArray
    peer_group: IntArray
    n_peers: IntArray
    pooled: PooledRates
    alone: PooledRates
    p_values: FloatArray


@dataclass(frozen=True)
class RegionLinks:
    """One stage in each region; shape (R,). The rates are those of a typical dealer there."""

    judged: BoolArray
    benchmarks: FloatArray
    usual_low: FloatArray
    usual_high: FloatArray
    alone: PooledRates
    p_values: FloatArray


@dataclass(frozen=True)
class Odds:
    """Log-odds of each dealer, how sure they are, how much dealers differ, and the means of the regions."""

    values: FloatArray
    weights: FloatArray  # 0 for a dealer that is left out
    spread: float  # variance between ordinary dealers of one region
    freedom: int
    centres: FloatArray  # by region; NaN without a dealer
    totals: FloatArray  # weights summed by region
    rate: float


def odds_of(stage: StageEvidence, n_regions: int, left_out: BoolArray) -> Odds:
    """Find how ordinary dealers differ, and the middle of each region.

    Parameters
    ----------
    stage : StageEvidence
    n_regions : int
    left_out : ndarray of bool, shape (D,)
        Dealers that are surely no ordinary ones.
    """
    counted = ~left_out & (stage.trials > 0)
    trials = np.where(counted, stage.trials, 0.0)
    successes = np.where(counted, stage.successes, 0.0)
    pool = fit_pool(successes, trials, stage.regions)
    rate = float((successes.sum() + 0.5) / (trials.sum() + 1))
    n_counted, n_means = int(counted.sum()), len(np.unique(stage.regions[counted]))
    freedom = max(n_counted - n_means, 1)
    # likelihood forgets that the means of the regions were estimated too
    lost = 1.0 if pool.method != "likelihood" else max(n_counted, 1) / freedom
    spread = lost / ((pool.concentration + 1) * rate * (1 - rate))
    means = np.append(pool.means, np.full(n_regions - len(pool.means), np.nan))[stage.regions]
    means = np.where(np.isnan(means), rate, means)
    noise = 1 / (np.maximum(stage.trials, 1e-9) * means * (1 - means))
    weights = np.where(counted, 1 / (spread + noise), 0.0)
    values = np.log((stage.successes + 0.5) / (stage.trials - stage.successes + 0.5))
    totals = np.bincount(stage.regions, weights, n_regions).astype(np.float64)
    centres = np.full(n_regions, np.nan)
    sums = np.bincount(stage.regions, weights * values, n_regions)
    np.divide(sums, totals, out=centres, where=totals > 0)
    return Odds(values, weights, spread, freedom, centres, totals, rate)


def _spread_between(centres: FloatArray, weights: FloatArray) -> float:
    """Variance between regions beyond that of their dealers [DerSimonian and Laird 1986]."""
    if len(centres) < 2:
        return 0.0
    mean = (weights * centres).sum() / weights.sum()
    surprise = (weights * (centres - mean) ** 2).sum() - (len(centres) - 1)
    return max(0.0, float(surprise / (weights.sum() - (weights**2).sum() / weights.sum())))


def judge_dealers(stage: StageEvidence, odds: Odds) -> DealerLinks:
    """Hold each dealer against its peers, with the effect of its region put in."""
    home, weights = stage.regions, odds.weights
    known = odds.totals > 0
    between = _spread_between(odds.centres[known], odds.totals[known])
    region_weights = 1 / (between + 1 / odds.totals[known])
    middle = 0.0
    if known.any():
        middle = float((region_weights * odds.centres[known]).sum() / region_weights.sum())
    # the region's effect as its other dealers show it, drawn to nothing where they are few
    others = np.maximum(odds.totals[home] - weights, 0.0)
    others = np.where(others > 1e-9 * odds.totals[home], others, 0.0)
    sums = np.nan_to_num(odds.centres[home]) * odds.totals[home] - weights * odds.values
    shown = np.where(others > 0, sums / np.where(others > 0, others, 1.0) - middle, 0.0)
    trust = between * others / (between * others + 1)
    effects, effect_variances = trust * shown, between * (1 - trust)

    trust_all = between * odds.totals / (between * odds.totals + 1)
    own_effects = np.where(known, trust_all * (np.nan_to_num(odds.centres) - middle), 0.0)[home]
    centres, n_peers, group, peer_variances = _peer_centres(
        odds.values - own_effects, weights, stage.peers
    )
    expected = centres + effects
    variances = odds.spread + effect_variances + peer_variances
    benchmarks = special.expit(expected)
    scale = benchmarks * (1 - benchmarks)
    concentration = np.maximum(1 / (variances * scale) - 1, 0.01)
    pooled = posterior(stage.successes, stage.trials, benchmarks, concentration)
    alone = posterior(stage.successes, stage.trials, benchmarks, UNKNOWN)
    judged = stage.trials * min(odds.rate, 1 - odds.rate) >= LEAST_EXPECTED
    judged &= n_peers >= LEAST_PEERS
    below = judged & (stage.successes < stage.trials * benchmarks)
    p_values = np.ones(len(home))
    p_values[below] = lower_tail(
        stage.successes[below],
        stage.trials[below],
        expected[below],
        np.sqrt(variances[below]),
        odds.freedom,
    )
    reach = 1.96 * np.sqrt(variances)
    return DealerLinks(
        judged,
        benchmarks,
        special.expit(expected - reach),
        special.expit(expected + reach),
        special.expit(centres),
        group,
        n_peers,
        pooled,
        alone,
        p_values,
    )


def _peer_centres(
    values: FloatArray, weights: FloatArray, groups: Sequence[IntArray]
) -> tuple[FloatArray, IntArray, IntArray, FloatArray]:
    """Mean log-odds of each dealer's peers, their number, the group that served, variance of the mean."""
    served: NDArray[np.int64] = np.full(len(values), -1, dtype=np.int64)
    counts = np.zeros(len(values), dtype=np.int64)
    centres, variances = np.zeros(len(values)), np.zeros(len(values))
    for place, group in enumerate(groups):
        last = place == len(groups) - 1
        number = np.bincount(group, weights > 0)[group] - (weights > 0)
        total = np.bincount(group, weights)[group] - weights
        sums = np.bincount(group, weights * values)[group] - weights * values
        now = (served < 0) & ((number >= LEAST_PEERS) | last)
        some = now & (number > 0)
        centres[some] = sums[some] / total[some]
        variances[some] = 1 / total[some]
        # a dealer without any peer is its own benchmark, and is not judged
        centres[now & ~some] = values[now & ~some]
        counts[now], served[now] = number[now].astype(np.int64), place
    return centres, counts, served, variances


def lower_tail(
    successes: FloatArray,
    trials: FloatArray,
    log_odds: FloatArray,
    spread: FloatArray,
    freedom: int,
) -> FloatArray:
    """Probability of so few successes at an ordinary dealer.

    Parameters
    ----------
    successes, trials : ndarray, shape (D,)
        Counts, need not be whole; trials above 0.
    log_odds, spread : ndarray, shape (D,)
        Mean and scale of the log-odds of ordinary dealers.
    freedom : int
        Degrees of freedom behind the scale: fewer make the tails of the t distribution longer.

    Examples
    --------
    >>> lower_tail(np.array([5.0]), np.array([10.0]), np.array([0.0]), np.array([1e-6]), 99).round(3).tolist()
    [0.623]
    """
    density = (1 + _STEPS**2 / freedom) ** (-(freedom + 1) / 2)
    rates = special.expit(log_odds[:, None] + spread[:, None] * _STEPS)
    dropped = np.maximum(trials - successes, 1e-9)[:, None]
    tails = special.betainc(dropped, successes[:, None] + 1, 1 - rates)
    return np.asarray(tails @ density / density.sum(), dtype=np.float64)


def judge_regions(stage: StageEvidence, odds: Odds, weak: BoolArray) -> RegionLinks:
    """Hold each region against the others, without those that are surely weak."""
    n_regions, counted = len(odds.totals), odds.weights > 0
    dealers = np.bincount(stage.regions[counted], minlength=n_regions)
    enough = (dealers >= LEAST_DEALERS) & (odds.totals > 0)
    customers = np.bincount(stage.regions, np.where(counted, stage.trials, 0.0), n_regions)
    enough &= customers * min(odds.rate, 1 - odds.rate) >= LEAST_EXPECTED
    usual, reach = np.full(n_regions, np.nan), np.full(n_regions, np.nan)
    p_values, judged = np.ones(n_regions), np.zeros(n_regions, dtype=bool)
    for region in range(n_regions):
        others = (odds.totals > 0) & ~weak
        others[region] = False
        if not others.any():
            continue
        between = _spread_between(odds.centres[others], odds.totals[others])
        weights = 1 / (between + 1 / odds.totals[others])
        usual[region] = (weights * odds.centres[others]).sum() / weights.sum()
        if not enough[region] or others.sum() < LEAST_DEALERS:
            continue
        judged[region] = True
        variance = between + 1 / odds.totals[region] + 1 / weights.sum()
        distance = (odds.centres[region] - usual[region]) / np.sqrt(variance)
        freedom = int(others.sum()) - 1
        p_values[region] = special.stdtr(freedom, distance)
        reach[region] = special.stdtrit(freedom, 0.975) * np.sqrt(variance)
    error = 1 / np.sqrt(np.where(odds.totals > 0, odds.totals, np.nan))
    levels = [special.expit(odds.centres + z * error) for z in (0, -1.2816, 1.2816, -1.96, 1.96)]
    low, high = special.expit(usual - reach), special.expit(usual + reach)
    return RegionLinks(judged, special.expit(usual), low, high, PooledRates(*levels), p_values)
