"""Quantiles and chances from draws, each with the error that comes from drawing."""

from __future__ import annotations

import numpy as np

from sandtable.market.primitives import BoolArray, FloatArray

QUANTILES = {
    "low_95": 0.025,
    "low_80": 0.1,
    "low_50": 0.25,
    "median": 0.5,
    "high_50": 0.75,
    "high_80": 0.9,
    "high_95": 0.975,
}


def spread_of(draws: FloatArray) -> dict[str, FloatArray]:
    """Return quantiles, the chance of more than 0, and their Monte-Carlo errors.

    Parameters
    ----------
    draws : ndarray, shape (D, N)
        Draws of N quantities.

    Returns
    -------
    dict of str to ndarray, shape (N,)
        ``low_95`` to ``high_95``, ``p_beats``, and the standard error of each as ``<name>_error``; NaN without draws.

    Notes
    -----
    The number of draws below a quantile is binomial. So the quantile's error is half the distance between the quantiles
    one standard deviation of that number to either side; it needs no density. The error of a chance is that of Agresti
    and Coull (1998), which is not 0 when all draws agree.

    Examples
    --------
    >>> found = spread_of(np.linspace(-1, 3, 401)[:, None])
    >>> round(float(found["high_80"][0]), 3), round(float(found["p_beats"][0]), 3)
    (2.6, 0.748)
    """
    names, n_draws = list(QUANTILES), len(draws)
    if not n_draws:
        columns = [*names, "p_beats"]
        return {
            key: np.full(draws.shape[1], np.nan)
            for name in columns
            for key in (name, f"{name}_error")
        }
    levels = np.array(list(QUANTILES.values()))
    step = np.sqrt(levels * (1 - levels) / n_draws)
    around = np.concatenate([levels, levels - step, levels + step])
    found, below, above = np.quantile(draws, np.clip(around, 0.0, 1.0), axis=0).reshape(
        3, len(names), -1
    )
    spread: dict[str, FloatArray] = {}
    for place, name in enumerate(names):
        spread[name] = found[place]
        spread[f"{name}_error"] = (above[place] - below[place]) / 2
    spread["p_beats"], spread["p_beats_error"] = chance(draws > 0)
    return spread


def chance(hits: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Return the part of draws that hit, and its Monte-Carlo error, (N,) each.

    Parameters
    ----------
    hits : ndarray of bool, shape (D, N)
        One draw or more.
    """
    n_draws, wins = len(hits), hits.sum(axis=0)
    shrunk = (wins + 2) / (n_draws + 4)
    return wins / n_draws, np.sqrt(shrunk * (1 - shrunk) / (n_draws + 4))


def expected_shortfall(draws: FloatArray, worst: float) -> tuple[FloatArray, FloatArray]:
    """Return the mean of the worst part of draws, and its Monte-Carlo error, (N,) each; NaN without draws.

    Parameters
    ----------
    draws : ndarray, shape (D, N)
        More is better.
    worst : float
        The part, above 0 to 1.

    Notes
    -----
    ``q - mean(max(q - x, 0)) / worst`` with the quantile q (Rockafellar and Uryasev 2000); the error is of the mean.

    Examples
    --------
    >>> expected_shortfall(np.arange(100.0)[:, None], 0.1)[0].round(2)
    array([4.5])
    """
    if not len(draws):
        nothing = np.full(draws.shape[1], np.nan)
        return nothing, nothing
    quantile = np.quantile(draws, worst, axis=0)
    short = np.maximum(quantile - draws, 0) / worst
    return quantile - short.mean(axis=0), short.std(axis=0) / np.sqrt(len(draws))
