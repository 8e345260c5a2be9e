"""No traceback ever reaches the screen: known errors become sentences, unknown ones a number in the log."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from functools import wraps

import streamlit as st

from sandtable.app.session import text
from sandtable.errors import SandtableError

log = logging.getLogger("sandtable.app")


def guarded(show: Callable[[], None]) -> Callable[[], None]:
    """Wrap a page so that its errors are shown as sentences."""

    @wraps(show)
    def safe() -> None:
        try:
            show()
        except SandtableError as error:
            st.error(str(error), icon=":material/error:")
        except Exception:  # the control flow of Streamlit (stop, rerun) is no `Exception`
            number = uuid.uuid4().hex[:8]
            log.exception("error %s", number)
            st.error(text()("unexpected", id=number), icon=":material/error:")

    return safe
