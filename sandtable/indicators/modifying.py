"""Modifiers at query time: change, cumulative, rolling, share of total, rank. Never definitions of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandtable.indicators.catalogue import Catalogue
from sandtable.indicators.engine import DuckDBEngine
from sandtable.indicators.joining import calendar_expression
from sandtable.indicators.queries import LAGS, WINDOWS, Modifier, Query

if TYPE_CHECKING:
    import ibis.expr.types as ir

PERIODS_OF_A_YEAR = {"month": 12, "quarter": 4, "year": 1}


def modified(
    answer: ir.Table, catalogue: Catalogue, engine: DuckDBEngine, query: Query
) -> ir.Table:
    """Add one column for each indicator and modifier: ``sal_lead_cnt.change``.

    A window (cumulative, rolling) was counted row by row before; its figure takes the place of the plain one.
    """
    window = query.window
    names = {code: code if window is None else f"{code}.{window.suffix}" for code in query.codes}
    if window is not None:
        answer = answer.rename({new: old for old, new in names.items()})
    plain = answer
    for modifier in query.modifiers:
        if modifier.kind in WINDOWS:
            continue
        if modifier.kind in LAGS:
            answer = _with_change(answer, plain, engine, query, modifier, names)
            continue
        columns = {
            f"{name}.{modifier.suffix}": _compared(answer, catalogue, query, modifier, code, name)
            for code, name in names.items()
        }
        answer = answer.mutate(**columns)
    return answer


def _with_change(
    answer: ir.Table,
    plain: ir.Table,
    engine: DuckDBEngine,
    query: Query,
    modifier: Modifier,
    names: dict[str, str],
) -> ir.Table:
    """Compare with the same cell some periods before: by the calendar, so a gap is a gap."""
    lag = PERIODS_OF_A_YEAR[engine.frequency] if modifier.kind == "change_on_year" else 1
    calendar = calendar_expression()
    periods = calendar.select("month", "number").distinct()
    later = periods.rename(later__month="month", later__number="number")
    steps = periods.inner_join(later, later["later__number"] == periods["number"] + lag)
    steps = steps.select(step__from=steps["month"], step__to=steps["later__month"])
    before = plain.inner_join(steps, plain["month"] == steps["step__from"])
    keys = {f"before__{key}": before[key] for key in query.by if key != "month"}
    figures = {f"before__{name}": before[name] for name in names.values()}
    before = before.select(before__month=before["step__to"], **keys, **figures)
    whole = answer.left_join(before, [answer[key] == before[f"before__{key}"] for key in query.by])
    columns = {
        f"{name}.{modifier.suffix}": whole[name] / whole[f"before__{name}"].nullif(0) - 1.0
        for name in names.values()
    }
    return whole.select(*[whole[name] for name in answer.columns], **columns)


def _compared(
    answer: ir.Table,
    catalogue: Catalogue,
    query: Query,
    modifier: Modifier,
    code: str,
    name: str,
) -> Any:
    import ibis

    column: Any = answer[name]
    month = [answer["month"]] if "month" in query.by else []
    if modifier.kind == "share_of_total":
        total = column.sum().over(ibis.window(group_by=month or None))
        return column / total.nullif(0)
    falling = catalogue.definition(code).direction != "down"
    order = column.desc() if falling else column.asc()
    window = ibis.window(group_by=[*month, column.isnull()], order_by=order)
    rank = (ibis.rank().over(window) + 1).cast("float64")
    return column.isnull().ifelse(ibis.literal(None, type="float64"), rank)
