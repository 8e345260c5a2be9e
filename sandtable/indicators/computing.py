"""Ask the indicators: a table of figures, or the SQL that would make it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict, Unpack

import pandas as pd

from sandtable.data.catalogue import find_data_set
from sandtable.indicators.catalogue import Catalogue, catalogue
from sandtable.indicators.compiling import compile_query
from sandtable.indicators.engine import DuckDBEngine
from sandtable.indicators.queries import read_query

Where = Mapping[str, str | Sequence[str]]


class Asked(TypedDict, total=False):
    """What may be asked of indicators beside their codes; see `compute`."""

    by: Sequence[str]
    where: Where | None
    modifiers: Sequence[str]
    as_of: str | None


@contextmanager
def opened(
    data_set: str | Path,
    *,
    folders: Sequence[str | Path] = (),
    frames: Mapping[str, pd.DataFrame] | None = None,
) -> Iterator[tuple[Catalogue, DuckDBEngine]]:
    """Open the indicators and the tables of a data set; closed at the end of the block."""
    found = catalogue(data_set, folders)
    engine = DuckDBEngine(find_data_set(data_set), found.tables, frames)
    try:
        yield found, engine
    finally:
        engine.close()


def compute(
    codes: Sequence[str],
    data_set: str | Path,
    *,
    folders: Sequence[str | Path] = (),
    frames: Mapping[str, pd.DataFrame] | None = None,
    **asked: Unpack[Asked],
) -> pd.DataFrame:
    """Compute indicators.

    Parameters
    ----------
    codes : sequence of str
    data_set : str or Path
        Name or folder of a data set.
    by : sequence of str
        Dimensions of the grain: month, region, dealer, model, channel, price_band, firm.
    where : mapping, optional
        Dimension -> value or values; months also as ``2026-01..2026-06``.
    modifiers : sequence of str
        ``change``, ``change_on_year``, ``cumulative``, ``rolling:3``, ``share_of_total``, ``rank``.
    as_of : str, optional
        A day or a month: rows that were not known then are left out.
    folders : sequence of path
        Further layers of definitions.
    frames : mapping, optional
        Tables in memory that stand in place of those of the data set.

    Returns
    -------
    DataFrame
        The dimensions, then one column for each indicator (missing where a divisor is zero or a table does not
        reach), ordered by the dimensions.

    Raises
    ------
    InputError
        With every reason why the question cannot be answered.
    """
    with opened(data_set, folders=folders, frames=frames) as (found, engine):
        return compute_with(found, engine, codes, **asked)


def compute_with(
    found: Catalogue,
    engine: DuckDBEngine,
    codes: Sequence[str],
    **asked: Unpack[Asked],
) -> pd.DataFrame:
    """Compute indicators on an engine that is open already; see `compute`."""
    query = read_query(found, engine, codes, **asked)
    frame = engine.run(compile_query(found, engine, query))
    for name in frame.columns:
        frame[name] = frame[name].astype(str if name in query.by else float)
    return frame


def sql(
    codes: Sequence[str],
    data_set: str | Path,
    *,
    folders: Sequence[str | Path] = (),
    **asked: Unpack[Asked],
) -> str:
    """Return the SQL that `compute` would run, for reading; see there for the parameters."""
    with opened(data_set, folders=folders) as (found, engine):
        query = read_query(found, engine, codes, **asked)
        return engine.sql(compile_query(found, engine, query))
