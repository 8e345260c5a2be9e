"""Mean utilities come back from the shares they gave."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given

from sandtable.errors import ConvergenceError
from sandtable.market.demand import Demand
from sandtable.market.inversion import invert_shares, logit_inversion
from sandtable.market.market import Market
from sandtable.market.primitives import Nests, Tastes
from tests.market.random_markets import Drawn, draw, markets_with_gaps


@given(markets_with_gaps)
def test_the_inversion_undoes_the_shares(drawn: Drawn) -> None:
    found = invert_shares(drawn.demand, drawn.shares, drawn.prices)
    assert (np.isfinite(found) == np.isfinite(drawn.deltas)).all()
    np.testing.assert_allclose(found, drawn.deltas, rtol=0, atol=1e-9)
    np.testing.assert_allclose(drawn.demand.shares(found, drawn.prices), drawn.shares, rtol=1e-12)


def test_a_calibrated_market_gives_the_observed_shares() -> None:
    drawn = draw(5, "mixed_nested", gaps=True)
    observed = np.where(np.isfinite(drawn.deltas), 0.05, 0.0)
    market = drawn.market()
    calibrated = Market.calibrate(
        products=market.products,
        firms=market.firms,
        regions=market.regions,
        demand=market.demand,
        shares=observed,
        prices=market.prices,
        market_sizes=market.market_sizes,
    )
    np.testing.assert_allclose(calibrated.shares, observed, rtol=1e-12)


def test_a_small_outside_share_needs_newton_and_is_inverted_too() -> None:
    drawn = draw(11, "general", n_cells=1)
    shares = np.full((1, 6), 0.9999 / 6)
    found = invert_shares(drawn.demand, shares, drawn.prices)
    np.testing.assert_allclose(drawn.demand.shares(found, drawn.prices), shares, rtol=1e-12)


def test_a_large_market_is_inverted_to_the_tolerance() -> None:
    drawn = draw(2, "mixed_nested", n_cells=3, n_products=120)
    found = invert_shares(drawn.demand, drawn.shares, drawn.prices)
    np.testing.assert_allclose(found, drawn.deltas, rtol=0, atol=1e-9)


def test_a_plain_logit_inverts_by_the_textbook_formula() -> None:
    shares = np.array([[0.2, 0.3, 0.0]])
    expected = [np.log(0.2 / 0.5), np.log(0.3 / 0.5), -np.inf]
    np.testing.assert_allclose(logit_inversion(shares)[0], expected, rtol=1e-15)


@pytest.mark.parametrize(
    ("shares", "sentence"),
    [
        ([[0.1, 0.2], [0.1, 1.0]], "shares[1, 1] is 1.0; it must lie in [0, 1)."),
        ([[0.1, -0.2], [0.1, 0.2]], "shares[0, 1] is -0.2; it must lie in [0, 1)."),
        ([[0.1, np.nan], [0.1, 0.2]], "shares[0, 1] is nan; it must lie in [0, 1)."),
        (
            [[0.1, 0.2], [0.25, 0.75]],
            "the shares of cell 1 sum to 1.0; they must sum to less than 1, so that the outside good has a share.",
        ),
    ],
)
def test_impossible_shares_are_refused_with_their_place(
    shares: list[list[float]], sentence: str
) -> None:
    demand = Demand(Tastes.common(1.0))
    with pytest.raises(ValueError, match=r".") as caught:
        invert_shares(demand, np.array(shares), np.ones((2, 2)))
    assert str(caught.value) == sentence


def test_an_inversion_that_may_not_take_its_time_says_so() -> None:
    drawn = draw(11, "general", n_cells=1)
    with pytest.raises(ConvergenceError, match="within 3 evaluations") as caught:
        invert_shares(drawn.demand, np.full((1, 6), 0.9999 / 6), drawn.prices, maximum_iterations=3)
    assert caught.value.reason == "inversion"


def test_an_inversion_that_ends_short_says_how_far_it_came() -> None:
    drawn = draw(11, "general", n_cells=1)
    tastes = drawn.demand.tastes
    assert tastes.deviations is not None
    wide = replace(tastes, deviations=5 * tastes.deviations)
    shares = np.full((1, 6), (1 - 1e-6) / 6)
    with pytest.raises(ConvergenceError, match=r"reproduced only to \d") as caught:
        invert_shares(Demand(wide), shares, drawn.prices)
    assert caught.value.reason == "inversion"


def test_nests_and_types_invert_together_where_products_are_missing() -> None:
    demand = Demand(
        Tastes.lognormal(0.6, 0.5), Nests(np.array([0, 0, 1]), np.array([0, 1, 2]), 0.2, 0.5)
    )
    shares = np.array([[0.1, 0.0, 0.2], [0.0, 0.0, 0.3]])
    prices = np.array([[1.0, 2.0, 3.0], [1.5, 2.5, 3.5]])
    found = invert_shares(demand, shares, prices)
    np.testing.assert_allclose(demand.shares(found, prices), shares, rtol=1e-12)
    assert (np.isneginf(found) == (shares == 0)).all()
    dearer = replace(demand, tastes=Tastes.common(0.6))
    assert not np.allclose(invert_shares(dearer, shares, prices)[shares > 0], found[shares > 0])
