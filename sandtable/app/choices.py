"""What the user looks at and under which assumptions: region, period, demand model, rivals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import streamlit as st

from sandtable.app import session
from sandtable.app.describe import describe_response, plain
from sandtable.app.formatting import MISSING
from sandtable.app.guard import callback
from sandtable.app.models import verdict_badge
from sandtable.app.state import TableState
from sandtable.app.view import Scope
from sandtable.scenario.base import open_parameters
from sandtable.scenario.calendar import periods_of
from sandtable.scenario.model import ResponseMode, Rivals
from sandtable.scenario.periods import PeriodResult
from sandtable.scenario.run import Result
from sandtable.scenario.summary import totals

EVERYWHERE = "*"


def period_in_view(result: Result) -> PeriodResult:
    """Return the chosen period when the scenario runs several, else its only one."""
    wanted = st.session_state.get("period_in_view")
    return next((item for item in result.periods if item.base.period == wanted), result.periods[-1])


def region(state: TableState, item: PeriodResult) -> None:
    """Draw the choice of the region or area in view."""
    region_of(state, item.base.market.regions)


def region_of(state: TableState, regions: Sequence[str]) -> None:
    """Draw the choice of one of some regions, or of an area; none where there is only one."""
    text = session.text()
    if len(regions) == 1:
        return
    areas = session.data_set().metadata.areas
    options = [EVERYWHERE]
    for area, inside in areas.items():
        options += [area, *(name for name in inside if name in regions)]
    options += [name for name in regions if name not in options]
    key = session.bound("region", state.region or EVERYWHERE)
    st.selectbox(
        text("region"),
        options,
        key=key,
        format_func=lambda name: (
            text("all_regions")
            if name == EVERYWHERE
            else text.name(name)
            if name in areas
            else f"\u2003{text.name(name)}"
        ),
        on_change=_set_region,
        args=(key,),
        label_visibility="collapsed",
        width=150,
    )


@callback
def _set_region(key: str) -> None:
    if not session.is_bound(key):
        return
    chosen = st.session_state[key]
    session.put(replace(session.table(), region=None if chosen == EVERYWHERE else chosen))


def period(state: TableState, item: PeriodResult) -> None:
    """Draw the choice of the period."""
    several = len(state.scenario.periods) > 1
    options = state.scenario.periods if several else periods_of(session.data_set())
    if item.base.period not in options:  # the one coming period that is run
        options = (*options, item.base.period)
    key = session.bound("period", item.base.period)
    st.selectbox(
        session.text()("period"),
        list(reversed(options)),
        key=key,
        format_func=session.writer().period,
        on_change=_set_period,
        args=(key,),
        label_visibility="collapsed",
        width=130,
    )


@callback
def _set_period(key: str) -> None:
    """Look at another period: of the result when the scenario runs several, of the data otherwise."""
    if not session.is_bound(key):
        return
    state = session.table()
    chosen = st.session_state[key]
    if len(state.scenario.periods) > 1:
        st.session_state["period_in_view"] = chosen
    else:
        session.put(state.changed(replace(state.scenario, periods=(chosen,))))


def parameters(state: TableState) -> None:
    """Draw the choice of the demand model."""
    data_set = session.data_set()
    text = session.text()
    key = session.bound("parameters", open_parameters(state.scenario, data_set).name)
    st.selectbox(
        text("parameters"),
        list(data_set.parameter_sets),
        key=key,
        format_func=lambda name: getattr(data_set.parameter_sets[name].title, text.language),
        on_change=_set_parameters,
        args=(key,),
        label_visibility="collapsed",
        width=280,
    )


@callback
def _set_parameters(key: str) -> None:
    if not session.is_bound(key):
        return
    state = session.table()
    session.put(state.changed(replace(state.scenario, parameters=st.session_state[key])))


def rivals(state: TableState, scope: Scope) -> None:
    """Draw the switch between rivals held and answered, each with what the own firm gains."""
    text = session.text()
    with st.container(key="rivals_row", horizontal=True, vertical_alignment="center", gap="small"):
        rivals = state.scenario.rivals
        mode = rivals.default.mode
        st.markdown(f"**{text('rivals')}**", width="content")
        key = session.bound("rivals", mode)
        # matching is set firm by firm on the page on competitors; here it is shown while it is on
        modes = ["hold", "best_response", *(["match"] if mode == "match" else [])]
        gains = {name: _gain(state, name, scope) for name in modes}
        words = {"hold": text("held"), "best_response": text("answered"), "match": text("matched")}
        st.segmented_control(
            text("rivals"),
            modes,
            format_func=lambda name: f"{words[name]}{gains[name]}",
            key=key,
            required=True,
            on_change=_set_rivals,
            args=(key,),
            label_visibility="collapsed",
        )
        st.caption(_rivals_note(state), width="stretch")
        parameters(state)
        st.html(
            verdict_badge(open_parameters(state.scenario, session.data_set()), text),
            width="content",
        )


def _rivals_note(state: TableState) -> str:
    """Say what the switch means, and which firms answer otherwise."""
    text, write = session.text(), session.writer()
    rivals = state.scenario.rivals
    named = [
        f"{firm}: {describe_response(response, text, write)}" for firm, response in rivals.by_firm
    ]
    if named:
        return plain(text("named_note", firms="; ".join(named)))
    notes = {"hold": "held_note", "best_response": "answered_note", "match": "matched_note"}
    return text(notes[rivals.default.mode])


@callback
def _set_rivals(key: str) -> None:
    if session.is_bound(key) and st.session_state[key] != "match":
        set_mode(st.session_state[key])


def _gain(state: TableState, mode: str, scope: Scope) -> str:
    """Return the own firm's change of units under a response mode, as a label; empty without levers."""
    if not state.scenario.levers:
        return ""
    rivals = state.scenario.rivals
    if mode != rivals.default.mode:
        rivals = Rivals(cast("ResponseMode", mode), rivals.by_firm)
    outcome = session.try_result(replace(state.scenario, rivals=rivals))
    if outcome is None:
        return f" {MISSING}"
    baseline, after = totals(period_in_view(outcome), state.own_firm, scope.regions)
    return f" {session.writer().signed_count(after.units - baseline.units)}"


@callback
def set_mode(mode: ResponseMode) -> None:
    """Let all rivals that are not named hold, or answer."""
    session.put(session.table().with_mode(mode))
