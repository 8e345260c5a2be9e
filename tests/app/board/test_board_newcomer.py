"""The handle of a new piece: dropped on a row it is a launch there; let go elsewhere, nothing happens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from board_hands import applied
from board_sample import view
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.e2e

OpenBoard = Callable[..., Page]


def board_with_handle(open_board: OpenBoard, **options: Any) -> Page:
    return open_board(view(new_piece={"firm": "Nova"}), **options)


def take(page: Page, x: float, y: float) -> None:
    """Draw the handle to a place of the board."""
    box = page.locator(".newcomer").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 12, box["y"] + 12)
    page.mouse.down()
    page.mouse.move((box["x"] + x) / 2, (box["y"] + y) / 2)
    page.mouse.move(x, y)


def launched(page: Page) -> dict[str, Any]:
    """Return the one operation that the server got: the new piece is drawn until it is confirmed."""
    expect(page.locator(".newcomer-disc")).to_have_count(0)
    (operation,) = applied(page)
    return operation


def row_middle(page: Page, product: str) -> float:
    box = page.locator(f"[data-product={product}] .disc").bounding_box()
    assert box is not None
    return box["y"] + box["height"] / 2


def test_dropped_on_a_row_it_is_a_launch_at_the_price_below(open_board: OpenBoard) -> None:
    page = board_with_handle(open_board)
    take(page, 600, row_middle(page, "N7"))
    pill = page.locator("text.pill-text")
    expect(page.locator(".newcomer-disc")).to_have_count(1)
    said = float((pill.text_content() or "").replace(",", ""))
    page.mouse.up()
    operation = launched(page)
    assert (operation["kind"], operation["row"]) == ("launch", 3)
    assert operation["price"] == pytest.approx(said * 1_000)
    assert operation["price"] % 1_000 == 0


@pytest.mark.parametrize("way", ["beside", "escape"])
def test_let_go_beside_the_rows_or_escaped_it_is_nothing(open_board: OpenBoard, way: str) -> None:
    page = board_with_handle(open_board)
    take(page, 600, row_middle(page, "N7"))
    if way == "escape":
        page.keyboard.press("Escape")
    else:
        page.mouse.move(600, 440)
    page.mouse.up()
    page.wait_for_timeout(100)
    assert applied(page) == []
    expect(page.locator(".newcomer-disc")).to_have_count(0)


def test_keys_take_it_up_move_it_and_put_it_down(open_board: OpenBoard) -> None:
    page = board_with_handle(open_board)
    page.locator(".newcomer").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".newcomer-disc")).to_have_count(
        1
    )  # until then the pill is another piece's
    start = page.locator("text.pill-text").text_content()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Enter")
    operation = launched(page)
    assert operation["row"] == 3
    assert operation["price"] == pytest.approx(float(str(start)) * 1_000 - 10_000)


def test_without_leave_and_on_a_phone_there_is_no_handle(open_board: OpenBoard) -> None:
    expect(open_board(view()).locator(".newcomer")).to_be_hidden()
    expect(board_with_handle(open_board, width=390).locator(".newcomer")).to_be_hidden()
