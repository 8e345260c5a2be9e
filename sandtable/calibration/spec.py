"""What to calibrate to, written as one strict YAML file, held against its data set before anything is computed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from sandtable.calibration.observed import ObservedPeriod, last_period, parameter_names
from sandtable.calibration.second_choices import read_second_choices
from sandtable.calibration.targets import Known, Positive, TargetSpec, note_target
from sandtable.data.loading import DataSet
from sandtable.data.metadata import BilingualText, Code, Grade, StrictModel, Text
from sandtable.data.parameters import Finite
from sandtable.data.relations import note_nests
from sandtable.documents import Document, read_document, understand
from sandtable.errors import Fault, InputError, did_you_mean

HIGHEST_SIGMA = 0.95
HIGHEST_SPREAD = 2.0
FIRST_MARGIN = 1 / 3  # a start for the price coefficient: about that margin under a plain logit


class FreeParameter(StrictModel):
    """A parameter that is searched: where from, and within which bounds."""

    start: Finite | None = None
    low: Finite | None = None
    high: Finite | None = None


class FixedParameter(StrictModel):
    """A parameter that is given."""

    value: Finite
    source: Text
    grade: Grade


class KnownMargins(StrictModel):
    """How the known margins of the data set's metadata count."""

    standard_error: Positive | None = None
    over: Literal["units", "products"] = "units"
    weight: Positive = 1.0


class CalibrationSpec(StrictModel):
    """All of a calibration spec.

    Attributes
    ----------
    nests : list of str
        Columns of the products table, outer first.
    period : str or None
        By default the last observed one.
    free, fixed : dict
        Together every parameter of the model: ``price_coefficient``, ``price_spread``, ``sigma_<nest>``.
    known_margins : KnownMargins or None
        ``true`` takes those of the metadata as targets; once read, they stand among the targets.
    """

    schema_version: Annotated[int, Field(alias="schema", ge=1, le=1)]
    name: Code
    title: BilingualText
    data: Code
    model: Literal["logit", "nested_logit", "random_coefficient"]
    nests: Annotated[list[Text], Field(max_length=2, default_factory=list)]
    period: Text | None = None
    quadrature_nodes: Annotated[int, Field(ge=2, le=15)] = 7
    free: Annotated[dict[Text, FreeParameter], Field(min_length=1)]
    fixed: Annotated[dict[Text, FixedParameter], Field(default_factory=dict)]
    known_margins: KnownMargins | None = None
    targets: Annotated[list[TargetSpec], Field(default_factory=list)]

    @field_validator("known_margins", mode="before")
    @classmethod
    def _said_in_one_word(cls, value: Any) -> Any:
        return {True: {}, False: None}[value] if isinstance(value, bool) else value

    @property
    def sha256(self) -> str:
        """Hash of what the spec says, whatever its layout."""
        said = json.dumps(self.model_dump(mode="json", by_alias=True), sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()

    @property
    def names(self) -> tuple[str, ...]:
        """Every parameter of the model."""
        return parameter_names(self.model, self.nests)

    @property
    def free_names(self) -> tuple[str, ...]:
        """The free parameters, in the order of the model."""
        return tuple(name for name in self.names if name in self.free)


@dataclass(frozen=True)
class Range:
    """Where the search for one parameter starts, and its bounds."""

    start: float
    low: float
    high: float


def ranges_of(spec: CalibrationSpec, period: ObservedPeriod) -> dict[str, Range]:
    """Start and bounds of every free parameter, with what the spec leaves out filled in."""
    ranges: dict[str, Range] = {}
    outer: Range | None = None
    for name in spec.names:
        if name in spec.free:
            ranges[name] = _range_of(name, spec, period, outer)
        if name.startswith("sigma_"):
            value = spec.fixed[name].value if name in spec.fixed else 0.0
            outer = ranges.get(name, Range(value, value, value))
    return ranges


def _range_of(
    name: str, spec: CalibrationSpec, period: ObservedPeriod, outer: Range | None
) -> Range:
    given = spec.free[name]
    if name == "price_coefficient":
        start = given.start or 1 / (FIRST_MARGIN * period.mean_price)
        low, high = start / 100, start * 100
    elif name == "price_spread":
        start, low, high = 0.3, 0.0, HIGHEST_SPREAD
    else:
        inner = spec.fixed.get(f"sigma_{spec.nests[-1]}")
        low = outer.low if outer else 0.0
        high = inner.value if inner else HIGHEST_SIGMA
        high = high if given.high is None else min(given.high, high)
        floor = max(low if given.low is None else given.low, outer.start if outer else 0.0)
        start = floor + 0.3 * (high - floor)
    return Range(
        start if given.start is None else given.start,
        low if given.low is None else max(given.low, low),
        high if given.high is None else given.high,
    )


def read_calibration_spec(path: Path, data_set: DataSet) -> CalibrationSpec:
    """Read a calibration spec and hold it against its data set.

    Parameters
    ----------
    path : Path
        A YAML file whose name is the name of the spec. Tables of second choices that it names stand beside it or in
        the data set.
    data_set : DataSet
        With the tables products, sales and market.

    Returns
    -------
    CalibrationSpec
        With the known margins and every row of a table among its targets.

    Raises
    ------
    InputError
        With all faults of the spec and of its tables.
    """
    path = Path(path)
    document = read_document(path)
    spec = understand(document, CalibrationSpec)
    faults: list[Fault] = []
    if spec is not None:
        if spec.name != path.stem:
            document.fault(
                ("name",), f"is '{spec.name}', but the file is '{path.stem}'; make them equal."
            )
        known = _note_all(document, spec, data_set)
        if known is not None:
            spec, faults = _with_all_targets(spec, data_set, known, path.parent)
            _note_counts(document, spec, complete=not faults)
    try:
        document.finish()
    except InputError as error:
        faults = [*error.faults, *faults]
    if faults:
        raise InputError(faults)
    assert spec is not None
    return spec


def check_calibration_spec(spec: CalibrationSpec, data_set: DataSet) -> CalibrationSpec:
    """Hold a spec that was not read from a file against its data set, and return it with all targets.

    Raises
    ------
    InputError
        With all faults, each at its field.
    """
    document = Document(f"calibration spec '{spec.name}'", None, {}, spec.sha256)
    document.lines.update({(name,): line for line, name in enumerate(type(spec).model_fields)})
    known = _note_all(document, spec, data_set)
    faults: list[Fault] = []
    if known is not None:
        spec, faults = _with_all_targets(spec, data_set, known, data_set.folder)
        _note_counts(document, spec, complete=not faults)
    document.finish()
    if faults:
        raise InputError(faults)
    return spec


def _note_all(document: Document, spec: CalibrationSpec, data_set: DataSet) -> Known | None:
    """Note the faults of all fields; return the names that targets may use, None when there is no such period."""
    if spec.data != data_set.name:
        document.fault(
            ("data",), f"is '{spec.data}', but the data set is '{data_set.name}'; make them equal."
        )
    note_model(document, spec.model, spec.nests, data_set)
    _note_parameters(document, spec)
    if spec.known_margins is not None and not data_set.metadata.known_margins:
        document.fault(
            ("known_margins",), f"'{data_set.name}' knows no margins; list them under targets."
        )
    known = note_period(document, spec.period, data_set)
    if known is not None:
        for index, target in enumerate(spec.targets):
            note_target(document, ("targets", index), target, known)
        if not document.faults:
            _note_ranges(document, spec, ObservedPeriod.of(data_set, known.period, spec.nests, 7))
    return known


def note_model(document: Document, model: str, nests: list[str], data_set: DataSet) -> None:
    """Note nests that the model cannot have or the data set does not hold."""
    if model == "logit" and nests:
        document.fault(
            ("nests",), "a logit model has no nests; remove them or choose nested_logit."
        )
    if model == "nested_logit" and not nests:
        document.fault(("nests",), "a nested_logit model needs one or two nests; name them.")
    if len(set(nests)) < len(nests):
        document.fault(("nests", 1), f"'{nests[1]}' stands twice; keep it once.")
    note_nests(document, nests, data_set.tables["products"])


def note_period(document: Document, period: str | None, data_set: DataSet) -> Known | None:
    """Note a period without sales; otherwise return the names that the period knows."""
    periods = sorted(data_set.tables["sales"]["period"].unique())
    chosen = period or last_period(data_set)
    if chosen not in periods:
        document.fault(
            ("period",), f"no sales in '{chosen}'; the data run from {periods[0]} to {periods[-1]}."
        )
        return None
    return Known.of(data_set, ObservedPeriod.of(data_set, chosen, (), 1).cells)


def _note_parameters(document: Document, spec: CalibrationSpec) -> None:
    names = spec.names
    for field, given in (("free", spec.free), ("fixed", spec.fixed)):
        for name in given:
            if name not in names:
                document.fault(
                    (field, name),
                    f"the model has no parameter called '{name}'{did_you_mean(name, names)}",
                )
            elif field == "fixed" and name in spec.free:
                document.fault((field, name), "is free as well; keep it in one of the two.")
    for name in names:
        if name not in spec.free and name not in spec.fixed:
            document.fault(
                ("free",), f"{name} is neither free nor fixed; the model needs it, so name it."
            )
    for name, fixed in spec.fixed.items():
        low, high = allowed(name)
        if name in names and not low <= fixed.value < high:
            document.fault(
                ("fixed", name, "value"),
                f"is {fixed.value:g}; it must be at least {low:g} and below {high:g}.",
            )
    if "price_coefficient" in spec.fixed and spec.fixed["price_coefficient"].value <= 0:
        document.fault(("fixed", "price_coefficient", "value"), "must be above 0.")
    sigmas = [spec.fixed.get(f"sigma_{nest}") for nest in spec.nests]
    if len(sigmas) == 2 and sigmas[0] and sigmas[1] and sigmas[0].value > sigmas[1].value:
        document.fault(
            ("fixed", f"sigma_{spec.nests[1]}", "value"),
            f"is {sigmas[1].value:g}, below {sigmas[0].value:g} of the outer nest; "
            "products that share the inner nest must be at least as alike.",
        )


def allowed(name: str) -> tuple[float, float]:
    """Return the widest range that a parameter may have."""
    return (0.0, 1.0) if name.startswith("sigma_") else (0.0, float("inf"))


def _note_ranges(document: Document, spec: CalibrationSpec, period: ObservedPeriod) -> None:
    ranges = ranges_of(spec, period)
    for name, found in ranges.items():
        low, high = allowed(name)
        if not low <= found.low < found.high <= high:
            document.fault(
                ("free", name),
                f"runs from {found.low:g} to {found.high:g}; expected {low:g} <= low < high <= {high:g}.",
            )
        elif not found.low < found.start < found.high:
            document.fault(
                ("free", name, "start"),
                f"is {found.start:g}; it must lie between {found.low:g} and {found.high:g}.",
            )
    if len(spec.nests) == 2:
        outer, inner = (f"sigma_{nest}" for nest in spec.nests)
        first = ranges[outer].start if outer in ranges else spec.fixed[outer].value
        second = ranges[inner].start if inner in ranges else spec.fixed[inner].value
        if first >= second and ranges.keys() & {outer, inner}:
            document.fault(
                ("free", inner if inner in ranges else outer, "start"),
                f"the outer nest starts at {first:g} and the inner one at {second:g}; "
                "the inner one must lie above.",
            )


def _with_all_targets(
    spec: CalibrationSpec, data_set: DataSet, known: Known, folder: Path
) -> tuple[CalibrationSpec, list[Fault]]:
    targets: list[TargetSpec] = []
    faults: list[Fault] = []
    if spec.known_margins is not None:
        targets += [
            TargetSpec(
                kind="margin",
                product=margin.product,
                firm=margin.firm,
                value=margin.value,
                source=f"known_margins of {data_set.name}: {margin.source}",
                grade=margin.grade,
                **spec.known_margins.model_dump(),
            )
            for margin in data_set.metadata.known_margins
            if (margin.product or known.products[0]) in known.products
            and (margin.firm or known.firms[0]) in known.firms
        ]
    for target in spec.targets:
        if target.table is None:
            targets.append(target)
            continue
        beside = folder / target.table
        path = beside if beside.is_file() else data_set.folder / target.table
        rows, wrong = read_second_choices(path, target, known)
        targets += rows
        faults += wrong
    return spec.model_copy(update={"known_margins": None, "targets": targets}), faults


def _note_counts(document: Document, spec: CalibrationSpec, *, complete: bool) -> None:
    if not complete or document.faults:
        return
    if len(spec.targets) < len(spec.free):
        document.fault(
            ("targets",),
            f"{len(spec.free)} parameter(s) are free but only {len(spec.targets)} target(s) are given; "
            "fix a parameter or give another target.",
        )
    with_error = sum(target.standard_error is not None for target in spec.targets)
    if 0 < with_error < len(spec.targets):
        document.fault(
            ("targets",),
            f"{with_error} of {len(spec.targets)} targets have a standard_error; give it to all of them "
            "(known_margins: {standard_error: 0.02} for those of the data set), or to none.",
        )
