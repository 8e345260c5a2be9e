"""Where a number on the screen comes from: figure -> definition -> leaves -> columns -> rows of files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sandtable.data.loading import DataSet
from sandtable.errors import Fault, InputError, did_you_mean
from sandtable.indicators.catalogue import Catalogue
from sandtable.indicators.feeding import catalogue_of
from sandtable.indicators.formulas import names_of
from sandtable.indicators.inputs import ModelInput, model_inputs
from sandtable.indicators.leaf import Leaf as CountedLeaf
from sandtable.indicators.lineage import column_uses, direct_parts, lineage
from sandtable.scenario.behind import opened_side, rows_behind
from sandtable.scenario.calendar import periods_of
from sandtable.scenario.explained import (
    Calibrated,
    Defined,
    Explanation,
    Leaf,
    Named,
    Part,
    Side,
    SourceRows,
)
from sandtable.scenario.explained_words import sentences_of
from sandtable.scenario.kpis import KPI_INDICATORS, KPI_LABELS
from sandtable.scenario.periods import PeriodResult
from sandtable.scenario.reading import Reading, read_codes
from sandtable.scenario.run import Result
from sandtable.scenario.summary import Items

READ_FOR = ("measure", "key", "condition", "first row", "origin")
OF_A_RESULT = "result of the scenario"


@dataclass(frozen=True)
class _Asked:
    """What is asked of whom."""

    found: Catalogue
    data_set: DataSet
    items: tuple[PeriodResult, ...]
    regions: tuple[str, ...]
    firm: str
    code: str

    @property
    def periods(self) -> tuple[str, ...]:
        return tuple(item.base.period for item in self.items)

    @property
    def observed(self) -> bool:
        return set(self.periods) <= set(periods_of(self.data_set))


def explain(
    kpi: str,
    result: Result,
    *,
    items: Items | None = None,
    regions: tuple[str, ...] | None = None,
    firm: str | None = None,
) -> Explanation:
    """Follow a figure of a result from the screen to the columns of the files.

    Parameters
    ----------
    kpi : str
        One of `KPI_INDICATORS`: units, share_of_sales, leads, conversion, revenue, contribution_profit.
    result : Result
    items : PeriodResult or sequence of them, optional
        The periods that the figure adds up; all of the result by default.
    regions : tuple of str, optional
        Some of the regions; all by default.
    firm : str, optional
        The own firm of the result by default.

    Raises
    ------
    InputError
        If there is no such figure.
    """
    asked = _asked(kpi, result, items, regions, firm)
    codes = _nodes(asked.found, asked.code)
    sides = read_codes(asked.items, asked.firm, asked.regions, codes)
    counts = _row_counts(asked)
    indicator = _part(asked, asked.code, sides, counts)
    plain = Explanation(
        kpi=kpi,
        label=Named(KPI_LABELS[kpi].en, KPI_LABELS[kpi].zh),
        firm=asked.firm,
        data_set=asked.data_set.name,
        periods=asked.periods,
        regions=asked.regions,
        observed=asked.observed,
        baseline=indicator.baseline,
        scenario=indicator.scenario,
        money_unit=asked.data_set.metadata.money_unit,
        indicator=indicator,
        calibrated=_calibrated(asked),
        unfed=_unfed(asked),
    )
    return replace(plain, sentences=sentences_of(plain))


def source_rows(
    kpi: str,
    result: Result,
    *,
    items: Items | None = None,
    regions: tuple[str, ...] | None = None,
    firm: str | None = None,
    limit: int = 20,
) -> tuple[SourceRows, ...]:
    """Return the first rows behind a figure: of the files (observed periods) and of both sides of the result.

    Parameters
    ----------
    limit : int
        How many rows of each leaf and side.
    """
    asked = _asked(kpi, result, items, regions, firm)
    found = []
    sides: tuple[Side, ...] = ("source", "baseline", "scenario")
    for side in sides:
        with opened_side(asked.found, asked.data_set, asked.items, asked.firm, side) as engine:
            for code in names_of(asked.found.formula(asked.code)):
                table = asked.found.leaf(code).table
                if not engine.has(table) or (side == "source" and not asked.observed):
                    continue
                count, rows = rows_behind(
                    asked.found, engine, code, asked.periods, asked.regions, limit
                )
                path = engine.path(table)
                place = path.name if side == "source" and path is not None else OF_A_RESULT
                found.append(SourceRows(code, table, side, place, count, rows))
    return tuple(found)


def _asked(
    kpi: str,
    result: Result,
    items: Items | None,
    regions: tuple[str, ...] | None,
    firm: str | None,
) -> _Asked:
    if kpi not in KPI_INDICATORS:
        hint = did_you_mean(kpi, KPI_INDICATORS)
        raise InputError([Fault("explain", "KPI", f"no figure is called '{kpi}'{hint}")])
    chosen: Sequence[PeriodResult] = result.periods
    if items is not None:
        chosen = [items] if isinstance(items, PeriodResult) else items
    known = chosen[0].base.market.regions
    for region in regions or ():
        if region not in known:
            hint = did_you_mean(region, known)
            raise InputError([Fault("explain", "region", f"no region is called '{region}'{hint}")])
    return _Asked(
        catalogue_of(result.data_set),
        result.data_set,
        tuple(chosen),
        known if regions is None else regions,
        result.own_firm if firm is None else firm,
        KPI_INDICATORS[kpi],
    )


def _nodes(found: Catalogue, code: str) -> tuple[str, ...]:
    """Return an indicator and all that its formula is made of, each once."""
    definition = found.definition(code)
    below = direct_parts(definition) if definition.kind == "composite" else ()
    return tuple(dict.fromkeys([code, *(name for part in below for name in _nodes(found, part))]))


def _part(
    asked: _Asked,
    code: str,
    sides: tuple[Reading, Reading],
    counts: dict[str, tuple[int | None, int]],
) -> Part:
    found = asked.found
    definition = found.definition(code)
    composite = definition.kind == "composite"
    below = direct_parts(definition) if composite else ()
    return Part(
        defined=defined(found, code),
        baseline=sides[0].figures[code],
        scenario=sides[1].figures[code],
        parts=tuple(_part(asked, part, sides, counts) for part in below),
        leaf=None if composite else _leaf(asked, code, counts[code]),
        base=None if definition.base is None else defined(found, definition.base),
    )


def defined(found: Catalogue, code: str) -> Defined:
    """Return the definition of one indicator as plain data."""
    item = found.definition(code)
    earlier = [one for one in found.conflicts if one.kind == "indicator" and one.name == code]
    return Defined(
        code=code,
        label=Named(item.label.en, item.label.zh),
        definition=Named(item.definition.en, item.definition.zh),
        kind=item.kind,
        unit=item.unit,
        formula=item.formula,
        status=item.status,
        version=item.version,
        definition_hash=item.definition_hash,
        file=found.files[code],
        replaces=earlier[-1].earlier if earlier else None,
    )


def _leaf(asked: _Asked, code: str, counts: tuple[int | None, int]) -> Leaf:
    leaf = asked.found.leaf(code)
    columns = _columns(asked.found, code)
    fed = [
        one.input
        for one in asked.data_set.fed
        if _stands_behind(model_inputs()[one.input], leaf, columns)
    ]
    return Leaf(
        says=says(asked.found, leaf),
        table=leaf.table,
        columns=columns,
        fed_by=tuple(fed),
        file=_file(asked, leaf.table),
        source_rows=counts[0],
        result_rows=counts[1],
    )


def _stands_behind(item: ModelInput, leaf: CountedLeaf, columns: Sequence[str]) -> bool:
    """Whether the baseline of a leaf was calibrated on an input; money is made from the level of the market."""
    if leaf.table == "results":
        return item.part == "level"
    return f"{item.table}.{item.column}" in columns


def _columns(found: Catalogue, code: str) -> tuple[str, ...]:
    uses = column_uses(found, code, ())
    return tuple(dict.fromkeys(f"{use.table}.{use.column}" for use in uses if use.use in READ_FOR))


def says(found: Catalogue, leaf: CountedLeaf) -> str:
    """Say in English what a leaf counts: ``sum of units of sales where product.firm is own firm``."""
    code = leaf.code
    while (base := found.definition(code).base) is not None:
        code = base
    source = found.definition(code).source
    assert source is not None
    measure = source.measure if isinstance(source.measure, str) else None
    what = leaf.agg.replace("_", " ") + (f" of {measure}" if measure else " of rows")
    if source.measure is not None and measure is None:
        what = f"{leaf.agg} of the time elapsed"
    where = " and ".join(condition.sentence() for condition in leaf.where)
    return f"{what} of {leaf.table}" + (f" where {where}" if where else "")


def _file(asked: _Asked, table: str) -> str | None:
    stem = asked.data_set.folder / asked.found.tables[table].file
    for ending in (".parquet", ".csv"):
        path = stem.with_name(f"{stem.name}{ending}")
        if path.is_file():
            return (
                f"{asked.data_set.folder.name}/{path.relative_to(asked.data_set.folder).as_posix()}"
            )
    return None


def _row_counts(asked: _Asked) -> dict[str, tuple[int | None, int]]:
    """Count the rows behind each leaf: of the file in observed periods, and of the scenario."""
    leaves = names_of(asked.found.formula(asked.code))
    counted: dict[str, dict[Side, int]] = {leaf: {} for leaf in leaves}
    sides: tuple[Side, ...] = ("source", "scenario") if asked.observed else ("scenario",)
    for side in sides:
        with opened_side(asked.found, asked.data_set, asked.items, asked.firm, side) as engine:
            for leaf in leaves:
                if engine.has(asked.found.leaf(leaf).table):
                    counted[leaf][side], _ = rows_behind(
                        asked.found, engine, leaf, asked.periods, asked.regions, 0
                    )
    return {leaf: (one.get("source"), one.get("scenario", 0)) for leaf, one in counted.items()}


def _calibrated(asked: _Asked) -> tuple[Calibrated, ...]:
    found = asked.found
    inputs = []
    for one in asked.data_set.fed:
        item = model_inputs()[one.input]
        columns = [
            column
            for leaf in lineage(found, one.indicator).leaves
            for column in _columns(found, leaf)
        ]
        inputs.append(
            Calibrated(
                input=one.input,
                label=Named(item.label.en, item.label.zh),
                part=item.part,
                column=f"{one.table}.{one.column}",
                by=one.by,
                defined=defined(found, one.indicator),
                rows=one.rows,
                changed_rows=one.changed_rows,
                kept_rows=one.kept_rows,
                columns=tuple(dict.fromkeys(columns)),
                file=_file(asked, one.table) or "",
                parts_replaced=one.replaced,
            )
        )
    return tuple(inputs)


def _unfed(asked: _Asked) -> tuple[str, ...]:
    fed = {one.input for one in asked.data_set.fed}
    tables = asked.data_set.tables
    return tuple(
        f"No indicator feeds '{name}': the model reads the column {item.table}.{item.column} as it is in the file."
        for name, item in model_inputs().items()
        if name not in fed and item.table in tables and item.column in tables[item.table]
    )
