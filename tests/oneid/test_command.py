"""``sandtable oneid resolve | check`` and ``sandtable data records``: exit codes, JSON, sentences."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sandtable.cli import app, run_command

FOLDER = Path(__file__).resolve().parents[2] / "market_data" / "premium_ev"
ROWS = "prospect,phone\nP1,12012345678\nP2,+86 120 1234 5678\nP3,12087654321\n"


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("COLUMNS", "120")

    def call(*words: object) -> tuple[int, str, str]:
        code = run_command(lambda: app([str(word) for word in words], prog_name="sandtable"))
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


@pytest.fixture
def salt(tmp_path: Path) -> Path:
    file = tmp_path / "salt"
    file.write_text("a secret of more than sixteen bytes", encoding="utf-8")
    return file


def test_the_answer_key_of_the_shipped_sample_is_met(command: Any) -> None:
    code, out, _ = command("oneid", "check", "premium_ev", "--json")
    found = json.loads(out)
    assert code == 0
    assert found["enough"] is True
    assert found["precision"] >= 0.999
    assert found["recall"] >= 0.92
    assert [row["records"] for row in found["guarded"]][:3] == [128, 100, 50]


def test_people_that_miss_the_target_are_exit_code_2(command: Any) -> None:
    code, out, err = command("oneid", "check", "premium_ev", "--limit", 1)
    assert code == 2
    assert "recall 0.0000" in out
    assert "wanted are 0.999 and 0.92" in err


def test_a_file_of_prospects_needs_a_secret_salt_and_keeps_ids_over_runs(
    command: Any, tmp_path: Path, salt: Path
) -> None:
    file, out = tmp_path / "prospects.csv", tmp_path / "people"
    file.write_text(ROWS, encoding="utf-8")
    code, _, err = command("oneid", "resolve", file, "--at", "2026-07-01")
    assert (code, "everybody knows" in err) == (2, True)
    words = ("oneid", "resolve", file, "--salt-file", salt, "--out", out)
    code, text, _ = command(*words, "--at", "2026-07-01", "--json")
    assert code == 0
    assert json.loads(text)["people"] == 2
    first = pd.read_parquet(out / "people.parquet")
    file.write_text(ROWS + "P4,12087654321\n", encoding="utf-8")
    again = ("--at", "2026-08-01", "--history", out / "history.parquet")
    code, text, _ = command(*words, *again)
    assert code == 0
    assert "joined" in text
    people = pd.read_parquet(out / "people.parquet").set_index("prospect")["person"]
    assert people.loc[first["prospect"]].tolist() == first["person"].tolist()
    assert people["P4"] == people["P3"]
    assert {path.stem for path in out.iterdir()} == {"people", "edges", "guarded", "history"}


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("p.csv", "id,phone\nP1,1\n", "has no column 'prospect'"),
        ("p.csv", "prospect,phone,created_at\nP1,1,soon\n", "row 1, column created_at: 'soon'"),
        ("p.parquet", "no parquet", "cannot be read"),
        ("p.txt", "prospect\nP1\n", "must be a .csv or a .parquet file"),
    ],
)
def test_a_broken_file_is_refused_in_a_sentence(
    command: Any, tmp_path: Path, salt: Path, name: str, content: str, said: str
) -> None:
    file = tmp_path / name
    file.write_text(content, encoding="utf-8")
    code, _, err = command("oneid", "resolve", file, "--salt-file", salt)
    assert code == 2
    assert said in err


def test_what_is_not_there_is_said(command: Any, tmp_path: Path, salt: Path) -> None:
    code, _, err = command("oneid", "resolve", tmp_path / "none.csv", "--salt-file", salt)
    assert (code, "no such file" in err) == (2, True)
    code, _, err = command("oneid", "check", "us_autos")
    assert (code, "has no record tables" in err) == (2, True)
    code, _, err = command("data", "records", "us_autos")
    assert (code, "no such synthetic data set" in err) == (2, True)


def test_records_are_written_by_the_command_line(command: Any, tmp_path: Path) -> None:
    out = tmp_path / "records"
    words = ("data", "records", "premium_ev", "--scale", 0.001, "--seed", 2, "--out", out)
    code, _, err = command(*words, "--period-from", "2026-05")
    assert code == 0
    assert "2026-06: month 2 of 2" in err
    code, text, err = command(*words, "--json")
    assert (code, err) == (0, "")
    told = json.loads(text)
    assert told["rows"]["leads"] == len(pd.read_parquet(out / "leads.parquet"))


def test_persons_are_written_beside_the_prospects(command: Any, tmp_path: Path, salt: Path) -> None:
    file = tmp_path / "prospects.csv"
    file.write_text(ROWS, encoding="utf-8")
    words = ("oneid", "resolve", file, "--salt-file", salt, "--at", "2026-07-01", "--beside")
    code, out, _ = command(*words, "--json")
    assert code == 0
    path = tmp_path / "persons.parquet"
    assert json.loads(out)["persons"] == str(path)
    persons = pd.read_parquet(path)
    assert persons["prospect"].tolist() == ["P1", "P2", "P3"]
    assert persons["person"].nunique() == 2
    assert persons["resolved_at"].tolist() == [pd.Timestamp("2026-07-01", tz="UTC")] * 3
