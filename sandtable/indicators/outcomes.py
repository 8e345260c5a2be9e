"""What came of one test of one indicator, and how figures of tests are written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

OutcomeKind: TypeAlias = Literal["range", "freshness", "reconcile", "unique", "complete", "binding"]


@dataclass(frozen=True)
class Outcome:
    """One test and what came of it.

    Attributes
    ----------
    expected, seen : str
        Short and without words of a language: ``0 … 1`` and ``0.02 … 0.41 (180)``.
    passed : bool or None
        None when the test could not be run here.
    sentence : str
        The same in full, in English.
    """

    kind: OutcomeKind
    expected: str
    seen: str
    passed: bool | None
    sentence: str


def number(value: float) -> str:
    """Write a figure shortly: ``1,234``, ``0.0312``.

    Examples
    --------
    >>> number(1234.0), number(0.031234567), number(-2.0)
    ('1,234', '0.03123', '-2')
    """
    if value == int(value):
        return f"{value:,.0f}"
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.4g}"
