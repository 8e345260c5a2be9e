"""The whole app on other screens: dark, on a phone, in Chinese."""

from __future__ import annotations

import re

import pytest
from app_hands import (
    DESKTOP,
    OpenPage,
    centre,
    confirmed,
    drag,
    expect_model,
    n5_at,
    opened,
    piece,
    price,
    rested,
    scenario,
)
from app_server import RunningApp
from playwright.sync_api import Page, ViewportSize, expect

from sandtable.app.text import Text
from sandtable.data.loading import DataSet

pytestmark = pytest.mark.e2e

PHONE: ViewportSize = {"width": 390, "height": 844}


def test_chinese_is_chinese_throughout(page: Page, data_sets: dict[str, DataSet]) -> None:
    page.get_by_text("中文").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(Text("zh")("empty_finding"))
    rested(page)
    drag(page, "N5", -40)
    confirmed(page)
    expect_model(page, data_sets, scenario(n5_at(price(page, "N5"))), language="zh")
    said = page.locator("body").inner_text() + page.locator(".board").inner_text()
    for phrase in ("中型 SUV", "万元", "竞品", "保存", "指导价"):
        assert phrase in said, phrase
    for phrase in ("Save", "List price", "cars", "Rivals"):
        assert phrase not in said, phrase
    assert page.locator(".board").get_attribute("lang") == "zh-CN"


def luminance(colour: str) -> float:
    """Relative luminance of a computed colour, by WCAG 2."""
    channels = [float(part) / 255 for part in re.findall(r"[\d.]+", colour)[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_on_a_light_and_on_a_dark_page(
    app: RunningApp, open_page: OpenPage, scheme: str
) -> None:
    page = opened(open_page(viewport=DESKTOP, color_scheme=scheme), app.url)
    drag(page, "N5", -40)
    confirmed(page)
    background = page.get_by_test_id("stApp").evaluate(
        "node => getComputedStyle(node).backgroundColor"
    )
    paper = luminance(background)
    assert (paper < 0.05) is (scheme == "dark")
    assert page.locator(".board").get_attribute("data-theme") == scheme
    for place in (
        ".finding h1",
        ".kpi .v",
        ".kpi .l b",
        ".kpi .l span",
        ".kpi .d.gain",
        ".titled p",
    ):
        colour = page.locator(place).first.evaluate("node => getComputedStyle(node).color")
        light, dark = sorted((luminance(colour), paper), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, f"{place} is {colour} on {background}"


def test_on_a_phone_nothing_runs_off_the_page_and_a_tap_picks(
    app: RunningApp, open_page: OpenPage
) -> None:
    page = opened(open_page(viewport=PHONE, has_touch=True, is_mobile=True), app.url)
    wide = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wide) <= 0
    assert page.locator(".board").get_attribute("data-layout") == "phone"
    piece(page, "N5").scroll_into_view_if_needed()
    page.touchscreen.tap(*centre(page, "N5"))
    expect(page.locator("div.piece")).to_contain_text("N5")
    confirmed(page)
    assert page.evaluate(wide) <= 0
    strip = page.locator(".kpis")
    assert strip.evaluate("node => node.scrollWidth > node.clientWidth + 100")
    assert strip.evaluate("node => { node.scrollLeft = 300; return node.scrollLeft }") > 200
