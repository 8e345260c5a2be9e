"""Tables whose rows become cards on a phone, with chips and second lines; every text goes through `escape`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class Cell:
    """What stands in a cell.

    Attributes
    ----------
    text : str
    note : str
        A second line, smaller.
    chip : str
        Class of the chip that the text stands in; none when empty.
    """

    text: str
    note: str = ""
    chip: str = ""


Row = Sequence[str | Cell]


def cards(
    columns: Sequence[str],
    rows: Sequence[Row],
    *,
    numbers: Collection[int] = (),
    marked: int = -1,
    phone: Collection[int] | None = None,
) -> str:
    """Return a table.

    Parameters
    ----------
    columns : sequence of str
        Titles; on a phone each stands beside its figure.
    rows : sequence of sequence
        Texts or cells.
    numbers : collection of int
        Columns that hold numbers and stand to the right.
    marked : int
        The row that is on the table.
    phone : collection of int, optional
        The few columns that a phone shows; it then keeps the table instead of making cards.
    """
    sides = [
        f' class="{"n " if place in numbers else ""}{"extra" if _is_extra(place, phone) else ""}"'
        for place in range(len(columns))
    ]
    head = "".join(
        f"<th{side}>{escape(title)}</th>" for title, side in zip(columns, sides, strict=True)
    )
    body = ""
    for place, row in enumerate(rows):
        cells = "".join(
            f'<td{side} data-label="{escape(title)}">{_inside(cell)}</td>'
            for title, side, cell in zip(columns, sides, row, strict=True)
        )
        body += f"<tr{' class=marked' if place == marked else ''}>{cells}</tr>"
    kind = "cards" if phone is None else "cards few"
    return f'<table class="{kind}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _is_extra(place: int, phone: Collection[int] | None) -> bool:
    return phone is not None and place not in phone


def _inside(cell: str | Cell) -> str:
    if isinstance(cell, str):
        return f"<span>{escape(cell)}</span>"
    said = escape(cell.text)
    if cell.chip:
        said = chip(cell.text, cell.chip)
    note = f"<small>{escape(cell.note)}</small>" if cell.note else ""
    return f"<span>{said}{note}</span>"


def chip(text: str, kind: str) -> str:
    """Return a chip: of evidence, of a verdict or of provenance."""
    return f'<b class="verdict {escape(kind)}">{escape(text)}</b>'


def facts(pairs: Sequence[tuple[str, str | Cell]]) -> str:
    """Return names with their values below each other."""
    lines = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{_inside(value)}</dd></div>" for name, value in pairs
    )
    return f'<dl class="facts">{lines}</dl>'


def sentences(lines: Sequence[tuple[str, str, str]]) -> str:
    """Return lines of a chip and a sentence: its kind, its text, the sentence."""
    parts = "".join(
        f"<li>{chip(word, kind) if word else ''}<span>{escape(said)}</span></li>"
        for kind, word, said in lines
    )
    return f'<ul class="said">{parts}</ul>'
