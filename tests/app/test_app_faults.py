"""The whole app when things go wrong: a slow model, a lagging network, broken files, errors."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from app_hands import (
    BASE_PRICE,
    DESKTOP,
    OpenPage,
    centre,
    confirmed,
    drag,
    expect_model,
    expect_price,
    n5_at,
    opened,
    piece,
    press,
    price,
    rested,
    scenario,
)
from app_server import RunningApp
from playwright.sync_api import Page, WebSocketRoute, expect

from sandtable.app.text import Text
from sandtable.data.loading import DataSet
from sandtable.scenario.model import LeverMove

pytestmark = pytest.mark.e2e

TEXT = Text("en")


BROKEN = b"""\
schema: 1
title: Broken
data: premium_ev
levers:
  - {lever: list_price, product: N6, change: -5 %}
  - {lever: list_prize, product: N5, change: -5 %}
  - {lever: list_price, product: N5, change: five}
"""


def test_a_broken_file_shows_all_its_faults_and_changes_nothing(
    page: Page, data_sets: dict[str, DataSet]
) -> None:
    drag(page, "N5", -40)
    confirmed(page)
    moved = n5_at(price(page, "N5"))
    press(page, "open")
    page.locator("input[type=file]").set_input_files(
        {"name": "broken.yaml", "mimeType": "application/yaml", "buffer": BROKEN}
    )
    for fault in (
        r"broken\.yaml, levers\[0\]\.product: .*'N6'",
        r"broken\.yaml, levers\[1\]\.lever: .*'list_prize'",
        r"broken\.yaml, levers\[2\]\.change: .*five",
    ):
        expect(page.get_by_text(re.compile(fault)).first).to_be_visible()
    assert "Traceback" not in page.content()
    expect_model(page, data_sets, scenario(moved))
    expect_price(page, "N5", moved.value)


class Lag:
    """Hold back what the server says, as a slow network does."""

    def __init__(self, page: Page) -> None:
        self.holding = False
        self.held: list[Callable[[], None]] = []
        page.route_web_socket(re.compile("/_stcore/stream"), self.connect)

    def connect(self, client: WebSocketRoute) -> None:
        server = client.connect_to_server()
        client.on_message(server.send)

        def pass_on(message: str | bytes) -> None:
            if self.holding:
                self.held.append(lambda: client.send(message))
            else:
                client.send(message)

        server.on_message(pass_on)

    def begin(self) -> None:
        self.holding = True

    def end(self) -> None:
        self.holding = False
        for send in self.held:
            send()
        self.held.clear()


@pytest.mark.slow
def test_eight_quick_moves_with_a_slow_server_lose_nothing(
    rigged: RunningApp, open_page: OpenPage, data_sets: dict[str, DataSet]
) -> None:
    page = opened(open_page(viewport=DESKTOP), rigged.url)
    wanted: list[tuple[str, float]] = []
    for turn in range(8):
        name = ("N3", "N7", "N9")[turn % 3]
        drag(page, name, 20 if turn < 3 else 8)
        wanted.append((name, price(page, name)))
    assert int(page.locator(".board").get_attribute("data-pending") or "0") > 0
    confirmed(page, timeout=60_000)
    last = dict(wanted)
    assert len(set(wanted)) == 8
    assert {name: price(page, name) for name in last} == last
    levers = [LeverMove("list_price", product=name, value=value) for name, value in last.items()]
    expect_model(page, data_sets, scenario(*levers))
    # undo takes them back one by one, in the order in which they were made
    expect(page.locator(".st-key-strip")).to_contain_text("rev 8")
    for turn in range(7, -1, -1):
        standing = dict(wanted[:turn])
        name = wanted[turn][0]
        base = {"N3": 219_800.0, "N7": 338_800.0, "N9": 428_800.0}[name]
        press(page, "undo")
        expect(piece(page, name)).to_have_attribute(
            "aria-valuenow", f"{standing.get(name, base):.0f}", timeout=15_000
        )
        rested(page)
    expect(page.locator(".st-key-undo button").first).to_be_disabled()


def test_a_page_that_lags_behind_sends_no_old_value_back(
    app: RunningApp, open_page: OpenPage, data_sets: dict[str, DataSet]
) -> None:
    page = open_page(viewport=DESKTOP)
    lag = Lag(page)
    opened(page, app.url)
    for pixels in (-20, -20):
        drag(page, "N5", pixels)
        confirmed(page)
    lag.begin()
    press(page, "undo")
    page.wait_for_timeout(1_500)  # the server is done, the page has not heard of it
    press(page, "undo")
    page.wait_for_timeout(500)
    lag.end()
    expect(piece(page, "N5")).to_have_attribute("aria-valuenow", f"{BASE_PRICE:.0f}")
    expect_model(page, data_sets, scenario())
    expect(page.locator(".st-key-strip")).to_contain_text("rev 4")


def test_rivals_that_do_not_settle_are_said_and_the_last_numbers_stay(
    rigged: RunningApp, open_page: OpenPage, data_sets: dict[str, DataSet]
) -> None:
    page = opened(open_page(viewport=DESKTOP), rigged.url)
    drag(page, "N5", -40)
    confirmed(page, timeout=30_000)
    held = scenario(n5_at(price(page, "N5")))
    expect_model(page, data_sets, held)
    page.locator(".st-key-rivals_row button", has_text="Answered").click()
    reason = TEXT("error_title", reason=TEXT("reason_iteration_limit"))
    expect(page.get_by_role("heading", level=1)).to_have_text(reason, timeout=15_000)
    expect(page.get_by_text(TEXT("error_kept"))).to_be_visible()
    expect(page.locator(".kpis.stale")).to_be_visible()
    expect_model(page, data_sets, held)
    page.get_by_role("button", name="Hold rivals").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("lifts Nova", timeout=15_000)
    expect(page.locator(".kpis.stale")).to_have_count(0)


def test_an_unforeseen_error_is_a_sentence_and_undo_is_not_lost(
    rigged: RunningApp, open_page: OpenPage
) -> None:
    page = opened(open_page(viewport=DESKTOP), rigged.url)
    page.mouse.click(*centre(page, "N5"))
    page.get_by_role("button", name="Take N5 off the market").click()
    alert = page.get_by_test_id("stAlert")
    expect(alert).to_contain_text("did not foresee", timeout=15_000)
    number = re.search(r"error ([0-9a-f]{8})", alert.text_content() or "")
    assert number is not None
    for secret in ("Traceback", "RuntimeError", "/secret/path"):
        assert secret not in page.content()
    assert f"error {number[1]}" in rigged.log
    assert "/secret/path" in rigged.log
