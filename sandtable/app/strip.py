"""The scenario's own strip: title, revision, changes, undo, redo, reset, open, save, export."""

from __future__ import annotations

import streamlit as st

from sandtable.app import session, shelf
from sandtable.app.describe import describe, plain
from sandtable.app.guard import callback
from sandtable.app.levers.settling import forget_all
from sandtable.app.models import verdict_badge
from sandtable.app.state import TableState
from sandtable.scenario.base import open_parameters


def show(state: TableState) -> None:
    """Draw the strip; what stands behind a button is built only while it is open."""
    text = session.text()
    count = len(state.scenario.levers)
    label = (
        text("no_changes")
        if not count
        else text("changes_one" if count == 1 else "changes_many", count=count)
    )
    st.markdown(f":small[**{plain(state.scenario.title or text('untitled'))}**]", width="content")
    st.caption(text("revision", number=state.revision), width="content")
    # on every page: what is refused must say so wherever its numbers stand
    st.html(
        verdict_badge(open_parameters(state.scenario, session.data_set()), text), width="content"
    )
    changes = st.popover(
        label, disabled=not count, type="tertiary", key="changes", on_change="rerun"
    )
    if changes.open:
        with changes:
            _changes(state)
    st.space("stretch")
    st.button(
        "",
        icon=":material/undo:",
        help=text("undo"),
        key="undo",
        disabled=not state.past,
        on_click=undo,
    )
    st.button(
        "",
        icon=":material/redo:",
        help=text("redo"),
        key="redo",
        disabled=not state.future,
        on_click=_redo,
    )
    st.button(
        "",
        icon=":material/restart_alt:",
        help=text("reset"),
        key="reset",
        disabled=not count,
        on_click=_reset,
    )
    opened = st.popover(text("open"), key="open", on_change="rerun")
    if opened.open:
        with opened:
            shelf.open_panel(state.scenario.data, text)
    save = st.popover(
        text("save"),
        key="save",
        on_change="rerun",
        type="secondary" if state.is_saved else "primary",
    )
    if save.open:
        with save:
            shelf.save_panel(state.scenario, text)
    export = st.popover(text("export"), key="export", on_change="rerun")
    if export.open:
        with export:
            shelf.export_panel(session.evaluate(state.scenario).result, text)


def _changes(state: TableState) -> None:
    text, write = session.text(), session.writer()
    for place, move in enumerate(state.scenario.levers):
        with st.container(horizontal=True, vertical_alignment="center", key=f"change_{place}"):
            st.markdown(plain(describe(move, text, write)), width="stretch")
            st.button(
                "",
                icon=":material/close:",
                help=text("remove"),
                key=f"remove_{place}",
                on_click=_remove,
                args=(move.key,),
                type="tertiary",
            )


@callback
def _remove(key: tuple[str | None, ...]) -> None:
    state = session.table()
    session.put(state.changed(state.scenario.without_lever(key)))


@callback
def undo() -> None:
    """Go one step back."""
    session.put(session.table().undone())


@callback
def _redo() -> None:
    session.put(session.table().redone())


@callback
def _reset() -> None:
    forget_all()
    session.put(session.table().reset())
