"""One definition changed: the calibrated market, every figure, the provenance and the explanation change with it."""

from __future__ import annotations

import json
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest
from typer.testing import CliRunner

from sandtable.cli import app
from sandtable.errors import InputError
from sandtable.export.folder import write_result
from sandtable.export.workbook import workbook
from sandtable.scenario import files
from sandtable.scenario.base import base_of, open_data_set
from sandtable.scenario.compare import compare
from sandtable.scenario.explaining import explain
from sandtable.scenario.files import read_scenario
from sandtable.scenario.model import Scenario
from sandtable.scenario.run import Result, run
from sandtable.scenario.summary import totals
from tests.indicators.test_feeding import company, net_of

FEE = 0.75  # thousand dollars, off every price
SPEC = Path(__file__).parents[2] / "market_data" / "us_autos" / "estimates" / "logit_ols.yaml"
CUT = Path(__file__).parents[2] / "scenarios" / "us-1990-accord-minus-5.yaml"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return net_of(tmp_path_factory.mktemp("company"), FEE)


@cache
def result_under(folder: Path | None) -> Result:
    return run(*read_scenario(CUT, () if folder is None else (folder,)))


def test_the_calibrated_market_stands_on_the_changed_definition(folder: Path) -> None:
    before = base_of(data := open_data_set("us_autos"), data.default_parameters, "1990")
    after = base_of(fed := open_data_set("us_autos", [folder]), fed.default_parameters, "1990")
    offered = before.market.offered
    assert after.market.prices[offered] == pytest.approx(before.market.prices[offered] - FEE)
    # the base is still what was observed; the utilities and costs that explain it are others
    assert after.market.shares == pytest.approx(before.market.shares, rel=1e-9)
    for name in ("deltas", "costs"):
        old, new = (getattr(side.market, name)[offered] for side in (before, after))
        assert not np.isclose(old, new, rtol=1e-6).any(), name
    assert base_of(data, data.default_parameters, "1990") is before


def test_every_figure_that_rests_on_it_changes_and_units_of_the_base_do_not(folder: Path) -> None:
    plain, changed = result_under(None), result_under(folder)
    before, after = (totals(one.periods, one.own_firm) for one in (plain, changed))
    assert after[0].units == pytest.approx(before[0].units)
    for place in (0, 1):
        assert after[place].revenue < before[place].revenue
        assert after[place].contribution_profit != pytest.approx(before[place].contribution_profit)
    assert after[1].units != pytest.approx(before[1].units, rel=1e-6)
    name = "net_price_baseline"
    assert changed.rows[name].to_numpy() == pytest.approx(plain.rows[name].to_numpy() - FEE)


def test_a_result_says_which_definitions_it_stands_on(folder: Path, tmp_path: Path) -> None:
    plain, changed = (result_under(one).to_dict()["data"] for one in (None, folder))
    assert plain["sha256"] == changed["sha256"]
    assert plain["definitions_sha256"] != changed["definitions_sha256"]
    records = [{one["input"]: one for one in data["fed"]} for data in (plain, changed)]
    other = {key for key in records[0] if records[0][key] != records[1][key]}
    assert other == {"sandtable.net_price"}
    found = records[1]["sandtable.net_price"]
    assert (found["indicator"], found["changed_rows"]) == ("sal_price_avg", 2217)
    assert found["file"] == f"{folder.name}/definitions/sal_price_avg.yaml"
    write_result(result_under(folder), tmp_path)
    stored = json.loads((tmp_path / "result.json").read_text("utf-8"))
    assert stored["data"] == changed
    book = openpyxl.load_workbook(BytesIO(workbook(result_under(folder))))
    cells = dict(book["Provenance"].iter_rows(min_row=2, max_col=2, values_only=True))
    assert cells["definitions sha256"] == changed["definitions_sha256"]
    assert found["definition_hash"] in cells["sandtable.net_price is"]
    assert "differs from the file on 2217 rows" in cells["sandtable.net_price is"]
    assert "stands in place of indicators/definitions" in cells["sandtable.net_price is"]


def test_results_under_other_definitions_are_not_held_side_by_side(folder: Path) -> None:
    with pytest.raises(InputError, match="rests on other data than plain"):
        compare([("plain", result_under(None)), ("changed", result_under(folder))])


def test_the_explanation_says_so(folder: Path) -> None:
    plain, changed = (explain("revenue", result_under(one)) for one in (None, folder))
    assert changed.baseline == totals(result_under(folder).periods, "Honda")[0].revenue
    assert changed.baseline != plain.baseline
    by_input = {one.input: one for one in changed.calibrated}
    price = by_input["sandtable.net_price"]
    assert price.defined.formula == f"sal_turnover_amt / sal_unit_cnt - {FEE:g}"
    assert price.defined.replaces == "indicators/definitions/sal_price_avg.yaml"
    assert price.changed_rows == price.rows == 2217
    assert set(price.columns) == {"sales.units", "sales.net_price"}
    text = "\n".join(changed.sentences)
    assert "other than the file on 2,217 of 2,217 rows" in text
    assert f"{folder.name}/definitions/sal_price_avg.yaml stands in place of indicators/" in text
    assert "stands in place" not in "\n".join(plain.sentences)


def test_a_changed_figure_of_the_screen_is_read_by_its_new_definition(tmp_path: Path) -> None:
    formula = "sal_unit_cnt_own / sal_unit_cnt_all"
    folder = company(tmp_path, sal_market_shr=(f"formula: {formula}", f"formula: 2 * {formula}"))
    plain, changed = result_under(None), run(*read_scenario(CUT, [folder]))
    before, after = (totals(one.periods, "Honda") for one in (plain, changed))
    for place in (0, 1):
        assert after[place].share_of_sales == pytest.approx(2 * before[place].share_of_sales)
        assert after[place].units == before[place].units
    found = explain("share_of_sales", changed)
    assert found.indicator.defined.replaces == "indicators/definitions/sal_market_shr.yaml"
    said = "This definition stands in place of that of indicators/definitions/sal_market_shr.yaml."
    assert any(said in sentence for sentence in found.sentences)


def test_run_takes_the_folder_by_option_and_by_environment(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the tests beside this one keep data sets by name, and do not look at the environment again
    monkeypatch.setattr(files, "open_data_set", open_data_set)

    def prices(*options: str, **environment: str) -> list[float]:
        done = CliRunner().invoke(app, ["run", str(CUT), "--json", *options], env=environment)
        assert done.exit_code == 0, done.output
        rows: list[dict[str, Any]] = json.loads(done.stdout)["rows"]
        return [row["net_price_baseline"] for row in rows]

    plain, given = prices(), prices("--folder", str(folder))
    assert given == pytest.approx([price - FEE for price in plain])
    assert prices(SANDTABLE_INDICATORS=str(folder)) == given
    said = CliRunner().invoke(app, ["run", str(CUT), "--folder", str(folder)]).stdout
    assert "sandtable.net_price is sal_price_avg:" in said
    assert "stands in place of" in " ".join(said.split())


def test_every_command_that_calibrates_reads_the_fed_columns(folder: Path) -> None:
    def answer(*command: str) -> Any:
        environment = {"SANDTABLE_INDICATORS": str(folder)}
        done = [CliRunner().invoke(app, [*command, "--json"], env=env) for env in ({}, environment)]
        assert [one.exit_code for one in done] == [0, 0], done[0].output + done[1].output
        return [json.loads(one.stdout) for one in done]

    estimated = answer("estimate", "us_autos", "--spec", str(SPEC))
    assert estimated[0]["data_sha256"] != estimated[1]["data_sha256"]


def test_a_scenario_without_a_change_still_answers_its_base_under_other_definitions(
    folder: Path,
) -> None:
    result = run(Scenario("Nothing", "us_autos"), open_data_set("us_autos", [folder]))
    assert (result.rows["units_scenario"] == result.rows["units_baseline"]).all()
