"""Nothing that rests on refused parameters reaches a screen or a file without its label."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pytest
import streamlit as st
from openpyxl import load_workbook
from refused import NAME, refused_home
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from sandtable.app.state import TableState
from sandtable.app.text import LANGUAGES, Language, Text
from sandtable.cli import app
from sandtable.export.folder import write_result
from sandtable.export.workbook import workbook
from sandtable.scenario.compare import compare
from sandtable.scenario.files import read_scenario
from sandtable.scenario.run import Result, run

LABEL = f"the parameters behind '{NAME}' are refused: "
TIMEOUT = 60


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return refused_home(tmp_path_factory.mktemp("home"))


@pytest.fixture(autouse=True)
def at_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SANDTABLE_HOME", str(home))
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


@pytest.fixture
def result(home: Path) -> Result:
    return run(*read_scenario(home / "scenarios" / "refused.yaml"))


def printed(*words: str | Path) -> str:
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == 0, done.output
    return " ".join(done.stdout.split())


def test_the_label_says_name_grade_and_every_reason_in_both_languages(result: Result) -> None:
    label, verdict = result.parameters.label, result.parameters.verdict
    assert label is not None
    assert verdict is not None
    assert label.en.startswith(LABEL)
    assert label.zh.startswith(f"“{NAME}”所用参数不予采用：")
    for reason in verdict.reasons:
        assert reason.en in label.en
        assert reason.zh in label.zh


def test_parameters_without_verdict_or_with_a_good_one_have_no_label(result: Result) -> None:
    plain = result.data_set.default_parameters
    assert plain.label is None
    verdict = result.parameters.verdict
    assert verdict is not None
    careful = result.parameters.model_copy(
        update={"verdict": verdict.model_copy(update={"grade": "with_care"})}
    )
    assert careful.label is not None
    assert careful.label.en.startswith(f"the parameters behind '{NAME}' are to be used with care: ")
    usable = verdict.model_copy(update={"grade": "usable"})
    assert result.parameters.model_copy(update={"verdict": usable}).label is None


def test_every_sheet_with_numbers_carries_the_label_on_each_row(result: Result) -> None:
    assert result.parameters.label is not None
    book = load_workbook(BytesIO(workbook(result)))
    for name in ("Summary", "Firms", "Products"):
        head, *rows = book[name].iter_rows(values_only=True)
        place = head.index("label")
        assert rows
        assert {row[place] for row in rows} == {result.parameters.label.en}
    assert ("note", result.parameters.label.en) in set(
        book["Provenance"].iter_rows(values_only=True)
    )


def test_rows_and_json_of_a_folder_carry_the_label(result: Result, tmp_path: Path) -> None:
    write_result(result, tmp_path)
    with (tmp_path / "rows.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows
    assert all(row["label"].startswith(LABEL) for row in rows)
    value = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))
    assert value["warnings"][0].startswith(LABEL)


def test_files_of_good_parameters_have_no_column_for_a_label(home: Path, tmp_path: Path) -> None:
    scenario, data_set = read_scenario(home / "scenarios" / "refused.yaml")
    plain = run(type(scenario)("Plain", "us_autos", levers=scenario.levers), data_set)
    write_result(plain, tmp_path)
    first = (tmp_path / "rows.csv").read_text(encoding="utf-8").splitlines()[0]
    assert "label" not in first.split(",")
    head, *_ = load_workbook(BytesIO(workbook(plain)))["Summary"].iter_rows(values_only=True)
    assert "label" not in head


def test_a_comparison_labels_the_rows_that_need_it_and_no_others(result: Result) -> None:
    good = run(type(result.scenario)("Good", "us_autos"), result.data_set)
    table = compare([("refused", result), ("good", good)])
    by_name = table.groupby("scenario")["label"]
    assert all(label.startswith(LABEL) for label in by_name.get_group("refused"))
    assert by_name.get_group("good").isna().all()


MARKET = [
    ("elasticities", "us_autos", "--parameters", NAME),
    ("diversion", "us_autos", "--parameters", NAME, "--product", "HDACCO90"),
    ("demand-curve", "us_autos", "--parameters", NAME, "--product", "HDACCO90"),
    ("hhi", "us_autos", "--parameters", NAME),
]


@pytest.mark.parametrize("words", MARKET, ids=lambda words: words[0])
def test_every_answer_of_the_market_carries_the_label(words: tuple[str, ...]) -> None:
    assert f"note: {LABEL}" in printed("market", *words)
    assert json.loads(printed("market", *words, "--json"))["label"].startswith(LABEL)


def test_good_parameters_have_no_label_in_the_market() -> None:
    assert "note:" not in printed("market", "hhi", "us_autos")
    assert json.loads(printed("market", "hhi", "us_autos", "--json"))["label"] is None


def test_run_surplus_and_compare_say_the_label(home: Path) -> None:
    file = home / "scenarios" / "refused.yaml"
    for words in (("run", file), ("market", "surplus", file), ("compare", file)):
        assert f"note: {LABEL}" in printed(*words), words
    for command in (("run",), ("market", "surplus")):
        value = json.loads(printed(*command, file, "--json"))
        assert value["warnings"][0].startswith(LABEL), command
    rows = json.loads(printed("compare", file, "--json"))["rows"]
    assert all(row["label"].startswith(LABEL) for row in rows)


def table_page() -> None:
    from sandtable.app.guard import guarded
    from sandtable.app.pages import sand_table

    guarded(sand_table.show)()


def competitors_page() -> None:
    from sandtable.app.guard import guarded
    from sandtable.app.pages import competitors

    guarded(competitors.show)()


def model_page() -> None:
    from sandtable.app.guard import guarded
    from sandtable.app.pages import model

    guarded(model.show)()


@pytest.mark.parametrize("language", list(LANGUAGES))
@pytest.mark.parametrize("page", [table_page, competitors_page, model_page])
def test_every_page_shows_the_label(
    page: Callable[[], None], language: Language, home: Path
) -> None:
    scenario, _ = read_scenario(home / "scenarios" / "refused.yaml")
    shown = AppTest.from_function(page, default_timeout=TIMEOUT)
    shown.session_state["data_set"] = "us_autos"
    shown.session_state["language"] = language
    shown.session_state["tables"] = {"us_autos": TableState(scenario, "Honda")}
    shown.run()
    assert [item.value for item in shown.exception] == []
    assert [item.value for item in shown.error] == []
    said = "\n".join(str(item.proto.body) for item in shown.get("html"))
    assert f">{Text(language)('verdict_refuse')}</span>" in said
    assert 'class="badge refuse"' in said
