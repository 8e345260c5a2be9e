"""Draws of parameters: on the posterior's scale, jointly, in range, and honest where nothing is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandtable.errors import InputError
from sandtable.planning.uncertain.draws import draw_parameters
from tests.planning.planned import DATA, data_set, uncertain, with_covariance, with_errors

RANDOM = data_set(DATA).parameter_sets["random_coefficient"]
errors = st.floats(0.01, 0.8)


@settings(max_examples=40, deadline=None)
@given(errors, errors, errors, errors, st.integers(0, 2**32))
def test_every_draw_is_a_demand(
    alpha: float, spread: float, outer: float, inner: float, seed: int
) -> None:
    known = {"price_coefficient": alpha, "price_spread": spread, "sigma_segment": outer}
    parameters = with_errors(RANDOM, {**known, "sigma_powertrain": inner})
    draws = draw_parameters(parameters, 60, seed=seed)
    assert len(draws) == 60
    for draw in range(60):
        found = draws.parameter_set(draw)
        assert found.price_spread is not None
        assert found.price_coefficient.value > 0
        assert found.price_spread.value >= 0
        assert 0 <= found.sigmas[0].value <= found.sigmas[1].value < 1


def test_draws_are_normal_in_logarithms_with_the_errors_of_the_set() -> None:
    parameters = with_errors(RANDOM, {"price_coefficient": 0.2, "price_spread": 0.1})
    draws = draw_parameters(parameters, 20_000)
    assert draws.names == ("price_coefficient", "price_spread")
    logs = np.log(draws.values / [RANDOM.price_coefficient.value, RANDOM.price_spread.value])  # type: ignore[union-attr]
    np.testing.assert_allclose(logs.mean(axis=0), 0, atol=0.005)
    np.testing.assert_allclose(logs.std(axis=0), [0.2, 0.1], rtol=0.02)
    assert abs(np.corrcoef(logs.T)[0, 1]) < 0.02
    assert draws.basis == "standard_errors"
    assert any("as if their errors were independent" in said for said in draws.sentences)
    assert any("sigma_segment, sigma_powertrain" in said for said in draws.sentences)


def test_a_covariance_is_kept() -> None:
    parameters = with_covariance(
        with_errors(RANDOM, {"price_coefficient": 0.1, "sigma_powertrain": 0.05}), -0.8
    )
    draws = draw_parameters(parameters, 20_000)
    assert draws.basis == "covariance"
    points = np.stack([np.log(draws.values[:, 0]), draws.values[:, 1]])
    assert np.corrcoef(points)[0, 1] == pytest.approx(-0.8, abs=0.02)
    assert points[1].std() == pytest.approx(0.05 * RANDOM.sigmas[1].value, rel=0.02)


def test_the_first_draws_of_many_are_those_of_few_and_seeds_differ() -> None:
    parameters = uncertain().default_parameters
    many = draw_parameters(parameters, 500, seed=3)
    assert np.array_equal(draw_parameters(parameters, 70, seed=3).values, many.values[:70])
    assert not np.array_equal(draw_parameters(parameters, 70, seed=4).values, many.values[:70])


def test_a_set_without_errors_gives_its_values_once_and_says_so() -> None:
    draws = draw_parameters(RANDOM, 200)
    assert (len(draws), draws.basis) == (1, "none")
    assert draws.parameter_set(0) == RANDOM
    assert "says nothing of its own errors" in draws.sentences[0]


def test_draws_out_of_range_are_drawn_again_and_counted() -> None:
    draws = draw_parameters(with_errors(RANDOM, {"sigma_segment": 1.0}), 4_000)
    outer, inner = (sigma.value for sigma in RANDOM.sigmas)
    # the chance that a normal with mean and deviation `outer` lies between 0 and `inner`
    from scipy.stats import norm

    within = norm.cdf(inner, outer, outer) - norm.cdf(0, outer, outer)
    assert 4_000 / (4_000 + draws.n_refused) == pytest.approx(within, abs=0.02)
    assert draws.values.min() >= 0
    assert draws.values.max() <= inner
    assert "out of range and were drawn again" in draws.sentences[-1]


def test_errors_that_leave_no_demand_are_refused_with_a_sentence() -> None:
    sigma = RANDOM.sigmas[0].model_copy(update={"value": 0.35, "standard_error": 1e4})
    parameters = RANDOM.model_copy(update={"sigmas": [sigma, RANDOM.sigmas[1]]})
    with pytest.raises(InputError, match="too wide for such a demand"):
        draw_parameters(parameters, 50)


def test_no_draws_are_refused() -> None:
    with pytest.raises(ValueError, match="n_draws is 0"):
        draw_parameters(RANDOM, 0)
