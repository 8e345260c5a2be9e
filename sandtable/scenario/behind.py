"""The rows behind a leaf: of the files of the data set, or of a side of a result."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import reduce
from operator import or_
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from sandtable.data.loading import DataSet
from sandtable.indicators.catalogue import Catalogue
from sandtable.indicators.engine import DuckDBEngine
from sandtable.indicators.joining import column_name
from sandtable.indicators.periods import ordinal, start_of
from sandtable.indicators.queries import read_query
from sandtable.indicators.scanning import Scanner
from sandtable.indicators.tables import Tables, resolve
from sandtable.scenario.explained import Side
from sandtable.scenario.periods import PeriodResult
from sandtable.scenario.reading import result_engine

if TYPE_CHECKING:
    import ibis.expr.types as ir


class FileEngine(DuckDBEngine):
    """The files of a data set as they are, with a firm that counts as own."""

    def __init__(self, folder: Path, tables: Tables, own_firm: str) -> None:
        super().__init__(folder, tables)
        self._own_firm = own_firm

    def setting(self, name: str) -> str:
        """Return a value that conditions may name."""
        return {"own_firm": self._own_firm}[name]


@contextmanager
def opened_side(
    found: Catalogue, data_set: DataSet, items: Sequence[PeriodResult], firm: str, side: Side
) -> Iterator[DuckDBEngine]:
    """Open the tables that rows are taken from; closed at the end of the block."""
    if side == "source":
        engine: DuckDBEngine = FileEngine(data_set.folder, found.tables, firm)
    else:
        engine = result_engine(found, items, firm, side)
    try:
        yield engine
    finally:
        engine.close()


def rows_behind(
    found: Catalogue,
    engine: DuckDBEngine,
    leaf: str,
    periods: Sequence[str],
    regions: Sequence[str],
    limit: int,
) -> tuple[int, pd.DataFrame]:
    """Return how many rows a leaf counts in some periods and regions, and the first of them, by key.

    Parameters
    ----------
    limit : int
        How many rows to return; 0 for the count alone.
    """
    item = found.leaf(leaf)
    declared = found.tables[item.table]
    time, region = item.time_path(found.tables), item.dimension_path(found.tables, "region")
    own = [
        name
        for name, column in declared.columns.items()
        if not column.made_from and name in engine.schema(item.table)
    ]
    wanted = list(dict.fromkeys([*own, *(path for path in (time, region) if path is not None)]))
    query = read_query(found, engine, [leaf])
    rows = Scanner(engine, query).counted(item, wanted)
    if time is not None:
        timestamp = resolve(found.tables, item.table, time).type == "timestamp"
        rows = rows.filter(_in_periods(rows[column_name(time)], periods, timestamp, engine))
    if region is not None:
        rows = rows.filter(rows[column_name(region)].isin(list(regions)))
    count = int(engine.run(rows.aggregate(count=rows.count()))["count"].iloc[0])
    first = rows.select(*own).order_by([name for name in declared.key if name in own])
    return count, engine.run(first.limit(limit)) if limit else pd.DataFrame(columns=own)


def _in_periods(
    column: ir.Column, periods: Sequence[str], timestamp: bool, engine: DuckDBEngine
) -> Any:
    import ibis

    if not timestamp:
        return column.isin(list(periods))

    def moment(number: int) -> Any:
        return ibis.literal(start_of(number, engine.frequency), type="timestamp('UTC', 6)")

    numbers = [ordinal(period, engine.frequency) for period in periods]
    return reduce(or_, [(column >= moment(n)) & (column < moment(n + 1)) for n in numbers])
