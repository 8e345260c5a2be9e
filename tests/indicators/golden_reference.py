"""The golden answers once more, from the rows and the standard library alone: no engine, no data frame."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from statistics import median
from typing import Any

from sandtable.indicators.certificate import GOLDEN

END = datetime(2024, 4, 1, tzinfo=UTC)
Row = dict[str, Any]
Cells = dict[tuple[str, ...], Fraction | None]


def rows(name: str) -> list[Row]:
    with (Path(GOLDEN) / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


REGION = {row["shop"]: row["region"] for row in rows("shops")}
ORDERS = {
    row["order"]: row
    | {"at": moment(row["placed_at"]), "month": moment(row["placed_at"]).strftime("%Y-%m")}
    | {"region": REGION.get(row["shop"], "(unknown)")}
    for row in rows("orders")
    if moment(row["placed_at"]) < END
}
ITEMS = [row | ORDERS[row["order"]] for row in rows("items") if row["order"] in ORDERS]
RETURNS = [
    ORDERS[row["order"]] | {"returned": moment(row["at"]), "of": ORDERS[row["order"]]["at"]}
    for row in rows("returns")
    if moment(row["at"]) < END
]
STOCK = [row | {"region": REGION[row["shop"]]} for row in rows("stock")]
OVER = [row for row in ORDERS.values() if row["at"] <= END - timedelta(days=14)]
BACK = [
    row
    for row in RETURNS
    if row["of"] <= END - timedelta(days=14)
    and timedelta(0) <= row["returned"] - row["of"] < timedelta(days=14)
]


def grouped(
    found: Iterable[Row], by: tuple[str, ...], figure: Callable[[list[Row]], Fraction | None]
) -> Cells:
    groups: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in found:
        groups[tuple(row[name] for name in by)].append(row)
    return {key: figure(of) for key, of in groups.items()}


def count(found: list[Row]) -> Fraction:
    return Fraction(len(found))


def different(column: str) -> Callable[[list[Row]], Fraction]:
    return lambda found: Fraction(len({row[column] for row in found if row[column]}))


def numbers(found: list[Row], column: str) -> list[Fraction]:
    return [Fraction(row[column]) for row in found if row[column] not in ("", None)]


def total(column: str) -> Callable[[list[Row]], Fraction]:
    return lambda found: sum(numbers(found, column), Fraction(0))


def mean(column: str) -> Callable[[list[Row]], Fraction | None]:
    def of(found: list[Row]) -> Fraction | None:
        values = numbers(found, column)
        return sum(values, Fraction(0)) / len(values) if values else None

    return of


def middle(found: list[Row]) -> Fraction | None:
    values = numbers(found, "amount")
    return median(values) if values else None


def quotient(top: Cells, bottom: Cells) -> Cells:
    answer: Cells = {}
    for cell in {*top, *bottom}:
        above, below = top.get(cell) or Fraction(0), bottom.get(cell) or Fraction(0)
        answer[cell] = above / below if below else None
    return answer


def known(found: Iterable[Row]) -> list[Row]:
    return [row for row in found if row["customer"]]


def firsts() -> list[Row]:
    first: dict[str, Row] = {}
    for row in sorted(RETURNS, key=lambda row: row["returned"]):
        first.setdefault(row["order"], row)
    return [
        row | {"days": (row["returned"] - row["of"]) / timedelta(days=1)} for row in first.values()
    ]


def by_return(found: Iterable[Row]) -> list[Row]:
    return [row | {"month": row["returned"].strftime("%Y-%m")} for row in found]


def answer(code: str, by: tuple[str, ...]) -> Cells:
    orders = list(ORDERS.values())
    items = grouped(ITEMS, by, total("quantity"))
    counted = grouped(orders, by, count)
    if code == "sal_order_shr":
        months = grouped(orders, ("month",), count)
        return {cell: (of or 0) / (months[cell[:1]] or 1) for cell, of in counted.items()}
    if code == "sal_stock_cnt" and "month" not in by:
        return grouped([row for row in STOCK if row["month"] == "2024-03"], by, total("units"))
    if code == "sal_visitor_cnt" and "month" not in by:
        whole = grouped(STOCK, by, total("visitors"))
        return {cell: (of or 0) / Fraction(3) for cell, of in whole.items()}
    recent = [row for row in orders if row["at"] >= END - timedelta(days=30)]
    return {
        "sal_order_cnt": lambda: counted,
        "sal_customer_cnt": lambda: grouped(known(orders), by, different("customer")),
        "sal_order_amt": lambda: grouped(orders, by, total("amount")),
        "sal_order_avg": lambda: grouped(orders, by, mean("amount")),
        "sal_order_amt_med": lambda: grouped(orders, by, middle),
        "sal_item_cnt": lambda: items,
        "sal_item_rate": lambda: quotient(items, counted),
        "sal_item_avg": lambda: quotient(grouped(orders, by, total("amount")), items),
        "sal_order_cnt_paid": lambda: grouped(
            [row for row in orders if row["paid"] == "true"], by, count
        ),
        "sal_order_cnt_unsettled": lambda: grouped(
            [row for row in orders if not row["paid"]], by, count
        ),
        "sal_return_cnt": lambda: grouped(by_return(RETURNS), by, different("order")),
        "sal_return_rate": lambda: quotient(
            grouped(BACK, by, different("order")), grouped(OVER, by, count)
        ),
        "sal_return_days": lambda: grouped(by_return(firsts()), by, mean("days")),
        "sal_stock_cnt": lambda: grouped(STOCK, by, total("units")),
        "sal_visitor_cnt": lambda: grouped(STOCK, by, total("visitors")),
        "sal_order_cnt_30d": lambda: grouped(recent, by, count),
    }[code]()
