"""How a firm is told apart: by colour and by shape, the same in the map, the tables and the calendar."""

from __future__ import annotations

SHAPES = ("circle", "square", "triangle-up", "diamond", "circle", "triangle-down", "cross")
LIGHT = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#8A7AC8")
DARK = ("#4DA3DC", "#EDB03A", "#2FBF91", "#DDA0C4", "#7CC6F2", "#F0803C", "#A99CE0")
REST_LIGHT, REST_DARK = "#98A2B3", "#8792A2"


def colours(*, dark: bool) -> tuple[str, ...]:
    """Return the colours of the own firm, the six named firms and all others."""
    return (*DARK, REST_DARK) if dark else (*LIGHT, REST_LIGHT)


def place_of(firm: str, order: list[str]) -> int:
    """Return the place of a firm among colours and shapes: 0 own, 1 to 6 named, 7 all others."""
    return order.index(firm) if firm in order else len(LIGHT)


def shape_of(place: int) -> str:
    """Return the shape of a place, as Vega names it."""
    return SHAPES[place] if place < len(SHAPES) else "circle"


def mark(place: int) -> str:
    """Return the mark of a firm as HTML: place -1 is a rule, which no firm makes."""
    kind = "rule" if place < 0 else f"firm-{place} {shape_of(place)}"
    return f'<i class="mark {kind}" aria-hidden="true"></i>'
