"""Figures of an indicator as its unit asks: per cent, money, days; and what changed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sandtable.app.formatting import MISSING, NO_BREAK, Format
from sandtable.app.text import Text
from sandtable.indicators import Definition

BETWEEN = {"en": ", ", "zh": "、"}  # words of a list
AFTER = {"en": " ", "zh": ""}  # a sentence
TIMES = 5.0  # a ratio beyond it is read as "so many times", not in per cent


@dataclass(frozen=True)
class Figures:
    """How the figures of one indicator are written.

    Attributes
    ----------
    definition : Definition
    times : bool
        Whether a ratio is a multiple (14 times its cost) rather than a part of a whole.
    """

    definition: Definition
    text: Text
    format: Format
    times: bool = False

    def write(self, value: float) -> str:
        """Write a figure with its unit."""
        unit = self.definition.unit
        if not math.isfinite(value):
            return MISSING
        if unit == "ratio":
            return self.format.decimal(value) if self.times else self.format.percent(value)
        if unit == "count":
            return self.format.count(value)
        if unit == "money":
            return self.format.amount(value)
        if unit in ("day", "hour"):
            written = self.format.decimal(value)
            return self.text(f"indicator_{unit}s", count=written)
        return self.format.decimal(value)

    def tick(self, value: float) -> str:
        """Write a round figure on an axis, in few signs."""
        unit = self.definition.unit
        if unit == "ratio" and not self.times:
            percent = f"{value * 100:,.10g}".replace("-", "\u2212")
            return f"{percent}{NO_BREAK if self.format.language == 'en' else ''}%"
        scaled = value * (self.format.metadata.money_scale if unit == "money" else 1)
        steps = (
            ((1e8, "\u4ebf"), (1e4, "\u4e07"))
            if self.format.language == "zh"
            else ((1e9, "bn"), (1e6, "m"), (1e4, "k"))
        )
        for size, name in steps:
            if abs(scaled) >= size:
                by = 1e3 if name == "k" else size
                return f"{scaled / by:,.10g}{NO_BREAK}{name}".replace("-", "\u2212")
        return f"{scaled:,.10g}".replace("-", "\u2212")

    def change(self, now: float, before: float) -> str:
        """Write how far a figure stands from another, without sign; empty where it rounds to nothing."""
        unit = self.definition.unit
        difference = abs(now - before)
        if unit == "ratio" and not self.times:
            written = self.format.points(difference).lstrip("+")
        elif unit in ("count", "money", "index") and before:
            written = self.format.percent(difference / abs(before))
        elif unit in ("day", "hour"):
            written = self.text(f"indicator_{unit}s", count=self.format.decimal(difference))
        else:
            written = self.format.decimal(difference)
        return written if any(digit in written for digit in "123456789") else ""


def figures_of(
    definition: Definition, values: tuple[float, ...], text: Text, format_: Format
) -> Figures:
    """Return how an indicator is written, given what it is like."""
    largest = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    return Figures(definition, text, format_, definition.unit == "ratio" and largest > TIMES)


def joined(words: Iterable[str], text: Text) -> str:
    """Write words side by side."""
    return BETWEEN[text.language].join(words)


def listed(words: Sequence[str], text: Text) -> str:
    """Write words as a list whose last one is joined by "and"."""
    if len(words) < 2:
        return "".join(words)
    return text("list_of", first=joined(words[:-1], text), last=words[-1])
