"""Purchases that a temporary tax or subsidy brings forward: a part of what it adds is missing afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from sandtable.forecast.periods import period_number
from sandtable.market.primitives import FloatArray
from sandtable.scenario.base import Base
from sandtable.scenario.levers import lever_table, terms_of
from sandtable.scenario.model import LeverMove, Scenario

Lifts = Mapping[int, FloatArray]  # index of a move -> cars that it added so far, by region (R,)


def temporary_moves(scenario: Scenario) -> Iterator[tuple[int, LeverMove, float, int]]:
    """Yield each move that ends and brings purchases forward: index, move, part, periods of repayment."""
    for index, move in enumerate(scenario.levers):
        if move.last is None or "brought_forward" not in lever_table()[move.lever].terms:
            continue
        terms = terms_of(move)
        if terms["brought_forward"]:
            yield index, move, terms["brought_forward"], int(terms["repaid_over"])


def missing_cars(scenario: Scenario, base: Base, lifts: Lifts) -> FloatArray | None:
    """Return the cars bought before that are missing in a period, by region, (R,); None when there are none.

    Parameters
    ----------
    scenario : Scenario
    base : Base
        One period.
    lifts : mapping of int to ndarray
        What each temporary move added in the periods run before.

    Notes
    -----
    A part ``brought_forward`` of all that a move adds while it acts is missing over the ``repaid_over`` periods after
    its last one, the same number in each. What it takes away (a temporary tax) comes back in the same way.
    """
    frequency = base.data_set.metadata.frequency
    missing: FloatArray | None = None
    for index, move, part, over in temporary_moves(scenario):
        assert move.last is not None
        after = period_number(base.period, frequency) - period_number(move.last, frequency)
        if index in lifts and 1 <= after <= over:
            owed = part * lifts[index] / over
            missing = owed if missing is None else missing + owed
    return missing


def size_factor(base: Base, missing: FloatArray) -> FloatArray:
    """Return the factor on the households of each region at which its sales in the base fall by so many cars, (R,)."""
    sold = base.market.units.sum(axis=1)
    return np.asarray(1 - np.divide(missing, sold, where=sold > 0, out=np.zeros_like(sold)))
