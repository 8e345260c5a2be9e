"""The combination of an estimate with priors is the textbook one, whatever the scales."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandtable.calibration.combining import Combination, combine
from sandtable.errors import ConvergenceError
from sandtable.market.primitives import FloatArray

SEEDS = st.integers(0, 100_000)


def covariance(rng: np.random.Generator, size: int) -> FloatArray:
    root = rng.normal(size=(size, size))
    scales = 10 ** rng.uniform(-2, 2, size)
    return np.asarray((root @ root.T + 0.1 * np.eye(size)) * np.outer(scales, scales))


def linear(
    mean: FloatArray, before: FloatArray, rows: FloatArray, wanted: FloatArray, noise: FloatArray
) -> Combination:
    return combine(mean, before, lambda point: (rows @ point, rows), wanted, noise)


@settings(max_examples=50)
@given(SEEDS, st.integers(1, 4), st.integers(1, 4))
def test_linear_priors_give_the_textbook_posterior(seed: int, size: int, n_priors: int) -> None:
    rng = np.random.default_rng(seed)
    mean, before = rng.normal(size=size), covariance(rng, size)
    rows = rng.normal(size=(n_priors, size)) / np.sqrt(np.diag(before))
    wanted, noise = rng.normal(size=n_priors), covariance(rng, n_priors)
    found = linear(mean, before, rows, wanted, noise)
    precision = np.linalg.inv(before) + rows.T @ np.linalg.inv(noise) @ rows
    after = np.linalg.inv(precision)
    expected = after @ (np.linalg.inv(before) @ mean + rows.T @ np.linalg.inv(noise) @ wanted)
    scales = np.sqrt(np.diag(before))
    np.testing.assert_allclose(found.mean / scales, expected / scales, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(
        found.covariance / np.outer(scales, scales), after / np.outer(scales, scales), atol=1e-7
    )
    gap = wanted - rows @ mean
    distance = gap @ np.linalg.solve(rows @ before @ rows.T + noise, gap)
    assert found.distance == pytest.approx(distance, rel=1e-6)
    assert ((found.data_weights >= 0) & (found.data_weights <= 1)).all()


@given(st.floats(-5, 5), st.floats(0.01, 10), st.floats(-5, 5), st.floats(0.01, 10))
def test_one_prior_on_one_parameter_is_the_precision_weighted_mean(
    mean: float, error: float, wanted: float, prior_error: float
) -> None:
    one = np.eye(1)
    found = linear(np.array([mean]), one * error**2, one, np.array([wanted]), one * prior_error**2)
    weight = error**-2 / (error**-2 + prior_error**-2)
    assert found.mean[0] == pytest.approx(weight * mean + (1 - weight) * wanted, abs=1e-9)
    assert found.data_weights[0] == pytest.approx(weight, abs=1e-9)
    assert found.covariance[0, 0] == pytest.approx(1 / (error**-2 + prior_error**-2), rel=1e-9)
    assert found.distance == pytest.approx((mean - wanted) ** 2 / (error**2 + prior_error**2))


@settings(max_examples=30)
@given(SEEDS, st.integers(1, 4))
def test_an_infinitely_wide_prior_leaves_the_estimate(seed: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    mean, before = rng.normal(size=size), covariance(rng, size)
    found = linear(mean, before, np.eye(size), rng.normal(size=size), np.eye(size) * 1e20)
    np.testing.assert_allclose(found.mean, mean, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(found.covariance, before, rtol=1e-9)
    np.testing.assert_allclose(found.data_weights, 1.0, rtol=1e-9)


@settings(max_examples=30)
@given(SEEDS, st.integers(1, 4))
def test_an_infinitely_sharp_prior_is_the_result(seed: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    mean, before = rng.normal(size=size), covariance(rng, size)
    wanted = rng.normal(size=size)
    found = linear(mean, before, np.eye(size), wanted, np.eye(size) * 1e-24)
    scales = np.sqrt(np.diag(before))
    np.testing.assert_allclose(found.mean / scales, wanted / scales, atol=1e-7)
    np.testing.assert_allclose(found.data_weights, 0.0, atol=1e-9)


def test_a_prior_on_one_parameter_moves_those_that_err_with_it() -> None:
    before = np.array([[1.0, 0.8], [0.8, 1.0]])
    row = np.array([[1.0, 0.0]])
    found = linear(np.zeros(2), before, row, np.array([1.0]), np.array([[1.0]]))
    np.testing.assert_allclose(found.mean, [0.5, 0.4])
    np.testing.assert_allclose(found.data_weights, [0.5, 0.68])


def test_two_priors_one_after_the_other_are_both_at_once() -> None:
    rng = np.random.default_rng(4)
    mean, before = rng.normal(size=3), covariance(rng, 3)
    rows = rng.normal(size=(2, 3))
    wanted, noise = rng.normal(size=2), np.diag([0.5, 2.0])
    once = linear(mean, before, rows, wanted, noise)
    first = linear(mean, before, rows[:1], wanted[:1], noise[:1, :1])
    second = linear(first.mean, first.covariance, rows[1:], wanted[1:], noise[1:, 1:])
    np.testing.assert_allclose(second.mean, once.mean, rtol=1e-8)
    np.testing.assert_allclose(second.covariance, once.covariance, rtol=1e-7)


def test_a_curved_prior_ends_at_the_most_likely_point() -> None:
    from scipy.optimize import minimize

    mean, before = np.array([0.2, -0.1]), np.array([[0.3, 0.1], [0.1, 0.2]])
    wanted, noise = np.array([2.0]), np.array([[0.1]])

    def look(point: FloatArray) -> tuple[FloatArray, FloatArray]:
        return np.array([np.exp(point[0]) + point[1]]), np.array([[np.exp(point[0]), 1.0]])

    def loss(point: FloatArray) -> float:
        far, gap = point - mean, wanted - look(point)[0]
        return float(far @ np.linalg.solve(before, far) + gap @ np.linalg.solve(noise, gap))

    found = combine(mean, before, look, wanted, noise)
    best = minimize(loss, mean, method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-14})
    np.testing.assert_allclose(found.mean, best.x, atol=1e-6)


def test_what_leads_nowhere_is_a_typed_failure() -> None:
    calls = []

    def look(point: FloatArray) -> tuple[FloatArray, FloatArray]:
        calls.append(point)
        if len(calls) > 1:
            raise ValueError("no demand")
        return point, np.eye(1)

    with pytest.raises(ConvergenceError, match="lead where no demand exists") as caught:
        combine(np.zeros(1), np.eye(1), look, np.ones(1), np.eye(1))
    assert caught.value.reason == "posterior"
