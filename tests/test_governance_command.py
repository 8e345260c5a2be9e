"""The governance of indicators on the command line, from a new definition to its audit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sandtable.indicators import catalogue
from sandtable.indicators.governing import standing, text_of
from sandtable.store import open_store
from tests.commands import Command, commands

CODE = "sal_testdrive_rate"


@pytest.fixture
def command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Command:
    monkeypatch.setenv("SANDTABLE_STORE", str(tmp_path / "store.sqlite"))
    return commands(capsys, "indicators")


def edited_layer(tmp_path: Path, old: str, new: str) -> Path:
    """Return a company's folder in which one definition reads differently."""
    source = Path(catalogue().files[CODE])
    package = Path(__file__).parents[1] / "sandtable" / "indicators" / "definitions"
    text = (package / source.name).read_text(encoding="utf-8")
    assert old in text
    folder = tmp_path / "company" / "definitions"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / source.name).write_text(text.replace(old, new), encoding="utf-8")
    return folder.parent


def test_submit_approve_edit_and_the_approval_is_gone(command: Command, tmp_path: Path) -> None:
    assert command("submit", CODE, "--by", "ann", "--reason", "first")[0] == 0
    code, out, err = command("approve", CODE, "--by", "ann")
    assert (code, out) == (2, "")
    assert "ann wrote sal_testdrive_rate and cannot approve it" in err
    code, out, _ = command("approve", CODE, "--by", "bob", "--json")
    assert (code, json.loads(out)["status"]) == (0, "published")
    store = open_store(tmp_path / "store.sqlite")
    assert standing(store, catalogue().definition(CODE)).status == "published"
    folder = edited_layer(tmp_path, "same event month", "by the month of the lead")
    edited = catalogue(None, [folder]).definition(CODE)
    assert standing(store, edited).status == "draft"
    code, out, _ = command("diff", CODE, "--folder", str(folder), "--json")
    changes = json.loads(out)["changes"]
    assert [line[:2] for line in changes] == ["- ", "+ "]
    assert "by the month of the lead" in changes[1]
    store.close()


def test_what_rests_on_a_changed_indicator_stands_in_the_audit(command: Command) -> None:
    command("submit", "sal_lead_cnt", "--by", "ann", "--reason", "counts web leads too")
    code, out, _ = command("history", "sal_lead_cnt", "--json")
    first, second = json.loads(out)["audit"]
    assert (code, first["action"], second["action"]) == (0, "propose", "submit")
    assert CODE in first["affected"]
    assert command("audit")[0] == 0


def test_an_altered_audit_is_a_failure(command: Command, tmp_path: Path) -> None:
    from sqlalchemy import text

    command("submit", CODE, "--by", "ann", "--reason", "first")
    store = open_store(tmp_path / "store.sqlite")
    with store.writing() as connection:
        connection.execute(text("UPDATE audit SET who = 'eve' WHERE number = 1"))
    store.close()
    code, _, err = command("audit")
    assert code == 2
    assert "row 1 (propose sal_testdrive_rate): it was changed after it was written." in err


def test_a_new_definition_is_a_file_to_fill_in_and_never_overwrites(
    command: Command, tmp_path: Path
) -> None:
    words = ("new", "sal_visit_cnt_web", "--kind", "derived", "--folder", str(tmp_path / "own"))
    assert command(*words)[0] == 0
    path = tmp_path / "own" / "definitions" / "sal_visit_cnt_web.yaml"
    assert "status: draft" in path.read_text(encoding="utf-8")
    code, _, err = command(*words)
    assert code == 2
    assert "exists already" in err


def test_the_text_that_is_approved_does_not_hold_its_own_status() -> None:
    values = json.loads(text_of(catalogue().definition(CODE)))
    assert "status" not in values
    assert values["formula"]
