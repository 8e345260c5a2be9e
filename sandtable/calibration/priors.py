"""What to combine with an estimate, written as one strict YAML file, held against its data set."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from sandtable.calibration.literature import LiteratureRow, read_literature
from sandtable.calibration.observed import last_period
from sandtable.calibration.spec import note_period
from sandtable.calibration.targets import Known, Positive, TargetSpec, note_target
from sandtable.data.loading import DataSet
from sandtable.data.metadata import BilingualText, Code, Grade, StrictModel, Text
from sandtable.data.parameter_files import read_parameters
from sandtable.data.parameters import Finite, ParameterSet, TargetKind
from sandtable.documents import Document, Place, read_document, understand
from sandtable.errors import Fault, InputError, did_you_mean

TARGET_OF: Mapping[str, TargetKind] = {
    "own_elasticity": "elasticity",
    "market_elasticity": "market_elasticity",
    "gross_margin": "margin",
}
WAYS = ("literature", "parameters", "parameter", "target")


class PriorSpec(StrictModel):
    """One prior; exactly one of `literature`, `parameters`, `parameter` and `target` says of what kind.

    Attributes
    ----------
    literature : str or None
        Name of a row of the literature table; `value` and `standard_error` may replace the row's.
    parameters : str or None
        Name or file of a parameter set with covariance, such as a calibration; taken jointly.
    parameter : str or None
        Name of one parameter, with `value`, `standard_error`, `source` and `grade`.
    target : TargetSpec or None
        A number that the market shows, with standard error.
    """

    literature: Text | None = None
    parameters: Text | None = None
    parameter: Text | None = None
    target: TargetSpec | None = None
    value: Finite | None = None
    standard_error: Positive | None = None
    source: Text | None = None
    grade: Grade | None = None


class PosteriorSpec(StrictModel):
    """All of a posterior spec.

    Attributes
    ----------
    estimate : str
        Name of a parameter set of the data set, or a YAML file beside the spec.
    period : str or None
        Where elasticities, margins and diversions are looked at; by default the last observed one.
    """

    schema_version: Annotated[int, Field(alias="schema", ge=1, le=1)]
    name: Code
    title: BilingualText
    data: Code
    estimate: Text
    period: Text | None = None
    priors: Annotated[list[PriorSpec], Field(min_length=1)]


@dataclass(frozen=True)
class Prior:
    """One prior, ready to use: either `target`, or named parameters with their covariance.

    Attributes
    ----------
    what : str
        In words.
    target : TargetSpec or None
        A number that the market shows.
    relative_error : float
        Of the target: standard error of the logarithm of its size.
    values : mapping of str to float
        Of parameters.
    covariance : tuple of tuple of float
        Of the parameters, in their order.
    """

    what: str
    source: str
    grade: Grade
    target: TargetSpec | None = None
    relative_error: float = 0.0
    values: Mapping[str, float] | None = None
    covariance: tuple[tuple[float, ...], ...] = ()


@dataclass(frozen=True)
class PosteriorPlan:
    """A posterior spec with everything that it names."""

    spec: PosteriorSpec
    period: str
    estimate: ParameterSet
    priors: tuple[Prior, ...]

    @property
    def sha256(self) -> str:
        """Hash of the spec and of every parameter set and literature row that it names."""
        said = json.dumps(
            [
                self.spec.model_dump(mode="json", by_alias=True),
                self.estimate.model_dump(mode="json", by_alias=True),
                [
                    [prior.what, prior.relative_error, prior.values, prior.covariance]
                    for prior in self.priors
                ],
            ],
            sort_keys=True,
        )
        return hashlib.sha256(said.encode()).hexdigest()


def read_posterior_spec(path: Path, data_set: DataSet) -> PosteriorPlan:
    """Read a posterior spec, with the estimate and the priors that it names.

    Parameters
    ----------
    path : Path
        A YAML file whose name is the name of the spec.
    data_set : DataSet
        With the tables products, sales and market.

    Raises
    ------
    InputError
        With all faults of the spec and of the parameter files that it names.
    """
    path = Path(path)
    document = read_document(path)
    spec = understand(document, PosteriorSpec)
    reader = _Reader(document, data_set, path.parent)
    if spec is not None and spec.name != path.stem:
        document.fault(
            ("name",), f"is '{spec.name}', but the file is '{path.stem}'; make them equal."
        )
    return reader.plan(spec)


def plan_posterior(spec: PosteriorSpec, data_set: DataSet) -> PosteriorPlan:
    """Hold a spec that was not read from a file against its data set; files it names stand in the data set.

    Raises
    ------
    InputError
        With all faults.
    """
    document = Document(f"posterior spec '{spec.name}'", None, {}, "")
    document.lines.update({(name,): line for line, name in enumerate(type(spec).model_fields)})
    return _Reader(document, data_set, data_set.folder).plan(spec)


@dataclass
class _Reader:
    document: Document
    data_set: DataSet
    folder: Path

    def __post_init__(self) -> None:
        self.faults: list[Fault] = []

    def plan(self, spec: PosteriorSpec | None) -> PosteriorPlan:
        """Collect everything that the spec names, or raise all faults."""
        estimate: ParameterSet | None = None
        priors: list[Prior] = []
        if spec is not None:
            if spec.data != self.data_set.name:
                self.document.fault(
                    ("data",),
                    f"is '{spec.data}', but the data set is '{self.data_set.name}'; make them equal.",
                )
            estimate = self._parameter_set(("estimate",), spec.estimate)
            known = note_period(self.document, spec.period, self.data_set)
            for index, prior in enumerate(spec.priors):
                found = self._prior(("priors", index), prior, estimate, known)
                priors += [] if found is None else [found]
        try:
            self.document.finish()
        except InputError as error:
            self.faults = [*error.faults, *self.faults]
        if self.faults:
            raise InputError(dict.fromkeys(self.faults))
        assert spec is not None
        assert estimate is not None
        period = spec.period or last_period(self.data_set)
        return PosteriorPlan(spec, period, estimate, tuple(priors))

    def _parameter_set(self, place: Place, name: str) -> ParameterSet | None:
        """Find a parameter set by name or file; it must carry a covariance."""
        sets = self.data_set.parameter_sets
        if name.endswith(".yaml"):
            try:
                found = read_parameters(self.folder / name)
            except InputError as error:
                self.faults += error.faults
                return None
        elif name in sets:
            found = sets[name]
        else:
            hint = did_you_mean(name, sets)
            self.document.fault(
                place, f"no parameter set is called '{name}'{hint}; a file ends in .yaml"
            )
            return None
        if found.covariance is None:
            self.document.fault(
                place,
                f"'{name}' has no covariance; name one that was estimated or calibrated with errors.",
            )
            return None
        for parameter in found.covariance.names:
            value = found.named()[parameter].value
            if value <= 0 and not parameter.startswith("sigma_"):
                self.document.fault(
                    place,
                    f"has a {parameter} of {value:g}; its logarithm is combined, so it must be above 0.",
                )
                return None
        return found

    def _prior(
        self, place: Place, prior: PriorSpec, estimate: ParameterSet | None, known: Known | None
    ) -> Prior | None:
        ways = [way for way in WAYS if getattr(prior, way) is not None]
        if len(ways) != 1:
            told = f"names {' and '.join(ways)}" if ways else "names nothing"
            self.document.fault(place, f"{told}; expected exactly one of {', '.join(WAYS)}.")
            return None
        if ways == ["literature"]:
            return self._literature(place, prior)
        if ways == ["parameters"]:
            return self._calibrated(place, prior, estimate)
        if ways == ["parameter"]:
            return self._parameter(place, prior, estimate)
        assert prior.target is not None
        self._note_unused(place, prior, ("value", "standard_error", "source", "grade"))
        if known is not None:
            note_target(self.document, (*place, "target"), prior.target, known)
        if prior.target.table is not None:
            self.document.fault((*place, "target", "table"), "belongs in a calibration; remove it.")
        if prior.target.standard_error is None or prior.target.value is None:
            self.document.fault(
                (*place, "target", "standard_error"),
                "is missing; a prior needs one to be weighed against the data.",
            )
            return None
        return Prior(
            f"{prior.target.kind} of {prior.target.what}",
            prior.target.source,
            prior.target.grade,
            prior.target,
            abs(prior.target.standard_error / (prior.target.value or 1.0)),
        )

    def _note_unused(self, place: Place, prior: PriorSpec, fields: tuple[str, ...]) -> None:
        for field in fields:
            if getattr(prior, field) is not None:
                self.document.fault((*place, field), "has no place here; remove it.")

    def _literature(self, place: Place, prior: PriorSpec) -> Prior | None:
        self._note_unused(place, prior, ("source", "grade"))
        rows: dict[str, LiteratureRow] = {row.name: row for row in read_literature()}
        name = prior.literature or ""
        if name not in rows:
            self.document.fault(
                (*place, "literature"),
                f"no row of the literature table is called '{name}'{did_you_mean(name, rows)}",
            )
            return None
        row = rows[name]
        if row.quantity not in TARGET_OF:
            usable = ", ".join(one for one in rows if rows[one].quantity in TARGET_OF)
            self.document.fault(
                (*place, "literature"),
                f"'{name}' is a {row.quantity}, which no demand parameter answers to; usable: {usable}.",
            )
            return None
        value = row.value if prior.value is None else prior.value
        if value * row.value <= 0:
            self.document.fault((*place, "value"), f"is {value:g}; the row has {row.value:g}.")
            return None
        error = prior.standard_error
        target = TargetSpec(
            kind=TARGET_OF[row.quantity],
            value=value,
            source=row.source,
            grade=row.grade,
        )
        memory = "" if row.checked else ", quoted from memory"
        return Prior(
            f"{target.kind} of {target.what}: {name}",
            f"{row.source} ({name}{memory})",
            row.grade,
            target,
            row.relative_error if error is None else error / abs(value),
        )

    def _calibrated(
        self, place: Place, prior: PriorSpec, estimate: ParameterSet | None
    ) -> Prior | None:
        self._note_unused(place, prior, ("value", "standard_error", "source", "grade"))
        found = self._parameter_set((*place, "parameters"), prior.parameters or "")
        if found is None or estimate is None:
            return None
        if (found.model, found.nests) != (estimate.model, estimate.nests):
            self.document.fault(
                (*place, "parameters"),
                f"is a {_model(found)}, but the estimate is a {_model(estimate)}; "
                "parameters of different models do not mean the same.",
            )
            return None
        assert found.covariance is not None
        assert estimate.covariance is not None
        strange = set(found.covariance.names) - set(estimate.covariance.names)
        if strange:
            self.document.fault(
                (*place, "parameters"),
                f"has errors for {', '.join(sorted(strange))}, which the estimate does not have.",
            )
            return None
        named = found.named()
        return Prior(
            f"parameter set {found.name}",
            found.price_coefficient.source,
            found.price_coefficient.grade,
            values={name: named[name].value for name in found.covariance.names},
            covariance=tuple(tuple(row) for row in found.covariance.matrix),
        )

    def _parameter(
        self, place: Place, prior: PriorSpec, estimate: ParameterSet | None
    ) -> Prior | None:
        name = prior.parameter or ""
        for field in ("value", "standard_error", "source", "grade"):
            if getattr(prior, field) is None:
                self.document.fault((*place, field), "is missing; it must be given.")
        if estimate is not None and estimate.covariance is not None:
            names = estimate.covariance.names
            if name not in names:
                self.document.fault(
                    (*place, "parameter"),
                    f"the estimate has no parameter '{name}' with an error{did_you_mean(name, names)}",
                )
                return None
        if prior.value is None or prior.standard_error is None:
            return None
        if prior.source is None or prior.grade is None:
            return None
        if prior.value <= 0 and not name.startswith("sigma_"):
            self.document.fault((*place, "value"), f"is {prior.value:g}; it must be above 0.")
            return None
        return Prior(
            name,
            prior.source,
            prior.grade,
            values={name: prior.value},
            covariance=((prior.standard_error**2,),),
        )


def _model(parameters: ParameterSet) -> str:
    nests = f" by {' and '.join(parameters.nests)}" if parameters.nests else ""
    return f"{parameters.model}{nests}"
