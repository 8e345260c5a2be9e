"""Indicators: which there are, what each means, where its figure comes from, whether it can be relied on here."""

from __future__ import annotations

from functools import partial

import streamlit as st

from sandtable.app import choices, session, strip
from sandtable.app.dictionary import counting, definition_view, drawing, links, records, trend
from sandtable.app.dictionary.choosing import (
    WANTED,
    Entry,
    Facet,
    Wanted,
    chosen,
    counts,
    entries_of,
)
from sandtable.app.dictionary.list_view import list_view
from sandtable.app.dictionary.opening import Dictionary, certified, dictionary, lineage_parts
from sandtable.app.dictionary.writing import figures_of
from sandtable.app.guard import callback, guarded
from sandtable.app.panels import headline, titled
from sandtable.errors import did_you_mean
from sandtable.indicators.definition import Definition
from sandtable.scenario.calendar import regions_of
from sandtable.scenario.kpis import KPI_INDICATORS

LINKS = "indicator_links"
CODE = "indicator_code"
FIRST = "sal_unit_cnt"
TICK = 1.0  # seconds after which the list shows the figures that came meanwhile
ANY = "*"


def show() -> None:
    """Draw the page; the figures of the whole list are made beside it."""
    data_set, text = session.data_set(), session.text()
    with st.container(key="strip", horizontal=True, vertical_alignment="center", gap="small"):
        strip.show(session.table())
    it = dictionary(data_set.name)
    code = _code(it)
    record = counting.Record(it.found, code)
    ready = it.is_prepared
    left, right = st.columns([320, 1064], gap="large")
    with left, st.container(key="dictionary", gap="small"):
        _filters(_entries(it, record))
        clock = None if ready else TICK
        st.fragment(guarded(partial(_list, it, record, code, ready)), run_every=clock)()
    with right, st.container(key="definition", gap="medium"):
        if code not in it.found.definitions:
            hint = did_you_mean(code, it.found.definitions)
            st.html(headline(text("indicator_unknown", code=code), "muted", hint.strip("; ?")))
        else:
            _definition(it, code, record)
    target = links.picked(LINKS)
    page = session.page(target.removeprefix("page:")) if target.startswith("page:") else None
    if page is not None:
        st.switch_page(page)
    it.prepare()  # last: what is looked at comes first


def _code(it: Dictionary) -> str:
    """Return the code that the address names, else the one looked at last; the address then names it."""
    named = st.query_params.get(links.PARAMETER)
    if named is None:
        first = FIRST if FIRST in it.found.definitions else it.found.headlines[0]
        named = str(st.session_state.get(CODE, first))
        st.query_params[links.PARAMETER] = named
    st.session_state[CODE] = named
    return named


def _entries(it: Dictionary, record: counting.Record) -> list[Entry]:
    statuses = {code: one.status for code, one in record.standings.items()}
    states = {code: one.state for code, one in it.standings_known().items()}
    return entries_of(it.found, it.haystacks, statuses, states)


def _wanted() -> Wanted:
    found = st.session_state.get(WANTED)
    return found if isinstance(found, Wanted) else Wanted()


def _filters(entries: list[Entry]) -> None:
    """Draw the search and the filters; each choice says how many it would leave."""
    text, wanted = session.text(), _wanted()
    key = session.bound("indicators_search", wanted.search)
    st.text_input(
        text("indicators_search"),
        key=key,
        placeholder=text("indicators_search"),
        on_change=_set_wanted,
        args=(key, "search"),
        label_visibility="collapsed",
        icon=":material/search:",
    )
    stages = counts(entries, wanted, "stage")
    key = session.bound("indicators_stage", wanted.stage)
    st.pills(
        text("indicator_stage"),
        list(stages),
        key=key,
        format_func=lambda stage: f"{text(f'stage_{stage}')} {stages.get(stage, 0)}",
        on_change=_set_wanted,
        args=(key, "stage"),
        label_visibility="collapsed",
    )
    with st.container(key="indicator_choices", horizontal=True, gap="small"):
        for facet in ("status", "owner", "lifecycle"):
            _facet(entries, facet)
        key = session.bound("indicators_parts", wanted.parts)
        st.checkbox(text("indicators_parts"), key=key, on_change=_set_wanted, args=(key, "parts"))


def _facet(entries: list[Entry], facet: Facet) -> None:
    text, wanted = session.text(), _wanted()
    left = counts(entries, wanted, facet)
    title = text(f"indicator_{facet}")
    key = session.bound(f"indicators_{facet}", getattr(wanted, facet) or ANY)
    st.selectbox(
        title,
        [ANY, *left],
        key=key,
        format_func=partial(_choice, facet, left),
        on_change=_set_wanted,
        args=(key, facet),
        label_visibility="collapsed",
    )


def _choice(facet: Facet, left: dict[str, int], value: str) -> str:
    text = session.text()
    if value == ANY:
        return text(f"indicator_any_{facet}")
    if facet == "owner":
        name = text.name(value)
    elif facet == "status":
        kind = "state" if value in ("broken", "absent") else "status"
        name = text(f"indicator_{kind}_{value}")
    else:
        name = text(f"lifecycle_{value}")
    return f"{name} {left.get(value, 0)}"


@callback
def _set_wanted(key: str, field: str) -> None:
    if session.is_bound(key):
        value = st.session_state[key]
        st.session_state[WANTED] = _wanted().having(field, None if value == ANY else value)


@callback
def _clear() -> None:
    st.session_state[WANTED] = Wanted()


@callback
def _follow() -> None:
    """Do what a link asks before the page is drawn: open an indicator, or search for a table or a column."""
    what, _, name = links.picked(LINKS).partition(":")
    if what == "indicator":
        st.query_params[links.PARAMETER] = name
    elif what == "find":
        st.session_state[WANTED] = Wanted(search=name, parts=True)


def _list(it: Dictionary, record: counting.Record, code: str, was_ready: bool) -> None:
    """Draw the list with the figures at hand; once all are there, the whole page is drawn with them."""
    if not was_ready and it.is_prepared:
        st.rerun()
    text, wanted, entries = session.text(), _wanted(), _entries(it, record)
    shown = chosen(entries, wanted)
    known = it.known([one.definition.code for one in shown])
    total = sum(wanted.parts or one.definition.role == "headline" for one in entries)
    with st.container(key="indicator_list", gap=None):
        st.html(list_view(shown, code, known, text, session.writer()))
    with st.container(key="indicator_count", horizontal=True, gap="small"):
        st.caption(text("indicators_count", count=len(shown), total=total), width="content")
        if not wanted.is_open:
            st.button(text("indicators_clear"), key="clear", type="tertiary", on_click=_clear)


def _definition(it: Dictionary, code: str, record: counting.Record) -> None:
    text, found = session.text(), it.found
    definition = found.definition(code)
    standing = record.standing(found, code)
    with st.container(key="indicator_head", gap=None):
        head = st.empty()
        why = st.empty()
    known = it.standings_known().get(code)
    state = "sound" if known is None else known.state
    head.html(definition_view.head(definition, standing, state, text))
    left, right = st.columns([560, 440], gap="large")
    with left:
        st.html(definition_view.meaning(found, definition, text))
    with right, st.container(key="indicator_trend", gap="small"):
        _trend(it, definition)
    _lineage(it, definition)
    place = st.empty()
    usage = records.usage(record.uses if record.is_kept else None, text, counting.DAYS)
    here = it.standing(code)
    if here.state != "sound":
        head.html(definition_view.head(definition, standing, here.state, text))
        broken = [
            part
            for part in sorted(lineage_parts(found, code) - {code})
            if it.standing(part).state == "broken"
        ]
        why.html(records.reasons(here.outcomes, broken, here.state == "absent", text))
    sections = [
        records.tests(here.outcomes, text),
        records.engines(certified(found, code), text),
        records.history(record.history, definition.version, text),
        f"<h2>{text('indicator_facts')}</h2>{definition_view.details(found, definition, usage, text)}",
        definition_view.relations(found, definition, text),
    ]
    place.html(
        f'<div class="records">{"".join(f"<section>{one}</section>" for one in sections)}</div>'
    )
    columns = st.expander(text("columns_open"), key="columns_open", on_change="rerun")
    if columns.open:
        with columns:
            st.html(records.columns_read(found, code, text))
    counting.count([code])


def _trend(it: Dictionary, definition: Definition) -> None:
    """Draw the latest figure as a sentence and the line behind it, of the region in view."""
    text, write, data_set, state = (
        session.text(),
        session.writer(),
        session.data_set(),
        session.table(),
    )
    by_region = "region" in definition.dimensions
    regions = regions_of(data_set, None)
    chosen_region = state.region if by_region else None
    series = it.series(
        definition.code, None if chosen_region is None else regions_of(data_set, chosen_region)
    )
    figures = figures_of(definition, series.values, text, write)
    frequency = data_set.metadata.frequency
    where = text("all_regions") if chosen_region is None else text.name(chosen_region)
    span = text(f"span_{frequency}", count=min(len(series.periods), trend.SHOWN))
    caption = text("indicator_trend_caption", region=where, span=span)
    with st.container(key="trend_head", horizontal=True, vertical_alignment="top", gap="small"):
        title = trend.trend_title(series, frequency, figures, text)
        st.html(titled(title, "" if series.last is None else caption), width="stretch")
        if by_region:
            choices.region_of(state, regions)
    if series.last is None or not series.last[0]:
        return
    chart = trend.trend_chart(series, frequency, figures, text, dark=session.is_dark())
    st.vega_lite_chart(spec=chart, key="indicator_trend_chart", theme=None, alt=title)


def _lineage(it: Dictionary, definition: Definition) -> None:
    text = session.text()
    own = session.data_set().metadata.own_firm
    layers = drawing.layers_of(it.found, definition.code, KPI_INDICATORS, text, own)
    title = text("lineage_title")
    with st.container(key="lineage", gap="small"):
        st.html(titled(title, text("lineage_caption")))
        drawings = {"wide": drawing.wide(layers, title), "narrow": drawing.narrow(layers, title)}
        links.mount(key=LINKS, on_pick=_follow, drawings=drawings)
