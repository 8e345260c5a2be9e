"""`scenarios/README.md` shows files that can be run, every lever, and every scenario that is shipped."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sandtable.errors import InputError
from sandtable.scenario.files import parse_scenario, read_scenario
from sandtable.scenario.levers import lever_table
from tests.golden import SCENARIOS

README = SCENARIOS[0].parent / "README.md"
TEXT = README.read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^\| `(\w+)` \|.*\| `(\{.*\})` \|$", TEXT, re.MULTILINE)
FILES = re.findall(r"^```yaml\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def test_every_scenario_is_listed() -> None:
    listed = re.findall(r"`((?:premium-ev|us-1990)-[\w-]+)`", TEXT)
    assert sorted(set(listed)) == sorted(path.stem for path in SCENARIOS)


def test_every_lever_has_an_example() -> None:
    assert [name for name, _ in EXAMPLES] == list(lever_table())


@pytest.mark.parametrize(("name", "example"), EXAMPLES, ids=[name for name, _ in EXAMPLES])
def test_the_example_of_a_lever_is_sound(name: str, example: str) -> None:
    text = f"schema: 1\ntitle: Example\ndata: premium_ev\nlevers:\n  - {example}\n"
    scenario, _ = parse_scenario(text.encode(), file="README.md")
    assert [move.lever for move in scenario.levers] == [name]


def test_the_example_files_are_sound(tmp_path: Path) -> None:
    base, assumptions, over = FILES
    (tmp_path / "premium-ev-n5-minus-5-east.yaml").write_text(base, encoding="utf-8")
    (tmp_path / "over.yaml").write_text(over, encoding="utf-8")
    scenario, _ = read_scenario(tmp_path / "over.yaml")
    assert scenario.rivals.default.mode == "best_response"
    assert len(scenario.levers) == 1
    (tmp_path / "base.yaml").write_text(
        f"{base.partition('rivals:')[0]}{assumptions}", encoding="utf-8"
    )
    assumed, _ = read_scenario(tmp_path / "base.yaml")
    assert (assumed.supply.costs, assumed.backlog.longest_wait) == ("accounting", 2)


def test_the_faults_that_are_shown_are_those_that_are_found() -> None:
    text = (
        "schema: 1\ntitle: T\ndata: premium_ev\nlevers:\n"
        "  - {lever: list_price, product: n-5, change: -5 %}\n"
        "horizon: {from: 2026-05, to: 2026-03}\n"
    )
    with pytest.raises(InputError) as caught:
        parse_scenario(text.encode(), file="plan.yaml")
    assert str(caught.value) in TEXT
