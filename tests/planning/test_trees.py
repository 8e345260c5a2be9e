"""Trees: read with every fault, each cell the run of its levers together."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from sandtable.cli import app
from sandtable.errors import InputError
from sandtable.planning.measures import measures_of, sums_of
from sandtable.planning.options.trees import Tree, read_tree, run_tree
from sandtable.scenario.files import read_scenario
from sandtable.scenario.model import Response, Rivals, Scenario
from sandtable.scenario.run import run

FOLDER = Path(__file__).parents[2] / "scenarios" / "trees"
SHIPPED = FOLDER / "second-half-of-2026.yaml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped tree that can be spoilt."""
    return Path(shutil.copytree(FOLDER, tmp_path / "trees"))


def short(tree: Tree) -> Tree:
    """The same tree over two months, so that it runs in a moment."""

    def cut(scenario: Scenario) -> Scenario:
        return replace(scenario, periods=scenario.periods[2:4])

    states = tuple(
        replace(state, scenarios=tuple(cut(one) for one in state.scenarios))
        for state in tree.states
    )
    return replace(
        tree,
        options=tuple((name, cut(scenario)) for name, scenario in tree.options),
        states=states,
    )


def test_the_states_are_the_ways_through_the_tree_and_their_chances_sum_to_one() -> None:
    tree, _ = read_tree(SHIPPED)
    assert [(state.names, round(state.probability, 4)) for state in tree.states] == [
        (("Orion cuts", "Lyra follows"), 0.21),
        (("Orion cuts", "Lyra holds"), 0.14),
        (("Orion holds", "the market shrinks"), 0.1625),
        (("Orion holds", "the market stays"), 0.4875),
    ]
    assert sum(state.probability for state in tree.states) == pytest.approx(1)


def test_every_cell_is_the_run_of_the_levers_of_its_way() -> None:
    tree, data_set = read_tree(SHIPPED)
    tree = short(tree)
    told: list[tuple[int, int]] = []
    result = run_tree(tree, data_set, progress=lambda *at: told.append(at))
    assert told[-1] == (12, 12)
    cut, orion = (read_scenario(FOLDER / f"{name}.yaml")[0] for name in ("cut-n5", "orion-cuts"))
    by_hand = replace(
        cut,
        periods=tree.options[1][1].periods,
        levers=(*cut.levers, *orion.levers),
        rivals=Rivals(by_firm={"Lyra": Response("match", follow=0.8, lag=1)}.items()),
    )
    wanted = measures_of(sums_of(run(by_hand, data_set)))
    np.testing.assert_allclose(result.measures[1, 0], wanted, rtol=1e-12)
    table = result.table("units").set_index("option")
    chances = [state.probability for state in tree.states]
    assert table.loc["Cut the N5", "expected"] == pytest.approx(result.measures[1, :, 0] @ chances)


FAULTS = {
    "branches: has chances that sum to 95.0000%; those of one fork must sum to 100 %.": (
        "probability: 35 %",
        "probability: 30 %",
    ),
    "branches[0].probability: is '135 %'; expected a chance such as 40 % or 0.4.": (
        "probability: 35 %",
        "probability: 135 %",
    ),
    "options[0].scenario: there is no file 'hole.yaml' in ": (
        "scenario: hold.yaml",
        "scenario: hole.yaml",
    ),
    "branches[1].name: 'Orion cuts' stands twice; rename one.": (
        "name: Orion holds",
        "name: Orion cuts",
    ),
}


@pytest.mark.parametrize("sentence", FAULTS)
def test_a_fault_of_a_tree_is_said_at_its_place(folder: Path, sentence: str) -> None:
    old, new = FAULTS[sentence]
    file = folder / SHIPPED.name
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError) as refused:
        read_tree(file)
    assert sentence in str(refused.value)


def test_faults_of_the_scenario_files_are_said_with_those_of_the_tree(folder: Path) -> None:
    other = folder / "orion-cuts.yaml"
    other.write_text(
        other.read_text(encoding="utf-8").replace("product: O3", "product: O33"), encoding="utf-8"
    )
    longer = folder / "demand-falls.yaml"
    longer.write_text(
        longer.read_text(encoding="utf-8").replace("periods: 6", "periods: 7"), encoding="utf-8"
    )
    with pytest.raises(InputError) as refused:
        read_tree(folder / SHIPPED.name)
    said = str(refused.value)
    assert "no product is called 'O33'" in said
    assert "'demand-falls.yaml' has another periods than 'hold.yaml'; they must agree." in said


@pytest.mark.slow
def test_the_command_prints_the_choice_and_gives_it_as_json() -> None:
    plain = CliRunner().invoke(app, ["tree", str(SHIPPED)])
    assert "Hold has the most contribution_profit whatever happens." in " ".join(
        plain.output.split()
    )
    found = CliRunner().invoke(app, ["tree", str(SHIPPED), "--measure", "units", "--json"])
    answer = json.loads(found.stdout)
    assert answer["best"] == "Cut the N5"
    assert len(answer["states"]) == 4
