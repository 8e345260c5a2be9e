"""The draggable board: registers the browser part with Streamlit and passes numbers to it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

COMPONENT_NAME = "sandtable_board"
FOLDER = Path(__file__).parent

PARTS = (
    "kernel.js",
    "log.js",
    "format.js",
    "figures.js",
    "layout.js",
    "labels.js",
    "scene.js",
    "paint.js",
    "furniture.js",
    "input.js",
    "newcomer.js",
    "board.js",
)


def board_module() -> str:
    """Join the browser's parts into the one module that Streamlit loads.

    Returns
    -------
    str
        JavaScript. Each part is a plain script of functions; only the last one exports.
    """
    return "\n".join((FOLDER / part).read_text(encoding="utf-8") for part in PARTS)


def board_style() -> str:
    """Return the style sheet of the board."""
    return (FOLDER / "board.css").read_text(encoding="utf-8")


def kernel_hash(kernel: Mapping[str, Any]) -> str:
    """Name a share kernel by its content.

    Parameters
    ----------
    kernel : mapping
        As the browser gets it: plain lists and finite numbers, None where a product is not offered.

    Returns
    -------
    str
        32 hexadecimal digits.

    Raises
    ------
    ValueError
        If a number is not finite; a product that is not offered is None, not NaN.
    """
    text = json.dumps(kernel, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def held_kernel(log: object) -> str | None:
    """Return the hash of the kernel that the browser says it holds, or None."""
    have = log.get("have") if isinstance(log, Mapping) else None
    return have if isinstance(have, str) else None


def board_data(view: Mapping[str, Any], log: object) -> dict[str, Any]:
    """Return what is sent to the browser: the view, without a kernel that it holds already.

    Parameters
    ----------
    view : mapping
        Everything the board draws; ``kernel`` and ``kernel_hash`` among it.
    log : object
        The last message from the browser, as it came; may be anything.
    """
    held = held_kernel(log)
    known = held is not None and held == view.get("kernel_hash")
    return {**view, "kernel": None if known else view.get("kernel")}


@cache
def _component() -> ComponentRenderer:
    return st.components.v2.component(COMPONENT_NAME, css=board_style(), js=board_module())


def board_log(key: str) -> object:
    """Return the last message of the board with this key, as it came; None before the first.

    The message is the user's: hand it to `sandtable.app.operations.read_log`.
    """
    state = st.session_state.get(key)
    return state.get("log") if isinstance(state, Mapping) else None


def board(*, key: str, view: Mapping[str, Any], on_log: Callable[[], None]) -> object:
    """Draw the board and return its last message.

    Parameters
    ----------
    key : str
        Streamlit key of this board.
    view : mapping
        Everything the board draws; plain JSON values.
    on_log : callable
        Called before the page runs again when the user moved or picked something; it reads the
        message with `board_log`.

    Returns
    -------
    object
        The last message as it came from the browser, or None.
    """
    data = board_data(view, board_log(key))
    result = _component()(key=key, data=data, on_log_change=on_log)
    return result.get("log")
