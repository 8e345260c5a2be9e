"""Stages of the funnel: lead, card, test drive, order, delivery; their rates, in the base and in a scenario.

Which lever acts where: awareness levers (media, dealers, referrals, leads themselves) act on the leads, a stage-rate
lever on the rate into its own stage, all others (price, finance, what rivals do) on the rate into the order, where
competition is settled. The choice model fixes what comes out at the end; so the rate into the order also shows the
buyers that levers of earlier stages bring and who would have bought anyway.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

STAGES = ("leads", "cards", "test_drives", "orders", "deliveries")
HIGHEST_RATE = 0.999  # a lever never makes every customer go on


def rates_of(counts: NDArray[np.number]) -> FloatArray:
    """Rate of going on from each stage to the next.

    Parameters
    ----------
    counts : ndarray, shape (S, ...)
        People at each stage, in the order of the stages.

    Returns
    -------
    ndarray, shape (S - 1, ...)
        NaN where nobody arrived: no data, no rate.

    Examples
    --------
    >>> rates_of(np.array([[200, 0], [50, 0], [10, 0]])).tolist()
    [[0.25, nan], [0.2, nan]]
    """
    arrived = np.asarray(counts[:-1], dtype=np.float64)
    rates = np.full(arrived.shape, np.nan)
    np.divide(counts[1:], arrived, out=rates, where=arrived > 0)
    return rates


def changed_rate(rate: FloatArray, change: float) -> FloatArray:
    """Rate after a stage-rate lever: multiplied by one and the change, and held below 1.

    Parameters
    ----------
    rate : ndarray
        Rate before, 0 to 1.
    change : float
        Relative change, -1 or more; 0 leaves every rate exactly as it is.

    Raises
    ------
    ValueError
        If the change is below -1.
    """
    if not change >= -1:
        raise ValueError(f"change is {change:g}; a rate cannot fall by more than all of it (-1).")
    ceiling = np.maximum(rate, HIGHEST_RATE)  # an observed rate of 1 stays
    return np.asarray(np.minimum(rate * (1 + change), ceiling), dtype=np.float64)


def stage_counts(last: FloatArray, rates: FloatArray) -> FloatArray:
    """People that it takes at each stage, so that so many reach the last one.

    Parameters
    ----------
    last : ndarray, shape (R, J)
        People at the last stage, 0 or more.
    rates : ndarray, shape (S - 1, R, J)
        Rate into each stage but the first, above 0; NaN where unknown.

    Returns
    -------
    ndarray, shape (S, R, J)
        The last one is `last`; NaN before an unknown rate.

    Examples
    --------
    >>> stage_counts(np.array([10.0]), np.array([[0.25], [0.2]]))[:, 0].tolist()
    [200.0, 50.0, 10.0]
    """
    counts = np.empty((len(rates) + 1, *last.shape))
    counts[-1] = last
    for stage in range(len(rates), 0, -1):
        counts[stage - 1] = counts[stage] / rates[stage - 1]
    return counts


def answered_counts(
    counts: FloatArray, leads: FloatArray, last: FloatArray, factors: FloatArray, settled: int
) -> FloatArray:
    """People at each stage in a scenario.

    Parameters
    ----------
    counts : ndarray, shape (S, R, J)
        People at each stage in the base; NaN where unknown.
    leads, last : ndarray, shape (R, J)
        People at the first and at the last stage in the scenario: what awareness and the choice model make of them.
    factors : ndarray, shape (S - 1, R, J)
        Factor of the levers on the rate into each stage but the first.
    settled : int
        Place of the stage where competition is settled (the order), 1 to S - 1: the rate into it takes what is left.

    Returns
    -------
    ndarray, shape (S, R, J)
        Stages multiply from the leads to the last; no stage is smaller than the next. Where the base is unknown, NaN.

    Notes
    -----
    Without levers the base is returned as it is, to the bit: its rates are not computed and multiplied again.
    """
    after = np.empty_like(counts)
    growth = np.divide(last, counts[-1], where=counts[-1] > 0, out=np.ones_like(last))
    after[-1] = counts[-1] * growth
    # from the end back to the stage where competition is settled
    change = growth
    for stage in range(len(counts) - 2, settled - 1, -1):
        reached = np.divide(
            counts[stage + 1], counts[stage], where=counts[stage] > 0, out=np.ones_like(last)
        )
        change = change / _kept_below_one(reached, factors[stage])
        after[stage] = counts[stage] * change
    # from the leads on
    change = np.divide(leads, counts[0], where=counts[0] > 0, out=np.ones_like(last))
    for stage in range(settled):
        after[stage] = counts[stage] * change
        reached = np.divide(
            counts[stage + 1], counts[stage], where=counts[stage] > 0, out=np.ones_like(last)
        )
        change = change * _kept_below_one(reached, factors[stage])
    # more orders than the stage before can give: then that stage was larger
    for stage in range(settled, 0, -1):
        least = np.where(counts[stage] <= counts[stage - 1], after[stage], after[stage - 1])
        after[stage - 1] = np.maximum(after[stage - 1], least)
    return after


def _kept_below_one(rate: FloatArray, factor: FloatArray) -> FloatArray:
    """Return the factor, or less where the rate would go beyond the highest; one of 1 stays 1 to the bit."""
    highest = np.maximum(1.0, HIGHEST_RATE / np.maximum(rate, np.finfo(np.float64).tiny))
    return np.asarray(np.minimum(factor, highest))
