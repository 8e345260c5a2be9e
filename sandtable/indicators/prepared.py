"""A question kept ready: additive leaves compiled once, asked again and again over other tables in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from sandtable.data.loading import DataSet
from sandtable.indicators.catalogue import Catalogue
from sandtable.indicators.engine import DuckDBEngine, Span
from sandtable.indicators.formulas import names_of
from sandtable.indicators.leaf import Leaf
from sandtable.indicators.lineage import column_uses
from sandtable.indicators.periods import label_of, ordinal
from sandtable.indicators.scanning import Grouping
from sandtable.indicators.tables import Dimension, Tables

if TYPE_CHECKING:
    import sqlglot.expressions as exp

# Stand in the compiled text where the answer puts the own firm and the first and last period.
OWN_FIRM = "own firm of the question"
FIRST_YEAR, LAST_YEAR = 1961, 2059


class ResultEngine(DuckDBEngine):
    """An engine over the tables of a result: of the files it reads only tables without time.

    Parameters
    ----------
    own_firm : str
        The firm whose figures are own.
    """

    holder = "the result of a scenario"

    def __init__(
        self, folder: Path, tables: Tables, frames: Mapping[str, Any], own_firm: str
    ) -> None:
        super().__init__(folder, tables, frames)
        self._own_firm = own_firm

    def path(self, table: str) -> Path | None:
        """Return the file of a table that knows no time; what happened must not stand in for what a result lacks."""
        return super().path(table) if self.tables[table].time is None else None

    def setting(self, name: str) -> str:
        """Return a value that conditions may name."""
        return {"own_firm": self._own_firm}[name]


class _OpenEngine(ResultEngine):
    """Leaves the span open: it is put in when the question is asked."""

    def span(self, table: str, column: str, *, before: datetime | None = None) -> Span:
        return open_span(self)

    @property
    def read(self) -> frozenset[str]:
        """Tables that were read so far."""
        return frozenset(self._ready)

    def put(self, name: str, table: Any) -> None:
        """Put another table of the same shape in place."""
        self._connection.register(name, table)

    def rows(self, text: str, values: Mapping[str, str]) -> list[tuple[Any, ...]]:
        """Answer a text that was compiled before."""
        return self._connection.execute(text, dict(values)).fetchall()


def open_span(engine: DuckDBEngine) -> Span:
    """Return a span that no data set has, so that its ends can be found again in the text."""
    first, last = (f"{year}" for year in (FIRST_YEAR, LAST_YEAR))
    tail = {"month": ("-02", "-11"), "quarter": ("-Q2", "-Q3"), "year": ("", "")}[engine.frequency]
    return Span(
        ordinal(first + tail[0], engine.frequency), ordinal(last + tail[1], engine.frequency)
    )


def can_be_prepared(found: Catalogue, leaf: Leaf, by: Sequence[Dimension]) -> bool:
    """Whether figures of a leaf add up over cells, and need nothing that is computed when a table is opened."""
    uses = column_uses(found, leaf.code, tuple(by))
    return (
        leaf.additive_over_rows
        and leaf.over_time is None
        and leaf.cohort is None
        and leaf.trailing_days is None
        and leaf.first_per is None
        and not set(leaf.fixed_over) & set(by)
        and not any(use.use == "origin" for use in uses)
    )


class PreparedQuestion:
    """Leaves at one grain over tables that change: the SQL is compiled once and the tables are swapped.

    Parameters
    ----------
    found : Catalogue
    data_set : DataSet
        Its frequency and settings hold.
    codes : sequence of str
        Leaves for which `can_be_prepared` holds.
    by : sequence of Dimension
    tables : mapping of str to Arrow table
        Tables of the shape that will be asked.
    """

    def __init__(
        self,
        found: Catalogue,
        data_set: DataSet,
        codes: Sequence[str],
        by: Sequence[Dimension],
        tables: Mapping[str, Any],
    ) -> None:
        narrow = _narrowed(found, by)
        self.codes, self.by = tuple(codes), tuple(by)
        self._lock = Lock()
        self._engine = _OpenEngine(data_set.folder, narrow.tables, tables, OWN_FIRM)
        self._frequency = data_set.metadata.frequency
        try:
            self._text, self._names = self._compiled(narrow)
        except BaseException:
            self._engine.close()
            raise
        self._registered = dict(tables)

    def ask(
        self, tables: Mapping[str, Any], own_firm: str, periods: Sequence[str]
    ) -> dict[str, dict[tuple[str, ...], float]]:
        """Compute the leaves: code -> cell -> figure; a cell without rows is left out.

        Parameters
        ----------
        tables : mapping of str to Arrow table
            Those given at first, with other rows.
        own_firm : str
        periods : sequence of str
            Periods that the tables hold.
        """
        values = {"own_firm": own_firm, "first": min(periods), "last": max(periods)}
        used = {name: values[name] for name in self._names}
        with self._lock:
            for name, table in tables.items():
                if name in self._engine.read and self._registered.get(name) is not table:
                    self._engine.put(name, table)
                    self._registered[name] = table
            rows = self._engine.rows(self._text, used)
        width = len(self.by)
        figures: dict[str, dict[tuple[str, ...], float]] = {code: {} for code in self.codes}
        for row in rows:
            cell = row[1 : 1 + width]
            for code, value in zip(self._columns[row[0]], row[1 + width :], strict=False):
                if value is not None:
                    figures[code][cell] = value
        return figures

    def _compiled(self, found: Catalogue) -> tuple[str, tuple[str, ...]]:
        """Compile one pass for each group of leaves that share one, and lay the answers under each other."""
        import sqlglot

        from sandtable.indicators.compiling import compile_query
        from sandtable.indicators.queries import read_query

        groups: dict[Grouping, list[str]] = {}
        for code in self.codes:
            groups.setdefault(Grouping.of(found.leaf(code)), []).append(code)
        self._columns = list(groups.values())
        width = max(map(len, self._columns))
        texts = []
        for place, codes in enumerate(self._columns):
            query = read_query(found, self._engine, codes, by=self.by)
            text = self._engine.sql(compile_query(found, self._engine, query))
            cells = [f'"{name}"' for name in self.by]
            figures = [f'"{code}" AS figure_{index}' for index, code in enumerate(codes)]
            figures += [f"NULL AS figure_{index}" for index in range(len(codes), width)]
            texts.append(f"SELECT {place} AS part, {', '.join([*cells, *figures])} FROM ({text})")
        whole = sqlglot.parse_one(" UNION ALL ".join(texts), dialect=self._engine.dialect)
        span = open_span(self._engine)
        standing = {
            OWN_FIRM: "own_firm",
            label_of(span.first, self._frequency): "first",
            label_of(span.last, self._frequency): "last",
        }
        names = tuple(name for literal, name in standing.items() if _holds(whole, literal))
        opened = whole.transform(lambda node: _opened(node, standing))
        return opened.sql(dialect=self._engine.dialect), names


def _narrowed(found: Catalogue, by: Sequence[Dimension]) -> Catalogue:
    """Return the catalogue with this grain alone, and tables without columns computed when they are opened."""
    tables = {
        name: table.model_copy(
            update={
                "columns": {key: item for key, item in table.columns.items() if not item.made_from}
            }
        )
        for name, table in found.tables.items()
    }
    definitions = {
        code: item.model_copy(update={"dimensions": list(by)})
        for code, item in found.definitions.items()
    }
    return replace(found, tables=tables, definitions=definitions)


def _holds(whole: exp.Expr, literal: str) -> bool:
    import sqlglot.expressions as exp

    return any(node.is_string and node.this == literal for node in whole.find_all(exp.Literal))


def _opened(node: exp.Expr, standing: Mapping[str, str]) -> exp.Expr:
    import sqlglot.expressions as exp

    if isinstance(node, exp.Literal) and node.is_string and node.this in standing:
        return exp.Parameter(this=exp.Var(this=standing[node.this]))
    return node


def leaves_of(found: Catalogue, codes: Sequence[str]) -> tuple[str, ...]:
    """Return the leaves of some indicators, each once."""
    return tuple(dict.fromkeys(leaf for code in codes for leaf in names_of(found.formula(code))))
