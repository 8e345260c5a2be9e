"""A lever move as a user reads it."""

from __future__ import annotations

from sandtable.app.formatting import Format
from sandtable.app.text import Text
from sandtable.scenario.levers import lever_table
from sandtable.scenario.model import LeverMove, Response


def describe(move: LeverMove, text: Text, write: Format) -> str:
    """Return one line: what is moved, by how much, where."""
    parts = [text.lever(move.lever), move.product or move.firm or "", *_further(move, text)]
    if move.change is not None:
        change, relative = move.change.amount, move.change.kind == "relative"
        parts.append(write.signed_percent(change) if relative else write.signed_count(change))
    elif move.value is not None:
        money = lever_table()[move.lever].unit == "money"
        amount = write.price(move.value) if money else write.count(move.value)
        parts.append(f"\u2192 {amount}")
    elif move.owner is not None:
        parts.append(f"\u2192 {move.owner}")
    elif move.terms:
        parts.append(_first_term(move, write))
    if move.region is not None:
        parts.append(f"({text.name(move.region)})")
    if move.first or move.last:
        ends = [move.first or "", move.last or ""]
        parts.append(" \u2013 ".join(dict.fromkeys(ends)).strip())
    return " ".join(part for part in parts if part)


def _further(move: LeverMove, text: Text) -> list[str]:
    """Return the channel, stage, dealer and the like that a move names."""
    return [
        text(f"funnel_stage_{name}") if field == "stage" else text.name(name)
        for field, name in move.further.items()
    ]


def _first_term(move: LeverMove, write: Format) -> str:
    """Return the term of an offer that comes first in the lever table: the rate of a loan."""
    given = dict(move.terms)
    name, term = next(
        (name, it) for name, it in lever_table()[move.lever].terms.items() if name in given
    )
    share = term.kind == "share"
    return write.percent(given[name]) if share else write.decimal(given[name], 4)


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
