"""Consumer types and nests refuse what cannot be, with a sentence."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandtable.market.primitives import Nests, Tastes, price_coefficient_nodes
from sandtable.market.welfare import herfindahl_hirschman_index

OUT_OF_ORDER = "expected 0 <= sigma_outer <= sigma_inner < 1."


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Tastes.common(0.0), "every price coefficient must be finite and above 0."),
        (lambda: Tastes.common(np.nan), "every price coefficient must be finite and above 0."),
        (
            lambda: Tastes(np.ones(2), np.ones(3)),
            "price_coefficients and weights must be two lists of equal length.",
        ),
        (
            lambda: Tastes(np.ones(0), np.ones(0)),
            "price_coefficients and weights must be two lists of equal length.",
        ),
        (lambda: Tastes(np.ones(2), np.ones(2)), "the weights must be above 0 and sum to 1."),
        (
            lambda: Tastes(np.ones(2), np.array([1.5, -0.5])),
            "the weights must be above 0 and sum to 1.",
        ),
        (
            lambda: Tastes(np.ones(1), np.ones(1), np.ones((3, 2))),
            "deviations must have one row a product and one column a type.",
        ),
        (
            lambda: Tastes(np.ones(1), np.ones(1), np.array([[np.inf]])),
            "deviations must be finite.",
        ),
        (
            lambda: price_coefficient_nodes(-1.0, 0.5),
            "price_coefficient is -1.0; it must be above 0.",
        ),
        (lambda: price_coefficient_nodes(1.0, -0.5), "spread is -0.5; it must be 0 or more."),
        (lambda: price_coefficient_nodes(1.0, 0.5, 0), "n_nodes is 0; it must be 1 or more."),
        (
            lambda: Nests(np.array([0, 0]), np.array([0, 0]), 0.5, 0.4),
            f"sigma_outer is 0.5 and sigma_inner 0.4; {OUT_OF_ORDER}",
        ),
        (
            lambda: Nests.one_level([0, 1], 1.0),
            f"sigma_outer is 1.0 and sigma_inner 1.0; {OUT_OF_ORDER}",
        ),
        (
            lambda: Nests(np.array([0, 0]), np.array([0, 0, 0]), 0.1, 0.2),
            "outer and inner must be one code per product each.",
        ),
        (
            lambda: Nests(np.array([0, 0, 1]), np.array([7, 8, 8]), 0.1, 0.2),
            "product 2 lies in inner nest 8 that belongs to two outer nests; "
            "an inner nest must lie within one outer nest.",
        ),
    ],
)
def test_what_cannot_be_is_refused(make: Callable[[], object], sentence: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        make()
    assert str(caught.value) == sentence


@given(st.floats(0.01, 10), st.floats(0, 1), st.integers(5, 15))
def test_the_nodes_have_the_mean_and_median_of_a_lognormal(
    alpha: float, spread: float, n_nodes: int
) -> None:
    alphas, weights = price_coefficient_nodes(alpha, spread, n_nodes)
    np.testing.assert_allclose(weights.sum(), 1, rtol=1e-12)
    np.testing.assert_allclose(weights @ alphas, alpha * np.exp(spread**2 / 2), rtol=1e-3)
    np.testing.assert_allclose(weights @ np.log(alphas), np.log(alpha), atol=1e-9)


def test_names_of_nests_do_not_matter() -> None:
    named = Nests(np.array([30, 10, 30, 10]), np.array([5, 9, 7, 9]), 0.1, 0.4)
    assert (named.outer_of_inner[named.inner] == named.outer).all()
    assert (np.diff(named.outer_of_inner) >= 0).all()
    assert sorted(np.concatenate(named.members)) == [0, 1, 2, 3]


@given(st.lists(st.floats(0.1, 1e6), min_size=2, max_size=6), st.booleans())
def test_concentration_runs_from_equal_shares_to_a_monopoly(units: list[float], one: bool) -> None:
    firms = np.zeros(len(units), dtype=np.int64) if one else np.arange(len(units), dtype=np.int64)
    index = herfindahl_hirschman_index(np.array(units), firms)
    if one:
        np.testing.assert_allclose(index, 10_000)
    else:
        assert 10_000 / len(units) - 1e-6 <= index < 10_000
