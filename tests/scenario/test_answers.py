"""What a market answers about itself: tidy tables that agree with each other and with the model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from sandtable.cli import app
from sandtable.errors import InputError
from sandtable.scenario import answers
from sandtable.scenario.answers import View
from sandtable.scenario.base import base_of, open_data_set
from sandtable.scenario.calendar import periods_of
from sandtable.scenario.files import read_scenario
from sandtable.scenario.run import run

ROOT = Path(__file__).parents[2]


def view_of(name: str, parameters: str, region: str | None = None) -> View:
    data_set = open_data_set(name)
    base = base_of(data_set, data_set.parameter_sets[parameters], periods_of(data_set)[-1])
    return View(base, region)


@pytest.mark.parametrize("parameters", ["logit", "nested", "random_coefficient"])
@pytest.mark.parametrize("region", [None, "East", "Hunan"])
def test_diversion_sums_to_one_and_is_named_by_its_kind(
    parameters: str, region: str | None
) -> None:
    table = answers.diversion(view_of("premium_ev", parameters, region))
    sums = table.groupby("product")["diversion"].sum()
    np.testing.assert_allclose(sums, 1.0, rtol=1e-12)
    assert set(table["kind"]) == {"cannibalisation", "conquest", "outside"}
    same = table["firm"] == table["to_firm"]
    assert (table.loc[same, "kind"] == "cannibalisation").all()
    assert (table["diversion"] > 0).all()


@pytest.mark.parametrize("parameters", ["logit", "nested", "random_coefficient"])
def test_elasticities_and_diversion_come_from_one_table(parameters: str) -> None:
    """e_ab = -e_bb D_ba s_b / s_a, so both heat maps agree."""
    view = view_of("premium_ev", parameters)
    units = dict(zip(view.market.products, view.units, strict=True))
    elasticity = answers.elasticities(view).set_index(["product", "price_of"])["elasticity"]
    diversion = answers.diversion(view).set_index(["product", "to"])["diversion"]
    for a, b in (("N5", "O3"), ("L1", "N3"), ("K4", "N9")):
        expected = -elasticity[b, b] * diversion[b, a] * units[b] / units[a]
        assert elasticity[a, b] == pytest.approx(expected, rel=1e-12)


def test_an_elasticity_is_what_a_small_price_move_does() -> None:
    view = view_of("premium_ev", "random_coefficient", "East")
    table = answers.elasticities(view).set_index(["product", "price_of"])["elasticity"]
    column, step = view.column("N5"), 1e-6
    units = {}
    for sign in (1, -1):
        prices = view.market.prices.copy()
        prices[:, column] += sign * step * view.prices[column]
        units[sign] = view.market.moved(prices=prices).units[view.rows].sum(axis=0)
    for product in ("N5", "O3", "N3"):
        place = view.column(product)
        slope = (units[1][place] - units[-1][place]) / (2 * step * view.units[place])
        assert table[product, "N5"] == pytest.approx(slope, rel=1e-6)


def test_the_demand_curve_falls_and_passes_through_the_base() -> None:
    view = view_of("premium_ev", "random_coefficient")
    curve = answers.demand_curve(view, "N5", span=0.3, n_points=31)
    assert (np.diff(curve["units"]) < 0).all()
    middle = curve.iloc[15]
    assert middle["price_change"] == pytest.approx(0.0, abs=1e-15)
    assert middle["units"] == pytest.approx(view.units[view.column("N5")], rel=1e-12)
    # the base prices are an equilibrium, so no other price of the N5 earns its firm more
    assert curve["contribution_profit"].idxmax() == 15


def test_the_parts_of_the_concentration_sum_to_the_index() -> None:
    view = view_of("us_autos", "logit")
    table = answers.concentration(view)
    assert table["hhi_part"].sum() == pytest.approx(view.market.concentration, rel=1e-12)
    assert table["share_of_sales"].sum() == pytest.approx(1.0, rel=1e-12)


def test_a_price_cut_gives_consumers_the_area_under_demand() -> None:
    scenario, data_set = read_scenario(ROOT / "scenarios" / "us-1990-accord-minus-5.yaml")
    result = run(scenario, data_set)
    before, after = result.periods[0].base.market, result.periods[0].market
    column = before.products.index("HDACCO90")
    cuts = np.linspace(0, before.prices[0, column] - after.prices[0, column], 201)
    units = []
    for cut in cuts:
        prices = before.prices.copy()
        prices[0, column] -= cut
        units.append(before.moved(prices=prices).units[0, column])
    row = answers.surplus(result).iloc[0]
    area = np.trapezoid(units, cuts)
    assert row["consumer_surplus_change"] == pytest.approx(area, rel=1e-6)
    assert row["change_per_household"] * row["consumers"] == pytest.approx(
        row["consumer_surplus_change"], rel=1e-12
    )


def test_a_merger_raises_the_index_and_costs_consumers() -> None:
    scenario, data_set = read_scenario(ROOT / "scenarios" / "us-1990-ford-chrysler-merger.yaml")
    row = answers.surplus(run(scenario, data_set)).iloc[0]
    assert row["hhi_scenario"] > row["hhi_baseline"]
    assert row["consumer_surplus_change"] < 0


def test_unknown_regions_and_products_are_sentences() -> None:
    with pytest.raises(InputError, match="no region is called 'Easst'; did you mean 'East'"):
        view_of("premium_ev", "logit", "Easst")
    with pytest.raises(InputError, match="'N6' is not sold in 2026-06"):
        view_of("premium_ev", "logit").column("N6")


COMMANDS: dict[str, list[str]] = {
    "elasticities": ["elasticities", "premium_ev", "--product", "N5"],
    "diversion": ["diversion", "premium_ev", "--region", "East", "--parameters", "nested"],
    "demand-curve": ["demand-curve", "us_autos", "--product", "HDACCO90", "--points", "5"],
    "hhi": ["hhi", "us_autos", "--period", "1980"],
    "surplus": ["surplus", str(ROOT / "scenarios" / "us-1990-accord-minus-5.yaml")],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_answer_prints_a_table_and_one_json_object(name: str) -> None:
    runner = CliRunner()
    plain = runner.invoke(app, ["market", *COMMANDS[name]])
    assert plain.exit_code == 0, plain.output
    printed = runner.invoke(app, ["market", *COMMANDS[name], "--json"])
    value: dict[str, Any] = json.loads(printed.stdout)
    assert value["schema"] == 1
    assert value["rows"]
    assert {"name", "sha256", "kind", "definitions_sha256", "fed"} == set(value["data"])
    assert value["money_unit"]


def test_json_keeps_full_precision() -> None:
    view = view_of("us_autos", "random_coefficient")
    printed = CliRunner().invoke(app, ["market", "hhi", "us_autos", "--json"])
    rows = {row["firm"]: row["units"] for row in json.loads(printed.stdout)["rows"]}
    table = answers.concentration(view).set_index("firm")["units"]
    assert all(rows[firm] == units for firm, units in table.items())


def test_every_unknown_option_is_listed_at_once() -> None:
    with pytest.raises(InputError) as caught:
        CliRunner().invoke(
            app,
            ["market", "hhi", "us_autos", "--parameters", "nestd", "--period", "1999"],
            catch_exceptions=False,
        )
    assert [str(fault) for fault in caught.value.faults] == [
        "us_autos, parameters: no parameter set is called 'nestd'; did you mean 'nested'?",
        "us_autos, period: '1999' is not observed; expected 1971 to 1990.",
    ]


@pytest.mark.parametrize("region", [None, "East"])
def test_one_own_elasticity_is_the_diagonal_of_the_table(region: str | None) -> None:
    view = view_of("premium_ev", "random_coefficient", region)
    table = answers.elasticities(view).set_index(["product", "price_of"])["elasticity"]
    for product in ("N5", "O3"):
        assert answers.own_elasticity(view, product) == pytest.approx(table[product, product])
    assert answers.own_elasticity(view, "no such product") is None
    assert answers.own_elasticity(view, None) is None
