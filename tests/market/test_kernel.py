"""The fast path of the shares gives what the safe one gives."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandtable.market.kernel import BLOCK, WIDEST, ShareKernel, choice_probabilities
from sandtable.market.primitives import FloatArray, Nests
from tests.market.random_markets import draw, kinds, seeds

NESTS = Nests(
    np.array([0, 0, 0, 1, 1, 1]), np.array([0, 0, 1, 2, 2, 3]), sigma_outer=0.3, sigma_inner=0.6
)


def safe_shares(
    deltas: FloatArray, tastes: FloatArray, weights: FloatArray, nests: Nests | None
) -> FloatArray:
    choice = choice_probabilities(deltas[:, :, None] + tastes, nests)
    return np.asarray(choice.probabilities @ weights)


@given(seeds, kinds)
def test_the_factored_shares_are_the_probabilities_summed_over_types(seed: int, kind: str) -> None:
    drawn = draw(seed, kind, gaps=True)
    demand = drawn.demand
    by_type = demand.choice(drawn.deltas, drawn.prices).probabilities @ demand.tastes.weights
    np.testing.assert_allclose(drawn.shares, by_type, rtol=1e-12)
    common = np.broadcast_to(drawn.prices[0], drawn.prices.shape)
    by_type = demand.choice(drawn.deltas, common).probabilities @ demand.tastes.weights
    for prices in (common, drawn.prices[0]):
        np.testing.assert_allclose(demand.shares(drawn.deltas, prices), by_type, rtol=1e-12)


@pytest.mark.parametrize("nests", [None, NESTS], ids=["plain", "nested"])
@given(seed=seeds, width=st.sampled_from([1.0, 30.0, 200.0, 700.0, 5000.0]), own=st.booleans())
def test_the_shares_hold_for_narrow_and_wide_ranges(
    nests: Nests | None, seed: int, width: float, own: bool
) -> None:
    random = np.random.default_rng(seed)
    tastes = random.uniform(-width, width, (3, 6, 4) if own else (6, 4))
    deltas = random.uniform(-width, width, (3, 6))
    weights = np.array([0.1, 0.2, 0.3, 0.4])
    shares = ShareKernel(tastes, weights, nests).shares(deltas)
    # a utility of 10,000 is itself known to 2e-12 only
    expected = safe_shares(deltas, tastes, weights, nests)
    np.testing.assert_allclose(shares, expected, rtol=1e-12 * max(1, width / 100), atol=1e-300)


@pytest.mark.parametrize("nests", [None, NESTS], ids=["plain", "nested"])
@pytest.mark.parametrize(
    "height", [0.0, 2 * WIDEST], ids=["in range", "far above the outside good"]
)
def test_wide_tastes_and_high_utilities_take_the_safe_path(
    nests: Nests | None, height: float
) -> None:
    tastes = np.zeros((6, 2))
    tastes[:, 1] = -2 * WIDEST * np.arange(6)
    deltas = np.full((1, 6), height)
    weights = np.array([0.5, 0.5])
    shares = ShareKernel(tastes, weights, nests).shares(deltas)
    np.testing.assert_allclose(shares, safe_shares(deltas, tastes, weights, nests), rtol=1e-12)
    if height and nests is None:
        np.testing.assert_allclose(shares[0], [7 / 12, *[1 / 12] * 5], rtol=1e-12)


def test_the_safe_path_goes_through_the_types_in_blocks() -> None:
    n_types = BLOCK // 6 + 5
    random = np.random.default_rng(1)
    tastes = random.normal(0, 1, (6, n_types))
    weights = np.full(n_types, 1 / n_types)
    deltas = np.full((1, 6), WIDEST + 1)
    shares = ShareKernel(tastes, weights).shares(deltas)
    np.testing.assert_allclose(shares, safe_shares(deltas, tastes, weights, None), rtol=1e-11)


@given(seeds)
def test_tastes_are_left_alone_unless_they_may_be_overwritten(seed: int) -> None:
    random = np.random.default_rng(seed)
    tastes, deltas = random.normal(0, 2, (6, 4)), random.normal(0, 1, (2, 6))
    weights = np.full(4, 0.25)
    before = tastes.copy()
    shares = ShareKernel(tastes, weights, NESTS).shares(deltas)
    assert (tastes == before).all()
    again = ShareKernel(tastes, weights, NESTS, overwrite_tastes=True).shares(deltas)
    assert (again == shares).all()


def test_utilities_are_left_alone_unless_they_may_be_overwritten() -> None:
    utilities = np.random.default_rng(0).normal(0, 2, (2, 6, 4))
    before = utilities.copy()
    choice = choice_probabilities(utilities)
    assert (utilities == before).all()
    again = choice_probabilities(utilities, overwrite_utilities=True)
    assert (again.probabilities == choice.probabilities).all()


def test_a_nest_in_which_nothing_is_offered_sells_nothing() -> None:
    deltas = np.array([[-np.inf, -np.inf, -np.inf, 0.0, 1.0, 0.0]])
    shares = ShareKernel(np.zeros((6, 1)), np.ones(1), NESTS).shares(deltas)
    assert (shares[0, :3] == 0).all()
    assert (shares[0, 3:] > 0).all()


def test_a_cell_in_which_nothing_is_offered_sells_nothing() -> None:
    shares = ShareKernel(np.zeros((6, 1)), np.ones(1)).shares(np.full((1, 6), -np.inf))
    assert (shares == 0).all()
