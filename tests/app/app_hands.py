"""Hands and eyes for the whole app: drag a piece, work a control, read the numbers."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Locator, Page, ViewportSize, expect

from sandtable.app.formatting import Format
from sandtable.app.panels import kpis
from sandtable.app.text import Language, Text
from sandtable.data.loading import DataSet
from sandtable.scenario.calendar import regions_of
from sandtable.scenario.model import LeverMove, Rivals, Scenario
from sandtable.scenario.run import run
from sandtable.scenario.summary import totals

OpenPage = Callable[..., Page]

BROWSER_NAMES = ("chromium", "chromium-browser", "google-chrome")
BROWSER_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
BOARD_READY = "g[data-product] .disc"
DESKTOP: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
WIDER_THAN_SCREEN = (
    "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
)
BASE_PRICE = 268_800.0  # of N5
CALM = 200  # milliseconds without a run
AT_REST = """calm => {
    const app = document.querySelector("[data-testid=stApp]");
    const now = performance.now();
    const rests = app?.getAttribute("data-test-script-state") === "notRunning";
    window.restsSince = rests ? (window.restsSince ?? now) : undefined;
    return rests && now - window.restsSince >= calm;
}"""


def centre(page: Page, product: str) -> tuple[float, float]:
    """Return where a piece stands on the screen."""
    box = page.locator(f"g[data-product='{product}'] .disc").bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def price(page: Page, product: str) -> float:
    """Return the price at which the board shows a piece."""
    return float(piece(page, product).get_attribute("aria-valuenow") or "nan")


def expect_price(page: Page, product: str, wanted: float) -> None:
    """Wait until the board, which is drawn after the figures, shows a piece at a price."""
    for _ in range(100):
        if price(page, product) == wanted:
            return
        page.wait_for_timeout(100)
    assert price(page, product) == wanted


def piece(page: Page, product: str) -> Locator:
    """Return the piece of a product."""
    return page.locator(f"g[data-product='{product}']")


def drag(page: Page, product: str, pixels: float, *, release: bool = True) -> None:
    """Take a piece, draw it along the price axis, let go."""
    x, y = centre(page, product)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + pixels / 2, y)
    page.mouse.move(x + pixels, y)
    if release:
        page.mouse.up()


def confirmed(page: Page, *, timeout: float = 15_000) -> None:
    """Wait until the server confirmed every move and the page has come to rest."""
    expect(page.locator(".board")).to_have_attribute("data-pending", "0", timeout=timeout)
    rested(page, timeout=timeout)


def rested(page: Page, *, timeout: float = 15_000) -> None:
    """Wait until the page has been at rest for a while: a run that was asked for starts a moment later."""
    page.evaluate("() => { window.restsSince = undefined; }")
    page.wait_for_function(AT_REST, arg=CALM, timeout=timeout)


def kpi(page: Page, place: int) -> Locator:
    """Return a number of the KPI strip."""
    return page.locator(".kpi .v").nth(place)


def changes(page: Page) -> list[str]:
    """Return the changes in the KPI strip as they are printed."""
    return page.locator(".kpi .d").all_text_contents()


def press(page: Page, key: str) -> None:
    """Press the button with a key."""
    page.locator(f".st-key-{key} button").first.click()


def choose(page: Page, key: str, option: str) -> None:
    """Choose an option of a select box; its key may carry a number behind."""
    page.locator(f"[class*='st-key-{key}'] input").click()
    page.get_by_role("option", name=option, exact=True).click()


def opened(page: Page, url: str) -> Page:
    """Open the app and wait until it can be used."""
    page.goto(url)
    page.locator(BOARD_READY).first.wait_for(timeout=30_000)
    rested(page)
    return page


def n5_at(value: float, region: str | None = None) -> LeverMove:
    """Return the move that puts N5 at a price."""
    return LeverMove("list_price", product="N5", region=region, value=value)


def scenario(
    *levers: LeverMove, parameters: str | None = None, rivals: Rivals | None = None
) -> Scenario:
    """Return a scenario of the Chinese market."""
    return Scenario(
        "", "premium_ev", parameters=parameters, levers=levers, rivals=rivals or Rivals()
    )


def expect_model(
    page: Page,
    data_sets: dict[str, DataSet],
    wanted: Scenario,
    *,
    region: str | None = None,
    language: Language = "en",
) -> None:
    """Hold the whole KPI strip against a run of the same scenario outside the app."""
    data_set = data_sets[wanted.data]
    item = run(wanted, data_set).periods[-1]
    firm = data_set.metadata.own_firm
    before, after = totals(item, firm, regions_of(data_set, region))
    cells = kpis(before, after, firm, Text(language), Format(language, data_set.metadata))
    for place, cell in enumerate(cells):
        expect(kpi(page, place)).to_have_text(cell.value, timeout=15_000)
    rested(page)
    assert changes(page) == [cell.change for cell in cells]


def to_page(page: Page, name: str, landmark: str) -> Page:
    """Go to a page by its link, and wait for something that only it shows; on a phone the links stand in a drawer."""
    link = page.get_by_role("link", name=name, exact=True)
    drawer = page.get_by_test_id("stExpandSidebarButton")
    if drawer.is_visible():
        drawer.click()
    link.click()
    page.locator(landmark).wait_for(timeout=30_000)
    close = page.locator("[data-testid='stSidebarCollapseButton'] button")
    if close.is_visible():
        close.click()
    rested(page)
    return page
