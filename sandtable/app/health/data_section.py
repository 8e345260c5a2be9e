"""The data on the page: provenance, tables, limits, what is not modelled, estimates to run."""

from __future__ import annotations

from html import escape

import streamlit as st

from sandtable.app import session
from sandtable.app.health import data_view as view
from sandtable.app.health.age import Age
from sandtable.app.health.headline import age_text
from sandtable.app.health.specs import spec_files
from sandtable.app.health.tables import cards, facts, sentences
from sandtable.app.panels import badge, titled
from sandtable.app.text import Text
from sandtable.data.catalogue import home
from sandtable.data.loading import DataSet, load_data_set

NOT_MODELLED = (
    "ahead",
    "static",
    "rivals",
    "several",
    "local",
    "capacity",
    "used",
    "dealers",
    "taste",
    "certain",
    "path",
)


def why(age: Age, text: Text) -> str:
    """Say how old the data are in a sentence."""
    return text(f"health_age_{age.state}", age=age_text(age.months, text))


def show(data_set: DataSet, age: Age) -> None:
    """Draw source, dates, tables and conversions."""
    text, write, metadata = session.text(), session.writer(), data_set.metadata
    whole = _with_all_tables(data_set.sha256, data_set)
    kind = badge(text(metadata.kind), metadata.kind)
    st.html(titled(getattr(metadata.title, text.language), text(f"kind_{metadata.kind}")) + kind)
    st.html(facts(view.data_facts(data_set, age, text, write)))
    rows = write.count(sum(len(table) for table in whole.tables.values()))
    count = write.count(len(whole.tables))
    title = text("health_tables", count=count, rows=rows)
    st.html(titled(title, text("health_tables_caption")))
    columns, lines = view.table_rows(whole, text, write)
    st.html(cards(columns, lines, numbers=(1,), phone=(0, 1, 2)))
    converted = [("", "", note) for note in view.conversions(whole, text)]
    st.html(titled(text("health_conversions"), "") + sentences(converted))


def limits(data_set: DataSet) -> None:
    """Draw the limits of the data and of the model, and the estimates that can be run."""
    text = session.text()
    left, right = st.columns([400, 968], gap="large")
    with left:
        known = [("", "", getattr(limit, text.language)) for limit in data_set.metadata.limits]
        st.html(titled(text("limits"), text("limits_caption")) + sentences(known))
    with right, st.container(key="health_absent"):
        absent = [("", "", text(f"health_not_{name}")) for name in NOT_MODELLED]
        caption = text("health_not_modelled_caption")
        st.html(titled(text("health_not_modelled"), caption) + sentences(absent))
    with st.container(key="health_specs"):
        _specs(data_set)


def _specs(data_set: DataSet) -> None:
    text = session.text()
    found = spec_files(data_set.folder, home())
    caption = text("health_specs_caption", data=data_set.name) if found else ""
    st.html(titled(text("health_specs" if found else "health_specs_none"), caption))
    for spec in found:
        left, right = st.columns([400, 968], gap="xsmall", vertical_alignment="center")
        with left:
            kind = text(f"health_specs_{spec.folder}")
            title = escape(spec.titles[text.language])
            st.html(f'<div class="spec">{title}<small>{escape(kind)}</small></div>')
        with right:
            st.code(spec.command, language=None)


@st.cache_resource(max_entries=8, show_spinner=False)
def _with_all_tables(sha256: str, _data_set: DataSet) -> DataSet:
    """Read every table: the sand-table itself needs only some."""
    return load_data_set(_data_set.folder)
