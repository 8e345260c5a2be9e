"""The message of the board crosses a trust border: nothing in it may raise, nothing good be lost."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandtable.app.operations import (
    MAXIMUM_OPERATIONS,
    Acknowledgement,
    Move,
    Refusal,
    Select,
    read_log,
)

PRODUCTS = ("N3", "N5", "O3")

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=5), inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["client", "ops", "seq", "kind", "product", "price"]), inner, max_size=6
        )
    ),
    max_leaves=20,
)
hostile_entry = st.fixed_dictionaries(
    {},
    optional={
        "seq": st.integers() | anything,
        "kind": st.sampled_from(["move", "select", "drop"]) | anything,
        "product": st.sampled_from([*PRODUCTS, "X9"]) | anything,
        "price": st.floats() | st.integers() | st.just(10**400) | anything,
    },
)
hostile_log = anything | st.fixed_dictionaries(
    {"client": st.text(max_size=70), "ops": st.lists(hostile_entry | anything, max_size=6)}
)
acknowledgements = st.none() | st.builds(
    Acknowledgement, client=st.sampled_from(["a", "b"]), seq=st.integers(0, 9)
)


@st.composite
def good_entries(draw: st.DrawFn) -> list[dict[str, Any]]:
    numbers = sorted(draw(st.sets(st.integers(1, 60), max_size=12)))
    entries = []
    for seq in numbers:
        product = draw(st.sampled_from(PRODUCTS))
        entry: dict[str, Any] = {"seq": seq, "kind": "select", "product": product}
        if draw(st.booleans()):
            entry |= {"kind": "move", "price": draw(st.floats(1, 1e7))}
        entries.append(entry)
    return entries


@given(log=hostile_log, acknowledged=acknowledgements)
def test_nothing_in_a_message_raises_and_what_comes_out_is_sound(
    log: object, acknowledged: Acknowledgement | None
) -> None:
    read = read_log(log, acknowledged, products=PRODUCTS)
    numbers = [operation.seq for operation in read.operations]
    assert numbers == sorted(set(numbers))
    for operation in read.operations:
        assert operation.product in PRODUCTS
        if isinstance(operation, Move):
            assert math.isfinite(operation.price)
            assert operation.price > 0
    if numbers:
        assert read.acknowledged is not None
        assert read.acknowledged.seq >= numbers[-1]


@given(entries=good_entries(), done=st.integers(0, 60))
def test_every_unconfirmed_operation_comes_out_once_and_in_order(
    entries: list[dict[str, Any]], done: int
) -> None:
    log = json.loads(json.dumps({"client": "a", "ops": entries}))
    read = read_log(log, Acknowledgement("a", done), products=PRODUCTS)
    assert [item.seq for item in read.operations] == [e["seq"] for e in entries if e["seq"] > done]
    assert read.refusals == ()
    assert read_log(log, read.acknowledged, products=PRODUCTS).operations == ()


@given(entries=good_entries(), cuts=st.lists(st.integers(0, 12), max_size=5))
def test_growing_messages_apply_each_operation_exactly_once(
    entries: list[dict[str, Any]], cuts: list[int]
) -> None:
    acknowledged = None
    applied: list[int] = []
    for cut in [*sorted(cuts), len(entries)]:
        read = read_log({"client": "a", "ops": entries[:cut]}, acknowledged, products=PRODUCTS)
        applied += [item.seq for item in read.operations]
        acknowledged = read.acknowledged
    assert applied == [entry["seq"] for entry in entries]


def test_another_client_starts_afresh() -> None:
    log = {"client": "b", "ops": [{"seq": 1, "kind": "select", "product": "N3"}]}
    read = read_log(log, Acknowledgement("a", 40), products=PRODUCTS)
    assert read.operations == (Select(1, "N3"),)
    assert read.acknowledged == Acknowledgement("b", 1)


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("move", "form"),
        ({"seq": True, "kind": "select", "product": "N5"}, "form"),
        ({"seq": 1.0, "kind": "select", "product": "N5"}, "form"),
        ({"seq": 0, "kind": "select", "product": "N5"}, "form"),
        ({"seq": 3, "kind": "delete", "product": "N5"}, "kind"),
        ({"seq": 3, "kind": "move", "product": "N6", "price": 1.0}, "product"),
        ({"seq": 3, "kind": "move", "product": ["N5"], "price": 1.0}, "product"),
        ({"seq": 3, "kind": "move", "product": "N5", "price": math.nan}, "price"),
        ({"seq": 3, "kind": "move", "product": "N5", "price": "255400"}, "price"),
        ({"seq": 3, "kind": "move", "product": "N5", "price": -1}, "price"),
        ({"seq": 3, "kind": "move", "product": "N5", "price": 10**400}, "price"),
        ({"seq": 3, "kind": "move", "product": "N5", "price": True}, "price"),
    ],
)
def test_a_bad_operation_is_refused_with_its_reason_and_its_neighbours_stand(
    entry: object, reason: str
) -> None:
    first = {"seq": 2, "kind": "select", "product": "N3"}
    last = {"seq": 4, "kind": "move", "product": "O3", "price": 239_900}
    read = read_log({"client": "a", "ops": [first, entry, last]}, None, products=PRODUCTS)
    assert read.operations == (Select(2, "N3"), Move(4, "O3", 239_900.0))
    assert [(item.position, item.reason) for item in read.refusals] == [(1, reason)]
    assert read.acknowledged == Acknowledgement("a", 4)


def test_a_number_that_does_not_rise_is_refused() -> None:
    entries = [{"seq": seq, "kind": "select", "product": "N5"} for seq in (2, 2, 1, 3)]
    read = read_log({"client": "a", "ops": entries}, None, products=PRODUCTS)
    assert [item.seq for item in read.operations] == [2, 3]
    assert read.refusals == (Refusal(1, "order"), Refusal(2, "order"))


def test_a_refused_operation_is_acknowledged_so_that_the_browser_lets_it_go() -> None:
    entries = [{"seq": 5, "kind": "move", "product": "gone", "price": 1.0}]
    read = read_log({"client": "a", "ops": entries}, None, products=PRODUCTS)
    assert read.acknowledged == Acknowledgement("a", 5)


def test_an_endless_message_is_cut_and_the_rest_left_for_the_next() -> None:
    count = MAXIMUM_OPERATIONS + 5
    entries = [{"seq": i + 1, "kind": "select", "product": "N5"} for i in range(count)]
    read = read_log({"client": "a", "ops": entries}, None, products=PRODUCTS)
    assert len(read.operations) == MAXIMUM_OPERATIONS
    assert read.refusals == (Refusal(MAXIMUM_OPERATIONS, "count"),)
    assert read.acknowledged == Acknowledgement("a", MAXIMUM_OPERATIONS)


def test_an_acknowledgement_is_written_as_the_board_reads_it() -> None:
    assert Acknowledgement("a", 7).as_data() == {"client": "a", "seq": 7}
