"""Where the data come from: facts, provenance of every column, rows, conversions."""

from __future__ import annotations

from sandtable.app.formatting import Format
from sandtable.app.health.age import Age
from sandtable.app.health.headline import age_text
from sandtable.app.health.tables import Cell, Row
from sandtable.app.text import Text
from sandtable.data.loading import DataSet


def data_facts(
    data_set: DataSet, age: Age, text: Text, write: Format
) -> list[tuple[str, str | Cell]]:
    """Return source, licence, dates, market size and fingerprint."""
    metadata = data_set.metadata
    about = text(f"health_age_{age.state}", age=age_text(age.months, text))
    return [
        (text("source"), metadata.source),
        (text("licence"), metadata.licence),
        (text("as_of"), Cell(write.period(age.period), note=about)),
        (text("health_retrieved"), metadata.retrieved),
        (text("market_size"), metadata.market_size_rule),
        (text("hash"), data_set.sha256),
    ]


def table_rows(data_set: DataSet, text: Text, write: Format) -> tuple[list[str], list[Row]]:
    """Return every table with its rows and the provenance of its columns.

    A column with a note of its own stands on a line of its own below its table.
    """
    columns = [text("health_table"), text("health_rows"), text("health_provenance")]
    metadata = data_set.metadata
    rows: list[Row] = []
    for table, frame in data_set.tables.items():
        note = metadata.columns.get(table)
        whole = Cell(table, note=note.note if note else "")
        rows.append(
            [whole, write.count(len(frame)), _origin(note.provenance if note else "", text)]
        )
        for column, own in metadata.columns.items():
            if column.startswith(f"{table}."):
                cell = Cell(f"\u2003{column.removeprefix(f'{table}.')}", note=own.note)
                rows.append([cell, "", _origin(own.provenance, text)])
    return columns, rows


def _origin(provenance: str, text: Text) -> Cell:
    if not provenance:
        return Cell(text("health_provenance_unsaid"), chip="open")
    return Cell(text(f"health_provenance_{provenance}"), chip=provenance)


def conversions(data_set: DataSet, text: Text) -> list[str]:
    """Return what was converted while reading, as the reader noted it; or that nothing was."""
    return list(data_set.notes) or [text("health_no_conversions")]
