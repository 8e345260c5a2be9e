"""The Python side of the board, and the parts that the browser gets."""

from __future__ import annotations

import re
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandtable.app.components.board import (
    FOLDER,
    PARTS,
    board_data,
    board_module,
    kernel_hash,
)
from sandtable.app.components.board_text import CHINESE, ENGLISH, TEN_THOUSANDS, board_text

SLOT = re.compile(r"\{(\w+)\}")


def test_the_kernel_is_left_out_only_when_the_browser_holds_this_one() -> None:
    view = {"kernel_hash": "one", "kernel": {"alphas": [1.0]}, "revision": 3}
    assert board_data(view, {"have": "one"}) == {**view, "kernel": None}
    assert board_data(view, {"have": "two"}) == view
    assert board_data(view, {"have": None}) == view
    assert board_data(view, None) == view


@given(
    st.none()
    | st.integers()
    | st.text()
    | st.dictionaries(st.just("have"), st.integers() | st.none())
)
def test_a_strange_message_never_withholds_the_kernel(log: object) -> None:
    view = {"kernel_hash": "one", "kernel": {"alphas": [1.0]}}
    assert board_data(view, log)["kernel"] == view["kernel"]


def test_without_a_kernel_nothing_is_withheld() -> None:
    assert board_data({"kernel_hash": None, "kernel": None}, {"have": None})["kernel"] is None


def test_the_hash_follows_the_content_and_not_the_order_of_the_keys() -> None:
    assert kernel_hash({"a": [1.0], "b": None}) == kernel_hash({"b": None, "a": [1.0]})
    assert kernel_hash({"a": [1.0]}) != kernel_hash({"a": [1.1]})


def test_a_kernel_with_nan_is_refused_because_the_browser_could_not_read_it() -> None:
    with pytest.raises(ValueError, match="JSON"):
        kernel_hash({"deltas": [[float("nan")]]})


def test_every_part_in_the_folder_is_in_the_module_and_only_the_last_exports() -> None:
    assert {path.name for path in FOLDER.glob("*.js")} == set(PARTS)
    exporting = [
        part for part in PARTS if re.search(r"^export ", (FOLDER / part).read_text(), re.M)
    ]
    assert exporting == [PARTS[-1]]
    assert len(re.findall(r"^export default ", board_module(), re.M)) == 1


def test_the_browser_part_asks_no_other_server_and_writes_no_markup() -> None:
    source = board_module()
    assert re.findall(r"https?://\S+", source) == ['http://www.w3.org/2000/svg";']
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b", source)


def test_both_languages_have_the_same_keys_and_slots() -> None:
    assert set(CHINESE) == set(ENGLISH)
    assert set(TEN_THOUSANDS) <= set(ENGLISH)
    for key, text in ENGLISH.items():
        assert set(SLOT.findall(CHINESE[key])) == set(SLOT.findall(text)), key


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("style", ["cny", "plain"])
def test_every_word_is_used_by_the_browser_and_every_word_it_asks_for_exists(
    language: Literal["en", "zh"], style: Literal["cny", "plain"]
) -> None:
    source = board_module()
    keys = set(board_text(language, style))
    asked = set(re.findall(r"\btext\.([a-z_]+)\b", source))
    asked |= set(re.findall(r'"(said_\w+|band\w*)"', source)) - {"bands"}
    listed = re.search(r"LIST_COLUMNS = \[(.*?)\];", source, re.S)
    assert listed is not None
    asked |= {f"list_{name}" for name in re.findall(r'\["(\w+)"', listed[1])}
    assert asked == keys


def test_chinese_prices_count_in_ten_thousands_only_for_yuan() -> None:
    assert board_text("zh", "cny")["axis"] == "指导价（万元）"
    assert "{currency}" in board_text("zh", "plain")["axis"]
    assert board_text("en", "cny") == board_text("en", "plain") == dict(ENGLISH)
