"""A result as a folder of files, written whole or not at all."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

import pandas as pd

from sandtable.errors import Fault, InputError
from sandtable.export.workbook import labelled_rows, workbook
from sandtable.scenario.run import Result
from sandtable.scenario.writing import scenario_text

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def _neutral(rows: pd.DataFrame) -> pd.DataFrame:
    """Put an apostrophe before text that a spreadsheet would take for a formula; numbers stay numbers."""
    neutral = rows.copy()
    for name in rows.select_dtypes(include=["object", "string"]):
        column = rows[name].astype(str)
        neutral[name] = column.where(~column.str.startswith(FORMULA_STARTS), "'" + column)
    return neutral


def write_result(result: Result, folder: Path) -> None:
    """Write ``rows.csv``, ``result.json``, ``scenario.yaml`` and ``workbook.xlsx`` into a folder.

    Parameters
    ----------
    result : Result
        A converged result.
    folder : Path
        Made if it is missing; files of these names in it are replaced, others stay.

    Raises
    ------
    InputError
        If the folder cannot be written; nothing is left half-written then.
    """
    contents = {
        "rows.csv": _neutral(labelled_rows(result)).to_csv(index=False).encode(),
        "result.json": json.dumps(
            result.to_dict(), ensure_ascii=False, indent=1, allow_nan=False
        ).encode(),
        "scenario.yaml": scenario_text(result.scenario).encode(),
        "workbook.xlsx": workbook(result),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in contents:
            if (folder / name).is_dir():
                raise IsADirectoryError(f"{name} is a folder")
        staging = Path(tempfile.mkdtemp(dir=folder, prefix=".writing-"))
        try:
            for name, content in contents.items():
                (staging / name).write_bytes(content)
            for name in contents:
                (staging / name).replace(folder / name)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(
            [Fault(str(folder), "", f"cannot be written ({reason}); choose another folder.")]
        ) from error
