"""A lever move as a user reads it."""

from __future__ import annotations

from sandtable.app.formatting import Format
from sandtable.app.text import Text
from sandtable.scenario.model import LeverMove


def describe(move: LeverMove, text: Text, write: Format) -> str:
    """Return one line: what is moved, by how much, where."""
    parts = [text(f"lever_{move.lever}"), move.product or move.firm or ""]
    if move.change is not None:
        amount = move.change.amount
        relative = move.change.kind == "relative"
        parts.append(write.signed_percent(amount) if relative else write.signed_count(amount))
    elif move.value is not None:
        parts.append(f"\u2192 {write.price(move.value)}")
    elif move.owner is not None:
        parts.append(f"\u2192 {move.owner}")
    if move.region is not None:
        parts.append(f"({text.name(move.region)})")
    if move.first or move.last:
        ends = [move.first or "", move.last or ""]
        parts.append(" \u2013 ".join(dict.fromkeys(ends)).strip())
    return " ".join(part for part in parts if part)
