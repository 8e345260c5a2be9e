"""The page on competitors in a browser: on a desktop and a phone, in both languages, light and dark."""

from __future__ import annotations

import app_hands
import pytest
from app_hands import (
    DESKTOP,
    PHONE,
    WIDER_THAN_SCREEN,
    OpenPage,
    confirmed,
    drag,
    opened,
    rested,
    to_page,
)
from app_server import RunningApp
from playwright.sync_api import Page, expect

from sandtable.app.text import Text

pytestmark = pytest.mark.e2e

TEXT = Text("en")


def to_competitors(page: Page, name: str = TEXT("competitors_page")) -> Page:
    """Go to the page by its link; on a phone the links stand in a drawer."""
    return to_page(page, name, ".happened")


@pytest.fixture
def competitors(page: Page) -> Page:
    """Give the page in a desktop window, ready to use."""
    return to_competitors(page)


def choose(page: Page, key: str, option: str) -> None:
    """Choose an option of a select box; the page comes to rest first, because scrolling shuts an open list."""
    page.locator(f"[class*='st-key-{key}'] input").scroll_into_view_if_needed()
    page.wait_for_timeout(300)
    app_hands.choose(page, key, option)


def answered(page: Page) -> list[str]:
    """Return the column of cars with rivals answered."""
    return page.locator(".st-key-held td:nth-child(3)").all_text_contents()


def test_the_page_shows_map_findings_answers_heat_maps_and_events(competitors: Page) -> None:
    expect(competitors.get_by_role("heading", level=1)).to_contain_text("our N5")
    expect(competitors.locator(".st-key-price_map .marks")).to_be_visible(timeout=15_000)
    expect(competitors.locator(".happened p")).to_have_count(4)
    expect(competitors.locator("table.heat")).to_have_count(2)
    expect(competitors.locator(".calendar .event.touches").first).to_be_visible()
    expect(competitors.locator(".badge")).to_have_text("synthetic")
    expect(competitors.locator(".st-key-held")).to_contain_text(TEXT("held_empty"))


def test_without_levers_a_link_leads_to_the_table(competitors: Page) -> None:
    competitors.get_by_role("link", name=TEXT("to_the_table")).click()
    competitors.locator(".board").wait_for(timeout=15_000)


def test_a_response_changes_the_scenario_and_the_answered_column(page: Page) -> None:
    drag(page, "N5", -60)
    confirmed(page)
    to_competitors(page)
    held = page.locator(".st-key-held td:nth-child(2)").all_text_contents()
    assert answered(page) == held
    revision = page.locator(".st-key-strip").inner_text()
    choose(page, "answer_others", TEXT("response_best_response"))
    rested(page)
    expect(page.locator(".st-key-held td:nth-child(3)").first).not_to_have_text(held[0])
    first = answered(page)
    assert page.locator(".st-key-held td:nth-child(2)").all_text_contents() == held
    choose(page, "answer_1", TEXT("response_hold"))
    rested(page)
    expect(page.locator(".st-key-held td:nth-child(3)").first).not_to_have_text(first[0])
    assert page.locator(".st-key-strip").inner_text() != revision
    page.get_by_role("link", name=TEXT("page"), exact=True).click()
    page.locator(".board").wait_for(timeout=15_000)
    rested(page)
    chosen = page.locator(".st-key-rivals_row button[aria-checked='true']")
    expect(chosen).to_contain_text(TEXT("answered"))
    expect(page.locator(".st-key-rivals_row")).to_contain_text(TEXT("response_hold"))


def test_undo_takes_a_response_back(competitors: Page) -> None:
    choose(competitors, "answer_1", TEXT("response_match", part="50\u00a0%", lag=1))
    rested(competitors)
    box = competitors.locator("[class*='st-key-answer_1'] input")
    expect(box).to_have_value(TEXT("response_match", part="50\u00a0%", lag=1))
    competitors.locator(".st-key-undo button").first.click()
    before = TEXT("response_as_others", response=TEXT("response_hold"))
    expect(box.first).to_have_value(before, timeout=15_000)
    expect(box).to_have_count(1, timeout=15_000)


def test_play_moves_the_month_to_the_end_and_stops(competitors: Page) -> None:
    title = competitors.locator(".st-key-price_map h2")
    expect(title).to_contain_text("Jun 2026")
    competitors.get_by_role("button", name=TEXT("play")).click()
    expect(competitors.get_by_role("button", name=TEXT("pause"))).to_be_visible(timeout=15_000)
    expect(title).to_contain_text("Nov 2025", timeout=15_000)
    expect(title).to_contain_text("Dec 2025", timeout=15_000)
    expect(title).to_contain_text("Jun 2026", timeout=30_000)
    expect(competitors.get_by_role("button", name=TEXT("play"))).to_be_visible(timeout=15_000)


def test_the_slider_moves_the_month_and_the_table_follows(competitors: Page) -> None:
    slider = competitors.locator(".st-key-clock").get_by_role("slider")
    slider.focus()
    competitors.keyboard.press("ArrowLeft")
    title = competitors.locator(".st-key-price_map h2")
    expect(title).to_contain_text("May 2026", timeout=15_000)
    competitors.get_by_text(TEXT("as_table")).click()
    rows = competitors.locator(".st-key-price_map table.plain tbody tr")
    expect(rows.first).to_be_visible(timeout=15_000)
    assert rows.count() > 50


def test_another_product_is_asked_about(competitors: Page) -> None:
    choose(competitors, "product_in_question", "N7")
    expect(competitors.get_by_role("heading", level=1)).to_contain_text("our N7", timeout=15_000)
    expect(competitors.locator("table.heat tr.asked th").first).to_have_text("N7")


@pytest.mark.parametrize("scheme", [pytest.param("light", marks=pytest.mark.slow), "dark"])
def test_on_a_phone_nothing_runs_off_the_page(
    app: RunningApp, open_page: OpenPage, scheme: str
) -> None:
    options = {"viewport": PHONE, "has_touch": True, "is_mobile": True, "color_scheme": scheme}
    page = to_competitors(opened(open_page(**options), app.url))
    assert page.evaluate(WIDER_THAN_SCREEN) <= 0
    scroll = page.locator(".heat-scroll").first
    assert scroll.evaluate("node => { node.scrollLeft = 300; return node.scrollLeft }") > 100
    box = page.locator("[class*='st-key-answer_1'] [role='group']").bounding_box()
    assert box is not None
    assert box["height"] >= 44
    choose(page, "answer_1", TEXT("response_best_response"))
    rested(page)
    assert page.evaluate(WIDER_THAN_SCREEN) <= 0


def test_chinese_and_the_american_market(app: RunningApp, open_page: OpenPage) -> None:
    page = opened(open_page(viewport=DESKTOP, color_scheme="dark"), app.url)
    page.get_by_text("中文").click()
    chinese = Text("zh")
    expect(page.get_by_role("heading", level=1)).to_have_text(chinese("empty_finding"))
    rested(page)
    to_competitors(page, chinese("competitors_page"))
    said = page.locator("[data-testid='stMain']").inner_text()
    for phrase in ("Hold", "Firm", "cars", "Share", "events", "SUV loses"):
        assert phrase not in said, phrase
    choose(page, "data_set", chinese.name("us_autos"))
    expect(page.locator(".st-key-calendar")).to_contain_text(
        chinese("calendar_none"), timeout=30_000
    )
    rested(page)
    expect(page.locator(".st-key-price_map .marks")).to_be_visible()
    expect(page.locator(".st-key-price_map h2")).to_contain_text("1990")
