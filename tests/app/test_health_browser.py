"""The page on data and model health in a browser: a refused parameter set cannot be overlooked."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import app_server
import pytest
from app_hands import BOARD_READY, DESKTOP, OpenPage, rested
from app_server import RunningApp, running
from playwright.sync_api import Page, ViewportSize, expect
from refused import NAME, refused_home

from sandtable.app.text import Language, Text

pytestmark = pytest.mark.e2e

PHONE: ViewportSize = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def refused_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    """Give the app on a home whose default parameter set was refused."""
    folder = tmp_path_factory.mktemp("refused")

    def home(place: Path) -> Path:
        made = refused_home(place)
        metadata = made / "market_data" / "us_autos" / "metadata.yaml"
        text = metadata.read_text(encoding="utf-8")
        changed = text.replace(
            "default_parameters: random_coefficient", f"default_parameters: {NAME}"
        )
        assert changed != text
        metadata.write_text(changed, encoding="utf-8")
        shutil.rmtree(made / "scenarios")
        shutil.copytree(app_server.ROOT / "scenarios", made / "scenarios")
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app_server, "make_home", home)
        with running(folder) as started:
            yield started


def open_health(page: Page, url: str, language: Language) -> None:
    """Open the app, choose the language, go to the page as a user does."""
    page.goto(url)
    page.locator(BOARD_READY).first.wait_for(timeout=30_000)
    rested(page)
    if language == "zh":
        page.get_by_text("中文", exact=True).click()
        rested(page)
    link = page.get_by_role("link", name=Text(language)("model_page"))
    if (page.viewport_size or DESKTOP)["width"] <= PHONE["width"]:  # the links are in a drawer
        page.get_by_test_id("stExpandSidebarButton").click()
    link.first.click()
    expect(page.locator(".finding.health h1")).to_be_visible(timeout=30_000)
    rested(page, timeout=60_000)


@pytest.mark.parametrize(
    ("viewport", "language", "scheme"),
    [
        pytest.param(DESKTOP, "en", "light", marks=pytest.mark.slow),
        pytest.param(DESKTOP, "zh", "dark", marks=pytest.mark.slow),
        (PHONE, "zh", "light"),
        pytest.param(PHONE, "en", "dark", marks=pytest.mark.slow),
    ],
    ids=["desktop-en-light", "desktop-zh-dark", "phone-zh-light", "phone-en-dark"],
)
def test_a_refused_set_is_seen_first_and_nothing_is_cut_off(
    refused_app: RunningApp,
    open_page: OpenPage,
    viewport: ViewportSize,
    language: Language,
    scheme: str,
) -> None:
    text = Text(language)
    page = open_page(viewport=viewport, color_scheme=scheme)
    open_health(page, refused_app.url, language)
    head = page.locator(".finding.health")
    expect(head.locator("h1")).to_contain_text(text("health_parameters_refuse", name=NAME))
    expect(head.locator(".verdict.refuse")).to_be_in_viewport()
    expect(page.locator(".gates .verdict.refuse").first).to_be_in_viewport()
    marked = page.locator("table.cards tr.marked")
    expect(marked.locator(".verdict.refuse")).to_have_text(text("health_chip_refuse"))
    # the back-test came in after the rest
    expect(head.locator("h1")).not_to_contain_text(text("health_path_waiting"))
    expect(page.locator(".st-key-health_path ul.said li")).to_have_count(7)
    expect(page.get_by_test_id("stVegaLiteChart").locator("canvas, svg")).to_have_count(2)
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= viewport["width"]
    outside = page.evaluate(
        """() => [...document.querySelectorAll('table.cards, .gates, .finding.health, dl.facts, ul.said')]
        .filter(one => one.getBoundingClientRect().right > innerWidth + 1).length"""
    )
    assert outside == 0


def test_the_label_stands_on_the_sand_table_and_on_competitors(
    refused_app: RunningApp, open_page: OpenPage
) -> None:
    page = open_page(viewport=DESKTOP)
    page.goto(refused_app.url)
    page.locator(BOARD_READY).first.wait_for(timeout=30_000)
    rested(page)
    label = page.locator(".st-key-strip .badge.refuse")
    expect(label).to_be_in_viewport()
    page.get_by_role("link", name=Text("en")("competitors_page")).click()
    expect(page.locator(".st-key-competitors_head")).to_be_visible(timeout=30_000)
    rested(page, timeout=30_000)
    expect(label).to_be_in_viewport()
