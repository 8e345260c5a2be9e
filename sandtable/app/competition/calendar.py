"""What happened when: the events of the trail by firm, those that touch the product in question in bold."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape

import pandas as pd

from sandtable.app.competition.findings import Question
from sandtable.app.competition.marks import mark, place_of
from sandtable.app.formatting import Format
from sandtable.app.text import Text

WIDTH = 1180  # pixels for which labels are kept apart
SIGN = 6.6  # mean width of a character
WIDE_SIGN = 12.5  # of a Chinese one
RIGHTMOST = 0.84  # labels from here on stand to the left of their mark


@dataclass(frozen=True)
class Event:
    """One event as the calendar shows it.

    Attributes
    ----------
    place : int
        Its period's place in the trail.
    lane : int
        0 rules, 1 own firm, 2 to 7 named firms, 8 all others.
    label, full : str
    touches : bool
        Whether it concerns the product in question, a close rival of it, or the whole market.
    """

    place: int
    lane: int
    label: str
    full: str
    touches: bool


def events_of(
    table: pd.DataFrame,
    changes: pd.DataFrame,
    question: Question,
    order: list[str],
    regions: tuple[str, ...],
    text: Text,
    write: Format,
) -> list[Event]:
    """Read the events of the trail in view, in time; of firms without a name only those that touch.

    Parameters
    ----------
    table : DataFrame
        The table of events.
    changes : DataFrame
        Relative list-price changes by period and product.
    question : Question
    order : list of str
        The own firm, then the named ones.
    regions : tuple of str
        Regions in view; events of other regions are left out.
    """
    close = {question.product, *question.rivals}
    found = []
    for row in table.to_dict(orient="records"):
        period = str(row["period"])
        region, firm, product = (_known(row.get(key)) for key in ("region", "firm", "product"))
        if period not in question.trail.periods or (region and region not in regions):
            continue
        touches = product in close or (firm is None and product is None)
        place = place_of(firm, order) if firm else -1
        if place >= len(order) and not touches:
            continue
        full = str(row[f"text_{text.language}"])
        label = _label(str(row["kind"]), product, period, changes, question, text, write) or full
        start = question.trail.periods.index(period)
        lane = 0 if firm is None else min(place, len(order)) + 1
        found.append(Event(start, lane, label, full, touches))
    return sorted(found, key=lambda event: (event.place, event.lane, not event.touches))


def _known(value: object) -> str | None:
    return None if value is None or pd.isna(value) or value == "" else str(value)  # type: ignore[call-overload]


def _label(
    kind: str,
    product: str | None,
    period: str,
    changes: pd.DataFrame,
    question: Question,
    text: Text,
    write: Format,
) -> str | None:
    """Say it in two words where the kind allows."""
    if product is None or product not in changes.columns:
        return None
    name = question.names.get(product, product)
    change = float(changes[product].get(period, float("nan")))
    if kind == "price" and math.isfinite(change) and change:
        return f"{name} {write.signed_percent(change)}"
    if kind == "launch":
        return text("event_launch", product=name)
    return text("event_facelift", product=name) if kind == "facelift" else None


def calendar_title(events: list[Event], question: Question, span: str, text: Text) -> str:
    """Return the finding: how many events, and how many touch the product."""
    touching = sum(event.touches for event in events)
    return text(
        "events_title",
        count=len(events),
        span=span,
        touching=touching,
        own=question.name,
    )


def calendar(
    events: list[Event], question: Question, order: list[str], text: Text, write: Format
) -> str:
    """Return the calendar: one lane a firm, as many lines as its labels need; a list on a phone."""
    periods = question.trail.periods
    lanes = [text("rules"), *order, text("others")]
    heads = "".join(f"<span>{escape(label)}</span>" for label in short_periods(periods, write))
    parts = []
    for lane, name in enumerate(lanes):
        inside = [event for event in events if event.lane == lane]
        if lane == len(lanes) - 1 and not inside:
            continue
        packed = _packed(inside, len(periods))
        height = max(1, 1 + max((line for _, line in packed), default=0))
        own = " own" if lane == 1 else ""
        body = "".join(
            _event(event, line, lane - 1, periods, text, write) for event, line in packed
        )
        body = body or f'<span class="none">{escape(text("no_event"))}</span>'
        parts.append(
            f'<div class="lane{own}"><b>{escape(name)}</b>'
            f'<div class="line" style="--lines:{height}">{body}</div></div>'
        )
    return (
        f'<div class="calendar" style="--periods:{len(periods)}" role="list">'
        f'<div class="lane head" aria-hidden="true"><b></b><div class="line">{heads}</div></div>'
        f"{''.join(parts)}</div>"
    )


def short_periods(periods: tuple[str, ...], write: Format) -> list[str]:
    """Write the year only where it begins: ``Jul 2025, Aug, ... Jan 2026``."""
    labels = []
    year = ""
    for period in periods:
        label = write.period(period)
        labels.append(label if period[:4] != year else write.month(period))
        year = period[:4]
    return labels


def _event(
    event: Event, line: int, place: int, periods: tuple[str, ...], text: Text, write: Format
) -> str:
    label = event.label
    left = event.place / len(periods)
    tone = " touches" if event.touches else ""
    tone += " turned" if left >= RIGHTMOST else ""
    period = escape(write.period(periods[event.place]))
    return (
        f'<div class="event{tone}" role="listitem" title="{escape(event.full)}" '
        f'style="--at:{100 * left:.3f}%;--line-at:{line}"><time>{period}</time>{mark(place)}'
        f"<span>{escape(label)}</span></div>"
    )


def _packed(events: list[Event], n_periods: int) -> list[tuple[Event, int]]:
    """Put each event on the first line of its lane on which its label is free."""
    lines: list[list[tuple[float, float]]] = []
    packed = []
    for event in events:
        start = WIDTH * event.place / n_periods
        length = 34 + sum(WIDE_SIGN if sign > "\u2e80" else SIGN for sign in event.label)
        span = (start, start + length)
        if event.place / n_periods >= RIGHTMOST:
            span = (start + 34 - length, start + 34)
        line = 0
        while line < len(lines) and any(
            span[0] < right and left < span[1] for left, right in lines[line]
        ):
            line += 1
        if line == len(lines):
            lines.append([])
        lines[line].append(span)
        packed.append((event, line))
    return packed
