"""Record tables as Parquet files: written month by month, and put in place whole or not at all."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from ruamel.yaml import YAML

from sandtable.errors import Fault, InputError, did_you_mean
from sandtable.oneid import PERSONS_FILE, SAMPLE_SALT, first_persons, write_persons
from sandtable.oneid.reading import read_prospects
from sandtable.synthetic.placing import put_in_place
from sandtable.synthetic.records.basis import Basis
from sandtable.synthetic.records.drawing import draw_records
from sandtable.synthetic.records.tables import (
    PREFIXED_COLUMNS,
    SCHEMAS,
    TRUTH,
    TRUTH_SCHEMA,
    WHOLE_TABLES,
)

SAMPLE_SCALE = 0.02
MAXIMUM_SCALE = 10.0
README = "README.yaml"
TRUTH_FOLDER = "answer_key"
PERSONS = "persons"
WHAT = "Record tables of a synthetic market, drawn by sandtable data records; every person is invented."
ROWS_HELD = 500_000  # of one table, before they are written as a row group
COMPRESSION, COMPRESSION_OF_SAMPLE = 6, 19  # what is shipped is worth the time

Progress = Callable[[str, int, int, int], None]


@dataclass(frozen=True)
class Written:
    """What was written.

    Attributes
    ----------
    folder : Path
        Folder of the record tables.
    rows : dict of str to int
        Rows of each table; the answer key is ``people``.
    """

    folder: Path
    rows: Mapping[str, int]


def write_records(
    tables: Mapping[str, pd.DataFrame],
    firm: str,
    folder: Path,
    *,
    seed: int,
    scale: float = 1.0,
    periods: tuple[str, str] | None = None,
    progress: Progress | None = None,
) -> Written:
    """Draw the record tables of a data set and write them: all files or none.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        products, sales, dealers, funnel and media of the data set.
    firm : str
        The own firm.
    folder : Path
        Folder to write; record tables that stand there are replaced.
    seed : int
        Equal seeds give equal rows; 0 or more.
    scale : float
        Records for each lead of the funnel, above 0 up to 10; 0.02 is one in fifty.
    periods : tuple of str, optional
        First and last month; by default the last fifteen.
    progress : callable, optional
        Called after each month with the month, its number, the number of months and the rows so far.

    Returns
    -------
    Written

    Raises
    ------
    InputError
        If scale or months are out of range, or the folder holds anything else, or cannot be written.
    """
    folder = Path(folder)
    if not 0 < scale <= MAXIMUM_SCALE:
        message = (
            f"must lie above 0 and up to {MAXIMUM_SCALE:g}; 1 is one lead for each of the funnel."
        )
        raise InputError([Fault("data records", f"scale {scale:g}", message)])
    if folder.exists() and not _is_ours(folder):
        message = "exists and holds no record tables; choose another folder."
        raise InputError([Fault(str(folder), "", message)])
    basis = _chosen(Basis.of(tables, firm), periods)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as work:
            fresh = Path(work) / "fresh"
            rows = fill(basis, fresh, fresh / TRUTH_FOLDER, seed, scale, progress)
            put_in_place(folder, fresh, Path(work) / "replaced")
    except OSError as error:
        message = f"cannot be written ({error.strerror}); check the path and its rights."
        raise InputError([Fault(str(folder), "", message)]) from error
    return Written(folder, rows)


def fill(
    basis: Basis,
    folder: Path,
    truth_folder: Path,
    seed: int,
    scale: float = SAMPLE_SCALE,
    progress: Progress | None = None,
) -> Mapping[str, int]:
    """Write record tables to one folder and their answer key to another; return the rows of each."""
    folder.mkdir(parents=True)
    truth_folder.mkdir(parents=True, exist_ok=True)
    level = COMPRESSION_OF_SAMPLE if scale <= SAMPLE_SCALE else COMPRESSION
    files = {
        name: _File(folder / f"{name}.parquet", schema, level) for name, schema in SCHEMAS.items()
    }
    files[TRUTH] = _File(truth_folder / f"{TRUTH}.parquet", TRUTH_SCHEMA, level)
    try:
        for place, (period, chunk) in enumerate(draw_records(basis, seed, scale)):
            for name, rows in chunk.items():
                files[name].add(rows)
            if progress is not None:
                done = sum(file.rows for file in files.values())
                progress(period, place + 1, len(basis.periods), done)
    finally:
        for file in files.values():
            file.close()
    persons = _write_persons(folder)
    tables = {name: _about(file.path, file.rows) for name, file in files.items()}
    tables[PERSONS] = _about(folder / PERSONS_FILE, persons)
    _write_readme(folder, tables, basis, seed, scale)
    return {name: int(about["rows"]) for name, about in tables.items()}


def _write_persons(folder: Path) -> int:
    """Find the people behind the prospects and write them down beside; return how many prospects there are."""
    prospects = read_prospects(folder / "prospects.parquet")
    if prospects.empty:
        return write_persons(
            prospects.assign(person=""), pd.Timestamp(0, tz="UTC"), folder / PERSONS_FILE
        )
    people = first_persons(prospects, salt=SAMPLE_SALT, synthetic=True)
    return write_persons(people, prospects["created_at"].max(), folder / PERSONS_FILE)


@dataclass
class _File:
    """One Parquet file that grows by row groups."""

    path: Path
    schema: pa.Schema
    compression: int
    rows: int = 0
    held: list[pa.Table] = field(default_factory=list)

    def __post_init__(self) -> None:
        encodings = {column.name: _encoding(column) for column in self.schema}
        plain = {name: how for name, how in encodings.items() if how}
        self.writer = pq.ParquetWriter(
            self.path,
            self.schema,
            compression="zstd",
            compression_level=self.compression,
            use_dictionary=[name for name in encodings if name not in plain],
            column_encoding=plain,
            write_statistics=False,
            store_schema=False,  # the types of Parquet say it all, and its text differs by release
        )

    def add(self, rows: pa.Table) -> None:
        self.held.append(rows)
        self.rows += rows.num_rows
        if sum(table.num_rows for table in self.held) >= ROWS_HELD:
            self._write_held()

    def close(self) -> None:
        self._write_held()
        self.writer.close()

    def _write_held(self) -> None:
        if self.held:
            self.writer.write_table(pa.concat_tables(self.held), row_group_size=4 * ROWS_HELD)
            self.held = []


def _encoding(column: pa.Field) -> str | None:
    """Ids in order differ in their last digits, times in some of their bytes; all else is a dictionary."""
    if column.name in PREFIXED_COLUMNS:
        return "DELTA_BYTE_ARRAY"
    if column.name in ("phone", "email", "device"):
        return "PLAIN"
    return "BYTE_STREAM_SPLIT" if pa.types.is_timestamp(column.type) else None


def _chosen(basis: Basis, periods: tuple[str, str] | None) -> Basis:
    if periods is None:
        return basis
    first, last = periods
    known = sorted(basis.tables["funnel"]["period"].unique())
    faults = [
        Fault("data records", name, f"no such month of the funnel{did_you_mean(name, known)}")
        for name in dict.fromkeys(periods)
        if name not in known
    ]
    if not faults and first > last:
        faults.append(Fault("data records", f"{first} to {last}", "ends before it begins."))
    if faults:
        raise InputError(faults)
    months = tuple(month for month in known if first <= month <= last)
    return Basis(basis.firm, basis.tables, months)


def holds_records(folder: Path) -> bool:
    """Whether a folder holds record tables that were drawn here, so that every person in them is invented."""
    readme = folder / README
    return readme.is_file() and f"what: {WHAT}" in readme.read_text(encoding="utf-8")


def _is_ours(folder: Path) -> bool:
    empty = folder.is_dir() and not any(folder.iterdir())
    return empty or holds_records(folder)


def _write_readme(
    folder: Path, tables: Mapping[str, dict[str, Any]], basis: Basis, seed: int, scale: float
) -> None:
    yaml = YAML()
    yaml.width = 1000
    yaml.dump(
        {
            "what": WHAT,
            "firm": basis.firm,
            "sample": scale,
            "whole_tables": list(WHOLE_TABLES),
            "seed": seed,
            "months": {"first": basis.periods[0], "last": basis.periods[-1]},
            "times": "UTC, in steps of 2**26 microseconds, about 67 seconds",
            "notes": list(NOTES),
            "tables": {name: about for name, about in tables.items() if name != TRUTH},
            "answer_key": {TRUTH: tables[TRUTH]},
        },
        folder / README,
    )


def _about(path: Path, rows: int) -> dict[str, Any]:
    content = path.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    return {"rows": rows, "bytes": len(content), "sha256": sha256}


NOTES = (
    "Leads are thinned from the cells of the funnel table: at scale 1 the leads of a month meet each count of its "
    "cells, below it each rate in expectation. Exposures, stock and targets are whole at any scale.",
    "Events are those of the leads of these months, until the last month ends: test drives, orders and deliveries of "
    "the first months lack those of earlier leads, and the last leads have not gone all their way.",
    "Owners from before the first month are those who still had their car then; their prospects are older than the "
    "leads.",
    "A visit outside the own network stands under the dealer who sold the car.",
    "Persons are those that sandtable oneid resolve finds behind the prospects; who they truly are stands in the "
    "answer key.",
    "No phone is one that a Chinese network gives out (they begin with 120), no e-mail domain exists (.example).",
)
