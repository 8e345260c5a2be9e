"""One lever of the inspector: its input, what it is pulled on, rail, evidence, and its details while they are open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from html import escape
from typing import Any

import streamlit as st

from sandtable.app import session
from sandtable.app.guard import callback
from sandtable.app.levers import details
from sandtable.app.levers.aim import elsewhere
from sandtable.app.levers.draft import Draft, leading_term, missing
from sandtable.app.levers.fields import selectors
from sandtable.app.levers.offers import Offer
from sandtable.app.levers.reading import Row, Table, row_of
from sandtable.app.levers.settling import draft_now, settle
from sandtable.app.levers.shown import (
    Shown,
    shown_amount,
    term_factor,
    term_label,
    term_step,
)
from sandtable.app.panels import evidence_chip, lever_rail
from sandtable.app.text import Text

OPEN = "lever_open"


def show_row(offer: Offer, table: Table) -> None:
    """Draw one lever."""
    text = table.text
    if offer.why_not is not None:
        with st.container(key=f"row_off_{offer.lever}", gap=None):
            why = text(offer.why_not, parameters=_title(table), firm=offer.aim.firm or "")
            name = escape(text.lever(offer.lever))
            st.html(f"<b class='mut'>{name}</b><div class='lever-why'>{escape(why)}</div>")
        return
    row = row_of(offer, table)
    tone = "changed" if row.moves else "base"
    with st.container(key=f"row_{tone}_{offer.lever}", gap=None):
        shown = _head(row, table)
        selectors(offer.aim, row.aim, table.known, table.parameters)
        st.html(_foot(row, shown, table))
        if st.session_state.get(OPEN) == row.name:
            details.show(row, table.state, table.known, text, _edit)


def _title(table: Table) -> str:
    title: str = getattr(table.parameters.title, table.text.language)
    return title


def _head(row: Row, table: Table) -> Shown | None:
    """Draw the name, the main input and the button of the details."""
    text = table.text
    shown = None
    with st.container(
        key=f"head_{row.name}", horizontal=True, vertical_alignment="center", gap="small"
    ):
        if row.draft.kind is not None:
            metadata = table.known.data_set.metadata
            shown = shown_amount(
                row.draft, row.aim, row.lever, row.numbers, metadata, text, table.write
            )
        st.html(_name(row, shown, text), width="stretch")
        _input(row, shown, text)
        is_open = st.session_state.get(OPEN) == row.name
        st.button(
            "",
            icon=":material/expand_less:" if is_open else ":material/tune:",
            key=f"tune_{row.name}",
            help=text("lever_less" if is_open else "lever_more"),
            type="tertiary",
            on_click=_toggle_details,
            args=(row.name,),
        )
    return shown


def _name(row: Row, shown: Shown | None, text: Text) -> str:
    unit = shown.unit if shown else ""
    lead = leading_term(row.lever)
    if lead:
        unit = term_label(row.lever.terms[lead], text)
    if row.draft.first or row.draft.last:
        unit = f"{unit}, {details.span(row.draft, session.writer(), text)}"
    if row.aim.firm and session.table().selected:
        unit = text("lever_of_firm", firm=row.aim.firm, unit=unit).rstrip(", \uff0c")
    name = escape(text.lever(row.name))
    return f"<b>{name}</b> <span class='mut small'>{escape(unit)}</span>"


def _input(row: Row, shown: Shown | None, text: Text) -> None:
    """Draw the input that pulls the lever: an amount, its leading term, an owner, or a switch."""
    label = text.lever(row.name)
    lead = leading_term(row.lever)
    if shown is not None:
        factor = 100.0 if row.draft.kind == "relative" else 1.0
        key = _key(row, f"amount:{row.draft.kind}", shown.value)
        _number(label, key, row, shown.step, f"%.{shown.decimals}f", _set_amount, factor, text)
    elif lead is not None:
        term = row.lever.terms[lead]
        factor, (step, form) = term_factor(term), term_step(term)
        given = dict(row.draft.terms).get(lead)
        key = _key(row, lead, None if given is None else round(factor * given, 6))
        _number(label, key, row, step, form, _Term(lead), factor, text)
    elif "owner" in row.lever.fields:
        details.owner(row, _key(row, "owner", row.draft.owner), _edit)
    else:
        key = _key(row, "pulled", bool(row.moves))
        st.toggle(
            label, key=key, on_change=_edit, args=(key, row, _set_pulled), label_visibility="hidden"
        )


def _number(
    label: str,
    key: str,
    row: Row,
    step: float,
    form: str,
    apply: Callable[[Draft, Any], Draft],
    factor: float,
    text: Text,
) -> None:
    st.number_input(
        label,
        # only where nothing is said yet can it be empty
        value=None if st.session_state[key] is None else "min",
        step=step,
        format=form,
        key=key,
        on_change=_edit,
        args=(key, row, apply, factor),
        placeholder=text("lever_none"),
        label_visibility="collapsed",
        width=150,
    )


def _key(row: Row, what: str, value: object) -> str:
    places = "/".join(filter(None, (row.aim.product, row.aim.firm, row.aim.region)))
    fields = "/".join(row.aim.further.values())
    return session.bound(f"lever:{row.name}:{places}:{fields}:{what}", value)


def _set_amount(draft: Draft, value: float | None) -> Draft:
    return replace(draft, amount=value)


def _set_pulled(draft: Draft, value: bool) -> Draft:
    return replace(draft, pulled=value)


@dataclass(frozen=True)
class _Term:
    """Sets one term of a draft."""

    name: str

    def __call__(self, draft: Draft, value: float | None) -> Draft:
        return draft.with_term(self.name, value)


@callback
def _edit(key: str, row: Row, apply: Callable[[Draft, Any], Draft], factor: float = 1.0) -> None:
    """Take what a widget of a lever says; a number is divided by what its input multiplies it with."""
    if not session.is_bound(key):
        return
    value = st.session_state[key]
    if isinstance(value, float) and factor != 1.0:
        value = round(value / factor, 12)
    blank = Draft(kind=row.draft.kind)
    settle(row.aim, apply(draft_now(row.aim, session.table(), blank), value), row.neutral)


@callback
def _toggle_details(name: str) -> None:
    is_open = st.session_state.get(OPEN) == name
    st.session_state[OPEN] = None if is_open else name


def _foot(row: Row, shown: Shown | None, table: Table) -> str:
    """Return the rail with its captions, what is missing or wrong, and the moves that stand elsewhere."""
    text, write = table.text, table.write
    evidence = row.lever.evidence
    left, right, rail = "", "", None
    if shown is not None:
        left, right, rail = shown.left, shown.right, shown.rail
    if row.name == "customer_cash":
        passed = table.item.base.parameters.customer_cash_pass_through.value
        left = text("pass_through", share=write.percent(passed, 0))
    grade = "judgement" if rail is not None and rail.outside else evidence.grade
    if rail is not None:
        drawn = lever_rail(rail, left, right, grade, text(grade), evidence.source)
    else:
        drawn = evidence_chip(left, right, grade, text(grade), evidence.source)
    notes = "".join(f"<div class='lever-fault'>{escape(said)}</div>" for said in row.faults)
    wanted = missing(row.draft, row.lever)
    if wanted and not row.draft.is_empty:
        names = ", ".join(term_label(row.lever.terms[name], text) for name in wanted)
        notes += f"<div class='lever-why'>{escape(text('lever_missing', names=names))}</div>"
    others = len(elsewhere(row.aim, table.state.scenario))
    if others and st.session_state.get(OPEN) != row.name:
        said = text("lever_elsewhere_one" if others == 1 else "lever_elsewhere", count=others)
        notes += f"<div class='lever-why'>{escape(said)}</div>"
    return drawn + notes
