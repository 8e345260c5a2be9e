"""``sandtable uncertainty | tornado | attribute``: JSON, tables of 80 columns, sentences for what is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from sandtable.cli import app, run_command
from sandtable.cli.uncertainty import with_error

SHIPPED = Path(__file__).parents[2] / "scenarios"
CUT = SHIPPED / "premium-ev-n5-minus-5-east.yaml"
SHIFT = SHIPPED / "premium-ev-year-media-shift.yaml"
Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.setenv("COLUMNS", "80")

    def call(*words: object) -> tuple[int, str, str]:
        code = run_command(lambda: app([str(word) for word in words], prog_name="sandtable"))
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


ESTIMATED = ("--parameters", "estimated")


def test_uncertainty_says_intervals_chances_and_layers(command: Command) -> None:
    words = ("uncertainty", SHIFT, *ESTIMATED, "--draws", 30, "--target", "units >= 216,000")
    code, out, _ = command(*words)
    assert code == 0
    assert "worst tenth" in out
    assert "chance to beat the baseline" in out
    assert "units >= 216,000: " in out
    assert "inputs alone" in out
    code, out, _ = command(*words, "--json")
    found = json.loads(out)
    assert found["drawn"] == ["parameters", "forecast", "inputs"]
    assert 0 < found["targets"][0]["chance"] < 1
    assert {row["side"] for row in found["rows"]} == {"baseline", "scenario", "change"}
    assert found["draws"] == found["converged"] == 30


def test_parameters_without_errors_give_a_sentence_and_no_table(command: Command) -> None:
    code, out, _ = command("uncertainty", CUT)
    assert code == 0
    assert "there is no interval" in " ".join(out.split())
    assert "worst tenth" not in out
    code, out, _ = command("uncertainty", CUT, "--json")
    assert json.loads(out)["rows"][0]["median"] is None


def test_what_is_unknown_ends_with_2(command: Command) -> None:
    for words, said in (
        (("uncertainty", CUT, "--layers", "forcast"), "did you mean 'forecast'"),
        (("uncertainty", CUT, "--parameters", "estimatd"), "did you mean 'estimated'"),
        (("tornado", CUT, "--measure", "unit"), "did you mean 'units'"),
        (("tornado", CUT, "--draws", 3), "takes 20 or more"),
        (("tornado", CUT, SHIPPED / "us-1990-accord-minus-5.yaml"), "must be of one data set"),
        (("attribute", CUT, "--measure", "unit"), "did you mean 'units'"),
    ):
        code, out, err = command(*words)
        assert (code, out) == (2, "")
        assert said in err


def test_tornado_orders_what_the_result_hangs_on(command: Command) -> None:
    code, out, _ = command("tornado", CUT, *ESTIMATED, "--draws", 20)
    assert code == 0
    assert "price coefficient" in out
    assert "judgement" in out
    code, out, _ = command("tornado", CUT, *ESTIMATED, "--draws", 20, "--json")
    found = json.loads(out)
    spans = [swing["span"] for swing in found["swings"]]
    assert spans == sorted(spans, reverse=True)
    assert found["value_of_knowing"][0]["name"] == "everything"


def test_attribute_prints_bars_that_sum_to_the_change(command: Command) -> None:
    file = SHIPPED / "premium-ev-o3-cut-n5-cash.yaml"
    code, out, _ = command("attribute", file, *ESTIMATED)
    assert code == 0
    assert "they sum to the change" in out
    assert "By group" in out
    code, out, _ = command("attribute", file, *ESTIMATED, "--json")
    found = json.loads(out)
    total = sum(bar["units"] for bar in found["bars"])
    assert total == pytest.approx(found["total"]["units"])
    assert found["draws"] == 50
    for bar in found["bars"]:
        assert bar["low_80"]["units"] <= bar["high_80"]["units"]
    months = sum(sum(part["units"]) for part in found["periods"])
    assert months == pytest.approx(total)


@pytest.mark.parametrize(
    ("value", "error", "shown"),
    [
        (12_345.678, 40.0, "12,350"),
        (12_345.678, 0.04, "12,345.68"),
        (-3.2, 40.0, "0"),
        (float("nan"), 1.0, "—"),
        (5.0, 0.0, "5"),
    ],
)
def test_no_digit_goes_beyond_the_error(value: float, error: float, shown: str) -> None:
    assert with_error(value, error, "units") == shown


def test_the_change_of_a_share_is_in_points() -> None:
    assert with_error(-0.00284, 0.0001, "share_of_sales", change=True) == "-0.28 pp"
    assert with_error(0.0742, 0.0001, "share_of_sales") == "7.42 %"
