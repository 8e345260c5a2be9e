"""The board under real hands: pointer, touch and keys, with a slow server."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from board_hands import applied, centre, confirmed, drag, label_texts, price, radius
from board_sample import view
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.e2e

OpenBoard = Callable[..., Page]
SLOW = 250


def test_a_drag_moves_the_price_in_steps_and_sends_one_move(open_board: OpenBoard) -> None:
    page = open_board(view())
    drag(page, "N7", -80)
    confirmed(page)
    assert [(item["kind"], item["product"]) for item in applied(page)] == [
        ("select", "N7"),
        ("move", "N7"),
    ]
    moved = applied(page)[1]["price"]
    assert (338_800 - moved) % 1_000 == 0
    assert 20_000 < 338_800 - moved < 40_000
    assert price(page, "N7") == moved


def test_a_drag_previews_sizes_bands_label_and_pill_before_python_answers(
    open_board: OpenBoard,
) -> None:
    page = open_board(view(), delay=60_000)
    before, rival = radius(page, "N5"), radius(page, "C2")
    heads = page.locator("g.bands text").all_text_contents()
    drag(page, "N5", -27, release=False)
    assert price(page, "N5") < 255_400
    assert radius(page, "N5") > before
    assert radius(page, "C2") < rival
    assert page.locator("g.bands text").all_text_contents() != heads
    note = next(text for text in label_texts(page) if text.startswith("N5 ▲"))
    assert int(note.split("+")[1].replace(",", "")) > 1_700
    pill = page.locator("text.pill-text").text_content() or ""
    assert pill.startswith(f"{price(page, 'N5') / 1000:.1f}")
    assert page.evaluate("harness.messages") == []


def test_the_preview_starts_from_the_confirmed_numbers(open_board: OpenBoard) -> None:
    data = view()
    for piece in data["pieces"]:
        piece["units"] *= 0.8
    page = open_board(data)
    before = radius(page, "C2")
    assert before == pytest.approx(22 * (13_915 * 0.8 / 15_600) ** 0.5, abs=0.01)
    drag(page, "N5", 4, release=False)
    assert radius(page, "C2") == pytest.approx(before, rel=0.01)


def test_pieces_keep_their_height_while_one_is_dragged(open_board: OpenBoard) -> None:
    page = open_board(view(), delay=60_000)
    names = ["N5", "O3", "C3", "L2", "A2"]
    before = [centre(page, name)[1] for name in names]
    drag(page, "N5", -60, release=False)
    assert [centre(page, name)[1] for name in names] == pytest.approx(before, abs=0.1)


def test_escape_puts_a_dragged_piece_back_and_sends_nothing(open_board: OpenBoard) -> None:
    page = open_board(view())
    drag(page, "N5", -60, release=False)
    assert price(page, "N5") != 255_400
    page.keyboard.press("Escape")
    page.mouse.up()
    assert price(page, "N5") == 255_400
    assert page.evaluate("harness.messages") == []


def test_a_drag_stops_at_the_ends_of_the_axis(open_board: OpenBoard) -> None:
    page = open_board(view())
    drag(page, "N9", 2_000)
    assert price(page, "N9") <= 470_000


def test_a_fixed_piece_can_be_picked_but_not_moved(open_board: OpenBoard) -> None:
    page = open_board(view())
    drag(page, "G2", -60)
    assert price(page, "G2") == 431_000
    assert page.evaluate("harness.messages") == []
    page.mouse.click(*centre(page, "G2"))
    confirmed(page)
    assert applied(page) == [{"seq": 1, "kind": "select", "product": "G2"}]


def test_eight_quick_moves_with_a_slow_server_lose_nothing(open_board: OpenBoard) -> None:
    page = open_board(view(), delay=SLOW)
    wanted = []
    for turn in range(8):
        name = ["N3", "N7", "N9"][turn % 3]
        drag(page, name, -14 if turn % 2 else 11)
        wanted.append((name, price(page, name)))
    assert page.evaluate("harness.runs") < 8
    confirmed(page)
    moves = [(item["product"], item["price"]) for item in applied(page) if item["kind"] == "move"]
    assert moves == wanted
    numbers = [item["seq"] for item in applied(page)]
    assert numbers == sorted(set(numbers))
    assert page.evaluate("harness.runs") < 8
    for name, last in dict(wanted).items():
        assert price(page, name) == last


def test_a_piece_keeps_its_unconfirmed_price_when_other_news_arrive(open_board: OpenBoard) -> None:
    page = open_board(view())
    page.evaluate("harness.paused = true")
    drag(page, "N7", -40)
    pending = price(page, "N7")
    assert pending != 338_800
    page.evaluate("harness.show({ revision: 8 })")
    assert price(page, "N7") == pending
    page.evaluate("harness.show({ acknowledged: { client: 'another tab', seq: 99 } })")
    assert price(page, "N7") == pending
    page.evaluate("() => { harness.paused = false; harness.run(); }")
    confirmed(page)
    assert price(page, "N7") == pending


def test_news_during_a_drag_neither_drop_nor_shift_a_piece_nor_rebuild_the_board(
    open_board: OpenBoard,
) -> None:
    page = open_board(view())
    page.evaluate("harness.root.querySelector('[data-product=N5]').dataset.mark = 'same node'")
    drag(page, "N5", -60, release=False)
    held = price(page, "N5")
    names = ["N5", "O3", "C3", "L2", "A2", "P2"]
    heights = [centre(page, name)[1] for name in names]
    page.evaluate("harness.show({ revision: 8, busy: true })")
    assert [centre(page, name)[1] for name in names] == pytest.approx(heights, abs=0.1)
    assert price(page, "N5") == held
    assert page.locator("[data-mark='same node']").count() == 1
    page.mouse.up()
    confirmed(page)
    assert applied(page)[-1]["price"] == held


def test_the_nearest_centre_is_picked_even_under_a_larger_piece(open_board: OpenBoard) -> None:
    data = view()
    for piece in data["pieces"]:
        if piece["id"] == "T1":
            piece.update(price=279_000, base_price=279_000, units=200, base_units=200, row=2)
    page = open_board(data)
    small, large = centre(page, "T1"), centre(page, "L2")
    point = [near + (far - near) * 0.4 for near, far in zip(small, large, strict=True)]
    assert math.dist(point, large) < radius(page, "L2")
    page.mouse.click(*point)
    confirmed(page)
    assert applied(page)[-1]["product"] == "T1"


def test_a_click_within_22_pixels_picks_and_one_farther_off_does_not(open_board: OpenBoard) -> None:
    page = open_board(view())
    x, y = centre(page, "G2")
    page.mouse.click(x + 25, y)
    assert page.evaluate("harness.messages") == []
    page.mouse.click(x + 20, y)
    confirmed(page)
    assert applied(page)[-1]["product"] == "G2"


def test_the_board_is_one_tab_stop_and_arrows_move_the_price(open_board: OpenBoard) -> None:
    page = open_board(view())
    page.keyboard.press("Tab")
    focused = "() => harness.root.activeElement?.dataset.product"
    assert page.evaluate(focused) == "N5"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    slider = page.locator("g[data-product=N5]")
    expect(slider).to_have_attribute("aria-valuenow", "266400")
    expect(slider).to_have_attribute("role", "slider")
    assert "266,400 CNY, −0.9 % against base" in (slider.get_attribute("aria-valuetext") or "")
    confirmed(page)
    expect(page.locator(".board")).to_have_attribute("data-revision", "8")
    assert [(item["kind"], item["price"]) for item in applied(page)] == [("move", 266_400)]
    assert page.evaluate(focused) == "N5"
    page.keyboard.press("Tab")
    assert page.evaluate(focused) is None


def test_escape_cancels_keys_and_enter_and_leaving_commit_them(open_board: OpenBoard) -> None:
    page = open_board(view())
    page.locator("g[data-product=N5]").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Escape")
    assert price(page, "N5") == 255_400
    page.wait_for_timeout(500)
    assert page.evaluate("harness.messages") == []
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    assert len(page.evaluate("harness.messages")) == 1
    confirmed(page)
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Tab")
    confirmed(page)
    assert [item["price"] for item in applied(page)] == [254_400, 253_400]


def test_letters_and_arrows_jump_between_pieces_and_enter_picks(open_board: OpenBoard) -> None:
    page = open_board(view())
    page.locator("g[data-product=N5]").focus()
    focused = "() => harness.root.activeElement.dataset.product"
    page.keyboard.type("o3")
    assert page.evaluate(focused) == "O3"
    page.keyboard.press("ArrowDown")
    assert page.evaluate(focused) == "A2"
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    confirmed(page)
    assert applied(page) == [{"seq": 1, "kind": "select", "product": "O3"}]


def test_the_focus_stays_on_its_piece_when_the_drawing_order_changes(open_board: OpenBoard) -> None:
    page = open_board(view(), delay=60_000)
    page.locator("g[data-product=N9]").focus()
    for _ in range(9):
        page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Enter")
    expect(page.locator(".board")).to_have_attribute("data-pending", "2")
    assert radius(page, "N9") > radius(page, "N7")
    order = page.locator("g.piece").evaluate_all("nodes => nodes.map(node => node.dataset.product)")
    drawn = [(name.startswith("N"), -radius(page, name)) for name in order]
    assert drawn == sorted(drawn)
    assert page.evaluate("() => harness.root.activeElement.dataset.product") == "N9"


def test_the_live_region_says_what_was_confirmed(open_board: OpenBoard) -> None:
    page = open_board(view())
    drag(page, "N5", -20)
    expect(page.locator("[aria-live]")).to_contain_text("N5 confirmed:")


def test_a_tap_picks_on_a_touch_screen(open_board: OpenBoard) -> None:
    page = open_board(view(), width=390, has_touch=True)
    x, y = centre(page, "L2")
    page.touchscreen.tap(x + 15, y + 10)
    confirmed(page)
    assert applied(page)[-1] == {"seq": 1, "kind": "select", "product": "L2"}
    assert page.locator("svg").evaluate("node => getComputedStyle(node).touchAction") == "pan-y"


def test_a_missing_kernel_is_asked_for_once_and_a_held_one_is_named(open_board: OpenBoard) -> None:
    data = view()
    page = open_board({**data, "kernel": None})
    asked = page.evaluate("harness.messages")
    assert [(message["ops"], message["have"]) for message in asked] == [([], None)]
    page.evaluate("kernel => harness.show({ kernel })", data["kernel"])
    page.evaluate("harness.show({ kernel: null })")
    drag(page, "N5", -20)
    confirmed(page)
    assert page.evaluate("harness.messages.length") == 2
    assert page.evaluate("harness.messages[1].have") == data["kernel_hash"]


def test_without_a_kernel_the_piece_still_moves_and_sizes_stay(open_board: OpenBoard) -> None:
    page = open_board(view(kernel=None, kernel_hash=None), delay=60_000)
    before = radius(page, "N5")
    drag(page, "N5", -27, release=False)
    assert price(page, "N5") < 255_400
    assert radius(page, "N5") == before


def test_prices_sent_apart_from_the_kernel_give_the_same_preview(open_board: OpenBoard) -> None:
    data = view()
    radii = []
    for changes in ({}, {"prices": data["kernel"]["prices"]}):
        shifted = {**data["kernel"], "prices": [[0.0] * 46]} if changes else data["kernel"]
        page = open_board({**data, "kernel": shifted, **changes}, delay=60_000)
        drag(page, "N5", -27, release=False)
        radii.append(radius(page, "N5"))
    assert radii[0] == radii[1]


def test_leaving_the_page_cleans_up_and_coming_back_starts_anew(open_board: OpenBoard) -> None:
    page = open_board(view())
    drag(page, "N5", -20, release=False)
    page.evaluate("harness.cleanup()")
    assert page.locator(".board").count() == 0
    page.keyboard.press("Escape")
    page.mouse.up()
    page.evaluate("harness.show()")
    assert page.locator(".board").count() == 1
    assert price(page, "N5") == 255_400
