"""The rules of the quality tests: each looks at figures or rows and says what it expected and what it saw."""

from __future__ import annotations

import itertools
import math
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sandtable.indicators.binding import broken_reasons, key_fault
from sandtable.indicators.definition import QualityTest
from sandtable.indicators.formulas import Formula, Name, Operation, names_of
from sandtable.indicators.leaf import Leaf
from sandtable.indicators.lineage import column_uses
from sandtable.indicators.outcomes import Outcome, number
from sandtable.indicators.periods import label_of, ordinal, period_of
from sandtable.indicators.quality_figures import PLACES, Figures, grain_of_tests
from sandtable.indicators.queries import Query
from sandtable.indicators.scanning import Scanner
from sandtable.indicators.tables import DIMENSIONS, Dimension

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.types as ir

# How many standard errors a sample may be off, and below how many rows it says nothing.
STANDARD_ERRORS = 4.0
FEWEST_ROWS = 30
HOURS = {"h": 1.0, "d": 24.0}
NEVER = math.inf


def in_range(figures: Figures, code: str, test: QualityTest) -> Outcome:
    """Hold every figure at the grain of tests against the range."""
    assert test.range is not None
    low, high = test.range
    by = grain_of_tests(figures.found, code)
    frame = figures.at(code, by)
    expected = _range_text(low, high)
    if frame.empty:
        return Outcome("range", expected, "—", None, f"{code} has no figure here to test.")
    values = frame[code]
    excess = np.maximum(
        -np.inf if low is None else low - values, -np.inf if high is None else values - high
    )
    outside = excess > 0
    seen = f"{number(values.min())} … {number(values.max())} ({len(values):,})"
    grain = " and ".join([", ".join(by[:-1]), by[-1]] if len(by) > 1 else by)
    if not outside.any():
        said = f"All {len(values):,} figures of {code} by {grain} lie in {expected}."
        return Outcome("range", expected, seen, True, said)
    worst = int(np.argmax(excess))
    said = (
        f"{code} is {number(values[worst])} at {_cell(frame, by, worst)}, but must lie in {expected} "
        f"({int(outside.sum()):,} of {len(values):,} figures by {grain} do not)."
    )
    return Outcome("range", expected, seen, False, said)


def _range_text(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return f"≥ {number(low)}" if low is not None else f"≤ {number(high or 0.0)}"
    return f"{number(low)} … {number(high)}"


def _cell(frame: pd.DataFrame, by: Sequence[str], row: int) -> str:
    return ", ".join(f"{name} {frame[name].iloc[row]}" for name in by) or "the total"


def freshness(figures: Figures, code: str, test: QualityTest) -> Outcome:
    """Hold the age of the last row of every timed table that the figure is counted from against the limit."""
    assert test.freshness is not None
    limit = float(test.freshness[:-1]) * HOURS[test.freshness[-1]]
    engine, tables = figures.engine, figures.found.tables
    ages: dict[str, float] = {}
    for name in _counted_tables(figures, code):
        time = tables[name].time
        if time is not None:
            last = engine.last(name, time.column)
            ages[name] = NEVER if last is None else (engine.end - last) / timedelta(hours=1)
    expected = f"≤ {_age(limit)}"
    if not ages:
        said = f"{code} reads no table with a time, so nothing can be said about its age."
        return Outcome("freshness", expected, "—", None, said)
    oldest = max(ages, key=lambda name: ages[name])
    seen = f"{oldest} {_age(ages[oldest])}"
    if ages[oldest] <= limit:
        said = f"The last rows of {', '.join(ages)} are at most {_age(limit)} old at the end of the data."
        return Outcome("freshness", expected, seen, True, said)
    said = " ".join(
        f"The last row of {name} is {_age(age)} old at the end of the data ({engine.metadata.as_of}), "
        f"but may be {_age(limit)} old; load what came since."
        if age < NEVER
        else f"{name} has no row from before the end of the data ({engine.metadata.as_of}); load it."
        for name, age in ages.items()
        if age > limit
    )
    return Outcome("freshness", expected, seen, False, said)


def _counted_tables(figures: Figures, code: str) -> list[str]:
    """Return the tables whose rows decide the figure, without those that only name a dimension."""
    uses = [
        use
        for leaf in names_of(figures.found.formula(code))
        for use in column_uses(figures.found, leaf, ())
    ]
    return sorted({use.table for use in uses if use.use != "origin"})


def _age(hours: float) -> str:
    if hours == NEVER:
        return "∞"
    return f"{number(round(hours, 1))} h" if hours < 72 else f"{number(round(hours / 24, 1))} d"


def uniqueness(figures: Figures, code: str, test: QualityTest) -> Outcome:
    """Prove the keys of the tables counted, or that no two rows counted agree in columns."""
    found, engine = figures.found, figures.engine
    leaves = [found.leaf(name) for name in names_of(found.formula(code))]
    if test.unique == "key":
        tables = sorted({leaf.table for leaf in leaves})
        keys = "; ".join(f"{name} ({', '.join(found.tables[name].key)})" for name in tables)
        faults = [sentence for name in tables for sentence in key_fault(found, engine, name)]
        count = sum(engine.duplicates(name, found.tables[name].key) for name in tables)
        said = " ".join(faults) or f"No key stands twice: {keys}."
        return Outcome("unique", keys, number(count), not faults, said)
    assert test.unique is not None
    columns = ", ".join(test.unique)
    repeated = {leaf.code: _repeated(figures, leaf, test.unique) for leaf in leaves}
    count = sum(repeated.values())
    said = f"No two rows that {code} counts agree in {columns}."
    if count:
        said = " ".join(
            f"{times:,} of the values of {columns} may stand on one row that {name} counts, but stand on more; "
            f"delete the rows of {found.leaf(name).table} that were loaded twice."
            for name, times in repeated.items()
            if times
        )
    return Outcome("unique", columns, number(count), not count, said)


def _repeated(figures: Figures, leaf: Leaf, columns: Sequence[str]) -> int:
    rows = _rows_counted(figures, leaf, columns)
    groups = rows.group_by(list(rows.columns)).aggregate(rows__=rows.count())
    return _count(figures, groups.filter(groups["rows__"] > 1))


def _count(figures: Figures, rows: ir.Table) -> int:
    return int(figures.engine.run(rows.count().as_table()).to_numpy()[0, 0])


def _rows_counted(figures: Figures, leaf: Leaf, columns: Sequence[str]) -> ir.Table:
    for use in column_uses(figures.found, leaf.code, ()):
        figures.engine.schema(use.table)
    query = Query((leaf.code,), (), {}, None, (), figures.engine.end)
    return Scanner(figures.engine, query).counted(leaf, columns)


def completeness(figures: Figures, code: str, test: QualityTest) -> Outcome:
    """Look for every value of a dimension in every month, or for rows counted with an empty column."""
    assert test.complete is not None
    for dimension in DIMENSIONS:
        if dimension == test.complete:
            return _all_values(figures, code, dimension)
    found, path = figures.found, test.complete
    empty = 0
    for name in names_of(found.formula(code)):
        rows = _rows_counted(figures, found.leaf(name), [path])
        column = rows[rows.columns[0]]
        empty += _count(figures, rows.filter(column.isnull()))
    said = f"Every row that {code} counts has a {path}."
    if empty:
        said = f"{empty:,} of the rows that {code} counts have no {path}; fill it, or make its table anew."
    return Outcome("complete", path, number(empty), not empty, said)


def _all_values(figures: Figures, code: str, dimension: Dimension) -> Outcome:
    definition, engine = figures.found.definition(code), figures.engine
    monthly = "month" in definition.dimensions
    by: tuple[Dimension, ...] = (
        ("month",) if dimension == "month" else ("month", dimension) if monthly else (dimension,)
    )
    frame = figures.alone(code, by)
    if frame.empty:
        return Outcome(
            "complete", dimension, "0", False, f"{code} has no figure in any {dimension}."
        )
    wanted: list[list[str]] = []
    if monthly:
        first = ordinal(str(frame["month"].min()), engine.frequency)
        last = period_of(engine.end, engine.frequency) - 1
        wanted.append([label_of(number, engine.frequency) for number in range(first, last + 1)])
    if dimension != "month":
        wanted.append(_values(figures, frame, dimension))
    cells = set(itertools.product(*wanted))
    present = set(frame[list(by)].itertuples(index=False, name=None))
    missing = sorted(cells - present)
    expected = f"{' × '.join(by)}: {len(cells):,}"
    seen = f"{len(cells) - len(missing):,}"
    if not missing:
        said = f"{code} has a figure for each {' and '.join(by)} ({len(cells):,} cells)."
        return Outcome("complete", expected, seen, True, said)
    said = (
        f"{code} has no figure for {len(missing):,} of {len(cells):,} cells of {' and '.join(by)}, "
        f"the first of them {', '.join(missing[0])}; load what is missing."
    )
    return Outcome("complete", expected, seen, False, said)


def _values(figures: Figures, frame: pd.DataFrame, dimension: Dimension) -> list[str]:
    """Return the values that must be there: the regions of the metadata, or else all that any month has."""
    if dimension == "region" and figures.engine.metadata.areas:
        return sorted({name for names in figures.engine.metadata.areas.values() for name in names})
    return sorted(set(frame[dimension]))


def reconciliation(figures: Figures, code: str, test: QualityTest) -> Outcome:
    """Hold the figure against another one by month and region, as far as both have them.

    Where a side is a count of sampled rows, or a quotient or product of such, it may be off by four standard errors of
    the sample on top of the tolerance; cells of fewer than 30 sampled rows are left out.
    """
    assert test.reconcile is not None
    assert test.tol is not None
    found, engine, other = figures.found, figures.engine, test.reconcile
    expected = f"{other} ± {test.tol}"
    reasons = broken_reasons(found, engine, other)
    if reasons:
        said = f"{code} cannot be held against {other} here: {reasons[0]}"
        return Outcome("reconcile", expected, "—", None, said)
    sides = [found.definition(name).dimensions for name in (code, other)]
    by = [one for one in PLACES if all(one in side for side in sides)]
    sampled = {name: _sampled_leaves(figures, name) for name in (code, other)}
    asked = dict.fromkeys([code, other, *sampled[code], *sampled[other]])
    frame = figures.together(list(asked), by).dropna(subset=[code, other])
    noise, enough = _sampling_error(frame, code, other, sampled, engine.sample)
    frame, noise = frame[enough].reset_index(drop=True), noise[enough]
    if any(sampled.values()):
        expected += f" + {number(STANDARD_ERRORS)} σ"
    if frame.empty:
        said = f"{code} and {other} have no figure in common here that is large enough to compare."
        return Outcome("reconcile", expected, "—", None, said)
    return _compared(frame, noise, by, expected, code, test)


def _compared(
    frame: pd.DataFrame,
    noise: np.ndarray,
    by: Sequence[str],
    expected: str,
    code: str,
    test: QualityTest,
) -> Outcome:
    other = str(test.reconcile)
    tolerance = float(str(test.tol).rstrip(" %")) / 100
    base = frame[other].abs().to_numpy()
    apart = (frame[code] - frame[other]).abs().to_numpy()
    allowed = tolerance * base + noise
    # A hair for the order of floating sums.
    beyond = apart - allowed - 1e-9 * np.maximum(base, 1e-300)
    worst = int(np.argmax(beyond / np.maximum(base, 1e-300)))
    relative = np.divide(apart, base, out=np.full_like(apart, np.inf), where=base > 0)
    seen = (
        f"≤ {_share(relative.max())} ({len(frame):,})"
        if apart.max() > 0
        else f"0 % ({len(frame):,})"
    )
    failed = int((beyond > 0).sum())
    extra = " and four standard errors of the sample" if noise.any() else ""
    if not failed:
        said = f"{code} agrees with {other} in {len(frame):,} figures, within {test.tol}{extra}."
        return Outcome("reconcile", expected, seen, True, said)
    said = (
        f"{code} is {number(frame[code].iloc[worst])} at {_cell(frame, by, worst)}, but {other} is "
        f"{number(frame[other].iloc[worst])}: they may differ by {test.tol}{extra} "
        f"({number(allowed[worst])}), and {failed:,} of {len(frame):,} figures differ more."
    )
    return Outcome("reconcile", expected, seen, False, said)


def _share(value: float) -> str:
    return "∞" if np.isinf(value) else f"{number(round(value * 100, 2))} %"


def _sampled_leaves(figures: Figures, code: str) -> tuple[str, ...]:
    """Return the leaves of a product or quotient that count sampled rows; of other formulas none is known."""
    if figures.engine.sample == 1:
        return ()
    formula = figures.found.formula(code)
    if not _is_product(formula):
        return ()
    leaves = [figures.found.leaf(name) for name in names_of(formula)]
    return tuple(
        leaf.code
        for leaf in leaves
        if figures.found.tables[leaf.table].sampled and leaf.agg in ("count", "count_distinct")
    )


def _is_product(formula: Formula) -> bool:
    if isinstance(formula, Operation):
        return formula.sign in "*/" and _is_product(formula.left) and _is_product(formula.right)
    return isinstance(formula, Name) or not names_of(formula)


def _sampling_error(
    frame: pd.DataFrame, code: str, other: str, sampled: dict[str, tuple[str, ...]], sample: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return how far each cell may be off for its sample, and whether the sample is large enough."""
    noise = np.zeros(len(frame))
    enough = np.ones(len(frame), dtype=np.bool_)
    larger = frame[[code, other]].abs().max(axis=1).to_numpy()
    for side, leaves in sampled.items():
        variance = np.zeros(len(frame))
        for leaf in leaves:
            # A count that lost its rows must not excuse itself by having few: the other side says how many to expect.
            rows = (larger if leaf == side else frame[leaf].to_numpy()) * sample
            enough &= rows >= FEWEST_ROWS
            variance += (1 - sample) / np.maximum(rows, 1.0)
        noise += STANDARD_ERRORS * larger * np.sqrt(variance)
    return noise, enough
