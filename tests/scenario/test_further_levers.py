"""Media, dealers, stages, referrals, worth, tax rules: what each does beside its slope."""

from __future__ import annotations

import numpy as np
import pytest

from sandtable.errors import InputError
from sandtable.response.finance import annuity
from sandtable.scenario.model import Backlog, LeverMove, Scenario
from sandtable.scenario.periods import PeriodResult
from sandtable.scenario.run import Result, run
from sandtable.scenario.summary import totals
from sandtable.units import Change
from tests.scenario.observed import OWN, assert_sides_equal, data_set, relative, run_moves, units

SPRING = ("2026-04", "2026-05", "2026-06")
COMING = ("2026-07", "2026-08", "2026-09", "2026-10", "2026-11", "2026-12")


def own_units(item: PeriodResult, side: str) -> float:
    owned = [firm == "Nova" for firm in item.base.market.firms]
    return float(getattr(item, side).units[:, owned].sum())


def gains(result: Result) -> list[float]:
    return [own_units(item, "scenario") - own_units(item, "baseline") for item in result.periods]


def refusal(*moves: LeverMove, periods: tuple[str, ...] = ()) -> list[str]:
    with pytest.raises(InputError) as caught:
        run_moves(*moves, periods=periods)
    return [str(fault) for fault in caught.value.faults]


# -- media


def test_media_last_beyond_the_month_in_which_they_are_spent_and_fade() -> None:
    burst = LeverMove("media", firm="Nova", change=relative(1.0), first="2026-07", last="2026-07")
    gained = gains(run_moves(burst, periods=COMING))
    assert gained[0] > 0
    assert all(later > 0 for later in gained)
    assert gained[1] > gained[2] > gained[3] > gained[4] > gained[5]


def test_what_is_spent_on_media_is_taken_off_the_contribution_once() -> None:
    amount = 6_000_000.0
    move = LeverMove("media", firm="Nova", channel="digital", change=Change("absolute", amount))
    (item,) = run_moves(move).periods
    owned = [firm == "Nova" for firm in item.base.market.firms]
    spent = item.composed.spending
    np.testing.assert_allclose(spent[:, owned].sum(), amount, rtol=1e-12)
    assert not spent[:, ~np.array(owned)].any()
    earned = item.scenario.units * (item.market.prices - np.nan_to_num(item.composed.supply.costs))
    before_spend = earned[:, owned].sum() / 1.13
    profit = item.scenario.contribution_profit[:, owned].sum()
    np.testing.assert_allclose(before_spend - profit, amount, rtol=1e-9)


def test_a_channel_by_channel_plan_is_the_plan_over_all_channels() -> None:
    channels = ("television", "digital", "search", "outdoor", "social", "events")
    together = run_moves(LeverMove("media", firm="Nova", change=relative(0.4)))
    apart = run_moves(
        *(LeverMove("media", firm="Nova", channel=c, change=relative(0.4)) for c in channels)
    )
    np.testing.assert_allclose(
        together.periods[0].scenario.units, apart.periods[0].scenario.units, rtol=1e-12
    )


def test_twice_the_spend_brings_less_than_twice_the_cars() -> None:
    once, twice, thrice = (
        gains(run_moves(LeverMove("media", firm="Nova", change=relative(x))))[0]
        for x in (1.0, 2.0, 3.0)
    )
    assert 0 < thrice - twice < twice - once < once


def test_spending_may_stop_but_not_fall_below_nothing() -> None:
    stopped = LeverMove("media", firm="Nova", change=relative(-1.0))
    assert gains(run_moves(stopped))[0] < 0
    assert refusal(LeverMove("media", firm="Nova", change=relative(-1.2))) == [
        "scenario, levers[0].change: is below -100 %; less than nothing cannot be."
    ]
    less = LeverMove("media", firm="Nova", change=Change("absolute", -1e12))
    assert "levers[0]: takes 1e+12 off a spend of" in refusal(less)[0]


def test_leads_follow_media_and_the_rates_of_the_funnel_stay() -> None:
    (item,) = run_moves(LeverMove("media", firm="Nova", change=relative(0.5))).periods
    place = item.base.market.products.index("N5")
    before, after = item.base.stages[:, :, place], item.stages[:, :, place]
    assert (after[0] > before[0]).all()
    np.testing.assert_allclose(after[2] / after[0], before[2] / before[0], rtol=1e-12)


# -- dealers


def test_dealers_act_where_they_stand_and_cost_what_they_cost() -> None:
    move = LeverMove(
        "dealers",
        firm="Nova",
        region="Shanghai",
        change=Change("absolute", 3.0),
        terms=(("cost", 400_000.0),),
    )
    (item,) = run_moves(move).periods
    row = item.base.market.regions.index("Shanghai")
    change = item.scenario.units - item.baseline.units
    assert change[row].any()
    assert not np.delete(change, row, axis=0).any()
    np.testing.assert_allclose(item.composed.spending.sum(), 1_200_000.0)


def test_a_number_of_dealers_needs_one_region_and_leaves_none_below_none() -> None:
    everywhere = LeverMove("dealers", firm="Nova", change=Change("absolute", 3.0))
    assert refusal(everywhere) == [
        "scenario, levers[0].region: a dealer stands in one region; name it, or give the change in per cent."
    ]
    gone = LeverMove("dealers", firm="Nova", region="Hunan", change=Change("absolute", -200.0))
    assert "there cannot be fewer than none" in refusal(gone)[0]
    rivals = LeverMove("dealers", firm="Orion", change=relative(0.1))
    assert refusal(rivals) == ["scenario, levers[0].firm: the table dealers has no row of Orion."]


# -- funnel


def test_a_dealer_moves_its_region_by_its_part_and_no_other_region() -> None:
    whole = LeverMove(
        "stage_rate", firm="Nova", stage="orders", region="Sichuan", change=relative(0.2)
    )
    table = data_set("premium_ev").tables["dealers"]
    dealers = table.loc[table["region"] == "Sichuan", "dealer"].tolist()
    each = [
        gains(
            run_moves(
                LeverMove("stage_rate", firm="Nova", stage="orders", dealer=d, change=relative(0.2))
            )
        )[0]
        for d in dealers
    ]
    together = gains(run_moves(whole))[0]
    # one after the other they are worth a little more than all at once, which share the region's customers
    assert 0.95 * together < sum(each) < 1.1 * together


def test_a_stage_moves_its_own_rate() -> None:
    move = LeverMove("stage_rate", firm="Nova", stage="test_drives", change=relative(0.1))
    (item,) = run_moves(move).periods
    place = item.base.market.products.index("N5")
    before, after = item.base.stages[:, :, place], item.stages[:, :, place]
    np.testing.assert_array_equal(after[:2], before[:2])
    np.testing.assert_allclose(after[2], before[2] * 1.1, rtol=1e-12)


def test_a_reward_is_paid_on_the_orders_that_referrals_bring() -> None:
    terms = (("reward", 2_000.0),)
    paid = run_moves(LeverMove("referral_reward", firm="Nova", change=relative(0.3), terms=terms))
    free = run_moves(LeverMove("referral_reward", firm="Nova", change=relative(0.3)))
    (item,), (other,) = paid.periods, free.periods
    np.testing.assert_array_equal(item.scenario.units, other.scenario.units)
    cost = other.scenario.contribution_profit.sum() - item.scenario.contribution_profit.sum()
    owned = [firm == "Nova" for firm in item.base.market.firms]
    sold = item.scenario.units[:, owned].sum()
    # about 7 % of leads are referrals
    assert 0.05 < cost * 1.13 / 2_000.0 / sold < 0.15


# -- worth


def test_a_longer_range_sells_like_a_lower_price_and_costs_the_customer_nothing() -> None:
    worth = data_set("premium_ev").default_parameters.worth["electric_range_km"].value
    longer = LeverMove(
        "spec", product="N5", characteristic="electric_range_km", change=Change("absolute", 50.0)
    )
    cheaper = LeverMove("net_price", product="N5", change=Change("absolute", -50.0 * worth))
    (item,), (other,) = run_moves(longer).periods, run_moves(cheaper).periods
    np.testing.assert_allclose(item.scenario.units, other.scenario.units, rtol=1e-12)
    np.testing.assert_allclose(item.scenario.net_price, item.baseline.net_price, rtol=1e-15)
    assert item.scenario.contribution_profit.sum() > other.scenario.contribution_profit.sum()


def test_a_part_that_costs_more_is_paid_by_the_firm() -> None:
    def profit(cost: float) -> float:
        move = LeverMove(
            "spec",
            product="N5",
            characteristic="electric_range_km",
            change=Change("absolute", 50.0),
            terms=(("unit_cost", cost),),
        )
        result = run_moves(move)
        return float(result.periods[0].scenario.contribution_profit.sum())

    sold = units(
        run_moves(
            LeverMove(
                "spec",
                product="N5",
                characteristic="electric_range_km",
                change=Change("absolute", 50.0),
            )
        ),
        "N5",
    )
    np.testing.assert_allclose(profit(0.0) - profit(3_000.0), 3_000.0 * sold / 1.13, rtol=1e-9)


def test_dearer_fuel_is_the_present_value_of_what_is_burnt() -> None:
    move = LeverMove(
        "fuel_price", powertrain="PHEV", change=Change("absolute", 1.0), terms=(("price", 7.8),)
    )
    (item,) = run_moves(move).periods
    burnt = 5 / 100 * 12_000 / 12 * annuity(0.05, 60)
    worth = item.composed.supply.worth
    phev = np.array([p == "PHEV" for p in item.base.powertrains])
    np.testing.assert_allclose(worth[:, phev], -burnt)
    assert not worth[:, ~phev].any()


# -- tax rules


def test_a_tax_falls_on_the_powertrain_and_the_prices_that_it_names() -> None:
    move = LeverMove(
        "purchase_tax",
        powertrain="BEV",
        change=relative(0.05),
        terms=(("price_from", 200_000.0), ("price_to", 300_000.0)),
    )
    (item,) = run_moves(move).periods
    bev = np.array([p == "BEV" for p in item.base.powertrains])
    listed = item.base.list_prices
    wanted = bev & (listed >= 200_000) & (listed <= 300_000)
    np.testing.assert_array_equal(item.composed.supply.tax_rates != 0, wanted)


def test_a_tax_is_at_most_what_it_may_be() -> None:
    move = LeverMove("purchase_tax", change=relative(-0.1), terms=(("at_most", 30_000.0),))
    (item,) = run_moves(move).periods
    asked, offered = item.base.market.prices, item.base.market.offered
    relief = asked - item.market.prices
    np.testing.assert_allclose(
        relief[offered], np.minimum(0.1 * asked, 30_000.0)[offered], rtol=1e-12
    )


def test_what_a_temporary_relief_brings_forward_is_missing_afterwards_and_no_more() -> None:
    terms = (("brought_forward", 0.5), ("repaid_over", 2.0))
    relief = LeverMove("purchase_tax", change=relative(-0.05), last="2026-08", terms=terms)
    result = run_moves(relief, periods=COMING)
    change = [float((i.scenario.units - i.baseline.units).sum()) for i in result.periods]
    assert min(change[:2]) > 0
    np.testing.assert_allclose(change[2:4], -0.5 * sum(change[:2]) / 2, rtol=1e-9)
    for item in result.periods[4:]:
        assert_sides_equal(item)
    assert any("2026-09, 2026-10: a part of the cars bought before" in w for w in result.warnings)


def test_a_relief_without_end_brings_nothing_forward() -> None:
    terms = (("brought_forward", 0.5),)
    lasting = run_moves(
        LeverMove("purchase_tax", change=relative(-0.05), terms=terms), periods=COMING
    )
    plain = run_moves(LeverMove("purchase_tax", change=relative(-0.05)), periods=COMING)
    for one, other in zip(lasting.periods, plain.periods, strict=True):
        np.testing.assert_array_equal(one.scenario.units, other.scenario.units)


# -- what cannot be


@pytest.mark.parametrize(
    ("move", "sentence"),
    [
        (
            LeverMove("media", firm="Nova", channel="radio", change=relative(0.1)),
            ".channel: no channel is called 'radio'",
        ),
        (
            LeverMove("stage_rate", firm="Nova", change=relative(0.1)),
            ".stage: is missing; name one of: cards, test_drives, orders, deliveries.",
        ),
        (
            LeverMove(
                "stage_rate", firm="Nova", stage="orders", dealer="D999", change=relative(0.1)
            ),
            ".dealer: no dealer is called 'D999'",
        ),
        (
            LeverMove(
                "stage_rate",
                firm="Nova",
                stage="orders",
                dealer="D066",
                region="East",
                change=relative(0.1),
            ),
            ".region: the dealer D066 stands in one region already; remove it.",
        ),
        (
            LeverMove("spec", product="N5", characteristic="colour", change=relative(0.1)),
            ".characteristic: no characteristic is called 'colour'",
        ),
        (
            LeverMove("spec", product="N5", characteristic="battery_kwh", change=relative(0.1)),
            "does not say what battery_kwh is worth; add it there under worth.",
        ),
        (
            LeverMove("plate_rule", powertrain="ICE", change=relative(0.1)),
            ".powertrain: no powertrain is called 'ICE'",
        ),
        (
            LeverMove("list_price", product="N5", channel="digital", change=relative(0.1)),
            ".channel: belongs to the lever media only; remove it.",
        ),
        (
            LeverMove("media", product="N5", change=relative(0.1)),
            ".product: the lever media acts on a firm; name one.",
        ),
    ],
    ids=lambda value: value.lever if isinstance(value, LeverMove) else "",
)
def test_a_move_that_names_what_is_not_there_is_refused(move: LeverMove, sentence: str) -> None:
    found = refusal(move)
    assert len(found) == 1
    assert sentence in found[0]


def test_a_data_set_without_media_dealers_or_powertrains_says_so() -> None:
    firm = data_set("us_autos").metadata.own_firm
    moves = (
        LeverMove("media", firm=firm, change=relative(0.1)),
        LeverMove("dealers", firm=firm, change=relative(0.1)),
        LeverMove("plate_rule", powertrain="BEV", change=relative(0.1)),
    )
    with pytest.raises(InputError) as caught:
        run(Scenario("T", "us_autos", levers=moves))
    found = [str(fault) for fault in caught.value.faults]
    assert any("needs the table media, which us_autos lacks" in text for text in found)
    assert any("needs the table dealers, which us_autos lacks" in text for text in found)
    assert any("no powertrain is called 'BEV'" in text for text in found)


# -- ledgers under all of them together


def test_the_ledger_of_the_funnel_closes_under_a_mix_of_levers() -> None:
    moves = (
        LeverMove("media", firm="Nova", change=relative(0.3)),
        LeverMove("stage_rate", firm="Nova", stage="test_drives", change=relative(0.1)),
        LeverMove("list_price", product="N5", change=relative(-0.05)),
        LeverMove("capacity", product="N5", change=relative(-0.05)),
        LeverMove("market_size", change=relative(0.05)),
    )
    result = run_moves(*moves, periods=COMING[:3], backlog=Backlog(2.0, 5_000.0, 0.1))
    for item in result.periods:
        for product in OWN:
            place = item.base.market.products.index(product)
            stages = item.stages[:, :, place]
            np.testing.assert_allclose(stages[-1], item.scenario.units[:, place], rtol=1e-9)
            np.testing.assert_allclose(stages[0], item.scenario.leads[:, place], rtol=1e-15)
            assert (stages[:-2] >= stages[1:-1] * (1 - 1e-12)).all()
    after = totals(result.periods[0], "Nova", result.periods[0].base.market.regions)[1]
    assert after.leads is not None
