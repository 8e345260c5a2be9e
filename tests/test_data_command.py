"""Data sets on the command line: listed, shown, checked, made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sandtable.data.catalogue import data_set_names
from tests.commands import Command, commands, plain
from tests.scenario.observed import data_set

ROOT = Path(__file__).parent.parent


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.setenv("COLUMNS", "80")
    return commands(capsys)


def test_data_list_and_show_say_what_is_real(command: Any) -> None:
    code, out, _ = command("data", "list", "--json")
    assert code == 0
    kinds = {item["name"]: item["kind"] for item in plain(out)["data_sets"]}
    assert kinds == {"premium_ev": "synthetic", "us_autos": "real"}
    _, shown, _ = command("data", "list")
    assert all(name in shown for name in data_set_names())
    code, out, _ = command("data", "show", "us_autos", "--json")
    found = plain(out)
    assert (code, found["rows"]["sales"]) == (0, 2217)
    assert found["sha256"] == data_set("us_autos").sha256
    code, shown, _ = command("data", "show", "us_autos")
    assert code == 0
    assert ["sales", "2,217"] in [line.split() for line in shown.splitlines()]


def test_data_show_of_an_unknown_name_ends_with_2(command: Any) -> None:
    code, out, err = command("data", "show", "us_auto")
    assert (code, out) == (2, "")
    assert "no data set is called 'us_auto'; did you mean 'us_autos'?" in err


def test_data_check_holds_a_folder_against_its_contract(command: Any, tmp_path: Path) -> None:
    folder = ROOT / "market_data" / "us_autos"
    code, out, _ = command("data", "check", folder, "--json")
    assert (code, plain(out)["valid"]) == (0, True)
    code, out, _ = command("data", "check", folder)
    assert code == 0
    assert out.endswith(f"{folder}: valid, sha256 {data_set('us_autos').sha256}\n")
    (tmp_path / "empty").mkdir()
    code, out, err = command("data", "check", tmp_path / "empty", "--json")
    assert code == 2
    faults = plain(out)["faults"]
    assert plain(out)["valid"] is False
    assert err.splitlines() == [*faults, f"{len(faults)} faults; nothing was written."]
    code, out, err = command("data", "check", tmp_path / "gone")
    assert (code, out) == (2, "")
    assert "no such folder; check the path." in err


def test_data_generate_makes_what_it_says(
    command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def generate(folder: Path, seed: int) -> Path:
        asked.append((folder, seed))
        return folder

    monkeypatch.setattr("sandtable.synthetic.generate", generate)
    out_folder = tmp_path / "premium_ev"
    code, out, _ = command(
        "data", "generate", "premium_ev", "--out", out_folder, "--seed", 7, "--json"
    )
    assert (code, asked) == (0, [(out_folder, 7)])
    assert plain(out) == {"schema": 1, "name": "premium_ev", "folder": str(out_folder)}
    code, _, err = command("data", "generate", "premium-ev")
    assert code == 2
    assert "no such synthetic data set; did you mean 'premium_ev'?" in err
    assert len(asked) == 1
