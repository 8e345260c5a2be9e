"""How far a scenario looks ahead, and the month of it that is shown: horizon, slider, play."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from html import escape

import streamlit as st

from sandtable.app import session
from sandtable.app.clock import Clock
from sandtable.app.formatting import Format
from sandtable.app.guard import callback, guarded
from sandtable.app.state import TableState
from sandtable.app.text import Text
from sandtable.data.loading import DataSet
from sandtable.scenario.calendar import coming_periods
from sandtable.scenario.model import Scenario
from sandtable.scenario.periods import PeriodResult

MONTH, PLAYING = "period_in_view", "month_plays"
CLOCK = Clock(MONTH, PLAYING)
TICK = 1.2  # seconds a period stays while it plays: the page is drawn meanwhile
LENGTHS = {"month": (1, 3, 6, 12), "quarter": (1, 2, 4, 8), "year": (1, 2, 3, 5)}
OBSERVED, OWN = 0, -1
NEAR_END = 0.25  # part of the slider within which two names meet on a phone


def lengths(scenario: Scenario, data_set: DataSet) -> list[int]:
    """Return the horizons that can be chosen, in periods: 0 is the observed one, -1 that of the scenario itself."""
    found = [OBSERVED, *LENGTHS[data_set.metadata.frequency]]
    return [*found, OWN] if length_of(scenario, data_set) == OWN else found


def length_of(scenario: Scenario, data_set: DataSet) -> int:
    """Return which horizon a scenario has."""
    coming = coming_periods(data_set)
    if len(scenario.periods) < 2 and not set(scenario.periods) & set(coming):
        return OBSERVED
    known = LENGTHS[data_set.metadata.frequency]
    return next((count for count in known if scenario.periods == coming[:count]), OWN)


def evaluated(scenario: Scenario) -> session.Outcome:
    """Run the scenario on the table; the first look ahead takes seconds, and says so."""
    if len(scenario.periods) < 2:
        return session.evaluate(scenario)
    with st.container(key="wait"), st.spinner(session.text()("horizon_running")):
        return session.evaluate(scenario)


def show(state: TableState, item: PeriodResult) -> None:
    """Draw Play, the slider of the periods and the choice of the horizon.

    A period that follows while it plays runs the whole page: board, numbers and winners show it.
    """
    periods = state.scenario.periods
    ticking = bool(st.session_state.get(PLAYING)) and len(periods) > 1
    _draw(state, item, ticking)
    if not ticking:
        return
    drawn = False

    def tick() -> None:
        nonlocal drawn
        if drawn:  # the clock runs this part alone, the page runs it first
            _step(periods)
            st.rerun()
        drawn = True

    st.fragment(guarded(tick), run_every=TICK)()


def _step(periods: tuple[str, ...]) -> None:
    """Show the next period; at the end the clock stops."""
    shown = st.session_state.get(MONTH)
    place = periods.index(shown) if shown in periods else len(periods) - 1
    place = min(place + 1, len(periods) - 1)
    st.session_state[MONTH] = periods[place]
    st.session_state[PLAYING] = place < len(periods) - 1


def _draw(state: TableState, item: PeriodResult, ticking: bool) -> None:
    text, write, periods = session.text(), session.writer(), state.scenario.periods
    with st.container(key="month_row", horizontal=True, vertical_alignment="center", gap="medium"):
        st.button(
            "",
            icon=":material/pause:" if ticking else ":material/play_arrow:",
            help=text("pause" if ticking else "play"),
            key="month_play",
            on_click=CLOCK.play,
            args=(periods,),
            disabled=len(periods) < 2,
        )
        if len(periods) > 1:
            with st.container(key="month_track", gap=None):
                key = session.bound(f"month of {periods[0]} {periods[-1]}", item.base.period)
                st.select_slider(
                    text("month_shown"),
                    list(periods),
                    key=key,
                    format_func=write.period,
                    on_change=CLOCK.set_period,
                    args=(key,),
                    label_visibility="collapsed",
                )
                st.html(month_marks(state.scenario, item.base.period, write))
        else:
            about = "month_coming" if item.base.projected else "month_observed"
            st.caption(text(about, period=write.period(item.base.period)), width="stretch")
        _horizon(state)


def month_marks(scenario: Scenario, shown: str, write: Format) -> str:
    """Return the names of the periods below the slider, a diamond where levers start.

    Parameters
    ----------
    scenario : Scenario
    shown : str
        The period in view.
    write : Format
    """
    periods = scenario.periods
    starts = {move.first for move in scenario.levers}
    parts = []
    for place, period in enumerate(periods):
        turns = place == 0 or period[:4] != periods[place - 1][:4]
        name = write.short_period(period) if turns else write.month(period)
        kind = " now" if period == shown else ""
        kind += " start" if period in starts else ""
        kind += " first" if place == 0 else " last" if place == len(periods) - 1 else ""
        at = place / (len(periods) - 1)
        if period == shown:
            kind += " near-first" if at < NEAR_END else " near-last" if at > 1 - NEAR_END else ""
        parts.append(f'<span class="m{kind}" style="left:{100 * at:.2f}%">{escape(name)}</span>')
    return f'<div class="month-marks" aria-hidden="true">{"".join(parts)}</div>'


def _horizon(state: TableState) -> None:
    text, data_set = session.text(), session.data_set()
    now = length_of(state.scenario, data_set)
    key = session.bound("horizon", now)
    st.selectbox(
        text("horizon"),
        lengths(state.scenario, data_set),
        key=key,
        format_func=partial(
            _written, text, data_set.metadata.frequency, len(state.scenario.periods)
        ),
        on_change=_set_horizon,
        args=(key,),
        label_visibility="collapsed",
        width=168,
    )


def _written(text: Text, frequency: str, n_periods: int, count: int) -> str:
    """Write a horizon in the unit of the data."""
    if count == OBSERVED:
        return text("horizon_observed")
    if count == OWN:
        return text("horizon_own", count=n_periods)
    return (
        text(f"horizon_{frequency}_one")
        if count == 1
        else text(f"horizon_{frequency}", count=count)
    )


@callback
def _set_horizon(key: str) -> None:
    count = st.session_state[key]
    if not session.is_bound(key) or count == OWN:
        return
    state = session.table()
    periods = coming_periods(session.data_set())[:count]
    st.session_state[PLAYING] = False
    session.put(state.changed(replace(state.scenario, periods=periods)))
