"""Strict YAML: what is understood, what is refused, and in what words."""

from __future__ import annotations

import json
import math
import time
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import ScalarNode

from sandtable.documents import (
    MAXIMUM_BYTES,
    MAXIMUM_DEPTH,
    parse_document,
    place_text,
    read_document,
    understand,
)
from sandtable.documents.tokens import plain_tag, quick_yaml
from sandtable.errors import InputError


class Lever(BaseModel):
    model_config = ConfigDict(extra="forbid")
    product: str
    change: str | float
    months: int = Field(default=1, ge=1, le=36)


class Scenario(BaseModel):
    model_config = ConfigDict(extra="forbid")
    title: str = Field(min_length=1)
    kind: Literal["plan", "what-if"] = "plan"
    levers: list[Lever] = []


def refusal(text: str | bytes) -> list[str]:
    """Return the sentences with which a text is refused, without the file's name."""
    raw = text.encode() if isinstance(text, str) else text
    with pytest.raises(InputError) as caught:
        parse_document(raw, file="f")
    return [str(fault).removeprefix("f") for fault in caught.value.faults]


def misunderstanding(text: str) -> list[str]:
    """Return the sentences with which the model `Scenario` refuses a text."""
    document = parse_document(text.encode(), file="f")
    assert understand(document, Scenario) is None
    with pytest.raises(InputError) as caught:
        document.finish()
    return [str(fault) for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("# a remark only", None),
        ("\ufeffa: 1", {"a": 1}),
        ("a: [1, 0x1F, 0o17, 017, -3]", {"a": [1, 31, 15, 17, -3]}),
        ("a: [1.5, 1e3, .inf, -.INF, 1.]", {"a": [1.5, 1000.0, math.inf, -math.inf, 1.0]}),
        ("a: [true, False, null, ~]", {"a": [True, False, None, None]}),
        ("a: [yes, no, on, off, y, n]", {"a": ["yes", "no", "on", "off", "y", "n"]}),
        ("a: ['1', \"true\", 2026-10, 2026-10-01]", {"a": ["1", "true", "2026-10", "2026-10-01"]}),
        ("a: [12:30, -5 %, 0b11]", {"a": ["12:30", "-5 %", "0b11"]}),
        ("1: x\ntrue: y", {"1": "x", "true": "y"}),
        ("标题: 降价", {"标题": "降价"}),
        ("<<: {a: 1}", {"<<": {"a": 1}}),
    ],
)
def test_plain_values_are_read_as_yaml_1_2_reads_them(text: str, value: Any) -> None:
    assert parse_document(text.encode(), file="f").value == value


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        (
            "a: 1\nb: 2\na: 3\nb: 4",
            [
                ", a: the key 'a' stands twice (line 3); keep one of them.",
                ", b: the key 'b' stands twice (line 4); keep one of them.",
            ],
        ),
        (
            "a: &x 1\nb: *x",
            [
                ", line 1: anchors (&) and aliases (*) are not allowed; write it out.",
                ", line 2: anchors (&) and aliases (*) are not allowed; write it out.",
            ],
        ),
        ("a: !odd 1", [", line 1: tags (!odd) are not allowed; write plain values."]),
        ("a: ! 1", [", line 1: tags (!) are not allowed; write plain values."]),
        ("%YAML 1.1\n---\na: no", [", line 2: directives (%) are not allowed; delete the line."]),
        ("a: 1\n---\nb: 2", [": holds several YAML documents; keep one per file."]),
        ("? [a]\n: 1", [": a key must be text (line 1)."]),
        ("a: 1\nb: \0", [", line 2: the sign U+0000 is not allowed; delete it."]),
        ('a: "\\ud800"', [", line 1: holds half a sign (\\ud800 to \\udfff); delete it."]),
        (b"a: \xff", [": is not UTF-8 (byte 3); save it as UTF-8."]),
        ("[" * 41 + "]" * 41, [", line 1: nested deeper than 40 levels."]),
    ],
)
def test_what_is_not_plain_is_refused_in_words(text: str | bytes, sentences: list[str]) -> None:
    assert refusal(text) == sentences


def test_a_grammar_fault_gives_its_line_and_column() -> None:
    (sentence,) = refusal("a: 1\nb: [1, 2\nc: 3")
    assert sentence.startswith(", line 3, column 2: not valid YAML: ")


def test_the_deepest_and_the_largest_allowed_documents_are_read() -> None:
    value = parse_document(b"[" * MAXIMUM_DEPTH + b"]" * MAXIMUM_DEPTH, file="f").value
    for _ in range(MAXIMUM_DEPTH - 1):
        (value,) = value
    assert value == []
    largest = b"a: " + b"x" * (MAXIMUM_BYTES - 3)
    assert len(parse_document(largest, file="f").value["a"]) == MAXIMUM_BYTES - 3
    assert refusal(largest + b"x") == [": is larger than 1 MB; such a file should be a few kB."]


def test_a_thousand_laughs_cost_nothing() -> None:
    bomb = "a0: &a0 [x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30)
    )
    start = time.perf_counter()
    assert all("anchors" in sentence for sentence in refusal(bomb))
    assert time.perf_counter() - start < 5


def test_ten_thousand_duplicate_keys_are_told_in_linear_time() -> None:
    start = time.perf_counter()
    assert len(refusal("k: v\n" * 10_000)) == 9_999
    assert time.perf_counter() - start < 10


SIGNS = "ab01 \n\t-?:,[]{}#&*!|>'\"%@`=~<_.é中\ufeff\u2028\x07\x00"
# fmt: off
WORDS = [
    ": ", "- ", "? ", "---\n", "...\n", "&a ", "*a", "!!int ", "!x ", "%YAML 1.1\n", "%TAG ! x\n", "<<: ",
    "0x1F", "1__0", ".inf", ".NaN", "+.inf", "\n  ", "1e999", "true", "null", '"\\ud800"', "2026-10-01",
]
# fmt: on
PIECES = st.sampled_from([*SIGNS, *WORDS, "9" * 5000])


@given(st.lists(PIECES, max_size=12).map("".join) | st.text())
def test_hostile_text_is_read_or_refused_and_nothing_else(text: str) -> None:
    try:
        parse_document(text.encode(), file="f")
    except InputError as error:
        assert {fault.file for fault in error.faults} == {"f"}  # noqa: PT017


@given(st.binary())
def test_hostile_bytes_are_read_or_refused_and_nothing_else(raw: bytes) -> None:
    try:
        parse_document(raw, file="f")
    except InputError as error:
        assert error.faults  # noqa: PT017


# What JSON may write plainly and YAML not: control signs, half signs, line separators.
KEYS = st.text(alphabet=st.characters(exclude_categories=("C", "Zl", "Zp")), min_size=1, max_size=8)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | KEYS
    | st.floats(allow_nan=False, allow_infinity=False)
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4)
)


@given(st.dictionaries(KEYS, VALUES, max_size=5))
def test_json_means_the_same_in_yaml(value: dict[str, Any]) -> None:
    text = json.dumps(value, ensure_ascii=False)
    assert parse_document(text.encode(), file="f").value == value


def test_every_fault_of_a_file_is_told_at_once_in_file_order() -> None:
    text = (
        "titel: A price cut\nkind: plna\nlevers:\n"
        "  - {product: 5, change: -5 %, months: 99}\n"
        "  - {product: N5, change: [1], monts: 2}\n  - 7\n"
    )
    assert misunderstanding(text) == [
        "f, title: is missing; it must be given.",
        "f, titel: unknown field 'titel'; did you mean 'title'?",
        "f, kind: must be 'plan' or 'what-if', not 'plna'.",
        "f, levers[0].product: must be text, not 5.",
        "f, levers[0].months: must be at most 36, not 99.",
        "f, levers[1].change: must be text, not a list.",
        "f, levers[1].change: must be a number, not a list.",
        "f, levers[1].monts: unknown field 'monts'; did you mean 'months'?",
        "f, levers[2]: must be a mapping of names to values, not 7.",
    ]


@pytest.mark.parametrize(
    ("text", "shown"), [("", "empty"), ("[1]", "a list"), ("word", "'word'"), ("5", "5")]
)
def test_a_document_that_is_no_mapping_is_told_so(text: str, shown: str) -> None:
    expected = f"f: must be a mapping of names to values, but is {shown}."
    assert misunderstanding(text) == [expected]


def test_a_part_of_a_document_is_understood_at_its_place() -> None:
    document = parse_document(b"levers: [{product: N5, change: 1}, {product: N7}]", file="f")
    lever = understand(document, Lever, place=("levers", 0))
    assert lever == Lever(product="N5", change=1)
    assert understand(document, Lever, place=("levers", 1)) is None
    with pytest.raises(InputError, match=r"^f, levers\[1\]\.change: is missing"):
        document.finish()


@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_any_value_is_understood_or_every_fault_is_a_sentence(value: dict[str, Any]) -> None:
    document = parse_document(b"", file="f")
    document.value = value
    if understand(document, Scenario) is None:
        assert all(
            message.endswith((".", "?")) or "known: " in message for _, message in document.faults
        )
    else:
        document.finish()


def test_the_hash_is_that_of_the_bytes_and_lines_begin_at_one() -> None:
    first = parse_document(b"a:\n  - b: 1\n", file="f")
    assert first.sha256 != parse_document(b"a:\n  - b:  1\n", file="f").sha256
    assert first.lines[("a",)] == 1
    assert first.lines[("a", 0, "b")] == 2


def test_places_are_written_as_users_read_them() -> None:
    assert place_text(("levers", 0, "product")) == "levers[0].product"
    assert place_text((0, "a")) == "[0].a"
    assert place_text(()) == ""


def test_files_that_cannot_be_read_are_refused_under_their_shown_name(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^plan\.yaml: no such file; check the path\.$"):
        read_document(tmp_path / "plan.yaml", shown_as="plan.yaml")
    with pytest.raises(InputError, match=r"^folder: cannot be read \(Is a directory\)\.$"):
        read_document(tmp_path, shown_as="folder")
    large = tmp_path / "large.yaml"
    large.write_bytes(b"#" * (MAXIMUM_BYTES + 1))
    with pytest.raises(InputError, match="is larger than 1 MB"):
        read_document(large)


def test_a_file_is_read_with_its_path_as_its_name(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_bytes(b"title: x\n")
    document = read_document(path)
    assert document.file == str(path)
    assert understand(document, Scenario) == Scenario(title="x")


PIECES = st.sampled_from(
    ["a", "b: ", "- ", "\n", "  ", "[", "]", "{", "}", ", ", "'", '"', "#", "|\n", ">-\n", "? ", ": ",
     "&a ", "*a", "!t ", "---\n", "...\n", "%YAML 1.1\n", "0o17", "1.5", "~", "yes", "true", "\t", "é"]
)  # fmt: skip


def events_of(yaml: YAML, text: str) -> list[tuple[object, ...]] | None:
    try:
        return [
            (type(one), getattr(one, "value", None), getattr(one, "implicit", None),
             one.start_mark.line, one.start_mark.column)
            for one in yaml.parse(text)
        ]  # fmt: skip
    except YAMLError:
        return None


@given(st.lists(PIECES, max_size=30).map("".join))
def test_reading_tokens_ahead_finds_the_same_events(text: str) -> None:
    assert events_of(quick_yaml(), text) == events_of(YAML(typ="safe", pure=True), text)


@given(st.lists(PIECES, min_size=1, max_size=6).map("".join))
def test_a_fault_is_told_with_its_place_as_the_plain_parser_meets_it(text: str) -> None:
    plain = YAML(typ="safe", pure=True)
    try:
        list(plain.parse(text))
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        if mark is not None:
            assert refusal(text)[0].startswith(f", line {mark.line + 1}, column {mark.column + 1}:")


@given(st.from_regex(r"[-+.0-9a-zA-Z_~:]{1,12}", fullmatch=True))
def test_a_plain_scalar_is_what_yaml_says(text: str) -> None:
    resolver = YAML(typ="safe", pure=True).resolver
    tag = str(resolver.resolve(ScalarNode, text, (True, False))).rsplit(":", 1)[-1]
    assert plain_tag(text) == tag
