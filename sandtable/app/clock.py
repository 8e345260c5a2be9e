"""A clock that steps through periods: which one is shown, and whether it plays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from sandtable.app import session
from sandtable.app.guard import callback


@dataclass(frozen=True)
class Clock:
    """Where the session keeps the period shown and whether it plays.

    Attributes
    ----------
    shown, playing : str
        Names in the state of the session.
    """

    shown: str
    playing: str

    @callback
    def play(self, periods: Sequence[str]) -> None:
        """Start at the beginning when the end is shown; or stop."""
        playing = not st.session_state.get(self.playing)
        if playing and st.session_state.get(self.shown) not in periods[:-1]:
            st.session_state[self.shown] = periods[0]
        st.session_state[self.playing] = playing

    @callback
    def set_period(self, key: str) -> None:
        """Show the period that a widget names; the clock stops."""
        if session.is_bound(key):
            st.session_state[self.playing] = False
            st.session_state[self.shown] = st.session_state[key]
