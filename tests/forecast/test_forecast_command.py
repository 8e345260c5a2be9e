"""``sandtable backtest`` and ``sandtable forecast``: tables, JSON, exit codes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from sandtable.cli import app, run_command


def called(*words: str) -> str:
    printed = CliRunner().invoke(app, list(words))
    assert printed.exit_code == 0, printed.output
    return " ".join(printed.output.split())


def test_backtest_prints_verdicts_and_measures() -> None:
    text = called("backtest", "us_autos")
    assert "no skill: Total units: nothing was surely better than the last share" in text
    assert "too little history: Units by product" in text
    assert "last_share *" in text
    assert "origins 1976 to 1989, horizons 1 to 12" in text


def test_forecast_prints_the_own_firm_the_interval_and_warnings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    text = called("forecast", "us_autos", "--periods", "2")
    assert "period total Honda General Motors" in text
    assert "1992" in text
    assert "1993" not in text
    assert "warning: Prices are held at those of 1990." in text


def test_json_of_the_back_test_is_one_object() -> None:
    printed = CliRunner().invoke(app, ["backtest", "us_autos", "--horizon", "2", "--json"])
    value: dict[str, Any] = json.loads(printed.stdout)
    assert value["horizons"] == [1, 2]
    assert {row["horizon"] for row in value["table"]} == {0, 1, 2}
    assert value["verdicts"][0]["sentence"]["zh"]


def test_json_of_the_forecast_is_one_object_with_full_precision() -> None:
    printed = CliRunner().invoke(app, ["forecast", "us_autos", "--periods", "2", "--json"])
    value: dict[str, Any] = json.loads(printed.stdout)
    assert value["periods"] == ["1991", "1992"]
    total = sum(
        size * share
        for size, shares in zip(value["market_sizes"][0], value["shares"][0], strict=True)
        for share in shares
    )
    assert total == pytest.approx(value["total_units"]["of_path"][0], rel=1e-12)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["backtest", "us_auto"], "no data set is called 'us_auto'; did you mean 'us_autos'?"),
        (["forecast", "us_auto"], "no data set is called 'us_auto'; did you mean 'us_autos'?"),
        (["backtest", "us_autos", "--horizon", "0"], "us_autos, --horizon: is 0; write a number"),
        (["forecast", "us_autos", "--periods", "-3"], "us_autos, --periods: is -3; write a number"),
    ],
)
def test_bad_input_is_a_sentence_and_exit_code_2(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(lambda: app(words, standalone_mode=False)) == 2
    assert sentence in capsys.readouterr().err
