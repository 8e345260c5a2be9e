"""What is asked of the indicators: codes, grain, filters, modifiers, a date; or the reasons why not."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias, get_args

from sandtable.errors import Fault, InputError, did_you_mean
from sandtable.indicators.catalogue import Catalogue
from sandtable.indicators.definition import Definition
from sandtable.indicators.engine import DuckDBEngine
from sandtable.indicators.formulas import names_of
from sandtable.indicators.periods import end_of, ordinal
from sandtable.indicators.tables import DIMENSIONS, Dimension

ModifierKind: TypeAlias = Literal[
    "change", "change_on_year", "cumulative", "rolling", "share_of_total", "rank"
]
WINDOWS: tuple[ModifierKind, ...] = ("cumulative", "rolling")
LAGS: tuple[ModifierKind, ...] = ("change", "change_on_year")
MAXIMUM_ROLLING = 120
FILE = "query"
_MODIFIER = re.compile(r"([a-z_]+)(?::([0-9]{1,4}))?")


@dataclass(frozen=True)
class Modifier:
    """One modifier; `length` counts the periods of a rolling one."""

    kind: ModifierKind
    length: int = 0

    @property
    def suffix(self) -> str:
        """What follows the code in the name of a column."""
        return f"{self.kind}_{self.length}" if self.kind == "rolling" else self.kind


@dataclass(frozen=True)
class Query:
    """A question that every indicator in it can answer.

    Attributes
    ----------
    months : tuple of int or None
        Numbered periods asked for; None for all.
    end : datetime
        First moment that is not known.
    """

    codes: tuple[str, ...]
    by: tuple[Dimension, ...]
    where: Mapping[Dimension, tuple[str, ...]]
    months: tuple[int, ...] | None
    modifiers: tuple[Modifier, ...]
    end: datetime

    @property
    def window(self) -> Modifier | None:
        """The modifier that changes which rows a month counts."""
        return next((item for item in self.modifiers if item.kind in WINDOWS), None)

    @property
    def needs_history(self) -> bool:
        """Whether months before those shown must be computed."""
        return any(item.kind in (*WINDOWS, *LAGS) for item in self.modifiers)


@dataclass
class _Reading:
    catalogue: Catalogue
    engine: DuckDBEngine
    faults: list[Fault] = field(default_factory=list)

    def fault(self, place: str, message: str) -> None:
        self.faults.append(Fault(FILE, place, message))


def read_query(
    catalogue: Catalogue,
    engine: DuckDBEngine,
    codes: Sequence[str],
    *,
    by: Sequence[str] = (),
    where: Mapping[str, str | Sequence[str]] | None = None,
    modifiers: Sequence[str] = (),
    as_of: str | None = None,
) -> Query:
    """Check a question; see `compute` for what it may hold.

    Raises
    ------
    InputError
        With every reason why it cannot be answered.
    """
    reading = _Reading(catalogue, engine)
    definitions = _definitions(reading, codes)
    dimensions = _dimensions(reading, "by", by)
    filters = _filters(reading, where or {})
    months = _months(reading, filters.pop("month", None))
    asked: list[tuple[str, Dimension]] = [(f"by[{i}]", one) for i, one in enumerate(dimensions)]
    asked += [(f"where.{one}", one) for one in filters]
    asked += [("where.month", "month")] if months is not None else []
    for definition in definitions:
        for place, dimension in asked:
            if dimension not in definition.dimensions:
                allowed = ", ".join(definition.dimensions)
                reading.fault(
                    place,
                    f"{definition.code} is not defined by {dimension}; it is defined by {allowed}.",
                )
    found = _modifiers(reading, modifiers, dimensions, definitions)
    end = _end(reading, as_of)
    if not reading.faults:
        _check_tables(reading, definitions)
    if not reading.faults:
        _check_values(reading, definitions, filters)
    if reading.faults:
        raise InputError(reading.faults)
    return Query(tuple(dict.fromkeys(codes)), tuple(dimensions), filters, months, tuple(found), end)


def _definitions(reading: _Reading, codes: Sequence[str]) -> list[Definition]:
    if not codes:
        reading.fault("codes", "no indicator is asked for; name at least one.")
    found = []
    known = reading.catalogue.definitions
    for index, code in enumerate(codes):
        if code in known:
            found.append(known[code])
        else:
            hint = did_you_mean(code, known)
            reading.fault(f"codes[{index}]", f"no indicator is called '{code}'{hint}")
    return found


def _dimension(reading: _Reading, place: str, name: str) -> Dimension | None:
    for dimension in DIMENSIONS:
        if dimension == name:
            return dimension
    reading.fault(place, f"no dimension is called '{name}'{did_you_mean(name, DIMENSIONS)}")
    return None


def _dimensions(reading: _Reading, part: str, names: Sequence[str]) -> list[Dimension]:
    found: list[Dimension] = []
    for index, name in enumerate(names):
        dimension = _dimension(reading, f"{part}[{index}]", name)
        if dimension in found:
            reading.fault(f"{part}[{index}]", f"'{name}' stands twice; keep one of them.")
        elif dimension is not None:
            found.append(dimension)
    return found


def _filters(
    reading: _Reading, where: Mapping[str, str | Sequence[str]]
) -> dict[Dimension, tuple[str, ...]]:
    found: dict[Dimension, tuple[str, ...]] = {}
    for name, value in where.items():
        dimension = _dimension(reading, f"where.{name}", name)
        values = (value,) if isinstance(value, str) else tuple(value)
        if not values:
            reading.fault(f"where.{name}", "names no value; give at least one.")
        if dimension is not None:
            found[dimension] = values
    return found


def _months(reading: _Reading, values: tuple[str, ...] | None) -> tuple[int, ...] | None:
    if values is None:
        return None
    frequency = reading.engine.frequency
    numbers: set[int] = set()
    for value in values:
        first, dots, last = value.partition("..")
        try:
            low = ordinal(first, frequency)
            high = ordinal(last, frequency) if dots else low
        except ValueError as error:
            reading.fault("where.month", str(error))
            continue
        if high < low:
            reading.fault("where.month", f"'{value}' ends before it begins.")
        numbers.update(range(low, high + 1))
    return tuple(sorted(numbers))


def _end(reading: _Reading, as_of: str | None) -> datetime:
    known = reading.engine.end
    if as_of is None:
        return known
    try:
        return min(known, end_of(as_of))
    except ValueError as error:
        reading.fault("as_of", str(error))
        return known


def _modifiers(
    reading: _Reading, texts: Sequence[str], by: Sequence[Dimension], asked: Sequence[Definition]
) -> list[Modifier]:
    found: list[Modifier] = []
    for index, text in enumerate(texts):
        place = f"modifiers[{index}]"
        modifier = _modifier(reading, place, text)
        if modifier is None:
            continue
        if modifier.kind in (*WINDOWS, *LAGS) and "month" not in by:
            reading.fault(place, f"{modifier.kind} goes along the months; add month to the grain.")
        if modifier.kind in ("share_of_total", "rank") and not [
            one for one in by if one != "month"
        ]:
            reading.fault(
                place, f"{modifier.kind} compares cells of a month; add a dimension besides month."
            )
        if modifier.kind in WINDOWS and any(item.kind in WINDOWS for item in found):
            reading.fault(place, "a second window; keep one of cumulative and rolling.")
        for definition in asked:
            sentence = _misfit(reading.catalogue, definition, modifier, by)
            if sentence:
                reading.fault(place, sentence)
        found.append(modifier)
    return found


def _modifier(reading: _Reading, place: str, text: str) -> Modifier | None:
    match = _MODIFIER.fullmatch(text)
    kinds: tuple[ModifierKind, ...] = get_args(ModifierKind)
    kind = next((one for one in kinds if match and one == match[1]), None)
    if match is None or kind is None:
        reading.fault(place, f"no modifier is called '{text}'{did_you_mean(text, kinds)}")
        return None
    length = int(match[2]) if match[2] else 0
    if (kind == "rolling") != bool(match[2]):
        what = "write rolling:3" if kind == "rolling" else f"write {kind}"
        reading.fault(place, f"'{text}' is not understood; {what}.")
        return None
    if kind == "rolling" and not 2 <= length <= MAXIMUM_ROLLING:
        reading.fault(place, f"a rolling window has 2 to {MAXIMUM_ROLLING} months, not {length}.")
        return None
    return Modifier(kind, length)


def _misfit(
    catalogue: Catalogue, definition: Definition, modifier: Modifier, by: Sequence[Dimension]
) -> str:
    code = definition.code
    if modifier.kind in WINDOWS:
        stocks = [
            leaf
            for leaf in names_of(catalogue.formula(code))
            if catalogue.leaf(leaf).over_time is not None
        ]
        if stocks:
            return f"{code} reads {stocks[0]}, which does not add up over months; ask by month."
    if modifier.kind == "share_of_total":
        additive = definition.additivity == "full" or (
            definition.additivity == "semi(time)" and "month" in by
        )
        if not additive:
            return (
                f"{code} does not add up ({definition.additivity}), so it has no share of a total."
            )
    return ""


def _check_tables(reading: _Reading, definitions: Sequence[Definition]) -> None:
    from sandtable.indicators.binding import broken_reasons

    for definition in definitions:
        for sentence in broken_reasons(reading.catalogue, reading.engine, definition.code):
            reading.fault(definition.code, sentence)


def _check_values(
    reading: _Reading,
    definitions: Sequence[Definition],
    filters: Mapping[Dimension, tuple[str, ...]],
) -> None:
    """Refuse a filter on a value that no table knows; an empty answer would hide the slip."""
    from sandtable.indicators.tables import resolve

    tables = reading.catalogue.tables
    for dimension, values in filters.items():
        known: set[str] = set()
        ends = set()
        for definition in definitions:
            for code in names_of(reading.catalogue.formula(definition.code)):
                leaf = reading.catalogue.leaf(code)
                path = leaf.dimension_path(tables, dimension)
                if path is not None and dimension not in leaf.fixed_over:
                    end = resolve(tables, leaf.table, path)
                    ends.add((end.table, end.column))
        for table, column in sorted(ends):
            known.update(reading.engine.values(table, column))
        for value in values:
            if value not in known:
                hint = did_you_mean(value, sorted(known))
                reading.fault(f"where.{dimension}", f"no {dimension} is called '{value}'{hint}")
