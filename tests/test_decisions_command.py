"""The decision log on the command line: recorded before the figures arrived, scored after."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from tests.commands import Command, commands

SOURCE = Path(__file__).parents[1] / "market_data" / "premium_ev"
LAST = "2026-03"
SCENARIO = """\
schema: 1
title: Hold what we have
data: {data}
horizon: {{from: 2026-04, periods: {periods}}}
"""


@pytest.fixture
def command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Command:
    monkeypatch.setenv("SANDTABLE_STORE", str(tmp_path / "store.sqlite"))
    return commands(capsys, "decisions")


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    """Return a scenario on the demonstration market as it was known three months before its end."""
    folder = tmp_path / "premium_ev"
    shutil.copytree(SOURCE / "parameters", folder / "parameters")
    for name in ("metadata.yaml", "products.csv"):
        shutil.copy(SOURCE / name, folder / name)
    for name in ("sales.csv", "market.csv"):
        table = pd.read_csv(SOURCE / name, dtype=str)
        table[table["period"] <= LAST].to_csv(folder / name, index=False)
    metadata = (folder / "metadata.yaml").read_text(encoding="utf-8")
    lines = [
        line.replace("2026-06", LAST)
        for line in metadata.splitlines()
        if not line.strip().startswith(("dealers:", "funnel:", "media:", "competitor_", "events:"))
    ]
    (folder / "metadata.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    path = tmp_path / "scenario.yaml"
    path.write_text(SCENARIO.format(data=folder, periods=3), encoding="utf-8")
    return path


def test_a_decision_goes_from_record_to_calibration(command: Command, scenario: Path) -> None:
    words = ("--expect", "1000", "--low", "900", "--high", "1100", "--json")
    code, out, err = command("record", str(scenario), "--by", "ann", *words)
    assert (code, err) == (0, "")
    decision = json.loads(out)
    name = decision["code"]
    assert [one["period"] for one in decision["model"]] == ["2026-04", "2026-05", "2026-06"]
    assert all(one["low"] < one["value"] < one["high"] for one in decision["model"])
    assert decision["planner"] == [
        {"period": "2026-06", "value": 1000.0, "low": 900.0, "high": 1100.0}
    ]
    code, _, err = command("approve", name, "--by", "ann")
    assert (code, "ann wrote" in err) == (2, True)
    code, out, _ = command("score", "--by", "bob", "--data", "premium_ev", "--json")
    assert (code, json.loads(out)["scored"]) == (0, [])  # nobody has approved it
    code, out, _ = command("approve", name, "--by", "bob", "--json")
    assert (code, json.loads(out)["status"]) == (0, "approved")
    code, out, _ = command("score", "--by", "bob", "--data", "premium_ev", "--json")
    scored = json.loads(out)["scored"]
    sales = pd.read_csv(SOURCE / "sales.csv")
    own = sales[(sales["period"] == "2026-06") & sales["product"].isin(["N3", "N5", "N7", "N9"])]
    last = {one["role"]: one for one in scored if one["period"] == "2026-06"}
    assert len(scored) == 4
    assert last["planner"]["actual"] == last["model"]["actual"] == own["units"].sum()
    assert last["planner"]["inside"] is False
    assert command("score", "--by", "bob", "--data", "premium_ev", "--json")[1].count("value") == 0
    code, out, _ = command("calibration", "--json")
    found = {one["forecaster"]: one for one in json.loads(out)["forecasters"]}
    assert (found["model"]["n"], found["ann"]["n"]) == (3, 1)
    assert found["ann"]["bias"] == pytest.approx(1000 / own["units"].sum() - 1)
    assert "below 8 nothing can be said" in found["ann"]["sentence"]["en"]
    code, out, _ = command("check", "--json")
    assert (code, json.loads(out)) == (0, {"sound": True, "altered": []})


def test_the_tables_are_printed_as_well(command: Command, scenario: Path) -> None:
    code, out, _ = command("record", str(scenario), "--by", "ann", "--measure", "share_of_sales")
    assert (code, "is proposed: Hold what we have" in out) == (0, True)
    name = out.split()[0]
    command("approve", name, "--by", "bob")
    assert name in command("list")[1]
    assert "3 new scores" in command("score", "--by", "bob", "--data", "premium_ev")[1]
    assert "below 8 nothing" in command("calibration")[1]
    assert command("check")[0] == 0


def test_figures_of_other_measures_and_past_months_are_refused_together(
    command: Command, tmp_path: Path
) -> None:
    path = tmp_path / "past.yaml"
    path.write_text(SCENARIO.format(data="premium_ev", periods=2), encoding="utf-8")
    wrong = ("--measure", "contribution_profit", "--expect", "5", "--low", "9")
    code, out, err = command("record", str(path), "--by", "ann", *wrong)
    assert (code, out) == (2, "")
    for part in ("--measure", "horizon", "--low", "3 faults"):
        assert part in err


def test_bounds_without_a_value_are_refused(command: Command, scenario: Path) -> None:
    code, _, err = command("record", str(scenario), "--by", "ann", "--low", "9")
    assert (code, "--expect" in err) == (2, True)


def test_an_unknown_decision_is_a_sentence(command: Command) -> None:
    code, _, err = command("approve", "d0", "--by", "bob")
    assert (code, "holds no decision 'd0'" in err) == (2, True)
