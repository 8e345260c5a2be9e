"""Stages of the funnel: lead, card, test drive, order, delivery; their rates, and demand factored into them.

Which lever acts where: the choice model fixes orders. A lever of a later stage (price and finance on ``orders``, stock
on ``deliveries``, a stage-rate lever on its own stage) multiplies the rate into that stage; leads take what is left, so
that the stages always multiply to the orders of the model. Awareness levers name no stage and so act on leads alone,
and so does what rivals do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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


def attraction_change(before: FloatArray, after: FloatArray) -> FloatArray:
    """Utility that a change of a stage rate up to the order is worth in the choice model.

    Parameters
    ----------
    before, after : ndarray
        Rate into a stage, above 0.

    Returns
    -------
    ndarray
        ``ln(after / before)``: it multiplies the attraction of the product by ``after / before``. Orders
        grow by less, because part of the new buyers would have bought anyway; leads show that part.
    """
    return np.asarray(np.log(after / before), dtype=np.float64)


@dataclass(frozen=True)
class FactoredDemand:
    """Orders of the choice model, written as a product of stages.

    Attributes
    ----------
    stages : tuple of str
        Names of the S stages; ``orders`` is among them.
    market_sizes : ndarray, shape (R,)
        Households in the market.
    counts : ndarray, shape (S, R, J)
        People at each stage; those of ``orders`` are the orders of the model.
    rates : ndarray, shape (S - 1, R, J)
        Rate into each stage but the first.
    """

    stages: tuple[str, ...]
    market_sizes: FloatArray
    counts: FloatArray
    rates: FloatArray

    @property
    def lead_rates(self) -> FloatArray:
        """Leads per household, shape (R, J); a household may leave leads for several products."""
        return np.asarray(self.counts[0] / self.market_sizes[:, None], dtype=np.float64)

    def of(self, stage: str) -> FloatArray:
        """People at one stage, shape (R, J)."""
        return np.asarray(self.counts[self.stages.index(stage)], dtype=np.float64)


def factored_demand(
    orders: FloatArray,
    rates: FloatArray,
    market_sizes: FloatArray,
    *,
    stages: Sequence[str] = STAGES,
) -> FactoredDemand:
    """Write the orders of the choice model as market size x lead rate x rates of the stages.

    Parameters
    ----------
    orders : ndarray, shape (R, J)
        Orders of the model, 0 or more.
    rates : ndarray, shape (S - 1, R, J)
        Rate into each stage but the first; those up to the order above 0.
    market_sizes : ndarray, shape (R,)
        Households, above 0.
    stages : sequence of str
        Names of the stages; ``orders`` must be among them.

    Raises
    ------
    ValueError
        If a rate is missing or out of range; the message names stage and cell.
    """
    place = list(stages).index("orders")
    _check_rates(rates, stages, place)
    counts = np.empty((len(stages), *orders.shape))
    counts[place] = orders
    for stage in range(place, 0, -1):
        counts[stage - 1] = counts[stage] / rates[stage - 1]
    for stage in range(place + 1, len(stages)):
        counts[stage] = counts[stage - 1] * rates[stage - 1]
    return FactoredDemand(tuple(stages), market_sizes, counts, rates)


def answered_demand(
    base: FactoredDemand, orders: FloatArray, shifts: Mapping[str, FloatArray | float]
) -> FactoredDemand:
    """Write the orders of a scenario as stages: shifts go to their stage, leads take what is left.

    Parameters
    ----------
    base : FactoredDemand
        The stages before the levers.
    orders : ndarray, shape (R, J)
        Orders of the model in the scenario.
    shifts : mapping of str to ndarray, shape (R, J), or float
        Logarithm by which levers multiply the rate into a stage: `attraction_change` of a stage-rate lever,
        the change of utility by price on ``orders``, what stock does on ``deliveries``.

    Returns
    -------
    FactoredDemand
        Without shifts and with equal orders, exactly the base.

    Raises
    ------
    ValueError
        If a shift names the first stage or none of the stages.
    """
    rates = base.rates.copy()
    for stage, shift in shifts.items():
        if stage not in base.stages[1:]:
            known = ", ".join(base.stages[1:])
            raise ValueError(f"no stage with a rate is called '{stage}'; known: {known}.")
        place = base.stages.index(stage) - 1
        ceiling = np.maximum(rates[place], HIGHEST_RATE)
        rates[place] = np.minimum(rates[place] * np.exp(shift), ceiling)
    return factored_demand(orders, rates, base.market_sizes, stages=base.stages)


def _check_rates(rates: FloatArray, stages: Sequence[str], place: int) -> None:
    low = np.arange(len(rates)).reshape(-1, *[1] * (rates.ndim - 1)) < place
    wrong = ~((rates <= 1) & np.where(low, rates > 0, rates >= 0))  # also catches NaN
    if wrong.any():
        stage, *cell = (int(index) for index in np.argwhere(wrong)[0])
        raise ValueError(
            f"the rate into {stages[stage + 1]} is {rates[(stage, *cell)]:.4g} in cell {cell}; "
            "expected above 0 and at most 1: pool it over products or regions that have data."
        )
