"""What to estimate, written as one strict YAML file, held against its data set before anything is computed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from sandtable.data.loading import DataSet
from sandtable.data.metadata import BilingualText, Code, StrictModel, Text
from sandtable.documents import Document, Place, read_document, understand
from sandtable.errors import did_you_mean
from sandtable.estimation.columns import (
    ADVERTISING,
    factors_of,
    group_names,
    nest_names,
    number_names,
)

INSTRUMENTS = (
    "rival_characteristics",
    "own_firm_characteristics",
    "counts_by_nest",
    "cost_shifters",
    "other_region_prices",
    "differentiation_local",
    "differentiation_quadratic",
    "optimal",
)
SUMS = INSTRUMENTS[:2]
OF_COLUMNS = (*SUMS, *INSTRUMENTS[5:7])
PRICES = ("price", "net_price", "list_price")  # set by the firms, who know what we do not see
Spread = Annotated[float, Field(gt=0, le=2)]
Model = Literal["logit", "nested_logit", "random_coefficient"]
Method = Literal["ols", "2sls", "gmm"]


class Instrument(StrictModel):
    """One family of instruments.

    Attributes
    ----------
    of : list of str
        Columns to sum or to compare; by default the constant and the characteristics (sums), or the
        characteristics (differences).
    within : str or None
        Sum only over products that share this group in the cell, such as ``segment``.
    """

    name: Text
    of: Annotated[list[Text], Field(default_factory=list)]
    within: Text | None = None


class PriceSpread(StrictModel):
    """Where to start the search for the spread of ln alpha, and how finely to integrate over it."""

    start: Annotated[list[Spread], Field(min_length=1, max_length=8)]
    quadrature_nodes: Annotated[int, Field(ge=2, le=15)] = 7


class PeriodRange(StrictModel):
    """First and last period to use, both included."""

    from_period: Annotated[Text | None, Field(alias="from")] = None
    to_period: Annotated[Text | None, Field(alias="to")] = None


class MarketSize(StrictModel):
    """What shares are shares of: a column of the market table, times a factor."""

    share_of: Literal["market_size", "total_units"] = "market_size"
    times: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0


class Advertising(StrictModel):
    """Makes the column ``advertising``: ln of the brand's spend in the region, carried over."""

    carry_over: Annotated[float, Field(ge=0, lt=1)]


class EstimationSpec(StrictModel):
    """All of an estimation spec.

    Attributes
    ----------
    characteristics : list of str
        Numeric columns; ``a * b`` is their product.
    effects : list of str
        Groups whose means are free: text columns of the products table, ``period``, ``region``, ``age`` (months since
        launch), ``renewed`` (before or after the facelift); ``a * b`` is each pair.
    nests : list of str
        Columns of the products table, outer first.
    clusters : str or None
        Group within which errors may be correlated.
    """

    schema_version: Annotated[int, Field(alias="schema", ge=1, le=1)]
    name: Code
    title: BilingualText
    data: Code
    model: Model
    method: Method
    price: Literal["net_price", "list_price"] = "net_price"
    characteristics: Annotated[list[Text], Field(default_factory=list)]
    effects: Annotated[list[Text], Field(default_factory=list)]
    nests: Annotated[list[Text], Field(max_length=2, default_factory=list)]
    instruments: Annotated[list[Instrument], Field(default_factory=list)]
    cost_shifters: Annotated[list[Text], Field(default_factory=list)]
    errors: Literal["classical", "robust", "clustered"] | None = None
    clusters: Text | None = None
    price_spread: PriceSpread | None = None
    periods: PeriodRange | None = None
    regions: Annotated[list[Text], Field(default_factory=list)]
    market: MarketSize = MarketSize()
    advertising: Advertising | None = None

    @field_validator("instruments", mode="before")
    @classmethod
    def _named_alone(cls, value: Any) -> Any:
        if not isinstance(value, list):
            return value
        return [{"name": item} if isinstance(item, str) else item for item in value]

    @property
    def error_kind(self) -> Literal["classical", "robust", "clustered"]:
        """How standard errors are computed; clustered when clusters are named, otherwise robust."""
        return self.errors or ("clustered" if self.clusters else "robust")

    @property
    def sha256(self) -> str:
        """Hash of what the spec says, whatever its layout."""
        said = json.dumps(self.model_dump(mode="json", by_alias=True), sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()


def read_spec(path: Path, data_set: DataSet | None = None) -> EstimationSpec:
    """Read an estimation spec and, when the data set is given, hold it against that.

    Parameters
    ----------
    path : Path
        A YAML file whose name is the name of the spec.
    data_set : DataSet, optional
        The data set that the spec names.

    Raises
    ------
    InputError
        With all faults of the file.
    """
    path = Path(path)
    document = read_document(path)
    spec = understand(document, EstimationSpec)
    if spec is not None:
        if spec.name != path.stem:
            document.fault(
                ("name",), f"is '{spec.name}', but the file is '{path.stem}'; make them equal."
            )
        _note_contradictions(document, spec)
        if data_set is not None:
            _note_against_data(document, spec, data_set)
    document.finish()
    assert spec is not None
    return spec


def check_spec(spec: EstimationSpec, data_set: DataSet) -> None:
    """Hold a spec that was not read from a file against its data set.

    Raises
    ------
    InputError
        With all faults, each at its field.
    """
    document = Document(f"estimation spec '{spec.name}'", None, {}, spec.sha256)
    document.lines.update({(name,): line for line, name in enumerate(type(spec).model_fields)})
    _note_contradictions(document, spec)
    _note_against_data(document, spec, data_set)
    document.finish()


def _note_contradictions(document: Document, spec: EstimationSpec) -> None:
    _note_model(document, spec)
    _note_instruments(document, spec)
    if (spec.error_kind == "clustered") != (spec.clusters is not None):
        document.fault(
            ("clusters",) if spec.clusters else ("errors",),
            "clustered errors and clusters go together; name the clusters, or choose robust errors "
            "and remove them.",
        )
    for field in ("characteristics", "effects", "nests", "cost_shifters", "regions"):
        names = getattr(spec, field)
        for index, name in enumerate(names):
            if name in names[:index]:
                document.fault((field, index), f"'{name}' stands twice; keep it once.")
            if field in ("characteristics", "cost_shifters"):
                _note_price(document, (field, index), name)
    periods = spec.periods or PeriodRange.model_validate({})
    first, last = periods.from_period, periods.to_period
    if first and last and first > last:
        document.fault(("periods", "to"), f"is {last}, before {first}; exchange the two.")


def _note_price(document: Document, place: Place, name: str) -> None:
    if any(factor in PRICES for factor in factors_of(name)):
        document.fault(
            place,
            f"'{name}' holds a price, which firms set knowing what the data do not show; the price "
            "is in the model already, so remove it here.",
        )


def _note_model(document: Document, spec: EstimationSpec) -> None:
    if spec.model == "logit" and spec.nests:
        document.fault(
            ("nests",), "a logit model has no nests; remove them or choose nested_logit."
        )
    if spec.model == "nested_logit" and not spec.nests:
        document.fault(("nests",), "a nested_logit model needs one or two nests; name them.")
    if spec.model == "random_coefficient" and spec.price_spread is None:
        document.fault(
            ("price_spread",),
            "is missing; a random_coefficient model needs starts for the spread of ln alpha, "
            "such as {start: [0.3, 0.7]}.",
        )
    if spec.model != "random_coefficient" and spec.price_spread is not None:
        document.fault(
            ("price_spread",),
            f"has no place in a {spec.model} model; remove it or choose random_coefficient.",
        )
    if spec.model == "random_coefficient" and spec.method == "ols":
        document.fault(
            ("method",), "least squares cannot find a random coefficient; choose 2sls or gmm."
        )


def _note_instruments(document: Document, spec: EstimationSpec) -> None:
    named = [instrument.name for instrument in spec.instruments]
    if spec.method == "ols" and named:
        document.fault(
            ("instruments",), "least squares uses none; remove them or choose 2sls or gmm."
        )
    if spec.method != "ols" and not [name for name in named if name != "optimal"]:
        document.fault(
            ("instruments",), f"{spec.method} needs instruments; name at least one family."
        )
    for index, instrument in enumerate(spec.instruments):
        place: Place = ("instruments", index)
        if instrument.name not in INSTRUMENTS:
            hint = did_you_mean(instrument.name, INSTRUMENTS)
            document.fault((*place, "name"), f"no instruments are called '{instrument.name}'{hint}")
            continue
        if instrument.of and instrument.name not in OF_COLUMNS:
            document.fault((*place, "of"), f"{instrument.name} takes no columns; remove 'of'.")
        if instrument.within and instrument.name not in OF_COLUMNS:
            document.fault((*place, "within"), f"{instrument.name} takes no group; remove it.")
        for number, name in enumerate(instrument.of):
            _note_price(document, (*place, "of", number), name)
        if instrument.name.startswith("differentiation") and not (
            instrument.of or spec.characteristics
        ):
            document.fault(place, "compares characteristics; name some in 'of'.")
        if instrument.name == "cost_shifters" and not spec.cost_shifters:
            document.fault(
                place, "uses the cost shifters of the spec, but there are none; name them."
            )
        if instrument.name == "counts_by_nest" and not spec.nests:
            document.fault(place, "counts products by nest, but the model has none; name nests.")
        if instrument.name == "optimal" and spec.model != "random_coefficient":
            document.fault(place, "are for a random_coefficient model only; remove them.")


def _note_against_data(document: Document, spec: EstimationSpec, data_set: DataSet) -> None:
    if spec.data != data_set.name:
        document.fault(
            ("data",), f"is '{spec.data}', but the data set is '{data_set.name}'; make them equal."
        )
    numbers = number_names(data_set, advertising=spec.advertising is not None)
    groups, nests = group_names(data_set), nest_names(data_set)
    if spec.advertising is not None and "media" not in data_set.tables:
        document.fault(
            ("advertising",), f"'{data_set.name}' has no media table; remove it or add the table."
        )
    for field, known, kind in (
        ("characteristics", numbers, "numeric column"),
        ("cost_shifters", numbers, "numeric column"),
        ("effects", groups, "group"),
        ("nests", nests, "nest column"),
    ):
        for index, name in enumerate(getattr(spec, field)):
            _note_names(document, (field, index), name, known, kind)
    if spec.clusters is not None:
        _note_names(document, ("clusters",), spec.clusters, groups, "group")
    for index, instrument in enumerate(spec.instruments):
        for number, name in enumerate(instrument.of):
            place: Place = ("instruments", index, "of", number)
            _note_names(document, place, name, numbers, "numeric column")
        if instrument.within is not None:
            place = ("instruments", index, "within")
            _note_names(document, place, instrument.within, groups, "group")
    _note_cells(document, spec, data_set)


def _note_names(
    document: Document, place: Place, name: str, known: Iterable[str], kind: str
) -> None:
    known = list(known)
    for factor in factors_of(name):
        if factor in PRICES and kind == "numeric column":
            continue  # noted already, with the reason
        if factor not in known:
            hint = did_you_mean(factor, known)
            if factor == ADVERTISING and kind == "numeric column":
                hint = "; say how it carries over: advertising: {carry_over: 0.5}"
            document.fault(place, f"no {kind} is called '{factor}'{hint}")


def _note_cells(document: Document, spec: EstimationSpec, data_set: DataSet) -> None:
    market = data_set.tables["market"]
    if spec.market.share_of not in market.columns:
        document.fault(
            ("market", "share_of"),
            f"the market table has no column '{spec.market.share_of}'; use market_size.",
        )
    regions = sorted(market["region"].unique())
    for index, name in enumerate(spec.regions):
        if name not in regions:
            document.fault(
                ("regions", index), f"no region is called '{name}'{did_you_mean(name, regions)}"
            )
    periods = sorted(data_set.tables["sales"]["period"].unique())
    if spec.periods is not None:
        for field, period in (
            ("from", spec.periods.from_period),
            ("to", spec.periods.to_period),
        ):
            if period is not None and period not in periods:
                document.fault(
                    ("periods", field),
                    f"no sales in '{period}'; the data run from {periods[0]} to {periods[-1]}.",
                )
    if len(regions) < 2 or len(spec.regions) == 1:
        for index, instrument in enumerate(spec.instruments):
            if instrument.name == "other_region_prices":
                document.fault(
                    ("instruments", index), "needs at least two regions; there is one. Remove it."
                )
