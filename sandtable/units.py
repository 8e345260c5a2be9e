"""Amounts as people write them: ``-5 %``, ``+2,000,000 CNY``, ``26.88 万``, ``３``.

Nothing is guessed: a text that is not wholly understood raises `ValueError` with a sentence.
"""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

POWERS_OF_TEN = {"": 0, "k": 3, "m": 6, "bn": 9, "万": 4, "亿": 8}

# One kind of group separator within one number: `1,234 567` is more likely two numbers.
_GROUPED = r"\d{1,3}(?P<separator>[,\u2009 ])\d{3}(?:(?P=separator)\d{3})*(?:\.\d+)?"
_PLAIN = r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"
# A Latin scale ends its word, or else `12 months` would be 12 million `onths`.
_SCALE = r"(?:k|m|bn)(?![A-Za-z])|万|亿"
_AMOUNT = re.compile(
    rf"\s*(?P<sign>[+\-])?\s*(?P<number>{_GROUPED}|{_PLAIN})\s*(?P<scale>{_SCALE})?"
    r"\s*(?P<unit>%|[^\W\d_]+)?\s*"
)
# Forms of one and the same sign. Others change the meaning when folded: 5² is not 52.
_SAME_SIGN = ("<wide>", "<narrow>", "<noBreak>")

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

    exact: Decimal
    unit: str
    signed: bool

    @property
    def number(self) -> float:
        """The nearest floating-point number."""
        return float(self.exact)


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
    Amount(exact=Decimal('2000000'), unit='CNY', signed=True)
    """
    if isinstance(text, bool):
        raise ValueError(f"'{text}' is not a number.")
    if isinstance(text, (int, float)):
        return Amount(_exact(str(text), shown=str(text)), "", False)
    match = _AMOUNT.fullmatch(_folded(text))
    unit = match["unit"] or "" if match else ""
    # ² and ① count as signs of a word, though they are no letters.
    if match is None or not (unit in ("", "%") or unit.isalpha()):
        raise ValueError(
            f"'{text}' is not an amount; write for instance -5 %, +2,000,000 CNY or 12.5."
        )
    digits = re.sub(r"[,\s]", "", match["number"])
    exact = _exact(digits, shown=text, power=POWERS_OF_TEN[match["scale"] or ""])
    if match["sign"] == "-":
        exact = -exact
    return Amount(exact, unit, match["sign"] is not None)


def _exact(digits: str, *, shown: str, power: int = 0) -> Decimal:
    try:
        exact = Decimal(digits).scaleb(power)
        finite = math.isfinite(float(exact))
    except ArithmeticError:  # an exponent that even Decimal cannot hold
        finite = False
    if not finite:
        raise ValueError(f"'{shown}' is not a finite number.")
    return exact


def _folded(text: str) -> str:
    plain = (
        unicodedata.normalize("NFKC", sign)
        if unicodedata.decomposition(sign).startswith(_SAME_SIGN)
        else sign
        for sign in text
    )
    return "".join(plain).replace("−", "-").replace("–", "-")


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
        return Change("relative", float(amount.exact.scaleb(-2)))
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
