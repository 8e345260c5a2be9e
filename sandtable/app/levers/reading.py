"""One lever read for the inspector: what it is pulled on, its numbers, what was said of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sandtable.app.formatting import Format
from sandtable.app.levers.aim import standing, with_fields
from sandtable.app.levers.draft import Draft, kinds_of
from sandtable.app.levers.fields import fields_now
from sandtable.app.levers.numbers import PRICED, Numbers, first_kind, numbers_of
from sandtable.app.levers.offers import Offer
from sandtable.app.levers.settling import draft_now, kept
from sandtable.app.state import TableState
from sandtable.app.text import Text
from sandtable.app.view import Scope
from sandtable.data.parameters import ParameterSet
from sandtable.scenario.known import Known
from sandtable.scenario.levers import Lever, lever_table
from sandtable.scenario.model import LeverMove
from sandtable.scenario.periods import PeriodResult


@dataclass(frozen=True)
class Table:
    """What all rows of the inspector share."""

    item: PeriodResult
    state: TableState
    scope: Scope
    known: Known
    parameters: ParameterSet
    text: Text
    write: Format


@dataclass(frozen=True)
class Row:
    """One lever with its numbers and with what was said of it.

    Attributes
    ----------
    aim : LeverMove
        With its further fields.
    neutral : float or None
        The value at which nothing is changed.
    faults : tuple of str
        Why what was said cannot stand.
    """

    lever: Lever
    aim: LeverMove
    numbers: Numbers
    neutral: float | None
    draft: Draft
    faults: tuple[str, ...]
    moves: list[LeverMove]

    @property
    def name(self) -> str:
        """Name of the lever in the table."""
        return self.aim.lever


def row_of(offer: Offer, table: Table) -> Row:
    """Return a lever with its numbers and with what was said of it."""
    lever, state = lever_table()[offer.lever], table.state
    aim = with_fields(offer.aim, fields_now(offer.aim, state, table.known, table.parameters))
    numbers = numbers_of(aim, table.item, table.scope, table.known)
    blank = Draft(kind=first_kind(lever, kinds_of(lever, aim, table.known), numbers))
    moves = standing(aim, state.scenario)
    held = kept(aim, state)
    faults = () if held is None else held.faults
    neutral = numbers.start
    if aim.lever in PRICED and not moves and numbers.now != numbers.start:
        neutral = None  # another lever moves it: then the base price is a change too
    if faults:
        numbers = replace(numbers, now=None)  # what cannot stand is shown, not what stands
    return Row(lever, aim, numbers, neutral, draft_now(aim, state, blank), faults, moves)
