"""Exports: text stays text, numbers stay numbers equal to the result, and every file says where it comes from."""

from __future__ import annotations

import csv
import json
import math
import shutil
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import sandtable
from sandtable.data.loading import DataSet, load_data_set
from sandtable.errors import InputError
from sandtable.export.folder import write_result
from sandtable.export.workbook import workbook
from sandtable.scenario.compare import KPIS
from sandtable.scenario.model import LeverMove, Rivals, Scenario
from sandtable.scenario.run import MEASURES, Result, run
from sandtable.scenario.summary import change_by_firm, totals
from sandtable.units import Change
from tests.scenario.observed import data_set

ROOT = Path(__file__).parents[2]
HOSTILE = {
    "HDACCO90": "=1+1",
    "VWPASS90": "+A1",
    "NISTAN90": "@x",
    "NI240S90": "http://example.org/x",
    "NI300Z90": "-2+3",
    "AD80SE90": "12345",
    "INQ4590": "{=A1}",
    "MZMX5M90": '=HYPERLINK("http://example.org"; "x")',
}
FORMULA_SIGNS = ("=", "+", "-", "@")


def cut(product: str) -> LeverMove:
    return LeverMove("list_price", product=product, change=Change("relative", -0.05))


@pytest.fixture(scope="module")
def hostile_set(tmp_path_factory: pytest.TempPathFactory) -> DataSet:
    """The real data set with product codes, names and a firm that look like formulas and links."""
    folder = tmp_path_factory.mktemp("data") / "us_autos"
    shutil.copytree(ROOT / "market_data" / "us_autos", folder)
    known = {row["product"] for row in rows_of(folder / "products.csv")}
    assert set(HOSTILE) <= known
    for table in ("products", "sales"):
        path = folder / f"{table}.csv"
        rows = rows_of(path)
        for row in rows:
            code = row["product"]
            row["product"] = HOSTILE.get(code, code)
            if table == "products":
                row["name"] = HOSTILE.get(code, row["name"])
                row["firm"] = "=2+2" if row["firm"] == "Mazda" else row["firm"]
        with path.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    return load_data_set(folder)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8-sig") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def hostile(hostile_set: DataSet) -> Result:
    scenario = Scenario(
        "=1+1",
        "us_autos",
        question="@SUM(A1:A9)",
        levers=(cut("=1+1"),),
        rivals=Rivals("hold", (("=2+2", "hold"),)),
        not_modelled=("-1+2", "http://example.org"),
    )
    return run(scenario, hostile_set)


@pytest.fixture(scope="module")
def result() -> Result:
    levers = (cut("N5"), LeverMove("exit", product="N9", region="East"))
    scenario = Scenario("Cut and go", "premium_ev", periods=("2026-05", "2026-06"), levers=levers)
    return run(scenario, data_set("premium_ev"))


def opened(result: Result) -> Any:
    return openpyxl.load_workbook(BytesIO(workbook(result)))


def table(sheet: Any) -> list[dict[str, Any]]:
    head, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in rows]


def test_no_cell_is_a_formula_or_a_link_whatever_its_text(hostile: Result) -> None:
    raw = workbook(hostile)
    with zipfile.ZipFile(BytesIO(raw)) as archive:
        sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/sheet")]
        assert len(sheets) == 5
        for name in sheets:
            text = archive.read(name).decode()
            assert "<f>" not in text
            assert "<hyperlink" not in text
    texts = set()
    for sheet in openpyxl.load_workbook(BytesIO(raw)):
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type in ("s", "n")
                assert cell.hyperlink is None
                if isinstance(cell.value, str):
                    assert cell.data_type in ("s", "n")
                    texts.add(cell.value)
    assert {*HOSTILE.values(), "=2+2", "@SUM(A1:A9)", "-1+2"} <= texts


def test_text_that_looks_like_a_number_stays_text(hostile: Result) -> None:
    products = [row["product"] for row in table(opened(hostile)["Products"])]
    assert "12345" in products
    assert 12345 not in products


def test_the_products_sheet_is_the_result(result: Result) -> None:
    rows = table(opened(result)["Products"])
    expected = result.rows.to_dict(orient="records")
    assert len(rows) == len(expected)
    for row, wanted in zip(rows, expected, strict=True):
        assert [row[key] for key in ("product", "name", "firm", "region", "period")] == [
            wanted[key] for key in ("product", "name", "firm", "region", "period")
        ]
        for measure in MEASURES:
            for side in ("baseline", "scenario"):
                value = wanted[f"{measure}_{side}"]
                found = row[f"{measure}_{side}"]
                if math.isnan(value):  # missing is an empty cell, not 0
                    assert found is None
                else:
                    assert isinstance(found, int | float)
                    assert found == pytest.approx(value, rel=1e-14)


def test_the_summary_and_firms_sheets_are_the_totals(result: Result) -> None:
    book = opened(result)
    summary = table(book["Summary"])
    assert [row["indicator"] for row in summary] == [*KPIS, *KPIS]
    firms = {(row["period"], row["firm"]): row for row in table(book["Firms"])}
    for item in result.periods:
        period = item.base.period
        before, after = totals(item, "Nova")
        for row in summary:
            if row["period"] == period:
                wanted = getattr(after, row["indicator"])
                assert row["scenario"] == pytest.approx(wanted, rel=1e-14)
                change = wanted - getattr(before, row["indicator"])
                assert row["change"] == pytest.approx(change, rel=1e-9)
        for firm, change in change_by_firm(item).items():
            assert firms[period, firm]["change"] == pytest.approx(change, rel=1e-9, abs=1e-9)


def test_the_provenance_sheet_carries_the_hashes(result: Result) -> None:
    said = {row["what"]: row["value"] for row in table(opened(result)["Provenance"])}
    assert said["scenario sha256"] == result.scenario.sha256
    assert said["data sha256"] == result.data_set.sha256
    assert said["data set"] == "premium_ev (synthetic)"
    assert said["parameter set"] == "random_coefficient"
    assert said["price coefficient"] == result.parameters.price_coefficient.value
    assert said["sandtable version"] == sandtable.__version__
    notes = [row["value"] for row in table(opened(result)["Provenance"]) if row["what"] == "note"]
    assert notes == list(result.warnings) != []


def test_the_levers_sheet_says_what_was_moved(result: Result) -> None:
    first, second = table(opened(result)["Levers"])
    assert (first["lever"], first["product"], first["change"]) == ("list_price", "N5", "-5 %")
    assert (second["lever"], second["product"], second["region"]) == ("exit", "N9", "East")
    assert second["change"] is None


def test_a_firm_that_leaves_has_a_workbook_too() -> None:
    gone = Scenario("Gone", "premium_ev", levers=(LeverMove("exit", firm="Nova"),))
    rows = table(opened(run(gone, data_set("premium_ev")))["Summary"])
    conversion = next(row for row in rows if row["indicator"] == "conversion")
    assert conversion["baseline"] > 0
    assert (conversion["scenario"], conversion["change"]) == (None, None)


def test_the_csv_holds_no_formula_and_every_number(hostile: Result, tmp_path: Path) -> None:
    write_result(hostile, tmp_path)
    rows = rows_of(tmp_path / "rows.csv")
    expected = hostile.rows.to_dict(orient="records")
    assert len(rows) == len(expected)
    for row, wanted in zip(rows, expected, strict=True):
        for column in ("product", "name", "firm", "region", "period"):
            text = row[column]
            assert not text.startswith(FORMULA_SIGNS)
            mark = "'" if wanted[column].startswith(FORMULA_SIGNS) else ""
            assert text == mark + wanted[column]
        for column in ("units_scenario", "net_price_baseline", "contribution_profit_scenario"):
            assert float(row[column]) == wanted[column]
    assert {"'=1+1", "'+A1", "'@x", "'-2+3", "http://example.org/x"} <= {r["product"] for r in rows}


def test_a_loss_stays_a_negative_number(hostile: Result, tmp_path: Path) -> None:
    moved = hostile.rows.copy()
    moved["contribution_profit_scenario"] *= -1
    object.__setattr__(hostile, "rows", moved)  # a cached property
    try:
        write_result(hostile, tmp_path)
    finally:
        del hostile.__dict__["rows"]
    first = rows_of(tmp_path / "rows.csv")[0]["contribution_profit_scenario"]
    assert float(first) == moved["contribution_profit_scenario"].iloc[0] < 0


def test_the_json_of_a_folder_is_the_result(result: Result, tmp_path: Path) -> None:
    write_result(result, tmp_path)
    written = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))
    assert written == json.loads(json.dumps(result.to_dict()))


def test_other_files_of_the_folder_stay_and_old_results_are_replaced(
    result: Result, tmp_path: Path
) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    (tmp_path / "rows.csv").write_text("old", encoding="utf-8")
    write_result(result, tmp_path)
    assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "mine"
    assert (tmp_path / "rows.csv").read_text(encoding="utf-8").startswith("product,")
    assert len(list(tmp_path.iterdir())) == 5


def full_disk(self: Path, content: bytes) -> int:
    raise OSError(28, "No space left on device")


def in_the_way(folder: Path) -> None:
    (folder / "workbook.xlsx").mkdir()


def nothing(folder: Path) -> None:
    pass


@pytest.mark.parametrize(
    ("prepare", "patch", "sentence"),
    [
        (nothing, ("write_bytes", full_disk), "cannot be written (No space left on device)"),
        (in_the_way, None, "cannot be written (workbook.xlsx is a folder)"),
    ],
    ids=["disk full", "a folder in the way"],
)
def test_a_folder_is_written_whole_or_not_at_all(
    result: Result,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    prepare: Callable[[Path], None],
    patch: tuple[str, Callable[..., int]] | None,
    sentence: str,
) -> None:
    (tmp_path / "rows.csv").write_text("old", encoding="utf-8")
    prepare(tmp_path)
    before = sorted(path.name for path in tmp_path.iterdir())
    if patch:
        monkeypatch.setattr(Path, *patch)
    with pytest.raises(InputError) as caught:
        write_result(result, tmp_path)
    monkeypatch.undo()
    assert str(caught.value) == f"{tmp_path}: {sentence}; choose another folder."
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert (tmp_path / "rows.csv").read_text(encoding="utf-8") == "old"
