"""Hands and eyes of the browser tests: drag a piece, read what the board shows and the server got."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect


def centre(page: Page, product: str) -> tuple[float, float]:
    box = page.locator(f"[data-product={product}] .disc").bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def price(page: Page, product: str) -> float:
    return float(page.locator(f"g[data-product={product}]").get_attribute("aria-valuenow") or "nan")


def radius(page: Page, product: str) -> float:
    return float(page.locator(f"[data-product={product}] .disc").get_attribute("r") or "nan")


def drag(page: Page, product: str, pixels: float, *, release: bool = True) -> None:
    x, y = centre(page, product)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + pixels / 2, y + 1)
    page.mouse.move(x + pixels, y + 1)
    if release:
        page.mouse.up()
    page.evaluate(
        "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )


def applied(page: Page) -> list[dict[str, Any]]:
    result: list[dict[str, Any]] = page.evaluate("harness.applied")
    return result


def confirmed(page: Page) -> None:
    expect(page.locator(".board")).to_have_attribute("data-pending", "0")


def label_texts(page: Page) -> list[str]:
    return page.locator("text.label").all_text_contents()
