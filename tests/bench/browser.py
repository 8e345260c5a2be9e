"""The real app in a headless browser: start -> board usable, drag released -> KPI on screen."""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from sandtable.app.formatting import Format
from sandtable.data.loading import DataSet
from sandtable.scenario.base import open_data_set
from sandtable.scenario.model import LeverMove, Scenario
from sandtable.scenario.run import run
from sandtable.scenario.summary import totals
from tests.app.app_hands import (
    BOARD_READY,
    BROWSER_ARGUMENTS,
    BROWSER_NAMES,
    DESKTOP,
    confirmed,
    drag,
    kpi,
    price,
    rested,
)
from tests.app.app_server import running
from tests.bench.measure import Row, Times

DATA, PRODUCT = "premium_ev", "N5"
DRAGS = 30
PAUSE = 300  # ms between two drags: the page has come to rest
RELEASE = "drag released -> KPI on screen, headless browser"
START = "app start -> board usable (health check and first piece drawn)"

# The clock runs in the page: from the release of the pointer to the frame that paints the new number.
STOPWATCH = """() => {
  const number = () => document.querySelector('.kpi .v')?.textContent;
  const watch = { shown: number(), released: null, times: [] };
  document.addEventListener('pointerup', () => { watch.released = performance.now(); }, true);
  new MutationObserver(() => {
    const now = number();
    if (!now || now === watch.shown || watch.released === null) return;
    watch.shown = now;
    const { released } = watch;
    watch.released = null;
    requestAnimationFrame(() => watch.times.push(performance.now() - released));
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
  window.stopwatch = watch;
}"""


def rows() -> list[Row]:
    """Measure, or say why not."""
    executable = next(filter(None, map(shutil.which, BROWSER_NAMES)), None)
    if executable is None:
        remark = f"Skipped, because no browser is on PATH ({', '.join(BROWSER_NAMES)})."
        return [Row(START, remark=remark), Row(RELEASE, remark=remark)]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=BROWSER_ARGUMENTS)
        page = browser.new_page(viewport=DESKTOP)
        begin = time.perf_counter()
        with running(Path(folder)) as app:
            page.goto(app.url)
            page.locator(BOARD_READY).first.wait_for(timeout=60_000)
            started = time.perf_counter() - begin
            rested(page, timeout=60_000)
            released = _drags(page)
        browser.close()
    return [
        Row(START, started, 10.0, at_least=False, unit=" s", remark="with its 45 pieces"),
        Row(
            RELEASE,
            1000 * released.median,
            150.0,
            at_least=False,
            unit=" ms",
            times={"sandtable": released},
            remark="every number on screen equal to a run of the model; no price twice",
        ),
    ]


def _drags(page: Page) -> Times:
    """Drag one piece to and fro, each time to another price, and hold each number against the model."""
    data_set = open_data_set(DATA)
    page.evaluate(STOPWATCH)
    for turn in range(DRAGS):
        pixels = 30 + 3 * turn
        drag(page, PRODUCT, pixels if turn % 2 else -pixels)
        page.wait_for_function("count => stopwatch.times.length > count", arg=turn)
        confirmed(page)
        shown, expected = kpi(page, 0).text_content(), _expected(price(page, PRODUCT), data_set)
        if shown != expected:
            raise AssertionError(
                f"drag {turn}: the screen shows {shown}, the model says {expected}"
            )
        page.wait_for_timeout(PAUSE)
    seconds = [milliseconds / 1000 for milliseconds in page.evaluate("stopwatch.times")]
    return Times(statistics.median(seconds), min(seconds), max(seconds), len(seconds))


def _expected(at: float, data_set: DataSet) -> str:
    """Units of the own firm when the piece stands at a price, as they are printed."""
    move = LeverMove("list_price", product=PRODUCT, value=at)
    result = run(Scenario("A drag", DATA, levers=(move,)), data_set)
    _, after = totals(result.periods[-1], result.own_firm)
    return Format("en", data_set.metadata).count(after.units)
