"""Stages multiply to what the model sells, before and after levers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sandtable.funnel.stages import (
    HIGHEST_RATE,
    STAGES,
    FloatArray,
    answered_counts,
    changed_rate,
    rates_of,
    stage_counts,
)

SHAPE = (2, 3)
ORDER = STAGES.index("orders")
SOLD = hnp.arrays(np.float64, SHAPE, elements=st.floats(1e-3, 1e6))
RATES = hnp.arrays(np.float64, (4, *SHAPE), elements=st.floats(0.01, 0.99))
FACTORS = hnp.arrays(np.float64, (4, *SHAPE), elements=st.floats(0.5, 1.5))
NO_LEVER = np.ones((4, *SHAPE))


@given(SOLD, RATES)
def test_stages_multiply_to_what_is_sold(sold: FloatArray, rates: FloatArray) -> None:
    counts = stage_counts(sold, rates)
    np.testing.assert_allclose(counts[0] * rates.prod(axis=0), sold, rtol=1e-12)
    np.testing.assert_array_equal(counts[-1], sold)
    assert (counts[:-1] >= counts[1:]).all()


@given(SOLD, RATES)
def test_without_levers_every_stage_is_as_it_was_to_the_bit(
    sold: FloatArray, rates: FloatArray
) -> None:
    counts = stage_counts(sold, rates)
    after = answered_counts(counts, counts[0], sold, NO_LEVER, ORDER)
    np.testing.assert_array_equal(after, counts)


@given(SOLD, RATES, SOLD, FACTORS, st.floats(0.5, 2))
def test_whatever_levers_do_leads_and_sales_are_those_of_the_model_and_stages_shrink(
    sold: FloatArray, rates: FloatArray, after_sold: FloatArray, factors: FloatArray, more: float
) -> None:
    counts = stage_counts(sold, rates)
    after = answered_counts(counts, counts[0] * more, after_sold, factors, ORDER)
    np.testing.assert_allclose(after[-1], after_sold, rtol=1e-12)
    assert (after[:-1] >= after[1:] * (1 - 1e-12)).all()
    # leads are given, unless fewer than the orders that they must bring
    assert (after[0] >= counts[0] * more * (1 - 1e-12)).all()


def test_awareness_moves_leads_and_the_later_stages_with_them() -> None:
    counts = stage_counts(np.full(SHAPE, 100.0), np.full((4, *SHAPE), 0.5))
    after = answered_counts(counts, counts[0] * 1.1, counts[-1] * 1.08, NO_LEVER, ORDER)
    np.testing.assert_allclose(after[:3], counts[:3] * 1.1)
    np.testing.assert_allclose(after[3:], counts[3:] * 1.08)


def test_a_price_cut_moves_the_order_rate_and_nothing_before() -> None:
    counts = stage_counts(np.full(SHAPE, 100.0), np.full((4, *SHAPE), 0.5))
    after = answered_counts(counts, counts[0], counts[-1] * 1.15, NO_LEVER, ORDER)
    np.testing.assert_array_equal(after[:3], counts[:3])
    np.testing.assert_allclose(after[3:], counts[3:] * 1.15)


def test_a_stage_rate_moves_its_own_stage_and_orders_show_who_would_have_bought_anyway() -> None:
    counts = stage_counts(np.full(SHAPE, 100.0), np.full((4, *SHAPE), 0.5))
    factors = NO_LEVER.copy()
    factors[1] = 1.1  # test drives
    after = answered_counts(counts, counts[0], counts[-1] * 1.08, factors, ORDER)
    np.testing.assert_array_equal(after[:2], counts[:2])
    np.testing.assert_allclose(after[2], counts[2] * 1.1)
    np.testing.assert_allclose(rates_of(after)[2], 0.5 * 1.08 / 1.1)


def test_a_higher_delivery_rate_needs_fewer_orders_for_the_same_deliveries() -> None:
    counts = stage_counts(np.full(SHAPE, 100.0), np.full((4, *SHAPE), 0.5))
    factors = NO_LEVER.copy()
    factors[3] = 1.25
    after = answered_counts(counts, counts[0], counts[-1], factors, ORDER)
    np.testing.assert_allclose(after[3], counts[3] / 1.25)


def test_unknown_stays_unknown() -> None:
    counts = np.full((5, *SHAPE), np.nan)
    after = answered_counts(counts, counts[0], np.full(SHAPE, 5.0), NO_LEVER, ORDER)
    assert np.isnan(after).all()


@given(st.floats(0, 1), st.floats(-1, 10))
def test_a_lever_keeps_a_rate_a_rate(rate: float, change: float) -> None:
    after = float(changed_rate(np.array([rate]), change)[0])
    assert 0 <= after <= max(rate, HIGHEST_RATE)
    assert changed_rate(np.array([rate]), 0.0)[0] == rate


def test_a_rate_cannot_fall_by_more_than_all_of_it() -> None:
    with pytest.raises(ValueError, match="cannot fall by more than all of it"):
        changed_rate(np.array([0.5]), -1.5)


@given(hnp.arrays(np.int64, (5, 4), elements=st.integers(0, 10**6)))
def test_no_data_no_rate(counts: np.ndarray) -> None:
    counts = -np.sort(-counts, axis=0)
    rates = rates_of(counts)
    np.testing.assert_array_equal(np.isnan(rates), counts[:-1] == 0)
    assert len(STAGES) == len(counts)
