"""What every lever must do, whatever the product, the region, the amount and the parameter set."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandtable.scenario.levers import lever_table
from sandtable.scenario.model import LeverMove
from sandtable.scenario.run import MEASURES, Result
from sandtable.scenario.summary import change_by_firm, totals, volume_source
from sandtable.units import Change
from tests.scenario.observed import (
    EAST,
    OWN,
    PARAMETERS,
    assert_sides_equal,
    data_set,
    relative,
    run_moves,
    units,
)

own_products = st.sampled_from(OWN)
parameter_sets = st.sampled_from(PARAMETERS)
places = st.sampled_from([None, "East", "Shanghai", "West"])
cuts = st.floats(0.001, 0.3)
few = settings(max_examples=40)

ZERO_MOVES = [
    LeverMove("list_price", product="N5", change=relative(0.0)),
    LeverMove("list_price", product="N5", change=Change("absolute", 0.0), region="East"),
    LeverMove("list_price", product="N5", value=268_800.0),
    LeverMove("net_price", product="N7", change=relative(0.0)),
    LeverMove("customer_cash", product="N5", value=0.0),
    LeverMove("rival_price", firm="Orion", change=relative(0.0)),
    LeverMove("rival_price", product="O3", change=Change("absolute", 0.0)),
    LeverMove("lead_volume", firm="Nova", change=relative(0.0)),
    LeverMove("conversion", product="N9", change=relative(0.0), region="Shanghai"),
    LeverMove("unit_cost", firm="Lyra", change=relative(0.0)),
    LeverMove("purchase_tax", change=relative(0.0)),
    LeverMove("purchase_tax", change=Change("absolute", 0.0), product="N5"),
    LeverMove("subsidy", firm="Nova", value=0.0),
    LeverMove("price_floor", value=1.0),
    LeverMove("price_cap", value=1e9),
    LeverMove("capacity", product="N5", value=1e9),
    LeverMove("market_size", change=relative(0.0)),
    LeverMove("market_size", change=Change("absolute", 0.0), region="North"),
    LeverMove("dealer_cash", firm="Orion", value=0.0),
    LeverMove("finance", product="N5", terms=(("rate", 0.045),)),
    LeverMove(
        "lease",
        product="N5",
        terms=(
            ("money_factor", 0.002),
            ("residual", 0.5),
            ("usual_money_factor", 0.002),
            ("usual_residual", 0.5),
        ),
    ),
    LeverMove("facelift", product="N5", change=relative(0.0)),
    LeverMove("run_out", product="N5", change=relative(0.0)),
    LeverMove("media", firm="Nova", change=relative(0.0)),
    LeverMove("media", firm="Orion", channel="digital", change=Change("absolute", 0.0)),
    LeverMove("dealers", firm="Nova", change=relative(0.0), terms=(("cost", 4e5),)),
    LeverMove("dealers", firm="Nova", region="Shanghai", change=Change("absolute", 0.0)),
    LeverMove("stage_rate", firm="Nova", stage="test_drives", change=relative(0.0)),
    LeverMove("stage_rate", firm="Nova", stage="orders", dealer="D066", change=relative(0.0)),
    LeverMove("referral_reward", firm="Nova", change=relative(0.0)),
    LeverMove(
        "spec", product="N5", characteristic="electric_range_km", change=Change("absolute", 0.0)
    ),
    LeverMove("fuel_price", powertrain="PHEV", change=relative(0.0), terms=(("price", 7.8),)),
    LeverMove(
        "charging_network", powertrain="BEV", change=relative(0.0), terms=(("doubling", 6e3),)
    ),
    LeverMove("plate_rule", powertrain="PHEV", region="Shanghai", change=relative(0.0)),
    LeverMove(
        "purchase_tax",
        powertrain="BEV",
        change=relative(0.0),
        terms=(("at_most", 1e4), ("brought_forward", 0.5), ("price_to", 3e5)),
    ),
]
NO_ZERO = {"exit", "ownership", "divestiture", "launch"}


def test_every_lever_that_can_be_moved_by_nothing_is_among_them() -> None:
    assert {move.lever for move in ZERO_MOVES} == set(lever_table()) - NO_ZERO


def rows_of(result: Result, regions: tuple[str, ...]) -> list[int]:
    known = result.periods[0].base.market.regions
    return [known.index(region) for region in regions]


def regions_in(place: str | None) -> tuple[str, ...]:
    areas = data_set("premium_ev").metadata.areas
    if place is None:
        return tuple(region for regions in areas.values() for region in regions)
    return tuple(areas.get(place, [place]))


@pytest.mark.parametrize("parameters", PARAMETERS)
@pytest.mark.parametrize("move", ZERO_MOVES, ids=lambda move: f"{move.lever}-{move.region}")
def test_a_lever_moved_by_nothing_does_nothing_to_the_bit(move: LeverMove, parameters: str) -> None:
    result = run_moves(move, parameters=parameters)
    assert_sides_equal(result.periods[0])
    assert not [text for text in result.warnings if "guard-rail" in text or "outside" in text]


@few
@given(
    own_products, parameter_sets, places, cuts, cuts, st.sampled_from(["list_price", "net_price"])
)
def test_a_dearer_product_sells_less_and_a_cheaper_one_more(
    product: str, parameters: str, place: str | None, first: float, second: float, lever: str
) -> None:
    amounts = sorted({-second, 0.0, first, first + second})
    sold = [
        units(
            run_moves(
                LeverMove(lever, product=product, region=place, change=relative(amount)),
                parameters=parameters,
            ),
            product,
        )
        for amount in amounts
    ]
    assert all(more > less for more, less in pairwise(sold)), sold


@few
@given(own_products, parameter_sets, places, cuts)
def test_what_a_price_cut_wins_nobody_else_gains(
    product: str, parameters: str, place: str | None, cut: float
) -> None:
    move = LeverMove("list_price", product=product, region=place, change=relative(-cut))
    item = run_moves(move, parameters=parameters).periods[0]
    change = item.scenario.units - item.baseline.units
    others = [j for j, code in enumerate(item.base.market.products) if code != product]
    assert (change[:, others] <= 0).all()
    assert 0 < change.sum() < change[:, item.base.market.products.index(product)].sum()


@few
@given(own_products, parameter_sets, places, st.floats(1.0, 30_000.0), st.floats(1.0, 30_000.0))
def test_more_customer_cash_sells_more(
    product: str, parameters: str, place: str | None, cash: float, more: float
) -> None:
    sold = [
        units(
            run_moves(
                LeverMove("customer_cash", product=product, region=place, value=value),
                parameters=parameters,
            ),
            product,
        )
        for value in (0.0, cash, cash + more)
    ]
    assert sold[0] < sold[1] < sold[2]


@few
@given(
    own_products, parameter_sets, places, cuts, cuts, st.sampled_from(["lead_volume", "conversion"])
)
def test_more_leads_or_a_better_conversion_sell_more(
    product: str, parameters: str, place: str | None, gain: float, more: float, lever: str
) -> None:
    sold = [
        units(
            run_moves(
                LeverMove(lever, product=product, region=place, change=relative(amount)),
                parameters=parameters,
            ),
            product,
        )
        for amount in (-gain, 0.0, gain, gain + more)
    ]
    assert sold == sorted(sold)
    assert len(set(sold)) == 4


@few
@given(own_products, parameter_sets, st.floats(0.01, 0.5))
def test_units_never_grow_by_more_than_the_leads(
    product: str, parameters: str, gain: float
) -> None:
    move = LeverMove("lead_volume", product=product, change=relative(gain))
    result = run_moves(move, parameters=parameters)
    assert units(result, product) < units(result, product, "baseline") * (1 + gain)


@few
@given(parameter_sets, places, st.floats(-0.5, 0.5))
def test_every_product_moves_with_the_market_size(
    parameters: str, place: str | None, amount: float
) -> None:
    move = LeverMove("market_size", region=place, change=relative(amount))
    result = run_moves(move, parameters=parameters)
    item = result.periods[0]
    rows = rows_of(result, regions_in(place))
    for measure in ("units", "leads", "revenue", "contribution_profit"):
        before, after = getattr(item.baseline, measure), getattr(item.scenario, measure)
        np.testing.assert_allclose(after[rows], before[rows] * (1 + amount), rtol=1e-12)
    np.testing.assert_array_equal(item.scenario.share, item.baseline.share)


@few
@given(places, st.floats(-20_000, 100_000))
def test_households_added_to_regions_are_shared_out_in_proportion(
    place: str | None, households: float
) -> None:
    move = LeverMove("market_size", region=place, change=Change("absolute", households))
    result = run_moves(move)
    item = result.periods[0]
    added = item.market.market_sizes - item.base.market.market_sizes
    assert added.sum() == pytest.approx(households, abs=1e-6)
    rows = rows_of(result, regions_in(place))
    growth = added[rows] / item.base.market.market_sizes[rows]
    np.testing.assert_allclose(growth, growth[0], atol=1e-12)


@few
@given(st.sampled_from(["O3", "C1", "N5", "L3"]), parameter_sets, places)
def test_a_product_that_leaves_sells_nothing_and_the_others_gain(
    product: str, parameters: str, place: str | None
) -> None:
    result = run_moves(LeverMove("exit", product=product, region=place), parameters=parameters)
    item = result.periods[0]
    rows = rows_of(result, regions_in(place))
    column = item.base.market.products.index(product)
    change = item.scenario.units[rows] - item.baseline.units[rows]
    assert (item.scenario.units[rows, column] == 0).all()
    assert np.isnan(item.scenario.net_price[rows, column]).all()
    assert (np.delete(change, column, axis=1) > 0).all()
    assert (change.sum(axis=1) < 0).all()


@few
@given(
    own_products,
    parameter_sets,
    st.sampled_from(["East", "Shanghai"]),
    st.sampled_from(["list_price", "net_price", "lead_volume", "conversion", "market_size"]),
    st.floats(-0.2, 0.2),
)
def test_a_lever_of_a_region_touches_no_other_region(
    product: str, parameters: str, place: str, lever: str, amount: float
) -> None:
    target = None if lever == "market_size" else product
    move = LeverMove(lever, product=target, region=place, change=relative(amount))
    result = run_moves(move, parameters=parameters)
    item = result.periods[0]
    others = rows_of(result, tuple(sorted(set(regions_in(None)) - set(regions_in(place)))))
    assert len(others) == 12 - len(regions_in(place))
    for measure in MEASURES:
        before, after = getattr(item.baseline, measure), getattr(item.scenario, measure)
        assert np.array_equal(before[others], after[others], equal_nan=True), measure


def test_an_area_is_the_sum_of_its_regions() -> None:
    area = run_moves(LeverMove("list_price", product="N5", region="East", change=relative(-0.05)))
    each = [
        LeverMove("list_price", product="N5", region=region, change=relative(-0.05))
        for region in EAST
    ]
    by_region = run_moves(*each)
    np.testing.assert_array_equal(
        area.periods[0].scenario.units, by_region.periods[0].scenario.units
    )


@few
@given(
    parameter_sets,
    st.sampled_from(["lead_volume", "conversion", "market_size", "list_price"]),
    st.floats(-0.3, 0.3),
)
def test_leads_times_conversion_are_the_units_on_both_sides(
    parameters: str, lever: str, amount: float
) -> None:
    target = None if lever == "market_size" else "N7"
    rows = run_moves(
        LeverMove(lever, product=target, change=relative(amount)), parameters=parameters
    ).rows
    rows = rows[rows["firm"] == "Nova"]
    for side in ("baseline", "scenario"):
        np.testing.assert_allclose(
            rows[f"leads_{side}"] * rows[f"conversion_{side}"], rows[f"units_{side}"], rtol=1e-12
        )
    if lever == "lead_volume":
        moved = rows[rows["product"] == "N7"]
        np.testing.assert_allclose(
            moved["leads_scenario"], moved["leads_baseline"] * (1 + amount), rtol=1e-12
        )


def test_levers_act_one_after_the_other() -> None:
    per_cent = LeverMove("list_price", product="N5", change=relative(-0.05))
    amount = LeverMove(
        "list_price", product="N5", change=Change("absolute", 1_000.0), region="East"
    )
    column = run_moves().periods[0].base.market.products.index("N5")
    for moves, expected in [
        ((per_cent, amount), 268_800 * 0.95 + 1_000),
        ((amount, per_cent), (268_800 + 1_000) * 0.95),
    ]:
        result = run_moves(*moves)
        prices = result.periods[0].scenario.list_price[rows_of(result, EAST), column]
        np.testing.assert_allclose(prices, expected, rtol=1e-14)


def test_the_discount_stays_when_the_list_price_moves_and_goes_when_the_net_price_does() -> None:
    column = run_moves().periods[0].base.market.products.index("N5")

    def prices(lever: str) -> tuple[np.ndarray, np.ndarray]:
        item = run_moves(LeverMove(lever, product="N5", change=relative(-0.04))).periods[0]
        return tuple(
            (getattr(item.scenario, kind) - getattr(item.baseline, kind))[:, column]
            for kind in ("list_price", "net_price")
        )

    listed, net = prices("list_price")
    np.testing.assert_allclose(listed, -0.04 * 268_800)
    np.testing.assert_allclose(net, listed)
    listed, net = prices("net_price")
    assert (listed == 0).all()
    assert (net < 0).all()


@few
@given(own_products, st.floats(0, 40_000), parameter_sets)
def test_the_firm_pays_the_whole_cash_and_the_customer_keeps_the_pass_through(
    product: str, cash: float, parameters: str
) -> None:
    item = run_moves(
        LeverMove("customer_cash", product=product, value=cash), parameters=parameters
    ).periods[0]
    column = item.base.market.products.index(product)
    passed = item.base.parameters.customer_cash_pass_through.value
    tax = 1 + item.base.data_set.metadata.value_added_tax
    before, after = item.baseline, item.scenario
    net = before.net_price[:, column] - passed * cash
    np.testing.assert_allclose(after.net_price[:, column], net, rtol=1e-14)
    np.testing.assert_array_equal(after.list_price, before.list_price)
    costs = item.base.market.costs[:, column]
    kept = (1 - passed) * cash
    np.testing.assert_allclose(
        after.contribution_profit[:, column],
        after.units[:, column] * (net - kept - costs) / tax,
        rtol=1e-10,
    )
    # seen from the firm: the price before the offer, less all of the cash
    np.testing.assert_allclose(net - kept, before.net_price[:, column] - cash, rtol=1e-12)
    np.testing.assert_allclose(after.revenue, after.units * after.net_price / tax, rtol=1e-14)


@few
@given(
    own_products,
    parameter_sets,
    st.sampled_from([None, EAST]),
    st.sampled_from(["list_price", "conversion", "market_size", "exit"]),
    st.floats(-0.2, 0.2),
)
def test_the_sources_of_volume_sum_to_the_gain_and_the_firms_to_the_market(
    product: str, parameters: str, regions: tuple[str, ...] | None, lever: str, amount: float
) -> None:
    move = LeverMove(
        lever,
        product=None if lever == "market_size" else product,
        change=None if lever == "exit" else relative(amount),
    )
    item = run_moves(move, parameters=parameters).periods[0]
    rows = [item.base.market.regions.index(region) for region in regions or regions_in(None)]
    change = (item.scenario.units - item.baseline.units)[rows]
    source = volume_source(item, product, regions)
    parts = sum(source.from_rivals.values()) + source.from_own + source.from_outside
    scale = item.baseline.units.sum()
    assert parts == pytest.approx(source.gain, abs=1e-12 * scale)
    column = item.base.market.products.index(product)
    assert source.gain == pytest.approx(change[:, column].sum(), abs=1e-12 * scale)
    by_firm = change_by_firm(item, regions)
    assert sum(by_firm.values()) == pytest.approx(change.sum(), abs=1e-12 * scale)
    assert list(by_firm.values()) == sorted(by_firm.values(), reverse=True)
    for firm, value in by_firm.items():
        before, after = totals(item, firm, regions)
        assert after.units - before.units == pytest.approx(value, abs=1e-12 * scale)


def test_a_firm_that_sells_nothing_any_more_has_no_conversion() -> None:
    before, after = totals(run_moves(LeverMove("exit", firm="Nova")).periods[0], "Nova")
    assert before.conversion is not None
    assert (after.units, after.leads, after.conversion) == (0, None, None)
