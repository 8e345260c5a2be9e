"""``python -m docs.dictionary`` writes docs/dictionary.md from the definitions, so that the two cannot differ."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import get_args

from sandtable.indicators.catalogue import PACKAGE_FOLDER, Catalogue, load_layers
from sandtable.indicators.conditions import Condition
from sandtable.indicators.definition import Cohort, Definition, Elapsed, QualityTest, Stage

PAGE = Path(__file__).parent / "dictionary.md"
HEAD = """# Dictionary of indicators

Every indicator that people read, by stage, then the parts they are built from; `python -m docs.dictionary` writes this
page from `sandtable/indicators/definitions/`. How definitions are written, computed and approved:
[indicators.md](indicators.md). The *Indicators* page of the app shows the same with figures, lineage and tests.
"""
TABLE = "| indicator | meaning | made of | unit | by | owner | tests |\n| --- | --- | --- | --- | --- | --- | --- |\n"
PARTS = """
## Parts

| code | label | made of | unit |
| --- | --- | --- | --- |
"""


def page() -> str:
    """Return the text of the page: the definitions of the package, no other layer."""
    found = load_layers([PACKAGE_FOLDER])
    parts = [HEAD]
    for stage in get_args(Stage):
        items = [found.definition(code) for code in found.headlines]
        inside = [item for item in items if item.stage == stage]
        parts.append(f"\n## {stage.capitalize()} ({len(inside)})\n\n{TABLE}")
        parts += [_row(found, item) for item in inside]
    parts.append(PARTS)
    parts += [_part(found, it) for it in found.definitions.values() if it.role == "part"]
    return "".join(parts)


def _row(found: Catalogue, item: Definition) -> str:
    cells = [
        f"**{item.label.en}** · {item.label.zh}<br>`{item.code}`",
        f"{item.definition.en}<br>{item.definition.zh}",
        _made_of(found, item),
        item.unit,
        ", ".join(name.replace("_", " ") for name in item.dimensions),
        item.owner,
        "; ".join(map(_test, item.tests)) or "none",
    ]
    return _line(cells)


def _part(found: Catalogue, item: Definition) -> str:
    return _line(
        [f"`{item.code}`", f"{item.label.en} · {item.label.zh}", _made_of(found, item), item.unit]
    )


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |\n"


def _made_of(found: Catalogue, item: Definition) -> str:
    if item.formula is not None:
        return f"`{' '.join(item.formula.split())}`"
    if item.source is None:
        words = [*item.qualifiers, *([item.period] if item.period else [])]
        said = f"`{item.base}`, {', '.join(_qualifier(found, word) for word in words)}"
    else:
        said = _source(item)
    if isinstance(item.basis, Cohort):
        said += f"; counted at the {item.basis.anchor}, within {item.basis.within}"
    return said


def _qualifier(found: Catalogue, word: str) -> str:
    token = found.roots.get(word)
    return word if token is None else f"{word} ({token.meaning})"


def _source(item: Definition) -> str:
    source = item.source
    assert source is not None
    measure = source.measure
    if isinstance(measure, Elapsed):
        since = (
            measure.since
            if isinstance(measure.since, str)
            else f"first row per {measure.since.per}"
        )
        measure = f"{measure.unit}s since {since}"
    aggregate = source.agg.replace("_", " ")
    said = (
        f"{aggregate} of `{source.table}`"
        if measure is None
        else f"{aggregate} of `{measure}` in `{source.table}`"
    )
    return f"{said} where {_conditions(source.where)}" if source.where else said


def _conditions(where: Iterable[Condition]) -> str:
    return " and ".join(condition.sentence() for condition in where)


def _test(test: QualityTest) -> str:
    if test.range is not None:
        low, high = ("" if end is None else f"{end:g}" for end in test.range)
        return f"range {low or '−∞'} to {high or '∞'}"
    if test.freshness is not None:
        return f"not older than {test.freshness}"
    if test.reconcile is not None:
        return f"agrees with `{test.reconcile}` to {test.tol}"
    if test.unique is not None:
        return f"unique {test.unique if isinstance(test.unique, str) else ', '.join(test.unique)}"
    return f"complete by {test.complete}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
