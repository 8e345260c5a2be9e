"""DuckDB over the tables of one data set: files are registered when first asked for."""

from __future__ import annotations

import itertools
import sys
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sandtable.data.loading import load_metadata
from sandtable.data.metadata import Frequency, Metadata
from sandtable.documents import read_document
from sandtable.errors import Fault, InputError
from sandtable.indicators.moments import day_of
from sandtable.indicators.periods import end_of, label_of, ordinal, period_of
from sandtable.indicators.tables import ColumnType, IndicatorTable, Tables

if TYPE_CHECKING:
    import duckdb
    import ibis.expr.types as ir

SQL_TYPES: dict[ColumnType, str] = {
    "text": "VARCHAR",
    "period": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "timestamp": "TIMESTAMP WITH TIME ZONE",
}
# Types of a file that can be read as a declared type without loss.
ACCEPTED: dict[ColumnType, tuple[str, ...]] = {
    "text": ("VARCHAR",),
    "period": ("VARCHAR",),
    "integer": ("BIGINT", "INTEGER", "SMALLINT", "TINYINT", "UINTEGER", "USMALLINT", "UTINYINT"),
    "number": ("DOUBLE", "FLOAT", "BIGINT", "INTEGER", "SMALLINT", "TINYINT", "DECIMAL"),
    "boolean": ("BOOLEAN",),
    "timestamp": ("TIMESTAMP WITH TIME ZONE",),
}
# Capabilities that an indicator may need of an engine.
MEDIAN, DISTINCT, BIT_OR = "median", "count_distinct", "bit_or"
CALENDAR = "calendar"
DEEPEST = 20_000  # calls within calls, when an expression is written as SQL
FloatArray: TypeAlias = NDArray[np.float64]
RECORDS_NOTE = "records/README.yaml"


@dataclass(frozen=True)
class Span:
    """First and last numbered period of a table, both included."""

    first: int
    last: int

    def common(self, other: Span) -> Span:
        """Return the periods of both; empty when first lies behind last."""
        return Span(max(self.first, other.first), min(self.last, other.last))


class DuckDBEngine:
    """An embedded DuckDB in UTC over one data set.

    Parameters
    ----------
    folder : Path
        Folder of the data set.
    tables : mapping of str to IndicatorTable
        What the tables are declared to hold.
    frames : mapping of str to DataFrame, optional
        Tables given in memory; they stand in place of files, as the tables of a scenario's result do.
    """

    name = "duckdb"
    holder = "the data set"
    dialect = "duckdb"
    capabilities = frozenset({MEDIAN, DISTINCT, BIT_OR})

    def __init__(
        self, folder: Path, tables: Tables, frames: Mapping[str, pd.DataFrame] | None = None
    ) -> None:
        import duckdb

        self.folder = Path(folder)
        self.tables = tables
        self.frames = dict(frames or {})
        self.metadata: Metadata = load_metadata(self.folder)
        self.frequency: Frequency = self.metadata.frequency
        self.sample = _sample(self.folder)
        self._connection: duckdb.DuckDBPyConnection = duckdb.connect(
            config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
        )
        self._connection.execute("SET TimeZone = 'UTC'")
        self._ready: dict[str, dict[str, str]] = {}
        self._spans: dict[tuple[str, str], Span | None] = {}
        self._duplicates: dict[tuple[str, tuple[str, ...]], int] = {}
        self._register_calendar()

    def close(self) -> None:
        """Give the memory back."""
        self._connection.close()

    @property
    def end(self) -> datetime:
        """First moment after what the data set knows."""
        return end_of(self.metadata.as_of)

    def setting(self, name: str) -> str:
        """Return a value that conditions may name."""
        return {"own_firm": self.metadata.own_firm}[name]

    def path(self, table: str) -> Path | None:
        """Return the file of a table; None when the data set has none."""
        stem = self.folder / self.tables[table].file
        candidates = (stem.with_name(f"{stem.name}.parquet"), stem.with_name(f"{stem.name}.csv"))
        return next((path for path in candidates if path.is_file()), None)

    def has(self, table: str) -> bool:
        """Whether the data set holds a table."""
        return table in self.frames or self.path(table) is not None

    def schema(self, table: str) -> dict[str, str]:
        """Return the live columns of a table and their SQL types; registers the table."""
        if table not in self._ready:
            self._register(table)
            rows = self._connection.execute(f'DESCRIBE "{table}"').fetchall()
            self._ready[table] = {str(row[0]): str(row[1]) for row in rows}
        return self._ready[table]

    def span(self, table: str, column: str, *, before: datetime | None = None) -> Span | None:
        """Return the periods between the first and the last row; None without rows.

        Parameters
        ----------
        before : datetime, optional
            Leave out what was not known at this moment: a period counts once it is over.
        """
        key = (table, column)
        if key not in self._spans:
            self.schema(table)
            query = (
                f'SELECT CAST(min("{column}") AS VARCHAR), CAST(max("{column}") AS VARCHAR) '
                f'FROM "{table}"'
            )
            first, last = self._connection.execute(query).fetchall()[0]
            timestamp = self.tables[table].columns[column].type == "timestamp"
            numbers = [
                period_of(datetime.fromisoformat(value), self.frequency)
                if timestamp
                else ordinal(value, self.frequency)
                for value in (first, last)
                if value is not None
            ]
            self._spans[key] = Span(numbers[0], numbers[1]) if numbers else None
        span = self._spans[key]
        if span is None or before is None:
            return span
        timestamp = self.tables[table].columns[column].type == "timestamp"
        last_known = (
            period_of(before - timedelta(microseconds=1), self.frequency)
            if timestamp
            else period_of(before, self.frequency) - 1
        )
        return Span(span.first, min(span.last, last_known))

    def last(self, table: str, column: str) -> datetime | None:
        """Return when the last row became known, before the data end: a period at its end; None without rows."""
        self.schema(table)
        timestamp = self.tables[table].columns[column].type == "timestamp"
        limit = str(self.end)
        if not timestamp:
            limit = label_of(period_of(self.end, self.frequency), self.frequency)
        query = f'SELECT CAST(max("{column}") AS VARCHAR) FROM "{table}" WHERE "{column}" < $limit'
        value = self._connection.execute(query, {"limit": limit}).fetchall()[0][0]
        if value is None:
            return None
        return datetime.fromisoformat(value) if timestamp else end_of(value)

    def duplicates(self, table: str, key: list[str]) -> int:
        """Count the keys that stand on more than one row; counted once."""
        self.schema(table)
        proven = (table, tuple(key))
        if proven in self._duplicates:
            return self._duplicates[proven]
        columns = ", ".join(f'"{column}"' for column in key)
        query = (
            f'SELECT count(*) FROM (SELECT 1 FROM "{table}" GROUP BY {columns} HAVING count(*) > 1)'
        )
        self._duplicates[proven] = int(self._connection.execute(query).fetchall()[0][0])
        return self._duplicates[proven]

    def nulls(self, table: str, column: str) -> int:
        """Count the rows without a value."""
        self.schema(table)
        query = f'SELECT count(*) FROM "{table}" WHERE "{column}" IS NULL'
        return int(self._connection.execute(query).fetchall()[0][0])

    def values(self, table: str, column: str) -> list[str]:
        """Return the different values of a text column, in order."""
        self.schema(table)
        query = f'SELECT DISTINCT "{column}" FROM "{table}" WHERE "{column}" IS NOT NULL ORDER BY 1'
        return [str(row[0]) for row in self._connection.execute(query).fetchall()]

    def sql(self, expression: ir.Table) -> str:
        """Write an expression in the dialect of this engine."""
        import ibis

        # one of a hundred indicators is nested deeper than Python allows by itself
        sys.setrecursionlimit(max(sys.getrecursionlimit(), DEEPEST))
        return str(ibis.to_sql(expression, dialect=self.dialect))

    def day(self, moment: ir.Value) -> ir.Value:
        """Return the day of a moment, in UTC, as this engine finds it quickest."""
        return day_of(moment)

    def run(self, expression: ir.Table) -> pd.DataFrame:
        """Compute an expression whose tables were registered."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            return self._connection.execute(self.sql(expression)).df()

    def beside(self, expression: ir.Table, rows: pd.DataFrame) -> dict[str, FloatArray]:
        """Compute figures for given rows.

        Parameters
        ----------
        expression : ir.Table
            Its keys stand in `rows`.
        rows : DataFrame
            Key columns alone; each key once.

        Returns
        -------
        dict of str to ndarray
            Each figure, in the order of the rows, NaN where it is missing; then cells that no row has.
        """
        keys = [str(name) for name in rows.columns]
        figures = [name for name in expression.columns if name not in keys]
        self._connection.register("asked__", rows.assign(place__=range(len(rows))))
        same = " AND ".join(f'a."{key}" = r."{key}"' for key in keys)
        wanted = ", ".join(f'a."{name}"' for name in figures)
        query = (
            f"SELECT r.place__, {wanted} FROM asked__ r FULL JOIN ({self.sql(expression)}) a ON {same} "
            "ORDER BY r.place__ NULLS LAST"
        )
        found = self._connection.execute(query).fetchnumpy()
        self._connection.unregister("asked__")
        # a column without a missing figure is no masked array
        return {
            name: np.ma.asarray(found[name], dtype=np.float64).filled(np.nan) for name in figures
        }

    def _register(self, table: str) -> None:
        if not self.has(table):
            raise InputError(
                [Fault(self.folder.name, "", f"the data set has no table '{table}'; add its file.")]
            )
        declared = self.tables[table]
        stored = (
            f"{table}__stored" if any(c.made_from for c in declared.columns.values()) else table
        )
        if table in self.frames:
            self._connection.register(stored, self.frames[table])
        else:
            self._register_file(stored, declared, self.path(table))
        if stored != table:
            self._register_made(table, stored)

    def _register_file(self, name: str, declared: IndicatorTable, path: Path | None) -> None:
        assert path is not None
        shown = str(path).replace("'", "''")
        if path.suffix == ".parquet":
            self._connection.execute(
                f"CREATE VIEW \"{name}\" AS SELECT * FROM read_parquet('{shown}')"
            )
            return
        header = pd.read_csv(path, nrows=0).columns
        types = ", ".join(
            f"'{column}': '{SQL_TYPES[details.type]}'"
            for column, details in declared.columns.items()
            if column in header
        )
        # A table, not a view: text is parsed once.
        self._connection.execute(
            f'CREATE TABLE "{name}" AS SELECT * FROM '
            f"read_csv('{shown}', header = true, nullstr = '', types = {{{types}}})"
        )

    def _register_made(self, table: str, stored: str) -> None:
        """Add to the products the price band of their latest list price, and whether we serve it."""
        bands = " ".join(
            f"WHEN price < {high!r} THEN '{band}'"
            for (_, high), band in zip(
                itertools.pairwise([0.0, *self.metadata.price_bands]),
                band_labels(self.metadata.price_bands),
                strict=False,
            )
        )
        last = band_labels(self.metadata.price_bands)[-1]
        self.schema("sales")
        firm = self.metadata.own_firm.replace("'", "''")
        self._connection.execute(
            f"""CREATE VIEW "{table}" AS
            WITH latest AS (
              SELECT product, avg(list_price) AS price FROM sales
              WHERE (product, period) IN (SELECT (product, max(period)) FROM sales GROUP BY product)
              GROUP BY product
            ), banded AS (
              SELECT p.*, CASE WHEN price IS NULL THEN NULL {bands} ELSE '{last}' END AS price_band
              FROM "{stored}" p LEFT JOIN latest USING (product)
            )
            SELECT *, price_band IN (
              SELECT price_band FROM banded WHERE firm = '{firm}' AND price_band IS NOT NULL
            ) AS band_served FROM banded"""
        )

    def _register_calendar(self) -> None:
        labels = {
            "month": "strftime(day, '%Y-%m')",
            "quarter": "strftime(day, '%Y') || '-Q' || quarter(day)",
            "year": "strftime(day, '%Y')",
        }
        numbers = {
            "month": "year(day) * 12 + month(day) - 1",
            "quarter": "year(day) * 4 + quarter(day) - 1",
            "year": "year(day)",
        }
        self._connection.execute(
            f"""CREATE TABLE {CALENDAR} AS
            SELECT CAST(day AS DATE) AS day, {labels[self.frequency]} AS month,
              CAST({numbers[self.frequency]} AS BIGINT) AS number
            FROM range(DATE '1960-01-01', DATE '2061-01-01', INTERVAL 1 DAY) AS days(day)"""
        )


def band_labels(edges: list[float]) -> list[str]:
    """Return the names of price bands, from below the first edge to above the last.

    Examples
    --------
    >>> band_labels([150000, 200000])
    ['<150000', '150000-200000', '200000+']
    """
    inner = [f"{_plain(low)}-{_plain(high)}" for low, high in itertools.pairwise(edges)]
    return [f"<{_plain(edges[0])}", *inner, f"{_plain(edges[-1])}+"]


def _plain(edge: float) -> str:
    return str(int(edge)) if edge == int(edge) else str(edge)


def _sample(folder: Path) -> float:
    """Return the share of people that the records hold; 1 when nothing is said."""
    path = folder / RECORDS_NOTE
    if not path.is_file():
        return 1.0
    value = read_document(path).value
    sample = value.get("sample", 1.0) if isinstance(value, dict) else 1.0
    if isinstance(sample, bool) or not isinstance(sample, (int, float)) or not 0 < sample <= 1:
        raise InputError(
            [Fault(str(path), "sample", f"must be a share above 0 and at most 1, not {sample!r}.")]
        )
    return float(sample)
