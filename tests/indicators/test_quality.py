"""Each quality test finds its fault, says it in one sentence, and breaks what rests on it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from sandtable.cli import app, run_command
from sandtable.documents import read_document
from sandtable.indicators import Catalogue, DuckDBEngine
from sandtable.indicators.approval import approval
from sandtable.indicators.catalogue import PACKAGE_FOLDER, catalogue, load_layers
from sandtable.indicators.quality import check_quality
from sandtable.indicators.standing_here import StandingHere, standing_here
from tests.indicators.conftest import PREMIUM_EV
from tests.indicators.small_world import engine_on

FAULTY = Path(__file__).parent / "faulty"
SENTENCES = read_document(FAULTY / "sentences.yaml").value
Shipped = tuple[Catalogue, DuckDBEngine]


def folder_of(parent: Path, case: str) -> Path:
    folder = parent / "faulty"
    shutil.copytree(FAULTY / "sound", folder)
    shutil.copytree(FAULTY / case, folder, dirs_exist_ok=True)
    shutil.copy(FAULTY / "metadata.yaml", folder)
    return folder


def stand(parent: Path, case: str) -> dict[str, StandingHere]:
    found = load_layers([FAULTY / "catalogue"])
    engine = DuckDBEngine(folder_of(parent, case), found.tables)
    try:
        return standing_here(found, engine)
    finally:
        engine.close()


def test_every_faulty_folder_has_its_sentences() -> None:
    folders = {path.name for path in FAULTY.iterdir() if path.is_dir()} - {"catalogue", "sound"}
    assert set(SENTENCES) == folders


def test_sound_rows_pass_every_test(tmp_path: Path) -> None:
    standings = stand(tmp_path, "sound")
    assert {one.state for one in standings.values()} == {"sound"}
    assert all(test.passed for one in standings.values() for test in one.outcomes)


@pytest.mark.parametrize("case", SENTENCES)
def test_faulty_rows_break_with_their_sentences(tmp_path: Path, case: str) -> None:
    standings = stand(tmp_path, case)
    said = {code: list(one.reasons) for code, one in standings.items() if one.state == "broken"}
    assert said == SENTENCES[case]


def test_expected_and_seen_hold_no_words(tmp_path: Path) -> None:
    standings = stand(tmp_path, "out_of_range")
    (outcome,) = [one for one in standings["sal_order_rate"].outcomes if one.kind == "range"]
    assert (outcome.expected, outcome.seen, outcome.passed) == ("0 … 0.6", "0.5 … 1 (4)", False)


def test_a_test_that_needs_an_absent_table_is_not_run_and_breaks_nothing(tmp_path: Path) -> None:
    found = load_layers([FAULTY / "catalogue"])
    folder = folder_of(tmp_path, "sound")
    (folder / "ledger.csv").unlink()
    engine = DuckDBEngine(folder, found.tables)
    standings = standing_here(found, engine)
    engine.close()
    assert standings["sal_lead_cnt_ledger"].state == "absent"
    assert standings["sal_lead_cnt"].state == "sound"
    (outcome,) = [one for one in standings["sal_lead_cnt"].outcomes if one.kind == "reconcile"]
    assert outcome.passed is None
    assert outcome.sentence == (
        "sal_lead_cnt cannot be held against sal_lead_cnt_ledger here: "
        "the data set has no table 'ledger'; the indicator needs it."
    )


def test_every_headline_has_a_test_and_all_pass_on_the_shipped_data(shipped: Shipped) -> None:
    found, engine = shipped
    standings = standing_here(found, engine)
    untested = [
        code
        for code in found.headlines
        if not any(test.passed is not None for test in standings[code].outcomes[1:])
    ]
    assert untested == []
    assert {code: one.reasons for code, one in standings.items() if one.state == "broken"} == {}


def test_leads_lost_in_one_cell_show_in_spite_of_the_sampling_error(tmp_path: Path) -> None:
    tables = {
        name: pd.read_csv(PREMIUM_EV / f"{name}.csv") for name in ("funnel", "products", "sales")
    }
    leads = pd.read_parquet(PREMIUM_EV / "records" / "leads.parquet")
    cell = (leads["region"] == "Shanghai") & (leads["created_at"].dt.strftime("%Y-%m") == "2026-03")
    lost = leads[cell].sample(frac=0.4, random_state=1).index
    found, engine = engine_on(tmp_path, tables | {"leads": leads.drop(lost)})
    records = engine.folder / "records"
    records.mkdir()
    (records / "README.yaml").write_text("sample: 0.02\n", encoding="utf-8")
    engine = DuckDBEngine(engine.folder, found.tables, engine.frames)
    (outcome,) = [
        one
        for one in check_quality(found, engine, ["sal_lead_cnt"])["sal_lead_cnt"]
        if one.kind == "reconcile"
    ]
    engine.close()
    assert outcome.passed is False
    assert "at month 2026-03, region Shanghai, but sal_lead_cnt_ledger is" in outcome.sentence
    assert "0.5 % and four standard errors of the sample" in outcome.sentence
    assert outcome.sentence.endswith("and 1 of 180 figures differ more.")


def test_the_command_marks_broken_ones_everywhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "definitions").mkdir()
    text = (PACKAGE_FOLDER / "definitions" / "sal_visit_rate.yaml").read_text(encoding="utf-8")
    assert "range: [0, 1.5]" in text
    changed = text.replace("range: [0, 1.5]", "range: [0, 0.4]")
    (tmp_path / "definitions" / "sal_visit_rate.yaml").write_text(changed, encoding="utf-8")
    data = ["--folder", str(tmp_path)]

    def call(*words: str) -> tuple[int, str, str]:
        code = run_command(lambda: app(["indicators", *words, *data], prog_name="sandtable"))
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    code, _, err = call("check", "sal_visit_rate", "sal_lead_cnt")
    assert code == 2
    assert "sal_visit_rate: sal_visit_rate is 0.47" in err
    assert "but must lie in 0 … 0.4" in err
    code, _, err = call("compute", "sal_visit_rate", "--by", "month")
    assert (code, "sal_visit_rate is broken here: sal_visit_rate is 0.47" in err) == (0, True)
    code, out, _ = call("compute", "sal_visit_rate", "sal_lead_cnt", "--json")
    quality = json.loads(out)["quality"]
    assert {name: one["state"] for name, one in quality.items()} == {
        "sal_visit_rate": "broken",
        "sal_lead_cnt": "sound",
    }
    code, out, _ = call("show", "sal_visit_rate")
    assert "In this data set: broken" in out
    assert "failed" in out
    assert "status: unapproved" in out
    code, out, _ = call("list", "--stage", "activation", "--json")
    states = {one["code"]: one["state"] for one in json.loads(out)["indicators"]}
    assert (states["sal_visit_rate"], states["sal_card_rate"]) == ("broken", "sound")
    code, out, _ = call("list", "--no-check", "--json")
    assert "state" not in json.loads(out)["indicators"][0]


def test_only_what_came_with_the_package_or_holds_its_approval_is_approved(tmp_path: Path) -> None:
    shipped = catalogue()
    assert {approval(shipped, code) for code in shipped.definitions} == {"package"}
    layer = tmp_path / "company"
    shutil.copytree(FAULTY / "catalogue", layer)
    found = load_layers([layer])
    assert approval(found, "sal_order_cnt") == "none"
    file = layer / "definitions" / "sal_order_cnt.yaml"
    seal = found.definition("sal_order_cnt").definition_hash
    text = file.read_text(encoding="utf-8")
    approved = f"approved: {{by: bob, on: 2026-07-01, definition_hash: {seal}}}\n"
    file.write_text(text + approved, encoding="utf-8")
    assert approval(load_layers([layer]), "sal_order_cnt") == "file"
    edited = (text + approved).replace("value: true", "value: false")
    file.write_text(edited, encoding="utf-8")
    assert approval(load_layers([layer]), "sal_order_cnt") == "none"
