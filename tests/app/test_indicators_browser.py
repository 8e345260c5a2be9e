"""The page on indicators in a browser, and the way from a figure of the sand-table to its definition."""

from __future__ import annotations

import re

import pytest
from app_hands import DESKTOP, PHONE, WIDER_THAN_SCREEN, OpenPage, kpi, opened, rested, to_page
from app_server import RunningApp
from playwright.sync_api import Browser, expect

from sandtable.app.formatting import Format
from sandtable.app.text import Text
from sandtable.data.loading import DataSet
from sandtable.indicators import compute

pytestmark = pytest.mark.e2e

HEAD = ".indicator-head"
TEXT = Text("en")
SLOW = 60_000  # milliseconds: the figures of all indicators are made beside the page


def test_an_indicator_is_searched_for_picked_and_shows_what_compute_gives(
    app: RunningApp, open_page: OpenPage, data_sets: dict[str, DataSet]
) -> None:
    page = opened(open_page(viewport=DESKTOP, color_scheme="light"), app.url)
    to_page(page, TEXT("indicators"), HEAD)
    search = page.locator("[class*='st-key-indicators_search'] input")
    search.fill("order rate")
    search.press("Enter")
    row = page.locator(".indicators a[data-pick='indicator:sal_order_rate']")
    expect(page.locator(".indicators a[data-pick='indicator:sal_unit_cnt']")).to_have_count(0)
    row.click()
    expect(page.locator(f"{HEAD} h1")).to_have_text("Order rate", timeout=15_000)
    expect(page).to_have_url(re.compile(r"code=sal_order_rate"))
    value = compute(["sal_order_rate"], "premium_ev", by=["month"])["sal_order_rate"].iloc[-1]
    written = Format("en", data_sets["premium_ev"].metadata).percent(value)
    expect(page.locator(".st-key-indicator_trend h2")).to_contain_text(written)
    expect(row.locator(".v").first).to_have_text(written, timeout=SLOW)
    expect(page.locator(".records table").first).to_contain_text("✓", timeout=15_000)
    page.locator(".drawings .wide a[data-pick='indicator:sal_order_cnt']").click()
    expect(page.locator(f"{HEAD} + p code")).to_have_text("sal_order_cnt", timeout=15_000)
    expect(page.locator(".drawings .wide .picked")).to_contain_text("sal_order_cnt")


def test_a_link_opens_the_indicator_it_names_and_back_returns(
    app: RunningApp, browser: Browser
) -> None:
    # without the guard of `open_page`: Streamlit itself asks for two addresses below the page that are not there
    context = browser.new_context(viewport=DESKTOP)
    page = context.new_page()
    page.goto(f"{app.url}/indicators?code=sal_price_gap")
    code = page.locator(f"{HEAD} + p code")
    expect(code).to_have_text("sal_price_gap", timeout=SLOW)
    page.locator(".formula a[data-pick='indicator:sal_unit_cnt_own']").first.click()
    expect(code).to_have_text("sal_unit_cnt_own", timeout=15_000)
    page.go_back()
    expect(code).to_have_text("sal_price_gap", timeout=15_000)
    context.close()


def test_a_figure_of_the_strip_opens_its_definition_and_the_scenario_stays(
    app: RunningApp, open_page: OpenPage
) -> None:
    page = opened(open_page(viewport=DESKTOP, color_scheme="dark"), app.url)
    page.locator(".st-key-open_sample button").click()
    expect(page.locator(".st-key-strip")).to_contain_text("change", timeout=15_000)
    rested(page)
    value = kpi(page, 0).inner_text()
    page.get_by_role("link", name=TEXT("kpi_asks")).first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("sal_unit_cnt_own", timeout=15_000)
    expect(dialog.locator("table.cards").first).to_contain_text(value)
    rested(page)
    dialog.get_by_text(TEXT("kpi_rows"), exact=True).click()
    expect(dialog.get_by_test_id("stDataFrame").first).to_be_visible(timeout=15_000)
    rested(page)
    dialog.get_by_role("link", name=TEXT("kpi_open_definition")).click()
    expect(page.locator(f"{HEAD} + p code")).to_have_text("sal_unit_cnt_own", timeout=15_000)
    expect(page.locator(".st-key-strip")).to_contain_text("change")


def test_on_a_phone_the_definition_follows_the_list_and_nothing_runs_off_the_page(
    app: RunningApp, open_page: OpenPage
) -> None:
    text = Text("zh")
    phone = open_page(viewport=PHONE, has_touch=True, is_mobile=True, color_scheme="dark")
    page = opened(phone, app.url)
    page.get_by_text("中文").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(text("empty_finding"))
    rested(page)
    to_page(page, text("indicators"), HEAD)
    page.locator(".indicators a").first.tap()
    expect(page.locator(f"{HEAD} + p code")).to_have_text("cmp_lead_idx", timeout=15_000)
    page.locator(".records").wait_for(timeout=15_000)
    rested(page)
    expect(page.locator(".drawings svg.wide")).to_be_hidden()
    expect(page.locator(".drawings svg.narrow")).to_be_visible()
    assert page.evaluate(WIDER_THAN_SCREEN) <= 0
    said = page.locator("[data-testid='stMain']").inner_text()
    for key in ("indicator_means", "lineage_title", "history", "indicator_facts", "test_range"):
        assert TEXT(key) not in said, key
        assert text(key) in said, key
    row = page.locator(".indicators a").first.bounding_box()
    assert row is not None
    assert row["height"] >= 44
