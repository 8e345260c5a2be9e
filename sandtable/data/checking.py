"""Cells of text -> typed columns under a contract; every fault named, every conversion reported."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
import pandas as pd

from sandtable.data.contracts import PERIOD_FORMS, Column, TableContract
from sandtable.data.metadata import Frequency
from sandtable.data.reading import TextTable
from sandtable.errors import Fault, did_you_mean

MAXIMUM_FAULTS = 200
WHOLE_NUMBER_LIMIT = 2.0**53

_PLAIN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_GROUPED = re.compile(r"([+-]?)(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?\s*(万|亿)?", re.ASCII)
_SCALES = {"": 1, "万": 10_000, "亿": 100_000_000}

Values = tuple[object, str]


@dataclass
class CheckedTable:
    """A table with typed columns, in file order, and what was found on the way.

    Attributes
    ----------
    frame : DataFrame
        Text and periods as str, numbers as float64, whole numbers as int64; faulty rows left out.
    lines : ndarray
        Line in the file of each row of `frame`.
    seen : dict
        Distinct texts of each text column, faulty rows included: a row refused for its price still
        names a product that other tables may refer to.
    """

    file: str
    contract: TableContract
    frame: pd.DataFrame
    lines: np.ndarray[tuple[int], np.dtype[np.int64]]
    seen: dict[str, list[str]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def check_table(table: TextTable, contract: TableContract, frequency: Frequency) -> CheckedTable:
    """Hold a table of text against its contract.

    Parameters
    ----------
    table : TextTable
        From `read_table`.
    contract : TableContract
        Attribute columns included.
    frequency : str
        How periods are written.

    Returns
    -------
    CheckedTable
        With all faults; its frame is of use only when there are none or to look for more.
    """
    faults = [*table.faults, *_column_faults(table, contract)]
    notes = list(table.notes)
    lines = np.asarray(table.lines, dtype=np.int64)
    sound = np.ones(len(lines), dtype=bool)
    frame: dict[str, pd.Series] = {}
    seen: dict[str, list[str]] = {}
    for name, column in contract.columns.items():
        if name not in table.cells:
            continue
        values, refused, found = _convert(table.cells[name], column, frequency)
        frame[name] = values
        if column.type == "text":
            seen[name] = [str(value) for value in values.dropna().unique()]
        sound &= ~refused.any_row
        faults += refused.faults(table.file, name, lines)
        notes += [f"{table.file}, column {name}: {text}" for text in found]
    whole = pd.DataFrame(frame, index=range(len(lines)))[sound].reset_index(drop=True)
    kept = lines[sound]
    for name, column in contract.columns.items():
        if name in whole and column.type == "integer":
            whole[name] = whole[name].astype("int64")
    faults += _key_faults(table.file, whole, kept, contract.key)
    return CheckedTable(table.file, contract, whole, kept, seen, faults, notes)


def limited(faults: list[Fault], file: str) -> list[Fault]:
    """Keep the first 200 faults of a table and count the rest."""
    if len(faults) <= MAXIMUM_FAULTS:
        return faults
    rest = len(faults) - MAXIMUM_FAULTS
    return [*faults[:MAXIMUM_FAULTS], Fault(file, "", f"and {rest} more faults in this file.")]


def _column_faults(table: TextTable, contract: TableContract) -> list[Fault]:
    known = contract.columns
    faults = [
        Fault(
            table.file,
            f"column {name}",
            _unknown_column(name, [column for column in known if column not in table.cells]),
        )
        for name in table.cells
        if name not in known
    ]
    faults += [
        Fault(table.file, f"column {name}", f"the column '{name}' is missing; it must be given.")
        for name, column in known.items()
        if column.required and name not in table.cells
    ]
    return faults


def _unknown_column(name: str, free: list[str]) -> str:
    hint = did_you_mean(name, free)
    stop = "" if hint.endswith("?") else "."
    return (
        f"unknown column '{name}'{hint}{stop} "
        "Declare it under attributes in metadata.yaml, or delete it."
    )


@dataclass
class _Refused:
    """Distinct values that were refused, and the rows that hold them."""

    codes: np.ndarray[tuple[int], np.dtype[np.int64]]
    messages: dict[int, str]
    any_row: np.ndarray[tuple[int], np.dtype[np.bool_]]

    def faults(
        self, file: str, column: str, lines: np.ndarray[tuple[int], np.dtype[np.int64]]
    ) -> list[Fault]:
        rows = np.flatnonzero(self.any_row)
        return [
            Fault(file, f"row {lines[row]}, column {column}", self.messages[int(self.codes[row])])
            for row in rows
        ]


def _convert(
    cells: list[str], column: Column, frequency: Frequency
) -> tuple[pd.Series, _Refused, list[str]]:
    """Convert a column by its distinct values; return typed values, refusals and conversions."""
    codes, distinct = pd.factorize(np.asarray(cells, dtype=object))
    codes = codes.astype(np.int64)
    converter = _converter(column, frequency)
    numeric = column.type in ("number", "integer")
    converted: list[object] = []
    messages: dict[int, str] = {}
    reported: dict[str, list[int]] = {}
    for code, cell in enumerate(distinct):
        text = str(cell)
        stripped = text.strip()
        if stripped != text:
            reported.setdefault("spaces around the value removed", []).append(code)
        value: object = np.nan if numeric else None
        if not stripped:
            if not column.nullable:
                messages[code] = f"the cell is empty; expected {_expected(column, frequency)}."
        else:
            try:
                value, conversion = converter(stripped)
                if conversion:
                    reported.setdefault(conversion, []).append(code)
            except ValueError as error:
                messages[code] = str(error)
        converted.append(value)
    counts = np.bincount(codes, minlength=len(distinct))
    notes = [
        f"{what} in {int(counts[which].sum())} cell(s), the first '{str(distinct[which[0]]).strip()}'."
        for what, which in reported.items()
    ]
    if numeric:
        values = pd.Series(np.asarray(converted, dtype=np.float64)[codes])
    else:
        values = pd.Series(np.asarray(converted, dtype=object)[codes], dtype="str")
    refused = np.isin(codes, list(messages)) if messages else np.zeros(len(codes), dtype=bool)
    return values, _Refused(codes, messages, refused), notes


def _expected(column: Column, frequency: Frequency) -> str:
    if column.type == "text":
        return "a text"
    return PERIOD_FORMS[frequency][1] if column.type == "period" else column.expected()


def _converter(column: Column, frequency: Frequency) -> Callable[[str], Values]:
    if column.type == "text":
        return _text
    if column.type == "period":
        return lambda text: _period(text, frequency)
    return lambda text: _number(text, column)


def _shown(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."


def _text(text: str) -> Values:
    bad = next((sign for sign in text if unicodedata.category(sign) in ("Cc", "Cs")), None)
    if bad is not None:
        raise ValueError(f"'{_shown(ascii(text))}' holds a control character; remove it.")
    return text, ""


def _period(text: str, frequency: Frequency) -> Values:
    form, example = PERIOD_FORMS[frequency]
    if form.fullmatch(text):
        return text, ""
    folded = unicodedata.normalize("NFKC", text)
    if form.fullmatch(folded):
        return folded, "full-width digits converted"
    raise ValueError(f"'{_shown(text)}' is not a period; expected {example}.")


def _number(text: str, column: Column) -> Values:
    conversion = ""
    if _PLAIN.fullmatch(text):
        number = float(text)
    else:
        number, conversion = _written_number(text, column)
    low, above, high = column.minimum, column.above, column.maximum
    if not np.isfinite(number):
        raise ValueError(f"'{_shown(text)}' is not a finite number; expected {column.expected()}.")
    if column.type == "integer" and (number % 1 or abs(number) > WHOLE_NUMBER_LIMIT):
        raise ValueError(f"'{_shown(text)}' is not whole; expected {column.expected()}.")
    outside = (
        (low is not None and number < low)
        or (above is not None and number <= above)
        or (high is not None and number > high)
    )
    if outside:
        raise ValueError(f"is {_shown(text)}; expected {column.expected()}; correct the figure.")
    return number, conversion


def _written_number(text: str, column: Column) -> tuple[float, str]:
    """Read thousands separators, full-width digits, 万 and 亿, and say that it was done."""
    folded = unicodedata.normalize("NFKC", text).replace("−", "-")
    match = _GROUPED.fullmatch(folded)
    if match is None and not _PLAIN.fullmatch(folded):
        hint = " Leave the cell empty." if column.nullable else ""
        raise ValueError(f"'{_shown(text)}' is not a number; expected {column.expected()}.{hint}")
    done = []
    if folded != text:
        done.append("full-width signs")
    if match is None:
        return float(folded), f"{done[0]} converted"
    sign, whole, fraction, scale = (part or "" for part in match.groups())
    if "," in whole:
        done.append("thousands separators")
    if scale:
        done.append(scale)
    exact = Decimal(sign + whole.replace(",", "") + fraction) * _SCALES[scale]
    return float(exact), f"{' and '.join(done) or 'spaces'} converted"


def _key_faults(
    file: str,
    frame: pd.DataFrame,
    lines: np.ndarray[tuple[int], np.dtype[np.int64]],
    key: tuple[str, ...],
) -> list[Fault]:
    if any(name not in frame for name in key) or frame.empty:
        return []
    repeated = frame.duplicated(list(key)).to_numpy()
    if not repeated.any():
        return []
    first = dict(zip(_key_tuples(frame[~repeated], key), lines[~repeated], strict=True))
    faults = []
    for row in np.flatnonzero(repeated):
        values = tuple(str(frame[name].iloc[row]) for name in key)
        shown = ", ".join(f"{name} {value}" for name, value in zip(key, values, strict=True))
        faults.append(
            Fault(
                file,
                f"row {lines[row]}",
                f"repeats the key ({shown}) of row {first[values]}; keep one of the two rows.",
            )
        )
    return faults


def _key_tuples(frame: pd.DataFrame, key: tuple[str, ...]) -> list[tuple[str, ...]]:
    return list(zip(*(frame[name].astype(str) for name in key), strict=True))
