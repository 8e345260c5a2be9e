"""From what a user says of a lever to the scenario: the checks of a file, then a run, or a sentence at the lever."""

from __future__ import annotations

from dataclasses import dataclass, replace

import streamlit as st

from sandtable.app import session
from sandtable.app.levers.aim import AimKey, aim_key, standing
from sandtable.app.levers.draft import Draft, draft_of, move_of, replaced
from sandtable.app.state import TableState
from sandtable.errors import InputError, SandtableError
from sandtable.scenario.known import Known
from sandtable.scenario.levers import lever_table
from sandtable.scenario.model import LeverMove, Scenario
from sandtable.scenario.move_faults import move_faults
from sandtable.scenario.reach import reach_fault

DRAFTS = "lever_drafts"


@dataclass(frozen=True)
class Kept:
    """A draft that is no move yet, or none that can stand.

    Attributes
    ----------
    draft : Draft
    faults : tuple of str
        Why it cannot stand; empty where it is only not complete.
    revision : int
        Of the table when it was made: a fault is forgotten when the table changes.
    """

    draft: Draft
    faults: tuple[str, ...]
    revision: int


def kept(aim: LeverMove, state: TableState) -> Kept | None:
    """Return the draft that is kept for a lever, if it still says something."""
    drafts: dict[tuple[str, AimKey], Kept] = st.session_state.get(DRAFTS, {})
    found = drafts.get((state.scenario.data, aim_key(aim)))
    if found is None:
        return None
    if found.faults:
        return found if found.revision == state.revision else None
    return None if standing(aim, state.scenario) else found


def draft_now(aim: LeverMove, state: TableState, blank: Draft) -> Draft:
    """Return what was said of a lever: what is kept, else what stands in the scenario, else nothing."""
    found = kept(aim, state)
    if found is not None:
        return found.draft
    moves = standing(aim, state.scenario)
    return draft_of(moves[0]) if moves else blank


def settle(aim: LeverMove, draft: Draft, neutral: float | None) -> None:
    """Put a lever into the scenario on the table, take it out, or keep what was said with the reason why not.

    Parameters
    ----------
    aim : LeverMove
    draft : Draft
    neutral : float or None
        The value at which nothing is changed.
    """
    state = session.table()
    old = next(iter(standing(aim, state.scenario)), None)
    move = move_of(draft, aim, neutral)
    faults = () if move is None else faults_of(move, replaced(state.scenario, old, None))
    if faults:
        _keep(aim, Kept(draft, faults, state.revision))
        return
    changed = state.changed(replaced(state.scenario, old, move))
    _keep(aim, None if move is not None else Kept(draft, (), changed.revision))
    session.put(changed)


def _keep(aim: LeverMove, what: Kept | None) -> None:
    state = session.table()
    drafts = dict(st.session_state.get(DRAFTS, {}))
    drafts.pop((state.scenario.data, aim_key(aim)), None)
    if what is not None:
        drafts[state.scenario.data, aim_key(aim)] = what
    st.session_state[DRAFTS] = drafts


def forget(aim: LeverMove) -> None:
    """Forget what was said of a lever and is no move."""
    _keep(aim, None)


def forget_all() -> None:
    """Forget what was said of every lever and is no move."""
    st.session_state[DRAFTS] = {}


def faults_of(move: LeverMove, scenario: Scenario) -> tuple[str, ...]:
    """Return why a move cannot stand in a scenario: the checks of a file, then a run; empty when it can."""
    data_set = session.data_set()
    found = [
        f"{field.removeprefix('terms.')} {sentence}".lstrip()
        for field, sentence in move_faults(move, scenario, Known.of(data_set))
    ]
    if found:
        return tuple(found)
    reach = reach_fault(move, lever_table()[move.lever], scenario, data_set)
    if reach:
        return (reach,)
    if any(other.key == move.key for other in scenario.levers):
        return (session.text()("lever_twice"),)
    try:
        session.result_of(replace(scenario, levers=(*scenario.levers, move)))
    except InputError as error:
        return tuple(fault.message for fault in error.faults)
    except SandtableError:  # rivals that do not settle are no fault of the move; the page says it
        return ()
    return ()
