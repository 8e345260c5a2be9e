"""What a data set says of itself: `metadata.yaml`, written once and shown on every screen and export."""

from __future__ import annotations

import itertools
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from sandtable.documents import Document

Provenance = Literal["real", "derived", "synthetic"]
Grade = Literal["experiment", "estimated", "literature", "judgement"]
Frequency = Literal["month", "quarter", "year"]
Text = Annotated[str, Field(min_length=1, max_length=2000)]
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class StrictModel(BaseModel):
    """A part of a file: unknown fields refused, types not converted, never changed in place."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class BilingualText(StrictModel):
    """One text in English and in simplified Chinese."""

    en: Text
    zh: Text


class KnownMargin(StrictModel):
    """A gross margin (price less cost, over price) known from outside.

    It is the margin of one product, of one firm, or, when neither is named, the mean of the market.
    """

    product: Text | None = None
    firm: Text | None = None
    value: Annotated[float, Field(gt=0, lt=1)]
    source: Text
    grade: Grade

    @model_validator(mode="after")
    def _one_scope(self) -> KnownMargin:
        if self.product is not None and self.firm is not None:
            raise ValueError(
                "a known margin is that of a product or of a firm; remove one of the two."
            )
        return self


class Attribute(StrictModel):
    """A numeric column that a data set adds to its products or sales table."""

    table: Literal["products", "sales"]
    unit: str
    label: BilingualText
    nullable: bool = False


class ColumnNote(StrictModel):
    """Where the figures of a column (or of a whole table) come from."""

    provenance: Provenance
    note: str = ""


class Metadata(StrictModel):
    """All of `metadata.yaml`.

    Attributes
    ----------
    money_scale : float
        Currency units in one money unit: 1,000 where prices count in thousands.
    price_step : float
        One step of a price on the board, in money units.
    nests : list of str
        Columns of the products table that group products, outer first; at most two.
    pricing : str
        ``national``: a firm sets one price for all regions; ``regional``: one for each.
    price_bands : list of float
        Rising edges in money units; the last band is open.
    columns : dict
        ``sales.units`` or, for all other columns of a table, ``sales``: provenance and note.
    """

    schema_version: Annotated[int, Field(alias="schema", ge=1, le=1)]
    name: Code
    title: BilingualText
    kind: Literal["real", "synthetic"]
    source: Text
    licence: Text
    retrieved: Text
    as_of: Text
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    money_unit: Text
    money_scale: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    price_step: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    frequency: Frequency
    own_firm: Text
    nests: Annotated[list[Text], Field(max_length=2)]
    pricing: Literal["national", "regional"]
    market_size_rule: Text
    value_added_tax: Annotated[float, Field(ge=0, lt=1)] = 0.0
    known_margins: list[KnownMargin] = []
    areas: dict[str, Annotated[list[Text], Field(min_length=1)]] = {}
    price_bands: Annotated[list[float], Field(min_length=2)]
    default_parameters: Code
    limits: Annotated[list[BilingualText], Field(min_length=1)]
    columns: dict[str, ColumnNote]
    attributes: dict[Code, Attribute] = {}

    @field_validator("price_bands")
    @classmethod
    def _rising(cls, edges: list[float]) -> list[float]:
        if edges[0] < 0 or any(not low < high for low, high in itertools.pairwise(edges)):
            raise ValueError(f"must be rising edges from 0 or more, not {edges}.")
        return edges

    def provenance(self, table: str, column: str) -> ColumnNote | None:
        """Where a column comes from; None when the file does not say."""
        return self.columns.get(f"{table}.{column}", self.columns.get(table))

    def area_of(self, region: str) -> str | None:
        """Return the area that holds a region; None when the data set has no areas."""
        return next((area for area, regions in self.areas.items() if region in regions), None)


def note_inconsistencies(document: Document, metadata: Metadata, folder_name: str) -> None:
    """Note faults between fields of the metadata, each at its own place."""
    if metadata.name != folder_name:
        document.fault(
            ("name",), f"is '{metadata.name}', but the folder is '{folder_name}'; make them equal."
        )
    if len(set(metadata.nests)) < len(metadata.nests):
        document.fault(("nests",), "names one column twice; keep it once.")
    seen: dict[str, str] = {}
    for area, regions in metadata.areas.items():
        for index, region in enumerate(regions):
            if region in seen:
                document.fault(
                    ("areas", area, index),
                    f"the region '{region}' already stands in the area '{seen[region]}'; "
                    "a region belongs to one area.",
                )
            seen.setdefault(region, area)
    for column, note in metadata.columns.items():
        if metadata.kind == "synthetic" and note.provenance == "real":
            document.fault(
                ("columns", column, "provenance"),
                "a synthetic data set cannot hold real figures; write synthetic or derived.",
            )
