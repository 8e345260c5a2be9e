"""A result as the tables that indicators read: the same names, columns and keys as the files of a data set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
import pyarrow as pa

from sandtable.data.kept import Kept
from sandtable.market.primitives import FloatArray
from sandtable.scenario.funnel_base import funnel_table
from sandtable.scenario.periods import PeriodResult, State

Side: TypeAlias = Literal["baseline", "scenario"]
SIDES: tuple[Side, ...] = ("baseline", "scenario")
HELD = ("sales", "market", "funnel", "results", "products")


def result_tables(items: Sequence[PeriodResult], side: Side) -> dict[str, Any]:
    """Return one side of a result as Arrow tables: sales, market, funnel (where known), results and products.

    Parameters
    ----------
    items : sequence of PeriodResult
    side : str
        ``baseline`` or ``scenario``.
    """
    tables = {
        "sales": pa.concat_tables([_sales(item, getattr(item, side)) for item in items]),
        "market": pa.concat_tables([_market(item, side) for item in items]),
        "results": pa.concat_tables([_money(item, getattr(item, side)) for item in items]),
        "products": products_table(items),
    }
    if funnel_table(items[0].base.data_set) is not None:
        tables["funnel"] = pa.concat_tables([_funnel(item, side) for item in items])
    return tables


def products_table(items: Sequence[PeriodResult]) -> Any:
    """Return the products of a result, new ones too, with their owners in the base; kept in memory."""
    key = tuple(
        (item.base.data_set.fingerprint, item.base.market.products, item.base.market.firms)
        for item in items
    )
    return _products.get(tuple(dict.fromkeys(key)), lambda: _products_table(items))


def _products_table(items: Sequence[PeriodResult]) -> Any:
    columns = ("product", "name", "brand", "firm", "segment")
    rows: dict[str, list[str]] = {}
    for item in items:
        table = item.base.data_set.tables["products"]
        market = item.base.market
        owners = dict(zip(market.products, market.firms, strict=True))
        for row in zip(*(table[name].tolist() for name in columns), strict=True):
            found = dict(zip(columns, row, strict=True))
            found["firm"] = owners.get(found["product"], found["firm"])
            rows.setdefault(found["product"], [found[name] for name in columns])
    return pa.table(
        {
            name: pa.array(values)
            for name, values in zip(columns, zip(*rows.values(), strict=True), strict=True)
        }
    )


def _sales(item: PeriodResult, state: State) -> Any:
    there = np.isfinite(state.net_price) | (state.units > 0)
    figures = {
        name: getattr(state, source)
        for name, source in (
            ("units", "units"),
            ("list_price", "list_price"),
            ("net_price", "net_price"),
        )
    }
    return _cells(item, there, figures)


def _money(item: PeriodResult, state: State) -> Any:
    figures = {"revenue": state.revenue, "contribution_profit": state.contribution_profit}
    there = np.logical_or.reduce([values != 0 for values in figures.values()])
    return _cells(item, there, figures)


def _funnel(item: PeriodResult, side: Side) -> Any:
    """Return the people at each stage; a result does not know at which dealer."""
    table = funnel_table(item.base.data_set)
    assert table is not None
    stages = item.base.stages if side == "baseline" else item.stages
    cells = _cells(item, np.isfinite(stages[0]), dict(zip(table.stages, stages, strict=True)))
    return cells.append_column("dealer", pa.nulls(cells.num_rows, pa.string()))


def _market(item: PeriodResult, side: Side) -> Any:
    market = item.base.market if side == "baseline" else item.market
    size = len(market.regions)
    return pa.table(
        {
            "period": pa.array([item.base.period] * size),
            "region": pa.array(market.regions),
            "market_size": pa.array(market.market_sizes),
            "total_units": pa.nulls(size, pa.float64()),
        }
    )


def _cells(item: PeriodResult, there: np.ndarray[Any, Any], figures: dict[str, FloatArray]) -> Any:
    """Return some cells of regions by products, a row each."""
    market = item.base.market
    rows, columns = np.nonzero(there)
    texts = {
        "period": pa.array([item.base.period]).take(pa.array(np.zeros(len(rows), dtype=np.int32))),
        "region": pa.array(market.regions).take(pa.array(rows)),
        "product": pa.array(market.products).take(pa.array(columns)),
    }
    numbers = {
        name: pa.array(values[rows, columns], from_pandas=True) for name, values in figures.items()
    }
    return pa.table({**texts, **numbers})


_products = Kept[tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...], Any](limit=16)
