"""What Streamlit remembers between reruns: language, data set, one table for each data set, last good results."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from threading import Thread
from typing import cast

import streamlit as st

from sandtable.app.charts import signed_bars
from sandtable.app.formatting import Format
from sandtable.app.panels import badge
from sandtable.app.state import TableState
from sandtable.app.text import LANGUAGES, Language, Text
from sandtable.data.catalogue import data_set_names
from sandtable.data.loading import DataSet
from sandtable.errors import Fault, InputError, SandtableError
from sandtable.indicators.catalogue import catalogue
from sandtable.scenario.base import base_of, open_data_set
from sandtable.scenario.calendar import periods_of
from sandtable.scenario.model import Scenario
from sandtable.scenario.run import Result, run

FIRST_DATA_SET = "premium_ev"
KEPT_RESULTS = 64


def language() -> None:
    """Draw the language switch."""
    st.segmented_control(
        text()("language"),
        list(LANGUAGES),
        format_func=lambda code: LANGUAGES[cast("Language", code)],
        key="language",
        required=True,
        default=text().language,
        label_visibility="collapsed",
    )


def text() -> Text:
    """Return the sentences of the chosen language."""
    chosen = st.session_state.get("language", "en")
    return Text(chosen if chosen in LANGUAGES else "en")


def writer() -> Format:
    """Return how numbers are written for the data set in the chosen language."""
    return Format(text().language, data_set().metadata)


@st.cache_resource(max_entries=8, show_spinner="Reading the market ... 正在读取市场数据……")
def _open(name: str, definitions: str) -> DataSet:
    """Open a data set, again when a definition that the market may stand on has changed."""
    return open_data_set(name)


@st.cache_resource(max_entries=8, ttl=2, show_spinner=False)
def _definitions(name: str) -> str:
    """Return the hash of the indicators; looked up every other second, because every widget asks for the data."""
    return catalogue(name).identity


def data_set() -> DataSet:
    """Return the data set on the table."""
    name = _data_set_name()
    opened = _open(name, _definitions(name))
    _warm(opened.fingerprint, opened)
    return opened


@st.cache_resource(max_entries=8, show_spinner=False)
def _warm(sha256: str, _data_set: DataSet) -> None:
    """Calibrate every parameter set and load the chart library while the user looks at the first screen."""

    def work() -> None:
        signed_bars(dark=False)
        for parameters in _data_set.parameter_sets.values():
            base_of(_data_set, parameters, periods_of(_data_set)[-1])

    Thread(target=work, name=f"warm {sha256[:8]}", daemon=True).start()


def _data_set_name() -> str:
    chosen = st.session_state.get("data_set")
    if chosen:  # asked many times a run: no need to look into the folder
        return str(chosen)
    names = data_set_names()
    if not names:
        raise InputError(
            [
                Fault(
                    "market_data",
                    "",
                    "holds no data set; run `sandtable data generate premium_ev`.",
                )
            ]
        )
    first = FIRST_DATA_SET if FIRST_DATA_SET in names else names[0]
    st.session_state["data_set"] = first
    return first


def choose_data_set() -> None:
    """Draw the choice of the data set, the provenance badge and the data date."""
    words = text()
    names = data_set_names()
    name = _data_set_name()
    # a widget of its own for each language: Streamlit writes the chosen label anew only on a choice
    key = f"data_set_{words.language}"
    st.session_state[key] = name
    st.selectbox(
        words("data_set"),
        names,
        key=key,
        on_change=_set_data_set,
        args=(key,),
        format_func=words.name,
        label_visibility="collapsed",
        width=160,
    )
    metadata = data_set().metadata
    about = words("data_to", period=metadata.as_of)
    st.html(f"{badge(words(metadata.kind), metadata.kind)} <span class='mut as-of'>{about}</span>")


def _set_data_set(key: str) -> None:
    st.session_state["data_set"] = st.session_state[key]


def table() -> TableState:
    """Return the table of the data set in view."""
    tables: dict[str, TableState] = st.session_state.setdefault("tables", {})
    name = _data_set_name()
    if name not in tables:
        scenario = Scenario(title="", data=name)
        own = data_set().metadata.own_firm
        tables[name] = TableState(scenario=scenario, own_firm=own)
    return tables[name]


def put(state: TableState) -> None:
    """Replace the table of the data set in view."""
    st.session_state["tables"] = {**st.session_state["tables"], _data_set_name(): state}


def bound(name: str, value: object) -> str:
    """Return the key of a widget that shows a value of the table.

    When anything but the widget changed the value, the widget gets another key: a browser that has not heard of the
    change yet then speaks of a widget that is gone, and cannot bring the old value back (see `is_bound`).
    """
    # the options of a widget, and how they are written, differ by data set and language
    name = f"{name}:{_data_set_name()}:{text().language}"
    counts: dict[str, int] = st.session_state.setdefault("bindings", {})
    key = f"{name}:{counts.get(name, 0)}"
    if key not in st.session_state or st.session_state[key] != value:
        counts[name] = counts.get(name, 0) + 1
        key = f"{name}:{counts[name]}"
        st.session_state[key] = value
    return key


def is_bound(key: str) -> bool:
    """Whether a widget that reports a change still shows a value of the table; the others are not heard."""
    name, _, count = key.rpartition(":")
    return bool(st.session_state.get("bindings", {}).get(name) == int(count))


@dataclass(frozen=True)
class Outcome:
    """What to show: the result, or the last good one with the error that stopped the new one."""

    result: Result
    error: SandtableError | None


def evaluate(scenario: Scenario) -> Outcome:
    """Run the scenario on the table; when that fails, return the last confirmed numbers with the error."""
    try:
        result = result_of(scenario)
    except SandtableError as error:
        last = st.session_state.get("last_good", {}).get(scenario.data)
        # the base itself always runs: it is what was observed
        return Outcome(last or result_of(Scenario(title="", data=scenario.data)), error)
    st.session_state.setdefault("last_good", {})[scenario.data] = result
    return Outcome(result, None)


def result_of(scenario: Scenario, *, search_again: bool = True) -> Result:
    """Run a scenario, or return the result that is at hand.

    Parameters
    ----------
    scenario : Scenario
    search_again : bool
        Whether to look for another price equilibrium: where a figure stands beside others, it need not be.
    """
    results: OrderedDict[tuple[str, bool], Result]
    results = st.session_state.setdefault("results", OrderedDict())
    data = data_set()
    says = data.fingerprint + replace(scenario, title="", question="", author="").sha256
    if (says, True) in results:
        return results[says, True]
    if (says, search_again) not in results:
        results[says, search_again] = run(scenario, data, search_again=search_again)
        while len(results) > KEPT_RESULTS:
            results.popitem(last=False)
    return results[says, search_again]


def is_dark() -> bool:
    """Whether the page is dark; light until the browser has said so."""
    return st.context.theme.type == "dark"


def try_result(scenario: Scenario) -> Result | None:
    """Run a scenario for a figure beside others; None when it cannot be run."""
    try:
        return result_of(scenario, search_again=False)
    except SandtableError:
        return None


def remember_pages(pages: dict[str, st.Page]) -> None:
    """Keep the pages of this run by name, so that one can link to another."""
    st.session_state["pages"] = pages


def page(name: str) -> st.Page | None:
    """Return a page to link to; None when the page is shown on its own."""
    pages: dict[str, st.Page] = st.session_state.get("pages", {})
    return pages.get(name)
