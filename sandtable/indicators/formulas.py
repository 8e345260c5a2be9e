"""The formulas of indicators: names, + - * /, parentheses, numbers. Parsed here, never evaluated as code.

Grammar, lowest binding first::

    sum      = product {("+" | "-") product}
    product  = factor {("*" | "/") factor}
    factor   = "-" factor | number | name | "(" sum ")"
    number   = digits ["." digits]
    name     = word {"." word}                 word = letter {letter | digit | "_"}, small letters
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeAlias

MAXIMUM_LENGTH = 500
MAXIMUM_DEPTH = 20
MAXIMUM_DIGITS = 20

Operator: TypeAlias = Literal["+", "-", "*", "/"]

_TOKEN = re.compile(
    r"(?P<number>[0-9]+(?:\.[0-9]+)?)|(?P<name>[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*)|(?P<sign>[-+*/()])",
)
_SPACE = re.compile(r"[ \t\r\n]*")


class FormulaError(ValueError):
    """A formula that is not understood.

    Attributes
    ----------
    position : int
        Sign of the formula at which reading stopped, from 1.
    """

    def __init__(self, position: int, message: str) -> None:
        self.position = position
        super().__init__(f"sign {position}: {message}")


@dataclass(frozen=True)
class Number:
    """A number, exactly as written."""

    value: Fraction


@dataclass(frozen=True)
class Name:
    """The code of an indicator, or the path of a column."""

    name: str


@dataclass(frozen=True)
class Negative:
    """Unary minus."""

    operand: Formula


@dataclass(frozen=True)
class Operation:
    """Two formulas and the sign between them."""

    sign: Operator
    left: Formula
    right: Formula


Formula: TypeAlias = Number | Name | Negative | Operation


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    position: int


def parse_formula(text: str) -> Formula:
    """Read one formula.

    Parameters
    ----------
    text : str
        At most 500 signs, parentheses and minus signs at most 20 deep.

    Raises
    ------
    FormulaError
        If any part of the text is not understood; it carries the position.

    Examples
    --------
    >>> parse_formula("a / (b - 1)")  # doctest: +NORMALIZE_WHITESPACE
    Operation(sign='/', left=Name(name='a'),
              right=Operation(sign='-', left=Name(name='b'), right=Number(value=Fraction(1, 1))))
    """
    if len(text) > MAXIMUM_LENGTH:
        raise FormulaError(
            MAXIMUM_LENGTH + 1, f"the formula is longer than {MAXIMUM_LENGTH} signs; split it."
        )
    return _Parser(list(_tokens(text)), len(text) + 1).whole()


def _tokens(text: str) -> Iterator[_Token]:
    place = 0
    while True:
        space = _SPACE.match(text, place)
        place = space.end() if space else place
        if place == len(text):
            return
        match = _TOKEN.match(text, place)
        if match is None:
            raise FormulaError(
                place + 1,
                f"'{text[place]}' is not understood; "
                "a formula holds names in small letters, numbers, + - * / and parentheses.",
            )
        kind = str(match.lastgroup)
        if kind == "number" and len(match[0]) > MAXIMUM_DIGITS:
            raise FormulaError(place + 1, f"a number has at most {MAXIMUM_DIGITS} digits.")
        yield _Token(kind, match[0], place + 1)
        place = match.end()


class _Parser:
    """Recursive descent over the tokens; depth is counted, so the stack stays short."""

    def __init__(self, tokens: list[_Token], end: int) -> None:
        self.tokens = tokens
        self.end = end
        self.place = 0
        self.depth = 0

    def whole(self) -> Formula:
        if not self.tokens:
            raise FormulaError(1, "the formula is empty; write for instance a / b.")
        formula = self.sum()
        if self.place < len(self.tokens):
            token = self.tokens[self.place]
            raise FormulaError(token.position, f"'{token.text}' follows where + - * / must stand.")
        return formula

    def sum(self) -> Formula:
        return self._chain("+-", self.product)

    def product(self) -> Formula:
        return self._chain("*/", self.factor)

    def _chain(self, signs: str, operand: Callable[[], Formula]) -> Formula:
        formula = operand()
        while (sign := self._sign()) is not None and sign in signs:
            self.place += 1
            formula = Operation(_operator(sign), formula, operand())
        return formula

    def factor(self) -> Formula:
        if self.place == len(self.tokens):
            raise FormulaError(self.end, "the formula ends where a name or a number must follow.")
        token = self.tokens[self.place]
        self.place += 1
        if token.kind == "number":
            return Number(Fraction(token.text))
        if token.kind == "name":
            return Name(token.text)
        if token.text not in "-(":
            raise FormulaError(
                token.position, f"'{token.text}' stands where a name or a number must stand."
            )
        self.depth += 1
        if self.depth > MAXIMUM_DEPTH:
            raise FormulaError(token.position, f"nested deeper than {MAXIMUM_DEPTH} levels.")
        formula = Negative(self.factor()) if token.text == "-" else self._parenthesis(token)
        self.depth -= 1
        return formula

    def _parenthesis(self, opening: _Token) -> Formula:
        formula = self.sum()
        if self._sign() != ")":
            raise FormulaError(opening.position, "this parenthesis is never closed.")
        self.place += 1
        return formula

    def _sign(self) -> str | None:
        if self.place == len(self.tokens) or self.tokens[self.place].kind != "sign":
            return None
        return self.tokens[self.place].text


def _operator(sign: str) -> Operator:
    operators: dict[str, Operator] = {"+": "+", "-": "-", "*": "*", "/": "/"}
    return operators[sign]


def names_of(formula: Formula) -> tuple[str, ...]:
    """Return the names in a formula, each once, in order of appearance.

    Examples
    --------
    >>> names_of(parse_formula("(a - b) / a"))
    ('a', 'b')
    """
    return tuple(dict.fromkeys(_names(formula)))


def _names(formula: Formula) -> Iterator[str]:
    if isinstance(formula, Name):
        yield formula.name
    elif isinstance(formula, Negative):
        yield from _names(formula.operand)
    elif isinstance(formula, Operation):
        yield from _names(formula.left)
        yield from _names(formula.right)


def substituted(formula: Formula, meaning: Callable[[str], Formula]) -> Formula:
    """Return a formula with something else in place of each name."""
    if isinstance(formula, Name):
        return meaning(formula.name)
    if isinstance(formula, Negative):
        return Negative(substituted(formula.operand, meaning))
    if isinstance(formula, Operation):
        left, right = substituted(formula.left, meaning), substituted(formula.right, meaning)
        return Operation(formula.sign, left, right)
    return formula


def normal_form(formula: Formula, meaning: Callable[[str], str] = str) -> str:
    """Write a formula so that two formulas that say the same come out equal.

    Order of sums and products, parentheses, signs and constants are settled; no quotient is
    cancelled, because ``a / a`` differs from 1 where a is zero.

    Parameters
    ----------
    formula : Formula
        Parsed by `parse_formula`.
    meaning : callable
        What to write for a name; by default the name.

    Raises
    ------
    FormulaError
        If it divides by a constant zero.

    Examples
    --------
    >>> normal_form(parse_formula("2 * (b + a)")) == normal_form(parse_formula("(a + b) * 4 / 2"))
    True
    """
    return _sum_text(_terms(formula, meaning))


_Terms: TypeAlias = dict[tuple[tuple[str, ...], tuple[str, ...]], Fraction]


def _terms(formula: Formula, meaning: Callable[[str], str]) -> _Terms:
    """Return a sum as {(sorted factors, sorted divisors): coefficient}, without zero coefficients."""
    if isinstance(formula, Number):
        return {((), ()): formula.value} if formula.value else {}
    if isinstance(formula, Name):
        return {((meaning(formula.name),), ()): Fraction(1)}
    if isinstance(formula, Negative):
        return {key: -value for key, value in _terms(formula.operand, meaning).items()}
    left, right = _terms(formula.left, meaning), _terms(formula.right, meaning)
    if formula.sign in "+-":
        scale = 1 if formula.sign == "+" else -1
        total = dict(left)
        for key, value in right.items():
            total[key] = total.get(key, Fraction(0)) + scale * value
        return {key: value for key, value in total.items() if value}
    return _multiplied(left, right) if formula.sign == "*" else _divided(left, right)


def _single(terms: _Terms) -> tuple[tuple[str, ...], tuple[str, ...], Fraction]:
    """Return a sum as one product; a sum of several terms becomes one factor, in parentheses."""
    if len(terms) == 1:
        ((factors, divisors), coefficient) = next(iter(terms.items()))
        return factors, divisors, coefficient
    # The leading coefficient is drawn out, so that 2 * (a + b) and 2 * a + 2 * b share one form.
    leading = terms[min(terms)]
    inner = {key: value / leading for key, value in terms.items()}
    return (f"({_sum_text(inner)})",), (), leading


def _multiplied(left: _Terms, right: _Terms) -> _Terms:
    if not left or not right:
        return {}
    one, other = _single(left), _single(right)
    key = (tuple(sorted(one[0] + other[0])), tuple(sorted(one[1] + other[1])))
    return {key: one[2] * other[2]}


def _divided(left: _Terms, right: _Terms) -> _Terms:
    if not right:
        raise FormulaError(1, "it divides by a constant zero.")
    if not left:
        return {}
    one, other = _single(left), _single(right)
    if other[1]:  # a / (b / c): the whole divisor stays one, because c = 0 matters
        inner = _sum_text({(other[0], other[1]): Fraction(1)})
        other = ((f"({inner})",), (), other[2])
    key = (tuple(sorted(one[0])), tuple(sorted(one[1] + other[0])))
    return {key: one[2] / other[2]}


def _sum_text(terms: _Terms) -> str:
    if not terms:
        return "0"
    return " + ".join(_product_text(*key, terms[key]) for key in sorted(terms))


def _product_text(
    factors: tuple[str, ...], divisors: tuple[str, ...], coefficient: Fraction
) -> str:
    parts = [str(coefficient), *factors] if coefficient != 1 or not factors else list(factors)
    return " * ".join(parts) + "".join(f" / {divisor}" for divisor in divisors)
