"""What the tables under the indicators hold: `tables.yaml`, columns, keys, joins and dimensions as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from sandtable.data.metadata import BilingualText, Code, StrictModel, Text
from sandtable.documents import Document, understand
from sandtable.errors import did_you_mean

ColumnType: TypeAlias = Literal["text", "integer", "number", "boolean", "period", "timestamp"]
Sensitivity: TypeAlias = Literal["open", "internal", "personal"]
Dimension: TypeAlias = Literal[
    "month", "region", "dealer", "model", "channel", "price_band", "firm"
]
DIMENSIONS: tuple[Dimension, ...] = (
    "month",
    "region",
    "dealer",
    "model",
    "channel",
    "price_band",
    "firm",
)
NUMERIC: tuple[ColumnType, ...] = ("integer", "number")


class TableColumn(StrictModel):
    """One column.

    Attributes
    ----------
    made_from : list of str
        ``table.column`` that a column is computed from when the table is opened; empty for a stored one.
    """

    type: ColumnType
    nullable: bool = False
    made_from: list[Text] = Field(default_factory=list)


class TableTime(StrictModel):
    """The column that places a row in time; a timestamp carries the zone it is written in."""

    column: Text
    zone: Literal["UTC"] | None = None


class IndicatorTable(StrictModel):
    """One table.

    Attributes
    ----------
    file : str
        Path in the folder of the data set, without ending.
    grain : str
        What one row stands for, in one word.
    joins : dict
        Column -> table whose (single) key it holds.
    dimensions : dict
        Dimension -> path of the column that holds it.
    sampled : bool
        Whether the table holds the share of people that the data set states as its sample.
    of_results : bool
        Whether only the result of a scenario holds it, and no data set.
    """

    file: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(/[a-z][a-z0-9_]*)*$")]
    label: BilingualText
    grain: Text
    key: Annotated[list[Text], Field(min_length=1)]
    time: TableTime | None = None
    sensitivity: Sensitivity
    sampled: bool = False
    of_results: bool = False
    columns: Annotated[dict[str, TableColumn], Field(min_length=1)]
    joins: dict[str, Text] = Field(default_factory=dict)
    dimensions: dict[Dimension, Text] = Field(default_factory=dict)


class TablesFile(StrictModel):
    """All of `tables.yaml`."""

    schema_version: Annotated[int, Field(alias="schema", ge=1, le=1)]
    tables: dict[Code, IndicatorTable]


Tables: TypeAlias = Mapping[str, IndicatorTable]


@dataclass(frozen=True)
class ResolvedColumn:
    """The end of a path: a column of a table, and the tables joined on the way."""

    table: str
    column: str
    type: ColumnType
    nullable: bool
    through: tuple[tuple[str, str], ...]  # (table, column) of each step


def resolve(tables: Tables, table: str, path: str) -> ResolvedColumn:
    """Follow a path such as ``lead.product.price_band`` from a table.

    Raises
    ------
    ValueError
        If a step does not exist; a sentence.
    """
    *steps, last = path.split(".")
    through: list[tuple[str, str]] = []
    nullable = False
    for step in steps:
        here = tables[table]
        if step not in here.joins:
            hint = did_you_mean(step, here.joins)
            raise ValueError(
                f"'{path}' cannot be followed: the table {table} has no join '{step}'{hint}"
            )
        nullable = nullable or here.columns[step].nullable
        through.append((table, step))
        table = here.joins[step]
    columns = tables[table].columns
    if last not in columns:
        raise ValueError(f"the table {table} has no column '{last}'{did_you_mean(last, columns)}")
    column = columns[last]
    return ResolvedColumn(table, last, column.type, nullable or column.nullable, tuple(through))


def understand_tables(document: Document) -> dict[str, IndicatorTable]:
    """Understand one `tables.yaml`; note its faults in the document."""
    file = understand(document, TablesFile)
    return {} if file is None else dict(file.tables)


def note_table_faults(
    documents: Mapping[str, tuple[Document, tuple[str | int, ...]]], tables: Tables
) -> None:
    """Note what does not fit between the tables of all layers, each at its own place."""
    for name, table in tables.items():
        document, place = documents[name]
        _note_names(document, place, table)
        for column, target in table.joins.items():
            here = (*place, "joins", column)
            if column not in table.columns:
                hint = did_you_mean(column, table.columns)
                document.fault(here, f"the table has no column '{column}'{hint}")
            if target not in tables:
                document.fault(here, f"no table is called '{target}'{did_you_mean(target, tables)}")
            elif len(tables[target].key) > 1:
                document.fault(
                    here,
                    f"the table {target} has a key of {len(tables[target].key)} columns; "
                    "join only to a table with one key column, or rows would multiply.",
                )
    sound = not any(document.faults for document, _ in documents.values())
    for name, table in tables.items() if sound else ():
        document, place = documents[name]
        for dimension, path in table.dimensions.items():
            _note_path(document, (*place, "dimensions", dimension), tables, name, path)
        for column, details in table.columns.items():
            for index, origin in enumerate(details.made_from):
                here = (*place, "columns", column, "made_from", index)
                source, _, source_column = origin.partition(".")
                if source not in tables:
                    hint = did_you_mean(source, tables)
                    document.fault(here, f"no table is called '{source}'{hint}")
                elif source_column not in tables[source].columns:
                    hint = did_you_mean(source_column, tables[source].columns)
                    document.fault(
                        here, f"the table {source} has no column '{source_column}'{hint}"
                    )


def _note_path(
    document: Document, here: tuple[str | int, ...], tables: Tables, table: str, path: str
) -> None:
    try:
        found = resolve(tables, table, path)
    except ValueError as error:
        document.fault(here, str(error))
        return
    if found.type != "text":
        document.fault(here, f"'{path}' is of type {found.type}; a dimension must be text.")


def _note_names(document: Document, place: Sequence[str | int], table: IndicatorTable) -> None:
    columns = table.columns
    for index, column in enumerate(table.key):
        if column not in columns:
            hint = did_you_mean(column, columns)
            document.fault((*place, "key", index), f"the table has no column '{column}'{hint}")
        elif columns[column].nullable:
            document.fault(
                (*place, "key", index), f"the key column '{column}' may not be nullable."
            )
    if table.time is not None:
        column = table.time.column
        here = (*place, "time", "column")
        if column not in columns:
            document.fault(
                here, f"the table has no column '{column}'{did_you_mean(column, columns)}"
            )
        elif columns[column].type not in ("period", "timestamp"):
            document.fault(
                here,
                f"'{column}' is of type {columns[column].type}; time must be a period or a timestamp.",
            )
        elif columns[column].type == "timestamp" and table.time.zone is None:
            document.fault((*place, "time", "zone"), "is missing; a timestamp needs its zone: UTC.")
    if "month" in table.dimensions:
        document.fault(
            (*place, "dimensions", "month"), "the month follows from time; delete this line."
        )
