"""The whole app in a browser: what a planner does, and what must then stand on the screen."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from app_hands import (
    BASE_PRICE,
    DESKTOP,
    OpenPage,
    centre,
    changes,
    choose,
    confirmed,
    drag,
    expect_model,
    expect_price,
    kpi,
    n5_at,
    opened,
    piece,
    press,
    price,
    rested,
    scenario,
)
from app_server import RunningApp
from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from sandtable.app.text import Text
from sandtable.data.loading import DataSet
from sandtable.scenario.files import read_scenario
from sandtable.scenario.model import LeverMove, Rivals, Scenario
from sandtable.scenario.run import run
from sandtable.scenario.summary import totals
from sandtable.units import Change

pytestmark = pytest.mark.e2e

TEXT = Text("en")


def test_the_board_is_drawn_and_nothing_has_changed_yet(
    page: Page, data_sets: dict[str, DataSet]
) -> None:
    assert page.locator("g[data-product]").count() == 45
    expect_model(page, data_sets, scenario())
    assert changes(page) == [""] * 6
    expect(page.locator(".badge")).to_have_text("synthetic")
    expect(page.get_by_role("heading", level=1)).to_have_text(TEXT("empty_finding"))


def test_a_drag_shows_what_the_model_says_of_the_same_scenario(
    page: Page, data_sets: dict[str, DataSet]
) -> None:
    drag(page, "N5", -40)
    confirmed(page)
    moved = price(page, "N5")
    assert moved < BASE_PRICE
    expect_model(page, data_sets, scenario(n5_at(moved)))
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"N5 at {moved:,.0f} lifts Nova")
    expect(page.get_by_role("spinbutton", name="List price")).to_have_value(f"{moved:.0f}")


def test_a_piece_put_back_on_its_base_leaves_no_change(
    page: Page, data_sets: dict[str, DataSet]
) -> None:
    drag(page, "N5", -40)
    confirmed(page)
    drag(page, "N5", 40)
    confirmed(page)
    expect_price(page, "N5", BASE_PRICE)
    expect_model(page, data_sets, scenario())
    expect(page.locator(".st-key-changes")).to_contain_text("no changes")


def test_keys_move_the_price_by_one_step_or_ten_and_enter_confirms(
    page: Page, data_sets: dict[str, DataSet]
) -> None:
    piece(page, "N5").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Enter")
    confirmed(page)
    expect_price(page, "N5", BASE_PRICE - 11_000)
    expect_model(page, data_sets, scenario(n5_at(BASE_PRICE - 11_000)))


def test_escape_takes_keys_back_and_puts_a_dragged_piece_back(page: Page) -> None:
    piece(page, "N5").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Escape")
    drag(page, "N5", -60, release=False)
    assert price(page, "N5") < BASE_PRICE
    page.keyboard.press("Escape")
    page.mouse.up()
    page.wait_for_timeout(600)  # longer than a pause of the keys or a run would take
    rested(page)
    expect_price(page, "N5", BASE_PRICE)
    assert changes(page) == [""] * 6
    expect(page.locator(".st-key-undo button").first).to_be_disabled()


def test_undo_redo_and_reset(page: Page, data_sets: dict[str, DataSet]) -> None:
    drag(page, "N5", -40)
    confirmed(page)
    first = price(page, "N5")
    drag(page, "N3", 30)
    confirmed(page)
    other = LeverMove("list_price", product="N3", value=price(page, "N3"))
    both = scenario(n5_at(first), other)
    expect_model(page, data_sets, both)
    press(page, "undo")
    expect_model(page, data_sets, scenario(n5_at(first)))
    press(page, "redo")
    expect_model(page, data_sets, both)
    press(page, "reset")
    expect_model(page, data_sets, scenario())
    expect_price(page, "N5", BASE_PRICE)
    press(page, "undo")
    expect_model(page, data_sets, both)
    expect_price(page, "N5", first)


def test_the_inspector_moves_a_lever(page: Page, data_sets: dict[str, DataSet]) -> None:
    page.mouse.click(*centre(page, "N5"))
    field = page.get_by_role("spinbutton", name="List price")
    field.fill("255400")
    field.press("Enter")
    expect(piece(page, "N5")).to_have_attribute("aria-valuenow", "255400")
    page.locator(".st-key-lever_groups button", has_text="Funnel").click()
    leads = page.get_by_role("spinbutton", name="Lead volume")
    leads.fill("10")
    leads.press("Enter")
    more = LeverMove("lead_volume", product="N5", change=Change("relative", 0.1))
    expect_model(page, data_sets, scenario(n5_at(255_400.0), more))


def test_a_region_in_view_shows_its_numbers_and_takes_the_moves(
    page: Page, data_sets: dict[str, DataSet]
) -> None:
    choose(page, "region", "East")
    expect_model(page, data_sets, scenario(), region="East")
    rested(page)
    drag(page, "N5", -40)
    confirmed(page)
    east = scenario(n5_at(price(page, "N5"), region="East"))
    expect_model(page, data_sets, east, region="East")
    choose(page, "region", "All regions")
    expect_model(page, data_sets, east)


def test_another_month_is_another_base(page: Page, data_sets: dict[str, DataSet]) -> None:
    choose(page, "period", "Mar 2026")
    expect(page.locator(".titled h2").first).to_have_text("Market, Mar 2026")
    expect_model(page, data_sets, replace(scenario(), periods=("2026-03",)))


def test_another_demand_model_is_another_answer(page: Page, data_sets: dict[str, DataSet]) -> None:
    drag(page, "N5", -40)
    confirmed(page)
    moved = n5_at(price(page, "N5"))
    expect_model(page, data_sets, scenario(moved))
    title = data_sets["premium_ev"].parameter_sets["logit"].title.en
    choose(page, "parameters", title)
    expect_model(page, data_sets, scenario(moved, parameters="logit"))


def test_the_switch_of_the_rivals_shows_both_answers(
    page: Page, data_sets: dict[str, DataSet]
) -> None:
    drag(page, "N5", -40)
    confirmed(page)
    moved = n5_at(price(page, "N5"))
    for name, rivals in (("Held", Rivals()), ("Answered", Rivals("best_response"))):
        item = run(scenario(moved, rivals=rivals), data_sets["premium_ev"]).periods[-1]
        before, after = totals(item, "Nova")
        gain = f"{name} +{after.units - before.units:,.0f}"
        expect(page.locator(".st-key-rivals_row button", has_text=name)).to_have_text(gain)
    page.locator(".st-key-rivals_row button", has_text="Answered").click()
    expect_model(page, data_sets, scenario(moved, rivals=Rivals("best_response")))
    expect(page.get_by_role("heading", level=1)).to_contain_text("after rivals answer")


def test_a_saved_scenario_opens_again_with_the_same_numbers(
    app: RunningApp, page: Page, open_page: OpenPage, data_sets: dict[str, DataSet]
) -> None:
    drag(page, "N5", -40)
    confirmed(page)
    moved = n5_at(price(page, "N5"))
    press(page, "save")
    page.get_by_label("Title").fill("Cut of the browser test")
    page.get_by_role("button", name="Save to scenarios").click()
    expect(page.get_by_text("Saved as cut-of-the-browser-test.yaml")).to_be_visible()
    path = app.scenarios / "cut-of-the-browser-test.yaml"
    saved, _ = read_scenario(path)
    assert saved.levers == (moved,)

    other = opened(open_page(viewport=DESKTOP), app.url)
    press(other, "open")
    choose(other, "open_file", "cut-of-the-browser-test")
    other.get_by_role("button", name="Open it").click()
    expect(piece(other, "N5")).to_have_attribute("aria-valuenow", f"{moved.value:.0f}")
    expect_model(other, data_sets, scenario(moved))
    expect(other.locator(".st-key-strip")).to_contain_text("Cut of the browser test")
    path.unlink()


def test_the_workbook_opens_and_holds_the_numbers_on_screen(page: Page) -> None:
    drag(page, "N5", -40)
    confirmed(page)
    press(page, "export")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Workbook (.xlsx)").click()
    book = load_workbook(BytesIO(Path(waiting.value.path()).read_bytes()))
    assert book.sheetnames[:2] == ["Summary", "Firms"]
    shown = float((kpi(page, 0).text_content() or "").replace(",", ""))
    values = [cell for row in book["Summary"].iter_rows(values_only=True) for cell in row]
    assert any(isinstance(value, float) and abs(value - shown) <= 0.5 for value in values)


def test_the_american_market_is_real_data_and_its_pieces_move(
    page: Page, data_sets: dict[str, DataSet]
) -> None:
    choose(page, "data_set", "us_autos")
    expect(page.locator(".badge")).to_have_text("real data")
    expect_model(page, data_sets, Scenario("", "us_autos"))
    rested(page)
    before = price(page, "HDACCO90")
    piece(page, "HDACCO90").focus()
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Enter")
    confirmed(page)
    assert price(page, "HDACCO90") == pytest.approx(before - 1_000)
    item = run(Scenario("", "us_autos"), data_sets["us_autos"]).periods[-1]
    base_price = item.base.list_prices[0, item.base.market.products.index("HDACCO90")]
    cut = LeverMove("list_price", product="HDACCO90", value=base_price - 1)
    expect_model(page, data_sets, Scenario("", "us_autos", levers=(cut,)))
