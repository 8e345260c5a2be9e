"""Entities of a cell, each on one row, marked 1 or 0 by the conditions that one of its rows fulfils."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ibis.expr.types as ir

MOST_BITS = 62  # of a signed 64-bit number, the sign left alone


def plain_marks(rows: ir.Table, groups: Sequence[str], marks: Mapping[str, Any]) -> ir.Table:
    """Return one row for each group and one column for each mark."""
    return rows.group_by(groups).aggregate(
        **{name: met.ifelse(1, 0).max() for name, met in marks.items()}
    )


def packed_marks(rows: ir.Table, groups: Sequence[str], marks: Mapping[str, Any]) -> ir.Table:
    """Return the same as `plain_marks`; on the way the marks are the bits of one number.

    A grouping of many rows pays for each column that it keeps: with eight marks over ten million rows DuckDB needs a
    quarter less time. The engine must know ``bit_or``, and there may be `MOST_BITS` marks.
    """
    bits = [met.ifelse(_whole(1 << place), _whole(0)) for place, met in enumerate(marks.values())]
    single = rows.group_by(groups).aggregate(packed__=reduce(or_, bits).bit_or())
    columns = {name: (single["packed__"] >> place) & 1 for place, name in enumerate(marks)}
    return single.select(*groups, **columns)


def _whole(number: int) -> Any:
    import ibis

    return ibis.literal(number, type="int64")
