"""Funnel: where the own funnel loses customers that its peers keep."""

from __future__ import annotations

from dataclasses import replace
from html import escape

import streamlit as st

from sandtable.app import session, strip
from sandtable.app.funnel_view import link_cards, sentences, stage_rows, tree
from sandtable.app.funnel_view.place_table import place_table
from sandtable.app.funnel_view.words import Row, Seen, known_place
from sandtable.app.guard import callback
from sandtable.app.panels import headline, titled
from sandtable.app.state import TableState
from sandtable.data.loading import DataSet
from sandtable.diagnosis import Diagnosis, diagnose
from sandtable.diagnosis.result import Link

LIFTED = "funnel_lifted"


def show() -> None:
    """Draw the page."""
    state, data_set, text = session.table(), session.data_set(), session.text()
    with st.container(key="strip", horizontal=True, vertical_alignment="center", gap="small"):
        strip.show(state)
    if "funnel" not in data_set.tables:
        st.html(headline(text("funnel_absent", data=text.name(data_set.name)), "muted"))
        return
    found = _diagnosis(data_set.sha256, data_set)
    seen = Seen(found, known_place(found, state.region), text, session.writer())
    with st.container(key="funnel_head"):
        st.html(headline(sentences.headline_of(seen)))
    left, centre, right = st.columns([272, 672, 384], gap="large")
    with left, st.container(key="funnel_where", gap=None):
        _where(seen, data_set)
    with centre, st.container(key="funnel_stages", gap=None):
        _stages(seen, state)
    with right, st.container(key="funnel_links", gap=None):
        _links(seen)
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
    key = session.bound("funnel_tree", chosen)
    with st.container(key="funnel_tree"):
        st.radio(
            text("funnel_where"),
            options,
            key=key,
            format_func=lambda option: tree.tree_label(option, seen),
            on_change=_set_place,
            args=(key,),
            label_visibility="collapsed",
            width="stretch",
        )
    key = session.bound("funnel_list", chosen)
    with st.container(key="funnel_list"):
        st.selectbox(
            text("funnel_where"),
            options,
            key=key,
            format_func=lambda option: tree.select_label(option, seen),
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


def _links(seen: Seen) -> None:
    """Draw the weak links, what lifting the chosen ones would bring on top."""
    text = seen.text
    st.html(_head(text("funnel_links_title"), text("funnel_lost_year")))
    sure = seen.sure()
    if sure:
        lifted = [_link(row) for row in sure if _link(row) in _lifted(seen.found)]
        said = sentences.lifted_sentence(seen, lifted)
        st.html(titled(said, text("funnel_lifted_caption")))
    for place, row in enumerate(sure[: link_cards.SHOWN], start=1):
        with st.container(key=f"funnel_link_{place}", gap=None):
            st.html(link_cards.link_card(place, row, seen))
            _lift(row, seen)
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


def _lift(row: Row, seen: Seen) -> None:
    text = seen.text
    link = _link(row)
    key = session.bound(f"lift_{'_'.join(link)}", link in _lifted(seen.found))
    st.toggle(
        text("funnel_lift"),
        key=key,
        on_change=_set_lift,
        args=(key, seen.found.sha256, link),
    )


@callback
def _set_lift(key: str, sha256: str, link: Link) -> None:
    if session.is_bound(key):
        chosen: dict[str, frozenset[Link]] = st.session_state.get(LIFTED, {})
        before = chosen.get(sha256, frozenset())
        after = before | {link} if st.session_state[key] else before - {link}
        st.session_state[LIFTED] = {**chosen, sha256: after}


def _lifted(found: Diagnosis) -> frozenset[Link]:
    chosen: dict[str, frozenset[Link]] = st.session_state.get(LIFTED, {})
    return chosen.get(found.sha256, frozenset())


def _link(row: Row) -> Link:
    return row["level"], row["place"], row["stage"]


def _head(title: str, unit: str) -> str:
    return f'<div class="funnel-head"><h2>{escape(title)}</h2><span>{escape(unit)}</span></div>'
