"""The life of a product: ramp, decay, facelift."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandtable.response.lifecycle import Lifecycle


def test_without_ramp_and_decay_age_says_nothing() -> None:
    np.testing.assert_array_equal(Lifecycle().log_attraction(np.arange(5.0)), 0.0)


def test_before_launch_a_product_attracts_nobody() -> None:
    life = Lifecycle(ramp=2.0).log_attraction(np.array([-1.0, 0.0]))
    assert life[0] == -np.inf
    assert np.isfinite(life[1])


@given(st.floats(0.1, 12.0))
def test_a_new_product_becomes_known_step_by_step(ramp: float) -> None:
    strength = np.exp(Lifecycle(ramp=ramp).log_attraction(np.arange(0.0, 60.0)))
    assert (np.diff(strength) >= 0).all()
    assert 0 < strength[0] < 1 + 1e-12
    at_ramp = np.exp(
        Lifecycle(ramp=ramp).log_attraction(np.array([ramp - 1.0 if ramp >= 1 else 0.0]))
    )
    if ramp >= 1:
        assert at_ramp[0] == pytest.approx(1 - np.exp(-1))


def test_a_facelift_restores_its_part_from_its_period_on() -> None:
    life = Lifecycle(decay=0.01, restored=0.08)
    ages = np.arange(10.0)
    plain = life.log_attraction(ages)
    lifted = life.log_attraction(ages, ages - 4.0)
    np.testing.assert_allclose(lifted - plain, np.where(ages >= 4, 0.08, 0.0), atol=1e-15)
    np.testing.assert_array_equal(life.log_attraction(ages, np.full(10, np.nan)), plain)


def test_a_negative_number_is_refused() -> None:
    with pytest.raises(ValueError, match=r"decay is -0\.1; it must be 0 or more"):
        Lifecycle(decay=-0.1)
