"""Ranges of numbers that have no standard error (`assumed.yaml`), each with source and grade."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from pydantic import Field

from sandtable.data.metadata import Grade, StrictModel, Text
from sandtable.documents import parse_document, understand

POINT = 1.2815515655446004  # 90 % point of a standard normal


class AssumedRange(StrictModel):
    """The range that holds a number in 8 of 10 cases.

    Attributes
    ----------
    low, high : float
        Its 10 % and 90 % points.
    relative, shift : bool
        Whether these multiply the number, or are added to it; neither: they are the points themselves.
    """

    low: float
    high: float
    relative: bool = False
    shift: bool = False
    grade: Grade
    source: Text

    def error(self, value: float) -> float:
        """Return the standard error of a number, taken as normal.

        Examples
        --------
        >>> round(assumed_ranges()["customer_cash_pass_through"].error(0.85), 3)
        0.078
        """
        width = (self.high - self.low) / (2 * POINT)
        return width * abs(value) if self.relative else width


class _Table(StrictModel):
    ranges: dict[str, AssumedRange] = Field(min_length=1)


@cache
def assumed_ranges() -> dict[str, AssumedRange]:
    """Return all ranges by what they are of."""
    raw = files("sandtable.planning.uncertain").joinpath("assumed.yaml").read_bytes()
    document = parse_document(raw, file="assumed.yaml")
    document.value = {"ranges": document.value}
    table = understand(document, _Table)
    document.finish()
    assert table is not None
    return table.ranges
