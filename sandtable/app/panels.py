"""Small pieces of the page that Streamlit has no widget for, as HTML: KPI strip, finding, rail, table.

Every text goes through `escape`: names from data are data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Literal

from sandtable.app.dictionary.links import link
from sandtable.app.formatting import MISSING, Format, arrow
from sandtable.app.text import Text
from sandtable.scenario.compare import KPIS
from sandtable.scenario.summary import Totals

Tone = Literal["plain", "muted", "bad"]


@dataclass(frozen=True)
class Kpi:
    """One cell of the strip, ready to print."""

    label: str
    value: str
    base: str
    change: str
    gains: bool
    total: str = ""
    name: str = ""


def kpis(baseline: Totals, scenario: Totals, firm: str, text: Text, write: Format) -> list[Kpi]:
    """Return the six cells of the KPI strip; a change that rounds to nothing is not shown."""
    cells: list[Kpi] = []
    for name in KPIS:
        before, after = getattr(baseline, name), getattr(scenario, name)
        value, base, change = _kpi_texts(name, before, after, write)
        taxed = name == "revenue" and write.metadata.value_added_tax > 0
        label = text("kpi_revenue_net" if taxed else f"kpi_{name}", firm=firm)
        if before is None:
            cells.append(Kpi(label, MISSING, text("unknown_here"), "", True, name=name))
            continue
        gains = after is not None and after > before
        cells.append(Kpi(label, value, text("base", value=base), change, gains, name=name))
    return cells


def with_horizon(
    cells: Sequence[Kpi], over: Sequence[Kpi], period: str, span: str, text: Text
) -> list[Kpi]:
    """Return the cells of one period with what holds over the whole horizon, small; the first names the period.

    Parameters
    ----------
    cells, over : sequence of Kpi
        Of the period in view, and of all periods together.
    period, span : str
        As they are written.
    """
    found = []
    for place, (cell, whole) in enumerate(zip(cells, over, strict=True)):
        label = text("kpi_in", label=cell.label, period=period) if place == 0 else cell.label
        total = text("kpi_total", span=span, value=f"{whole.value} {whole.change}".strip())
        found.append(replace(cell, label=label, total="" if cell.value == MISSING else total))
    return found


def _kpi_texts(
    name: str, before: float | None, after: float | None, write: Format
) -> tuple[str, str, str]:
    difference = 0.0 if before is None or after is None else after - before
    if name in ("share_of_sales", "conversion"):
        decimals = 1 if name == "share_of_sales" else 2
        change = write.points(difference, decimals)
        texts = write.percent(after, decimals), write.percent(before, decimals), change
    elif name in ("revenue", "contribution_profit"):
        texts = write.money(after), write.money(before), write.money(difference, signed=True)
    else:
        texts = write.count(after), write.count(before), write.signed_count(difference)
    shows = any(digit in texts[2] for digit in "123456789")
    return (texts[0], texts[1], f"{arrow(difference)}\u00a0{texts[2]}" if shows else "")


def kpi_strip(cells: Sequence[Kpi], *, stale: bool = False, asks: str = "") -> str:
    """Return the KPI strip.

    Parameters
    ----------
    cells : sequence of Kpi
    stale : bool
        Whether these are the last confirmed figures, not those of the scenario on the table.
    asks : str
        What the mark in a cell says that opens where its figure comes from; no mark when empty.
    """
    parts = [
        f'<div class="kpi"><div class="l"><b>{escape(cell.label)}</b>{_asks(cell, asks)}'
        f"<span>{escape(cell.base)}</span></div>"
        f'<div class="row"><span class="v">{escape(cell.value)}</span>'
        f'<span class="d {"gain" if cell.gains else "loss"}">{escape(cell.change)}</span></div>'
        f"{_total(cell)}</div>"
        for cell in cells
    ]
    return f'<div class="kpis{" stale" if stale else ""}" role="status">{"".join(parts)}</div>'


def _asks(cell: Kpi, asks: str) -> str:
    if not asks or cell.value == MISSING:
        return ""
    said = escape(f"{cell.label}: {asks}")
    return link(
        f"kpi:{cell.name}", "i", kind="asks", more=f' aria-label="{said}" title="{escape(asks)}"'
    )


def _total(cell: Kpi) -> str:
    return f'<div class="kpi-total">{escape(cell.total)}</div>' if cell.total else ""


def headline(sentence: str, tone: Tone = "plain", note: str = "") -> str:
    """Return the finding: one sentence, and a note below it when something went wrong."""
    extra = f'<div class="note">{escape(note)}</div>' if note else ""
    return f'<div class="finding {tone}" role="status"><h1>{escape(sentence)}</h1>{extra}</div>'


def titled(title: str, caption: str) -> str:
    """Return a title that is a finding, with the caption that says what is measured."""
    return f'<div class="titled"><h2>{escape(title)}</h2><p>{escape(caption)}</p></div>'


def piece_head(
    name: str, about: str, units: str, change: str, gains: bool, note: str, own: bool
) -> str:
    """Return the head of the inspector."""
    tone = "gain" if gains else "loss"
    mark = "own" if own else "other"
    return (
        f'<div class="piece"><i class="{mark}"></i><b>{escape(name)}</b><span class="mut">{escape(about)}</span>'
        f'<span class="sp"></span><b>{escape(units)}</b><span class="{tone}">{escape(change)}</span></div>'
        f'<div class="piece-note">{escape(note)}</div>'
    )


@dataclass(frozen=True)
class Rail:
    """Where a lever stands: its range, the range seen, base and present value, all in one unit."""

    lowest: float
    highest: float
    seen_low: float
    seen_high: float
    base: float
    now: float

    @property
    def outside(self) -> bool:
        """Whether the present value lies outside the range seen."""
        return not self.seen_low <= self.now <= self.seen_high


def lever_rail(
    rail: Rail, left: str, right: str, grade: str, grade_text: str, source: str = ""
) -> str:
    """Return the rail of a lever with its captions and evidence chip, which tells its source when pointed at."""

    def place(value: float) -> float:
        span = rail.highest - rail.lowest or 1.0
        return 100 * min(1.0, max(0.0, (value - rail.lowest) / span))

    seen, base, now = place(rail.seen_low), place(rail.base), place(rail.now)
    width = place(rail.seen_high) - seen
    moved = rail.now != rail.base
    start, length = min(base, now), abs(now - base)
    tone = " outside" if rail.outside else ""
    bar = f'<i class="move" style="left:{start:.2f}%;width:{length:.2f}%"></i>' if moved else ""
    ghost = f'<i class="ghost" style="left:{base:.2f}%"></i>' if moved else ""
    return (
        f'<div class="rail{tone}" aria-hidden="true"><i class="seen" style="left:{seen:.2f}%;width:{width:.2f}%"></i>'
        f'{bar}{ghost}<i class="now{" moved" if moved else ""}" style="left:{now:.2f}%"></i></div>'
        f"{evidence_chip(left, right, grade, grade_text, source)}"
    )


def evidence_chip(left: str, right: str, grade: str, grade_text: str, source: str = "") -> str:
    """Return two captions and an evidence chip, which tells its source when pointed at."""
    why = f' title="{escape(source)}"' if source else ""
    return (
        f'<div class="rail-text"><span>{escape(left)}</span><span>{escape(right)}</span>'
        f'<span class="chip {escape(grade)}"{why}>{escape(grade_text)}</span></div>'
    )


def plain_table(columns: Sequence[str], rows: Sequence[Sequence[str]], marked: int = -1) -> str:
    """Return a table; the first column is text, the others are numbers; one row may be marked."""
    head = "".join(f"<th>{escape(column)}</th>" for column in columns)
    body = "".join(
        f"<tr{' class=marked' if place == marked else ''}>"
        + "".join(f"<td>{escape(cell)}</td>" for cell in row)
        + "</tr>"
        for place, row in enumerate(rows)
    )
    return f'<table class="plain"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def badge(text: str, kind: str, why: str = "") -> str:
    """Return a badge: of provenance, or of a verdict, with the reasons for whoever points at it."""
    title = f' title="{escape(why)}"' if why else ""
    return f'<span class="badge {escape(kind)}"{title}>{escape(text)}</span>'
