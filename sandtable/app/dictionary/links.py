"""Links that keep the session: they are real addresses, and a plain click on one asks this run instead."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from html import escape
from pathlib import Path
from urllib.parse import quote

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

COMPONENT_NAME = "sandtable_links"
SCRIPT = Path(__file__).with_name("links.js")
PARAMETER = "code"  # of the address: /indicators?code=sal_lead_cnt


def address(target: str) -> str:
    """Return the address of a target: the page of an indicator, or of the dictionary itself."""
    what, _, name = target.partition(":")
    return f"?{PARAMETER}={quote(name)}" if what == "indicator" else "?"


def link(target: str, inside: str, *, kind: str = "", more: str = "") -> str:
    """Return a link around markup that is escaped already.

    Parameters
    ----------
    target : str
        ``indicator:<code>``, ``find:<text>``, ``page:<name>`` or ``kpi:<name>``.
    inside : str
        HTML.
    kind : str
        Class of the link.
    more : str
        Further attributes.
    """
    shown = f' class="{escape(kind)}"' if kind else ""
    where = escape(address(target))
    return (
        f'<a href="{where}" target="_self" data-pick="{escape(target)}"{shown}{more}>{inside}</a>'
    )


@cache
def _component() -> ComponentRenderer:
    return st.components.v2.component(
        COMPONENT_NAME, js=SCRIPT.read_text(encoding="utf-8"), isolate_styles=False
    )


def mount(
    *, key: str, on_pick: Callable[[], None], drawings: Mapping[str, str] | None = None
) -> str:
    """Listen to the links of the page, and draw an SVG whose boxes may be links.

    Parameters
    ----------
    key : str
        Streamlit key.
    on_pick : callable
        Called before the page runs again when a link was picked; it reads the target with `picked`.
    drawings : mapping of str to str, optional
        SVG by width: ``wide`` and ``narrow``.

    Returns
    -------
    str
        The target picked in this run; empty when none was.
    """
    _component()(key=key, data=dict(drawings or {}), on_picked_change=on_pick)
    return picked(key)


def draw(*, key: str, drawings: Mapping[str, str]) -> None:
    """Draw an SVG and leave its links to the listener of the page."""
    _component()(key=key, data={**drawings, "deaf": True})


def picked(key: str) -> str:
    """Return the target that was picked in this run; empty when none was, or what came is none."""
    state = st.session_state.get(key)
    value = state.get("picked") if isinstance(state, Mapping) else None
    return value if isinstance(value, str) else ""
