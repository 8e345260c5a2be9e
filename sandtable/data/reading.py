"""A table file -> cells of text with their lines; nothing is converted here and nothing is guessed."""

from __future__ import annotations

import csv
import io
import math
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from dataclasses import dataclass, field

from sandtable.errors import Fault, InputError


@dataclass
class TextTable:
    """A table as text.

    Attributes
    ----------
    file : str
        The name shown in faults.
    cells : dict
        Column -> its cells, all of one length.
    lines : list of int
        Line of each row in the file (of a Parquet file: number of the row).
    faults : list of Fault
        Rows that could not be read; they stand in no column.
    notes : list of str
        What was understood only by a rule, such as an encoding other than UTF-8.
    """

    file: str
    cells: dict[str, list[str]]
    lines: list[int]
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_table(raw: bytes, *, file: str) -> TextTable:
    """Read a CSV or Parquet file into text cells.

    Parameters
    ----------
    raw : bytes
        The whole file. CSV: commas, one header line, strict UTF-8 (with or without byte order mark),
        UTF-16 with byte order mark, or gb18030.
    file : str
        Its name; ``.parquet`` at the end means Parquet.

    Returns
    -------
    TextTable
        With a fault for each row that has too many or too few fields.

    Raises
    ------
    InputError
        If there is no table at all: empty, undecodable, not CSV, duplicate columns.
    """
    if file.endswith(".parquet"):
        return _read_parquet(raw, file)
    text, note = _decode(raw, file)
    table = _read_csv(text, file)
    if note:
        table.notes.append(note)
    return table


def _refuse(file: str, message: str, place: str = "") -> InputError:
    return InputError([Fault(file, place, message)])


def _decode(raw: bytes, file: str) -> tuple[str, str]:
    if not raw.strip():
        raise _refuse(file, "is empty; it must hold a header line and rows.")
    if raw.startswith(BOM_UTF8):
        encodings = ["utf-8-sig"]
    elif raw.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8", "gb18030"]
    for encoding in encodings:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            raise _refuse(file, "holds NUL characters; save it as CSV in UTF-8.")
        return text, "" if encoding.startswith("utf-8") else f"{file}: read as {encoding}."
    raise _refuse(
        file, f"is neither {' nor '.join(encodings)}; save it as CSV in UTF-8 (Excel: 'CSV UTF-8')."
    )


def _read_csv(text: str, file: str) -> TextTable:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[list[str]] = []
    lines: list[int] = []
    previous = 0
    try:
        for row in reader:
            rows.append(row)
            lines.append(previous + 1)
            previous = reader.line_num
    except csv.Error as error:
        raise _refuse(file, f"cannot be read as CSV ({error}).", f"row {previous + 1}") from None
    while rows and not rows[-1]:
        rows.pop()
        lines.pop()
    if not rows:
        raise _refuse(file, "is empty; it must hold a header line and rows.")
    header = _header(rows[0], file, lines[0])
    faults: list[Fault] = []
    width = len(header)
    if any(len(row) != width for row in rows):
        kept = []
        for index in range(1, len(rows)):
            if len(rows[index]) == width:
                kept.append(index)
            else:
                faults.append(_width_fault(file, lines[index], rows[index], width))
        rows, lines = [rows[0], *(rows[i] for i in kept)], [lines[0], *(lines[i] for i in kept)]
    if len(rows) == 1 and not faults:
        raise _refuse(file, "holds a header line and no rows; it must hold at least one row.")
    columns = list(zip(*rows[1:], strict=True)) or [()] * width
    cells = {name: list(column) for name, column in zip(header, columns, strict=True)}
    return TextTable(file, cells, lines[1:], faults)


def _width_fault(file: str, line: int, row: list[str], width: int) -> Fault:
    if not row:
        return Fault(file, f"row {line}", "is empty; delete the line.")
    many = "too many" if len(row) > width else "too few"
    return Fault(
        file,
        f"row {line}",
        f"has {len(row)} fields, {many}: the header has {width}; "
        "quote cells that hold a comma, and leave no cell out.",
    )


def _header(names: list[str], file: str, line: int) -> list[str]:
    header = [name.strip() for name in names]
    for delimiter, word in ((";", "semicolons"), ("\t", "tabs")):
        if len(header) == 1 and delimiter in header[0]:
            raise _refuse(file, f"is separated by {word}; save it with commas.", f"row {line}")
    faults = [
        Fault(file, f"row {line}", f"column {index + 1} has no name; give it one or delete it.")
        for index, name in enumerate(header)
        if not name
    ]
    faults += [
        Fault(file, f"row {line}", f"the column '{name}' stands twice; keep one of them.")
        for name in dict.fromkeys(header)
        if name and header.count(name) > 1
    ]
    if faults:
        raise InputError(faults)
    return header


def _read_parquet(raw: bytes, file: str) -> TextTable:
    # Imported here: a large library that CSV needs nothing of.
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(pa.BufferReader(raw)).read()
        columns = [column.to_pylist() for column in table.columns]
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise _refuse(file, f"cannot be read as Parquet ({reason}).") from None
    header = _header([str(name) for name in table.column_names], file, 0)
    if not header or table.num_rows == 0:
        raise _refuse(file, "is empty; it must hold columns and rows.")
    cells = {
        name: [_parquet_text(value) for value in column]
        for name, column in zip(header, columns, strict=True)
    }
    return TextTable(file, cells, list(range(1, table.num_rows + 1)))


def _parquet_text(value: object) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return repr(value) if isinstance(value, float) else str(value)
