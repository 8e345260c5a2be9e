"""Persistence with lifecycle: the last level of each product, moved by its age and by the season of all.

With delta = ln(share / share of the outside good), a step from one period to the next is

    delta_jt - delta_j(t-1) = step by age + step since facelift + step common to all + surprise.

Steps by age are a ridge regression with free effects of periods, pooled over products; a product past its
first year is the norm, with no step of its own. What is common to all gives the season.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sandtable.forecast.panel import FloatArray, IntArray, Panel

STEP_PRIOR = 0.25  # a step by age is 0, give or take this, before the data speak
SEASON_PRIOR = 0.15  # likewise the season of one period of the year
TASTE_NOISE = 0.05  # what a step of one product varies beyond the chance of small counts
FURTHEST = 1.5  # age moves the odds of a product by a factor of at most exp(1.5) = 4.5
WEIGHTS = tuple(tenths / 10 for tenths in range(10, 0, -1))  # tried for smoothing the last level


@dataclass(frozen=True)
class Lifecycle:
    """What a panel says of age and season.

    Attributes
    ----------
    by_age : ndarray, shape (S + 1,)
        Expected ln odds at each age up to one year, less those of a product past it.
    since_facelift : ndarray, shape (F + 1,)
        Expected gain from a facelift, by periods since it.
    season : ndarray, shape (season_length,)
        Deviation of the ln odds of all products in each period of the year.
    """

    by_age: FloatArray
    since_facelift: FloatArray
    season: FloatArray

    def expected(self, panel: Panel, periods: IntArray, places: IntArray) -> FloatArray:
        """Return the part of the ln odds that age and season explain, shape (periods, J)."""
        ages = periods[:, None] - panel.launched
        old = len(self.by_age) - 1
        age = self.by_age[np.nan_to_num(np.clip(ages, 0, old), nan=old).astype(np.int64)]
        since = periods[:, None] - panel.facelift
        last = len(self.since_facelift) - 1
        renewed = self.since_facelift[np.nan_to_num(np.clip(since, 0, last)).astype(np.int64)]
        renewed = np.where(since >= 0, renewed, 0.0)  # also catches products without a facelift
        return np.asarray(age + renewed + self.season[places][:, None])


def log_odds(panel: Panel) -> FloatArray:
    """ln(share / outside share) by period, region and product; NaN where not sold."""
    outside = 1 - panel.shares.sum(axis=2, keepdims=True)
    with np.errstate(divide="ignore"):
        odds = np.log(panel.shares) - np.log(outside)
    return np.where(panel.units > 0, odds, np.nan)


def national_log_odds(panel: Panel) -> FloatArray:
    """The same for all regions together, shape (T, J)."""
    units = panel.units.sum(axis=1)
    outside = panel.market_sizes.sum(axis=1) - units.sum(axis=1)
    with np.errstate(divide="ignore"):
        odds = np.log(units) - np.log(outside)[:, None]
    return np.where(units > 0, odds, np.nan)


def fit_lifecycle(panel: Panel, *, with_season: bool) -> Lifecycle:
    """Estimate the steps by age and the season from all products together."""
    odds = national_log_odds(panel)
    units = panel.units.sum(axis=1)
    steps = np.diff(odds, axis=0)
    there = np.isfinite(steps)
    with np.errstate(divide="ignore"):
        chance = 1 / units[1:] + 1 / units[:-1]
    weights = np.where(there, 1 / (TASTE_NOISE**2 + chance), 0.0)
    bins, ages, facelifts = _bins(panel)
    response = np.where(there, steps, 0.0)
    coefficients = _ridge(response, bins, weights)
    explained = np.einsum("tjk,k->tj", bins, coefficients)
    total = weights.sum(axis=1)
    common = np.where(total > 0, ((response - explained) * weights).sum(axis=1), 0.0)
    common = common / np.where(total > 0, total, 1.0)
    season = _season(panel, common) if with_season else np.zeros(panel.season_length)
    n_age = int(ages.max()) + 1 if ages.size else 0
    by_age = coefficients[:n_age][ages] if ages.size else np.zeros(0)
    since = coefficients[n_age:][facelifts] if facelifts.size else np.zeros(0)
    # ln odds less those of an old product: the steps still to come, with their sign turned
    levels = np.append(-np.cumsum(by_age[::-1])[::-1], 0.0)
    return Lifecycle(
        np.clip(levels, -FURTHEST, FURTHEST), np.clip(np.cumsum(since), -0.5, 0.5), season
    )


def _bins(panel: Panel) -> tuple[FloatArray, IntArray, IntArray]:
    """Return indicators of the steps by age and since facelift, and the bin that each step is in.

    The first three steps of a product stand alone, later ones of its first year share three at a time; so do
    those since a facelift, in the first half year.
    """
    length = max(panel.season_length, 2)
    ages = np.array([min(step, 3 + (step - 3) // 3) for step in range(length)], dtype=np.int64)
    facelifts = np.array([min(step, 1) for step in range(max(length // 4, 1))], dtype=np.int64)
    times = np.arange(1, len(panel))[:, None]
    blocks = []
    for began, groups, offset in ((panel.launched, ages, 1), (panel.facelift, facelifts, 0)):
        step = times - began - offset
        inside = (step >= 0) & (step < len(groups))
        which = groups[np.where(inside, step, 0).astype(np.int64)]
        blocks += [(inside & (which == bin_)).astype(float) for bin_ in range(groups.max() + 1)]
    return np.stack(blocks, axis=2), ages, facelifts


def _ridge(response: FloatArray, bins: FloatArray, weights: FloatArray) -> FloatArray:
    total = np.maximum(weights.sum(axis=1, keepdims=True), 1e-300)
    centred = response - (weights * response).sum(axis=1, keepdims=True) / total
    features = bins - ((weights[:, :, None] * bins).sum(axis=1) / total)[:, None, :]
    weighted = features * weights[:, :, None]
    gram = np.einsum("tjk,tjl->kl", weighted, features)
    right = np.einsum("tjk,tj->k", weighted, centred)
    return np.linalg.solve(gram + np.eye(len(gram)) / STEP_PRIOR**2, right)


def _season(panel: Panel, common: FloatArray) -> FloatArray:
    """Fit the season to the common steps by ridge, so that a short history has a small season."""
    length = panel.season_length
    if length == 1 or len(common) < length:
        return np.zeros(length)
    places, _ = panel.places_in_season(0)
    one_hot = np.eye(length)[places]
    features = np.diff(one_hot, axis=0)
    season: FloatArray = np.zeros(length)
    noise = float(common.var())
    for _ in range(3):  # the noise and the season are found together
        penalty = np.eye(length) * max(noise, 1e-12) / SEASON_PRIOR**2
        season = np.asarray(
            np.linalg.solve(features.T @ features + penalty, features.T @ common), dtype=np.float64
        )
        spent = min(length - 1, len(common) - 2)
        noise = float(((common - features @ season) ** 2).sum() / (len(common) - spent))
    return np.asarray(season - season.mean())


def smoothed_level(odds: FloatArray) -> tuple[FloatArray, float]:
    """Smooth ln odds over time, with the one weight for all products that would have forecast best.

    Parameters
    ----------
    odds : ndarray, shape (T, R, J)
        Without age and season; NaN where not sold.

    Returns
    -------
    level : ndarray, shape (R, J)
        NaN where not sold in the last period.
    weight : float
        Of the newest period, 0.1 to 1.
    """
    best = (np.inf, odds[-1], 1.0)
    for weight in WEIGHTS:
        level, miss = _smooth(odds, weight)
        if miss < best[0] * (1 - 1e-9):
            best = (miss, level, weight)
    return best[1], best[2]


def _smooth(odds: FloatArray, weight: float) -> tuple[FloatArray, float]:
    level = odds[0]
    miss, count = 0.0, 0
    for now in odds[1:]:
        surprise = now - level
        known = np.isfinite(surprise)
        miss += float(np.abs(surprise[known]).sum())
        count += int(known.sum())
        # a product that was away begins anew
        level = np.where(known, level + weight * np.where(known, surprise, 0.0), now)
    return level, miss / count if count else 0.0
