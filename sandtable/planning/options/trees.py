"""Scenario trees: options that a firm can take, against branches of what may happen, each with its chance."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from sandtable.data.loading import DataSet
from sandtable.data.metadata import StrictModel
from sandtable.documents import Document, read_document, understand
from sandtable.errors import Fault, InputError
from sandtable.market.primitives import BoolArray, FloatArray
from sandtable.planning.measures import MEASURES, measures_of, sums_of
from sandtable.planning.options.deciding import Payoffs
from sandtable.scenario.files import Amount, Name, read_scenario
from sandtable.scenario.model import Rivals, Scenario
from sandtable.scenario.run import run
from sandtable.units import parse_amount

ROUNDING = 1e-6  # by how much the chances of a fork may miss 1
LARGEST = 10_000  # runs
SHARED = ("data", "parameters", "own_firm", "periods")
Progress = Callable[[int, int], bool | None]


@dataclass(frozen=True)
class State:
    """One way through the tree.

    Attributes
    ----------
    names : tuple of str
        The branches taken, outermost first.
    probability : float
    scenarios : tuple of Scenario
        What happens on the way.
    """

    names: tuple[str, ...]
    probability: float
    scenarios: tuple[Scenario, ...]


@dataclass(frozen=True)
class Tree:
    """Options and the states of the world in which they are held against each other."""

    title: str
    options: tuple[tuple[str, Scenario], ...]
    states: tuple[State, ...]

    def scenario(self, option: int, state: int) -> Scenario:
        """Return what is run for an option in a state: its levers, then those of the branches.

        Answers of firms that a branch names take the place of those of the option.
        """
        _, found = self.options[option]
        for happening in self.states[state].scenarios:
            rivals = happening.rivals
            default = found.rivals.default if rivals.default == Rivals().default else rivals.default
            by_firm = {**dict(found.rivals.by_firm), **dict(rivals.by_firm)}
            found = replace(
                found,
                levers=(*found.levers, *happening.levers),
                rivals=Rivals(default, by_firm.items()),
            )
        return found

    @property
    def branches(self) -> dict[str, BoolArray]:
        """The states below each branch of the first fork."""
        first = [state.names[0] for state in self.states]
        return {name: np.array([one == name for one in first]) for name in dict.fromkeys(first)}


@dataclass(frozen=True)
class TreeResult:
    """A tree with the numbers of every option in every state.

    Attributes
    ----------
    measures : ndarray, shape (O, S, 3)
        Units, share of sales (0 to 1) and contribution profit of the own firm, all periods together.
    """

    tree: Tree
    measures: FloatArray

    def payoffs(self, measure: str) -> Payoffs:
        """Return one measure as payoffs."""
        chances = np.array([state.probability for state in self.tree.states])
        return Payoffs(self.measures[:, :, MEASURES.index(measure)], chances)

    def table(self, measure: str) -> pd.DataFrame:
        """Return one row an option: what it gives on the whole, its regret, whether another is always better."""
        found = self.payoffs(measure)
        return pd.DataFrame(
            {
                "option": [name for name, _ in self.tree.options],
                "expected": found.expected,
                "deviation": found.deviation,
                "worst": found.worst,
                "largest_regret": found.largest_regret,
                "dominated": found.dominated,
            }
        )

    def states(self, measure: str) -> pd.DataFrame:
        """Return one row a state: its chance, then each option's value and regret."""
        found = self.payoffs(measure)
        columns: dict[str, object] = {
            "state": [" / ".join(state.names) for state in self.tree.states],
            "probability": found.probabilities,
        }
        for place, (name, _) in enumerate(self.tree.options):
            columns[name] = found.values[place]
            columns[f"regret of {name}"] = found.regret[place]
        return pd.DataFrame(columns)


class OptionEntry(StrictModel):
    """One thing that the firm can do."""

    name: Name
    scenario: Name


class BranchEntry(StrictModel):
    """One thing that may happen, and what may happen after it."""

    name: Name
    probability: Amount
    scenario: Name | None = None
    then: Annotated[list[BranchEntry], Field(default_factory=list)]


class TreeFile(StrictModel):
    """A tree as it stands in its file."""

    schema_version: Annotated[Literal[1], Field(alias="schema")]
    title: Name
    options: Annotated[list[OptionEntry], Field(min_length=1)]
    branches: Annotated[list[BranchEntry], Field(min_length=1)]


def read_tree(path: Path, folders: Sequence[Path] = ()) -> tuple[Tree, DataSet]:
    """Read a tree and the scenario files that it names, which stand beside it.

    Raises
    ------
    InputError
        With every fault of every file.
    """
    document = read_document(path)
    file = understand(document, TreeFile)
    reading = _Reading(document, path.parent, tuple(folders))
    if file is not None:
        options = reading.options(file.options)
        states = tuple(reading.states(file.branches, ("branches",)))
        reading.check(len(options) * len(states))
    try:
        document.finish()
    except InputError as error:
        raise InputError([*error.faults, *reading.faults]) from None
    if reading.faults:
        raise InputError(list(dict.fromkeys(reading.faults)))
    assert file is not None
    assert reading.data_set is not None
    return Tree(file.title, options, states), reading.data_set


class _Reading:
    """What is gathered while a tree is read."""

    def __init__(self, document: Document, folder: Path, folders: tuple[Path, ...]) -> None:
        self.document = document
        self.folder = folder
        self.folders = folders
        self.faults: list[Fault] = []
        self.data_set: DataSet | None = None
        self.first: tuple[str, Scenario] | None = None

    def scenario(self, name: str, place: tuple[str | int, ...]) -> Scenario | None:
        path = self.folder / name
        if not path.is_file():
            self.document.fault(place, f"there is no file '{name}' in {self.folder}.")
            return None
        try:
            scenario, data_set = read_scenario(path, self.folders)
        except InputError as error:
            self.faults += error.faults
            return None
        self.data_set = self.data_set or data_set
        if self.first is None:
            self.first = (name, scenario)
        for field in SHARED:
            mine, other = getattr(scenario, field), getattr(self.first[1], field)
            if mine != other:
                self.document.fault(
                    place, f"'{name}' has another {field} than '{self.first[0]}'; they must agree."
                )
        return scenario

    def options(self, entries: list[OptionEntry]) -> tuple[tuple[str, Scenario], ...]:
        self._names([entry.name for entry in entries], ("options",))
        found = []
        for place, entry in enumerate(entries):
            scenario = self.scenario(entry.scenario, ("options", place, "scenario"))
            if scenario is not None:
                found.append((entry.name, scenario))
        return tuple(found)

    def states(
        self,
        entries: list[BranchEntry],
        place: tuple[str | int, ...],
        names: tuple[str, ...] = (),
        chance: float = 1.0,
        before: tuple[Scenario, ...] = (),
    ) -> Iterator[State]:
        self._names([entry.name for entry in entries], place)
        chances = [
            self._chance(entry.probability, (*place, index, "probability"))
            for index, entry in enumerate(entries)
        ]
        total = sum(one for one in chances if one is not None)
        if None not in chances and abs(total - 1) > ROUNDING:
            self.document.fault(
                place, f"has chances that sum to {total:.4%}; those of one fork must sum to 100 %."
            )
        for index, (entry, one) in enumerate(zip(entries, chances, strict=True)):
            here = (*place, index)
            scenarios = before
            if entry.scenario is not None:
                scenario = self.scenario(entry.scenario, (*here, "scenario"))
                scenarios = before if scenario is None else (*before, scenario)
            way, together = (*names, entry.name), chance * (one or 0.0) / (total or 1.0)
            if entry.then:
                yield from self.states(entry.then, (*here, "then"), way, together, scenarios)
            else:
                yield State(way, together, scenarios)

    def check(self, runs: int) -> None:
        if runs > LARGEST:
            self.document.fault((), f"asks for {runs:,} runs; at most {LARGEST:,} are run.")

    def _names(self, names: list[str], place: tuple[str | int, ...]) -> None:
        for index, name in enumerate(names):
            if name in names[:index]:
                self.document.fault((*place, index, "name"), f"'{name}' stands twice; rename one.")

    def _chance(self, given: str | float, place: tuple[str | int, ...]) -> float | None:
        try:
            amount = parse_amount(given)
        except ValueError as error:
            self.document.fault(place, str(error))
            return None
        chance = amount.number / 100 if amount.unit == "%" else amount.number
        if amount.unit not in ("", "%") or not 0 <= chance <= 1:
            self.document.fault(place, f"is '{given}'; expected a chance such as 40 % or 0.4.")
            return None
        return chance


def run_tree(tree: Tree, data_set: DataSet, *, progress: Progress | None = None) -> TreeResult:
    """Run every option in every state.

    Raises
    ------
    InputError
        If levers of an option and of a branch together cannot be pulled.
    ConvergenceError
        If prices do not converge somewhere: no comparison is right without that number.
    KeyboardInterrupt
        If `progress` returns False.
    """
    n_options, n_states = len(tree.options), len(tree.states)
    measures = np.empty((n_options, n_states, 3))
    for option in range(n_options):
        for state in range(n_states):
            result = run(tree.scenario(option, state), data_set, search_again=False)
            measures[option, state] = measures_of(sums_of(result))
            done = option * n_states + state + 1
            if progress is not None and progress(done, n_options * n_states) is False:
                raise KeyboardInterrupt
    return TreeResult(tree, measures)
