"""Save, open and export: the scenario as a file, the result as a workbook."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import streamlit as st

from sandtable.app import session
from sandtable.app.guard import callback
from sandtable.app.text import Text
from sandtable.data.catalogue import home
from sandtable.data.loading import DataSet
from sandtable.documents import read_document
from sandtable.errors import InputError, SandtableError
from sandtable.export.workbook import workbook
from sandtable.scenario.files import parse_scenario, read_scenario
from sandtable.scenario.model import Scenario
from sandtable.scenario.run import Result
from sandtable.scenario.writing import scenario_text, write_scenario

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def scenarios_folder() -> Path:
    """Return the folder of the scenario files."""
    return home() / "scenarios"


def file_stem(title: str) -> str:
    """Return a file name for a title: letters, digits and dashes of any script; empty when none is left."""
    return re.sub(r"[^\w]+", "-", title.strip().lower()).strip("-")[:80]


def _titled(scenario: Scenario, text: Text) -> Scenario:
    """A scenario file must have a title."""
    return replace(scenario, title=scenario.title or text("untitled"))


def save_panel(scenario: Scenario, text: Text) -> None:
    """Draw the form that names and saves the scenario."""
    with st.form("save_form", border=False):
        title = st.text_input(
            text("title"), value=scenario.title or text("untitled"), max_chars=200
        )
        question = st.text_area(
            text("question"), value=scenario.question, max_chars=2000, height=80
        )
        author = st.text_input(text("author"), value=scenario.author, max_chars=200)
        replacing = st.checkbox(text("replace_existing"))
        if st.form_submit_button(text("save_here"), type="primary", width="stretch"):
            _save(replace(scenario, title=title, question=question, author=author), replacing, text)
    st.download_button(
        text("download_scenario"),
        data=scenario_text(_titled(scenario, text)),
        file_name=f"{file_stem(scenario.title) or 'scenario'}.yaml",
        mime="application/yaml",
        on_click="ignore",
        width="stretch",
    )


def _save(scenario: Scenario, replacing: bool, text: Text) -> None:
    stem = file_stem(scenario.title)
    if not stem:
        st.error(text("bad_name"))
        return
    path = scenarios_folder() / f"{stem}.yaml"
    state = session.table()
    if path.exists() and not replacing:
        st.error(text("exists", file=path.name))
        return
    try:
        write_scenario(scenario, path)
    except OSError as error:
        st.error(text("cannot_write", file=path.name, reason=error.strerror or str(error)))
        return
    session.put(replace(state, scenario=scenario, saved=scenario))
    st.toast(text("saved", file=path.name), icon=":material/check:")
    st.rerun()


def open_panel(data_set: str, text: Text) -> None:
    """Draw the list of scenario files and the upload."""
    stems = [path.stem for path in _scenarios_of(data_set)]
    chosen = st.selectbox(text("open_shipped"), stems, index=None, key="open_file")
    st.button(
        text("open_button"),
        key="open_button",
        disabled=chosen is None,
        on_click=_open_chosen,
        type="primary",
        width="stretch",
    )
    st.file_uploader(
        text("open_upload"), type=["yaml", "yml"], key="open_upload", on_change=_open_uploaded
    )
    for sentence in st.session_state.pop("open_faults", ()):
        st.error(sentence)


def _scenarios_of(data_set: str) -> list[Path]:
    """Return the scenario files of a data set, in order of name."""
    folder = scenarios_folder()
    return [path for path in sorted(folder.glob("*.yaml")) if _data_of(path) == data_set]


def _data_of(path: Path, deepest: int = 8) -> str | None:
    """Return the data set that a file or one that it extends names; None when it does not say."""
    try:
        value = read_document(path).value
    except InputError:
        return None
    if not isinstance(value, dict) or not deepest:
        return None
    if isinstance(value.get("data"), str):
        return str(value["data"])
    parent = value.get("extends")
    return _data_of(path.parent / parent, deepest - 1) if isinstance(parent, str) else None


@callback
def _open_chosen() -> None:
    name = st.session_state["open_file"]
    if name:
        _open(lambda: read_scenario(scenarios_folder() / f"{name}.yaml"))


@callback
def _open_uploaded() -> None:
    upload = st.session_state["open_upload"]
    if upload is not None:
        _open(lambda: parse_scenario(upload.getvalue(), file=upload.name))


@callback
def open_sample() -> None:
    """Open a scenario file of the data set in view: the first that moves an own price, else the first."""
    files = _scenarios_of(session.data_set().name)
    sample = next((path for path in files if _moves_own_price(path)), next(iter(files), None))
    if sample is not None:
        _open(lambda: read_scenario(sample))


def _moves_own_price(path: Path) -> bool:
    try:
        scenario, _ = read_scenario(path)
    except InputError:
        return False
    return any(move.lever == "list_price" for move in scenario.levers)


def _open(read: Callable[[], tuple[Scenario, DataSet]]) -> None:
    """Put a scenario on its table; on faults leave the table as it is and keep the sentences for the panel."""
    try:
        scenario, data_set = read()
    except SandtableError as error:
        st.session_state["open_faults"] = str(error).splitlines()
        return
    st.session_state["data_set"] = scenario.data
    own = scenario.own_firm or data_set.metadata.own_firm
    session.put(session.table().opened(scenario, own))
    st.toast(session.text()("opened", title=scenario.title))


def export_panel(result: Result, text: Text) -> None:
    """Draw the downloads; the workbook is made when it is asked for."""
    stem = file_stem(result.scenario.title) or "scenario"
    st.download_button(
        text("download_workbook"),
        data=lambda: workbook(result),
        file_name=f"{stem}.xlsx",
        mime=XLSX,
        on_click="ignore",
        width="stretch",
        icon=":material/table_view:",
    )
    st.download_button(
        text("download_scenario"),
        data=scenario_text(_titled(result.scenario, text)),
        file_name=f"{stem}.yaml",
        mime="application/yaml",
        on_click="ignore",
        key="export_scenario",
        width="stretch",
        icon=":material/description:",
    )
