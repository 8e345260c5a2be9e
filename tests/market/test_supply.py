"""Margins, costs and price equilibria against closed forms, differences and scipy."""

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq, minimize_scalar

from sandtable.errors import ConvergenceError
from sandtable.market.curvature import profit_hessian
from sandtable.market.demand import Demand
from sandtable.market.equilibrium import (
    SENTENCES,
    Equilibrium,
    Reason,
    equilibrium,
)
from sandtable.market.game import PricingGame
from sandtable.market.market import Market
from sandtable.market.primitives import FloatArray, Tastes
from sandtable.market.supply import Ownership, marginal_costs, profit_gradient
from tests.market.random_markets import KINDS, Drawn, draw, kinds, markets, markets_with_gaps, seeds

ALL = np.ones(6, dtype=bool)


def profits(market: Market, costs: FloatArray, firm: int) -> float:
    margins = market.prices - np.nan_to_num(costs)
    return float((market.units * margins)[:, market.firm_codes == firm].sum())


@given(markets_with_gaps, st.booleans())
def test_at_the_implied_costs_the_base_prices_are_an_equilibrium(
    drawn: Drawn, national: bool
) -> None:
    market = drawn.market(national=national)
    answer = market.respond(market.costs, ALL)
    assert answer.residual <= 1e-10
    assert (answer.prices[np.isfinite(market.costs)] > 0).all()
    np.testing.assert_allclose(answer.prices, market.prices, rtol=1e-8)


@given(seeds, st.sampled_from(["logit", "one_level", "two_level"]))
def test_prices_started_elsewhere_come_back_to_the_base(seed: int, kind: str) -> None:
    # one national price for cells that differ may rest in two places, so one cell only
    market = draw(seed, kind, n_cells=1).market()
    moved = replace(market, prices=market.prices + 0.4)
    prices = moved.respond(market.costs, ALL).require()
    np.testing.assert_allclose(prices, market.prices, rtol=1e-6)


@given(seeds)
def test_logit_margins_are_the_closed_form(seed: int) -> None:
    market = draw(seed, "logit").market(national=False)
    alpha = market.demand.tastes.price_coefficients[0]
    same_firm = market.firm_codes[:, None] == market.firm_codes
    expected = 1 / (alpha * (1 - market.shares @ same_firm))
    np.testing.assert_allclose(market.prices - market.costs, expected, rtol=1e-9)


@given(markets_with_gaps)
def test_margins_satisfy_the_first_order_conditions(drawn: Drawn) -> None:
    market = drawn.market(national=False)
    margins = market.prices - np.nan_to_num(market.costs)
    choice = market.demand.choice(market.deltas, market.prices)
    gradient, shares, slopes = profit_gradient(
        choice, Ownership(market.firm_codes, market.demand), margins
    )
    np.testing.assert_allclose(shares, market.shares, rtol=1e-12)
    assert (slopes >= 0).all()
    np.testing.assert_allclose(gradient, 0, atol=1e-10)


def test_a_product_offered_nowhere_has_no_cost() -> None:
    drawn = draw(3, "mixed")
    deltas = drawn.deltas.copy()
    deltas[:, 4] = -np.inf
    costs = replace(drawn, deltas=deltas).market().costs
    assert np.isnan(costs[:, 4]).all()
    assert np.isfinite(np.delete(costs, 4, axis=1)).all()


def test_national_costs_are_equal_in_all_cells_and_regional_ones_are_not() -> None:
    market = draw(3, "mixed").market(national=True)
    assert (market.costs[0] == market.costs[1]).all()
    regional = replace(market, national=False).costs
    assert not np.allclose(regional[0], regional[1])


@given(markets_with_gaps)
def test_the_gradient_is_the_derivative_of_profit(drawn: Drawn) -> None:
    market = drawn.market(national=False)
    costs = 0.5 * market.prices
    choice = market.demand.choice(market.deltas, market.prices)
    ownership = Ownership(market.firm_codes, market.demand)
    gradient, _, _ = profit_gradient(choice, ownership, market.prices - costs)
    step = 1e-5
    for product in range(6):
        shift = step * (np.arange(6) == product)
        firm = market.firm_codes[product]
        up = profits(market.moved(prices=market.prices + shift), costs, firm)
        down = profits(market.moved(prices=market.prices - shift), costs, firm)
        expected = market.market_sizes @ gradient[:, product]
        np.testing.assert_allclose((up - down) / (2 * step), expected, rtol=1e-6, atol=1e-3)


@given(markets_with_gaps)
def test_the_hessian_is_the_derivative_of_the_gradient(drawn: Drawn) -> None:
    market = drawn.market()
    costs, demand = 0.6 * market.prices, market.demand
    ownership = Ownership(market.firm_codes, demand)
    members = np.flatnonzero(market.firm_codes == 0)
    step = 1e-5

    def gradient(prices: FloatArray) -> FloatArray:
        choice = demand.choice(market.deltas, prices)
        return profit_gradient(choice, ownership, prices - costs)[0][:, members]

    choice = demand.choice(market.deltas, market.prices)
    hessian = profit_hessian(choice, demand, market.prices - costs, members)
    np.testing.assert_allclose(hessian, np.swapaxes(hessian, 1, 2), atol=1e-12)
    for column, product in enumerate(members):
        shift = step * (np.arange(6) == product)
        change = gradient(market.prices + shift) - gradient(market.prices - shift)
        np.testing.assert_allclose(hessian[:, :, column], change / (2 * step), rtol=1e-5, atol=1e-7)


@given(st.floats(0.5, 3), st.floats(0, 5), st.floats(-3, 3))
def test_a_monopoly_sets_the_price_that_scipy_finds(
    alpha: float, cost: float, attraction: float
) -> None:
    delta = np.array([[attraction + alpha * cost]])
    demand = Demand(Tastes.common(alpha))

    def first_order(price: float) -> float:
        share = 1 / (1 + np.exp(alpha * price - delta[0, 0]))
        return float(price - cost - 1 / (alpha * (1 - share)))

    expected = brentq(first_order, cost, cost + 100 / alpha, xtol=1e-13)
    game = PricingGame(
        demand,
        delta,
        np.ones(1),
        np.array([[cost]]),
        np.zeros(1, dtype=np.int64),
        np.ones(1, dtype=bool),
        True,
    )
    found = equilibrium(game, np.array([[cost + 1.0]])).require()
    np.testing.assert_allclose(found, expected, rtol=1e-8)


@given(seeds, st.sampled_from(["two_level", "mixed", "mixed_nested", "general"]))
def test_a_firm_that_answers_alone_earns_the_most_it_can(seed: int, kind: str) -> None:
    market = draw(seed, kind).market(n_firms=6)
    costs = 0.5 * market.prices
    answer = market.respond(costs, np.arange(6) == 2)
    answered = market.moved(prices=answer.require())
    assert (np.delete(answered.prices - market.prices, 2, axis=1) == 0).all()

    def loss(move: float) -> float:
        shift = move * (np.arange(6) == 2)
        return -profits(market.moved(prices=market.prices + shift), costs, 2)

    move = float((answered.prices - market.prices)[0, 2])
    # one product may earn well at two prices; around the one found no other is better
    best = minimize_scalar(loss, bounds=(move - 0.3, move + 0.3), options={"xatol": 1e-9})
    assert -loss(move) >= -best.fun * (1 - 1e-9)


@given(seeds, st.sampled_from(["logit", "one_level", "two_level", "mixed"]))
def test_a_merger_of_substitutes_raises_the_prices_of_those_who_merge(seed: int, kind: str) -> None:
    market = draw(seed, kind).market(n_firms=3, national=False)
    merged = market.moved(firms=tuple("F0" if firm == "F1" else firm for firm in market.firms))
    prices = merged.respond(market.costs, ALL).require()
    rises = prices - market.prices
    insiders = market.firm_codes < 2
    assert (rises[:, insiders] > 0).all()
    assert merged.moved(prices=prices).consumer_surplus < market.consumer_surplus


def test_held_prices_stay_and_nobody_answering_costs_nothing() -> None:
    market = draw(9, "mixed").market()
    cut = market.moved(prices=market.prices - 0.2 * (np.arange(6) == 0))
    answer = cut.respond(market.costs, np.arange(6) > 2)
    assert (answer.prices[:, :3] == cut.prices[:, :3]).all()
    assert (answer.prices[:, 3:] != cut.prices[:, 3:]).all()
    nobody = cut.respond(market.costs, ~ALL)
    assert nobody.iterations == 0
    assert (nobody.require() == cut.prices).all()


def test_national_prices_move_alike_in_all_cells() -> None:
    market = draw(9, "mixed").market(national=True)
    prices = market.respond(0.9 * market.costs, ALL).require()
    moves = prices - market.prices
    np.testing.assert_allclose(moves[0], moves[1], rtol=1e-12)
    assert np.abs(moves).min() > 0


@given(seeds, kinds)
def test_the_answer_does_not_depend_on_the_order_of_products(seed: int, kind: str) -> None:
    drawn = draw(seed, "mixed" if kind == "general" else kind)
    market = drawn.market()
    merged = market.moved(firms=("F0", "F0", "F0", "F1", "F1", "F2"))
    renamed = merged.moved(firms=("B", "B", "B", "C", "C", "A"))
    first, second = merged.respond(market.costs, ALL), renamed.respond(market.costs, ALL)
    assert first.reason == second.reason
    if first.converged:
        np.testing.assert_allclose(first.prices, second.prices, rtol=1e-7)


def outcome(game_market: Market, costs: FloatArray, **options: float) -> Equilibrium:
    game = PricingGame(
        game_market.demand,
        game_market.deltas,
        game_market.market_sizes,
        costs,
        game_market.firm_codes,
        ALL,
        game_market.national,
    )
    return equilibrium(game, game_market.prices, **options)  # type: ignore[arg-type]


def test_prices_that_did_not_settle_are_not_handed_out() -> None:
    market = draw(4, "mixed").market()
    answer = outcome(market, 0.5 * market.prices, tolerance=0.0, maximum_iterations=5)
    assert answer.reason == "iteration_limit"
    assert not answer.converged
    with pytest.raises(ConvergenceError, match="did not settle") as caught:
        answer.require()
    assert caught.value.reason == "iteration_limit"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("start", [np.inf, 1e6, -1e6])
def test_prices_that_are_not_finite_have_their_reason(kind: str, start: float) -> None:
    market = draw(4, kind).market()
    answer = outcome(replace(market, prices=market.prices + start), 0.5 * market.prices)
    assert answer.reason == "not_finite"
    with pytest.raises(ConvergenceError, match="not finite"):
        answer.require()


@given(seeds, kinds, st.floats(-1e300, 1e300))
@settings(max_examples=40)
def test_any_start_ends_in_prices_or_in_a_reason(seed: int, kind: str, start: float) -> None:
    market = draw(seed, kind).market()
    answer = outcome(replace(market, prices=market.prices + start), 0.5 * market.prices)
    assert answer.converged == (answer.residual <= 1e-10 and answer.reason is None)
    assert answer.converged or answer.reason in SENTENCES


def test_a_stationary_point_that_is_no_maximum_has_its_reason() -> None:
    # nine in ten mind the price a lot, one in ten hardly: profit has two peaks and a valley between
    tastes = Tastes(np.array([4.0, 0.05]), np.array([0.9, 0.1]))
    demand, deltas, cost = Demand(tastes), np.array([[6.0]]), np.array([[0.2]])

    def slope(price: float) -> float:
        point = np.array([[price]])
        shares = demand.shares(deltas, point)
        return float((shares + (point - cost) * demand.price_jacobian(deltas, point)[0])[0, 0])

    grid = np.linspace(0.3, 60, 4000)
    slopes = np.array([slope(price) for price in grid])
    (rising,) = np.flatnonzero((slopes[:-1] < 0) & (slopes[1:] > 0))
    valley = brentq(slope, grid[rising], grid[rising + 1], xtol=1e-14)
    one = np.zeros(1, dtype=np.int64)
    game = PricingGame(demand, deltas, np.ones(1), cost, one, np.ones(1, dtype=bool), True)
    answer = equilibrium(game, np.array([[valley]]))
    assert answer.reason == "not_a_maximum"
    unchecked = equilibrium(game, np.array([[valley]]), check_maximum=False)
    assert unchecked.converged


def test_every_reason_has_its_sentence() -> None:
    for reason in get_args(Reason):
        with pytest.raises(ConvergenceError) as caught:
            Equilibrium(np.ones((1, 1)), 0.5, 7, reason).require()
        assert str(caught.value) == (
            f"{SENTENCES[reason]} (first-order residual 5.0e-01 after 7 evaluations); "
            "hold some rivals or make the change smaller."
        )


@given(markets)
def test_costs_of_regional_and_national_pricing_agree_where_there_is_one_cell(
    drawn: Drawn,
) -> None:
    one = replace(drawn, deltas=drawn.deltas[:1], prices=drawn.prices[:1]).market()

    def costs(*, national: bool) -> FloatArray:
        return marginal_costs(
            one.demand,
            one.deltas,
            one.prices,
            firms=one.firm_codes,
            market_sizes=one.market_sizes,
            national=national,
        )

    np.testing.assert_allclose(costs(national=True), costs(national=False), rtol=1e-9)
