"""The board on a page of its own, with a stand-in for Streamlit (harness.js)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from sandtable.app.components.board import board_module, board_style

HARNESS = Path(__file__).with_name("harness.js").read_text(encoding="utf-8")
LIGHT, DARK = "#FFFFFF", "#0F1419"

OpenBoard = Callable[..., Page]


@pytest.fixture
def open_board(open_page: Callable[..., Page]) -> OpenBoard:
    """Show the board: data, width of its column, colours, and how long the server takes."""

    def open_one(
        data: dict[str, Any],
        *,
        width: int = 968,
        background: str = LIGHT,
        delay: int = 0,
        **context: Any,
    ) -> Page:
        viewport = {"width": width + 32 if width >= 640 else width, "height": 480}
        page = open_page(**{"viewport": viewport, **context})
        margin = 16 if width >= 640 else 0
        page.set_content(
            f"<!doctype html><style>body{{margin:{margin}px;background:{background};"
            f'--st-background-color:{background};--st-font:"Source Sans",sans-serif}}'
            f"#host{{width:{width}px}}</style><div id=host></div>"
        )
        page.evaluate(HARNESS)
        page.evaluate(
            "([source, css, data, delay]) => harness.start(source, css, data, delay)",
            [board_module(), board_style(), data, delay],
        )
        return page

    return open_one
