"""Where: the country, its areas and their regions, with the cars that sure links in them cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sandtable.app.describe import plain
from sandtable.app.formatting import MISSING
from sandtable.app.funnel_view.words import Seen, level_of, sure_loss
from sandtable.diagnosis import Diagnosis

EVERYWHERE = "*"
WEAK = "■"  # a second cue beside colour


def places_of(found: Diagnosis, areas: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the country, then each area with its regions, as the data set orders them.

    Parameters
    ----------
    found : Diagnosis
    areas : mapping of str to sequence of str
        Regions of each area.
    """
    regions, known = found.places("region"), found.places("area")
    placed = [EVERYWHERE]
    for area, inside in areas.items():
        if area in known:
            placed += [area, *(region for region in inside if region in regions)]
    return placed + [region for region in regions if region not in placed]


def tree_label(option: str, seen: Seen) -> str:
    """Return a place of the tree as Markdown: regions are emphasised, what holds them is strong, losses are code."""
    name, loss = _named(option, seen)
    kind = "*" if level_of(seen.found, _place(option)) == "region" else "**"
    mark = f"`{WEAK} {seen.cars(loss)}`" if loss else MISSING
    return f"{kind}{plain(name)}{kind} {mark}"


def select_label(option: str, seen: Seen) -> str:
    """Return a place of the list: regions are set in, weak ones carry the mark and their loss."""
    name, loss = _named(option, seen)
    deep = "\u2003" if level_of(seen.found, _place(option)) == "region" else ""
    return f"{deep}{name}  {WEAK} {seen.cars(loss)}" if loss else f"{deep}{name}"


def _place(option: str) -> str | None:
    return None if option == EVERYWHERE else option


def _named(option: str, seen: Seen) -> tuple[str, float]:
    text = seen.text
    place = _place(option)
    name = text("all_regions") if place is None else seen.text.name(place)
    return name, sure_loss(seen.found, place)
