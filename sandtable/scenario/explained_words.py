"""An explanation in English sentences, from the screen to the source."""

from __future__ import annotations

from collections.abc import Iterator

from sandtable.scenario.explained import Calibrated, Defined, Explanation, Leaf, Part


def sentences_of(found: Explanation) -> tuple[str, ...]:
    """Write an explanation as sentences, one fact each, in the order of the chain."""
    return (
        _figure(found),
        *_definitions(found.indicator),
        *_inputs(found),
        *found.unfed,
    )


def written(value: float | None, unit: str) -> str:
    """Write a figure as the command line shows it."""
    if value is None:
        return "unknown"
    if unit == "ratio":
        return f"{value:.2%}"
    return f"{value:,.0f}"


def _figure(found: Explanation) -> str:
    periods = found.periods[0]
    if len(found.periods) > 1:
        periods = f"{found.periods[0]} to {found.periods[-1]}"
    where = "all regions" if len(found.regions) > 1 else found.regions[0]
    unit = found.indicator.defined.unit
    kind = "observed" if found.observed else "projected"
    return (
        f"{found.label.en} of {found.firm}, {periods}, {where}: {written(found.baseline, unit)} in the baseline "
        f"({kind}), {written(found.scenario, unit)} in the scenario."
    )


def _definitions(part: Part) -> Iterator[str]:
    yield _defined(part.defined)
    if part.base is not None and part.base.replaces:
        yield _defined(part.base)
    if part.leaf is not None:
        yield _leaf(part.defined.code, part.leaf)
    for below in part.parts:
        yield from _definitions(below)


def _defined(item: Defined) -> str:
    formula = f" = {item.formula}" if item.formula else ""
    text = f"{item.code}{formula}: {item.definition.en}".rstrip(".")
    return (
        f"{text} ({item.status}, version {item.version}, {item.file}, hash {item.definition_hash[:12]})."
        f"{_replaces(item)}"
    )


def _replaces(item: Defined) -> str:
    if item.replaces is None:
        return ""
    return f" This definition stands in place of that of {item.replaces}."


def _leaf(code: str, leaf: Leaf) -> str:
    if leaf.file is None:
        place = "a table that only the result of a scenario holds"
    elif leaf.source_rows is None:
        place = f"{leaf.file}, projected into coming periods"
    else:
        place = f"{leaf.source_rows:,} rows of {leaf.file}"
    fed = f"; its baseline was calibrated on {', '.join(leaf.fed_by)}" if leaf.fed_by else ""
    return f"{code} is the {leaf.says}: {place}{fed}."


def _inputs(found: Explanation) -> Iterator[str]:
    for one in found.calibrated:
        yield _input(one)


def _input(one: Calibrated) -> str:
    changed = "equal to the file"
    if one.changed_rows:
        changed = f"other than the file on {one.changed_rows:,} of {one.rows:,} rows"
    kept = (
        f"; {one.kept_rows:,} rows keep the file's figure, nothing was sold there"
        if one.kept_rows
        else ""
    )
    replaced = "".join(f" {sentence}" for sentence in one.parts_replaced)
    return (
        f"{one.input} ({one.column}, by {', '.join(one.by)}) is {one.defined.code} of {one.defined.file}, made from "
        f"{', '.join(one.columns)}; {changed}{kept}.{replaced}"
    )
