"""Stages multiply to the orders of the model, before and after levers."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sandtable.funnel.stages import (
    HIGHEST_RATE,
    STAGES,
    FloatArray,
    answered_demand,
    attraction_change,
    changed_rate,
    factored_demand,
    rates_of,
)

SHAPE = (2, 3)
ORDERS = hnp.arrays(np.float64, SHAPE, elements=st.just(0.0) | st.floats(1e-9, 1e6))
RATES = hnp.arrays(np.float64, (4, *SHAPE), elements=st.floats(0.01, 1))
SIZES = np.array([30_000.0, 50_000.0])


@given(ORDERS, RATES)
def test_stages_multiply_to_the_orders_of_the_model(orders: FloatArray, rates: FloatArray) -> None:
    demand = factored_demand(orders, rates, SIZES)
    product = SIZES[:, None] * demand.lead_rates * rates[:3].prod(axis=0)
    np.testing.assert_allclose(product, orders, rtol=1e-12, atol=0)
    np.testing.assert_array_equal(demand.of("orders"), orders)
    np.testing.assert_allclose(demand.of("deliveries"), orders * rates[3], rtol=1e-15)


@given(ORDERS, RATES, ORDERS, st.floats(-0.5, 0.5))
def test_stages_multiply_to_the_orders_of_every_scenario(
    orders: FloatArray, rates: FloatArray, answered: FloatArray, shift: float
) -> None:
    base = factored_demand(orders, rates, SIZES)
    scenario = answered_demand(base, answered, {"orders": shift, "deliveries": -0.1})
    product = SIZES[:, None] * scenario.lead_rates * scenario.rates[:3].prod(axis=0)
    np.testing.assert_allclose(product, answered, rtol=1e-12, atol=0)
    assert (scenario.rates <= np.maximum(base.rates, HIGHEST_RATE)).all()


@given(ORDERS, RATES)
def test_no_lever_leaves_every_stage_exactly_as_it_was(
    orders: FloatArray, rates: FloatArray
) -> None:
    base = factored_demand(orders, rates, SIZES)
    same = answered_demand(base, orders, {"test_drives": 0.0})
    np.testing.assert_array_equal(same.counts, base.counts)


def test_awareness_moves_leads_and_leaves_rates() -> None:
    base = factored_demand(np.full(SHAPE, 100.0), np.full((4, *SHAPE), 0.5), SIZES)
    more = answered_demand(base, base.of("orders") * 1.1, {})
    np.testing.assert_array_equal(more.rates, base.rates)
    np.testing.assert_allclose(more.of("leads"), base.of("leads") * 1.1)


def test_a_price_cut_moves_the_order_rate_and_diversion_shows_in_leads() -> None:
    base = factored_demand(np.full(SHAPE, 100.0), np.full((4, *SHAPE), 0.5), SIZES)
    more = answered_demand(base, base.of("orders") * 1.15, {"orders": np.log(1.2)})
    np.testing.assert_allclose(more.rates[2], 0.6)
    np.testing.assert_allclose(more.of("leads"), base.of("leads") * 1.15 / 1.2)


def test_a_shift_of_leads_is_refused() -> None:
    base = factored_demand(np.ones(SHAPE), np.full((4, *SHAPE), 0.5), SIZES)
    with pytest.raises(ValueError, match="no stage with a rate is called 'leads'; known: cards"):
        answered_demand(base, base.of("orders"), {"leads": 0.1})


def test_a_missing_rate_is_named() -> None:
    rates = np.full((4, *SHAPE), 0.5)
    rates[1, 0, 2] = np.nan
    message = re.escape("the rate into test_drives is nan in cell [0, 2]")
    with pytest.raises(ValueError, match=message):
        factored_demand(np.ones(SHAPE), rates, SIZES)


@given(st.floats(0, 1), st.floats(-1, 10))
def test_a_lever_keeps_a_rate_a_rate(rate: float, change: float) -> None:
    after = float(changed_rate(np.array([rate]), change)[0])
    assert 0 <= after <= max(rate, HIGHEST_RATE)
    assert changed_rate(np.array([rate]), 0.0)[0] == rate


def test_a_rate_cannot_fall_by_more_than_all_of_it() -> None:
    with pytest.raises(ValueError, match="cannot fall by more than all of it"):
        changed_rate(np.array([0.5]), -1.5)


def test_a_higher_rate_multiplies_the_attraction() -> None:
    before = np.array([0.2])
    gain = attraction_change(before, changed_rate(before, 0.1))
    np.testing.assert_allclose(np.exp(gain), 1.1)


@given(hnp.arrays(np.int64, (5, 4), elements=st.integers(0, 10**6)))
def test_no_data_no_rate(counts: np.ndarray) -> None:
    counts = -np.sort(-counts, axis=0)
    rates = rates_of(counts)
    np.testing.assert_array_equal(np.isnan(rates), counts[:-1] == 0)
    assert len(STAGES) == len(counts)
