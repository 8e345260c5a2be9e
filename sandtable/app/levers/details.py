"""What stands behind a lever's button: how its amount is given, its terms, its dates, its help and source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from html import escape
from typing import Any

import streamlit as st

from sandtable.app import session
from sandtable.app.describe import describe, plain
from sandtable.app.formatting import Format
from sandtable.app.guard import callback
from sandtable.app.levers.aim import elsewhere
from sandtable.app.levers.draft import Draft, converted, kinds_of, leading_term, term_values
from sandtable.app.levers.numbers import Numbers
from sandtable.app.levers.reading import Row
from sandtable.app.levers.settling import forget
from sandtable.app.levers.shown import term_factor, term_label, term_step
from sandtable.app.state import TableState
from sandtable.app.text import Text
from sandtable.scenario.known import Known
from sandtable.scenario.levers import ChangeKind, Term
from sandtable.scenario.model import LeverMove

OPEN_END = "*"
Edit = Callable[..., None]


def show(row: Row, state: TableState, known: Known, text: Text, edit: Edit) -> None:
    """Draw the details of a lever.

    Parameters
    ----------
    row : Row
    state : TableState
    known : Known
    text : Text
    edit : callable
        What the widgets call: their key, the row, what to do with the draft, the factor of their number.
    """
    with st.container(key=f"details_{row.name}", gap="small"):
        st.html(f"<p class='lever-help'>{escape(getattr(row.lever.help, text.language))}</p>")
        kinds = kinds_of(row.lever, row.aim, known)
        if len(kinds) > 1:
            _kinds(row, kinds, text, edit)
        _terms(row, text, edit)
        _dates(row, state, text, edit)
        _others(row, state, text)
        source = text("lever_source", source=row.lever.evidence.source)
        st.html(f"<p class='lever-help'>{escape(source)}</p>")
        if row.moves or not row.draft.is_empty:
            st.button(
                text("lever_reset", lever=text.lever(row.name)),
                key=f"reset_{row.name}",
                on_click=_reset,
                args=(row.aim, row.moves),
                width="stretch",
            )


@dataclass(frozen=True)
class _Kind:
    """Gives the amount of a draft in another way."""

    numbers: Numbers

    def __call__(self, draft: Draft, kind: ChangeKind) -> Draft:
        return converted(draft, kind, self.numbers.reference, self.numbers.start)


def _kinds(row: Row, kinds: list[ChangeKind], text: Text, edit: Edit) -> None:
    key = _key(row, "kind", row.draft.kind)
    st.segmented_control(
        text("lever_kind"),
        kinds,
        format_func=lambda kind: text(f"lever_kind_{kind}"),
        key=key,
        required=True,
        on_change=edit,
        args=(key, row, _Kind(row.numbers)),
        label_visibility="collapsed",
    )


@dataclass(frozen=True)
class _Term:
    """Sets one term of a draft; the default of the table need not be said."""

    name: str
    term: Term

    def __call__(self, draft: Draft, value: float | None) -> Draft:
        return draft.with_term(self.name, None if value == self.term.default else value)


def _terms(row: Row, text: Text, edit: Edit) -> None:
    lead = leading_term(row.lever)
    values = term_values(row.draft, row.lever)
    shown = [(name, term) for name, term in row.lever.terms.items() if name != lead]
    for start in range(0, len(shown), 2):
        with st.container(key=f"terms_{row.name}_{start}", horizontal=True, gap="small"):
            for name, term in shown[start : start + 2]:
                value, factor, (step, form) = values[name], term_factor(term), term_step(term)
                key = _key(row, name, None if value is None else round(factor * value, 6))
                st.number_input(
                    term_label(term, text),
                    value=None,
                    step=step,
                    format=form,
                    key=key,
                    on_change=edit,
                    args=(key, row, _Term(name, term), factor),
                    placeholder=text("lever_none"),
                )


@dataclass(frozen=True)
class _Date:
    """Sets the first or the last period of a draft."""

    field: str

    def __call__(self, draft: Draft, value: str) -> Draft:
        period = None if value == OPEN_END else value
        return (
            replace(draft, first=period) if self.field == "first" else replace(draft, last=period)
        )


def _dates(row: Row, state: TableState, text: Text, edit: Edit) -> None:
    periods = state.scenario.periods
    if len(periods) < 2:
        st.html(f"<p class='lever-help'>{escape(text('lever_no_dates'))}</p>")
        return
    with st.container(key=f"dates_{row.name}", horizontal=True, gap="small"):
        for field in ("first", "last"):
            now = getattr(row.draft, field)
            options = [OPEN_END, *dict.fromkeys([*periods, *([now] if now else [])])]
            key = _key(row, field, now or OPEN_END)
            st.selectbox(
                text(f"lever_{field}"),
                options,
                key=key,
                format_func=partial(_end, text, session.writer(), field),
                on_change=edit,
                args=(key, row, _Date(field)),
            )


def _end(text: Text, write: Format, field: str, period: str) -> str:
    """Write the first or the last period of a lever."""
    if period == OPEN_END:
        return text(f"lever_{field}_open")
    return write.period(period)


def span(draft: Draft, write: Format, text: Text) -> str:
    """Return the periods of a lever in few words."""
    first = write.period(draft.first) if draft.first else ""
    last = write.period(draft.last) if draft.last else ""
    if first == last:
        return first
    if not last:
        return text("lever_from_on", period=first)
    return text("lever_until", period=last) if not first else f"{first}\u2013{last}"


def _others(row: Row, state: TableState, text: Text) -> None:
    """List the moves of the same lever in other places or at other dates, each with its way out."""
    for place, move in enumerate(elsewhere(row.aim, state.scenario)):
        with st.container(
            key=f"other_{row.name}_{place}", horizontal=True, vertical_alignment="center"
        ):
            st.markdown(plain(describe(move, text, session.writer())), width="stretch")
            st.button(
                "",
                icon=":material/close:",
                help=text("remove"),
                key=f"remove_{row.name}_{place}",
                on_click=_reset,
                args=(row.aim, [move]),
                type="tertiary",
            )


@callback
def _reset(aim: LeverMove, moves: list[LeverMove]) -> None:
    """Take moves of one lever out of the scenario, and forget what was said of it."""
    forget(aim)
    state = session.table()
    scenario = state.scenario
    for move in moves:
        scenario = scenario.without_lever(move.key)
    session.put(state.changed(scenario))


def _set_owner(draft: Draft, value: str | None) -> Draft:
    return replace(draft, owner=value or None)


def owner(row: Row, key: str, edit: Edit) -> None:
    """Draw the choice of a new owner: a firm that exists, or the name of a new one."""
    text, known = session.text(), Known.of(session.data_set())
    label = text.lever(row.name)
    if row.name == "ownership":
        st.selectbox(
            label,
            known.firms,
            index=None,
            key=key,
            placeholder=text("lever_owner"),
            on_change=edit,
            args=(key, row, _set_owner),
            label_visibility="collapsed",
            width=150,
        )
    else:
        st.text_input(
            label,
            value=None,
            key=key,
            placeholder=text("lever_new_owner"),
            max_chars=200,
            on_change=edit,
            args=(key, row, _set_owner),
            label_visibility="collapsed",
            width=150,
        )


def _key(row: Row, what: str, value: object) -> str:
    places: list[Any] = [row.aim.product, row.aim.firm, row.aim.region, *row.aim.further.values()]
    name = "/".join(str(place) for place in places if place)
    return session.bound(f"detail:{row.name}:{name}:{what}", value)
