"""Every lever in a browser: media, an offer with terms, dates, months that play, a new piece, a fault."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from app_hands import (
    DESKTOP,
    OpenPage,
    centre,
    choose,
    confirmed,
    expect_model,
    kpi,
    opened,
    piece,
    press,
    rested,
    scenario,
)
from app_server import RunningApp
from playwright.sync_api import Page, expect

from sandtable.app.formatting import Format
from sandtable.app.text import Text
from sandtable.data.loading import DataSet
from sandtable.scenario.calendar import coming_periods
from sandtable.scenario.model import LeverMove
from sandtable.scenario.run import run
from sandtable.scenario.summary import totals
from sandtable.units import Change

pytestmark = pytest.mark.e2e

TEXT = Text("en")


def open_group(page: Page, name: str) -> None:
    """Open a group of levers."""
    page.locator(".st-key-lever_groups button", has_text=TEXT(f"group_{name}")).click()
    rested(page)


def pull(page: Page, name: str, value: str) -> None:
    """Write a number into the input of a lever or a term."""
    field = page.get_by_role("spinbutton", name=name)
    field.fill(value)
    field.press("Enter")
    rested(page)


def test_media_and_an_offer_with_terms_show_what_the_model_says(
    page: Page, data_sets: dict[str, DataSet]
) -> None:
    page.mouse.click(*centre(page, "N5"))
    open_group(page, "media")
    choose(page, "field-media-channel", "digital")
    expect(page.locator("[class*='st-key-lever-media-Nova-digital']")).to_be_visible()
    pull(page, "Media spend", "50")
    media = LeverMove("media", firm="Nova", channel="digital", change=Change("relative", 0.5))
    expect_model(page, data_sets, scenario(media))
    open_group(page, "offer")
    pull(page, "Finance", "1.9")
    press(page, "tune_finance")
    pull(page, "Months", "36")
    loan = LeverMove("finance", product="N5", terms=(("months", 36.0), ("rate", 0.019)))
    expect_model(page, data_sets, scenario(media, loan))
    expect(page.locator(".st-key-lever_groups button", has_text="Media")).to_contain_text("•")
    press(page, "reset_finance")
    expect_model(page, data_sets, scenario(media))


def test_a_fault_stands_at_its_lever_and_the_numbers_stay(
    page: Page, data_sets: dict[str, DataSet]
) -> None:
    page.mouse.click(*centre(page, "N5"))
    field = page.get_by_role("spinbutton", name="List price")
    field.fill("-5")
    field.press("Enter")
    expect(page.locator(".st-key-row_base_list_price .lever-fault")).to_contain_text("above 0")
    expect_model(page, data_sets, scenario())
    field.fill("255400")
    field.press("Enter")
    expect(page.locator(".lever-fault")).to_have_count(0)
    expect(piece(page, "N5")).to_have_attribute("aria-valuenow", "255400")


def test_a_dated_lever_acts_in_its_months_and_the_months_play(
    page: Page, data_sets: dict[str, DataSet]
) -> None:
    data_set = data_sets["premium_ev"]
    write = Format("en", data_set.metadata)
    periods = coming_periods(data_set)[:3]
    choose(page, "horizon", "Next 3 months")
    title = page.locator(".titled h2").first
    expect(title).to_have_text(f"Market, {write.period(periods[-1])}", timeout=60_000)
    rested(page, timeout=60_000)
    page.mouse.click(*centre(page, "N5"))
    open_group(page, "offer")
    pull(page, "Customer cash", "10000")
    press(page, "tune_customer_cash")
    choose(page, "detail-customer_cash-N5-first", write.period(periods[1]))
    cash = LeverMove("customer_cash", product="N5", value=10_000.0, first=periods[1])
    wanted = replace(scenario(cash), periods=periods)
    expect(page.locator(".month-marks .start")).to_have_count(1)
    expect_model(page, data_sets, wanted)
    result = run(wanted, data_set)
    whole = write.count(totals(result.periods, "Nova")[1].units)
    expect(page.locator(".kpi-total").first).to_contain_text(f"3 months: {whole}")
    press(page, "month_play")
    for item in result.periods:
        expect(kpi(page, 0)).to_have_text(
            write.count(totals(item, "Nova")[1].units), timeout=15_000
        )
    expect(page.locator(".st-key-month_play")).to_contain_text("play_arrow")


def test_a_piece_from_the_corner_is_launched_dragged_and_removed(
    app: RunningApp, open_page: OpenPage, data_sets: dict[str, DataSet]
) -> None:
    page = opened(open_page(viewport=DESKTOP), app.url)
    handle = page.locator(".newcomer")
    handle.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Enter")
    confirmed(page)
    new = piece(page, "N-new")
    expect(new).to_have_attribute("aria-current", "true")
    before = float(new.get_attribute("aria-valuenow") or "nan")
    new.focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    confirmed(page)
    expect(new).to_have_attribute("aria-valuenow", f"{before - 1_000:.0f}")
    expect(page.locator(".st-key-strip")).to_contain_text("1 change")
    name = page.get_by_role("textbox", name=TEXT("launch_code"))
    name.fill("N6")
    name.press("Enter")
    expect(piece(page, "N6")).to_have_count(1)
    rested(page)
    press(page, "launch_remove")
    expect(piece(page, "N6")).to_have_count(0)
    expect_model(page, data_sets, scenario())


def test_a_new_piece_is_launched_by_its_form(page: Page) -> None:
    press(page, "launch_open")
    page.get_by_role("button", name=TEXT("launch_submit")).click()
    expect(page.locator("div.piece")).to_contain_text("N-new")
    expect(page.locator(".kpi .d").first).to_have_text(re.compile(r"▲"))
