"""The two catalogues of sentences: the same keys, the same slots, none missing, none left over."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest

import sandtable.app
from sandtable.app.components.board_text import MoneyStyle, board_text
from sandtable.app.text import LANGUAGES, Language, Text, catalogue, names
from sandtable.data.loading import DataSet
from sandtable.data.metadata import Grade
from sandtable.market.equilibrium import Reason
from sandtable.scenario.levers import lever_table

ENGLISH, CHINESE = catalogue("en"), catalogue("zh")
FOLDER = Path(sandtable.app.__file__).parent
# keys that data choose: the grade of a number, the kind of a data set
FROM_DATA = {*get_args(Grade), "real", "synthetic"}
SPEAKERS = {"text", "words"}


def slots(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


@cache
def sources() -> tuple[ast.Module, ...]:
    return tuple(ast.parse(path.read_text(encoding="utf-8")) for path in FOLDER.rglob("*.py"))


def is_speech(node: ast.Call) -> bool:
    """Whether a call asks for a sentence: `text("key")`, `words("key")`, `session.text()("key")`."""
    if isinstance(node.func, ast.Name):
        return node.func.id in SPEAKERS and bool(node.args)
    return (
        isinstance(node.func, ast.Call)
        and isinstance(node.func.func, (ast.Name, ast.Attribute))
        and getattr(node.func.func, "id", getattr(node.func.func, "attr", "")) == "text"
    )


def speech() -> Iterator[ast.expr]:
    for tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and is_speech(node):
                first = node.args[0]
                yield from [first.body, first.orelse] if isinstance(first, ast.IfExp) else [first]


@cache
def spoken() -> tuple[ast.expr, ...]:
    return tuple(speech())


@cache
def literals() -> frozenset[str]:
    return frozenset(
        node.value
        for tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def pattern(node: ast.JoinedStr) -> str:
    return "".join(
        re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".+"
        for part in node.values
    )


def test_both_languages_hold_the_same_keys() -> None:
    assert set(ENGLISH) == set(CHINESE)


@pytest.mark.parametrize("key", sorted(ENGLISH))
def test_both_languages_fill_the_same_slots(key: str) -> None:
    # some Chinese sentences name a place once where English has to say more
    assert slots(ENGLISH[key]) == slots(CHINESE[key])


@pytest.mark.parametrize("key", sorted(ENGLISH))
def test_every_sentence_is_used(key: str) -> None:
    patterns = [pattern(node) for node in spoken() if isinstance(node, ast.JoinedStr)]
    used = key in literals() | FROM_DATA or any(re.fullmatch(item, key) for item in patterns)
    assert used, f"no file of sandtable/app asks for '{key}'"


def test_every_sentence_that_is_asked_for_exists() -> None:
    asked = {
        node.value
        for node in spoken()
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert len(asked) > 50
    assert asked - set(ENGLISH) == set()
    families = [pattern(node) for node in spoken() if isinstance(node, ast.JoinedStr)]
    assert [item for item in families if not any(re.fullmatch(item, key) for key in ENGLISH)] == []


def test_every_reason_grade_and_kind_has_a_sentence() -> None:
    wanted = {f"reason_{name}" for name in get_args(Reason)}
    wanted |= {*get_args(Grade), "kind_real", "kind_synthetic", "real", "synthetic"}
    assert wanted - set(ENGLISH) == set()


def test_a_lever_is_called_what_its_table_says() -> None:
    for name, lever in lever_table().items():
        assert Text("en").lever(name) == lever.label.en
        assert Text("zh").lever(name) == lever.label.zh


def test_chinese_sentences_are_chinese() -> None:
    plain = {key for key, text in CHINESE.items() if not re.search(r"[\u4e00-\u9fff]", text)}
    assert {key for key in plain if slots(CHINESE[key]) == set()} <= {"hash"}


def test_names_from_the_data_are_translated_and_unknown_ones_stay(
    data_sets: dict[str, DataSet],
) -> None:
    chinese = Text("zh")
    assert chinese.name("Somewhere else") == "Somewhere else"
    metadata = data_sets["premium_ev"].metadata
    untranslated = {
        name
        for name in [*metadata.areas, *(r for inside in metadata.areas.values() for r in inside)]
        if chinese.name(name) == name
    }
    assert untranslated == set()
    assert not names("en")


@pytest.mark.parametrize("style", get_args(MoneyStyle))
def test_the_board_has_the_same_words_in_both_languages(style: MoneyStyle) -> None:
    languages: list[Language] = list(LANGUAGES)
    catalogues = [board_text(language, style) for language in languages]
    assert set(catalogues[0]) == set(catalogues[1])
    for key in catalogues[0]:
        first, second = (slots(words[key]) for words in catalogues)
        assert first - {"currency"} == second - {"currency"}, key
