"""Files of war games: who moves in which order, and what each does in each round."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from sandtable.data.loading import DataSet
from sandtable.data.metadata import StrictModel
from sandtable.documents import Document, Place, read_document, understand
from sandtable.errors import Fault, InputError, did_you_mean
from sandtable.planning.options.wargames import Round, Turn, WarGame
from sandtable.scenario.files import Name, Period, read_scenario
from sandtable.scenario.known import Known
from sandtable.scenario.model import LeverMove, Scenario

BEST_RESPONSE = "best_response"


class RoundEntry(StrictModel):
    """One round of the file."""

    first: Annotated[Period, Field(alias="from")]
    moves: Annotated[dict[str, Name], Field(min_length=1)]


class WarGameFile(StrictModel):
    """A game as it stands in its file."""

    schema_version: Annotated[Literal[1], Field(alias="schema")]
    title: Name
    start: Name
    turns: Annotated[list[Name], Field(min_length=1)]
    rounds: Annotated[list[RoundEntry], Field(min_length=1)]


def read_war_game(path: Path, folders: Sequence[Path] = ()) -> tuple[WarGame, DataSet]:
    """Read a game and the scenario files that it names, which stand beside it.

    Raises
    ------
    InputError
        With every fault of every file.
    """
    document = read_document(path)
    file = understand(document, WarGameFile)
    others: list[Fault] = []
    game = None
    if file is not None:
        try:
            start, data_set = read_scenario(path.parent / file.start, folders)
        except InputError as error:
            others += error.faults
        else:
            game = _Reading(document, path.parent, file, start, Known.of(data_set)).game(others)
    try:
        document.finish()
    except InputError as error:
        raise InputError([*error.faults, *others]) from None
    if others:
        raise InputError(list(dict.fromkeys(others)))
    assert game is not None
    return game, data_set


@dataclass(frozen=True)
class _Reading:
    """What a game file is held against."""

    document: Document
    folder: Path
    file: WarGameFile
    start: Scenario
    known: Known

    def game(self, others: list[Fault]) -> WarGame:
        """Return the game; faults of its file are noted, those of other files added to `others`."""
        turns = self.file.turns
        for place, firm in enumerate(turns):
            if firm not in self.known.firms:
                hint = did_you_mean(firm, self.known.firms)
                self.document.fault(("turns", place), f"no firm is called '{firm}'{hint}")
            elif firm in turns[:place]:
                self.document.fault(("turns", place), f"'{firm}' stands twice; keep one of them.")
        rounds: list[Round] = []
        for place, entry in enumerate(self.file.rounds):
            first, here = str(entry.first), ("rounds", place, "from")
            if first not in self.start.periods:
                message = f"is {first}; expected a period of the horizon of '{self.file.start}'."
                self.document.fault(here, message)
            elif rounds and first <= rounds[-1].first:
                message = (
                    f"is {first}; each round begins after the one before ({rounds[-1].first})."
                )
                self.document.fault(here, message)
            rounds.append(Round(first, tuple(self._turns(place, entry, others))))
        return WarGame(self.file.title, self.start, tuple(turns), tuple(rounds))

    def _turns(self, place: int, entry: RoundEntry, others: list[Fault]) -> list[Turn]:
        for firm in entry.moves:
            if firm not in self.file.turns:
                here = ("rounds", place, "moves", firm)
                self.document.fault(here, f"'{firm}' has no turn; add it to turns.")
        found = []
        for firm in self.file.turns:
            given = entry.moves.get(firm)
            if given == BEST_RESPONSE:
                found.append(Turn(firm, "best_response"))
            elif given is not None:
                here = ("rounds", place, "moves", firm)
                try:
                    scenario, _ = read_scenario(self.folder / given)
                except InputError as error:
                    others += error.faults
                    continue
                levers = self._levers(scenario, given, firm, here)
                found.append(Turn(firm, tuple(_from(move, str(entry.first)) for move in levers)))
        return found

    def _levers(
        self, scenario: Scenario, name: str, firm: str, here: Place
    ) -> tuple[LeverMove, ...]:
        """Return the levers of a team's file; they must be the team's own."""
        if scenario.data != self.start.data:
            message = f"'{name}' is about {scenario.data}, the game about {self.start.data}."
            self.document.fault(here, message)
            return ()
        for move in scenario.levers:
            owner = move.firm or self.known.firm_of.get(move.product or "")
            if owner != firm:
                whose = f"{owner}'s" if owner else "nobody's in particular"
                message = f"'{name}' pulls {move.lever}, which is {whose}, not {firm}'s."
                self.document.fault(here, message)
        return scenario.levers


def _from(move: LeverMove, first: str) -> LeverMove:
    """Return a move that acts from a round on, or later where it says so."""
    return replace(move, first=first if move.first is None else max(move.first, first))
