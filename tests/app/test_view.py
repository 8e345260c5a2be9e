"""What the board is sent: plain, finite, and the whole market, however many pieces are drawn."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sandtable.app.components.board import kernel_hash
from sandtable.app.formatting import Format
from sandtable.app.operations import Acknowledgement
from sandtable.app.state import TableState
from sandtable.app.text import Text
from sandtable.app.view import DRAWN, Scope, base_list_prices, board_view, mean_prices, model_names
from sandtable.data.loading import DataSet
from sandtable.scenario.model import LeverMove, Rivals, Scenario
from sandtable.scenario.periods import PeriodResult
from sandtable.scenario.run import run
from sandtable.units import Change

CUT = Change("relative", -0.05)
OWN = {"premium_ev": "N5", "us_autos": "HDACCO90"}
SCENARIOS = {
    "base": Scenario("", "premium_ev"),
    "cut": Scenario("", "premium_ev", levers=(LeverMove("list_price", product="N5", change=CUT),)),
    "answered": Scenario(
        "",
        "premium_ev",
        levers=(LeverMove("list_price", product="N5", change=CUT),),
        rivals=Rivals("best_response"),
    ),
    "exit": Scenario("", "premium_ev", levers=(LeverMove("exit", product="N5"),)),
    "logit": Scenario("", "premium_ev", parameters="logit"),
    "nested": Scenario("", "premium_ev", parameters="nested"),
    "us base": Scenario("", "us_autos"),
    "us answered": Scenario(
        "",
        "us_autos",
        levers=(LeverMove("list_price", product="HDACCO90", change=CUT),),
        rivals=Rivals("best_response"),
    ),
}
REGIONS = {"premium_ev": (None, "East", "Shanghai"), "us_autos": (None,)}


@pytest.fixture(params=SCENARIOS)
def item(request: pytest.FixtureRequest, data_sets: dict[str, DataSet]) -> PeriodResult:
    scenario = SCENARIOS[request.param]
    return run(scenario, data_sets[scenario.data]).periods[-1]


def drawn(
    item: PeriodResult, region: str | None = None, *, selected: str | None = None
) -> dict[str, Any]:
    data_set = item.base.data_set
    state = TableState(
        Scenario("", data_set.name), data_set.metadata.own_firm, region=region, selected=selected
    )
    write = Format("en", data_set.metadata)
    return board_view(item, state, Scope.of(item.base, region), Text("en"), write)


def views(item: PeriodResult) -> Iterator[tuple[Scope, dict[str, Any]]]:
    for region in REGIONS[item.base.data_set.name]:
        yield Scope.of(item.base, region), drawn(item, region)


def band(edges: list[float], price: float) -> int:
    return max(0, sum(price >= edge for edge in edges) - 1)


def test_the_view_is_plain_json_and_finite(item: PeriodResult) -> None:
    for _, view in views(item):
        written = json.dumps(view, allow_nan=False)
        assert json.loads(written) == view


def test_pieces_and_rest_are_the_whole_market_in_total_by_row_and_by_band(
    item: PeriodResult,
) -> None:
    products = item.base.data_set.tables["products"].set_index("product")
    segments = list(dict.fromkeys(products["segment"]))
    rows = np.array([segments.index(products["segment"][c]) for c in item.base.market.products])
    for scope, view in views(item):
        now = item.scenario.units[scope.rows].sum(axis=0)
        before = item.baseline.units[scope.rows].sum(axis=0)
        pieces, rest = view["pieces"], view["rest"]
        assert sum(p["units"] for p in pieces) + rest["units"] == pytest.approx(now.sum())
        assert sum(p["base_units"] for p in pieces) + rest["base_units"] == pytest.approx(
            before.sum()
        )
        by_row = np.array(rest["by_row"])
        for piece in pieces:
            by_row[piece["row"]] += piece["units"]
        np.testing.assert_allclose(by_row, np.bincount(rows, now, len(segments)))
        scale = item.base.data_set.metadata.money_scale
        prices = base_list_prices(item.base, scope)
        edges = view["bands"]
        for column, hidden, total in (
            ("base_units", "base_by_band", before),
            ("units", "by_band", now),
        ):
            by_band = np.array(rest[hidden])
            for piece in pieces:
                price = piece["base_price" if column == "base_units" else "price"]
                by_band[band(edges, price)] += piece[column]
            assert by_band.sum() == pytest.approx(total.sum())
            if column == "base_units":
                bands = [band(edges, prices[c] * scale) for c in item.base.market.products]
                np.testing.assert_allclose(by_band, np.bincount(bands, total, len(edges)))
        assert len(pieces) + rest["count"] == rest["of"]


def test_a_piece_at_the_base_stands_exactly_on_its_base_price(
    data_sets: dict[str, DataSet],
) -> None:
    for name in OWN:
        item = run(Scenario("", name), data_sets[name]).periods[-1]
        for _, view in views(item):
            for piece in view["pieces"]:
                assert piece["price"] == piece["base_price"]
                assert piece["units"] == piece["base_units"]
                assert not piece["answering"]


def test_the_same_price_everywhere_is_drawn_as_that_price_to_the_last_digit() -> None:
    prices = np.array([[0.1, 268_800.1, np.nan], [0.1, 268_800.1, 3.0], [0.1, 268_800.1, 3.0]])
    units = np.array([[1.0, 0.3, 0.0], [1.0, 0.1, 2.0], [1.0, 0.7, 5.0]])
    assert mean_prices(prices, units).tolist() == [0.1, 268_800.1, 3.0]


def test_mean_prices_weigh_by_base_units() -> None:
    prices, units = np.array([[100.0], [200.0]]), np.array([[3.0], [1.0]])
    assert mean_prices(prices, units).tolist() == [125.0]


def test_prices_are_sent_in_currency_and_kept_in_money_units(
    data_sets: dict[str, DataSet],
) -> None:
    item = run(Scenario("", "us_autos"), data_sets["us_autos"]).periods[-1]
    piece = next(p for p in drawn(item)["pieces"] if p["id"] == "HDACCO90")
    assert 5_000 < piece["base_price"] < 20_000
    prices = base_list_prices(item.base, Scope.of(item.base, None))
    assert piece["base_price"] == pytest.approx(1_000 * prices["HDACCO90"])


def test_the_own_pieces_the_picked_one_and_the_moved_ones_are_always_drawn(
    data_sets: dict[str, DataSet],
) -> None:
    item = run(SCENARIOS["base"], data_sets["premium_ev"]).periods[-1]
    view = drawn(item)
    shown = {piece["id"] for piece in view["pieces"]}
    assert len(shown) == DRAWN
    assert {"N3", "N5", "N7", "N9"} <= shown
    hidden = next(code for code in item.base.market.products if code not in shown)
    again = drawn(item, selected=hidden)
    assert hidden in {piece["id"] for piece in again["pieces"]}
    assert len(again["pieces"]) == DRAWN


def test_a_product_that_left_the_market_cannot_be_moved(data_sets: dict[str, DataSet]) -> None:
    item = run(SCENARIOS["exit"], data_sets["premium_ev"]).periods[-1]
    gone = next(piece for piece in drawn(item)["pieces"] if piece["id"] == "N5")
    assert (gone["units"], gone["movable"]) == (0.0, False)
    assert gone["base_units"] > 0


def test_only_rivals_answer(data_sets: dict[str, DataSet]) -> None:
    item = run(SCENARIOS["answered"], data_sets["premium_ev"]).periods[-1]
    pieces = drawn(item)["pieces"]
    assert any(piece["answering"] for piece in pieces)
    assert not any(piece["answering"] for piece in pieces if piece["own"])


def test_every_price_lies_on_the_axis(item: PeriodResult) -> None:
    for _, view in views(item):
        low, high = view["price_range"]
        assert 0 < low < high
        for piece in view["pieces"]:
            assert low <= piece["price"] <= high
            assert low <= piece["base_price"] <= high


def test_a_move_of_price_leaves_the_kernel_and_its_hash_alone(
    data_sets: dict[str, DataSet],
) -> None:
    before, after = (
        drawn(run(SCENARIOS[name], data_sets["premium_ev"]).periods[-1]) for name in ("base", "cut")
    )
    assert before["kernel_hash"] == after["kernel_hash"] == kernel_hash(before["kernel"])
    assert before["prices"] != after["prices"]


def test_the_acknowledgement_and_the_revision_come_along(data_sets: dict[str, DataSet]) -> None:
    data_set = data_sets["premium_ev"]
    item = run(SCENARIOS["base"], data_set).periods[-1]
    state = TableState(Scenario("", "premium_ev"), "Nova", acknowledged=Acknowledgement("a", 7))
    view = board_view(
        item,
        replace(state, revision=3),
        Scope.of(item.base, None),
        Text("zh"),
        Format("zh", data_set.metadata),
    )
    assert view["acknowledged"] == {"client": "a", "seq": 7}
    assert (view["revision"], view["language"], view["rows"][0]) == (3, "zh", "中型轿车")


def test_every_product_has_a_short_name(data_sets: dict[str, DataSet]) -> None:
    for name in OWN:
        base = run(Scenario("", name), data_sets[name]).periods[-1].base
        names = model_names(base)
        assert set(base.market.products) <= set(names)
        assert all(short.strip() for short in names.values())
