"""What stands in a column of a data set in place of its file: the figures of an indicator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Fed:
    """One input of the market model, and the indicator that it is calibrated on.

    Attributes
    ----------
    input : str
        Such as ``sandtable.net_price``.
    table, column : str
        Where the figures stand.
    by : tuple of str
        Grain at which they were computed.
    indicator, version, status, definition_hash : str, int, str, str
        The definition.
    file : str
        The file of the layer that it was read from.
    replaced : tuple of str
        Sentences: which definitions of it, or of its parts, a later layer put in place of an earlier one.
    rows : int
        Rows of the table.
    changed_rows : int
        Rows where the indicator differs from the file by more than rounding.
    kept_rows : int
        Rows without a figure, because nothing was sold: the column of the file stands there.
    sha256 : str
        Hash of the figures.
    """

    input: str
    table: str
    column: str
    by: tuple[str, ...]
    indicator: str
    version: int
    status: str
    definition_hash: str
    file: str
    replaced: tuple[str, ...]
    rows: int
    changed_rows: int
    kept_rows: int
    sha256: str

    def to_dict(self) -> dict[str, Any]:
        """Return what a reader of a result must know, as plain values."""
        return {
            "input": self.input,
            "column": f"{self.table}.{self.column}",
            "by": list(self.by),
            "indicator": self.indicator,
            "version": self.version,
            "status": self.status,
            "definition_hash": self.definition_hash,
            "file": self.file,
            "replaced": list(self.replaced),
            "changed_rows": self.changed_rows,
            "kept_rows": self.kept_rows,
        }
