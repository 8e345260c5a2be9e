"""The map of price and share with its month slider; Play moves the month."""

from __future__ import annotations

from html import escape

import streamlit as st

from sandtable.app import session
from sandtable.app.clock import Clock
from sandtable.app.competition.findings import Question
from sandtable.app.competition.marks import mark
from sandtable.app.competition.price_map import Frame, frame_of, price_map, rows_of
from sandtable.app.guard import guarded
from sandtable.app.panels import plain_table, titled

TICK = 0.7  # seconds a period stays while it plays
PLAYING, MONTH = "map_plays", "map_period"
CLOCK = Clock(MONTH, PLAYING)


def show(question: Question, order: list[str], drawn: set[str]) -> None:
    """Draw the map; a period that follows, or that the user picks, redraws the map alone.

    Parameters
    ----------
    question : Question
    order : list of str
        The own firm, then the named ones.
    drawn : set of str
        Products in view.
    """
    frame = frame_of(question, order, drawn)
    ticking = bool(st.session_state.get(PLAYING))

    def draw() -> None:
        if bool(st.session_state.get(PLAYING)) != ticking:
            st.rerun()  # the clock is started and stopped by a run of the whole page
        _draw(question, frame, _period(question, step=ticking))

    st.fragment(guarded(draw), run_every=TICK if ticking else None)()


def _period(question: Question, *, step: bool) -> str:
    """Return the period to show; while it plays, the one after, and at the end the clock is stopped."""
    periods = question.trail.periods
    shown = st.session_state.get(MONTH)
    place = periods.index(shown) if shown in periods else len(periods) - 1
    if step:
        place = min(place + 1, len(periods) - 1)
        st.session_state[MONTH] = periods[place]
        st.session_state[PLAYING] = place < len(periods) - 1
    return periods[place]


def _draw(question: Question, frame: Frame, period: str) -> None:
    text, write = session.text(), session.writer()
    periods = question.trail.periods
    with st.container(key="price_map", gap="small"):
        dark = session.is_dark()
        rows = rows_of(question, frame, period, write, dark=dark)
        named = sum(point["firm"] in frame.order for point in rows["points"])
        beyond = sum(
            question.trail.price(code, period, question.basis) > frame.bounds[1]
            for code in frame.products
        )
        caption = text(
            "map_caption",
            basis=text(question.basis),
            currency=write.axis_currency,
            named=named,
            others=len(rows["points"]) - named,
            beyond=text("map_beyond", count=beyond) if beyond else "",
            start=write.period(periods[0]),
        )
        title = text("map_title", period=write.period(period), span=span(question))
        st.html(titled(title, caption) + _legend(frame.order))
        st.vega_lite_chart(
            spec=price_map(rows, dark=dark),
            key="map",
            theme=None,
            alt=title,
        )
        _clock(question, period)
        table = st.expander(text("as_table"), key="map_table", on_change="rerun")
        if table.open:
            with table:
                st.html(_table(question, frame, period))


def span(question: Question) -> str:
    """Say how long the trail is, in the unit of the data."""
    frequency = session.data_set().metadata.frequency
    return session.text()(f"span_{frequency}", count=len(question.trail.periods))


def _clock(question: Question, period: str) -> None:
    """Draw Play and the slider."""
    text, write = session.text(), session.writer()
    periods = list(question.trail.periods)
    playing = bool(st.session_state.get(PLAYING))
    with st.container(key="clock", horizontal=True, vertical_alignment="center", gap="medium"):
        st.button(
            text("pause" if playing else "play"),
            icon=":material/pause:" if playing else ":material/play_arrow:",
            key="play",
            on_click=CLOCK.play,
            args=(periods,),
            disabled=len(periods) < 2,
        )
        if len(periods) > 1:
            # while it plays, the browser may still report the month before: then it speaks of a slider that is gone
            key = session.bound(f"month {periods[-1]}", period)
            st.select_slider(
                text("period"),
                periods,
                key=key,
                format_func=write.period,
                on_change=CLOCK.set_period,
                args=(key,),
                label_visibility="collapsed",
            )


def _legend(order: list[str]) -> str:
    names = [*order, session.text()("other_products")]
    marks = "".join(
        f'<span class="{"own" if place == 0 else "firm"}">{mark(place)}{escape(name)}</span>'
        for place, name in enumerate(names)
    )
    return f'<div class="legend">{marks}</div>'


def _table(question: Question, frame: Frame, period: str) -> str:
    """Return the period as a table, largest share first."""
    text, write = session.text(), session.writer()
    trail = question.trail
    sold = [code for code in frame.products if trail.share(code, period) > 0]
    rows = [
        [
            question.names[code],
            question.firms[code],
            write.price(trail.price(code, period, question.basis)),
            write.percent(trail.share(code, period), 2),
        ]
        for code in sorted(sold, key=lambda code: -trail.share(code, period))
    ]
    columns = [text("product"), text("firm"), text(question.basis), text("share")]
    return plain_table(columns, rows)
