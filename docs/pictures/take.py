"""Take the pictures of the README from the real app: ``make pictures``.

Starts the app on a free loopback port, drags a piece in headless Chromium, and writes the PNG files beside this script.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
PAGES = {"competitors": "Competitors", "funnel": "Funnel", "model": "Data and model"}
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@contextmanager
def running_app() -> Iterator[str]:
    """Run the app for as long as the pictures take."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "streamlit_app.py")]
    process = subprocess.Popen([*command, "--server.port", str(port)], cwd=ROOT)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(100):
            try:
                urllib.request.urlopen(f"{address}/_stcore/health", timeout=1).read()
                break
            except OSError:
                time.sleep(0.2)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=10)


def drag(page: Page, product: str, pixels: int) -> None:
    """Drag a piece along the price axis."""
    box = page.locator(f"[data-product='{product}']").first.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + pixels, y, steps=8)
    page.mouse.up()
    page.mouse.move(4, 4)


def settled(page: Page) -> None:
    """Wait until the page has nothing left to draw."""
    page.wait_for_function(
        "!document.querySelector('[data-testid=stStatusWidget]')", timeout=180_000
    )
    page.wait_for_timeout(1500)


def tell(page: Page, story: str) -> None:
    """Bring the page to where its picture is taken."""
    if story == "picked":
        page.locator("[data-product='N5']").first.tap()
    else:
        drag(page, "N5", -38)
    settled(page)
    if story == "answered":
        page.get_by_text("Answered", exact=False).first.click()
        settled(page)
    elif story in PAGES:
        page.get_by_role("link", name=PAGES[story]).first.click()
        # the back-test comes last
        page.wait_for_timeout(12_000)
        settled(page)


def main() -> None:
    """Take all pictures."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        sys.exit("No chromium was found; install one (Debian: apt-get install chromium).")
    shots = [
        ("sand-table.png", (1440, 1130), "light", "answered"),
        ("sand-table-dark.png", (1440, 900), "dark", "held"),
        ("sand-table-phone.png", (390, 844), "light", "picked"),
        ("competitors.png", (1440, 1130), "light", "competitors"),
        ("funnel.png", (1440, 1130), "light", "funnel"),
        ("data-and-model.png", (1440, 1130), "light", "model"),
    ]
    with running_app() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        for name, (width, height), scheme, story in shots:
            phone = width < 640
            context = browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme=scheme,  # type: ignore[arg-type]
                device_scale_factor=2 if phone else 1,
                has_touch=phone,
            )
            page = context.new_page()
            page.goto(address)
            page.wait_for_selector("[data-product]")
            settled(page)
            tell(page, story)
            page.screenshot(path=HERE / name)
            context.close()
        browser.close()


if __name__ == "__main__":
    main()
