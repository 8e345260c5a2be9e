"""``sandtable estimate`` and the label that a refused estimate carries into every run."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sandtable.cli import app, run_command
from sandtable.data import load_data_set
from sandtable.scenario.model import Scenario
from sandtable.scenario.run import run

ROOT = Path(__file__).parents[2]
US_AUTOS = ROOT / "market_data" / "us_autos"
SPEC = US_AUTOS / "estimates" / "logit_ols.yaml"


def test_the_command_prints_coefficients_and_a_verdict_with_reasons() -> None:
    printed = CliRunner().invoke(app, ["estimate", "us_autos", "--spec", str(SPEC)])
    assert printed.exit_code == 0, printed.output
    assert "Verdict: refuse" in printed.output
    assert "0.0886393" in printed.output
    assert "0.00403" in printed.output


def test_json_is_one_object_with_full_precision() -> None:
    printed = CliRunner().invoke(app, ["estimate", "us_autos", "--spec", str(SPEC), "--json"])
    value: dict[str, Any] = json.loads(printed.stdout)
    alpha = next(item for item in value["coefficients"] if item["name"] == "price_coefficient")
    assert alpha["value"] == pytest.approx(0.08863925830059163, rel=1e-10)


def test_a_refused_estimate_carries_its_label_into_the_file_and_every_run(tmp_path: Path) -> None:
    folder = tmp_path / "us_autos"
    shutil.copytree(US_AUTOS, folder)
    arguments = ["estimate", str(folder), "--spec", str(SPEC), "--out", str(folder / "parameters")]
    printed = CliRunner().invoke(app, arguments)
    assert printed.exit_code == 0, printed.output
    data_set = load_data_set(folder)
    name = next(key for key, item in data_set.parameter_sets.items() if item.verdict is not None)
    result = run(Scenario("", "us_autos", parameters=name), data_set)
    assert result.warnings[0].startswith(f"the parameters behind '{name}' are refused: ")


def test_a_missing_spec_is_bad_input() -> None:
    command = ["estimate", "us_autos", "--spec", "no-such.yaml"]
    assert run_command(lambda: app(command, standalone_mode=False)) == 2
