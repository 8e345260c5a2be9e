"""The lineage as a drawing: from the screens and inputs that show a figure back to the columns it is read from.

The drawing is SVG whose places are parts of its width, so that it fits any width and its text is never scaled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal, TypeAlias

from sandtable.app.dictionary.links import address
from sandtable.app.dictionary.list_view import label_of
from sandtable.app.text import Text
from sandtable.indicators import Catalogue, lineage
from sandtable.indicators.inputs import model_inputs
from sandtable.indicators.lineage import column_uses, direct_parts
from sandtable.indicators.tables import IndicatorTable

BOX, GAP, HEAD = 40, 10, 26  # pixels
NARROW_BOX, NARROW_GAP = 44, 18
BETWEEN = 3.6  # per cent of the width between two layers
WIDE, PHONE = 1000, 350  # pixels for which texts are cut
SIGN = 6.4  # pixels of a letter; a Chinese one takes twice as many
MOST = 6  # boxes of a layer; the rest is one box that lists them
READ = ("measure", "key", "condition", "first row", "time", "origin")

Kind: TypeAlias = Literal["indicator", "picked", "screen", "input", "table", "column", "more"]


@dataclass(frozen=True)
class Box:
    """One box; its target is what `links.link` takes."""

    name: str
    title: str
    note: str
    target: str
    kind: Kind


@dataclass(frozen=True)
class Layers:
    """Boxes from the screen to the source, with a title for each layer, and which box rests on which."""

    titles: tuple[str, ...]
    boxes: tuple[tuple[Box, ...], ...]
    lines: tuple[tuple[str, str], ...]


def layers_of(
    found: Catalogue, code: str, kpis: Mapping[str, str], text: Text, firm: str
) -> Layers:
    """Follow an indicator both ways: to what shows it, and to what it is read from.

    Parameters
    ----------
    found : Catalogue
    code : str
    kpis : mapping of str to str
        Figure of the sand-table -> the code that defines it.
    text : Text
    firm : str
        The own firm, as the figures of the sand-table name it.
    """
    lines: list[tuple[str, str]] = []
    shown = _shown(found, code, kpis, text, firm)
    lines += [(box.name, code) for box in shown]
    parts, part_lines = _parts(found, code, text)
    lines += part_lines
    tables, columns, source_lines = _sources(found, code, text)
    lines += source_lines
    titles = [text("lineage_shown")] if shown else []
    titles += [text("lineage_indicator"), *(text("lineage_parts") for _ in parts[1:])]
    titles += [text("lineage_tables"), text("lineage_columns")]
    boxes = [*([shown] if shown else []), *parts, tables, columns]
    return Layers(tuple(titles), tuple(map(tuple, boxes)), tuple(dict.fromkeys(lines)))


def _shown(
    found: Catalogue, code: str, kpis: Mapping[str, str], text: Text, firm: str
) -> list[Box]:
    """Return what shows an indicator, reads it or is fed by it."""
    definition = found.definition(code)
    boxes = [
        Box(f"kpi:{name}", text(f"kpi_{name}", firm=firm), text("page"), "page:table", "screen")
        for name, one in kpis.items()
        if one == code
    ]
    inputs = model_inputs()
    boxes += [
        Box(fed, label_of(inputs[fed].label, text), text("lineage_input"), "page:model", "input")
        for fed in definition.feeds
    ]
    boxes += [
        Box(part, text(f"model_part_{part}"), text("lineage_informs"), "page:model", "input")
        for part in definition.informs
    ]
    users = [name for name, one in found.definitions.items() if code in direct_parts(one)]
    return _few([*boxes, *(_indicator(found, name, text) for name in users)], f"find:{code}", text)


def _few(boxes: list[Box], target: str, text: Text) -> list[Box]:
    if len(boxes) <= MOST:
        return boxes
    rest = boxes[MOST - 1 :]
    more = Box("more", text("lineage_more", count=len(rest)), text("lineage_list"), target, "more")
    return [*boxes[: MOST - 1], more]


def _indicator(found: Catalogue, code: str, text: Text, kind: Kind = "indicator") -> Box:
    label = label_of(found.definition(code).label, text)
    return Box(code, label, code, f"indicator:{code}", kind)


def _parts(
    found: Catalogue, code: str, text: Text
) -> tuple[list[list[Box]], list[tuple[str, str]]]:
    """Return the indicator and its parts in layers; what is counted from rows stands in the last."""
    below: dict[str, tuple[str, ...]] = {}
    waiting = [code]
    while waiting:
        one = waiting.pop(0)
        if one not in below:
            below[one] = direct_parts(found.definition(one))
            waiting += below[one]

    def height(name: str) -> int:
        return max((1 + height(part) for part in below[name]), default=0)

    top = height(code)
    layers: list[list[Box]] = [[] for _ in range(top + 1)]
    for name in below:
        kind: Kind = "picked" if name == code else "indicator"
        layers[top - height(name)].append(_indicator(found, name, text, kind))
    return layers, [(name, part) for name, parts in below.items() for part in parts]


def _sources(
    found: Catalogue, code: str, text: Text
) -> tuple[list[Box], list[Box], list[tuple[str, str]]]:
    """Return the tables and the columns that make the figure; columns that only split it stand in the list below."""
    uses = [use for leaf in lineage(found, code).leaves for use in column_uses(found, leaf, ())]
    lines: list[tuple[str, str]] = []
    tables: dict[str, Box] = {}
    columns: dict[str, Box] = {}
    for use in uses:
        if use.use not in READ:
            continue
        table = found.tables[use.table]
        name = f"{use.table}.{use.column}"
        tables[use.table] = _table(use.table, table, text)
        column = table.columns[use.column]
        note = f"{text(f'column_{column.type}')}, {text('use_' + use.use.replace(' ', '_'))}"
        columns.setdefault(name, Box(name, name, note, f"find:{name}", "column"))
        home = found.leaf(use.leaf).table
        tables.setdefault(home, _table(home, found.tables[home], text))
        counted = _counted(found, use.leaf)
        lines += [(counted, f"table {one}") for one in (home, use.table)]
        lines.append((f"table {use.table}", name))
    ordered = [
        box for table in tables for box in columns.values() if box.name.startswith(f"{table}.")
    ]
    shown = ordered if len(ordered) <= 2 * MOST else ordered[: 2 * MOST - 1]
    if len(shown) < len(ordered):
        count = text("lineage_more", count=len(ordered) - len(shown))
        shown.append(Box("more columns", count, text("lineage_below"), f"indicator:{code}", "more"))
    there = (
        {box.name for box in shown} | {box.name for box in tables.values()} | set(found.definitions)
    )
    return list(tables.values()), shown, [line for line in lines if line[1] in there]


def _counted(found: Catalogue, leaf: str) -> str:
    """Return the indicator at the bottom of a leaf: a derived one is counted where its base is."""
    base = found.definition(leaf).base
    return leaf if base is None else _counted(found, base)


def _table(name: str, table: IndicatorTable, text: Text) -> Box:
    return Box(f"table {name}", label_of(table.label, text), name, f"find:{name}.", "table")


def wide(layers: Layers, title: str) -> str:
    """Return the drawing with its layers side by side."""
    count = len(layers.boxes)
    width = (100 - BETWEEN * (count - 1)) / count
    tallest = max(len(column) for column in layers.boxes)
    height = HEAD + tallest * (BOX + GAP)
    at: dict[str, tuple[float, float]] = {}
    for place, column in enumerate(layers.boxes):
        top = HEAD + (height - HEAD - len(column) * (BOX + GAP)) / 2
        for row, box in enumerate(column):
            at[box.name] = (place * (width + BETWEEN), top + row * (BOX + GAP))
    parts = [
        f'<text class="layer" x="{place * (width + BETWEEN):.2f}%" y="12">{escape(name)}</text>'
        for place, name in enumerate(layers.titles)
    ]
    parts += [
        _curve(at[one], at[other], width, height)
        for one, other in layers.lines
        if one in at and other in at and at[one][0] < at[other][0]
    ]
    room = int((width / 100 * WIDE - 18) / SIGN)
    parts += [_box(box, *at[box.name], width, BOX, room) for row in layers.boxes for box in row]
    return _svg(parts, height, title)


def narrow(layers: Layers, title: str) -> str:
    """Return the drawing for a phone: its layers below each other."""
    parts: list[str] = []
    y = 0.0
    room = int((PHONE - 20) / SIGN)
    for place, (name, column) in enumerate(zip(layers.titles, layers.boxes, strict=True)):
        if place:
            parts.append(
                f'<line class="line" x1="50%" x2="50%" y1="{y:g}" y2="{y + NARROW_GAP:g}"/>'
            )
            y += NARROW_GAP
        parts.append(f'<text class="layer" x="0" y="{y + 12:g}">{escape(name)}</text>')
        y += HEAD - 6
        for row, box in enumerate(column):
            y += 6 if row else 0
            parts.append(_box(box, 0, y, 100, NARROW_BOX, room))
            y += NARROW_BOX
    return _svg(parts, y, title)


def _svg(parts: Sequence[str], height: float, title: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="100%" height="{height:g}" role="group" '
        f'aria-label="{escape(title)}">{"".join(parts)}</svg>'
    )


def _curve(
    one: tuple[float, float], other: tuple[float, float], width: float, height: float
) -> str:
    """Draw a line in a field of its own, which is stretched to the gap; its stroke is not."""
    left, right = one[0] + width, other[0]
    start, end = one[1] + BOX / 2, other[1] + BOX / 2
    return (
        f'<svg x="{left:.2f}%" y="0" width="{right - left:.2f}%" height="{height:g}" '
        f'viewBox="0 0 100 {height:g}" preserveAspectRatio="none"><path class="line" '
        f'vector-effect="non-scaling-stroke" d="M0,{start:g}C50,{start:g} 50,{end:g} 100,{end:g}"/></svg>'
    )


def _box(box: Box, x: float, y: float, width: float, height: int, room: int) -> str:
    """Draw a box as a link; its whole text is told to whoever points at it."""
    below = height / 2 + 13
    whole = f"{box.title} \u00b7 {box.note}"
    return (
        f'<a href="{escape(address(box.target))}" data-pick="{escape(box.target)}" class="{box.kind}">'
        f"<title>{escape(whole)}</title>"
        f'<svg x="{x:.2f}%" y="{y:g}" width="{width:.2f}%" height="{height}">'
        f'<rect x="1" y="1" rx="4" width="100%" height="{height - 2}"/>'
        f'<text x="10" y="{height / 2 - 3:g}">{escape(_cut(box.title, room))}</text>'
        f'<text class="note" x="10" y="{below:g}">{escape(_cut(box.note, room))}</text></svg></a>'
    )


def _cut(said: str, room: int) -> str:
    """Cut a text to what a box holds."""
    taken = 0
    for place, sign in enumerate(said):
        taken += 2 if ord(sign) > 0x2E7F else 1
        if taken > room:
            return said[: max(1, place - 1)] + "\u2026"
    return said
