"""One pass over one table: leaves that share it -> one row for each cell, never more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import and_, or_
from typing import TYPE_CHECKING, Any

from sandtable.indicators.conditions import Condition, SettingValue
from sandtable.indicators.definition import Elapsed
from sandtable.indicators.engine import BIT_OR, DuckDBEngine, Span
from sandtable.indicators.formulas import Formula, Name, Negative, Number
from sandtable.indicators.joining import calendar_expression, column_name, joined
from sandtable.indicators.leaf import Leaf, paths_of
from sandtable.indicators.marking import MOST_BITS, packed_marks, plain_marks
from sandtable.indicators.periods import label_of, start_of
from sandtable.indicators.queries import Query
from sandtable.indicators.tables import Dimension, resolve

if TYPE_CHECKING:
    import ibis.expr.types as ir

UNKNOWN = "(unknown)"
SECONDS = {"day": 86_400, "hour": 3_600}


@dataclass(frozen=True)
class Scan:
    """Leaves that one pass can answer, and the periods they are asked for."""

    leaves: tuple[Leaf, ...]
    span: Span
    keys: tuple[Dimension, ...]


@dataclass(frozen=True)
class Grouping:
    """What leaves must share to be counted in one pass."""

    table: str
    time: str | None
    cohort: str
    fixed: tuple[str, ...]
    over_time: str | None
    trailing: int | None
    distinct: str
    alone: str

    @classmethod
    def of(cls, leaf: Leaf) -> Grouping:
        """Return the grouping of a leaf; one that keeps first rows or measures time stands alone."""
        single = leaf.first_per is not None or isinstance(leaf.measure, Elapsed)
        return cls(
            leaf.table,
            leaf.time,
            leaf.cohort.model_dump_json() if leaf.cohort else "",
            tuple(leaf.fixed_over),
            leaf.over_time,
            leaf.trailing_days,
            leaf.measure.name
            if leaf.agg == "count_distinct" and isinstance(leaf.measure, Name)
            else "",
            leaf.code if single else "",
        )


class Scanner:
    """Compiles scans of one query."""

    def __init__(self, engine: DuckDBEngine, query: Query) -> None:
        self.engine = engine
        self.tables = engine.tables
        self.query = query

    def months(self, span: Span) -> list[int]:
        """Return the numbered periods that a scan counts."""
        numbers = range(span.first, span.last + 1)
        if self.query.months is None or self.query.needs_history:
            return list(numbers)
        return [number for number in numbers if number in set(self.query.months)]

    def compiled(self, scan: Scan) -> ir.Table:
        """Return keys and one column for each leaf: one row a cell."""
        leaf = scan.leaves[0]
        rows = self._rows(scan)
        keys: list[str] = list(scan.keys)
        if leaf.over_time == "mean" and "month" not in keys:
            monthly = self._aggregated(rows, [*keys, "month"], scan.leaves)
            count = max(len(self.months(scan.span)), 1)
            sums = {one.code: monthly[one.code].sum() / float(count) for one in scan.leaves}
            return monthly.group_by(keys).aggregate(**sums) if keys else monthly.aggregate(**sums)
        return self._aggregated(rows, keys, scan.leaves)

    def cells(self, scan: Scan) -> ir.Table:
        """Return only the cells that rows of the scan fall in."""
        return self._rows(scan).select(*scan.keys).distinct()

    def counted(self, leaf: Leaf, paths: Sequence[str]) -> ir.Table:
        """Return columns of every row that a leaf counts, whatever its month."""
        wanted = [*paths, *paths_of(leaf, self.tables)]
        rows = self._known(joined(self.tables, leaf.table, wanted), leaf)
        met = [self._condition(rows, one) for one in leaf.where]
        rows = rows.filter(*met) if met else rows
        return rows.select(*[column_name(path) for path in paths])

    def _needs_month(self, scan: Scan) -> bool:
        monthly = self.query.months is not None and not self.query.needs_history
        return "month" in scan.keys or scan.leaves[0].over_time is not None or monthly

    def _rows(self, scan: Scan) -> ir.Table:
        """Return the rows of all leaves with their dimensions, filtered to what is asked."""
        leaf = scan.leaves[0]
        paths = {path for one in scan.leaves for path in paths_of(one, self.tables)}
        dimensions = self._dimension_paths(leaf, scan.keys)
        key = self.tables[leaf.table].key if leaf.first_per else []
        rows = joined(self.tables, leaf.table, [*paths, *dimensions.values(), *key])
        rows = self._known(rows, leaf)
        if leaf.first_per is not None:
            rows = self._first(rows, leaf)
        if isinstance(leaf.measure, Elapsed):
            rows = self._with_elapsed(rows, leaf)
        rows = self._in_time(rows, scan)
        if all(one.where for one in scan.leaves):
            # A cell exists where a row counts, not where the table has any row.
            met = [self._all(rows, one.where, prefix="", otherwise=None) for one in scan.leaves]
            rows = rows.filter(reduce(or_, met))
        labels = {
            name: rows[column_name(path)].fill_null(UNKNOWN) for name, path in dimensions.items()
        }
        rows = rows.mutate(**{f"{name}__cell": label for name, label in labels.items()})
        for dimension, values in self.query.where.items():
            if dimension in dimensions:
                rows = rows.filter(rows[f"{dimension}__cell"].isin(values))
        taken = {column_name(path): column_name(path) for path in paths}
        extra = ["elapsed__"] if isinstance(leaf.measure, Elapsed) else []
        month = {"month": rows["month__cell"]} if self._needs_month(scan) else {}
        cells = {name: rows[f"{name}__cell"] for name in dimensions}
        inputs = {f"in__{name}": rows[column] for name, column in taken.items()}
        return rows.select({**month, **cells, **inputs, **{one: rows[one] for one in extra}})

    def _dimension_paths(self, leaf: Leaf, keys: Sequence[Dimension]) -> dict[str, str]:
        asked = dict.fromkeys([*keys, *self.query.where])
        found = {}
        for dimension in asked:
            path = leaf.dimension_path(self.tables, dimension)
            if dimension != "month" and dimension not in leaf.fixed_over and path is not None:
                found[str(dimension)] = path
        return found

    def _known(self, rows: ir.Table, leaf: Leaf) -> ir.Table:
        """Keep what had happened when the data end."""
        own = self.tables[leaf.table].time
        paths = {leaf.time_path(self.tables)}
        paths |= {own.column} if own is not None and leaf.time is None else set()
        for path in sorted(path for path in paths if path is not None):
            if column_name(path) in rows.columns and self._is_timestamp(leaf, path):
                rows = rows.filter(rows[column_name(path)] < self._moment(self.query.end))
        return rows

    def _first(self, rows: ir.Table, leaf: Leaf) -> ir.Table:
        """Keep the earliest row of each entity; ties go to the smaller key."""
        import ibis

        time = leaf.time_path(self.tables)
        assert time is not None
        assert leaf.first_per is not None
        met = [self._condition(rows, one) for one in leaf.where]
        rows = rows.filter(*met) if met else rows
        order = [rows[column_name(time)], *(rows[column] for column in self.tables[leaf.table].key)]
        window = ibis.window(group_by=rows[column_name(leaf.first_per)], order_by=order)
        rows = rows.mutate(place__=ibis.row_number().over(window))
        return rows.filter(rows["place__"] == 0).drop("place__")

    def _with_elapsed(self, rows: ir.Table, leaf: Leaf) -> ir.Table:
        measure = leaf.measure
        assert isinstance(measure, Elapsed)
        time = leaf.time or self._own_time(leaf)
        if isinstance(measure.since, str):
            start: Any = rows[column_name(measure.since)]
        else:
            per = measure.since.per
            paths = [per, time, *(one.column for one in measure.since.where)]
            earlier = joined(self.tables, leaf.table, paths)
            earlier = earlier.filter(
                earlier[column_name(time)] < self._moment(self.query.end),
                *[self._condition(earlier, one) for one in measure.since.where],
            )
            starts = earlier.group_by(since__key=earlier[column_name(per)]).aggregate(
                since__at=earlier[column_name(time)].min()
            )
            rows = rows.inner_join(starts, rows[column_name(per)] == starts["since__key"])
            rows = rows.drop("since__key")
            start = rows["since__at"]
        waited = _waited(rows[column_name(time)], start)
        return rows.mutate(elapsed__=waited.cast("float64") / (SECONDS[measure.unit] * 1e6))

    def _own_time(self, leaf: Leaf) -> str:
        own = self.tables[leaf.table].time
        assert own is not None
        return own.column

    def _in_time(self, rows: ir.Table, scan: Scan) -> ir.Table:
        leaf, span = scan.leaves[0], scan.span
        path = leaf.time_path(self.tables)
        if path is None:
            return rows
        frequency = self.engine.frequency
        column = rows[column_name(path)]
        timestamp = self._is_timestamp(leaf, path)
        if timestamp:
            first = self._moment(start_of(span.first, frequency))
            rows = rows.filter(
                column >= first, column < self._moment(start_of(span.last + 1, frequency))
            )
        else:
            first_label, last_label = (label_of(n, frequency) for n in (span.first, span.last))
            rows = rows.filter(column >= first_label, column <= last_label)
        if leaf.trailing_days is not None:
            begin = self.query.end - timedelta(days=leaf.trailing_days)
            rows = rows.filter(rows[column_name(path)] >= self._moment(begin))
        if leaf.cohort is not None:
            rows = self._in_cohort(rows, leaf, path)
        return self._with_month(rows, scan, path, timestamp) if self._needs_month(scan) else rows

    def _in_cohort(self, rows: ir.Table, leaf: Leaf, anchor: str) -> ir.Table:
        assert leaf.cohort is not None
        within = timedelta(days=int(leaf.cohort.within[:-1]))
        start = rows[column_name(anchor)]
        rows = rows.filter(start <= self._moment(self.query.end - within))
        if not leaf.anchor_path(self.tables):
            return rows
        waited = _waited(rows[self._own_time(leaf)], rows[column_name(anchor)])
        after = int(leaf.cohort.after[:-1]) if leaf.cohort.after else 0
        return rows.filter(
            waited >= after * SECONDS["day"] * 1_000_000,
            waited < int(within.total_seconds()) * 1_000_000,
        )

    def _with_month(self, rows: ir.Table, scan: Scan, path: str, timestamp: bool) -> ir.Table:
        """Add the period from the calendar; count a row in every window that holds it."""
        if timestamp:
            calendar = calendar_expression().rename(calendar__day="day", month__cell="month")
            calendar = calendar.drop("number")
            # the rows lie within the span already, so that none is lost
            day = self.engine.day(rows[column_name(path)])
            rows = rows.inner_join(calendar, day == calendar["calendar__day"])
            rows = rows.drop("calendar__day")
        else:
            rows = rows.mutate(month__cell=rows[column_name(path)])
        if self.query.window is not None:
            return self._in_windows(rows, scan.span)
        months = self.months(scan.span)
        if scan.leaves[0].over_time == "last" and "month" not in scan.keys:
            months = months[-1:]
        if len(months) == scan.span.last - scan.span.first + 1:
            return rows
        labels = [label_of(number, self.engine.frequency) for number in months]
        return rows.filter(rows["month__cell"].isin(labels))

    def _in_windows(self, rows: ir.Table, span: Span) -> ir.Table:
        """Let a row count in every period whose window reaches back to it."""
        window = self.query.window
        assert window is not None
        calendar = calendar_expression()
        periods = calendar.filter(calendar["number"].between(span.first, span.last))
        periods = periods.select("month", "number").distinct()
        shown = periods.rename(shown__month="month", shown__number="number")
        pairs = periods.inner_join(shown, shown["shown__number"] >= periods["number"])
        if window.kind == "rolling":
            pairs = pairs.filter(
                pairs["shown__number"] < pairs["number"] + window.length,
                pairs["shown__number"] >= span.first + window.length - 1,
            )
        pairs = pairs.select(pair__month=pairs["month"], shown__month=pairs["shown__month"])
        rows = rows.inner_join(pairs, rows["month__cell"] == pairs["pair__month"])
        return rows.drop("month__cell", "pair__month").rename(month__cell="shown__month")

    def _aggregated(self, rows: ir.Table, keys: Sequence[str], leaves: Sequence[Leaf]) -> ir.Table:
        if leaves[0].agg == "count_distinct":
            return self._counted_distinct(rows, keys, leaves)
        figures = {leaf.code: self._figure(rows, leaf) for leaf in leaves}
        return rows.group_by(keys).aggregate(**figures) if keys else rows.aggregate(**figures)

    def _counted_distinct(
        self, rows: ir.Table, keys: Sequence[str], leaves: Sequence[Leaf]
    ) -> ir.Table:
        """Dedupe first, then count: one row for each entity of a cell, marked by what it fulfils."""
        measure = leaves[0].measure
        assert isinstance(measure, Name)
        entity = f"in__{column_name(measure.name)}"
        rows = rows.filter(rows[entity].notnull())
        marks = {
            leaf.code: self._all(rows, leaf.where, otherwise=rows[entity].notnull())
            for leaf in leaves
        }
        groups = [*keys, entity]
        pack = BIT_OR in self.engine.capabilities and len(leaves) <= MOST_BITS
        single = packed_marks(rows, groups, marks) if pack else plain_marks(rows, groups, marks)
        figures = {code: single[code].sum().cast("float64") for code in marks}
        return single.group_by(keys).aggregate(**figures) if keys else single.aggregate(**figures)

    def _figure(self, rows: ir.Table, leaf: Leaf) -> Any:
        chosen = self._all(rows, leaf.where, otherwise=None)
        if leaf.agg == "count":
            counted: Any = rows.count() if chosen is None else chosen.ifelse(1, 0).sum()
            return counted.cast("float64")
        if isinstance(leaf.measure, Elapsed):
            value: Any = rows["elapsed__"]
        else:
            assert leaf.measure is not None
            value = arithmetic(leaf.measure, lambda name: rows[f"in__{column_name(name)}"])
        value = value.cast("float64")
        if leaf.agg == "median":
            return value.quantile(0.5, where=chosen)
        return {"sum": value.sum, "mean": value.mean, "min": value.min, "max": value.max}[leaf.agg](
            where=chosen
        )

    def _all(
        self,
        rows: ir.Table,
        conditions: Sequence[Condition],
        *,
        otherwise: Any,
        prefix: str = "in__",
    ) -> Any:
        """Return whether a row fulfils every condition; a missing answer is a no."""
        met = [self._condition(rows, one, prefix=prefix).fill_null(False) for one in conditions]
        return reduce(and_, met) if met else otherwise

    def _condition(self, rows: ir.Table, condition: Condition, *, prefix: str = "") -> Any:
        column: Any = rows[prefix + column_name(condition.column)]
        if condition.op in ("missing", "present"):
            return column.isnull() if condition.op == "missing" else column.notnull()
        value = condition.value
        if isinstance(value, SettingValue):
            value = self.engine.setting(value.setting)
        if isinstance(value, list):
            return column.isin(value) if condition.op == "in" else column.notin(value)
        return {
            "is": lambda: column == value,
            "is_not": lambda: column != value,
            "above": lambda: column > value,
            "at_least": lambda: column >= value,
            "below": lambda: column < value,
            "at_most": lambda: column <= value,
        }[condition.op]()

    def _is_timestamp(self, leaf: Leaf, path: str) -> bool:
        return resolve(self.tables, leaf.table, path).type == "timestamp"

    def _moment(self, moment: datetime) -> Any:
        import ibis

        return ibis.literal(moment, type="timestamp('UTC', 6)")


def _waited(moment: Any, since: Any) -> Any:
    """Return whole microseconds; the epoch itself is a fraction on some engines and whole on others."""
    return moment.delta(since, unit="microsecond")


def arithmetic(formula: Formula, value: Any) -> Any:
    """Return a formula over values; every divisor passes through nullif 0."""
    import ibis

    if isinstance(formula, Number):
        return ibis.literal(float(formula.value), type="float64")
    if isinstance(formula, Name):
        return value(formula.name).cast("float64")
    if isinstance(formula, Negative):
        return -arithmetic(formula.operand, value)
    left, right = arithmetic(formula.left, value), arithmetic(formula.right, value)
    if formula.sign == "/":
        return left / right.nullif(0)
    return {"+": lambda: left + right, "-": lambda: left - right, "*": lambda: left * right}[
        formula.sign
    ]()
