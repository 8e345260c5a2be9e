"""What an atomic indicator reads, held against the table it reads from; each fault a sentence."""

from __future__ import annotations

from sandtable.documents import Document
from sandtable.errors import did_you_mean
from sandtable.indicators.conditions import Condition, misfit
from sandtable.indicators.definition import Definition, Elapsed
from sandtable.indicators.formulas import FormulaError, names_of, normal_form, parse_formula
from sandtable.indicators.tables import NUMERIC, Tables, resolve


def condition_faults(condition: Condition, tables: Tables, table: str) -> list[str]:
    """Say why a condition cannot be asked of a table."""
    try:
        column = resolve(tables, table, condition.column)
    except ValueError as error:
        return [str(error)]
    sentence = misfit(condition, column)
    return [sentence] if sentence else []


def note_source(document: Document, definition: Definition, tables: Tables) -> None:
    """Note what of an atomic indicator does not fit its table."""
    source = definition.source
    assert source is not None
    if source.table not in tables:
        hint = did_you_mean(source.table, tables)
        document.fault(("source", "table"), f"no table is called '{source.table}'{hint}")
        return
    for index, condition in enumerate(source.where):
        for sentence in condition_faults(condition, tables, source.table):
            document.fault(("source", "where", index), sentence)
    for part in ("time", "first_per"):
        path = getattr(source, part)
        if path is None:
            continue
        try:
            found = resolve(tables, source.table, path)
        except ValueError as error:
            document.fault(("source", part), str(error))
            continue
        if part == "time" and found.type not in ("period", "timestamp"):
            document.fault(
                ("source", part),
                f"'{path}' is of type {found.type}; time must be a period or a timestamp.",
            )
    _note_measure(document, definition, tables)


def _note_measure(document: Document, definition: Definition, tables: Tables) -> None:
    source, here = definition.source, ("source", "measure")
    assert source is not None
    measure = source.measure
    if (measure is None) != (source.agg == "count"):
        document.fault(
            here, "count counts rows and takes no measure; every other aggregate needs one."
        )
        return
    if isinstance(measure, Elapsed):
        _note_elapsed(document, measure, definition, tables)
        return
    if measure is None:
        return
    try:
        formula = parse_formula(measure)
        normal_form(formula)
    except FormulaError as error:
        document.fault(here, str(error))
        return
    names = names_of(formula)
    if source.agg == "count_distinct" and measure.strip() not in names:
        document.fault(here, "count_distinct takes one column, not a formula.")
        return
    for name in names:
        try:
            found = resolve(tables, source.table, name)
        except ValueError as error:
            document.fault(here, str(error))
            continue
        if source.agg != "count_distinct" and found.type not in NUMERIC:
            document.fault(here, f"'{name}' is of type {found.type}; {source.agg} needs a number.")


def _note_elapsed(
    document: Document, measure: Elapsed, definition: Definition, tables: Tables
) -> None:
    source, here = definition.source, ("source", "measure")
    assert source is not None
    time = tables[source.table].time
    if time is None or tables[source.table].columns[time.column].type != "timestamp":
        document.fault(here, f"the rows of {source.table} carry no timestamp to measure to.")
    if source.agg in ("count_distinct", "sum"):
        document.fault(("source", "agg"), f"{source.agg} of a time elapsed says nothing; use mean.")
    if isinstance(measure.since, str):
        try:
            found = resolve(tables, source.table, measure.since)
        except ValueError as error:
            document.fault((*here, "since"), str(error))
            return
        if found.type != "timestamp":
            document.fault(
                (*here, "since"), f"'{measure.since}' is of type {found.type}, not a timestamp."
            )
        return
    for condition in measure.since.where:
        for sentence in condition_faults(condition, tables, source.table):
            document.fault((*here, "since", "where"), sentence)
    columns = tables[source.table].columns
    if measure.since.per not in columns:
        hint = did_you_mean(measure.since.per, columns)
        document.fault(
            (*here, "since", "per"), f"the table has no column '{measure.since.per}'{hint}"
        )
