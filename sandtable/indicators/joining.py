"""Tables as expressions that no engine is bound to, joined along proven keys: as many rows as the first has."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from sandtable.indicators.engine import CALENDAR
from sandtable.indicators.tables import ColumnType, Tables, resolve

if TYPE_CHECKING:
    import ibis.expr.types as ir

IBIS_TYPES: dict[ColumnType, str] = {
    "text": "string",
    "period": "string",
    "integer": "int64",
    "number": "float64",
    "boolean": "boolean",
    "timestamp": "timestamp('UTC', 6)",
}


def column_name(path: str) -> str:
    """Return the name of a joined column."""
    return path.replace(".", "__")


def table_expression(tables: Tables, name: str) -> ir.Table:
    """Return a table of the data set as an expression that no engine is bound to."""
    import ibis

    columns = tables[name].columns
    schema = {column: IBIS_TYPES[details.type] for column, details in columns.items()}
    return ibis.table(schema, name=name)


def calendar_expression() -> ir.Table:
    """Return the calendar: one row a day, with the label and the number of its period."""
    import ibis

    return ibis.table({"day": "date", "month": "string", "number": "int64"}, name=CALENDAR)


def joined(tables: Tables, table: str, paths: Iterable[str]) -> ir.Table:
    """Return the columns at the ends of paths, joined along keys; as many rows as the table has."""
    wanted = sorted(set(paths))
    base = table_expression(tables, table)
    steps = sorted({prefix for path in wanted for prefix in _prefixes(path)}, key=_depth)
    direct = {path for path in (*wanted, *steps) if "." not in path}
    rows = base.select({name: base[name] for name in sorted(direct)})
    for step in steps:
        column = step.rpartition(".")[2]
        holder = resolve(tables, table, step).table
        target = tables[holder].joins[column]
        right = table_expression(tables, target)
        key = f"{column_name(step)}__key"
        taken = {path for path in (*wanted, *steps) if path.rpartition(".")[0] == step}
        columns = {column_name(path): right[path.rpartition(".")[2]] for path in sorted(taken)}
        right = right.select({key: right[tables[target].key[0]], **columns})
        rows = rows.left_join(right, rows[column_name(step)] == right[key]).drop(key)
    return rows


def _prefixes(path: str) -> list[str]:
    parts = path.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts))]


def _depth(step: str) -> tuple[int, str]:
    return step.count("."), step
