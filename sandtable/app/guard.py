"""No traceback ever reaches the screen: known errors become sentences, unknown ones a number in the log."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import streamlit as st

from sandtable.app.session import text
from sandtable.errors import SandtableError

log = logging.getLogger("sandtable.app")
Arguments = ParamSpec("Arguments")


FAULT = "callback_fault"


def callback(act: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """Wrap what a widget calls: an error in it leaves the table as it was and is shown by the page."""

    @wraps(act)
    def safe(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        try:
            act(*args, **kwargs)
        except Exception:
            st.session_state[FAULT] = _logged()

    return safe


def show_callback_fault() -> None:
    """Show the error of the last callback, once."""
    number = st.session_state.pop(FAULT, None)
    if number is not None:
        st.error(text()("unexpected", id=number), icon=":material/error:")


def _logged() -> str:
    number = uuid.uuid4().hex[:8]
    log.exception("error %s", number)
    return number


def guarded(show: Callable[[], None]) -> Callable[[], None]:
    """Wrap a page so that its errors are shown as sentences."""

    @wraps(show)
    def safe() -> None:
        try:
            show()
        except SandtableError as error:
            st.error(str(error), icon=":material/error:")
        except Exception:  # the control flow of Streamlit (stop, rerun) is no `Exception`
            st.error(text()("unexpected", id=_logged()), icon=":material/error:")

    return safe
