"""The market stands on indicators: each column that the model reads is computed by the definition that feeds it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from sandtable.data.contracts import CONTRACTS
from sandtable.data.fed import Fed
from sandtable.data.kept import Kept
from sandtable.data.loading import DataSet, load_data_set
from sandtable.errors import Fault, InputError
from sandtable.indicators.catalogue import Catalogue, catalogue
from sandtable.indicators.engine import DuckDBEngine, FloatArray
from sandtable.indicators.inputs import ModelInput, model_inputs
from sandtable.indicators.tables import Dimension

# (units * price) / units differs from price in the last digit: the two are one number, and the digits of the file,
# which are no remainder of a division, stand
ROUNDING = 1e-12
SHOWN = 3

Grain = tuple[str, tuple[Dimension, ...]]


def feeds_of(found: Catalogue) -> dict[str, str]:
    """Return which indicator feeds each input of the model: input -> code, in the order of the inputs."""
    feeders = {name: code for code, item in found.definitions.items() for name in item.feeds}
    return {name: feeders[name] for name in model_inputs() if name in feeders}


def load_fed(
    folder: Path, *, tables: Collection[str] | None = None, folders: Sequence[str | Path] = ()
) -> DataSet:
    """Load a data set and put the figures of indicators into the columns that the model reads; see `feed`."""
    return feed(load_data_set(folder, tables=tables), folders)


def feed(data_set: DataSet, folders: Sequence[str | Path] = ()) -> DataSet:
    """Return a data set in whose columns the figures of indicators stand, where a definition feeds the model.

    Parameters
    ----------
    data_set : DataSet
        As its files are.
    folders : sequence of path
        Further layers of definitions, after those of the data set and of the environment.

    Returns
    -------
    DataSet
        With `fed`, the record of what stands where; kept in memory for the next call.

    Raises
    ------
    InputError
        If a definition is faulty, cannot be computed here, has no figure where the model needs one, or one that no
        such column may hold.
    """
    found = catalogue(data_set.folder, folders)
    key = (data_set.sha256, frozenset(data_set.tables), found.identity, _records(data_set))
    return _fed.get(key, lambda: _feed(data_set, found))


def catalogue_of(data_set: DataSet) -> Catalogue:
    """Return the definitions that a data set was fed from; those of today when it was not fed."""
    kept = data_set.dictionary
    return kept if isinstance(kept, Catalogue) else catalogue(data_set.folder)


def _records(data_set: DataSet) -> tuple[tuple[str, int, int], ...]:
    """Return the state of the files in folders of the data set, which its hash does not cover."""
    paths = sorted(data_set.folder.glob("*/*.parquet")) + sorted(data_set.folder.glob("*/*.csv"))
    stats = [(path, path.stat()) for path in paths]
    return tuple((str(path), stat.st_mtime_ns, stat.st_size) for path, stat in stats)


def _feed(data_set: DataSet, found: Catalogue) -> DataSet:
    feeds = feeds_of(found)
    grains: dict[Grain, list[str]] = {}
    for name in feeds:
        item = model_inputs()[name]
        if item.table in data_set.tables and item.column in data_set.tables[item.table]:
            grains.setdefault((item.table, tuple(item.by)), []).append(name)
    engine = DuckDBEngine(data_set.folder, found.tables, data_set.tables)
    tables = dict(data_set.tables)
    records: dict[str, Fed] = {}
    faults: list[Fault] = []
    try:
        for (table, by), names in grains.items():
            codes = {name: feeds[name] for name in names}
            try:
                figures = _figures(found, engine, tables[table], by, codes)
                made, fed = _put(found, data_set, table, by, codes, figures)
            except InputError as error:
                faults += error.faults
                continue
            tables[table] = made
            records |= fed
    finally:
        engine.close()
    faults = faults or _market_faults(found, feeds, tables, records)
    if faults:
        raise InputError(faults)
    fed_in_order = tuple(records[name] for name in feeds if name in records)
    return replace(
        data_set, tables=tables, fed=fed_in_order, definitions=found.sha256, dictionary=found
    )


def key_columns(found: Catalogue, table: str, by: Sequence[Dimension]) -> dict[Dimension, str]:
    """Return the column of a table that holds each dimension of a grain."""
    declared = found.tables[table]
    time = declared.time.column if declared.time else ""
    return {one: time if one == "month" else declared.dimensions[one] for one in by}


def _figures(
    found: Catalogue,
    engine: DuckDBEngine,
    rows: pd.DataFrame,
    by: tuple[Dimension, ...],
    codes: Mapping[str, str],
) -> dict[str, FloatArray]:
    """Compute the indicators for every row of a table, then for cells that it has no row for."""
    from sandtable.indicators.compiling import compile_query
    from sandtable.indicators.queries import read_query

    for name, code in codes.items():
        try:
            read_query(found, engine, [code], by=by)
        except InputError as error:
            reasons = " ".join(fault.message for fault in error.faults)
            message = f"'{code}' feeds '{name}' and cannot be computed from {engine.folder.name}: {reasons}"
            raise InputError([Fault(found.files[code], "feeds", message)]) from error
    query = read_query(found, engine, list(dict.fromkeys(codes.values())), by=by)
    table = model_inputs()[next(iter(codes))].table
    columns = key_columns(found, table, by)
    keys = rows[list(columns.values())].set_axis(list(columns), axis="columns")
    return engine.beside(compile_query(found, engine, query), keys)


def _put(
    found: Catalogue,
    data_set: DataSet,
    table: str,
    by: tuple[Dimension, ...],
    codes: Mapping[str, str],
    figures: Mapping[str, FloatArray],
) -> tuple[pd.DataFrame, dict[str, Fed]]:
    """Put the figures of one table in place; refuse those that no such column may hold."""
    raw = data_set.tables[table]
    made = raw
    records: dict[str, Fed] = {}
    faults: list[Fault] = []
    for name, code in codes.items():
        item = model_inputs()[name]
        values, beyond = figures[code][: len(raw)], figures[code][len(raw) :]
        stored = raw[item.column].to_numpy(dtype=np.float64)
        missing = np.isnan(values)
        nothing = np.zeros(len(raw), dtype=bool)
        if item.unless_zero is not None:
            nothing = made[item.unless_zero].to_numpy(dtype=np.float64) == 0
        sentence = _misfit(found, raw, item, code, values, missing & ~nothing, beyond)
        if sentence:
            faults.append(Fault(found.files[code], "feeds", f"'{name}': {sentence}"))
            continue
        kept = missing & nothing
        changed = ~kept & (np.abs(values - stored) > ROUNDING * np.abs(stored))
        values = np.where(changed, values, stored)
        whole = pd.api.types.is_integer_dtype(raw[item.column]) and not (values % 1).any()
        if changed.any():
            made = made.assign(**{item.column: values.astype(np.int64) if whole else values})
        definition = found.definition(code)
        records[name] = Fed(
            input=name,
            table=table,
            column=item.column,
            by=by,
            indicator=code,
            version=definition.version,
            status=definition.status,
            definition_hash=definition.definition_hash,
            file=found.files[code],
            replaced=found.replaced(code),
            rows=len(raw),
            changed_rows=int(changed.sum()),
            kept_rows=int(kept.sum()),
            sha256=hashlib.sha256(values.tobytes()).hexdigest(),
        )
    if faults:
        raise InputError(faults)
    return made, records


def _misfit(
    found: Catalogue,
    raw: pd.DataFrame,
    item: ModelInput,
    code: str,
    values: FloatArray,
    missing: np.ndarray[tuple[int], np.dtype[np.bool_]],
    beyond: FloatArray,
) -> str:
    """Say why figures cannot stand in a column; empty when they can."""
    columns = list(key_columns(found, item.table, item.by).values())

    def where(marked: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> str:
        rows = raw.loc[np.flatnonzero(marked)[:SHOWN], columns]
        cells = "; ".join(", ".join(map(str, row)) for row in rows.itertuples(index=False))
        return f"{int(marked.sum())} of {len(raw)} rows of {item.table} (such as {cells})"

    if missing.any():
        return (
            f"the indicator {code} has no figure for {where(missing)}; a market cannot stand half on one definition "
            "and half on another: let the definition reach every row."
        )
    if np.any(np.nan_to_num(beyond) != 0):
        count = int(np.sum(np.nan_to_num(beyond) != 0))
        return (
            f"the indicator {code} has figures for {count} cells that the table {item.table} has no row for; they "
            "would be lost: give the table these rows, or let the definition leave them out."
        )
    rule = CONTRACTS[item.table].columns[item.column]
    low = rule.minimum if rule.minimum is not None else -np.inf
    above = rule.above if rule.above is not None else -np.inf
    outside = ~np.isnan(values) & ((values < low) | (values <= above) | np.isinf(values))
    if outside.any():
        first = values[np.flatnonzero(outside)[0]]
        expected = rule.expected().replace("a whole number", "a number")
        return (
            f"the indicator {code} is {first:,.6g} in {where(outside)}; the model needs {expected}."
        )
    return ""


def _market_faults(
    found: Catalogue,
    feeds: Mapping[str, str],
    tables: Mapping[str, pd.DataFrame],
    records: Mapping[str, Fed],
) -> list[Fault]:
    """Hold the units against the market size, as the contract does for the files."""
    pair = [name for name in ("sandtable.units", "sandtable.market_size") if name in records]
    if not any(records[name].changed_rows for name in pair):
        return []
    cell = ["period", "region"]
    sold = tables["sales"].groupby(cell, sort=False)["units"].sum().rename("sold").reset_index()
    joined = tables["market"].merge(sold, on=cell)
    short = joined[joined["sold"] >= joined["market_size"]]
    if short.empty:
        return []
    one = short.iloc[0]
    code = feeds[next(name for name in pair if records[name].changed_rows)]
    message = (
        f"the market of {one['region']} in {one['period']} has {one['market_size']:g} households and sells "
        f"{one['sold']:g} cars; it must be larger, because some households buy none of these products."
    )
    return [Fault(found.files[code], "feeds", message)]


_fed = Kept[tuple[str, frozenset[str], str, tuple[tuple[str, int, int], ...]], DataSet](limit=12)
