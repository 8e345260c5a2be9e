"""Adstock and saturation: closed forms, limits and derivatives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandtable.response.media import adstock, hill, hill_slope

carry = st.floats(0.0, 0.95)
halves = st.floats(0.1, 100.0)
slopes = st.floats(0.3, 4.0)


@given(carry, st.floats(0.1, 1e6))
def test_constant_spend_builds_up_to_its_limit(rate: float, amount: float) -> None:
    stock = adstock(np.full(600, amount), rate)
    assert stock[-1] == pytest.approx(amount / (1 - rate), rel=1e-9)
    assert (np.diff(stock) >= -1e-9 * amount).all()


@given(carry, st.lists(st.floats(0, 100), min_size=4, max_size=9))
def test_the_past_carried_in_continues_the_series(rate: float, spend: list[float]) -> None:
    whole = adstock(np.array(spend), rate)
    rest = adstock(np.array(spend[2:]), rate, before=whole[1])
    np.testing.assert_allclose(rest, whole[2:], rtol=1e-12)


def test_many_series_run_beside_each_other() -> None:
    spend = np.arange(12.0).reshape(4, 3)
    together = adstock(spend, 0.5)
    for column in range(3):
        np.testing.assert_array_equal(together[:, column], adstock(spend[:, column], 0.5))


@given(halves, slopes)
def test_a_channel_without_spend_does_nothing_and_saturates_at_one(
    half: float, slope: float
) -> None:
    curve = hill(np.array([0.0, half, 1e12]), half, slope)
    assert curve[0] == 0.0
    assert curve[1] == pytest.approx(0.5)
    assert curve[2] == pytest.approx(1.0, abs=1e-3)


@given(halves, slopes, st.floats(0.01, 1e4))
def test_the_slope_is_the_derivative(half: float, slope: float, stock: float) -> None:
    step = 1e-6 * stock
    numeric = (
        hill(np.array(stock + step), half, slope) - hill(np.array(stock - step), half, slope)
    ) / (2 * step)
    assert float(hill_slope(np.array(stock), half, slope)) == pytest.approx(
        float(numeric), rel=1e-5, abs=1e-12
    )


def test_the_slope_at_no_spend() -> None:
    nothing = np.zeros(1)
    assert hill_slope(nothing, 2.0, 2.0)[0] == 0.0
    assert hill_slope(nothing, 2.0, 1.0)[0] == 0.5
    assert np.isinf(hill_slope(nothing, 2.0, 0.5)[0])


def test_numbers_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="carry_over is 1; it must lie in"):
        adstock(np.ones(3), 1.0)
    with pytest.raises(ValueError, match="half must be above 0"):
        hill(np.ones(1), 0.0, 1.0)
    with pytest.raises(ValueError, match="slope must be above 0"):
        hill(np.ones(1), 1.0, 0.0)
