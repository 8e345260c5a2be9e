"""The table of levers (`levers.yaml`): what a user may change, with unit, range, help and evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Annotated, Literal

from pydantic import Field

from sandtable.data.metadata import BilingualText, Grade, StrictModel
from sandtable.documents import parse_document, understand
from sandtable.errors import did_you_mean
from sandtable.scenario.model import LeverMove

ChangeKind = Literal["relative", "absolute", "value"]
Group = Literal[
    "price", "offer", "media", "network", "funnel", "product", "supply", "rules", "market"
]
FurtherField = Literal[
    "owner",
    "like",
    "characteristics",
    "channel",
    "stage",
    "dealer",
    "powertrain",
    "characteristic",
]


class Evidence(StrictModel):
    """How well the effect of a lever is known, and from where."""

    grade: Grade
    source: str


class Term(StrictModel):
    """One further number of a lever; its default None: it must be given, ``none``: it may be left out."""

    label: BilingualText
    kind: Literal["share", "number", "whole"]
    low: float
    high: float
    default: float | Literal["none"] | None


class Lever(StrictModel):
    """One lever; the comments at the top of `levers.yaml` explain the fields."""

    label: BilingualText
    help: BilingualText
    group: Group
    scope: Literal["product", "firm", "firm_or_product", "market", "any"]
    products: Literal["own", "any"]
    fields: Annotated[
        dict[FurtherField, Literal["optional", "required"]], Field(default_factory=dict)
    ]
    change: list[ChangeKind]
    unit: Literal["money", "vehicles", "households", "dealers", "characteristic", ""]
    step: float | None
    guard_rail: Literal["seen"] | Annotated[list[float], Field(min_length=2, max_length=2)] | None
    evidence: Evidence
    terms: Annotated[dict[str, Term], Field(default_factory=dict)]

    @property
    def usual_range(self) -> str:
        """The guard-rail in words; a dash where there is none."""
        if self.guard_rail is None:
            return "—"
        if self.guard_rail == "seen":
            return "prices seen"
        low, high = self.guard_rail
        return f"{low:+.0%} to {high:+.0%}"


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


def terms_of(move: LeverMove) -> dict[str, float]:
    """Return the terms of a move, those that it leaves out as the table has them, if it has them.

    Raises
    ------
    KeyError
        If it leaves out one that must be given; `term_faults` finds it before.
    """
    given = dict(move.terms)
    values = {}
    for name, term in lever_table()[move.lever].terms.items():
        if name in given or term.default is None:
            values[name] = given[name]
        elif term.default != "none":
            values[name] = term.default
    return values


def term_faults(name: str, given: Mapping[str, float]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the terms of a lever: the term and a sentence."""
    terms = lever_table()[name].terms
    for term, value in given.items():
        if term not in terms:
            known = did_you_mean(term, terms) if terms else "; it has none."
            yield term, f"the lever {name} has no such term{known}"
            continue
        low, high, kind = terms[term].low, terms[term].high, terms[term].kind
        if not low <= value <= high:
            shown = [f"{edge:.0%}" if kind == "share" else f"{edge:g}" for edge in (low, high)]
            yield term, f"is {value:g}; it must lie between {shown[0]} and {shown[1]}."
        elif kind == "whole" and value != int(value):
            yield term, f"is {value:g}; it must be a whole number."
    for term, item in terms.items():
        if item.default is None and term not in given:
            yield term, f"is missing; the lever {name} needs it."
