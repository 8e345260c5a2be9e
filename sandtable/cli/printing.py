"""How the command line prints: tables, sentences, one JSON object."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.text import Text

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object with full precision.")]


def print_json(value: Any) -> None:
    """Print one JSON object."""
    print(json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False))  # noqa: T201


def print_table(title: str, columns: list[str], rows: list[list[str]]) -> None:
    """Print a table; the first column is text, the others are numbers."""
    from rich.table import Table

    if title:
        print()  # noqa: T201
        say(title, "italic")
    table = Table(box=None, pad_edge=False)
    for place, column in enumerate(columns):
        # a long name breaks into two lines; cut short, it could be another one
        justify: Literal["left", "right"] = "left" if place == 0 else "right"
        table.add_column(column, justify=justify, no_wrap=place > 0, overflow="fold")
    for row in rows:
        # a name from data is text: square brackets in it are no markup
        table.add_row(*(Text(cell) for cell in row))
    Console().print(table)


def say(text: str, style: str | None = None) -> None:
    """Print a sentence; square brackets in it are no markup."""
    Console().print(Text(text), style=style, highlight=False)
