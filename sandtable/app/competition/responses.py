"""How each firm answers: what it did in the past, and what it does in the scenario on the table."""

from __future__ import annotations

from dataclasses import replace
from html import escape

import streamlit as st

from sandtable.app import session
from sandtable.app.competition.marks import mark
from sandtable.app.describe import describe_response
from sandtable.app.formatting import MISSING
from sandtable.app.guard import callback
from sandtable.app.state import TableState
from sandtable.app.text import Text
from sandtable.scenario.followed import Followed
from sandtable.scenario.model import Response, Rivals

FOLLOWS = (0.25, 0.5, 0.75, 1.0)
LAGS = (0, 1, 2, 3)
AS_OTHERS = "as_others"
OTHERS = "*"  # no firm is called so


def offered_responses() -> list[Response]:
    """Return what a firm can be set to: hold, best response, match in steps."""
    matches = [Response("match", follow, lag) for follow in FOLLOWS for lag in LAGS]
    return [Response("hold"), Response("best_response"), *matches]


def with_response(rivals: Rivals, firm: str, chosen: str, own_firm: str) -> Rivals:
    """Return the rivals after one choice.

    Parameters
    ----------
    rivals : Rivals
    firm : str
        A firm, or ``*`` for all that are not named.
    chosen : str
        A response as `str` writes it, or ``as_others``.
    own_firm : str
        It holds unless it is named, so that holding takes its name away.
    """
    responses = {str(response): response for response in offered_responses()}
    if firm == OTHERS:
        return replace(rivals, default=responses.get(chosen, rivals.default))
    if chosen == AS_OTHERS or (firm == own_firm and chosen == "hold"):
        return Rivals(rivals.default, [pair for pair in rivals.by_firm if pair[0] != firm])
    return rivals.with_firm(firm, responses[chosen]) if chosen in responses else rivals


def show(
    state: TableState, order: list[str], shares: dict[str, float], history: dict[str, Followed]
) -> None:
    """Draw one row a firm: share, past answers, response."""
    text, write = session.text(), session.writer()
    st.html(
        f'<div class="answer head"><span>{escape(text("firm"))}</span>'
        f"<span>{escape(text('share'))}</span><span>{escape(text('followed_us'))}</span>"
        f"<span>{escape(text('response'))}</span></div>"
    )
    for place, firm in enumerate(order):
        past = _past(history.get(firm), text)
        with st.container(
            key=f"answer_{place}", horizontal=True, vertical_alignment="center", gap="small"
        ):
            st.html(_cells(mark(place), firm, write.percent(shares.get(firm)), past, place == 0))
            _choice(state, firm)
    rest = sum(share for firm, share in shares.items() if firm not in order)
    with st.container(
        key="answer_others", horizontal=True, vertical_alignment="center", gap="small"
    ):
        st.html(_cells(mark(len(order)), text("all_others"), write.percent(rest), MISSING, False))
        _choice(state, OTHERS)
    st.html(f'<p class="footnote">{escape(text("followed_rule"))}</p>')


def _past(past: Followed | None, text: Text) -> str:
    if past is None:
        return MISSING
    if past.too_few:
        return text("too_few")
    return text("followed_count", followed=past.followed, moves=past.moves)


def _cells(sign: str, firm: str, share: str, past: str, own: bool) -> str:
    return (
        f'<div class="answer{" own" if own else ""}"><span>{sign}<b>{escape(firm)}</b></span>'
        f"<span>{escape(share)}</span><span>{escape(past)}</span></div>"
    )


def _choice(state: TableState, firm: str) -> None:
    """Draw the response of one firm, or of all others."""
    text, write = session.text(), session.writer()
    rivals, own_firm = state.scenario.rivals, state.own_firm
    named = dict(rivals.by_firm)
    words = {
        str(response): describe_response(response, text, write) for response in offered_responses()
    }
    current = rivals.default if firm == OTHERS else rivals.response(firm, own_firm)
    chosen = str(current)
    # a file may hold numbers between the steps; they are shown as they are
    words.setdefault(chosen, describe_response(current, text, write))
    if firm not in (OTHERS, own_firm):
        words = {
            AS_OTHERS: text(
                "response_as_others", response=describe_response(rivals.default, text, write)
            ),
            **words,
        }
        chosen = chosen if firm in named else AS_OTHERS
    key = session.bound(f"response:{firm}", chosen)
    st.selectbox(
        text("response_of", firm=text("all_others") if firm == OTHERS else firm),
        list(words),
        key=key,
        format_func=words.__getitem__,
        on_change=_set_response,
        args=(key, firm),
        label_visibility="collapsed",
        width=176,
    )


@callback
def _set_response(key: str, firm: str) -> None:
    if not session.is_bound(key):
        return
    state = session.table()
    rivals = with_response(state.scenario.rivals, firm, st.session_state[key], state.own_firm)
    session.put(state.changed(replace(state.scenario, rivals=rivals)))
