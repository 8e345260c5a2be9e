"""Weak dealers and weak regions are told apart, and ordinary ones are left alone."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from sandtable.funnel.expecting import FloatArray, StageEvidence, lower_tail
from sandtable.funnel.weak_links import find_weak_links, holm

REGIONS = np.repeat(np.arange(8), 8).astype(np.int64)
ALL = np.zeros(64, dtype=np.int64)


def stage(rates: FloatArray, seed: int, trials: int = 4000) -> StageEvidence:
    random = np.random.default_rng(seed)
    n = np.full(64, trials)
    odds = special.logit(rates) + random.normal(0, 0.06, 64)
    passed = random.binomial(n, special.expit(odds)).astype(float)
    return StageEvidence(passed, n.astype(float), REGIONS, (REGIONS // 2, ALL))


def test_ordinary_dealers_are_no_weak_links() -> None:
    alarms = 0
    for seed in range(60):
        found = find_weak_links([stage(np.full(64, 0.25), seed)], 8)
        alarms += int(found.sure_dealers.any() or found.sure_regions.any())
    assert alarms <= 3


def test_probabilities_of_ordinary_dealers_are_honest() -> None:
    low = [
        find_weak_links([stage(np.full(64, 0.25), seed)], 8).dealers[0].p_values < 0.05
        for seed in range(60)
    ]
    assert 0.03 < np.mean(low) < 0.065


def test_a_weak_dealer_is_found_and_does_not_make_its_region_weak() -> None:
    rates = np.full(64, 0.25)
    rates[10] = 0.16
    for seed in range(10):
        found = find_weak_links([stage(rates, seed)], 8)
        assert np.flatnonzero(found.sure_dealers[0]).tolist() == [10]
        assert not found.sure_regions.any()


def test_a_weak_region_is_found_and_does_not_make_its_dealers_weak() -> None:
    rates = np.where(REGIONS == 3, 0.18, 0.25)
    for seed in range(10):
        found = find_weak_links([stage(rates, seed)], 8)
        assert np.flatnonzero(found.sure_regions[0]).tolist() == [3]
        assert not found.sure_dealers.any()


def test_a_weak_dealer_of_a_weak_region_is_found_beside_it() -> None:
    rates = np.where(REGIONS == 3, 0.18, 0.25)
    rates[26] = 0.11
    found = find_weak_links([stage(rates, 1)], 8)
    assert np.flatnonzero(found.sure_dealers[0]).tolist() == [26]
    assert np.flatnonzero(found.sure_regions[0]).tolist() == [3]


def test_a_shortfall_too_small_to_matter_is_not_called_sure() -> None:
    n = np.full(64, 1e7)
    rates = np.full(64, 0.25)
    rates[5] = 0.246
    noise = np.random.default_rng(0).normal(0, 1e-4, 64)
    evidence = StageEvidence(n * (rates + noise), n, REGIONS, (ALL,))
    found = find_weak_links([evidence], 8)
    assert found.dealers[0].p_values[5] < 1e-6
    assert not found.sure_dealers.any()


@given(st.permutations(range(64)))
def test_the_order_of_dealers_changes_nothing(order: list[int]) -> None:
    rates = np.full(64, 0.25)
    rates[10] = 0.16
    first = stage(rates, 2)
    moved = StageEvidence(
        first.successes[order],
        first.trials[order],
        first.regions[order],
        tuple(group[order] for group in first.peers),
    )
    plain, shuffled = find_weak_links([first], 8), find_weak_links([moved], 8)
    np.testing.assert_array_equal(shuffled.sure_dealers[0], plain.sure_dealers[0][order])
    np.testing.assert_allclose(
        shuffled.dealers[0].benchmarks, plain.dealers[0].benchmarks[order], rtol=1e-6
    )


def test_few_peers_give_way_to_the_wider_group() -> None:
    narrow = np.arange(64, dtype=np.int64)  # nobody has a peer
    first = stage(np.full(64, 0.25), 4)
    found = find_weak_links(
        [StageEvidence(first.successes, first.trials, REGIONS, (narrow, ALL))], 8
    )
    assert set(found.dealers[0].peer_group.tolist()) == {1}
    assert set(found.dealers[0].n_peers.tolist()) == {63}


def test_dealers_without_customers_or_peers_are_not_judged() -> None:
    empty = StageEvidence(np.zeros(3), np.zeros(3), np.array([0, 0, 1]), (np.zeros(3, np.int64),))
    found = find_weak_links([empty], 2)
    assert not found.dealers[0].judged.any()
    assert not found.sure_dealers.any()


def test_the_tail_without_spread_is_that_of_the_binomial() -> None:
    k, n = np.array([3.0, 40.0]), np.array([60.0, 200.0])
    rates = np.array([0.2, 0.3])
    tail = lower_tail(k, n, special.logit(rates), np.full(2, 1e-9), 1000)
    np.testing.assert_allclose(tail, stats.binom.cdf(k, n, rates), rtol=1e-6)


def test_the_tail_with_spread_is_that_of_simulated_dealers() -> None:
    random = np.random.default_rng(8)
    drawn = random.binomial(300, special.expit(-1 + 0.2 * random.standard_normal(400_000)))
    tail = lower_tail(np.array([60.0]), np.array([300.0]), np.array([-1.0]), np.array([0.2]), 10**6)
    np.testing.assert_allclose(tail[0], np.mean(drawn <= 60), rtol=0.03)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_holm_rejects_no_more_than_single_tests_and_no_fewer_than_bonferroni(
    values: list[float],
) -> None:
    p = np.array(values)
    rejected = holm([p], 0.05)[0]
    assert (p[rejected] <= 0.05).all()
    assert rejected[p <= 0.05 / len(p)].all()
