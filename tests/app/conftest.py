"""Both data sets, and a headless browser for the tests marked `e2e`; it may talk to this machine only."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from app_hands import BROWSER_ARGUMENTS, BROWSER_NAMES, DESKTOP, OpenPage, opened
from app_server import RunningApp, running
from playwright.sync_api import Browser, ConsoleMessage, Page, Route, sync_playwright

from sandtable.data.loading import DataSet
from sandtable.scenario.base import open_data_set

DATA_SETS = ("premium_ev", "us_autos")
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
LOCAL_SCHEMES = {"data", "blob", "about"}

RIGGED = Path(__file__).with_name("rigged_app.py")


@pytest.fixture(scope="session")
def data_sets() -> dict[str, DataSet]:
    """Give the data sets that are shipped, by name."""
    return {name: open_data_set(name) for name in DATA_SETS}


def is_local(url: str) -> bool:
    """Say whether a request stays on this machine."""
    parts = urlsplit(url)
    return parts.scheme in LOCAL_SCHEMES or parts.hostname in LOOPBACK


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Give the one browser of the test run; skip when none is installed."""
    executable = next(filter(None, map(shutil.which, BROWSER_NAMES)), None)
    if executable is None:
        pytest.skip(f"no browser found on PATH; looked for {', '.join(BROWSER_NAMES)}")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=executable, args=BROWSER_ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Open pages (keywords: those of a Playwright context); afterwards fail on requests that left
    this machine, on errors in the console and on uncaught exceptions.
    """
    left: list[str] = []
    errors: list[str] = []
    contexts = []

    def guard(route: Route) -> None:
        if is_local(route.request.url):
            route.continue_()
            return
        left.append(route.request.url)
        route.abort()

    def listen(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(message.text)

    def open_one(**options: Any) -> Page:
        context = browser.new_context(**options)
        contexts.append(context)
        context.route("**/*", guard)
        page = context.new_page()
        page.on("console", listen)
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert left == [], f"requests left this machine: {left}"
    assert errors == [], f"errors in the browser: {errors}"


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    """Give the app, started once."""
    with running(tmp_path_factory.mktemp("home")) as started:
        yield started


@pytest.fixture(scope="session")
def rigged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    """Give the app with a slow model, rivals that never settle, and a crash when a product leaves."""
    with running(tmp_path_factory.mktemp("rigged"), RIGGED) as started:
        yield started


@pytest.fixture
def page(app: RunningApp, open_page: OpenPage) -> Page:
    """Give the app in a desktop window, ready to use."""
    return opened(open_page(viewport=DESKTOP), app.url)
