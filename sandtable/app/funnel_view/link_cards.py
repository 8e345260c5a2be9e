"""Weak links as cards: place, step, rate against benchmark, cars lost a year."""

from __future__ import annotations

from html import escape

from sandtable.app.funnel_view.words import Row, Seen
from sandtable.funnel.weak_links import LEAST_SHORTFALL

SHOWN = 8  # sure links that get a card
UNCLEAR_SHOWN = 3


def link_card(place: int, row: Row, seen: Seen) -> str:
    """Return a sure link with its place in the order."""
    return _card(str(place), row, seen, "loss", "")


def unclear_card(row: Row, seen: Seen) -> str:
    """Return a link that is not clear yet, muted, with the reason."""
    return _card("–", row, seen, "mut", why_unclear(row, seen))


def why_unclear(row: Row, seen: Seen) -> str:
    """Return why a link below its benchmark is not sure: ordinary, short by too little, or perhaps chance."""
    text, write = seen.text, seen.write
    if row["usual_low"] is None or row["pooled_rate"] >= row["usual_low"]:
        low, high = write.percent(row["usual_low"]), write.percent(row["usual_high"])
        return text("funnel_unclear_usual", low=low, high=high)
    short = 1 - row["pooled_rate"] / row["benchmark"]
    if short < LEAST_SHORTFALL:
        least = write.percent(LEAST_SHORTFALL, 0)
        return text("funnel_unclear_small", short=write.percent(short), least=least)
    judged = int(seen.found.table["p_value"].notna().sum())
    return text("funnel_unclear_chance", count=judged)


def _card(mark: str, row: Row, seen: Seen, tone: str, note: str) -> str:
    text = seen.text
    said = text(
        "funnel_link_rate",
        step=seen.step(row["stage"]),
        rate=seen.write.percent(row["pooled_rate"]),
        benchmark=seen.write.percent(row["benchmark"]),
    )
    below = f"<small>{escape(note)}</small>" if note else ""
    return (
        f'<div class="link {tone}-link"><span class="mut">{escape(mark)}</span>'
        f"<span><b>{escape(seen.link_name(row))}</b><small>{escape(said)}</small>{below}</span>"
        f'<b class="{tone}">{escape(seen.cars(row["units_lost"]))}</b></div>'
    )
