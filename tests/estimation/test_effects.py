"""Absorbed effects are gone to the last digit, and cost the right number of degrees of freedom."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sandtable.estimation.effects import Absorber, independent_columns

CODES = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), min_size=6, max_size=40)


@given(CODES, st.integers(0, 1000))
def test_residuals_are_those_of_least_squares_on_dummies(
    pairs: list[tuple[int, int]], seed: int
) -> None:
    codes = np.array(pairs)
    values = np.random.default_rng(seed).normal(size=(len(codes), 2))
    dummies = np.column_stack([codes[:, [0]] == np.arange(5), codes[:, [1]] == np.arange(4)])
    fitted = dummies @ np.linalg.lstsq(dummies.astype(float), values, rcond=None)[0]
    absorber = Absorber([codes[:, 0], codes[:, 1]])
    np.testing.assert_allclose(absorber.residuals(values), values - fitted, atol=1e-11)
    assert absorber.rank == np.linalg.matrix_rank(dummies.astype(float))


@given(CODES, st.integers(0, 1000))
def test_absorbing_twice_changes_nothing(pairs: list[tuple[int, int]], seed: int) -> None:
    codes = np.array(pairs)
    values = np.random.default_rng(seed).normal(size=len(codes))
    absorber = Absorber([codes[:, 0], codes[:, 1]])
    once = absorber.residuals(values)
    np.testing.assert_allclose(absorber.residuals(once), once, atol=1e-12)


def test_without_effects_columns_stay_as_they_are() -> None:
    values = np.arange(6.0).reshape(3, 2)
    assert Absorber([]).residuals(values) is values
    assert Absorber([]).rank == 0


def test_groups_within_clusters_cost_no_degrees_of_freedom() -> None:
    product = np.repeat(np.arange(6), 4)
    region = np.tile(np.arange(4), 6)
    absorber = Absorber([product, region])
    assert absorber.rank == 6 + 4 - 1
    assert absorber.free_rank(product // 2) == 3
    assert absorber.free_rank(np.arange(24)) == 9


def test_only_the_first_of_dependent_columns_is_kept() -> None:
    first, second = np.random.default_rng(1).normal(size=(2, 30))
    columns = np.column_stack([first, 1e6 * first, second, first - second, np.zeros(30)])
    assert independent_columns(columns).tolist() == [0, 2]
