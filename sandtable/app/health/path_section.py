"""The base path on the page: the gate, the verdicts, errors by horizon against simple forecasts."""

from __future__ import annotations

import streamlit as st

from sandtable.app import session
from sandtable.app.guard import callback
from sandtable.app.health import charts
from sandtable.app.health import path_view as view
from sandtable.app.health.tables import cards, sentences
from sandtable.app.panels import titled
from sandtable.app.text import Text
from sandtable.data.loading import DataSet
from sandtable.forecast import BackTest, back_test
from sandtable.forecast.levels import Level

TESTED, LEVEL = "back_tested", "health_level"


def tested(data_set: DataSet) -> BackTest | None:
    """Return the back-test when it is at hand; None when it would have to be run."""
    seen: set[str] = st.session_state.setdefault(TESTED, set())
    return back_test(data_set) if data_set.fingerprint in seen else None


def why(found: BackTest | None, text: Text) -> str:
    """Return the finding of the back-test in a sentence."""
    return text("health_path_testing") if found is None else view.path_title(found, text)


def show(data_set: DataSet) -> BackTest:
    """Draw the section; the first time it says that the test is running."""
    text, write = session.text(), session.writer()
    head = st.empty()
    found = tested(data_set)
    if found is None:
        head.html(titled(text("health_path_testing"), text("health_path_testing_caption")))
        found = back_test(data_set)
        st.session_state[TESTED].add(data_set.fingerprint)
    caption = ""
    if found.origins:
        first, last = write.period(found.origins[0]), write.period(found.origins[-1])
        origins = len(found.origins)
        caption = text("health_path_caption", origins=origins, first=first, last=last)
    head.html(titled(view.path_title(found, text), caption))
    left, right = st.columns([968, 400], gap="large")
    with left:
        _errors(found)
    with right:
        st.html(sentences(view.verdict_lines(found, text)))
    columns, rows = view.level_rows(found, text, write)
    st.html(cards(columns, rows, numbers=range(1, 9), phone=(0, 1, 6, 9)))
    return found


def _errors(found: BackTest) -> None:
    """Draw the chart of one level with its choice and its table."""
    text, write = session.text(), session.writer()
    level = _choose(found)
    verdict = found.verdicts[level]
    points = view.error_lines(found, level, text, write)
    title = view.horizon_title(verdict, points, text, write)
    name = text(f"health_level_{level}")
    st.html(titled(title, text("health_horizon_caption", level=name, fewest=view.FEWEST)))
    st.vega_lite_chart(
        spec=charts.error_chart(points, dark=session.is_dark()),
        key="health_errors",
        theme=None,
        alt=title,
    )
    with st.expander(text("as_table")):
        columns, rows = view.horizon_rows(found, level, text, write)
        st.html(cards(columns, rows, numbers=range(10), phone=(0, 1, 6, 7, 8)))


def _choose(found: BackTest) -> Level:
    """Draw the choice of the level; all can be chosen, so that what was not judged says so."""
    text = session.text()
    name = f"{LEVEL}:{found.data_set}"
    chosen = st.session_state.get(name, view.default_level(found))
    key = session.bound("health_level", chosen)
    with st.container(key="health_level_choice"):
        st.selectbox(
            text("health_level"),
            list(found.verdicts),
            key=key,
            format_func=lambda level: text(f"health_level_{level}"),
            on_change=_set_level,
            args=(key, name),
            label_visibility="collapsed",
            width=260,
        )
    return chosen  # type: ignore[no-any-return]


@callback
def _set_level(key: str, name: str) -> None:
    if session.is_bound(key):
        st.session_state[name] = st.session_state[key]
