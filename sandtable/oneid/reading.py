"""Tables for OneID from files: prospects, histories and answer keys, each value as the text it is."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from sandtable.errors import Fault, InputError, did_you_mean
from sandtable.oneid.history import COLUMNS

WANTED = ("prospect", "phone", "email", "device", "created_at")


def read_prospects(path: Path) -> pd.DataFrame:
    """Read prospects from CSV (UTF-8) or Parquet; of the columns those that OneID uses.

    Raises
    ------
    InputError
        If the file cannot be read or has no column ``prospect``.
    """
    table = _read(path)
    if "prospect" not in table:
        known = did_you_mean("prospect", [str(name) for name in table])
        raise InputError([Fault(str(path), "", f"has no column 'prospect'{known}")])
    table = table[[name for name in WANTED if name in table]]
    if "created_at" not in table:
        return table
    times = pd.to_datetime(table["created_at"], utc=True, errors="coerce", format="ISO8601")
    wrong = table["created_at"][times.isna() & table["created_at"].notna()]
    if len(wrong):
        message = f"'{wrong.iloc[0]}' is no time; write it as 2026-07-01T12:00:00Z."
        place = f"row {int(wrong.index[0]) + 1}, column created_at"
        raise InputError([Fault(str(path), place, message)])
    return table.assign(created_at=times)


def read_history(path: Path) -> pd.DataFrame:
    """Read the history of an earlier run.

    Raises
    ------
    InputError
        If the file cannot be read or is no history.
    """
    return _with_columns(path, COLUMNS)


def read_truth(path: Path) -> pd.DataFrame:
    """Read an answer key: prospect and person.

    Raises
    ------
    InputError
        If the file cannot be read or is no answer key.
    """
    return _with_columns(path, ("prospect", "person"))


def _with_columns(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    table = _read(path)
    missing = [name for name in columns if name not in table]
    if missing:
        raise InputError([Fault(str(path), "", f"lacks the columns {', '.join(missing)}.")])
    return table[list(columns)]


def _read(path: Path) -> pd.DataFrame:
    import pyarrow as pa

    try:
        if path.suffix == ".parquet":
            return pd.read_parquet(path)
        if path.suffix == ".csv":
            return pd.read_csv(path, dtype="str")  # a phone is no number: its zeros count
    except FileNotFoundError:
        raise InputError([Fault(str(path), "", "no such file; check the path.")]) from None
    except (OSError, ValueError, pa.ArrowException) as error:
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise InputError([Fault(str(path), "", f"cannot be read ({reason}).")]) from None
    raise InputError([Fault(str(path), "", "must be a .csv or a .parquet file.")])
