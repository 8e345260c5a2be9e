"""The table is one value: every change can be undone, and a message of the board counts once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sandtable.app.operations import Acknowledgement, Move, Operation, Select, read_log
from sandtable.app.state import REMEMBERED, TableState, apply_operations
from sandtable.scenario.model import LeverMove, Rivals, Scenario
from sandtable.units import Change

FIRMS = {"N3": "Nova", "N5": "Nova", "O3": "Orion"}
BASE_PRICES = {"N3": 219_800.0, "N5": 268_800.0, "O3": 249_900.0}
EMPTY = TableState(scenario=Scenario(title="", data="premium_ev"), own_firm="Nova")
ACKNOWLEDGED = Acknowledgement("a", 1)

Step = Callable[[TableState], TableState]


def put_down(
    state: TableState, *operations: Operation, scale: float = 1.0, **bases: float
) -> TableState:
    return apply_operations(
        state,
        operations,
        ACKNOWLEDGED,
        firms=FIRMS,
        base_prices={**BASE_PRICES, **bases},
        money_scale=scale,
    )


def at_price(product: str, price: float) -> Step:
    return lambda state: put_down(state, Move(1, product, price))


prices = st.integers(150_000, 450_000).map(float)
changes: st.SearchStrategy[Step] = st.one_of(
    st.builds(at_price, st.sampled_from(sorted(FIRMS)), prices),
    st.sampled_from(
        [lambda state: state.with_mode("best_response"), lambda s: s.with_mode("hold")]
    ),
    st.just(TableState.reset),
    st.sampled_from(["East", None]).map(lambda region: lambda state: replace(state, region=region)),
)
steps = changes | st.sampled_from([TableState.undone, TableState.redone])


def after(state: TableState, done: list[Step]) -> TableState:
    for step in done:
        state = step(state)
    return state


@given(done=st.lists(steps, max_size=25))
def test_going_back_all_the_way_and_forth_again_arrives_where_it_was(done: list[Step]) -> None:
    state = after(EMPTY, done)
    back = state
    for _ in state.past:
        back = back.undone()
    assert back.scenario == EMPTY.scenario
    forth = back
    for _ in back.future:
        forth = forth.redone()
    end = state
    for _ in state.future:
        end = end.redone()
    assert forth.scenario == end.scenario


@given(done=st.lists(steps, max_size=25), change=changes)
def test_undo_takes_back_exactly_one_change_and_redo_brings_it_again(
    done: list[Step], change: Step
) -> None:
    before = after(EMPTY, done)
    now = change(before)
    assume(now.scenario != before.scenario)
    assert now.future == ()
    assert now.undone().scenario == before.scenario
    assert now.undone().redone().scenario == now.scenario


@given(done=st.lists(steps, max_size=25), step=steps)
def test_the_revision_rises_exactly_when_the_scenario_changes(done: list[Step], step: Step) -> None:
    before = after(EMPTY, done)
    now = step(before)
    moved = now.past != before.past or now.future != before.future
    assert now.revision == before.revision + moved


@given(done=st.lists(steps, max_size=25))
def test_reset_leaves_no_lever_lets_rivals_hold_and_can_be_undone(done: list[Step]) -> None:
    state = after(EMPTY, done)
    bare = state.reset()
    assert (bare.scenario.levers, bare.scenario.rivals) == ((), Rivals())
    assert bare.reset() is bare
    if state.scenario.levers:
        assert bare.undone().scenario == state.scenario


def test_undo_and_redo_at_the_ends_change_nothing() -> None:
    assert EMPTY.undone() is EMPTY
    assert EMPTY.redone() is EMPTY


def test_only_so_many_steps_are_remembered_and_the_oldest_go_first() -> None:
    state = EMPTY
    for turn in range(REMEMBERED + 20):
        state = at_price("N5", 200_000.0 + turn)(state)
    assert len(state.past) == REMEMBERED
    assert state.past[0].levers[0].value == 200_000.0 + 19


def test_a_scenario_is_saved_when_a_file_holds_it_or_nothing_was_done() -> None:
    assert EMPTY.is_saved
    moved = at_price("N5", 255_000.0)(EMPTY)
    assert not moved.is_saved
    assert moved.undone().is_saved
    kept = replace(moved, saved=moved.scenario)
    assert kept.is_saved
    assert not kept.reset().is_saved


def test_opening_a_file_starts_history_afresh_and_picks_what_it_moves() -> None:
    busy = at_price("N3", 200_000.0)(EMPTY)
    scenario = Scenario(
        "Cut", "premium_ev", levers=(LeverMove("list_price", product="N5", value=255_000.0),)
    )
    opened = busy.opened(scenario, "Nova")
    assert (opened.past, opened.future, opened.selected) == ((), (), "N5")
    assert opened.is_saved
    assert opened.acknowledged == busy.acknowledged


entries = st.lists(
    st.tuples(st.sampled_from(sorted(FIRMS)), st.none() | prices), min_size=1, max_size=12
)


def message(moves: list[tuple[str, float | None]]) -> dict[str, Any]:
    ops: list[dict[str, Any]] = []
    for seq, (product, price) in enumerate(moves, start=1):
        entry = {"seq": seq, "kind": "select", "product": product}
        ops.append(entry if price is None else {**entry, "kind": "move", "price": price})
    return {"client": "a", "ops": ops}


def receive(state: TableState, log: object) -> TableState:
    read = read_log(log, state.acknowledged, products=FIRMS)
    return apply_operations(
        state, read.operations, read.acknowledged, firms=FIRMS, base_prices=BASE_PRICES
    )


@given(moves=entries)
def test_the_same_message_twice_counts_once(moves: list[tuple[str, float | None]]) -> None:
    once = receive(EMPTY, message(moves))
    assert receive(once, message(moves)) == once


@given(moves=entries, cuts=st.lists(st.integers(0, 12), max_size=4))
def test_growing_messages_end_like_one_long_message(
    moves: list[tuple[str, float | None]], cuts: list[int]
) -> None:
    state = EMPTY
    for cut in [*sorted(cuts), len(moves)]:
        state = receive(state, message(moves[:cut]))
    assert state == receive(EMPTY, message(moves))


@given(moves=entries)
def test_the_last_price_of_each_piece_stands_and_the_last_piece_is_picked(
    moves: list[tuple[str, float | None]],
) -> None:
    state = receive(EMPTY, message(moves))
    wanted = {name: price for name, price in moves if price is not None}
    wanted = {name: price for name, price in wanted.items() if price != BASE_PRICES[name]}
    assert {move.product: move.value for move in state.scenario.levers} == wanted
    assert state.selected == moves[-1][0]


@given(product=st.sampled_from(sorted(FIRMS)), price=prices)
def test_a_piece_put_back_on_its_base_price_has_no_lever(product: str, price: float) -> None:
    moved = put_down(EMPTY, Move(1, product, price), Move(2, product, BASE_PRICES[product]))
    assert moved.scenario.levers == ()


@given(
    base=st.integers(3_000_000_000, 70_000_000_000).map(lambda digits: digits / 1e9),
    steps_away=st.integers(1, 40),
)
def test_the_board_speaks_in_currency_and_the_scenario_in_money_units(
    base: float, steps_away: int
) -> None:
    in_browser = round(base * 1_000, 6)
    moved = put_down(EMPTY, Move(1, "N5", in_browser + 100.0 * steps_away), scale=1_000.0, N5=base)
    assert moved.scenario.levers[0].value == pytest.approx(base + 0.1 * steps_away, rel=1e-9)
    assert put_down(moved, Move(2, "N5", in_browser), scale=1_000.0, N5=base).scenario.levers == ()


def test_a_rival_is_moved_by_its_own_lever() -> None:
    state = put_down(EMPTY, Move(1, "N5", 255_000.0), Move(2, "O3", 239_900.0))
    assert [move.lever for move in state.scenario.levers] == ["list_price", "rival_price"]


def test_a_move_acts_in_the_region_in_view() -> None:
    east = put_down(replace(EMPTY, region="East"), Move(1, "N5", 255_000.0))
    assert east.scenario.levers == (
        LeverMove("list_price", product="N5", region="East", value=255_000.0),
    )
    both = put_down(replace(east, region=None), Move(2, "N3", 200_000.0))
    assert [move.region for move in both.scenario.levers] == ["East", None]


def test_a_piece_put_on_its_base_price_stays_there_although_it_is_moved_elsewhere() -> None:
    everywhere = put_down(EMPTY, Move(1, "N5", 255_000.0))
    east = put_down(replace(everywhere, region="East"), Move(2, "N5", 268_800.0))
    assert [(move.region, move.value) for move in east.scenario.levers] == [
        (None, 255_000.0),
        ("East", 268_800.0),
    ]


def test_the_move_made_last_acts_last_where_several_name_the_same_price() -> None:
    state = put_down(EMPTY, Move(1, "N5", 255_000.0))
    state = put_down(replace(state, region="East"), Move(2, "N5", 240_000.0))
    state = put_down(replace(state, region=None), Move(3, "N5", 250_000.0))
    assert [(move.region, move.value) for move in state.scenario.levers] == [
        ("East", 240_000.0),
        (None, 250_000.0),
    ]


def test_a_rival_of_a_firm_that_moved_as_a_whole_can_be_put_back() -> None:
    firm = LeverMove("rival_price", firm="Orion", change=Change("relative", -0.05))
    state = EMPTY.changed(EMPTY.scenario.with_lever(firm))
    back = put_down(state, Move(1, "O3", BASE_PRICES["O3"]))
    assert back.scenario.levers == (firm, LeverMove("rival_price", product="O3", value=249_900.0))


def test_picking_is_no_change_of_the_scenario() -> None:
    picked = put_down(EMPTY, Select(1, "N3"))
    assert (picked.selected, picked.revision, picked.past) == ("N3", 0, ())
    assert picked.acknowledged == ACKNOWLEDGED
