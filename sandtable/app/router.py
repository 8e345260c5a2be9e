"""Which pages there are, and the permanent strip: data set, provenance badge, data date, language."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from sandtable.app import session
from sandtable.app.guard import guarded, show_callback_fault
from sandtable.app.pages import competitors, funnel, indicators, model, sand_table
from sandtable.app.session import choose_data_set, language, text

STYLE = Path(__file__).parent / "style.css"


def main() -> None:
    """Draw the page that the user chose."""
    st.set_page_config(page_title="sandtable", layout="wide", initial_sidebar_state="collapsed")
    st.html(STYLE)
    words = text()
    shown = {
        "table": (sand_table.show, words("page")),
        "competitors": (competitors.show, words("competitors_page")),
        "funnel": (funnel.show, words("funnel_page")),
        "indicators": (indicators.show, words("indicators")),
        "model": (model.show, words("model_page")),
    }
    pages = {
        name: st.Page(guarded(show), title=title, url_path=name, default=name == "table")
        for name, (show, title) in shown.items()
    }
    session.remember_pages(pages)
    page = st.navigation(list(pages.values()), position="top")
    place = st.container(key="place", horizontal=True, vertical_alignment="center", gap="small")
    with st.container(key="fault"):
        show_callback_fault()
    page.run()
    # drawn first, filled last: the figures of the page are what the user waits for
    with place:
        guarded(choose_data_set)()
        language()
