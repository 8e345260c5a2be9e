"""The command line: exit codes, JSON, files whole or not at all, and sentences instead of tracebacks."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sandtable.cli import run_command
from sandtable.errors import ConvergenceError
from sandtable.market.equilibrium import Equilibrium
from sandtable.scenario import files
from sandtable.scenario import periods as periods_module
from sandtable.scenario.files import read_scenario
from sandtable.scenario.run import MEASURES, run
from tests.commands import Command, commands, plain
from tests.golden import SCENARIOS, result_of
from tests.scenario.observed import data_set

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "scenarios"
CUT = FOLDER / "us-1990-accord-minus-5.yaml"
ANSWERED = FOLDER / "premium-ev-n5-minus-5-east-answered.yaml"
BROKEN = "schema: 1\ntitle: ''\ndata: premium_ev\nlevers:\n  - {lever: exit, product: O33}\n"


@pytest.fixture(autouse=True, scope="module")
def _loaded_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "open_data_set", data_set)
        yield


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run a command line as ``sandtable ...`` would; exit code, output, errors."""
    monkeypatch.setenv("COLUMNS", "80")
    return commands(capsys)


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    path = tmp_path / "broken.yaml"
    path.write_text(BROKEN, encoding="utf-8")
    return path


@pytest.fixture
def creeping(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask for more than the solver can reach in two steps."""
    solve = periods_module.equilibrium

    def stop_early(game: object, start: object, **options: object) -> Equilibrium:
        return solve(game, start, tolerance=1e-300, maximum_iterations=2)

    monkeypatch.setattr(periods_module, "equilibrium", stop_early)


def test_a_run_prints_what_changes_and_ends_with_0(command: Any) -> None:
    code, out, err = command("run", CUT)
    assert (code, err) == (0, "")
    assert out.startswith("Accord 5 % cheaper in 1990, rivals held\nWhom does a 5 % cut")
    assert "us_autos (real), parameters random_coefficient, money in thousand 1983 USD" in out
    assert "Honda, 1990" in out
    assert "General Motors" in out
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_the_same_run_from_python_and_from_the_command_line_gives_the_same_numbers(
    command: Any, path: Path
) -> None:
    code, out, err = command("run", path, "--json")
    result = result_of(path)
    assert (code, err) == (0, "")
    found = plain(out)
    assert found == plain(json.dumps(result.to_dict()))
    columns = [f"{measure}_{side}" for measure in MEASURES for side in ("baseline", "scenario")]
    rows = pd.DataFrame(found["rows"])
    for column in columns:
        expected = result.rows[column].to_numpy()
        values = rows[column].to_numpy(dtype=float)
        assert pd.Series(values).equals(pd.Series(expected)), column  # to the bit


def test_the_json_of_a_run_says_where_its_numbers_come_from(command: Any) -> None:
    _, out, _ = command("run", ANSWERED, "--json")
    found = plain(out)
    scenario, data = read_scenario(ANSWERED)
    assert found["schema"] == 1
    assert found["scenario"] == {"title": scenario.title, "sha256": scenario.sha256}
    fed = found["data"].pop("fed")
    assert found["data"] == {
        "name": "premium_ev",
        "sha256": data.sha256,
        "kind": "synthetic",
        "definitions_sha256": data.definitions,
    }
    assert [one["input"] for one in fed][:2] == ["sandtable.units", "sandtable.net_price"]
    assert fed[1]["definition_hash"] == data.fed[1].definition_hash
    assert fed[1]["file"] == "indicators/definitions/sal_price_avg.yaml"
    assert found["parameters"] == "random_coefficient"
    assert found["converged"] is True
    assert 0 <= found["residual"] <= 1e-10
    keys = {"product", "name", "firm", "region", "period"}
    for row in found["rows"]:
        assert set(row) == keys | {f"{m}_{s}" for m in MEASURES for s in ("baseline", "scenario")}
        assert row["units_baseline"] > 0


def test_out_writes_all_four_files(command: Any, tmp_path: Path) -> None:
    code, out, _ = command("run", CUT, "--out", tmp_path / "new" / "result")
    assert code == 0
    assert "Written to" in out
    written = tmp_path / "new" / "result"
    assert sorted(path.name for path in written.iterdir()) == [
        "result.json",
        "rows.csv",
        "scenario.yaml",
        "workbook.xlsx",
    ]
    _, shown, _ = command("run", CUT, "--json")
    assert plain((written / "result.json").read_text(encoding="utf-8")) == plain(shown)
    # what was written runs again
    _, again, _ = command("run", written / "scenario.yaml", "--json")
    assert plain(again) == plain(shown)


def test_bad_input_ends_with_2_and_all_faults(command: Any, broken: Path, tmp_path: Path) -> None:
    code, out, err = command("run", broken, "--json", "--out", tmp_path / "out")
    assert (code, out) == (2, "")
    assert err.splitlines() == [
        f"{broken}, title: must not be empty.",
        f"{broken}, levers[0].product: no product is called 'O33'; did you mean 'O3'?",
        "2 faults; nothing was written.",
    ]
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written_ends_with_2_and_no_numbers(
    command: Any, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    code, out, err = command("run", CUT, "--json", "--out", tmp_path / "taken" / "result")
    assert (code, out) == (2, "")
    assert "cannot be written (Not a directory); choose another folder." in err
    assert (tmp_path / "taken").read_text(encoding="utf-8") == "a file"


@pytest.mark.usefixtures("creeping")
def test_what_did_not_converge_ends_with_3_and_gives_no_numbers(
    command: Any, tmp_path: Path
) -> None:
    out_folder = tmp_path / "out"
    code, out, err = command("run", ANSWERED, "--json", "--out", out_folder)
    assert code == 3
    found = plain(out)
    assert (found["converged"], found["reason"]) == (False, "iteration_limit")
    assert found["rows"] == []
    assert found["scenario"]["title"] == "N5 5 % cheaper in the East, rivals answer"
    assert err.startswith("did not converge (iteration_limit): the rivals' prices did not settle")
    assert not out_folder.exists()
    assert command("run", ANSWERED)[:2] == (3, "")
    assert command("compare", ANSWERED, "--json")[:2] == (3, "")


def test_compare_fits_80_columns_and_names_each_scenario(command: Any) -> None:
    us = [path for path in SCENARIOS if path.stem.startswith("us-")]
    code, out, err = command("compare", *us)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert max(map(len, lines)) <= 80
    assert "Honda, 1990; profit in thousand 1983 USD" in out
    assert any(
        line.split()[:3] == ["us-1990-accord-minus-5", "862,742", "+91,220"] for line in lines
    )
    assert "…" not in out


def test_compare_prints_a_block_for_each_period(command: Any) -> None:
    _, out, _ = command("compare", *sorted(FOLDER.glob("premium-ev-n7-*.yaml")))
    for month in ("04", "05", "06"):
        assert f"Nova, 2026-{month}; profit in CNY" in out
    assert max(map(len, out.splitlines())) <= 80


def test_compare_as_json_gives_every_firm(command: Any) -> None:
    paths = [FOLDER / "premium-ev-o3-leaves.yaml", FOLDER / "premium-ev-o3-cut-n5-cash.yaml"]
    code, out, _ = command("compare", *paths, "--json")
    rows = plain(out)["rows"]
    assert code == 0
    assert {row["scenario"] for row in rows} == {str(path) for path in paths}
    assert len(rows) == 2 * 18
    for row in rows:
        change = row["units_scenario"] - row["units_baseline"]
        assert row["units_change"] == change
        assert (row["leads_baseline"] is None) == (row["firm"] != "Nova")


def test_compare_refuses_results_of_different_data(command: Any) -> None:
    code, out, err = command("compare", CUT, ANSWERED)
    assert (code, out) == (2, "")
    assert f"{ANSWERED}, data: rests on other data than {CUT}" in err


def test_validate_lists_the_faults_of_all_files(command: Any, broken: Path, tmp_path: Path) -> None:
    code, out, err = command("validate", broken, CUT, tmp_path / "gone.yaml")
    assert code == 2
    assert out.splitlines() == [f"{CUT}: valid"]
    assert [line.partition(":")[0] for line in err.splitlines()] == [
        f"{broken}, title",
        f"{broken}, levers[0].product",
        f"{tmp_path / 'gone.yaml'}",
        "3 faults; nothing was written.",
    ]
    code, out, _ = command("validate", broken, CUT, "--json")
    bad, good = plain(out)["files"]
    assert code == 2
    assert (bad["valid"], len(bad["faults"])) == (False, 2)
    assert good == {"file": str(CUT), "valid": True, "sha256": read_scenario(CUT)[0].sha256}


def test_all_shipped_scenarios_are_valid(command: Any) -> None:
    code, out, err = command("validate", *SCENARIOS)
    assert (code, err) == (0, "")
    assert out.count(": valid") == len(SCENARIOS)


def test_levers_lists_the_whole_table(command: Any) -> None:
    code, out, _ = command("levers", "--json")
    assert code == 0
    names = list(plain(out)["levers"])
    _, shown, _ = command("levers")
    table, _, terms = shown.partition("\nTerms\n")
    assert [line.split()[0] for line in table.splitlines()[1:]] == names
    assert "finance: rate" in terms
    assert "must be given" in terms


@pytest.mark.parametrize(
    "words",
    [
        ["run"],
        ["run", "--jason", "x.yaml"],
        ["sing"],
        ["validate"],
        ["data", "generate", "x", "--seed", "-1"],
    ],
    ids=" ".join,
)
def test_a_command_that_is_not_understood_ends_with_2(command: Any, words: list[str]) -> None:
    code, out, err = command(*words)
    assert (code, out) == (2, "")
    assert "Usage" in err


@pytest.mark.parametrize("words", [["--help"], ["run", "--help"], ["data", "--help"]], ids=" ".join)
def test_help_ends_with_0(command: Any, words: list[str]) -> None:
    code, out, _ = command(*words)
    assert code == 0
    assert "Usage" in out


def test_square_brackets_in_a_title_are_text(command: Any, tmp_path: Path) -> None:
    path = tmp_path / "brackets.yaml"
    text = (
        "schema: 1\ntitle: 'N5 [/bold] [red]cut[/red]'\nquestion: 'Why [/dim]?'\ndata: us_autos\n"
    )
    path.write_text(text, encoding="utf-8")
    code, out, _ = command("run", path)
    assert code == 0
    assert out.startswith("N5 [/bold] [red]cut[/red]\nWhy [/dim]?\n")


def test_no_change_is_shown_as_no_change(command: Any, tmp_path: Path) -> None:
    path = tmp_path / "empty.yaml"
    path.write_text("schema: 1\ntitle: Empty\ndata: premium_ev\n", encoding="utf-8")
    _, out, _ = command("run", path)
    assert "Who wins" not in out
    assert "+" not in out
    assert "0.00 pt" not in out


def test_a_bug_is_not_taken_for_bad_input() -> None:
    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_command(fail)


def test_each_error_has_its_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise ConvergenceError("not_finite", "the prices ran away.")

    assert run_command(fail) == 3
    assert capsys.readouterr().err == "did not converge (not_finite): the prices ran away.\n"
    assert run_command(lambda: None) == 0


def test_python_m_sandtable_is_the_command_line(broken: Path) -> None:
    def call(*words: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "sandtable", *map(str, words)]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    good = call("run", CUT, "--json")
    assert (good.returncode, good.stderr) == (0, "")
    assert plain(good.stdout) == plain(json.dumps(run(*read_scenario(CUT)).to_dict()))
    bad = call("run", broken)
    assert (bad.returncode, bad.stdout) == (2, "")
    assert "Traceback" not in bad.stderr


def test_square_brackets_in_a_file_name_are_text(command: Any, tmp_path: Path) -> None:
    path = tmp_path / "[red]cut[red].yaml"
    path.write_bytes(CUT.read_bytes())
    _, out, _ = command("compare", path)
    assert "[red]cut[red]  862,742" in out
