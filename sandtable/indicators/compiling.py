"""A query -> one expression: leaves aggregated apart, joined on a spine of cells, composed, modified, ordered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sandtable.indicators.catalogue import Catalogue
from sandtable.indicators.engine import DuckDBEngine, Span
from sandtable.indicators.formulas import Name, names_of
from sandtable.indicators.leaf import Leaf
from sandtable.indicators.modifying import modified
from sandtable.indicators.periods import label_of
from sandtable.indicators.queries import Query
from sandtable.indicators.scanning import Grouping, Scan, Scanner, arithmetic
from sandtable.indicators.tables import Dimension, resolve

if TYPE_CHECKING:
    import ibis.expr.types as ir


@dataclass(frozen=True)
class Asked:
    """One indicator of a query, its leaves and the periods that all their tables know."""

    code: str
    leaves: tuple[Leaf, ...]
    span: Span


def compile_query(catalogue: Catalogue, engine: DuckDBEngine, query: Query) -> ir.Table:
    """Compile a checked query; the tables that it reads are registered."""
    asked = [_asked(catalogue, engine, query, code) for code in query.codes]
    scanner = Scanner(engine, query)
    scans = _scans(asked, query)
    whole = _joined(scanner, scans, query)
    figures = {}
    for one in asked:
        leaves = {leaf.code: leaf for leaf in one.leaves}

        def value(name: str, one: Asked = one, leaves: dict[str, Leaf] = leaves) -> Any:
            return _filled(whole, leaves[name], one.span, engine, query)

        formula = catalogue.formula(one.code)
        figures[one.code] = (
            value(one.code) if isinstance(formula, Name) else arithmetic(formula, value)
        )
    answer = whole.select(**{name: whole[name] for name in query.by}, **figures)
    answer = modified(answer, catalogue, engine, query)
    if query.months is not None and query.needs_history and "month" in query.by:
        labels = [label_of(number, engine.frequency) for number in query.months]
        answer = answer.filter(answer["month"].isin(labels))
    return answer.order_by(list(query.by)) if query.by else answer


def _asked(catalogue: Catalogue, engine: DuckDBEngine, query: Query, code: str) -> Asked:
    leaves = tuple(catalogue.leaf(name) for name in names_of(catalogue.formula(code)))
    span: Span | None = None
    for leaf in leaves:
        path = leaf.time_path(engine.tables)
        if path is None:
            continue
        end = resolve(engine.tables, leaf.table, path)
        known = engine.span(end.table, end.column, before=query.end) or Span(1, 0)
        span = known if span is None else span.common(known)
    if span is None or span.first > span.last:
        span = Span(24_001, 24_000)  # no period at all, yet with dates that engines can write
    return Asked(code, leaves, span)


def _key(leaf: Leaf, span: Span) -> str:
    return f"{leaf.code}__{span.first}_{span.last}"


def _keys(leaf: Leaf, query: Query) -> tuple[Dimension, ...]:
    return tuple(dimension for dimension in query.by if dimension not in leaf.fixed_over)


def _scans(asked: Sequence[Asked], query: Query) -> list[Scan]:
    """Put leaves that one pass can answer together."""
    grouped: dict[tuple[Grouping, Span], dict[str, Leaf]] = {}
    for one in asked:
        for leaf in one.leaves:
            grouped.setdefault((Grouping.of(leaf), one.span), {})[leaf.code] = leaf
    return [
        Scan(tuple(leaves.values()), span, _keys(next(iter(leaves.values())), query))
        for (_, span), leaves in grouped.items()
    ]


def _joined(scanner: Scanner, scans: Sequence[Scan], query: Query) -> ir.Table:
    compiled = []
    for scan in scans:
        table = scanner.compiled(scan)
        names = {_key(leaf, scan.span): table[leaf.code] for leaf in scan.leaves}
        compiled.append((scan, table.select(*[table[key] for key in scan.keys], **names)))
    if not query.by:
        whole = compiled[0][1]
        for _, table in compiled[1:]:
            whole = whole.cross_join(table)
        return whole
    if len(compiled) == 1 and compiled[0][0].keys == query.by:
        return compiled[0][1]  # its cells are the spine
    whole = _spine(scanner, compiled, query)
    for scan, table in compiled:
        if not scan.keys:
            whole = whole.cross_join(table)
            continue
        renamed = table.rename({f"{key}__key": key for key in scan.keys})
        whole = whole.left_join(
            renamed, [whole[key] == renamed[f"{key}__key"] for key in scan.keys]
        )
        whole = whole.drop(*[f"{key}__key" for key in scan.keys])
    return whole


def _spine(scanner: Scanner, compiled: Sequence[tuple[Scan, ir.Table]], query: Query) -> ir.Table:
    """Return every cell that a leaf of the full grain fills, once."""
    cells = [table.select(*query.by) for scan, table in compiled if scan.keys == query.by]
    if not cells:
        wide = [
            Scan((replace(leaf, fixed_over=()),), scan.span, query.by)
            for scan, _ in compiled
            for leaf in scan.leaves[:1]
        ]
        cells = [scanner.cells(scan) for scan in wide]
    spine = cells[0]
    for more in cells[1:]:
        spine = spine.union(more)
    return spine.distinct()


def _filled(whole: ir.Table, leaf: Leaf, span: Span, engine: DuckDBEngine, query: Query) -> Any:
    """Return a leaf in the cells of the spine: scaled up from the sample, zero where nothing happened."""
    import ibis

    column: Any = whole[_key(leaf, span)].cast("float64")
    if leaf.zero_when_empty:
        column = column.fill_null(0.0)
        if engine.tables[leaf.table].sampled and engine.sample < 1:
            column = column / engine.sample
    if "month" not in query.by:
        return column
    window = query.window
    skipped = window.length - 1 if window is not None and window.kind == "rolling" else 0
    labels = [label_of(n, engine.frequency) for n in (span.first + skipped, span.last)]
    known = (whole["month"] >= labels[0]) & (whole["month"] <= labels[1])
    return known.ifelse(column, ibis.literal(None, type="float64"))
