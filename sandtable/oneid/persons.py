"""The table of persons: who each prospect is, beside the prospects, for whoever counts people."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from sandtable.oneid.history import assigned, empty_history, replay
from sandtable.oneid.matching import linked
from sandtable.oneid.normalising import normalised
from sandtable.oneid.resolving import DEFAULT_LIMIT
from sandtable.oneid.salting import checked_salt

PERSONS_FILE = "persons.parquet"
SCHEMA = pa.schema(
    {"prospect": pa.string(), "person": pa.string(), "resolved_at": pa.timestamp("us", tz="UTC")}
)
COMPRESSION = 19
EPOCH = pd.Timestamp(0, tz="UTC")


def first_persons(prospects: pd.DataFrame, *, salt: bytes, synthetic: bool) -> pd.DataFrame:
    """Find the people behind prospects that were never resolved before; only who is who, so that millions fit.

    Parameters
    ----------
    prospects : DataFrame
        prospect (unique), created_at, phone, email, device.
    salt : bytes
        At least 16.
    synthetic : bool
        Whether the people are invented; only then is the sample salt taken.

    Returns
    -------
    DataFrame
        prospect, person: those that `resolve` finds without a history.
    """
    salt = checked_salt(salt, synthetic=synthetic)
    ordered = prospects.sort_values("prospect", kind="stable", ignore_index=True)
    names = ordered["prospect"].to_numpy(dtype=object)
    groups = linked(normalised(ordered, strip_tags=True), limit=DEFAULT_LIMIT).groups
    who = assigned(names, groups, replay(empty_history()), (), salt)
    return pd.DataFrame({"prospect": names, "person": who.persons}, dtype="str")


def write_persons(people: pd.DataFrame, at: pd.Timestamp, path: Path) -> int:
    """Write who is who, and as of when; whole or not at all.

    Parameters
    ----------
    people : DataFrame
        prospect, person.
    at : Timestamp
        The moment up to which prospects were looked at.
    path : Path
        The Parquet file; an earlier one is replaced.

    Returns
    -------
    int
        How many rows were written.
    """
    since = (at.tz_convert("UTC") - EPOCH) // pd.Timedelta(1, "us")
    moments = np.full(len(people), since, dtype=np.int64)
    table = pa.Table.from_arrays(
        [
            pa.array(people["prospect"].to_numpy(dtype=object), pa.string()),
            pa.array(people["person"].to_numpy(dtype=object), pa.string()),
            pa.array(moments).cast(SCHEMA.field("resolved_at").type),
        ],
        schema=SCHEMA,
    )
    fresh = path.with_name(f".{path.name}.fresh")
    pq.write_table(
        table,
        fresh,
        compression="zstd",
        compression_level=COMPRESSION,
        use_dictionary=["person", "resolved_at"],
        column_encoding={"prospect": "DELTA_BYTE_ARRAY"},
        write_statistics=False,
        store_schema=False,
    )
    fresh.replace(path)
    return len(people)
