"""Taxes, bounds, conduct, markup ratios, first round, other equilibria and pass-through, each against a second way."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from sandtable.market.curvature import profit_hessian
from sandtable.market.demand import Demand
from sandtable.market.equilibrium import equilibrium, first_round, other_equilibrium
from sandtable.market.game import PricingGame
from sandtable.market.market import Market
from sandtable.market.pass_through import pass_through
from sandtable.market.primitives import FloatArray, Tastes
from sandtable.market.supply import Ownership, profit_gradient
from tests.market import pyblp_peer
from tests.market.random_markets import Drawn, draw, kinds, markets_with_gaps, seeds

ALL = np.ones(6, dtype=bool)
RATES = np.array([[0.0, 0.1, 0.13, -0.05, 0.2, 0.3], [0.1, 0.0, 0.13, -0.05, 0.2, 0.25]])
UNIT_TAXES = np.array([0.1, -0.2, 0.0, 0.3, 0.05, 0.0])


def base_game(market: Market) -> PricingGame:
    return market.game(market.costs, ALL)


def two_equilibria() -> tuple[PricingGame, FloatArray, FloatArray]:
    """Two firms before two kinds of customers: dear to the patient ones, or cheap to all; start and the other."""
    tastes = Tastes(np.array([1.0, 0.15]), np.array([0.8, 0.2]))
    market = Market(
        products=("A", "B"),
        firms=("F", "G"),
        regions=("East",),
        demand=Demand(tastes),
        deltas=np.full((1, 2), 2.0),
        prices=np.full((1, 2), 12.0),
        market_sizes=np.ones(1),
        national=True,
    )
    game = market.game(np.full((1, 2), 0.3), np.ones(2, dtype=bool))
    return game, market.prices, np.full((1, 2), 2.2011)


def profit(game: PricingGame, prices: FloatArray, firm: int) -> float:
    """What a firm maximises, counted vehicle by vehicle."""
    kept = (prices - game.unit_taxes) / (1 + np.asarray(game.tax_rates))
    units = game.demand.shares(game.deltas, prices) * game.market_sizes[:, None]
    earned = (units * (kept - np.nan_to_num(game.costs))).sum(axis=0)
    return float(earned @ np.where(game.firms == firm, 1.0, game.conduct))


@given(seeds, st.sampled_from([0.0, 0.4]), st.booleans())
def test_no_firm_gains_by_another_price_under_taxes_and_conduct(
    seed: int, conduct: float, national: bool
) -> None:
    market = draw(seed, "mixed_nested").market(national=national)
    game = replace(base_game(market), conduct=conduct, tax_rates=RATES, unit_taxes=UNIT_TAXES)
    answer = equilibrium(game, market.prices)
    if not answer.converged:
        return
    for product in range(6):
        for step in (-1e-3, 1e-3):
            moved = answer.prices.copy()
            moved[:, product] += step
            firm = int(game.firms[product])
            assert profit(game, moved, firm) <= profit(game, answer.prices, firm) * (1 + 1e-9)


@given(seeds, kinds, st.floats(-0.3, 0.5), st.floats(-0.3, 0.5))
def test_one_tax_for_all_is_a_higher_cost(seed: int, kind: str, rate: float, unit: float) -> None:
    # one cell: one national price for cells that differ may rest in two places
    market = draw(seed, kind, n_cells=1).market()
    taxed = replace(base_game(market), tax_rates=rate, unit_taxes=unit)
    costly = replace(base_game(market), costs=market.costs * (1 + rate) + unit)
    with_tax, with_cost = (equilibrium(game, market.prices) for game in (taxed, costly))
    if with_tax.converged and with_cost.converged:
        np.testing.assert_allclose(with_tax.prices, with_cost.prices, rtol=1e-7)


@given(markets_with_gaps, st.floats(0, 0.8), st.booleans())
def test_at_the_implied_costs_the_base_is_an_equilibrium_of_any_conduct(
    drawn: Drawn, conduct: float, national: bool
) -> None:
    market = replace(
        drawn.market(national=national), conduct=conduct, markup_ratios=np.linspace(0.5, 1.5, 6)
    )
    answer = equilibrium(base_game(market), market.prices)
    assert answer.residual <= 1e-10
    np.testing.assert_allclose(answer.prices, market.prices, rtol=1e-8)


@given(seeds)
def test_full_conduct_is_one_firm(seed: int) -> None:
    market = draw(seed, "two_level", n_cells=1).market()
    cartel = replace(base_game(market), conduct=1.0)
    merged = replace(base_game(market), firms=np.zeros(6, dtype=np.int64))
    answers = [equilibrium(game, market.prices) for game in (cartel, merged)]
    if all(answer.converged for answer in answers):
        np.testing.assert_allclose(answers[0].prices, answers[1].prices, rtol=1e-7)


def test_more_conduct_means_higher_prices() -> None:
    market = draw(4, "mixed", n_cells=1).market()
    conducts = (0.0, 0.25, 0.5)
    games = (replace(base_game(market), conduct=conduct) for conduct in conducts)
    prices = [equilibrium(game, market.prices).require() for game in games]
    assert (prices[1] > prices[0]).all()
    assert (prices[2] > prices[1]).all()


def test_markup_ratios_scale_the_markup() -> None:
    market = draw(5, "logit", n_cells=1).market()
    game = replace(base_game(market), markup_ratios=0.5)
    prices = equilibrium(game, market.prices).require()
    shares = market.demand.shares(market.deltas, prices)
    same_firm = market.firm_codes[:, None] == market.firm_codes
    alpha = market.demand.tastes.price_coefficients[0]
    expected = 0.5 / (alpha * (1 - shares @ same_firm))
    np.testing.assert_allclose(prices - market.costs, expected, rtol=1e-8)


@given(markets_with_gaps, st.booleans())
def test_slack_bounds_change_nothing_to_the_bit(drawn: Drawn, national: bool) -> None:
    market = drawn.market(national=national)
    game = replace(base_game(market), costs=market.costs * 1.02)
    free = equilibrium(game, market.prices)
    if not free.converged:
        return
    wide = np.full(market.prices.shape, 100.0)
    bounded = equilibrium(replace(game, floors=wide * -1e3, caps=wide * 1e3), market.prices)
    np.testing.assert_array_equal(bounded.prices, free.prices)


def test_a_cap_binds_and_the_other_prices_are_best_answers_to_it() -> None:
    market = draw(6, "mixed_nested", n_cells=1).market()
    caps = np.full(market.prices.shape, np.inf)
    caps[0, 2] = 0.95 * market.prices[0, 2]
    capped = equilibrium(replace(base_game(market), caps=caps), market.prices).require()
    assert capped[0, 2] == pytest.approx(caps[0, 2], rel=1e-12)
    others = np.arange(6) != 2
    held = np.where(others, market.prices, caps)
    alone = equilibrium(replace(base_game(market), responding=others), held).require()
    np.testing.assert_allclose(capped, alone, rtol=1e-8)


def test_a_floor_is_where_the_constrained_maximum_lies() -> None:
    market = draw(7, "mixed", n_cells=1).market()
    only = np.arange(6) == 1
    game = replace(base_game(market), responding=only, floors=market.prices * 1.05)

    def loss(price: float) -> float:
        prices = market.prices.copy()
        prices[0, 1] = price
        return -profit(game, prices, int(game.firms[1]))

    low = 1.05 * market.prices[0, 1]
    best = minimize_scalar(loss, bounds=(low, 3 * low), method="bounded", options={"xatol": 1e-10})
    found = equilibrium(game, market.prices).require()[0, 1]
    assert found == pytest.approx(low, rel=1e-12)
    assert found == pytest.approx(best.x, rel=1e-6)


def test_a_floor_above_a_cap_is_refused() -> None:
    market = draw(1, "logit").market()
    with pytest.raises(ValueError, match="the price floor of product 0 lies above its cap"):
        equilibrium(
            replace(base_game(market), floors=market.prices + 1, caps=market.prices), market.prices
        )


@given(markets_with_gaps)
def test_the_hessian_under_taxes_is_the_derivative_of_the_gradient(drawn: Drawn) -> None:
    market = drawn.market()
    game = replace(base_game(market), tax_rates=RATES, unit_taxes=UNIT_TAXES)
    ownership = Ownership(market.firm_codes, market.demand)
    members = np.flatnonzero(market.firm_codes == 0)
    step = 1e-5

    def gradient(prices: FloatArray) -> FloatArray:
        choice = market.demand.choice(market.deltas, prices)
        return profit_gradient(choice, ownership, game.margins(prices), game.kept)[0][:, members]

    choice = market.demand.choice(market.deltas, market.prices)
    margins = game.margins(market.prices)
    hessian = profit_hessian(choice, market.demand, margins, members, game.kept)
    for place, product in enumerate(members):
        shift = step * (np.arange(6) == product)
        up, down = gradient(market.prices + shift), gradient(market.prices - shift)
        expected = (up - down) / (2 * step)
        np.testing.assert_allclose(hessian[:, place], expected, rtol=1e-5, atol=1e-7)


def test_the_first_round_of_one_firm_is_its_equilibrium() -> None:
    market = draw(8, "mixed", n_cells=1).market()
    cut = market.moved(prices=market.prices * np.where(np.arange(6) == 0, 0.9, 1.0))
    one = market.firm_codes == 1
    game = cut.game(market.costs, one)
    np.testing.assert_array_equal(
        first_round(game, cut.prices), equilibrium(game, cut.prices).prices
    )


def test_rivals_go_further_than_their_first_round_after_a_cut() -> None:
    market = draw(9, "logit", n_cells=1).market()
    cut = market.moved(prices=market.prices * np.where(np.arange(6) == 0, 0.8, 1.0))
    rivals = market.firm_codes != market.firm_codes[0]
    game = cut.game(market.costs, rivals)
    once = first_round(game, cut.prices)
    settled = equilibrium(game, cut.prices).require()
    assert (settled[0, rivals] < once[0, rivals]).all()
    assert (once[0, rivals] < cut.prices[0, rivals]).all()


def test_a_plain_logit_has_one_equilibrium() -> None:
    market = draw(10, "logit", n_cells=1).market()
    found = equilibrium(base_game(market), market.prices)
    assert other_equilibrium(base_game(market), market.prices, found) is None


def test_two_equilibria_of_one_national_price_are_told() -> None:
    game, high, low = two_equilibria()
    found = equilibrium(game, high)
    assert found.converged
    other = other_equilibrium(game, high, found)
    assert other is not None
    np.testing.assert_allclose(other.prices, low, rtol=1e-3)


def test_pass_through_of_a_single_product_is_one_less_its_share() -> None:
    market = draw(11, "logit", n_cells=1).market(n_firms=6)
    only = np.arange(6) == 3
    rates = pass_through(market.game(market.costs, only), market.prices)[0]
    assert rates[3, 3] == pytest.approx(1 - market.shares[0, 3], rel=1e-6)
    np.testing.assert_allclose(np.delete(rates[:, 3], 3), 0, atol=1e-12)


@given(markets_with_gaps, st.booleans())
@pytest.mark.slow
def test_pass_through_is_the_change_of_the_equilibrium(drawn: Drawn, national: bool) -> None:
    market = drawn.market(national=national)
    game = replace(base_game(market), tax_rates=0.1)
    found = equilibrium(game, market.prices)
    if not found.converged:
        return
    rates = pass_through(game, found.prices)
    step = 1e-4
    for product in (1, 3):
        shift = step * (np.arange(6) == product)
        up, down = (
            equilibrium(replace(game, costs=game.costs + way * shift), found.prices)
            for way in (1, -1)
        )
        if not (up.converged and down.converged):
            return
        change = (up.prices - down.prices) / (2 * step)
        rows = np.isfinite(market.deltas)
        expected = np.broadcast_to(rates[:, :, product], change.shape)
        largest = np.abs(expected).max()
        np.testing.assert_allclose(change[rows], expected[rows], rtol=1e-2, atol=1e-3 * largest)


@pytest.mark.parametrize("kind", ["logit", "one_level", "mixed"])
def test_pass_through_equals_that_of_pyblp(kind: str) -> None:
    market = draw(12, kind, n_cells=1).market()
    built = pyblp_peer.simulation(market)
    peer = pyblp_peer.at_given_prices(built, market.costs[0]).compute_passthrough()
    ours = pass_through(base_game(market), market.prices)[0]
    np.testing.assert_allclose(ours, peer, rtol=1e-6, atol=1e-8)
