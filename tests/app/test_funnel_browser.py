"""The page on the funnel in a browser: on a desktop, and on a phone in Chinese and dark."""

from __future__ import annotations

import re

import pytest
from app_hands import DESKTOP, PHONE, WIDER_THAN_SCREEN, OpenPage, opened, rested, to_page
from app_server import RunningApp
from playwright.sync_api import Page, expect

from sandtable.app.text import Text

pytestmark = pytest.mark.e2e


def to_funnel(page: Page, text: Text) -> Page:
    """Go to the page by its link; on a phone the links stand in a drawer."""
    return to_page(page, text("funnel_page"), ".stages")


def test_a_region_is_chosen_and_links_are_lifted(app: RunningApp, open_page: OpenPage) -> None:
    text = Text("en")
    page = to_funnel(opened(open_page(viewport=DESKTOP, color_scheme="light"), app.url), Text("en"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("4 links")
    expect(page.locator(".st-key-funnel_list")).to_be_hidden()
    page.locator(".st-key-funnel_tree label").filter(has_text="Sichuan").click()
    title = text("funnel_title_one", place="Sichuan", stage=text("funnel_stage_test_drives"))
    expect(page.locator(".st-key-funnel_stages h2")).to_have_text(title, timeout=15_000)
    rested(page)
    expect(page.locator("table.places tbody tr")).to_have_count(10)
    expect(page.locator(".stage .rate-lane")).to_have_count(4)
    box = page.locator(".st-key-funnel_stages .stages").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 900
    page.get_by_role("button", name=text("funnel_lift")).first.click()
    said = re.compile(r"The lifted link brings \+\d+ cars")
    expect(page.locator(".st-key-funnel_links h2").nth(1)).to_have_text(said, timeout=15_000)
    expect(page.locator(".lifted-link")).to_contain_text("Stage rate Nova test drives")
    expect(page.locator(".st-key-strip")).to_contain_text("1 change")


def test_on_a_phone_a_list_stands_for_the_tree_and_nothing_runs_off_the_page(
    app: RunningApp, open_page: OpenPage
) -> None:
    text = Text("zh")
    phone = open_page(viewport=PHONE, has_touch=True, is_mobile=True, color_scheme="dark")
    page = opened(phone, app.url)
    page.get_by_text("中文").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(text("empty_finding"))
    rested(page)
    to_funnel(page, text)
    expect(page.locator(".st-key-funnel_tree")).to_be_hidden()
    page.locator(".st-key-funnel_list input").click()
    page.get_by_role("option").filter(has_text=text.name("Sichuan")).click()
    title = text("funnel_title_one", place="四川", stage=text("funnel_stage_test_drives"))
    expect(page.locator(".st-key-funnel_stages h2")).to_have_text(title, timeout=15_000)
    rested(page)
    assert page.evaluate(WIDER_THAN_SCREEN) <= 0
    said = page.locator("[data-testid='stMain']").inner_text()
    for phrase in ("cars", "dealer", "benchmark", "Stage", "Sichuan"):
        assert phrase not in said, phrase
    lift = page.get_by_role("button", name=text("funnel_lift")).first.bounding_box()
    assert lift is not None
    assert lift["height"] >= 44
