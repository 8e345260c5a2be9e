"""Two heat maps as tables: every cell prints its value, so that the picture is its own table view."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape

from sandtable.app.competition.findings import Question
from sandtable.app.formatting import Format
from sandtable.app.text import Text
from sandtable.scenario.answers import OUTSIDE

ELASTICITY_TOP, DIVERSION_TOP = 0.5, 0.2
Groups = list[tuple[str, list[str]]]


@dataclass(frozen=True)
class Cell:
    """One cell: its text, and how far up the ramp its colour lies, 0 to 1; None for no colour."""

    text: str
    heat: float | None = None
    kind: str = ""


def elasticity_map(question: Question, groups: Groups, text: Text, write: Format) -> str:
    """Return the heat map of own and cross elasticities."""

    def cell(row: str, column: str) -> Cell:
        value = question.substitutes.cross_elasticity(row, column)
        if row == column:
            return Cell(write.decimal(value), kind="own-price")
        written = write.decimal(value, 2)
        shown = written if any(digit in written for digit in "123456789") else write.count(0)
        return Cell(shown, value / ELASTICITY_TOP)

    label = text("elasticity_label")
    return _table(label, groups, question, cell, lambda _: [], text)


def diversion_map(question: Question, groups: Groups, text: Text, write: Format) -> str:
    """Return the heat map of diversion, with all others and no car apart."""
    substitutes = question.substitutes
    shown = [product for _, products in groups for product in products]

    def cell(row: str, column: str) -> Cell:
        if row == column:
            return Cell("", kind="own-price")
        part = substitutes.to(row, column)
        return Cell(write.count(100 * part), part / DIVERSION_TOP)

    def apart(row: str) -> list[Cell]:
        none = substitutes.to(row, OUTSIDE)
        others = 1 - none - sum(substitutes.to(row, code) for code in shown if code != row)
        return [Cell(write.count(100 * part), kind="apart") for part in (others, none)]

    return _table(text("diversion_label"), groups, question, cell, apart, text)


def _table(
    label: str,
    groups: Groups,
    question: Question,
    cell: Callable[[str, str], Cell],
    apart: Callable[[str], list[Cell]],
    text: Text,
) -> str:
    own_firm = question.firms[question.product]
    names = question.names
    extra = [text("other_products"), text("no_car")] if apart(question.product) else []
    long = any(len(names[code]) > 4 for _, products in groups for code in products)

    def head(code: str, scope: str) -> str:
        own = " own" if question.firms[code] == own_firm else ""
        asked = " asked" if code == question.product else ""
        return (
            f'<th scope="{scope}" class="code{own}{asked}"><span>{escape(names[code])}</span></th>'
        )

    segments = "".join(
        f'<th class="segment" colspan="{len(products)}" scope="colgroup">{escape(text.name(name))}</th>'
        f'<th class="gap"></th>'
        for name, products in groups
    )
    heads = "".join(
        "".join(head(code, "col") for code in products) + '<th class="gap"></th>'
        for _, products in groups
    )
    heads += "".join(
        f'<th scope="col" class="code apart"><span>{escape(n)}</span></th>' for n in extra
    )
    width = 1 + sum(len(products) + 1 for _, products in groups) + len(extra)
    body = ""
    for name, products in groups:
        body += f'<tr class="gap"><th class="segment" colspan="{width}">{escape(text.name(name))}</th></tr>'
        for row in products:
            cells = "".join(
                "".join(_cell(cell(row, column)) for column in columns) + '<td class="gap"></td>'
                for _, columns in groups
            ) + "".join(map(_cell, apart(row)))
            asked = ' class="asked"' if row == question.product else ""
            body += f"<tr{asked}>{head(row, 'row')}{cells}</tr>"
    return (
        f'<div class="heat-scroll" tabindex="0" role="region" aria-label="{escape(label)}">'
        f'<table class="heat{" long" if long else ""}"><thead><tr><td></td>{segments}</tr>'
        f"<tr><td></td>{heads}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _cell(cell: Cell) -> str:
    kind = f' class="{cell.kind}"' if cell.kind else ""
    style = "" if cell.heat is None else f' style="background:{ramp(cell.heat)}"'
    return f"<td{kind}{style}>{escape(cell.text)}</td>"


def ramp(heat: float) -> str:
    """Return the colour at a height of the ramp; what lies above its top is clamped, the figure is not."""
    height = min(1.0, max(0.0, heat))
    low, high, part = (
        ("low", "mid", 2 * height) if height < 0.5 else ("mid", "high", 2 * height - 1)
    )
    return f"color-mix(in srgb, var(--heat-{high}) {100 * part:.0f}%, var(--heat-{low}))"
