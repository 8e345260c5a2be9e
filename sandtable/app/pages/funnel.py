"""Funnel: where the own funnel loses customers that its peers keep."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from html import escape

import streamlit as st

from sandtable.app import session, strip
from sandtable.app.describe import describe
from sandtable.app.funnel_view import lifting, link_cards, sentences, stage_rows, tree
from sandtable.app.funnel_view.place_table import place_table
from sandtable.app.funnel_view.words import Row, Seen, known_place
from sandtable.app.guard import callback
from sandtable.app.levers.settling import faults_of
from sandtable.app.panels import headline, titled
from sandtable.app.state import TableState
from sandtable.data.loading import DataSet
from sandtable.diagnosis import Diagnosis, diagnose
from sandtable.scenario.known import Known
from sandtable.scenario.model import LeverMove

FAULTS = "funnel_lift_faults"


def show() -> None:
    """Draw the page."""
    state, data_set, text = session.table(), session.data_set(), session.text()
    with st.container(key="strip", horizontal=True, vertical_alignment="center", gap="small"):
        strip.show(state)
    if "funnel" not in data_set.tables:
        st.html(headline(text("funnel_absent", data=text.name(data_set.name)), "muted"))
        return
    found = _diagnosis(data_set.fingerprint, data_set)
    seen = Seen(found, known_place(found, state.region), text, session.writer())
    with st.container(key="funnel_head"):
        st.html(headline(sentences.headline_of(seen)))
    for sentence in st.session_state.pop(FAULTS, ()):
        st.error(sentence)
    left, centre, right = st.columns([272, 672, 384], gap="large")
    with left, st.container(key="funnel_where", gap=None):
        _where(seen, data_set)
    with centre, st.container(key="funnel_stages", gap=None):
        _stages(seen, state)
    with right, st.container(key="funnel_links", gap=None):
        _links(seen, state)
    with st.container(key="funnel_places", gap=None):
        level = "dealers" if seen.level == "region" else "regions"
        st.html(titled(sentences.table_title(seen), text(f"funnel_{level}_caption")))
        st.html(stage_rows.legend(seen, judged=True))
        st.html(place_table(seen))


@st.cache_resource(max_entries=8, show_spinner=False)
def _diagnosis(sha256: str, _data_set: DataSet) -> Diagnosis:
    return diagnose(_data_set)


def _where(seen: Seen, data_set: DataSet) -> None:
    """Draw the choice of the place: a tree, and a list for narrow screens; the style shows one of them."""
    text = seen.text
    st.html(_head(text("funnel_where"), text("funnel_lost_year")))
    options = tree.places_of(seen.found, data_set.metadata.areas)
    chosen = seen.place or tree.EVERYWHERE
    labels = {"funnel_tree": tree.tree_label, "funnel_list": tree.select_label}
    for name, label in labels.items():
        key = session.bound(name, chosen)
        widget = partial(st.radio, width="stretch") if name == "funnel_tree" else st.selectbox
        with st.container(key=name):
            widget(
                text("funnel_where"),
                options,
                key=key,
                format_func=partial(label, seen=seen),
                on_change=_set_place,
                args=(key,),
                label_visibility="collapsed",
            )
    st.html(f'<p class="footnote">{text("funnel_where_note")}</p>')


@callback
def _set_place(key: str) -> None:
    """Look at another place, here and on the pages that share the choice."""
    if session.is_bound(key):
        chosen = st.session_state[key]
        region = None if chosen == tree.EVERYWHERE else chosen
        session.put(replace(session.table(), region=region))


def _stages(seen: Seen, state: TableState) -> None:
    text = seen.text
    st.html(stage_rows.crumbs(seen))
    caption = sentences.place_caption(seen, state.own_firm)
    st.html(titled(sentences.place_title(seen), caption))
    st.html(stage_rows.legend(seen, judged=seen.level == "region"))
    st.html(stage_rows.stage_rows(seen))
    note = "funnel_sure_note" if seen.level == "region" else "funnel_sum_note"
    st.html(f'<p class="footnote">{text(note)}</p>')


def _links(seen: Seen, state: TableState) -> None:
    """Draw the weak links, each with the lever that lifts it, and what the lifted ones bring on top."""
    text = seen.text
    st.html(_head(text("funnel_links_title"), text("funnel_lost_year")))
    sure = seen.sure()
    if sure:
        lifted = _lifted(sure, state)
        st.html(titled(_brought(lifted, seen, state), text("funnel_lifted_caption")))
    for place, row in enumerate(sure[: link_cards.SHOWN], start=1):
        with st.container(key=f"funnel_link_{place}", gap=None):
            st.html(link_cards.link_card(place, row, seen))
            _lift(place, row, seen, state)
    more = sure[link_cards.SHOWN :]
    if more:
        lost = seen.cars(sum(row["units_lost"] for row in more))
        said = text("funnel_more_links", count=len(more), cars=lost)
        st.html(f'<p class="footnote">{said}</p>')
    unclear = seen.not_clear()
    if unclear:
        title = text("funnel_not_clear_title", place=seen.name, count=len(unclear))
        st.html(titled(title, text("funnel_not_clear_caption")))
        shown = unclear[: link_cards.UNCLEAR_SHOWN]
        st.html("".join(link_cards.unclear_card(row, seen) for row in shown))


def _lifted(sure: list[Row], state: TableState) -> list[LeverMove]:
    """Return the levers that lift sure links."""
    found = (lifting.lifted_by(row, state.scenario, state.own_firm) for row in sure)
    return [move for move in found if move is not None]


def _brought(lifted: list[LeverMove], seen: Seen, state: TableState) -> str:
    """Say what some levers bring together, against the scenario without them."""
    text, write = seen.text, seen.write
    if not lifted:
        return text("funnel_lifted_none")
    after = session.try_result(state.scenario)
    before = session.try_result(lifting.without(state.scenario, lifted))
    if after is None or before is None:
        return text("model_failed")
    cars = write.signed_count(lifting.brought(after, before, state.own_firm))
    periods = [item.base.period for item in after.periods]
    span = "\u2013".join(dict.fromkeys(write.period(end) for end in (periods[0], periods[-1])))
    key = "funnel_lifted_one" if len(lifted) == 1 else "funnel_lifted_many"
    return text(key, count=len(lifted), cars=cars, span=span)


def _lift(place: int, row: Row, seen: Seen, state: TableState) -> None:
    """Draw the button that lifts a link; once it is lifted, its lever, what it brings, and the way back."""
    text = seen.text
    move = lifting.lifted_by(row, state.scenario, state.own_firm)
    if move is None:
        st.button(
            text("funnel_lift"),
            icon=":material/trending_up:",
            key=f"lift_{place}",
            on_click=_lift_link,
            args=(row,),
        )
        return
    with st.container(
        key=f"lifted_{place}", horizontal=True, vertical_alignment="center", gap="small"
    ):
        said = escape(describe(move, text, seen.write))
        gain = escape(_brought([move], seen, state))
        st.html(
            f'<div class="lifted-link"><b>{said}</b><small>{gain}</small></div>', width="stretch"
        )
        st.button(
            text("undo"),
            icon=":material/undo:",
            key=f"unlift_{place}",
            on_click=_unlift,
            args=(move,),
        )


@callback
def _lift_link(row: Row) -> None:
    """Put the lever that lifts a link into the scenario on the table; what it cannot be is a sentence of the page."""
    state = session.table()
    known = Known.of(session.data_set())
    move = lifting.lift_move(row, state.scenario, state.own_firm, known)
    faults = faults_of(move, state.scenario)
    if faults:
        st.session_state[FAULTS] = faults
        return
    session.put(state.changed(state.scenario.with_lever(move)))


@callback
def _unlift(move: LeverMove) -> None:
    state = session.table()
    session.put(state.changed(lifting.without(state.scenario, [move])))


def _head(title: str, unit: str) -> str:
    return f'<div class="funnel-head"><h2>{escape(title)}</h2><span>{escape(unit)}</span></div>'
