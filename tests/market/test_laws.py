"""What every demand model must do, whatever its numbers."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandtable.market.demand import Demand
from sandtable.market.primitives import Nests, Tastes
from tests.market.random_markets import (
    KINDS,
    WITHOUT_DEVIATIONS,
    Drawn,
    draw,
    kinds,
    markets,
    markets_with_gaps,
    offered,
    seeds,
)


@given(markets_with_gaps)
def test_shares_lie_between_0_and_1_and_leave_some_to_the_outside_good(drawn: Drawn) -> None:
    shares = drawn.shares
    assert ((shares > 0) == offered(drawn)).all()
    assert (shares < 1).all()
    assert (shares.sum(axis=1) < 1).all()


@given(markets, st.integers(0, 5), st.floats(0.01, 2))
def test_a_price_rise_lowers_own_share_and_no_other(
    drawn: Drawn, product: int, rise: float
) -> None:
    dearer = drawn.prices.copy()
    dearer[:, product] += rise
    change = drawn.demand.shares(drawn.deltas, dearer) - drawn.shares
    assert (change[:, product] < 0).all()
    assert (np.delete(change, product, axis=1) >= 0).all()


@given(markets_with_gaps)
def test_cross_effects_are_never_negative_and_own_effects_never_positive(drawn: Drawn) -> None:
    jacobian = drawn.demand.price_jacobian(drawn.deltas, drawn.prices)
    own = np.diagonal(jacobian, axis1=1, axis2=2)
    assert (own <= 0).all()
    assert ((own < 0) == offered(drawn)).all()
    assert (jacobian - np.eye(6) * jacobian >= 0).all()


@given(markets_with_gaps)
def test_diversion_sums_to_one(drawn: Drawn) -> None:
    diversion = drawn.market().diversion
    sums = diversion.sum(axis=2)
    assert (np.isnan(sums) == ~offered(drawn)).all()
    np.testing.assert_allclose(sums[offered(drawn)], 1, rtol=0, atol=1e-12)
    assert (diversion[offered(drawn)] >= -1e-15).all()


@given(markets_with_gaps)
def test_no_change_gives_equal_numbers_to_the_bit(drawn: Drawn) -> None:
    market = drawn.market()
    still = market.moved(
        prices=market.prices.copy(),
        attraction=np.ones_like(market.prices),
        offered=np.ones_like(market.offered),
        market_sizes=market.market_sizes * 1.0,
    )
    assert (still.shares == market.shares).all()
    assert (still.units == market.units).all()
    assert still.consumer_surplus == market.consumer_surplus


@given(markets_with_gaps, st.permutations(range(6)))
def test_the_order_of_products_does_not_matter(drawn: Drawn, order: list[int]) -> None:
    demand = drawn.demand
    nests, tastes = demand.nests, demand.tastes
    if nests is not None:
        nests = Nests(nests.outer[order], nests.inner[order], nests.sigma_outer, nests.sigma_inner)
    if tastes.deviations is not None:
        tastes = replace(tastes, deviations=tastes.deviations[order])
    shuffled = Demand(tastes, nests).shares(drawn.deltas[:, order], drawn.prices[:, order])
    np.testing.assert_allclose(shuffled, drawn.shares[:, order], rtol=1e-12)


@given(markets_with_gaps)
def test_the_order_of_cells_does_not_matter(drawn: Drawn) -> None:
    turned = drawn.demand.shares(drawn.deltas[::-1], drawn.prices[::-1])
    np.testing.assert_allclose(turned, drawn.shares[::-1], rtol=1e-13)


@given(seeds, st.sampled_from(WITHOUT_DEVIATIONS), st.booleans())
def test_the_money_unit_does_not_matter(seed: int, kind: str, national: bool) -> None:
    drawn = draw(seed, kind)
    tastes = drawn.demand.tastes
    cents = Tastes(tastes.price_coefficients / 1000, tastes.weights)
    market = drawn.market(national=national)
    other = replace(market, demand=Demand(cents, drawn.demand.nests), prices=1000 * market.prices)
    np.testing.assert_allclose(other.shares, market.shares, rtol=1e-12)
    np.testing.assert_allclose(other.elasticities, market.elasticities, rtol=1e-10)
    np.testing.assert_allclose(other.costs, 1000 * market.costs, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(other.consumer_surplus, 1000 * market.consumer_surplus, rtol=1e-10)


@pytest.mark.parametrize("kind", KINDS)
@given(
    deltas=st.lists(st.one_of(st.just(-np.inf), st.floats(-1e4, 1e4)), min_size=6, max_size=6),
    prices=st.lists(st.floats(0, 1e4), min_size=6, max_size=6),
)
def test_shares_and_derivatives_are_finite_for_any_finite_input(
    kind: str, deltas: list[float], prices: list[float]
) -> None:
    demand = draw(3, kind).demand
    delta, price = np.array([deltas, deltas[::-1]]), np.array([prices, prices])
    for shares in (demand.shares(delta, price), demand.shares(delta, price[0])):
        assert np.isfinite(shares).all()
        assert (shares >= 0).all()
        assert (shares.sum(axis=1) <= 1 + 1e-12).all()
        assert (shares[delta == -np.inf] == 0).all()
    assert np.isfinite(demand.price_jacobian(delta, price)).all()
    assert np.isfinite(demand.choice(delta, price).log_denominator).all()


@given(seeds)
def test_a_nested_logit_without_correlation_is_a_logit(seed: int) -> None:
    drawn = draw(seed, "two_level", gaps=True)
    nests = drawn.demand.nests
    assert nests is not None
    flat = Demand(drawn.demand.tastes, Nests(nests.outer, nests.inner, 0, 0))
    plain = Demand(drawn.demand.tastes)
    arguments = drawn.deltas, drawn.prices
    np.testing.assert_allclose(flat.shares(*arguments), plain.shares(*arguments), rtol=1e-13)
    np.testing.assert_allclose(
        flat.price_jacobian(*arguments), plain.price_jacobian(*arguments), atol=1e-15
    )


@given(seeds, st.floats(0, 0.9))
def test_two_levels_with_one_correlation_are_one_level(seed: int, sigma: float) -> None:
    drawn = draw(seed, "two_level", gaps=True)
    nests = drawn.demand.nests
    assert nests is not None
    two = Demand(drawn.demand.tastes, Nests(nests.outer, nests.inner, sigma, sigma))
    one = Demand(drawn.demand.tastes, Nests.one_level(nests.outer, sigma))
    arguments = drawn.deltas, drawn.prices
    np.testing.assert_allclose(two.shares(*arguments), one.shares(*arguments), rtol=1e-12)
    np.testing.assert_allclose(
        two.price_jacobian(*arguments), one.price_jacobian(*arguments), rtol=1e-10, atol=1e-15
    )


@given(seeds, kinds)
def test_types_that_do_not_differ_are_one_type(seed: int, kind: str) -> None:
    drawn = draw(seed, kind)
    many = Tastes(np.full(4, 0.7), np.array([0.1, 0.2, 0.3, 0.4]))
    one = Tastes.lognormal(0.7, 0.0)
    arguments = drawn.deltas, drawn.prices
    np.testing.assert_allclose(
        Demand(many, drawn.demand.nests).shares(*arguments),
        Demand(one, drawn.demand.nests).shares(*arguments),
        rtol=1e-13,
    )


@given(markets_with_gaps)
def test_price_derivatives_are_those_of_the_shares(drawn: Drawn) -> None:
    jacobian = drawn.demand.price_jacobian(drawn.deltas, drawn.prices)
    step = 1e-5
    for product in range(6):
        shift = step * (np.arange(6) == product)
        up = drawn.demand.shares(drawn.deltas, drawn.prices + shift)
        down = drawn.demand.shares(drawn.deltas, drawn.prices - shift)
        np.testing.assert_allclose(
            jacobian[:, :, product], (up - down) / (2 * step), rtol=1e-6, atol=1e-8
        )


@given(markets)
def test_consumer_surplus_falls_by_the_shares_when_prices_rise(drawn: Drawn) -> None:
    market = drawn.market()
    step = 1e-5
    for product in range(6):
        shift = step * (np.arange(6) == product)
        up = market.moved(prices=market.prices + shift).consumer_surplus
        down = market.moved(prices=market.prices - shift).consumer_surplus
        lost = -(up - down) / (2 * step)
        np.testing.assert_allclose(lost, market.units[:, product].sum(), rtol=1e-5, atol=1e-4)


@given(markets, st.floats(1, 3))
def test_more_attraction_wins_share_and_at_most_its_factor(drawn: Drawn, factor: float) -> None:
    market = drawn.market()
    attraction = np.ones_like(market.prices)
    attraction[:, 2] = factor
    growth = market.moved(attraction=attraction).shares[:, 2] / market.shares[:, 2]
    assert (growth >= 1 - 1e-12).all()
    assert (growth <= factor * (1 + 1e-12)).all()
