"""Figures of a result, read by the definitions that also read observed data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias, cast

import numpy as np

from sandtable.data.kept import Kept
from sandtable.data.loading import DataSet
from sandtable.indicators.catalogue import Catalogue
from sandtable.indicators.computing import compute_with
from sandtable.indicators.feeding import catalogue_of
from sandtable.indicators.formulas import Formula, Name, Negative, Number, names_of
from sandtable.indicators.prepared import PreparedQuestion, ResultEngine, can_be_prepared
from sandtable.indicators.tables import Dimension
from sandtable.scenario.kpis import KPI_INDICATORS
from sandtable.scenario.periods import PeriodResult, State
from sandtable.scenario.result_tables import SIDES, Side, result_tables

CELL: tuple[Dimension, ...] = ("month", "region")
COUNTED = ("units", "net_price", "list_price", "leads", "revenue", "contribution_profit")

LeafSums: TypeAlias = Mapping[str, Mapping[str, float]]  # leaf -> region -> figure, of one period


@dataclass(frozen=True)
class Reading:
    """Figures of one side of a result, by the code of an indicator or of one of its leaves.

    Attributes
    ----------
    figures : mapping of str to float or None
        None where there is none: a divisor is zero, or nothing was counted at all.
    """

    figures: Mapping[str, float | None]


def read_codes(
    items: Sequence[PeriodResult],
    firm: str,
    regions: Sequence[str],
    codes: Sequence[str] = tuple(KPI_INDICATORS.values()),
) -> tuple[Reading, Reading]:
    """Read indicators of a firm from the baseline and the scenario of a result, periods and regions together.

    Parameters
    ----------
    items : sequence of PeriodResult
        Periods of one result.
    firm : str
        The firm that counts as own.
    regions : sequence of str
    codes : sequence of str
        Those of the figures on the screen by default.

    Raises
    ------
    InputError
        If an indicator needs a table that a result does not hold.
    """
    found = catalogue_of(items[0].base.data_set)
    sides = []
    for side in SIDES:
        figures: dict[str, float | None] = dict.fromkeys(codes)
        counted = _people_counted(items, firm, regions, side)
        known = [code for code in codes if counted or not _reads_funnel(found, code)]
        ready = [code for code in known if all(_ready(found, one) for one in _leaves(found, code))]
        if ready:
            sums = _leaf_sums(found, items, firm, side)
            figures |= _from_leaves(found, ready, sums, regions)
        for code in known:
            if code not in ready:
                figures[code] = _asked_alone(found, items, firm, regions, code, side)
        sides.append(Reading(figures))
    return sides[0], sides[1]


def evaluated(formula: Formula, value: Callable[[str], float | None]) -> float | None:
    """Evaluate a formula; None where a part is missing or a divisor is zero."""
    if isinstance(formula, Number):
        return float(formula.value)
    if isinstance(formula, Name):
        return value(formula.name)
    if isinstance(formula, Negative):
        operand = evaluated(formula.operand, value)
        return None if operand is None else -operand
    left, right = evaluated(formula.left, value), evaluated(formula.right, value)
    if left is None or right is None or (formula.sign == "/" and right == 0):
        return None
    operations = {
        "+": lambda: left + right,
        "-": lambda: left - right,
        "*": lambda: left * right,
        "/": lambda: left / right,
    }
    return operations[formula.sign]()


def _leaves(found: Catalogue, code: str) -> tuple[str, ...]:
    return names_of(found.formula(code))


def _ready(found: Catalogue, leaf: str) -> bool:
    return can_be_prepared(found, found.leaf(leaf), CELL)


def _reads_funnel(found: Catalogue, code: str) -> bool:
    return any(found.leaf(leaf).table == "funnel" for leaf in _leaves(found, code))


def _people_counted(
    items: Sequence[PeriodResult], firm: str, regions: Sequence[str], side: Side
) -> bool:
    """Whether the funnel counts anybody of a firm in every period; where it does not, leads are unknown, not zero."""
    for item in items:
        market = item.base.market
        rows = [market.regions.index(region) for region in regions]
        owned = np.array([name == firm for name in market.firms])
        if not np.isfinite(getattr(item, side).leads[rows][:, owned]).any():
            return False
    return True


def _from_leaves(
    found: Catalogue, codes: Sequence[str], sums: Sequence[LeafSums], regions: Sequence[str]
) -> dict[str, float | None]:
    """Add the leaves over periods and regions, then compose: a rate is never averaged."""
    leaves = {leaf for code in codes for leaf in _leaves(found, code)}
    figures: dict[str, float | None] = {
        leaf: sum(one[leaf].get(region, 0.0) for one in sums for region in regions)
        for leaf in leaves
    }
    return figures | {code: evaluated(found.formula(code), figures.__getitem__) for code in codes}


def _leaf_sums(
    found: Catalogue, items: Sequence[PeriodResult], firm: str, side: Side
) -> list[LeafSums]:
    """Return the leaves of the screen's figures of each period, by region; what was read before is not read again."""
    missing = [item for item in items if _remembered(item, firm, side) is None]
    if missing and missing[0].beside:
        # one question for all periods of a run takes little longer than one for a single period
        missing = [item for item in missing[0].beside if _remembered(item, firm, side) is None]
    missing += [
        item
        for item in items
        if _remembered(item, firm, side) is None and not _among(item, missing)
    ]
    periods = [item.base.period for item in missing]
    together = [missing] if len(set(periods)) == len(periods) else [[item] for item in missing]
    for group in together if missing else ():
        tables = result_tables(group, side)
        question = _question(found, group[0].base.data_set, tables)
        answer = question.ask(tables, firm, [item.base.period for item in group])
        for item in group:
            sums: dict[str, dict[str, float]] = {leaf: {} for leaf in answer}
            for leaf, cells in answer.items():
                for (period, region), figure in cells.items():
                    if period == item.base.period:
                        sums[leaf][region] = figure
            _remember(item, firm, side, sums)
    return [cast("LeafSums", _remembered(item, firm, side)) for item in items]


def _among(item: PeriodResult, others: Sequence[PeriodResult]) -> bool:
    return any(item is other for other in others)


def _remembered(item: PeriodResult, firm: str, side: Side) -> LeafSums | None:
    if side == "scenario":
        return cast("LeafSums | None", item.readings.get(firm))
    state, sums = item.base.readings.get(firm, (None, None))
    # runs of one base share it, and it must have been read under the very numbers of this one
    if state is None or not _same(cast("State", state), item.baseline):
        return None
    return cast("LeafSums", sums)


def _remember(item: PeriodResult, firm: str, side: Side, sums: LeafSums) -> None:
    if side == "scenario":
        item.readings[firm] = sums
    else:
        item.base.readings[firm] = (item.baseline, sums)


def _same(one: State, other: State) -> bool:
    return one is other or all(
        np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True) for name in COUNTED
    )


def _question(
    found: Catalogue, data_set: DataSet, tables: Mapping[str, object]
) -> PreparedQuestion:
    key = (found.sha256, data_set.folder.resolve(), frozenset(tables))

    def make() -> PreparedQuestion:
        codes = [
            code
            for code in KPI_INDICATORS.values()
            if "funnel" in tables or not _reads_funnel(found, code)
        ]
        leaves = dict.fromkeys(leaf for code in codes for leaf in _leaves(found, code))
        ready = [leaf for leaf in leaves if _ready(found, leaf)]
        return PreparedQuestion(found, data_set, ready, CELL, tables)

    return _questions.get(key, make)


def _asked_alone(
    found: Catalogue,
    items: Sequence[PeriodResult],
    firm: str,
    regions: Sequence[str],
    code: str,
    side: Side,
) -> float | None:
    """Ask for an indicator whose leaves do not add up over regions and periods."""
    engine = result_engine(found, items, firm, side)
    try:
        where = {} if set(regions) == set(items[0].base.market.regions) else {"region": [*regions]}
        value = float(compute_with(found, engine, [code], where=where)[code].iloc[0])
    finally:
        engine.close()
    return value if np.isfinite(value) else None


def result_engine(
    found: Catalogue, items: Sequence[PeriodResult], firm: str, side: Side
) -> ResultEngine:
    """Open one side of a result for any question; close it after use."""
    folder = items[0].base.data_set.folder
    return ResultEngine(folder, found.tables, result_tables(items, side), firm)


_questions = Kept[tuple[str, Path, frozenset[str]], PreparedQuestion](limit=8)
