"""A leaf: the figure that is aggregated from rows, as atomic and derived indicators resolve to it."""

from __future__ import annotations

from dataclasses import dataclass

from sandtable.indicators.conditions import Condition
from sandtable.indicators.definition import Additivity, Aggregate, Cohort, Definition, Elapsed
from sandtable.indicators.formulas import Formula, normal_form, parse_formula
from sandtable.indicators.naming import days_of
from sandtable.indicators.roots import Roots
from sandtable.indicators.tables import Dimension, Tables, resolve

# What counts nothing where nothing happened; a mean of nothing is missing instead.
ZERO_WHEN_EMPTY: tuple[Aggregate, ...] = ("count", "count_distinct", "sum")


@dataclass(frozen=True)
class Leaf:
    """All that is needed to aggregate one figure.

    Attributes
    ----------
    trailing_days : int or None
        Count only this many days before the end of the data.
    """

    code: str
    table: str
    measure: Formula | Elapsed | None
    agg: Aggregate
    where: tuple[Condition, ...]
    time: str | None
    first_per: str | None
    cohort: Cohort | None
    trailing_days: int | None
    fixed_over: tuple[Dimension, ...]
    over_time: str | None
    additivity: Additivity

    @property
    def zero_when_empty(self) -> bool:
        """Whether a cell without rows holds zero rather than nothing."""
        return self.agg in ZERO_WHEN_EMPTY

    @property
    def additive_over_rows(self) -> bool:
        """Whether figures of disjoint sets of rows add up."""
        return self.agg in ("count", "sum")

    def anchor_path(self, tables: Tables) -> str | None:
        """Return the join column that leads to the anchor of a cohort; empty when it is this table."""
        if self.cohort is None:
            return None
        if tables[self.table].grain == self.cohort.anchor:
            return ""
        joins = tables[self.table].joins
        reached = [name for name, to in joins.items() if tables[to].grain == self.cohort.anchor]
        if not reached:
            raise ValueError(
                f"the table {self.table} has no join to a table of the grain '{self.cohort.anchor}'."
            )
        return reached[0]

    def home_table(self, tables: Tables) -> str:
        """Return the table whose time and dimensions place the figure."""
        path = self.anchor_path(tables)
        return tables[self.table].joins[path] if path else self.table

    def time_path(self, tables: Tables) -> str | None:
        """Return the path of the column that places a row in time."""
        if self.time is not None:
            return self.time
        home = tables[self.home_table(tables)]
        if home.time is None:
            return None
        return self._at_home(tables, home.time.column)

    def dimension_path(self, tables: Tables, dimension: Dimension) -> str | None:
        """Return the path of a dimension; None when the table cannot tell it."""
        home = tables[self.home_table(tables)]
        path = home.dimensions.get(dimension)
        return None if path is None else self._at_home(tables, path)

    def _at_home(self, tables: Tables, path: str) -> str:
        join = self.anchor_path(tables)
        return f"{join}.{path}" if join else path

    def supports(self, tables: Tables, dimension: Dimension) -> bool:
        """Whether the figure can be split by a dimension, or is the same for all of it."""
        if dimension in self.fixed_over:
            return True
        if dimension == "month":
            return self.time_path(tables) is not None and self.trailing_days is None
        return self.dimension_path(tables, dimension) is not None

    def meaning(self) -> str:
        """Write the leaf so that two names for one figure come out equal."""
        measure = self.measure
        if isinstance(measure, Elapsed):
            written = measure.model_dump_json()
        else:
            written = normal_form(measure) if measure is not None else ""
        parts = [
            self.table,
            f"{self.agg}({written})",
            " and ".join(sorted({condition.meaning() for condition in self.where})),
            f"time {self.time}",
            f"first {self.first_per}",
            f"cohort {self.cohort.model_dump_json() if self.cohort else ''}",
            f"trailing {self.trailing_days}",
            f"fixed {sorted(self.fixed_over)}",
            f"over time {self.over_time}",
        ]
        return "[" + "; ".join(parts) + "]"


def resolve_leaf(code: str, definitions: dict[str, Definition], roots: Roots) -> Leaf:
    """Resolve an atomic or derived indicator whose definition is sound."""
    definition = definitions[code]
    basis = definition.basis
    cohort = basis if isinstance(basis, Cohort) else None
    if definition.kind == "atomic":
        source = definition.source
        assert source is not None
        measure = source.measure
        return Leaf(
            code=code,
            table=source.table,
            measure=parse_formula(measure) if isinstance(measure, str) else measure,
            agg=source.agg,
            where=tuple(source.where),
            time=source.time,
            first_per=source.first_per,
            cohort=cohort,
            trailing_days=None,
            fixed_over=tuple(definition.fixed_over),
            over_time=definition.over_time,
            additivity=definition.additivity,
        )
    assert definition.base is not None
    base = resolve_leaf(definition.base, definitions, roots)
    added = [
        condition
        for qualifier in definition.qualifiers
        for condition in roots[qualifier].where.get(base.table, [])
    ]
    trailing = days_of(definition.period) if definition.period and cohort is None else None
    return Leaf(
        code=code,
        table=base.table,
        measure=base.measure,
        agg=base.agg,
        where=(*base.where, *added),
        time=base.time,
        first_per=base.first_per,
        cohort=cohort or base.cohort,
        trailing_days=trailing or base.trailing_days,
        fixed_over=tuple(dict.fromkeys([*base.fixed_over, *definition.fixed_over])),
        over_time=definition.over_time or base.over_time,
        additivity=definition.additivity,
    )


def paths_of(leaf: Leaf, tables: Tables) -> dict[str, str]:
    """Return every path that a leaf reads besides dimensions: path -> what it is for."""
    from sandtable.indicators.formulas import names_of

    paths: dict[str, str] = {}
    if isinstance(leaf.measure, Elapsed):
        time = leaf.time or (tables[leaf.table].time.column if tables[leaf.table].time else "")  # type: ignore[union-attr]
        paths[str(time)] = "measure"
        if isinstance(leaf.measure.since, str):
            paths[leaf.measure.since] = "measure"
        else:
            paths[leaf.measure.since.per] = "measure"
            paths.update({item.column: "measure" for item in leaf.measure.since.where})
    elif leaf.measure is not None:
        paths.update(dict.fromkeys(names_of(leaf.measure), "measure"))
    elif leaf.agg == "count":
        paths.update(dict.fromkeys(tables[leaf.table].key, "key"))
    paths.update({item.column: "condition" for item in leaf.where})
    if leaf.first_per is not None:
        paths[leaf.first_per] = "first row"
    time_path = leaf.time_path(tables)
    if time_path is not None:
        paths.setdefault(time_path, "time")
    if leaf.cohort is not None and leaf.anchor_path(tables):
        own = tables[leaf.table].time
        if own is not None:
            paths.setdefault(own.column, "time")
    return paths


def check_paths(leaf: Leaf, tables: Tables) -> list[str]:
    """Follow every path of a leaf; return a sentence for each that leads nowhere."""
    faults = []
    for path in paths_of(leaf, tables):
        try:
            resolve(tables, leaf.table, path)
        except ValueError as error:
            faults.append(str(error))
    return faults
