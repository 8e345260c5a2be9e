"""Moments in DuckDB: the day of one without its time zone tables."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ibis.expr.types as ir


@cache
def _functions() -> tuple[Any, Any]:
    """Return two functions of DuckDB that Ibis does not name; Ibis is loaded when the first question is asked."""
    import ibis

    def epoch_us(moment: Any) -> Any: ...

    def make_timestamp(microseconds: Any) -> Any: ...

    builtin = ibis.udf.scalar.builtin
    return (
        builtin(epoch_us, signature=(("timestamp('UTC', 6)",), "int64")),
        builtin(make_timestamp, signature=(("int64",), "timestamp")),
    )


def day_of(moment: ir.Value) -> ir.Value:
    """Return the day of a moment, in UTC.

    A cast of a TIMESTAMP WITH TIME ZONE to a date asks the time zone tables for each row: 0.7 s for ten million rows
    against 0.13 s this way.
    """
    epoch_us, make_timestamp = _functions()
    day: ir.Value = make_timestamp(epoch_us(moment)).date()
    return day
