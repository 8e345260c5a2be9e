"""Runs over time, answers of rivals, warnings, and scenarios built in Python."""

from __future__ import annotations

import json

import numpy as np
import pytest

from sandtable.errors import ConvergenceError, InputError
from sandtable.market.equilibrium import Equilibrium
from sandtable.scenario import periods as periods_module
from sandtable.scenario.compare import KPIS, compare
from sandtable.scenario.model import LeverMove, Rivals, Scenario
from sandtable.scenario.run import MEASURES, run
from sandtable.scenario.summary import totals
from sandtable.units import Change
from tests.scenario.observed import (
    EVERYBODY_ANSWERS,
    PARAMETERS,
    assert_sides_equal,
    data_set,
    relative,
    run_moves,
    units,
)

CUT = LeverMove("list_price", product="N5", change=relative(-0.05))


def test_each_period_stands_on_its_own_base() -> None:
    periods = ("2026-04", "2026-05", "2026-06")
    together = run_moves(CUT, periods=periods)
    for period, item in zip(periods, together.periods, strict=True):
        alone = run_moves(CUT, periods=(period,)).periods[0]
        np.testing.assert_array_equal(item.scenario.units, alone.scenario.units)
    assert list(together.rows["period"].unique()) == list(periods)


def test_without_a_horizon_the_last_period_is_run() -> None:
    assert [item.base.period for item in run_moves(CUT).periods] == ["2026-06"]


def test_a_lever_acts_from_its_first_to_its_last_period_and_no_longer() -> None:
    move = LeverMove(
        "list_price", product="N5", change=relative(-0.05), first="2026-02", last="2026-03"
    )
    result = run_moves(move, periods=("2026-01", "2026-02", "2026-03", "2026-04"))
    assert_sides_equal(result.periods[0])
    assert_sides_equal(result.periods[3])
    for item in result.periods[1:3]:
        assert item.scenario.units.sum() > item.baseline.units.sum()


def test_a_product_launched_within_the_horizon_is_moved_once_it_is_there() -> None:
    move = LeverMove("customer_cash", product="N9", value=10_000.0)
    result = run_moves(move, periods=("2024-03", "2024-04"))
    assert_sides_equal(result.periods[0])
    assert units(result, "N9") > units(result, "N9", "baseline") > 0
    assert result.warnings == ()


@pytest.mark.parametrize("parameters", PARAMETERS)
def test_a_merger_raises_the_prices_of_those_who_merge(parameters: str) -> None:
    move = LeverMove("ownership", firm="Tucana", owner="Lyra")
    item = run_moves(move, parameters=parameters, rivals=EVERYBODY_ANSWERS).periods[0]
    change = item.scenario.net_price - item.baseline.net_price
    merging = np.isin(item.base.market.firms, ["Lyra", "Tucana"])
    assert (change[:, merging] > 0).all()
    lost = item.scenario.units - item.baseline.units
    assert lost[:, merging].sum() < 0 < lost[:, ~merging].sum()
    # with national pricing a price moves by one amount everywhere
    np.testing.assert_allclose(change, np.broadcast_to(change[0], change.shape), atol=1e-6)
    np.testing.assert_allclose(
        item.scenario.list_price - item.baseline.list_price, change, atol=1e-9
    )


def test_a_merger_to_which_nobody_answers_says_that_it_does_nothing() -> None:
    result = run_moves(LeverMove("ownership", firm="Tucana", owner="Lyra"))
    assert_sides_equal(result.periods[0])
    assert result.warnings == (
        "2026-06: a new owner acts through the prices of the firms that answer, but none does.",
    )


def test_one_product_may_change_its_owner() -> None:
    move = LeverMove("ownership", product="T1", owner="Lyra")
    item = run_moves(move, rivals=EVERYBODY_ANSWERS).periods[0]
    change = (item.scenario.net_price - item.baseline.net_price)[0]
    assert change[item.base.market.products.index("T1")] > 0


@pytest.mark.parametrize("parameters", PARAMETERS)
def test_only_those_who_answer_move_their_prices(parameters: str) -> None:
    rivals = Rivals("hold", (("Orion", "best_response"),))
    item = run_moves(CUT, parameters=parameters, rivals=rivals).periods[0]
    moved = (item.scenario.net_price != item.baseline.net_price).any(axis=0)
    firms = np.array(item.base.market.firms)
    products = np.array(item.base.market.products)
    assert set(firms[moved]) == {"Orion", "Nova"}
    assert set(products[moved & (firms == "Nova")]) == {"N5"}


def test_a_price_that_a_lever_sets_does_not_answer() -> None:
    move = LeverMove("rival_price", product="O3", change=relative(-0.06))
    item = run_moves(move, rivals=EVERYBODY_ANSWERS).periods[0]
    column = item.base.market.products.index("O3")
    expected = item.baseline.list_price[:, column] * 0.94
    np.testing.assert_allclose(item.scenario.list_price[:, column], expected, rtol=1e-14)
    sisters = item.base.market.products.index("O6")
    assert item.scenario.list_price[0, sisters] != item.baseline.list_price[0, sisters]


def test_no_firm_gains_by_leaving_its_answer() -> None:
    item = run_moves(CUT, rivals=Rivals("best_response")).periods[0]
    market = item.market
    column = market.products.index("O3")
    orion = np.array(market.firms) == "Orion"

    def profit(step: float) -> float:
        prices = market.prices.copy()
        prices[:, column] += step
        moved = market.moved(prices=prices)
        return float((moved.units * (prices - item.base.market.costs))[:, orion].sum())

    assert profit(0.0) > max(profit(-200.0), profit(200.0))


def test_a_firm_that_pays_cash_counts_it_when_it_prices_its_other_products() -> None:
    cash = LeverMove("customer_cash", product="N5", value=20_000.0)
    item = run_moves(cash, rivals=Rivals("hold", (("Nova", "best_response"),))).periods[0]
    market, nova = item.market, np.array(item.base.market.firms) == "Nova"
    n5, n7 = market.products.index("N5"), market.products.index("N7")
    kept = np.zeros_like(market.prices)
    kept[:, n5] = 20_000.0 * 0.15

    def profit(step: float) -> float:
        prices = market.prices.copy()
        prices[:, n7] += step
        moved = market.moved(prices=prices)
        return float((moved.units * (prices - kept - item.base.market.costs))[:, nova].sum())

    steps = np.array([-100.0, 0.0, 100.0])
    low, middle, high = (profit(step) for step in steps)
    # the top of a parabola through three points lies at the price that the model found
    top = 50.0 * (low - high) / (low - 2 * middle + high)
    assert abs(top) < 0.05


def test_an_answer_that_did_not_converge_gives_no_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop_early(game: object, start: np.ndarray, **options: object) -> Equilibrium:
        return equilibrium(game, start, tolerance=1e-300, maximum_iterations=2)

    equilibrium = periods_module.equilibrium
    monkeypatch.setattr(periods_module, "equilibrium", stop_early)
    with pytest.raises(ConvergenceError, match="did not settle") as caught:
        run_moves(CUT, rivals=EVERYBODY_ANSWERS)
    assert caught.value.reason == "iteration_limit"


@pytest.mark.parametrize(
    ("move", "warning"),
    [
        (
            LeverMove("list_price", product="N5", change=relative(-0.05)),
            "2026-06: list_price of N5 lies outside the prices seen in the data "
            "(268,800 to 299,800).",
        ),
        (
            LeverMove("rival_price", firm="Orion", change=relative(0.5)),
            "2026-06: rival_price of O1 lies outside the prices seen in the data "
            "(209,900 to 241,800).",
        ),
        (
            LeverMove("customer_cash", product="N5", value=53_760.0),
            "2026-06: customer_cash of N5 changes by +20.0%, beyond its guard-rail (+0% to +10%).",
        ),
        (
            LeverMove("lead_volume", firm="Nova", change=relative(0.5)),
            "2026-06: lead_volume of Nova changes by +50.0%, beyond its guard-rail (-30% to +30%).",
        ),
        (
            LeverMove("conversion", product="N7", change=relative(-0.25)),
            "2026-06: conversion of N7 changes by -25.0%, beyond its guard-rail (-20% to +20%).",
        ),
        (
            LeverMove("market_size", change=relative(-0.3)),
            "2026-06: market_size of the market changes by -30.0%, beyond its guard-rail "
            "(-20% to +20%).",
        ),
    ],
    ids=lambda value: value.lever if isinstance(value, LeverMove) else "",
)
def test_beyond_its_guard_rail_a_lever_is_marked_and_still_acts(
    move: LeverMove, warning: str
) -> None:
    result = run_moves(move)
    assert result.warnings == (warning,)
    item = result.periods[0]
    assert not np.array_equal(item.scenario.units, item.baseline.units)


@pytest.mark.parametrize(
    "move",
    [
        LeverMove("list_price", product="N5", value=299_000.0),
        LeverMove("customer_cash", product="N5", value=8_000.0),
        LeverMove("lead_volume", product="N7", change=relative(0.3)),
        LeverMove("conversion", product="N7", change=relative(-0.2)),
        LeverMove("market_size", change=relative(0.2)),
        LeverMove("market_size", change=Change("absolute", 10_000.0)),
    ],
    ids=lambda move: move.lever,
)
def test_within_its_guard_rail_a_lever_is_not_marked(move: LeverMove) -> None:
    assert run_moves(move).warnings == ()


def test_a_warning_of_many_periods_is_given_once() -> None:
    periods = ("2026-04", "2026-05", "2026-06")
    assert run_moves(CUT, periods=periods).warnings == (
        "2026-04 to 2026-06: list_price of N5 lies outside the prices seen in the data "
        "(268,800 to 299,800).",
    )


def test_negative_costs_are_said() -> None:
    result = run(Scenario("Empty", "us_autos", parameters="logit"), data_set("us_autos"))
    label, costs = result.warnings
    assert label.startswith("the parameters behind 'logit' are refused: Price is not instrumented")
    assert "implies negative marginal costs for 71 of 131 products" in costs


def refusal(*moves: LeverMove, **fields: object) -> list[str]:
    scenario = Scenario("Test", "premium_ev", levers=moves, **fields)
    with pytest.raises(InputError) as caught:
        run(scenario, data_set("premium_ev"))
    return [str(fault) for fault in caught.value.faults]


def test_a_scenario_built_in_python_is_refused_where_it_names_nothing_that_exists() -> None:
    moves = (
        LeverMove("list_prise", product="N5", change=relative(0.1)),
        LeverMove("list_price", product="N6x", change=relative(0.1)),
        LeverMove("exit", firm="Orian"),
        LeverMove("exit", product="O3", region="Easst"),
        LeverMove("ownership", firm="Lyra", owner="Novo"),
    )
    found = refusal(
        *moves,
        parameters="nest",
        own_firm="Noba",
        periods=("2028-07",),
        rivals=Rivals("hold", (("Lira", "hold"),)),
    )
    assert [sentence.partition(":")[0] for sentence in found] == [
        "scenario, parameters",
        "scenario, own_firm",
        "scenario, periods",
        "scenario, levers[0].lever",
        "scenario, levers[1].product",
        "scenario, levers[2].firm",
        "scenario, levers[3].region",
        "scenario, levers[4].owner",
        "scenario, rivals",
    ]
    assert found[3].endswith("no lever is called 'list_prise'; did you mean 'list_price'?")


@pytest.mark.parametrize(
    ("move", "sentence"),
    [
        (
            LeverMove("list_price", product="N5"),
            ": gives no amount; give a change or a value.",
        ),
        (
            LeverMove("lead_volume", product="N5", change=Change("absolute", 5.0)),
            ".change: the lever lead_volume takes a change in per cent.",
        ),
        (
            LeverMove("conversion", product="N5", change=relative(-1.0)),
            ".change: is -100 % or less; it must leave something.",
        ),
        (LeverMove("ownership", firm="Lyra"), ".owner: is missing; name the firm that takes over."),
        (LeverMove("exit"), ": names nothing to act on; name one product or firm."),
        (
            LeverMove("market_size", change=Change("absolute", -1e9)),
            ": leaves no households in the market; a market size must stay above 0.",
        ),
        (
            LeverMove("net_price", product="N5", change=Change("absolute", -262_700.0)),
            ": leaves N5 a net price of -300 in Beijing-Tianjin; a price must stay above 0.",
        ),
    ],
    ids=lambda value: value.lever if isinstance(value, LeverMove) else "",
)
def test_a_move_built_in_python_must_be_complete_and_leave_something(
    move: LeverMove, sentence: str
) -> None:
    assert refusal(move) == [f"scenario, levers[0]{sentence}"]


def test_moves_that_only_together_leave_no_price_are_refused() -> None:
    cut = LeverMove("net_price", product="N5", change=relative(-0.9))
    cash = LeverMove("customer_cash", product="N5", value=50_000.0)
    assert run_moves(cut)
    assert run_moves(cash)
    assert refusal(cut, cash)[0].startswith("scenario, levers[1]: leaves N5 a net price of -16")


def test_a_scenario_of_another_data_set_is_refused() -> None:
    with pytest.raises(InputError, match="is 'us_autos', but the data set at hand is 'premium_ev'"):
        run(Scenario("Test", "us_autos"), data_set("premium_ev"))


def test_another_firm_may_sit_at_the_table() -> None:
    move = LeverMove("list_price", product="O3", change=relative(-0.05))
    scenario = Scenario("Test", "premium_ev", own_firm="Orion", levers=(move,))
    result = run(scenario, data_set("premium_ev"))
    before, after = totals(result.periods[0], result.own_firm)
    assert result.own_firm == "Orion"
    assert after.units > before.units


def test_the_result_as_plain_values_is_the_result() -> None:
    result = run_moves(CUT, LeverMove("exit", product="O3", region="East"))
    plain = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert plain["scenario"]["sha256"] == result.scenario.sha256
    assert plain["data"]["sha256"] == result.data_set.sha256
    assert len(plain["rows"]) == len(result.rows)
    for row, expected in zip(plain["rows"], result.rows.to_dict(orient="records"), strict=True):
        for measure in MEASURES:
            for side in ("baseline", "scenario"):
                name = f"{measure}_{side}"
                value = np.nan if row[name] is None else row[name]
                assert np.array_equal(value, expected[name], equal_nan=True)


def test_results_side_by_side_carry_the_totals_of_each() -> None:
    results = [("cut", run_moves(CUT)), ("answered", run_moves(CUT, rivals=EVERYBODY_ANSWERS))]
    table = compare(results)
    assert list(table["scenario"].unique()) == ["cut", "answered"]
    assert table.groupby("scenario")["firm"].first().tolist() == ["Nova", "Nova"]
    for name, result in results:
        before, after = totals(result.periods[0], "Orion")
        row = table[(table["scenario"] == name) & (table["firm"] == "Orion")].iloc[0]
        for kpi in KPIS:
            if getattr(before, kpi) is None:
                assert np.isnan(row[f"{kpi}_change"])
                continue
            assert row[f"{kpi}_baseline"] == getattr(before, kpi)
            assert row[f"{kpi}_change"] == getattr(after, kpi) - getattr(before, kpi)


def test_results_of_different_data_are_not_compared() -> None:
    other = run(Scenario("Empty", "us_autos"), data_set("us_autos"))
    with pytest.raises(InputError) as caught:
        compare([("ev.yaml", run_moves(CUT)), ("us.yaml", other)])
    assert str(caught.value) == (
        "us.yaml, data: rests on other data than ev.yaml; compare scenarios of one data set."
    )
