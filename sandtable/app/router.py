"""Which pages there are, and the permanent strip: data set, provenance badge, data date, language."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from sandtable.app.guard import guarded, show_callback_fault
from sandtable.app.pages import model, sand_table
from sandtable.app.session import choose_data_set, language, text

STYLE = Path(__file__).parent / "style.css"


def main() -> None:
    """Draw the page that the user chose."""
    st.set_page_config(page_title="sandtable", layout="wide", initial_sidebar_state="collapsed")
    st.html(STYLE)
    words = text()
    page = st.navigation(
        [
            st.Page(guarded(sand_table.show), title=words("page"), url_path="table", default=True),
            st.Page(guarded(model.show), title=words("model_page"), url_path="model"),
        ],
        position="top",
    )
    place = st.container(key="place", horizontal=True, vertical_alignment="center", gap="small")
    with st.container(key="fault"):
        show_callback_fault()
    page.run()
    # drawn first, filled last: the figures of the page are what the user waits for
    with place:
        guarded(choose_data_set)()
        language()
