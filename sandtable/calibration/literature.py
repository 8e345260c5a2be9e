"""What the literature says of demand for cars: a table that ships with the package."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from sandtable.data.metadata import BilingualText, Code, Grade, StrictModel, Text
from sandtable.data.parameters import Finite
from sandtable.documents import read_document, understand

LITERATURE_FILE = Path(__file__).with_name("literature.yaml")
NINETY = 3.2897072539029435  # width of the middle nine tenths of a normal, in standard errors

Quantity = Literal[
    "own_elasticity",
    "market_elasticity",
    "gross_margin",
    "customer_cash_pass_through",
    "dealer_cash_pass_through",
    "advertising_elasticity_short_run",
    "advertising_elasticity_long_run",
]


class LiteratureRow(StrictModel):
    """One published number.

    Attributes
    ----------
    value : float
        The number to start from.
    low, high : float
        What nine in ten comparable markets should lie between; wide where the source could not be read.
    population : str
        Country, years, segment.
    checked : bool
        Whether the number was read in the source or in its abstract; if not, it is quoted from memory.
    how : str
        How it was checked.
    """

    name: Code
    quantity: Quantity
    title: BilingualText
    value: Finite
    low: Finite
    high: Finite
    unit: Text
    population: Text
    source: Text
    checked: bool
    how: Text
    grade: Grade

    @property
    def relative_error(self) -> float:
        """Standard error of the logarithm of its size: the range is taken as the middle nine tenths."""
        return float(abs(np.log(self.high / self.low)) / NINETY)

    @property
    def standard_error(self) -> float:
        """Standard error in the unit of the value, near the value."""
        return self.relative_error * abs(self.value)


class _Table(StrictModel):
    schema_version: Annotated[int, Field(alias="schema", ge=1, le=1)]
    rows: Annotated[list[LiteratureRow], Field(min_length=1)]


@cache
def read_literature() -> tuple[LiteratureRow, ...]:
    """Return the rows of the literature table, in its order.

    Examples
    --------
    >>> {row.name: row.value for row in read_literature()}["advertising_short_run"]
    0.12
    """
    document = read_document(LITERATURE_FILE, shown_as=LITERATURE_FILE.name)
    table = understand(document, _Table)
    if table is not None:
        names: list[str] = []
        for index, row in enumerate(table.rows):
            if row.name in names:
                document.fault(("rows", index, "name"), f"'{row.name}' stands twice; rename one.")
            if not (row.low < row.value < row.high and row.low * row.high > 0):
                document.fault(
                    ("rows", index, "value"),
                    f"is {row.value:g}; it must lie between {row.low:g} and {row.high:g}, all of one sign.",
                )
            names.append(row.name)
    document.finish()
    assert table is not None
    return tuple(table.rows)
