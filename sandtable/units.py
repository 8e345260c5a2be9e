"""Amounts as people write them: ``-5 %``, ``+2,000,000 CNY``, ``26.88 万``, ``３``.

Nothing is guessed: a text that is not wholly understood raises `ValueError` with a sentence.
"""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

MULTIPLIERS = {"": 1.0, "k": 1e3, "m": 1e6, "bn": 1e9, "万": 1e4, "亿": 1e8}

_NUMBER = r"(?P<number>\d{1,3}(?:[,\u00a0\u202f ]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)"
_AMOUNT = re.compile(
    rf"\s*(?P<sign>[+\-])?\s*{_NUMBER}\s*(?P<scale>k|m|bn|万|亿)?\s*(?P<unit>%|[^\W\d_]+)?\s*"
)

ChangeKind = Literal["relative", "absolute"]


@dataclass(frozen=True)
class Change:
    """How a number changes: relative (``-0.05``) or absolute (in the unit of the number).

    Examples
    --------
    >>> Change("relative", -0.05).applied_to(268_800.0)
    255360.0
    """

    kind: ChangeKind
    amount: float

    def applied_to(self, value: float) -> float:
        """Return the value after the change."""
        return value * (1 + self.amount) if self.kind == "relative" else value + self.amount


@dataclass(frozen=True)
class Amount:
    """A number with the unit that was written behind it (``""`` when none, ``"%"`` for per cent)."""

    number: float
    unit: str
    signed: bool


def parse_amount(text: str | float) -> Amount:
    """Read one number as people write it.

    Parameters
    ----------
    text : str or float
        ``"-5 %"``, ``"+2,000,000 CNY"``, ``"26.88 万"``, ``"12.5"`` or a number. Full-width digits and the
        minus sign U+2212 are understood.

    Returns
    -------
    Amount
        For per cent the number stays in per cent; a scale (k, m, bn, 万, 亿) is multiplied in.

    Raises
    ------
    ValueError
        If any part of the text is not understood, or the number is not finite.

    Examples
    --------
    >>> parse_amount("+2,000,000 CNY")
    Amount(number=2000000.0, unit='CNY', signed=True)
    """
    if isinstance(text, bool):
        raise ValueError(f"'{text}' is not a number.")
    if isinstance(text, (int, float)):
        if not math.isfinite(text):
            raise ValueError(f"{text} is not a finite number.")
        return Amount(float(text), "", False)
    folded = unicodedata.normalize("NFKC", text).replace("−", "-").replace("–", "-")
    match = _AMOUNT.fullmatch(folded)
    if match is None:
        raise ValueError(
            f"'{text}' is not an amount; write for instance -5 %, +2,000,000 CNY or 12.5."
        )
    number = float(re.sub(r"[,\s]", "", match["number"])) * MULTIPLIERS[match["scale"] or ""]
    if not math.isfinite(number):
        raise ValueError(f"'{text}' is not a finite number.")
    if match["sign"] == "-":
        number = -number
    return Amount(number, match["unit"] or "", match["sign"] is not None)


def parse_change(text: str | float, *, unit: str) -> Change:
    """Read a change: per cent, or an amount in the lever's unit.

    Parameters
    ----------
    text : str or float
        ``"-5 %"`` or ``"-13,400 CNY"`` or ``-13400``.
    unit : str
        The unit that an absolute change must carry, or may leave out.

    Raises
    ------
    ValueError
        If the text is not an amount or carries another unit.

    Examples
    --------
    >>> parse_change("-5 %", unit="CNY")
    Change(kind='relative', amount=-0.05)
    """
    amount = parse_amount(text)
    if amount.unit == "%":
        return Change("relative", amount.number / 100)
    _check_unit(amount, unit, str(text))
    return Change("absolute", amount.number)


def parse_value(text: str | float, *, unit: str) -> float:
    """Read a value in a given unit (``"255,400 CNY"``, ``255400``).

    Raises
    ------
    ValueError
        If the text is not an amount or carries another unit.
    """
    amount = parse_amount(text)
    _check_unit(amount, unit, str(text))
    return amount.number


def _check_unit(amount: Amount, unit: str, text: str) -> None:
    known = {unit.casefold()} | ({"元"} if unit.startswith("CNY") else set())
    if amount.unit and amount.unit.casefold() not in known:
        expected = unit or "no unit"
        raise ValueError(f"'{text}' carries the unit '{amount.unit}'; expected {expected}.")
