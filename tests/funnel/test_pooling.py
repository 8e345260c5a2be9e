"""Small dealers shrink, large ones speak for themselves, and planted spreads are found again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandtable.funnel.pooling import (
    MOST_ALIKE,
    UNKNOWN,
    fit_pool,
    posterior,
    variance_inflation,
)


def simulated(
    concentration: float, n_dealers: int, seed: int, mean: float = 0.3
) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    trials = random.integers(50, 2000, n_dealers).astype(float)
    rates = random.beta(mean * concentration, (1 - mean) * concentration, n_dealers)
    return random.binomial(trials.astype(int), rates).astype(float), trials


def test_mean_and_concentration_are_recovered() -> None:
    found = [fit_pool(*simulated(200.0, 400, seed)) for seed in range(5)]
    assert {pool.method for pool in found} == {"likelihood"}
    assert np.mean([pool.means[0] for pool in found]) == pytest.approx(0.3, abs=0.003)
    assert np.mean([pool.concentration for pool in found]) == pytest.approx(200, rel=0.1)


def test_eighty_per_cent_intervals_hold_eighty_per_cent_of_the_rates() -> None:
    random = np.random.default_rng(3)
    trials = random.integers(5, 400, 4000)
    rates = random.beta(30, 70, 4000)
    passed = random.binomial(trials, rates).astype(float)
    pool = fit_pool(passed, trials.astype(float))
    shown = posterior(passed, trials.astype(float), pool.means.repeat(4000), pool.concentration)
    assert np.mean((shown.low_80 < rates) & (rates < shown.high_80)) == pytest.approx(0.8, abs=0.02)
    assert np.mean((shown.low_95 < rates) & (rates < shown.high_95)) == pytest.approx(
        0.95, abs=0.012
    )


def test_groups_have_means_of_their_own() -> None:
    first, second = simulated(300.0, 150, 1, mean=0.2), simulated(300.0, 150, 2, mean=0.4)
    groups = np.repeat([0, 1], 150)
    pool = fit_pool(
        np.append(first[0], second[0]), np.append(first[1], second[1]), groups.astype(np.int64)
    )
    np.testing.assert_allclose(pool.means, [0.2, 0.4], atol=0.01)
    assert pool.concentration == pytest.approx(300, rel=0.2)


def test_dealers_that_do_not_differ_are_pooled_by_moments() -> None:
    trials = np.full(30, 100.0)
    pool = fit_pool(np.full(30, 20.0), trials)
    assert (pool.method, pool.concentration) == ("moments", MOST_ALIKE)


def test_too_few_dealers_are_hardly_pooled() -> None:
    pool = fit_pool(np.array([20.0, 0.0]), np.array([100.0, 0.0]))
    assert (pool.method, pool.concentration) == ("unknown", UNKNOWN)
    assert pool.means[0] == pytest.approx(0.2)


@given(st.integers(0, 1000), st.integers(1, 1000), st.floats(0.001, 0.999), st.floats(0.1, 1e5))
def test_a_pooled_rate_lies_between_the_raw_rate_and_the_mean(
    passed: int, dropped: int, mean: float, concentration: float
) -> None:
    trials = float(passed + dropped)
    shown = posterior(
        np.array([float(passed)]), np.array([trials]), np.array([mean]), concentration
    )
    low, high = sorted((passed / trials, mean))
    assert low - 1e-12 <= shown.means[0] <= high + 1e-12
    assert shown.low_95[0] <= shown.low_80[0] <= shown.high_80[0] <= shown.high_95[0]


@given(st.integers(1, 10**5), st.floats(0.05, 0.95), st.floats(50, 1e5))
def test_doubling_the_counts_narrows_the_interval(
    trials: int, mean: float, concentration: float
) -> None:
    n = np.array([1.0, 2.0]) * trials
    shown = posterior(n * mean, n, np.array([mean, mean]), concentration)
    widths = shown.high_95 - shown.low_95
    assert widths[1] < widths[0]


def test_a_small_dealer_is_drawn_further_than_a_large_one() -> None:
    shown = posterior(np.array([1.0, 100.0]), np.array([10.0, 1000.0]), np.full(2, 0.3), 50.0)
    assert 0.3 - shown.means[0] < 0.3 - shown.means[1]


def test_a_dealer_without_customers_shows_the_mean_of_its_peers() -> None:
    shown = posterior(np.array([0.0]), np.array([0.0]), np.array([0.3]), 50.0)
    assert shown.means[0] == pytest.approx(0.3)


def test_chance_alone_inflates_nothing() -> None:
    random = np.random.default_rng(5)
    trials = np.full((12, 80), 200)
    passed = random.binomial(trials, 0.3).astype(float)
    assert variance_inflation(passed, trials.astype(float)).mean() == pytest.approx(1.0, abs=0.1)


def test_months_that_jump_are_found_and_a_month_common_to_all_is_not_counted() -> None:
    random = np.random.default_rng(6)
    trials = np.full((12, 80), 200)
    jumpy = random.beta(0.3 * 99, 0.7 * 99, trials.shape)  # inflation 1 + 199 / 100
    inflation = variance_inflation(random.binomial(trials, jumpy).astype(float), trials * 1.0)
    assert inflation.mean() == pytest.approx(2.99, rel=0.15)
    common = random.uniform(0.2, 0.4, (12, 1)).repeat(80, axis=1)
    inflation = variance_inflation(random.binomial(trials, common).astype(float), trials * 1.0)
    assert inflation.mean() < 1.2


def test_one_month_tells_nothing_of_jumps() -> None:
    assert variance_inflation(np.array([[3.0, 4.0]]), np.array([[9.0, 9.0]])).tolist() == [1, 1]
