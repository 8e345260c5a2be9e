"""Data and model health: may I decide on this, where do the numbers come from, what is not known."""

from __future__ import annotations

from datetime import date

import streamlit as st

from sandtable.app import session, strip
from sandtable.app.health import data_section, model_section, path_section
from sandtable.app.health.age import data_age
from sandtable.app.health.headline import (
    data_gate,
    headline,
    parameter_gate,
    path_gate,
    said,
)
from sandtable.app.health.parameter_view import Looked
from sandtable.forecast import BackTest
from sandtable.scenario.base import open_parameters
from sandtable.scenario.calendar import periods_of


def show() -> None:
    """Draw the page: what is quick first, the back-test last."""
    state, data_set = session.table(), session.data_set()
    top = st.container(key="strip", horizontal=True, vertical_alignment="center", gap="small")
    with top:
        strip.show(state)
    head = st.empty()
    tested = path_section.tested(data_set)
    on_table = open_parameters(state.scenario, data_set).name
    sets = model_section.looked_at(data_set)
    _head(head, sets[on_table], tested)
    left, right = st.columns([968, 400], gap="large")
    with left, st.container(key="health_models"):
        model_section.show(sets, on_table)
    with right, st.container(key="health_data"):
        data_section.show(data_set, data_age(data_set.metadata, _last_period(), today()))
    path = st.container(key="health_path")
    with st.container(key="health_limits"):
        data_section.limits(data_set)
    with path:
        found = path_section.show(data_set)
    _head(head, sets[on_table], found)


def today() -> date:
    """Return the day of looking."""
    return date.today()


def _last_period() -> str:
    return periods_of(session.data_set())[-1]


def _head(
    place: st.delta_generator.DeltaGenerator, looked: Looked, tested: BackTest | None
) -> None:
    """Write the sentence and the three things it rests on; while the base path is being tested, it says so."""
    text, write, metadata = session.text(), session.writer(), session.data_set().metadata
    age = data_age(metadata, _last_period(), today())
    gates = (
        parameter_gate(looked.parameters.name, looked.judged, text),
        path_gate(None if tested is None else tested.verdicts, text),
        data_gate(age, text, period=write.period(age.period)),
    )
    notes = (
        model_section.why(looked, text),
        path_section.why(tested, text),
        data_section.why(age, text),
    )
    place.html(said(headline(*gates, age, text), gates, notes, text))
