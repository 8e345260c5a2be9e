"""Every scenario that is shipped gives the numbers that were stored, and runs under every parameter set."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sandtable.documents import read_document
from sandtable.scenario.files import read_scenario
from sandtable.scenario.run import run
from tests.golden import FOLDER, SCENARIOS, golden_file, result_of, summary
from tests.scenario.observed import PARAMETERS

CLOSE = 1e-9


def assert_close(found: Any, stored: Any, place: str = "") -> None:
    if isinstance(stored, dict):
        assert list(found) == list(stored), place
        for name, value in stored.items():
            assert_close(found[name], value, f"{place}/{name}")
    elif isinstance(stored, list):
        for index, value in enumerate(stored):
            assert_close(found[index], value, f"{place}/{index}")
    elif isinstance(stored, float):
        assert found == pytest.approx(stored, rel=CLOSE), place
    else:
        assert found == stored, place


def test_every_scenario_has_a_stored_result_and_every_result_its_scenario() -> None:
    assert len(SCENARIOS) >= 27
    assert {path.name for path in FOLDER.glob("*.json")} == {
        golden_file(path).name for path in SCENARIOS
    }


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_a_scenario_gives_its_stored_numbers(path: Path) -> None:
    stored = json.loads(golden_file(path).read_text(encoding="utf-8"))
    assert_close(summary(result_of(path)), stored)


@pytest.mark.parametrize("parameters", PARAMETERS)
@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_a_scenario_runs_under_every_parameter_set(path: Path, parameters: str) -> None:
    result = result_of(path)
    if result.parameters.name != parameters:
        result = run(replace(result.scenario, parameters=parameters), result.data_set)
    for item in result.periods:
        assert item.answer is None or item.answer.converged
        assert np.isfinite(item.scenario.units).all()
    # levers may begin later than the horizon, but they act
    last = result.periods[-1]
    assert not np.array_equal(last.scenario.units, last.baseline.units)


def test_twelve_scenarios_of_a_year_mix_levers() -> None:
    years = [path for path in SCENARIOS if path.stem.startswith("premium-ev-year-")]
    assert len(years) == 12
    for path in years:
        scenario, _ = read_scenario(path)
        assert len(scenario.periods) == 12
        assert len({move.lever for move in scenario.levers}) >= (1 if "media" in path.stem else 3)


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_a_scenario_says_what_it_asks_and_what_it_leaves_out(path: Path) -> None:
    assert path.read_text(encoding="utf-8").startswith("# ")
    scenario, _ = read_scenario(path)
    assert scenario.question.endswith("?")
    assert scenario.author
    assert scenario.not_modelled
    assert path.stem.startswith(scenario.data.replace("_", "-").replace("us-autos", "us-1990"))
    assert "data" in read_document(path).value or "extends" in read_document(path).value
