"""Formulas: parsed, bounded, normalised, never run."""

from __future__ import annotations

import builtins
import random
import string
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandtable.indicators.formulas import (
    Formula,
    FormulaError,
    Name,
    Negative,
    Number,
    Operation,
    names_of,
    normal_form,
    parse_formula,
)

FAULTS = {
    "": "sign 1: the formula is empty; write for instance a / b.",
    "a +": "sign 4: the formula ends where a name or a number must follow.",
    "a b": "sign 3: 'b' follows where + - * / must stand.",
    "(a": "sign 1: this parenthesis is never closed.",
    "a)": "sign 2: ')' follows where + - * / must stand.",
    "* a": "sign 1: '*' stands where a name or a number must stand.",
    "A": "sign 1: 'A' is not understood; a formula holds names in small letters, numbers, + - * / and parentheses.",
    "a ** b": "sign 4: '*' stands where a name or a number must stand.",
    "a;b": "sign 2: ';' is not understood; a formula holds names in small letters, numbers, + - * / and parentheses.",
    "-" * 21 + "a": "sign 21: nested deeper than 20 levels.",
    "(" * 21 + "a": "sign 21: nested deeper than 20 levels.",
    "a" * 501: "sign 501: the formula is longer than 500 signs; split it.",
    "1" * 21: "sign 1: a number has at most 20 digits.",
}


@pytest.mark.parametrize("text", FAULTS, ids=lambda text: text[:8])
def test_a_faulty_formula_says_where_and_what(text: str) -> None:
    with pytest.raises(FormulaError) as caught:
        parse_formula(text)
    assert str(caught.value) == FAULTS[text]
    assert f"sign {caught.value.position}:" in str(caught.value)


def test_a_division_by_a_constant_zero_is_refused() -> None:
    with pytest.raises(FormulaError, match="divides by a constant zero"):
        normal_form(parse_formula("a / (1 - 1)"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a + b", "b + a"),
        ("a * (b * c)", "c * b * a"),
        ("a - b", "-b + a"),
        ("(a + b) * 4 / 2", "2 * (b + a)"),
        ("a / b / c", "a / (c * b)"),
        ("-(a - b)", "b - a"),
    ],
)
def test_formulas_that_say_the_same_come_out_equal(one: str, other: str) -> None:
    assert normal_form(parse_formula(one)) == normal_form(parse_formula(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [("a / b", "b / a"), ("a - b", "b - a"), ("a / (b / c)", "a * c / b"), ("a / a", "1")],
)
def test_formulas_that_differ_somewhere_stay_apart(one: str, other: str) -> None:
    assert normal_form(parse_formula(one)) != normal_form(parse_formula(other))


def formulas() -> st.SearchStrategy[Formula]:
    leaves = st.one_of(
        st.sampled_from(["a", "b_1", "c.d"]).map(Name),
        st.integers(0, 99).map(lambda n: Number(Fraction(n))),
    )
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            inner.map(Negative), st.builds(Operation, st.sampled_from("+-*/"), inner, inner)
        ),
        max_leaves=6,
    )


def written(formula: Formula) -> str:
    if isinstance(formula, Name):
        return formula.name
    if isinstance(formula, Number):
        return str(formula.value)
    if isinstance(formula, Negative):
        return f"-({written(formula.operand)})"
    return f"({written(formula.left)}) {formula.sign} ({written(formula.right)})"


@given(formulas())
def test_a_formula_written_out_is_read_back(formula: Formula) -> None:
    assert parse_formula(written(formula)) == formula


@given(formulas(), st.fractions(1, 9), st.fractions(1, 9), st.fractions(1, 9))
def test_the_normal_form_keeps_the_value(
    formula: Formula, a: Fraction, b: Fraction, c: Fraction
) -> None:
    known = {"a": a, "b_1": b, "c.d": c}
    try:
        expected, normal = value(formula, known), normal_form(formula)
    except (ZeroDivisionError, FormulaError):
        return
    if "/" in normal and "1/" in normal:
        normal = "".join(
            f"({word})" if word[0].isdigit() and "/" in word else word for word in normal.split()
        )
    assert value(parse_formula(normal.replace("-1 *", "-1*")), known) == expected


def value(formula: Formula, known: dict[str, Fraction]) -> Fraction:
    if isinstance(formula, Name):
        return known[formula.name]
    if isinstance(formula, Number):
        return formula.value
    if isinstance(formula, Negative):
        return -value(formula.operand, known)
    left, right = value(formula.left, known), value(formula.right, known)
    if formula.sign == "/":
        return left / right
    return {"+": left + right, "-": left - right, "*": left * right}[formula.sign]


WORDS = [
    "a", "sal_lead_cnt", "lead.prospect", "1", "2.5", "+", "-", "*", "/", "(", ")", " ", "__import__('os')", "eval",
    "exec(", "lambda:0", "; drop table leads", "--", "'", '"', "\n", "\x00", "é", "²", "１", "1e9", "==", "[0]", "{}",
    "a.b.c", ".", "..", "_a", "A", "$1", "\\", "`", "%", "**", "//", "0x1", "1_000", "\ud800", "open('x')",
]  # fmt: skip


def test_none_of_100_000_fuzzed_formulas_runs_or_escapes(monkeypatch: pytest.MonkeyPatch) -> None:
    def ran(*_: object, **__: object) -> None:
        raise AssertionError("a formula was run")

    for name in ("eval", "exec", "compile", "__import__"):
        monkeypatch.setattr(builtins, name, ran)
    chance = random.Random(20260630)
    letters = string.printable
    read = outside = 0
    for index in range(100_000):
        if index % 4:
            text = "".join(chance.choices(WORDS, k=chance.randint(0, 12)))
        else:
            text = "".join(chance.choices(letters, k=chance.randint(0, 30)))
        try:
            formula = parse_formula(text)
            names_of(formula)
            normal_form(formula)
            read += 1
        except FormulaError as error:
            outside += not 1 <= error.position <= len(text) + 1
    assert outside == 0
    assert 500 < read < 50_000
