"""Tables of how prices answer: costs into prices, and one round of answers against where they end."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sandtable.scenario.answers import View
from sandtable.scenario.base import base_of
from sandtable.scenario.model import LeverMove, Rivals
from sandtable.scenario.reactions import cost_pass_through, price_answers
from sandtable.units import Change
from tests.scenario.observed import EVERYBODY_ANSWERS, data_set, relative, run_moves

CUT = LeverMove("list_price", product="N5", change=relative(-0.1))


def view(region: str | None = None) -> View:
    data = data_set("premium_ev")
    return View(base_of(data, data.default_parameters, "2026-06"), region)


def test_pass_through_is_what_a_run_with_a_higher_cost_shows() -> None:
    table = cost_pass_through(view()).set_index("product")
    higher = LeverMove("unit_cost", product="L2", change=Change("absolute", 100.0))
    item = run_moves(higher, rivals=EVERYBODY_ANSWERS).periods[0]
    rise = (item.market.prices - item.base.market.prices)[0] / 100.0
    place = item.base.market.products.index
    assert table.loc["L2", "own"] == pytest.approx(rise[place("L2")], rel=1e-3)
    rival = str(table.loc["L2", "largest_rival"])
    assert table.loc["L2", "rival_rate"] == pytest.approx(rise[place(rival)], rel=1e-2)


def test_an_industry_wide_cost_is_passed_on_as_a_tax_for_each_vehicle() -> None:
    table = cost_pass_through(view()).set_index("product")
    tax = LeverMove("purchase_tax", change=Change("absolute", 100.0))
    item = run_moves(tax, rivals=EVERYBODY_ANSWERS).periods[0]
    rise = (item.market.prices - item.base.market.prices)[0] / 100.0
    expected = table.loc[list(item.base.market.products), "industry_wide"]
    np.testing.assert_allclose(rise, expected, rtol=2e-3)


def test_regional_rates_are_those_of_the_regions_in_view() -> None:
    whole = view("East")
    regional = replace(
        whole, base=replace(whole.base, market=replace(whole.market, national=False))
    )
    table = cost_pass_through(regional)
    assert table["own"].between(0.5, 1.5).all()
    assert not np.allclose(table["own"], cost_pass_through(whole)["own"], rtol=1e-4)


def test_price_answers_go_from_the_base_to_where_they_end() -> None:
    table = price_answers(run_moves(CUT, rivals=Rivals("best_response"))).set_index("product")
    n5, rivals = table.loc["N5"], table[table["firm"] != "Nova"]
    assert n5["response"] == "hold"
    assert n5["levered"] == n5["first_round"] == n5["answered"] < n5["base"]
    np.testing.assert_array_equal(rivals["levered"], rivals["base"])
    moved = rivals[(rivals["first_round"] - rivals["base"]).abs() > 1]
    assert len(moved) > 3
    assert ((rivals["answered"] - rivals["first_round"]).abs() > 1e-6).any()


def test_without_an_answer_all_stages_after_the_levers_are_equal() -> None:
    table = price_answers(run_moves(CUT))
    np.testing.assert_array_equal(table["levered"], table["first_round"])
    np.testing.assert_array_equal(table["levered"], table["answered"])
