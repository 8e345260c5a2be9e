"""What the board shows: labels, tip, legend, phone, themes and the list."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from board_hands import applied, centre, confirmed, drag, label_texts, radius
from board_sample import view
from playwright.sync_api import Page, expect

from sandtable.app.components.board_text import Language

pytestmark = pytest.mark.e2e

OpenBoard = Callable[..., Page]
DARK = "#0F1419"


def test_the_tip_names_the_piece_and_its_closest_rival(open_board: OpenBoard) -> None:
    page = open_board(view())
    page.mouse.move(*centre(page, "L2"))
    tip = page.locator(".tip")
    expect(tip).to_contain_text("L2")
    expect(tip).to_contain_text("Closest rivalI2, 292,000 CNY")
    expect(page.locator("g[data-product=C2]")).to_have_class("piece tone-3 faded")
    page.mouse.move(5, 5)
    expect(tip).to_be_hidden()


def test_a_legend_entry_dims_the_other_firms(open_board: OpenBoard) -> None:
    page = open_board(view())
    page.locator(".entry", has_text="Orion").hover()
    expect(page.locator("g.piece:not(.faded)")).to_have_count(5)


def test_a_price_outside_the_data_is_marked(open_board: OpenBoard) -> None:
    page = open_board(view())
    assert page.locator(".pill.warn, .beyond").count() == 0
    drag(page, "N5", -60, release=False)
    assert page.locator(".pill.warn").count() == page.locator(".beyond").count() == 1


def overlapping_labels(page: Page) -> list[tuple[str, str]]:
    boxes = page.locator("svg text").evaluate_all(
        """nodes => nodes.filter(node => node.textContent).map(node => {
          const { left, right, top, bottom } = node.getBoundingClientRect();
          return { text: node.textContent, left, right, top: top + 3, bottom: bottom - 3 };
        })"""
    )
    return [
        (a["text"], b["text"])
        for i, a in enumerate(boxes)
        for b in boxes[i + 1 :]
        if a["left"] < b["right"] - 0.5
        and b["left"] < a["right"] - 0.5
        and a["top"] < b["bottom"]
        and b["top"] < a["bottom"]
    ]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("width", [390, 640, 700, 968, 1_400])
def test_no_two_texts_overlap_and_none_leaves_the_board(
    open_board: OpenBoard, width: int, language: Language
) -> None:
    page = open_board(view(language), width=width)
    assert overlapping_labels(page) == []
    outside = page.locator("svg text").evaluate_all(
        """nodes => nodes.filter(node => node.textContent && (() => {
          const box = node.getBoundingClientRect();
          const board = node.ownerSVGElement.getBoundingClientRect();
          return box.left < board.left - 1 || box.right > board.right + 1 || box.top < board.top - 1
            || box.bottom > board.bottom + 1;
        })()).map(node => node.textContent)"""
    )
    assert outside == []
    assert {"N3", "N5", "N7", "N9"} <= set(label_texts(page))


def test_the_phone_has_its_own_layout(open_board: OpenBoard) -> None:
    page = open_board(view(), width=390)
    board = page.locator(".board")
    expect(board).to_have_attribute("data-layout", "phone")
    box = board.bounding_box()
    assert box is not None
    assert (box["width"], box["height"]) == (390, 300)
    assert radius(page, "L1") < 15
    page.evaluate("document.getElementById('host').style.width = '968px'")
    expect(board).to_have_attribute("data-layout", "desktop")
    box = board.bounding_box()
    assert box is not None
    assert (box["width"], box["height"]) == (968, 404)
    assert radius(page, "L1") > 20


def test_the_colours_follow_the_theme_when_it_changes(open_board: OpenBoard) -> None:
    page = open_board(view(), background=DARK)
    board, disc = page.locator(".board"), page.locator("[data-product=N3] .disc")
    expect(board).to_have_attribute("data-theme", "dark")
    expect(disc).to_have_css("fill", "rgb(77, 163, 220)")
    page.evaluate(
        "() => { document.body.style.setProperty('--st-background-color', '#FFFFFF'); harness.show(); }"
    )
    expect(board).to_have_attribute("data-theme", "light")
    expect(disc).to_have_css("fill", "rgb(0, 114, 178)")


def test_the_list_says_the_same_and_a_click_picks(open_board: OpenBoard) -> None:
    page = open_board(view(view="list"))
    expect(page.locator("svg")).to_be_hidden()
    assert page.get_by_role("row").count() == 46
    row = page.get_by_role("row", name="O3 Orion Mid SUV")
    expect(row).to_contain_text("239,900 CNY8,919▲ +1,0193.7 %")
    row.click()
    confirmed(page)
    assert applied(page) == [{"seq": 1, "kind": "select", "product": "O3"}]
    expect(row).to_have_attribute("aria-selected", "true")


def test_names_are_data_and_never_markup(open_board: OpenBoard) -> None:
    data = view()
    data["pieces"][0].update(name="<img src=x onerror=alert(1)>", firm="<b>Nova</b>")
    page = open_board(data)
    page.mouse.move(*centre(page, "N3"))
    expect(page.locator(".tip")).to_contain_text("<img src=x")
    assert page.locator("img, .tip b b").count() == 0
