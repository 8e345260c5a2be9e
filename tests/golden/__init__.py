"""Stored results of the scenarios in `scenarios/`; `python -m tests.golden` renews them."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from sandtable.scenario.files import read_scenario
from sandtable.scenario.periods import PeriodResult
from sandtable.scenario.run import Result, run
from sandtable.scenario.summary import totals

FOLDER = Path(__file__).parent
SCENARIOS = sorted((FOLDER.parents[1] / "scenarios").glob("*.yaml"))


def golden_file(scenario: Path) -> Path:
    return FOLDER / f"{scenario.stem}.json"


@cache
def result_of(path: Path) -> Result:
    """Run a shipped scenario once, however many tests look at its result."""
    return run(*read_scenario(path))


def summary(result: Result) -> dict[str, Any]:
    """What is stored: the own firm in each period, in each region in the last one, and the units of each firm."""
    last = result.periods[-1]
    return {
        "data": result.data_set.name,
        "parameters": result.parameters.name,
        "regions": {
            region: _sides(last, result.own_firm, (region,)) for region in last.base.market.regions
        },
        "periods": {
            item.base.period: {
                "own_firm": _sides(item, result.own_firm, item.base.market.regions),
                "units": {
                    firm: [side.units for side in totals(item, firm)]
                    for firm in sorted(set(item.base.market.firms))
                },
            }
            for item in result.periods
        },
    }


def _sides(item: PeriodResult, firm: str, regions: tuple[str, ...]) -> dict[str, Any]:
    before, after = totals(item, firm, regions)
    return {"baseline": asdict(before), "scenario": asdict(after)}


def renew() -> None:
    """Store the result of every scenario, and remove those of scenarios that are gone."""
    for path in FOLDER.glob("*.json"):
        path.unlink()
    for path in SCENARIOS:
        text = json.dumps(summary(result_of(path)), indent=1, allow_nan=False)
        golden_file(path).write_text(f"{text}\n", encoding="utf-8")
