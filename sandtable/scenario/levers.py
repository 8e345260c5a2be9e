"""The table of levers (`levers.yaml`): what a user may change, with unit, range, help and evidence."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Annotated, Literal

from pydantic import Field

from sandtable.data.metadata import BilingualText, Grade, StrictModel
from sandtable.documents import parse_document, understand

ChangeKind = Literal["relative", "absolute", "value"]


class Evidence(StrictModel):
    """How well the effect of a lever is known, and from where."""

    grade: Grade
    source: str


class Lever(StrictModel):
    """One lever; the comments at the top of `levers.yaml` explain the fields."""

    label: BilingualText
    help: BilingualText
    scope: Literal["product", "firm_or_product", "market", "any"]
    products: Literal["own", "any"]
    change: list[ChangeKind]
    unit: Literal["money", "vehicles", "households", ""]
    step: float | None
    guard_rail: Literal["seen"] | Annotated[list[float], Field(min_length=2, max_length=2)] | None
    evidence: Evidence


class _Table(StrictModel):
    levers: Annotated[dict[str, Lever], Field(min_length=1)]


@cache
def lever_table() -> dict[str, Lever]:
    """Return all levers by name, in the order of the table.

    Examples
    --------
    >>> lever_table()["list_price"].unit
    'money'
    """
    raw = files("sandtable.scenario").joinpath("levers.yaml").read_bytes()
    document = parse_document(raw, file="levers.yaml")
    document.value = {"levers": document.value}
    table = understand(document, _Table)
    document.finish()
    assert table is not None
    return table.levers
