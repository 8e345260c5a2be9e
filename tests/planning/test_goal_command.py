"""``sandtable goal`` and ``sandtable optimise``: sentences, one JSON object, exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sandtable.cli import app, run_command

FILE = Path(__file__).parents[2] / "scenarios" / "premium-ev-n7-leads.yaml"
PRICE = "list_price product=N5 change='-10 %..+5 %'"
CASH = "customer_cash product=N3 value=0..20000"


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("COLUMNS", "100")

    def call(*words: str) -> tuple[int, str, str]:
        code = run_command(lambda: app([words[0], str(FILE), *words[1:]], prog_name="sandtable"))
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


def test_a_goal_that_is_reached_is_printed_and_ends_with_0(command: Any) -> None:
    code, out, _ = command(
        "goal", "--choice", PRICE, "--target", "units >= baseline +5 %",
        "--keep", "contribution_profit >= baseline -2 %",
    )  # fmt: skip
    assert code == 0
    assert out.startswith("Reached with list_price N5")
    assert "units >= baseline +5 %" in out


def test_a_goal_out_of_reach_is_a_certificate_and_ends_with_3(command: Any) -> None:
    code, out, _ = command("goal", "--choice", PRICE, "--target", "units >= 90,000", "--json")
    found = json.loads(out)
    assert code == 3
    assert found["feasible"] is False
    assert found["binding_bounds"][0]["side"] == "low"
    assert found["requirements"][0]["value"] < 90_000
    assert found["sentence"].startswith("Not reachable")


def test_all_faults_of_choices_targets_and_what_to_keep_are_said_at_once(command: Any) -> None:
    code, _, err = command(
        "goal", "--choice", "list_price product=N55 change=-5%..5%", "--target", "unitz >= 3",
        "--keep", "units 3",
    )  # fmt: skip
    assert code == 2
    for place in ("choice[0].product", "target[0]", "keep[0]"):
        assert place in err
    assert "3 faults" in err


def test_an_optimum_as_json_holds_levers_prices_and_what_the_search_did(command: Any) -> None:
    code, out, _ = command(
        "optimise",
        "--choice",
        PRICE,
        "--choice",
        CASH,
        "--keep",
        "units >= baseline +5 %",
        "--json",
    )
    found = json.loads(out)
    assert code == 0
    assert found["aim"] == "most contribution_profit"
    assert found["requirements"][0]["binding"] is True
    assert found["requirements"][0]["shadow_price"] < 0
    assert found["search"]["scanned"] > 4_000
    assert {lever["name"] for lever in found["levers"]} == {"list_price N5", "customer_cash N3"}


def test_a_front_is_printed_as_a_table(command: Any) -> None:
    code, out, _ = command(
        "optimise", "--choice", PRICE, "--against", "most units", "--front", "3", "--starts", "1"
    )
    assert code == 0
    assert "contribution_profit" in out
    assert "list_price N5" in out


def test_requirements_without_a_common_point_end_with_3(command: Any) -> None:
    code, out, _ = command(
        "optimise", "--choice", PRICE, "--least", "units", "--keep", "units >= 90,000"
    )
    assert code == 3
    assert out.startswith("Not reachable")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--most", "units", "--least", "revenue"], "stands beside most"),
        (["--risk", "var 5"], "write mean, or cvar 90 %"),
        (["--risk", "cvar 120 %"], "must be 0 to below 1"),
        (["--against", "units"], "write for instance most units"),
        (["--most", "unitz"], "did you mean 'units'"),
    ],
)
def test_an_aim_that_cannot_be_read_says_why(command: Any, words: list[str], sentence: str) -> None:
    code, _, err = command("optimise", "--choice", PRICE, *words)
    assert code == 2
    assert sentence in err
