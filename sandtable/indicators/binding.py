"""Definitions held against the live tables: columns, types, proven keys, joins that cannot multiply rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from sandtable.errors import did_you_mean
from sandtable.indicators.catalogue import Catalogue
from sandtable.indicators.definition import Aggregate
from sandtable.indicators.engine import ACCEPTED, MEDIAN, DuckDBEngine
from sandtable.indicators.formulas import names_of
from sandtable.indicators.lineage import column_uses

State: TypeAlias = Literal["sound", "absent", "broken"]
CAPABILITY: dict[Aggregate, str] = {"median": MEDIAN}


@dataclass(frozen=True)
class Binding:
    """How one indicator stands with the tables of a data set.

    Attributes
    ----------
    state : str
        ``sound``; ``absent`` when the data set lacks a table it needs; ``broken`` when a table is there and
        does not hold what was declared.
    reasons : tuple of str
    """

    code: str
    state: State
    reasons: tuple[str, ...]


def check_bindings(
    catalogue: Catalogue, engine: DuckDBEngine, codes: Sequence[str] | None = None
) -> list[Binding]:
    """Hold indicators against the live tables, full key proofs included.

    Parameters
    ----------
    codes : sequence of str, optional
        Which to hold; all of the catalogue by default.
    """
    asked = tuple(catalogue.definitions) if codes is None else codes
    needed = {code: tables_of(catalogue, code) for code in asked}
    faults = {
        name: table_faults(catalogue, engine, name)
        for name in sorted({name for names in needed.values() for name in names})
        if engine.has(name)
    }
    found = []
    for code, names in needed.items():
        missing = [name for name in names if not engine.has(name)]
        if missing:
            said = tuple(_lacks(catalogue, name) for name in missing)
            found.append(Binding(code, "absent", said))
            continue
        reasons = list(broken_reasons(catalogue, engine, code))
        for name in names:
            reasons += faults[name]
        state: State = "broken" if reasons else "sound"
        found.append(Binding(code, state, tuple(dict.fromkeys(reasons))))
    return found


def _lacks(catalogue: Catalogue, table: str) -> str:
    if catalogue.tables[table].of_results:
        return f"only the result of a scenario has the table '{table}'."
    return f"the data set has no table '{table}'."


def tables_of(catalogue: Catalogue, code: str) -> list[str]:
    """Return the tables that an indicator reads, for all its dimensions."""
    dimensions = tuple(catalogue.definition(code).dimensions)
    leaves = names_of(catalogue.formula(code))
    uses = [use for leaf in leaves for use in column_uses(catalogue, leaf, dimensions)]
    return sorted({use.table for use in uses})


def absent_tables(catalogue: Catalogue, engine: DuckDBEngine, code: str) -> list[str]:
    """Return the tables that an indicator needs and the data set lacks."""
    return [name for name in tables_of(catalogue, code) if not engine.has(name)]


def table_faults(catalogue: Catalogue, engine: DuckDBEngine, name: str) -> list[str]:
    """Hold one live table against its declaration; return a sentence for each miss."""
    declared, live = catalogue.tables[name], engine.schema(name)
    faults = []
    for column, details in declared.columns.items():
        if details.nullable and column not in live:
            continue  # what may be empty everywhere may be left out; who reads it is told by `broken_reasons`
        sentence = _column_fault(catalogue, engine, name, column)
        if sentence:
            faults.append(sentence)
        elif not details.nullable and (count := engine.nulls(name, column)):
            faults.append(f"{name}.{column} is empty on {count} rows, but declared not nullable.")
    if all(column in live for column in declared.key):
        faults += key_fault(catalogue, engine, name)
    return faults


def key_fault(catalogue: Catalogue, engine: DuckDBEngine, name: str) -> list[str]:
    """Say that the key of a live table is not unique; nothing when it is."""
    key = catalogue.tables[name].key
    count = engine.duplicates(name, key)
    if not count:
        return []
    columns = ", ".join(key)
    return [f"the key of {name} ({columns}) is not unique: {count} stand more than once."]


def _column_fault(catalogue: Catalogue, engine: DuckDBEngine, table: str, column: str) -> str:
    live = engine.schema(table)
    if column not in live:
        return f"the table {table} has no column '{column}'{did_you_mean(column, live)}"
    kind = catalogue.tables[table].columns[column].type
    if not live[column].startswith(ACCEPTED[kind]):
        return f"{table}.{column} is {live[column]}, but declared {kind}."
    return ""


def broken_reasons(catalogue: Catalogue, engine: DuckDBEngine, code: str) -> list[str]:
    """Say why an indicator cannot be computed here: tables, columns, types, join keys, the engine.

    Only what the answer needs is proven, so that a question stays cheap: a join key that is not unique would
    multiply rows; the key of the counted table itself is held against the data by `check_bindings`.
    """
    missing = absent_tables(catalogue, engine, code)
    if missing:
        return [
            f"{engine.holder} has no table '{name}'; the indicator needs it." for name in missing
        ]
    faults: list[str] = []
    dimensions = tuple(catalogue.definition(code).dimensions)
    for name in names_of(catalogue.formula(code)):
        leaf = catalogue.leaf(name)
        needed = CAPABILITY.get(leaf.agg)
        if needed is not None and needed not in engine.capabilities:
            faults.append(f"the engine {engine.name} has no {needed}, which {name} needs.")
        for use in column_uses(catalogue, name, dimensions):
            sentence = _column_fault(catalogue, engine, use.table, use.column)
            if sentence:
                faults.append(sentence)
            elif use.use == "join" and [use.column] == catalogue.tables[use.table].key:
                count = engine.duplicates(use.table, [use.column])
                if count and use.table != leaf.table:
                    faults.append(
                        f"the join key {use.table}.{use.column} is not unique: "
                        f"{count} stand more than once, and rows would multiply."
                    )
    return list(dict.fromkeys(faults))
