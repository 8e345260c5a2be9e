"""Costs, taxes, subsidies, floors, caps, divestitures and what is assumed of supply, through whole runs."""

from __future__ import annotations

import numpy as np
import pytest

from sandtable.errors import InputError
from sandtable.scenario.base import base_of
from sandtable.scenario.model import LeverMove, Rivals, Supply
from sandtable.scenario.periods import PeriodResult
from sandtable.units import Change
from tests.scenario.observed import (
    EVERYBODY_ANSWERS,
    PARAMETERS,
    assert_sides_equal,
    data_set,
    relative,
    run_moves,
)

TAX = 0.13  # value added tax of the data set


def one(*moves: LeverMove, **options: object) -> PeriodResult:
    return run_moves(*moves, **options).periods[0]  # type: ignore[arg-type]


def column(item: PeriodResult, product: str) -> int:
    return item.base.market.products.index(product)


def owned(item: PeriodResult, firm: str) -> np.ndarray:
    return np.array([name == firm for name in item.base.market.firms])


def test_held_firms_pass_a_tax_on_in_full() -> None:
    item = one(LeverMove("purchase_tax", change=relative(0.05)))
    ratio = item.scenario.net_price / item.baseline.net_price
    np.testing.assert_allclose(ratio[item.base.market.offered], 1.05, rtol=1e-12)
    np.testing.assert_array_equal(item.scenario.list_price, item.baseline.list_price)
    assert item.scenario.units.sum() < item.baseline.units.sum()
    # the firm earns on each car what it earned before
    each = item.scenario.revenue / item.scenario.units
    before = item.baseline.revenue / item.baseline.units
    np.testing.assert_allclose(each, before, rtol=1e-9)


def test_a_tax_for_each_vehicle_and_a_subsidy_of_equal_size_cancel() -> None:
    item = one(
        LeverMove("purchase_tax", product="N5", change=Change("absolute", 8_000.0)),
        LeverMove("subsidy", product="N5", value=8_000.0),
    )
    np.testing.assert_allclose(item.scenario.units, item.baseline.units, rtol=1e-12)


def test_firms_that_answer_bear_a_part_of_a_tax() -> None:
    item = one(LeverMove("purchase_tax", change=relative(0.05)), rivals=EVERYBODY_ANSWERS)
    offered = item.base.market.offered
    asked = item.composed.supply.asked(item.market.prices)
    paid_more = (item.market.prices - item.base.market.prices)[offered].mean()
    asked_less = (item.base.market.prices - asked)[offered].mean()
    tax = (item.market.prices - asked)[offered].mean()
    assert asked_less > 0
    assert paid_more < tax
    assert paid_more + asked_less == pytest.approx(tax)


def test_a_subsidy_goes_to_the_customer_of_a_firm_that_holds() -> None:
    item = one(LeverMove("subsidy", product="N5", value=10_000.0, region="East"))
    gap = item.baseline.net_price - item.scenario.net_price
    rows = [item.base.market.regions.index(name) for name in ("Jiangsu", "Shanghai", "Zhejiang")]
    np.testing.assert_allclose(gap[rows, column(item, "N5")], 10_000.0)
    assert np.nansum(np.abs(np.delete(gap, column(item, "N5"), axis=1))) == 0


def test_a_lower_cost_of_a_firm_that_holds_is_its_profit_alone() -> None:
    item = one(LeverMove("unit_cost", firm="Lyra", change=relative(-0.1)))
    np.testing.assert_array_equal(item.scenario.units, item.baseline.units)
    gain = item.scenario.contribution_profit - item.baseline.contribution_profit
    lyra = owned(item, "Lyra")
    expected = (0.1 * np.nan_to_num(item.base.market.costs) * item.baseline.units / (1 + TAX)).sum(
        axis=0
    )
    np.testing.assert_allclose(gain.sum(axis=0)[lyra], expected[lyra], rtol=1e-9)
    assert (gain[:, ~lyra] == 0).all()


def test_a_lower_cost_lowers_the_price_of_a_firm_that_answers_by_less() -> None:
    item = one(
        LeverMove("unit_cost", firm="Lyra", change=Change("absolute", -10_000.0)),
        rivals=Rivals("hold", (("Lyra", "best_response"),)),
    )
    fall = (item.base.market.prices - item.market.prices)[:, owned(item, "Lyra")]
    assert (fall > 0).all()
    assert (fall < 12_000).all()


def test_a_floor_stops_a_firm_that_answers() -> None:
    rivals = Rivals("hold", (("Lyra", "best_response"),))
    cheaper = LeverMove("unit_cost", firm="Lyra", change=relative(-0.1))
    free = one(cheaper, rivals=rivals)
    floor = one(
        cheaper, LeverMove("price_floor", firm="Lyra", change=relative(-0.01)), rivals=rivals
    )
    lyra = owned(free, "Lyra")
    ratio = (floor.market.prices / floor.base.market.prices)[:, lyra]
    assert ratio.min() >= 0.99 - 1e-12
    assert (free.market.prices / free.base.market.prices)[:, lyra].min() < 0.98
    assert floor.answer is not None
    assert floor.answer.residual <= 1e-10


def test_a_floor_above_a_cap_is_refused_with_its_place() -> None:
    with pytest.raises(
        InputError, match=r"levers\[1\]: leaves .* a price floor of .* above its cap"
    ):
        one(
            LeverMove("price_floor", product="N5", value=300_000.0),
            LeverMove("price_cap", product="N5", value=200_000.0),
        )


def test_a_subsidy_beyond_the_price_is_refused_with_its_place() -> None:
    with pytest.raises(InputError, match=r"levers\[0\]: leaves \w+ a price of -"):
        one(LeverMove("subsidy", value=1_000_000.0))


def test_a_divested_product_competes_with_its_old_firm() -> None:
    rivals = EVERYBODY_ANSWERS
    divested = one(LeverMove("divestiture", product="L2", owner="Rigel"), rivals=rivals)
    assert divested.market.firms[column(divested, "L2")] == "Rigel"
    change = divested.market.prices / divested.base.market.prices - 1
    assert change[0, column(divested, "L2")] < -1e-4
    merged = one(LeverMove("ownership", firm="Tucana", owner="Lyra"), rivals=rivals)
    assert (merged.market.prices / merged.base.market.prices - 1)[0].max() > 1e-4


@pytest.mark.parametrize("parameters", PARAMETERS)
@pytest.mark.parametrize(
    "supply",
    [
        Supply(costs="accounting"),
        Supply(conduct=0.3),
        Supply(pricing="regional"),
        Supply("accounting", 0.2, "regional"),
    ],
    ids=str,
)
def test_under_any_assumption_of_supply_nothing_moves_without_a_lever(
    supply: Supply, parameters: str
) -> None:
    item = one(supply=supply, parameters=parameters)
    assert_sides_equal(item)
    answered = one(supply=supply, parameters=parameters, rivals=EVERYBODY_ANSWERS)
    np.testing.assert_allclose(answered.scenario.units, answered.baseline.units, rtol=1e-7)


def test_accounting_costs_are_those_of_the_known_margins() -> None:
    data = data_set("us_autos")
    parameters = data.parameter_sets["logit"]
    base = base_of(data, parameters, "1990", Supply(costs="accounting"))
    np.testing.assert_allclose(base.market.costs, 0.76 * base.market.prices, rtol=1e-8)
    # its implied costs are negative for many products
    assert (base_of(data, parameters, "1990").market.costs < 0).any()


def test_the_accounting_margin_of_the_own_firm_is_the_known_one() -> None:
    data = data_set("premium_ev")
    base = base_of(data, data.default_parameters, "2026-06", Supply(costs="accounting"))
    market = base.market
    nova = np.array([firm == "Nova" for firm in market.firms])
    revenue = (market.units * market.prices)[:, nova].sum(axis=0)
    costs = (market.units * market.costs)[:, nova].sum(axis=0)
    np.testing.assert_allclose(1 - costs / revenue, 0.28, rtol=2e-3)


def test_with_more_conduct_firms_answer_a_cut_otherwise() -> None:
    cut = LeverMove("list_price", product="N5", change=relative(-0.05))
    rivals = Rivals("best_response")
    free = one(cut, rivals=rivals)
    tacit = one(cut, rivals=rivals, supply=Supply(conduct=0.5))
    assert not np.allclose(free.market.prices, tacit.market.prices, rtol=1e-5)
    warned = run_moves(cut, rivals=rivals, supply=Supply(conduct=0.5)).warnings
    assert "each firm counts 50% of the profit of the others as its own." in warned


def test_regional_prices_answer_a_regional_cut_where_it_is() -> None:
    cut = LeverMove("list_price", product="N5", change=relative(-0.05), region="East")
    item = one(cut, rivals=Rivals("best_response"), supply=Supply(pricing="regional"))
    moved = np.abs(item.market.prices / item.base.market.prices - 1)
    areas = data_set("premium_ev").metadata.areas
    east = [region in areas["East"] for region in item.base.market.regions]
    moved[:, column(item, "N5")] = 0
    assert moved[east].max() > 1e-4
    assert moved[np.logical_not(east)].max() < 1e-6


def test_the_first_round_is_only_the_first_answer() -> None:
    cut = LeverMove("list_price", product="N5", change=relative(-0.1))
    item = one(cut, rivals=Rivals("best_response"))
    once = item.first_round()
    assert once is not None
    nova = owned(item, "Nova")
    np.testing.assert_array_equal(once[:, nova], item.composed.market.prices[:, nova])
    assert not np.allclose(once, item.market.prices, rtol=1e-7)
    gap = np.abs(once - item.market.prices)[:, ~nova].max()
    assert gap < np.abs(item.base.market.prices - item.market.prices)[:, ~nova].max()
    assert one(cut).first_round() is None
