"""Competitors: who moved, who takes whose customers, how each firm answers."""

from __future__ import annotations

from dataclasses import replace
from html import escape

import numpy as np
import pandas as pd
import streamlit as st

from sandtable.app import choices, session, strip
from sandtable.app.competition import calendar, findings, heat, held, map_view, responses
from sandtable.app.competition.findings import Question
from sandtable.app.competition.substitutes import Substitutes
from sandtable.app.competition.trail import Basis, Trail, has_two_prices, trail_of
from sandtable.app.guard import callback
from sandtable.app.models import substitution_table
from sandtable.app.panels import headline, titled
from sandtable.app.state import TableState
from sandtable.app.view import Scope, firm_order, model_names
from sandtable.data.loading import DataSet, load_data_set
from sandtable.scenario.answers import View
from sandtable.scenario.followed import Followed, followed, list_price_changes
from sandtable.scenario.model import Rivals
from sandtable.scenario.periods import PeriodResult

BASES: tuple[Basis, ...] = ("net_price", "list_price")
ALL_SEGMENTS = "*"


def show() -> None:
    """Draw the page."""
    state = session.table()
    text, write, data_set = session.text(), session.writer(), session.data_set()
    outcome = session.evaluate(state.scenario)
    item = choices.period_in_view(outcome.result)
    scope = Scope.of(item.base, state.region)
    top = st.container(key="strip", horizontal=True, vertical_alignment="center", gap="small")
    order = firm_order(
        item.base.market, item.base.market.units[scope.rows].sum(axis=0), state.own_firm
    )
    view = View(item.base, state.region)
    product = _product_in_question(state, view)
    if product is None:
        st.html(headline(text("no_own_product", firm=state.own_firm), "muted"))
        choices.region(state, item)
        with top:
            strip.show(state)
        return
    question = Question(
        product=product,
        trail=_trail(data_set.fingerprint, scope.regions, item.base.period, data_set),
        substitutes=_substitutes(view),
        names=model_names(item.base),
        firms=dict(
            zip(*(data_set.tables["products"][name] for name in ("product", "firm")), strict=True)
        ),
        basis=_basis(data_set),
    )
    with st.container(key="competitors_head", horizontal=True, gap="medium"):
        st.html(headline(findings.headline_of(question, text, write)), width="stretch")
        with st.container(key="pickers", horizontal=True, gap="small", width="content"):
            _pickers(state, item, question)
    if outcome.error is not None:
        st.html(headline(text("error_title", reason=str(outcome.error)), "bad", text("error_kept")))
    left, right = st.columns([968, 400], gap="medium")
    with left:
        map_view.show(question, order, _drawn(data_set))
    with right:
        _happened(question, data_set, state.own_firm)
        with st.container(key="answers", gap=None):
            st.html(titled(text("answers_title"), text("answers_caption")))
            responses.show(state, order, _shares(item, scope), _history(data_set, state.own_firm))
    _held_and_models(state, item, scope, order, product)
    _heat_maps(question, data_set)
    _calendar(question, data_set, order, scope)
    with top:
        strip.show(state)


def _product_in_question(state: TableState, view: View) -> str | None:
    """Return the picked own product, the first own one that a lever names, or the one that sells most."""
    market = view.market
    units = dict(zip(market.products, view.units.tolist(), strict=True))
    own = [
        code
        for code, firm in zip(market.products, market.firms, strict=True)
        if firm == state.own_firm and units[code] > 0
    ]
    named = [state.selected, *(move.product for move in state.scenario.levers)]
    most = max(own, key=units.__getitem__, default=None)
    return next((code for code in named if code in own), most)


def _pickers(state: TableState, item: PeriodResult, question: Question) -> None:
    """Draw the choices: product, region, segment, price, period."""
    text, data_set = session.text(), session.data_set()
    substitutes = question.substitutes
    own = [code for code in substitutes.products if substitutes.firms[code] == state.own_firm]
    key = session.bound("product_in_question", question.product)
    st.selectbox(
        text("product_in_question"),
        own,
        key=key,
        format_func=lambda code: question.names.get(code, code),
        on_change=_set_product,
        args=(key,),
        label_visibility="collapsed",
        width=110,
    )
    choices.region(state, item)
    segments = list(dict.fromkeys(data_set.tables["products"]["segment"]))
    _own_choice(
        "segment",
        [ALL_SEGMENTS, *segments],
        _segment(data_set),
        {ALL_SEGMENTS: text("all_segments")},
    )
    if _two_prices(data_set.fingerprint, data_set):
        words = {str(basis): text(basis) for basis in BASES}
        _own_choice("price_basis", list(BASES), _basis(data_set), words)
    choices.period(state, item)


def _own_choice(name: str, options: list[str], value: str, words: dict[str, str]) -> None:
    """Draw a choice that belongs to this page alone."""
    text = session.text()
    key = session.bound(name, value)
    st.selectbox(
        text(name),
        options,
        key=key,
        format_func=lambda option: words.get(option) or text.name(option),
        on_change=_set_own_choice,
        args=(key, name),
        label_visibility="collapsed",
        width=140,
    )


@callback
def _set_own_choice(key: str, name: str) -> None:
    if session.is_bound(key):
        st.session_state[f"chosen_{name}"] = st.session_state[key]


@callback
def _set_product(key: str) -> None:
    if session.is_bound(key):
        session.put(replace(session.table(), selected=st.session_state[key]))


def _segment(data_set: DataSet) -> str:
    chosen = str(st.session_state.get("chosen_segment", ALL_SEGMENTS))
    known = set(data_set.tables["products"]["segment"])
    return chosen if chosen in known else ALL_SEGMENTS


def _basis(data_set: DataSet) -> Basis:
    chosen = st.session_state.get("chosen_price_basis", BASES[0])
    two = _two_prices(data_set.fingerprint, data_set)
    return "list_price" if chosen == "list_price" or not two else "net_price"


def _drawn(data_set: DataSet) -> set[str]:
    """Return the products of the segment in view."""
    table, segment = data_set.tables["products"], _segment(data_set)
    if segment == ALL_SEGMENTS:
        return set(table["product"])
    return set(table.loc[table["segment"] == segment, "product"])


def _happened(question: Question, data_set: DataSet, own_firm: str) -> None:
    """Draw the four findings."""
    text, write = session.text(), session.writer()
    found = [
        (text("price_move_label"), findings.price_move(question, text, write)),
        (text("closest_label"), findings.closest(question, text, write)),
        (text("own_answer_label"), findings.own_answer(question, text, write)),
        (text("follows_label"), findings.who_follows(_history(data_set, own_firm), text, write)),
    ]
    lines = "".join(f"<p><b>{escape(label)}</b> {escape(said)}</p>" for label, said in found)
    st.html(f'<div class="happened"><h2>{escape(text("happened"))}</h2>{lines}</div>')


def _shares(item: PeriodResult, scope: Scope) -> dict[str, float]:
    """Return the share of sales of each firm at the base."""
    units = item.baseline.units[scope.rows].sum(axis=0)
    by_firm = pd.Series(units).groupby(np.array(item.base.market.firms)).sum()
    return {str(firm): float(value / units.sum()) for firm, value in by_firm.items()}


def _held_and_models(
    state: TableState, item: PeriodResult, scope: Scope, order: list[str], product: str
) -> None:
    """Draw the scenario with rivals held and answered, and the same question under every parameter set."""
    text = session.text()
    left, right = st.columns(2, gap="medium")
    with left, st.container(key="held"):
        _held(state, item, scope, order)
    with right, st.container(key="models"):
        name = model_names(item.base)[product]
        st.html(titled(text("substitution_title", product=name), text("substitution_caption")))
        st.html(
            substitution_table(
                state, scope, product, item.base.period, choices.period_in_view, _substitutes
            )
        )


def _held(state: TableState, item: PeriodResult, scope: Scope, order: list[str]) -> None:
    text, write = session.text(), session.writer()
    if not state.scenario.levers:
        st.html(titled(text("held_title_empty"), text("held_empty")))
        table = session.page("table")
        if table is not None:
            st.page_link(table, label=text("to_the_table"), icon=":material/tune:")
        return
    results = [
        session.try_result(scenario)
        for scenario in (replace(state.scenario, rivals=Rivals()), state.scenario)
    ]
    first, second = (None if one is None else choices.period_in_view(one) for one in results)
    title = held.held_title(first, second, state.own_firm, scope.rows, text, write)
    answering = any(
        state.scenario.rivals.response(firm, state.own_firm).mode != "hold"
        for firm in set(item.base.market.firms)
    )
    about = text(
        "held_caption" if answering else "held_caption_all", period=write.period(item.base.period)
    )
    st.html(titled(title, about))
    if first is None and second is None:
        st.html(f"<p class='mut'>{escape(text('model_failed'))}</p>")
        return
    st.html(held.held_table(first, second, order, scope.rows, text, write))


def _heat_maps(question: Question, data_set: DataSet) -> None:
    text, write = session.text(), session.writer()
    last = question.trail.periods[-1]
    segments = dict(
        zip(*(data_set.tables["products"][name] for name in ("product", "segment")), strict=True)
    )
    prices = {
        code: question.trail.price(code, last, "net_price")
        for code in question.substitutes.products
    }
    groups = question.substitutes.chosen(question.product, segments, prices)
    left, right = st.columns(2, gap="medium")
    with left, st.container(key="elasticity_map"):
        title = findings.elasticity_title(question, text, write)
        st.html(titled(title, text("elasticity_caption")))
        st.html(heat.elasticity_map(question, groups, text, write))
    with right, st.container(key="diversion_map"):
        title = findings.diversion_title(question, text, write)
        st.html(titled(title, text("diversion_caption")))
        st.html(heat.diversion_map(question, groups, text, write))


def _calendar(question: Question, data_set: DataSet, order: list[str], scope: Scope) -> None:
    text, write = session.text(), session.writer()
    with st.container(key="calendar"):
        table = _events(data_set.sha256, data_set)
        if table is None:
            st.html(titled(text("calendar_none"), text("calendar_none_caption")))
            return
        changes = _changes(data_set.fingerprint, data_set)
        events = calendar.events_of(table, changes, question, order, scope.regions, text, write)
        title = calendar.calendar_title(events, question, map_view.span(question), text)
        st.html(titled(title, text("calendar_caption", own=question.name)))
        st.html(calendar.calendar(events, question, order, text, write))


@st.cache_resource(max_entries=64, show_spinner=False)
def _trail(sha256: str, regions: tuple[str, ...], last: str, _data_set: DataSet) -> Trail:
    return trail_of(_data_set, regions, last)


@st.cache_resource(max_entries=8, show_spinner=False)
def _two_prices(sha256: str, _data_set: DataSet) -> bool:
    return has_two_prices(_data_set)


@st.cache_resource(max_entries=8, show_spinner=False)
def _changes(sha256: str, _data_set: DataSet) -> pd.DataFrame:
    return list_price_changes(_data_set)


@st.cache_resource(max_entries=8, show_spinner=False)
def _events(sha256: str, _data_set: DataSet) -> pd.DataFrame | None:
    """Return the table of events, or None where the data set has none."""
    if not any((_data_set.folder / f"events.{ending}").is_file() for ending in ("csv", "parquet")):
        return None
    return load_data_set(_data_set.folder, tables={"events"}).tables["events"]


def _history(data_set: DataSet, own_firm: str) -> dict[str, Followed]:
    return _followed(data_set.fingerprint, own_firm, data_set)


@st.cache_resource(max_entries=8, show_spinner=False)
def _followed(sha256: str, own_firm: str, _data_set: DataSet) -> dict[str, Followed]:
    return followed(_data_set, own_firm)


def _substitutes(view: View) -> Substitutes:
    base = view.base
    return _substitutes_of(
        base.data_set.fingerprint, base.parameters.name, base.period, view.region, view
    )


@st.cache_resource(max_entries=64, show_spinner=False)
def _substitutes_of(
    sha256: str, parameters: str, period: str, region: str | None, _view: View
) -> Substitutes:
    return Substitutes.of(_view)
