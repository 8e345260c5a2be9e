"""A number on the screen opens its definition, its parts, what the market was calibrated on, and its rows."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sandtable.cli import app
from sandtable.errors import InputError
from sandtable.scenario.explained import Part
from sandtable.scenario.explaining import explain, source_rows
from sandtable.scenario.files import read_scenario
from sandtable.scenario.kpis import KPI_INDICATORS
from sandtable.scenario.run import Result, run
from sandtable.scenario.summary import totals
from tests.scenario.observed import run_moves

EAST = Path(__file__).parents[2] / "scenarios" / "premium-ev-n5-minus-5-east.yaml"


@cache
def east() -> Result:
    return run(*read_scenario(EAST))


@pytest.mark.parametrize("kpi", KPI_INDICATORS)
def test_the_figures_at_the_top_are_those_of_the_screen(kpi: str) -> None:
    for regions in (None, ("Shanghai",)):
        found = explain(kpi, east(), regions=regions)
        before, after = totals(east().periods, "Nova", regions)
        assert (found.baseline, found.scenario) == (getattr(before, kpi), getattr(after, kpi))
        assert found.indicator.defined.code == KPI_INDICATORS[kpi]
        json.dumps(found.to_dict())


def test_a_formula_opens_down_to_rows_of_files() -> None:
    found = explain("conversion", east(), items=east().periods[-1], regions=("Shanghai",))
    units, leads = found.indicator.parts
    assert units.baseline is not None
    assert leads.baseline is not None
    assert found.baseline == pytest.approx(units.baseline / leads.baseline)
    assert found.indicator.defined.formula == "sal_unit_cnt_own / sal_lead_cnt_ledger_own"
    assert units.base is not None
    assert units.base.code == "sal_unit_cnt"
    assert units.leaf is not None
    assert leads.leaf is not None
    assert units.leaf.says == "sum of units of sales where product.firm is own firm"
    assert units.leaf.file == "premium_ev/sales.csv"
    assert (units.leaf.fed_by, leads.leaf.fed_by) == (("sandtable.units",), ("sandtable.leads",))
    data = east().data_set
    firms = dict(zip(*(data.tables["products"][name] for name in ("product", "firm")), strict=True))

    def count(table: str) -> int:
        rows = data.tables[table]
        rows = rows[(rows["period"] == "2026-06") & (rows["region"] == "Shanghai")]
        return int((rows["product"].map(firms) == "Nova").sum())

    assert units.leaf.source_rows == count("sales")
    assert leads.leaf.source_rows == count("funnel") > units.leaf.source_rows


def test_the_rows_behind_add_up_to_the_figure() -> None:
    behind = source_rows("units", east(), regions=("Shanghai",), limit=10_000)
    before, after = totals(east().periods, "Nova", ("Shanghai",))
    sides = {one.side: one for one in behind}
    assert sides["source"].place == "sales.csv"
    for one in behind:
        assert one.count == len(one.rows)
    assert sides["source"].rows["units"].sum() == pytest.approx(before.units)
    assert sides["baseline"].rows["units"].sum() == pytest.approx(before.units)
    assert sides["scenario"].rows["units"].sum() == pytest.approx(after.units)
    assert all(len(one.rows) == 2 for one in source_rows("units", east(), limit=2))


def test_a_coming_period_has_no_source_rows_and_says_so() -> None:
    result = run_moves(periods=("2026-09",))
    found = explain("units", result)
    assert not found.observed
    assert found.indicator.leaf is not None
    assert found.indicator.leaf.source_rows is None
    assert "projected into coming periods" in "\n".join(found.sentences)
    assert {one.side for one in source_rows("units", result)} == {"baseline", "scenario"}


def test_money_is_a_table_of_the_result_calibrated_on_the_level() -> None:
    leaf = explain("revenue", east()).indicator.leaf
    assert leaf is not None
    assert (leaf.file, leaf.source_rows) == (None, None)
    assert "sandtable.net_price" in leaf.fed_by
    assert "sandtable.leads" not in leaf.fed_by


def test_what_is_unknown_is_unknown_all_the_way_down() -> None:
    found = explain("conversion", run_moves(), firm="Orion")

    def leaves(part: Part) -> list[Part]:
        return [part] if part.leaf else [leaf for below in part.parts for leaf in leaves(below)]

    assert found.baseline is None
    by_code = {part.defined.code: part.baseline for part in leaves(found.indicator)}
    assert by_code["sal_lead_cnt_ledger_own"] is None
    assert by_code["sal_unit_cnt_own"] is not None


def test_names_that_nobody_knows_are_refused_with_a_hint() -> None:
    with pytest.raises(InputError, match=r"no figure is called 'unit'; did you mean 'units'\?"):
        explain("unit", east())
    with pytest.raises(InputError, match="no region is called 'Shangai'; did you mean 'Shanghai'"):
        explain("units", east(), regions=("Shangai",))


def test_the_command_prints_the_chain_and_its_rows() -> None:
    command = ["explain", "share_of_sales", "--scenario", str(EAST), "--region", "East"]
    done = CliRunner().invoke(app, [*command, "--rows", "3"])
    assert done.exit_code == 0, done.output
    text = " ".join(done.stdout.split())
    for said in (
        "sal_market_shr",
        "sal_unit_cnt_all",
        "premium_ev/sales.csv",
        "sandtable.net_price",
    ):
        assert said in text
    found = json.loads(CliRunner().invoke(app, [*command, "--json", "--rows", "1"]).stdout)
    assert found["regions"] == ["Shanghai", "Jiangsu", "Zhejiang"]
    assert found["indicator"]["parts"][0]["leaf"]["columns"]
    assert [len(one["rows"]) for one in found["rows"]] == [1] * 6


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["unit"], "no figure is called 'unit'"),
        (["units", "--region", "Shangai"], "no region is called 'Shangai'"),
        (["units", "--period", "2026-05x"], "the scenario has no period '2026-05x'"),
    ],
)
def test_the_command_refuses_what_it_does_not_know(options: list[str], sentence: str) -> None:
    done = CliRunner().invoke(app, ["explain", *options, "--scenario", str(EAST)])
    assert sentence in str(done.exception)


def test_indicators_are_computed_over_a_result_from_the_command_line() -> None:
    command = ["indicators", "compute", "sal_unit_cnt_own", "--scenario", str(EAST)]
    found = json.loads(CliRunner().invoke(app, [*command, "--by", "month", "--json"]).stdout)
    assert [row["month"] for row in found["rows"]] == ["2026-04", "2026-05", "2026-06"]
    before, after = totals(east().periods, "Nova")
    assert sum(row["sal_unit_cnt_own_baseline"] for row in found["rows"]) == pytest.approx(
        before.units
    )
    assert sum(row["sal_unit_cnt_own_scenario"] for row in found["rows"]) == pytest.approx(
        after.units
    )
    refused = CliRunner().invoke(app, [*command, "--as-of", "2026-05-31"])
    assert "a result knows all its months" in str(refused.exception)
