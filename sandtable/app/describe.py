"""A lever move as a user reads it."""

from __future__ import annotations

from sandtable.app.formatting import Format
from sandtable.app.text import Text
from sandtable.scenario.levers import lever_table
from sandtable.scenario.model import LeverMove, Response


def describe(move: LeverMove, text: Text, write: Format) -> str:
    """Return one line: what is moved, by how much, where."""
    parts = [text.lever(move.lever), move.product or move.firm or ""]
    if move.change is not None:
        change, relative = move.change.amount, move.change.kind == "relative"
        parts.append(write.signed_percent(change) if relative else write.signed_count(change))
    elif move.value is not None:
        money = lever_table()[move.lever].unit == "money"
        amount = write.price(move.value) if money else write.count(move.value)
        parts.append(f"\u2192 {amount}")
    elif move.owner is not None:
        parts.append(f"\u2192 {move.owner}")
    if move.region is not None:
        parts.append(f"({text.name(move.region)})")
    if move.first or move.last:
        ends = [move.first or "", move.last or ""]
        parts.append(" \u2013 ".join(dict.fromkeys(ends)).strip())
    return " ".join(part for part in parts if part)


def describe_response(response: Response, text: Text, write: Format) -> str:
    """Return how a firm answers in a few words: ``Match 50 %, lag 1``."""
    if response.mode != "match":
        return text(f"response_{response.mode}")
    follow = response.follow
    decimals = 0 if round(100 * follow, 9).is_integer() else 1
    return text("response_match", part=write.percent(follow, decimals), lag=response.lag)


def plain(name: str) -> str:
    """Keep Markdown from reading a name."""
    return "".join(f"\\{sign}" if sign in "\\`*_{}[]()#+-.!|~:$<>" else sign for sign in name)
