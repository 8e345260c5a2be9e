"""What one indicator is: the strict model of a definition file, and its fingerprint."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, model_validator

from sandtable.data.metadata import BilingualText, StrictModel, Text
from sandtable.indicators.conditions import Condition
from sandtable.indicators.inputs import InputName, ModelPart
from sandtable.indicators.roots import Unit
from sandtable.indicators.tables import Dimension

Kind: TypeAlias = Literal["atomic", "derived", "composite"]
Aggregate: TypeAlias = Literal["count", "count_distinct", "sum", "mean", "median", "min", "max"]
Additivity: TypeAlias = Literal["full", "semi(time)", "none"]
Stage: TypeAlias = Literal["acquisition", "activation", "revenue", "retention", "referral"]
Lifecycle: TypeAlias = Literal["aware", "consider", "buy", "own", "renew"]
Status: TypeAlias = Literal["draft", "review", "published", "deprecated"]
# What a figure is made of; who looks after it and how far it is approved is not part of it.
MEANING = (
    "code",
    "kind",
    "definition",
    "unit",
    "direction",
    "formula",
    "source",
    "base",
    "qualifiers",
    "period",
    "dimensions",
    "fixed_over",
    "additivity",
    "over_time",
    "basis",
    "tests",
    "access",
    "feeds",
)
CODE_FORM = r"^[a-z][a-z0-9]*(_[a-z0-9]+)+$"

IndicatorCode: TypeAlias = Annotated[str, Field(max_length=64, pattern=CODE_FORM)]
Days: TypeAlias = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,3}d$")]


class EarliestRow(StrictModel):
    """The moment of the earliest row of the same table and the same entity under conditions."""

    per: Text
    where: Annotated[list[Condition], Field(min_length=1)]


class Elapsed(StrictModel):
    """The time from one moment to that of the row, as a number of days or hours."""

    since: Text | EarliestRow
    unit: Literal["day", "hour"]


class Source(StrictModel):
    """What an atomic indicator measures, on which table.

    Attributes
    ----------
    measure : str or Elapsed, optional
        A formula over columns (``units * net_price``), a column for ``count_distinct``, or a time elapsed;
        none for ``count``.
    where : list of Condition
        Which rows count; all must hold.
    time : str, optional
        The column that places a row in time, where it is not that of the table.
    first_per : str, optional
        Keep the earliest row of each value of this column.
    """

    table: Text
    measure: Text | Elapsed | None = None
    agg: Aggregate
    where: list[Condition] = Field(default_factory=list)
    time: Text | None = None
    first_per: Text | None = None


class Cohort(StrictModel):
    """Rows counted where their anchor stands in time, within a number of days after it.

    Attributes
    ----------
    anchor : str
        Grain of the table that starts the clock.
    within, after : str
        The row must fall in ``after`` <= days since the anchor < ``within``. Anchors whose window is not
        over when the data end are left out.
    """

    anchor: Text
    within: Days
    after: Days | None = None


class QualityTest(StrictModel):
    """One test that the figures must pass; `sandtable.indicators.quality` runs it.

    Attributes
    ----------
    range : list of two numbers, optional
        Lowest and highest figure allowed; null for none.
    freshness : str, optional
        How old the last row of each timed table may be when the data end: ``36h``, ``40d``.
    reconcile, tol : str, optional
        The code of another indicator that must agree, and how far they may differ, in per cent.
    unique : "key" or list of str, optional
        ``key``: no key of the tables read stands twice. Columns: no two rows counted hold the same values.
    complete : str, optional
        A dimension, each value of which must have a figure in every month; or the path of a column that must be
        filled on every row counted.
    """

    range: Annotated[list[float | int | None], Field(min_length=2, max_length=2)] | None = None
    freshness: Annotated[str, Field(pattern=r"^[1-9][0-9]*[hd]$")] | None = None
    reconcile: Text | None = None
    tol: Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+)? ?%$")] | None = None
    unique: Literal["key"] | Annotated[list[Text], Field(min_length=1)] | None = None
    complete: Text | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> QualityTest:
        kinds = (self.range, self.freshness, self.reconcile, self.unique, self.complete)
        if sum(kind is not None for kind in kinds) != 1:
            raise ValueError(
                "a test is one of range, freshness, reconcile (with tol), unique, complete."
            )
        if (self.tol is None) != (self.reconcile is None):
            raise ValueError("reconcile and tol stand together; give both or none.")
        if self.range and None not in self.range and not self.range[0] <= self.range[1]:  # type: ignore[operator]
            raise ValueError(f"must be a range from low to high, not {self.range}.")
        return self


class Access(StrictModel):
    """Who may see which rows."""

    row_policy: Literal["own_region", "own_dealer"]


class Approval(StrictModel):
    """Who approved which definition, and when."""

    by: Text
    on: Text
    definition_hash: Text


class Definition(StrictModel):
    """One indicator.

    Attributes
    ----------
    role : str
        ``headline`` stands in the catalogue that people read; ``part`` only builds others.
    direction : str
        Which way is better.
    fixed_over : list of Dimension
        Dimensions that do not split this figure: the whole that a share divides by.
    over_time : str, optional
        How months of a stock or of a count of people combine: the ``last`` one, or their ``mean``.
    feeds : list of str
        Inputs that the market model is calibrated on this figure for; see `feeds.yaml`.
    informs : list of str
        Parts of the model that a reader judges by this figure; no number of the model is made from it.
    """

    code: IndicatorCode
    kind: Kind
    role: Literal["headline", "part"] = "headline"
    label: BilingualText
    stage: Stage
    lifecycle: Lifecycle
    definition: BilingualText
    unit: Unit
    direction: Literal["up", "down", "none"]
    source: Source | None = None
    base: Text | None = None
    qualifiers: list[Text] = Field(default_factory=list)
    period: Text | None = None
    formula: Text | None = None
    dimensions: Annotated[list[Dimension], Field(min_length=1)]
    fixed_over: list[Dimension] = Field(default_factory=list)
    additivity: Additivity
    over_time: Literal["last", "mean"] | None = None
    basis: Literal["event_period"] | Cohort = "event_period"
    owner: Text
    steward: Text
    status: Status
    replaced_by: Text | None = None
    sunset: Text | None = None
    version: Annotated[int, Field(ge=1)]
    approved: Approval | None = None
    tests: list[QualityTest] = Field(default_factory=list)
    access: Access | None = None
    feeds: list[InputName] = Field(default_factory=list)
    informs: list[ModelPart] = Field(default_factory=list)

    @property
    def definition_hash(self) -> str:
        """Fingerprint of what the figure means; an edit of it changes the fingerprint."""
        parts = self.model_dump(mode="json", include=set(MEANING))
        text = json.dumps(parts, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


# Fields that a kind must have, may have, and may not have.
PARTS_OF_KIND: dict[Kind, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "atomic": (("source",), ("fixed_over", "over_time", "basis")),
    "derived": (("base",), ("qualifiers", "period", "fixed_over", "over_time", "basis")),
    "composite": (("formula",), ()),
}
ALL_PARTS = (
    "source",
    "base",
    "qualifiers",
    "period",
    "formula",
    "fixed_over",
    "over_time",
)
