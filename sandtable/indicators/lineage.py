"""Where a figure comes from: indicator -> parts -> leaves -> columns of tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandtable.indicators.definition import Definition
from sandtable.indicators.formulas import names_of, parse_formula
from sandtable.indicators.leaf import paths_of
from sandtable.indicators.tables import Dimension, resolve

if TYPE_CHECKING:
    from sandtable.indicators.catalogue import Catalogue


@dataclass(frozen=True, order=True)
class ColumnUse:
    """One column that a leaf reads, and for what.

    Attributes
    ----------
    use : str
        ``measure``, ``key``, ``condition``, ``first row``, ``time``, ``join``, ``dimension`` or ``origin`` (of a
        column that is computed when its table is opened).
    """

    leaf: str
    table: str
    column: str
    use: str


@dataclass(frozen=True)
class Lineage:
    """The way of one indicator down to the columns.

    Attributes
    ----------
    parts : dict
        Composite or derived code -> the codes it is made of.
    leaves : tuple of str
    columns : tuple of ColumnUse
    used_by : tuple of str
        Indicators that read this one.
    """

    code: str
    parts: dict[str, tuple[str, ...]]
    leaves: tuple[str, ...]
    columns: tuple[ColumnUse, ...]
    used_by: tuple[str, ...]


def direct_parts(definition: Definition) -> tuple[str, ...]:
    """Return the codes that a definition is made of; none for an atomic one."""
    if definition.formula is not None:
        return names_of(parse_formula(definition.formula))
    return (definition.base,) if definition.base else ()


def lineage(catalogue: Catalogue, code: str) -> Lineage:
    """Follow one indicator down to the columns of its tables.

    Raises
    ------
    InputError
        If no indicator has this code.
    """
    parts: dict[str, tuple[str, ...]] = {}
    waiting = [code]
    while waiting:
        one = waiting.pop(0)
        below = direct_parts(catalogue.definition(one))
        if below and one not in parts:
            parts[one] = below
            waiting += below
    leaves = names_of(catalogue.formula(code))
    asked = tuple(catalogue.definition(code).dimensions)
    columns = {use for leaf in leaves for use in column_uses(catalogue, leaf, asked)}
    return Lineage(code, parts, leaves, tuple(sorted(columns)), catalogue.used_by(code))


def column_uses(
    catalogue: Catalogue, code: str, dimensions: tuple[Dimension, ...]
) -> list[ColumnUse]:
    """Return every column that one leaf reads for given dimensions."""
    leaf, tables = catalogue.leaf(code), catalogue.tables
    wanted = paths_of(leaf, tables)
    for dimension in dimensions:
        path = leaf.dimension_path(tables, dimension)
        if path is not None and dimension not in leaf.fixed_over:
            wanted.setdefault(path, "dimension")
    found: list[ColumnUse] = []
    for path, use in wanted.items():
        end = resolve(tables, leaf.table, path)
        found.append(ColumnUse(code, end.table, end.column, use))
        for table, column in end.through:
            found.append(ColumnUse(code, table, column, "join"))
            target = tables[table].joins[column]
            found.append(ColumnUse(code, target, tables[target].key[0], "join"))
        for origin in tables[end.table].columns[end.column].made_from:
            table, _, column = origin.partition(".")
            found.append(ColumnUse(code, table, column, "origin"))
    return list(dict.fromkeys(found))
