"""Known numbers as a file names them, held against a data set and turned into targets of the market model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from sandtable.data.cells import Cells
from sandtable.data.loading import DataSet
from sandtable.data.metadata import Grade, StrictModel, Text
from sandtable.data.parameters import Finite, TargetKind
from sandtable.documents import Document, Place
from sandtable.errors import did_you_mean
from sandtable.market.calibration import Target
from sandtable.market.primitives import BoolArray

OUTSIDE = "outside"
SWITCHING = ("diversion", "second_choice")
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
RANGES: Mapping[TargetKind, tuple[float, float, str]] = {
    "margin": (0.0, 1.0, "a margin is price less cost over price, above 0 and below 1"),
    "elasticity": (-np.inf, 0.0, "an own price elasticity is below 0"),
    "diversion": (0.0, 1.0, "a diversion is a share, above 0 and below 1"),
    "second_choice": (0.0, 1.0, "a second choice is a share, above 0 and below 1"),
    "market_elasticity": (-np.inf, 0.0, "the elasticity of the market is below 0"),
}


class TargetSpec(StrictModel):
    """One known number.

    Attributes
    ----------
    product, firm : str or None
        Of a margin or an elasticity: what it is about; neither is the mean of the market.
    origin : str or None
        ``from`` in the file. Of a diversion or a second choice: the product that loses buyers.
    to : str or None
        Where they go: a product, else a firm, else ``outside``.
    to_same : str or None
        Or: to the other products with the same entry in this column of the products table.
    table : str or None
        Of second choices: a CSV file with the columns from, to, share and perhaps standard_error.
    among : str
        Of second choices: shares are among those who would buy another product, or among all.
    over : str
        Means weigh products by ``units``, or count ``products`` once each.
    """

    kind: TargetKind
    product: Text | None = None
    firm: Text | None = None
    origin: Annotated[Text | None, Field(alias="from")] = None
    to: Text | None = None
    to_same: Text | None = None
    table: Text | None = None
    among: Literal["buyers", "all"] = "buyers"
    over: Literal["units", "products"] = "units"
    value: Finite | None = None
    standard_error: Positive | None = None
    weight: Positive = 1.0
    source: Text
    grade: Grade

    @property
    def what(self) -> str:
        """What the number is about, in words."""
        if self.kind in SWITCHING:
            to = "the outside good" if self.to == OUTSIDE else self.to or f"the same {self.to_same}"
            return f"{self.origin} to {to}"
        if self.kind == "market_elasticity":
            return "all prices"
        if self.firm is not None:
            return f"firm {self.firm}"
        return self.product or f"the market by {self.over}"

    def to_target(self, data_set: DataSet, cells: Cells) -> Target:
        """Return the target of the market model; the spec must have been checked."""
        assert self.value is not None
        products, firms = np.array(cells.products), np.array(cells.firms)
        chosen = np.ones(len(products), dtype=bool)
        to: BoolArray | None = None
        if self.kind in SWITCHING:
            chosen = products == self.origin
            to = np.zeros(len(products), dtype=bool)
            if self.to_same is not None:
                table = data_set.tables["products"].set_index("product")
                groups = table.loc[list(cells.products), self.to_same].to_numpy()
                to = (groups == groups[chosen][0]) & ~chosen
            elif self.to in cells.products:
                to = products == self.to
            elif self.to != OUTSIDE:
                to = (firms == self.to) & ~chosen
        elif self.product is not None:
            chosen = products == self.product
        elif self.firm is not None:
            chosen = firms == self.firm
        return Target(
            self.kind,
            self.value,
            chosen,
            to,
            weight=self.weight,
            by_units=self.over == "units",
            among_buyers=self.kind == "second_choice" and self.among == "buyers",
        )


@dataclass(frozen=True)
class Known:
    """The names that a target may use."""

    period: str
    products: Sequence[str]
    firms: Sequence[str]
    firm_of: Mapping[str, str]
    groups: Mapping[str, Mapping[str, str]]

    @classmethod
    def of(cls, data_set: DataSet, cells: Cells) -> Known:
        """Return the names of one period of a data set."""
        table = data_set.tables["products"].set_index("product").loc[list(cells.products)]
        texts = [str(name) for name in table.columns if table[name].dtype == "str"]
        groups = {
            name: {str(product): str(text) for product, text in table[name].dropna().items()}
            for name in texts
        }
        firm_of = dict(zip(cells.products, cells.firms, strict=True))
        return cls(cells.period, cells.products, sorted(set(cells.firms)), firm_of, groups)


def note_target(document: Document, place: Place, target: TargetSpec, known: Known) -> None:
    """Note what is wrong with a target, each fault at its own field."""
    switching = target.kind in SWITCHING
    for field, name in (("from", target.origin), ("to", target.to), ("to_same", target.to_same)):
        if name is not None and not switching:
            document.fault(
                (*place, field), f"has no meaning for the kind '{target.kind}'; remove it."
            )
    for field, name in (("product", target.product), ("firm", target.firm)):
        if name is not None and (switching or target.kind == "market_elasticity"):
            mend = "write from and to instead" if switching else "remove it"
            document.fault((*place, field), f"has no meaning for the kind '{target.kind}'; {mend}.")
    if target.product is not None and target.firm is not None:
        document.fault((*place, "firm"), "names a firm besides a product; remove one of the two.")
    if target.table is not None and target.kind != "second_choice":
        document.fault(
            (*place, "table"), f"has no meaning for the kind '{target.kind}'; remove it."
        )
    if target.among == "all" and target.kind != "second_choice":
        document.fault(
            (*place, "among"), f"has no meaning for the kind '{target.kind}'; remove it."
        )
    _note_name(document, (*place, "product"), target.product, "product", known.products, known)
    _note_name(document, (*place, "firm"), target.firm, "firm", known.firms, known)
    if switching and target.table is None:
        _note_switching(document, place, target, known)
    if target.table is None:
        _note_value(document, place, target)


def _note_name(
    document: Document,
    place: Place,
    name: str | None,
    noun: str,
    names: Sequence[str],
    known: Known,
) -> None:
    if name is not None and name not in names:
        hint = did_you_mean(name, names)
        document.fault(place, f"no {noun} sold in {known.period} is called '{name}'{hint}")


def _note_switching(document: Document, place: Place, target: TargetSpec, known: Known) -> None:
    if target.origin is None:
        document.fault(
            (*place, "from"), f"is missing; a {target.kind} needs the product that loses buyers."
        )
        return
    _note_name(document, (*place, "from"), target.origin, "product", known.products, known)
    if (target.to is None) == (target.to_same is None):
        document.fault(
            (*place, "to"),
            f"a {target.kind} needs to (a product, a firm or outside) or to_same (a column of products), "
            "one of the two.",
        )
    elif target.to is not None:
        fault = destination_fault(target.origin, target.to, target.among, target.kind, known)
        if fault is not None:
            document.fault((*place, "to"), fault)
    elif target.to_same is not None and target.to_same not in known.groups:
        hint = did_you_mean(target.to_same, known.groups)
        document.fault(
            (*place, "to_same"), f"no text column of products is called '{target.to_same}'{hint}"
        )
    elif target.to_same is not None:
        group = known.groups[target.to_same]
        mine = group.get(target.origin)
        if target.origin in known.products and list(group.values()).count(mine or "") < 2:
            document.fault(
                (*place, "to_same"),
                f"no other product shares the {target.to_same} of '{target.origin}'.",
            )


def destination_fault(
    origin: str, to: str, among: str, kind: TargetKind, known: Known
) -> str | None:
    """Say what is wrong with where buyers go; None when nothing is."""
    if to == origin:
        return "is the product that loses the buyers; name another one."
    if to == OUTSIDE and to not in known.products and to not in known.firms:
        if kind == "second_choice" and among == "buyers":
            return "is outside, but shares are among those who buy; write among: all."
        return None
    if to not in known.products and to not in known.firms:
        names = [*known.products, *known.firms, OUTSIDE]
        return (
            f"no product or firm sold in {known.period} is called '{to}'{did_you_mean(to, names)}"
        )
    alone = known.firm_of.get(origin) == to and list(known.firm_of.values()).count(to) == 1
    if to not in known.products and alone:
        return f"'{to}' sells nothing but '{origin}' in {known.period}; name another firm."
    return None


def _note_value(document: Document, place: Place, target: TargetSpec) -> None:
    low, high, rule = RANGES[target.kind]
    if target.value is None:
        document.fault((*place, "value"), "is missing; give the known number.")
    elif not low < target.value < high:
        document.fault((*place, "value"), f"is {target.value:g}; {rule}.")
