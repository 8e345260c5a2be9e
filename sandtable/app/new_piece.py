"""A new piece: the form that launches one without a mouse, its name, and its way out."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from sandtable.app import session
from sandtable.app.guard import callback
from sandtable.app.launches import (
    free_code,
    launch_move,
    renamed,
    segments_of,
    without_piece,
)
from sandtable.app.levers.settling import faults_of
from sandtable.app.state import TableState
from sandtable.app.view import Scope, base_list_prices
from sandtable.scenario.base import Base
from sandtable.scenario.known import Known
from sandtable.scenario.launching import launched_firms
from sandtable.scenario.periods import PeriodResult

LONGEST_CODE = 40
NAME_FAULT = "launch_name_fault"


def show_button(state: TableState, item: PeriodResult) -> None:
    """Draw the button with the form; what stands in it is built only while it is open."""
    text = session.text()
    form = st.popover(
        "",
        icon=":material/add_circle:",
        help=text("launch_button"),
        key="launch_open",
        on_change="rerun",
    )
    if form.open:
        with form:
            _form(state, item)


def _form(state: TableState, item: PeriodResult) -> None:
    text, known = session.text(), Known.of(session.data_set())
    metadata = known.data_set.metadata
    base = item.base
    with st.form("launch_form", border=False):
        st.html(f"<p class='lever-help'>{text('launch_about', firm=state.own_firm)}</p>")
        code = st.text_input(
            text("launch_code"), value=free_code(state, known), max_chars=LONGEST_CODE
        )
        segment = st.selectbox(text("launch_segment"), segments_of(base), format_func=text.name)
        price = st.number_input(
            text("launch_price", unit=metadata.money_unit),
            value=_middle_price(base),
            step=float(metadata.price_step),
            format=f"%.{session.writer().price_decimals}f",
        )
        if st.form_submit_button(text("launch_submit"), type="primary", width="stretch"):
            _launch(state, base, code.strip(), segment, price)


def _middle_price(base: Base) -> float:
    """Return the middle of all list prices, on the grid of price steps."""
    prices = sorted(base_list_prices(base, Scope.of(base, None)).values())
    step = base.data_set.metadata.price_step
    return float(f"{round(prices[len(prices) // 2] / step) * step:.12g}")


def _launch(state: TableState, base: Base, code: str, segment: str, price: float) -> None:
    if not code:
        st.error(session.text()("launch_no_code"))
        return
    move = launch_move(state, segment, price, base, code)
    faults = faults_of(move, state.scenario)
    if faults:
        for sentence in faults:
            st.error(sentence)
        return
    session.put(replace(state.changed(state.scenario.with_lever(move)), selected=code))
    st.rerun()


def show_name(code: str) -> None:
    """Draw the name of a new piece, which can be changed."""
    text = session.text()
    like = next(
        (
            move.like
            for move in session.table().scenario.levers
            if move.product == code and move.like
        ),
        (),
    )
    key = session.bound("launch_name", code)
    with st.container(key="launch_name", horizontal=True, vertical_alignment="center", gap="small"):
        st.html(
            f"<span class='mut small'>{text('launch_like', names=', '.join(like))}</span>",
            width="stretch",
        )
        st.text_input(
            text("launch_code"),
            key=key,
            max_chars=LONGEST_CODE,
            on_change=_rename,
            args=(key, code),
            label_visibility="collapsed",
            width=150,
        )
    fault = st.session_state.pop(NAME_FAULT, None)
    if fault:
        st.html(f"<div class='lever-fault'>{fault}</div>")


@callback
def _rename(key: str, code: str) -> None:
    if not session.is_bound(key):
        return
    state, wanted = session.table(), str(st.session_state[key] or "").strip()
    known = Known.of(session.data_set())
    text = session.text()
    if not wanted or wanted in {*known.firm_of, *launched_firms(state.scenario)} - {code}:
        st.session_state[NAME_FAULT] = text("launch_taken" if wanted else "launch_no_code")
        return
    changed = state.changed(renamed(state.scenario, code, wanted))
    session.put(replace(changed, selected=wanted))


@callback
def remove(code: str) -> None:
    """Take a new piece off the board, with every lever on it."""
    state = session.table()
    changed = state.changed(without_piece(state.scenario, code))
    session.put(replace(changed, selected=None))
