"""A piece dropped on the board is a launch that any file could hold, and an ordinary piece from then on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sandtable.app.formatting import Format
from sandtable.app.launches import (
    free_code,
    launch_move,
    neighbours,
    renamed,
    segments_of,
    without_piece,
)
from sandtable.app.operations import Acknowledgement, Launch, Move, Refusal, read_log
from sandtable.app.state import TableState, apply_operations
from sandtable.app.text import Text
from sandtable.app.view import Scope, board_view
from sandtable.data.loading import DataSet
from sandtable.scenario.base import Base, base_of
from sandtable.scenario.calendar import periods_of
from sandtable.scenario.known import Known
from sandtable.scenario.model import LeverMove, Scenario
from sandtable.scenario.move_faults import move_faults
from sandtable.scenario.run import run

DONE = Acknowledgement("a", 3)


def base_for(data_set: DataSet) -> Base:
    return base_of(data_set, data_set.default_parameters, periods_of(data_set)[-1])


@pytest.mark.parametrize("data", ["premium_ev", "us_autos"])
def test_in_every_row_a_launch_passes_the_checks_of_a_file_and_runs(
    data: str, data_sets: dict[str, DataSet]
) -> None:
    data_set = data_sets[data]
    base = base_for(data_set)
    own = data_set.metadata.own_firm
    state = TableState(Scenario("", data), own)
    price = float(base.list_prices[base.market.offered].mean())
    for segment in segments_of(base):
        if not neighbours(segment, price, base, own):
            continue
        move = launch_move(state, segment, price, base, "X-new")
        assert list(move_faults(move, state.scenario, Known.of(data_set))) == []
        item = run(state.scenario.with_lever(move), data_set).periods[-1]
        column = item.market.products.index("X-new")
        assert item.scenario.units[:, column].sum() > 0
        assert dict(move.characteristics)["segment"] == segment


def test_a_new_piece_is_like_the_nearest_in_price_of_its_row(data_sets: dict[str, DataSet]) -> None:
    base = base_for(data_sets["premium_ev"])
    table = base.data_set.tables["products"].set_index("product")
    like = neighbours("Mid SUV", 270_000.0, base, "Nova")
    assert "N5" in like
    assert {table.loc[code, "segment"] for code in like} == {"Mid SUV"}
    assert {table.loc[code, "powertrain"] for code in like} == {table.loc["N5", "powertrain"]}


def test_codes_are_free_and_names_can_be_changed(data_sets: dict[str, DataSet]) -> None:
    known = Known.of(data_sets["premium_ev"])
    state = TableState(Scenario("", "premium_ev"), "Nova")
    assert free_code(state, known) == "N-new"
    first = LeverMove("launch", product="N-new", firm="Nova", value=250_000.0, like=("N5",))
    cash = LeverMove("customer_cash", product="N-new", value=5_000.0)
    busy = Scenario("", "premium_ev", levers=(first, cash))
    assert free_code(replace(state, scenario=busy), known) == "N-new2"
    assert [move.product for move in renamed(busy, "N-new", "N6").levers] == ["N6", "N6"]
    assert without_piece(busy, "N-new").levers == ()


def test_a_dropped_piece_is_picked_and_a_drag_of_it_moves_its_launch() -> None:
    def launch(state: TableState, row: int, price: float) -> LeverMove:
        return LeverMove("launch", product="N-new", firm="Nova", value=price, like=(f"row {row}",))

    state = apply_operations(
        TableState(Scenario("", "premium_ev"), "Nova"),
        (Launch(1, 2, 250_000.0), Move(2, "N-new", 240_000.0)),
        DONE,
        firms={"N-new": "Nova"},
        base_prices={},
        launch=launch,
    )
    (move,) = state.scenario.levers
    assert (move.lever, move.value, move.like) == ("launch", 240_000.0, ("row 2",))
    assert state.selected == "N-new"
    assert len(state.past) == 2
    assert state.acknowledged == DONE


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"row": 5, "price": 1.0}, "row"),
        ({"row": -1, "price": 1.0}, "row"),
        ({"row": True, "price": 1.0}, "row"),
        ({"row": "0", "price": 1.0}, "row"),
        ({"price": 1.0}, "row"),
        ({"row": 0, "price": -1.0}, "price"),
        ({"row": 0}, "price"),
    ],
)
def test_a_launch_that_makes_no_sense_is_refused(entry: dict[str, object], reason: str) -> None:
    log = {"client": "a", "ops": [{"seq": 1, "kind": "launch", **entry}]}
    read = read_log(log, None, products=(), n_rows=5)
    assert read.operations == ()
    assert read.refusals == (Refusal(0, reason),)  # type: ignore[arg-type]


def test_a_launch_that_makes_sense_is_read() -> None:
    log = {"client": "a", "ops": [{"seq": 1, "kind": "launch", "row": 4, "price": 250_000}]}
    assert read_log(log, None, products=(), n_rows=5).operations == (Launch(1, 4, 250_000.0),)


def test_the_board_counts_the_new_piece(data_sets: dict[str, DataSet]) -> None:
    data_set = data_sets["premium_ev"]
    base = base_for(data_set)
    state = TableState(Scenario("", "premium_ev"), "Nova")
    move = launch_move(state, "MPV", 300_000.0, base, "N-new")
    with_new = state.scenario.with_lever(move)
    item = run(with_new, data_set).periods[-1]
    view = board_view(
        item,
        replace(state, scenario=with_new),
        Scope.of(item.base, None),
        Text("en"),
        Format("en", data_set.metadata),
    )
    (piece,) = [piece for piece in view["pieces"] if piece["id"] == "N-new"]
    assert (piece["own"], piece["movable"], piece["base_units"]) == (True, True, 0.0)
    assert view["rest"]["of"] == len(view["pieces"]) + view["rest"]["count"]
