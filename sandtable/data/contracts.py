"""What each table of a data set must hold: columns, types, units, ranges, keys, references, as data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict

from sandtable.data.metadata import Attribute, Frequency

ColumnType = Literal["text", "number", "integer", "period"]

PERIOD_FORMS: Mapping[Frequency, tuple[re.Pattern[str], str]] = {
    "month": (re.compile(r"[12]\d{3}-(0[1-9]|1[0-2])", re.ASCII), "a month such as 2026-06"),
    "quarter": (re.compile(r"[12]\d{3}-Q[1-4]", re.ASCII), "a quarter such as 2026-Q2"),
    "year": (re.compile(r"[12]\d{3}", re.ASCII), "a year such as 1990"),
}


class Column(BaseModel):
    """What one column must hold.

    Attributes
    ----------
    unit : str
        ``money`` stands for the money unit of the data set.
    minimum, above, maximum : float or None
        Range; `above` is exclusive.
    nullable : bool
        Whether a cell may be empty.
    required : bool
        Whether the column must be there.
    references : str
        ``table.column`` that must hold each value.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: ColumnType
    unit: str = ""
    minimum: float | None = None
    above: float | None = None
    maximum: float | None = None
    nullable: bool = False
    required: bool = True
    references: str = ""

    def expected(self) -> str:
        """Say in words which numbers the column takes."""
        noun = "a whole number" if self.type == "integer" else "a number"
        parts = []
        if self.above is not None:
            parts.append(f"above {self.above:g}")
        if self.minimum is not None:
            parts.append(f"at least {self.minimum:g}")
        if self.maximum is not None:
            parts.append(f"at most {self.maximum:g}")
        return f"{noun} {' and '.join(parts)}".rstrip()


class TableContract(BaseModel):
    """What one table must hold."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    required: bool
    key: tuple[str, ...]
    columns: dict[str, Column]


def _text(references: str = "", *, nullable: bool = False, required: bool = True) -> Column:
    return Column(type="text", references=references, nullable=nullable, required=required)


def _count(unit: str, *, required: bool = True) -> Column:
    return Column(type="integer", unit=unit, minimum=0, required=required)


def _optional_number(unit: str, maximum: float | None = None) -> Column:
    return Column(
        type="number", unit=unit, minimum=0, maximum=maximum, nullable=True, required=False
    )


_PERIOD = Column(type="period")
_OPTIONAL_PERIOD = Column(type="period", nullable=True, required=False)
_REGION = _text("market.region")
_PRICE = Column(type="number", unit="money", above=0)

_CONTRACTS = (
    TableContract(
        name="products",
        required=True,
        key=("product",),
        columns={
            "product": _text(),
            "name": _text(),
            "brand": _text(),
            "firm": _text(),
            "segment": _text(),
            "powertrain": _text(required=False),
            "origin": _text(required=False),
            "launched": _OPTIONAL_PERIOD,
            "facelift": _OPTIONAL_PERIOD,
        },
    ),
    TableContract(
        name="market",
        required=True,
        key=("period", "region"),
        columns={
            "period": _PERIOD,
            "region": _text(),
            "market_size": Column(type="number", unit="households", above=0),
            "total_units": _optional_number("vehicles"),
        },
    ),
    TableContract(
        name="sales",
        required=True,
        key=("period", "region", "product"),
        columns={
            "period": _PERIOD,
            "region": _REGION,
            "product": _text("products.product"),
            "units": Column(type="number", unit="vehicles", minimum=0),
            "list_price": _PRICE,
            "net_price": _PRICE,
            "orders": _optional_number("vehicles"),
            "deliveries": _optional_number("vehicles"),
            "backlog": _optional_number("vehicles"),
            "wait_weeks": _optional_number("weeks"),
        },
    ),
    TableContract(
        name="dealers",
        required=False,
        key=("dealer",),
        columns={
            "dealer": _text(),
            "region": _REGION,
            "brand": _text("products.brand"),
            "opened": _OPTIONAL_PERIOD,
            "closed": _OPTIONAL_PERIOD,
            "city_tier": _text(required=False),
            "advisers": _count("people", required=False),
        },
    ),
    TableContract(
        name="funnel",
        required=False,
        key=("period", "region", "dealer", "product"),
        columns={
            "period": _PERIOD,
            "region": _REGION,
            "dealer": _text("dealers.dealer"),
            "product": _text("products.product"),
            "leads": _count("leads"),
            "cards": _count("cards", required=False),
            "test_drives": _count("test drives"),
            "orders": _count("orders"),
            "deliveries": _count("vehicles"),
            "referrals": _count("leads", required=False),
            "repeat_orders": _count("orders", required=False),
        },
    ),
    TableContract(
        name="media",
        required=False,
        key=("period", "region", "brand", "channel"),
        columns={
            "period": _PERIOD,
            "region": _REGION,
            "brand": _text("products.brand"),
            "channel": _text(),
            "spend": Column(type="number", unit="money", minimum=0),
            "impressions": _optional_number("impressions"),
        },
    ),
    TableContract(
        name="competitor_indicators",
        required=False,
        key=("period", "region", "brand"),
        columns={
            "period": _PERIOD,
            "region": _REGION,
            "brand": _text("products.brand"),
            "lead_index": _optional_number("index"),
            "traffic": _optional_number("visits"),
            "incentives": _optional_number("money"),
            "awareness": _optional_number("rate", 1.0),
        },
    ),
    TableContract(
        name="events",
        required=False,
        key=("event",),
        columns={
            "event": _text(),
            "period": _PERIOD,
            "kind": _text(),
            "region": _text("market.region", nullable=True, required=False),
            "firm": _text("products.firm", nullable=True, required=False),
            "product": _text("products.product", nullable=True, required=False),
            "text_en": _text(),
            "text_zh": _text(),
        },
    ),
)

CONTRACTS: Mapping[str, TableContract] = {contract.name: contract for contract in _CONTRACTS}


def contract_of(table: str, attributes: Mapping[str, Attribute]) -> TableContract:
    """Return the contract of a table with the attribute columns that the data set declares.

    Raises
    ------
    KeyError
        If there is no such table.
    """
    contract = CONTRACTS[table]
    extra = {
        name: Column(type="number", unit=attribute.unit, nullable=attribute.nullable)
        for name, attribute in attributes.items()
        if attribute.table == table and name not in contract.columns
    }
    return contract.model_copy(update={"columns": {**contract.columns, **extra}})


def tables_needed(tables: set[str]) -> set[str]:
    """Add to some tables all that their references, and the sum of shares, are checked against."""
    needed = set(tables)
    while True:
        more = {
            column.references.split(".")[0]
            for table in needed
            for column in CONTRACTS[table].columns.values()
            if column.references
        } - needed
        if not more:
            return needed
        needed |= more
