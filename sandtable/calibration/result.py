"""A calibration: parameters, targets and verdict, as data, as JSON and as a parameter set ready to run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sandtable.calibration.spec import CalibrationSpec
from sandtable.data.metadata import BilingualText, Grade
from sandtable.data.parameters import (
    Parameter,
    ParameterCovariance,
    ParameterSet,
    ParameterTarget,
    TargetKind,
)
from sandtable.data.verdicts import Verdict
from sandtable.market.primitives import FloatArray

GRADES: tuple[Grade, ...] = ("experiment", "estimated", "literature", "judgement")
REFUSED = {"en": "Refused calibration: ", "zh": "不予采用的校准："}
LISTED = 3


def weakest(grades: list[Grade]) -> Grade:
    """Return the weakest of some grades of evidence."""
    return max(grades, key=GRADES.index)


@dataclass(frozen=True)
class Found:
    """One parameter of a calibration; `standard_error` is None when no target has one or it was fixed."""

    name: str
    value: float
    standard_error: float | None
    unit: str
    free: bool
    source: str
    grade: Grade


@dataclass(frozen=True)
class Met:
    """One target, what the calibrated market shows for it, and the relative miss."""

    kind: TargetKind
    what: str
    wanted: float
    shown: float
    miss: float
    standard_error: float | None
    source: str
    grade: Grade


@dataclass(frozen=True)
class Calibrated:
    """What a spec found.

    Attributes
    ----------
    spec : CalibrationSpec
        With the known margins and all rows of tables among its targets.
    method : str
        ``closed form`` or ``least squares``.
    data_sha256 : str
        Over the tables products, sales and market.
    covariance_names : tuple of str
        The free parameters.
    covariance : ndarray or None
        Of the free parameters, by the delta method from the errors of the targets; None without errors.
    facts : mapping of str to float or None
        Numbers that the rules are held against.
    cash_pass_through : Parameter
        Not calibrated: that of the data set's default parameters.
    """

    spec: CalibrationSpec
    period: str
    method: str
    data_sha256: str
    parameters: tuple[Found, ...]
    targets: tuple[Met, ...]
    covariance_names: tuple[str, ...]
    covariance: FloatArray | None
    facts: Mapping[str, float | None]
    verdict: Verdict
    cash_pass_through: Parameter

    def parameter(self, name: str) -> Found:
        """Return one parameter by name.

        Raises
        ------
        KeyError
            If there is none of that name.
        """
        return {found.name: found for found in self.parameters}[name]

    @property
    def values(self) -> dict[str, float]:
        """Every parameter by name."""
        return {found.name: found.value for found in self.parameters}

    def to_dict(self) -> dict[str, Any]:
        """Return the whole result page as plain values for JSON, in full precision."""
        return {
            "spec": self.spec.model_dump(mode="json", by_alias=True),
            "spec_sha256": self.spec.sha256,
            "data_sha256": self.data_sha256,
            "period": self.period,
            "method": self.method,
            "parameters": [asdict(found) for found in self.parameters],
            "targets": [asdict(met) for met in self.targets],
            "covariance_names": list(self.covariance_names),
            "covariance": None if self.covariance is None else self.covariance.tolist(),
            "facts": dict(self.facts),
            "verdict": asdict(self.verdict),
        }

    def to_parameter_set(self) -> ParameterSet:
        """Return the calibration as a parameter set, with targets and verdict; a refused one says so in its title."""
        spec = self.spec
        covariance = None
        if self.covariance is not None:
            covariance = ParameterCovariance(
                names=list(self.covariance_names), matrix=self.covariance.tolist()
            )
        return demand_parameter_set(
            {found.name: _parameter(found) for found in self.parameters},
            {
                "name": spec.name,
                "title": labelled(spec.title, self.verdict, REFUSED),
                "model": spec.model,
                "nests": list(spec.nests),
                "quadrature_nodes": spec.quadrature_nodes,
                "customer_cash_pass_through": self.cash_pass_through,
                "covariance": covariance,
                "verdict": self.verdict.to_parameter_verdict(),
                "targets": [_target(met) for met in self.targets],
                "notes": self.notes,
            },
        )

    @property
    def notes(self) -> BilingualText:
        """How the parameters came about, and how far they may be trusted."""
        en = f"Calibrated to {len(self.targets)} known number(s) of {self.period} by {self.method}"
        zh = f"按 {self.period} 的 {len(self.targets)} 个已知数据校准"
        if self.covariance is None:
            en += "; without standard errors, because the targets have none"
            zh += "；目标没有误差，故无标准误"
        return self.verdict.said(en, zh)


def demand_parameter_set(
    parameters: Mapping[str, Parameter], others: Mapping[str, Any]
) -> ParameterSet:
    """Put named demand parameters and the other fields of a parameter set together."""
    return ParameterSet.model_validate(
        {
            "schema": 1,
            **others,
            "price_coefficient": parameters["price_coefficient"],
            "price_spread": parameters.get("price_spread"),
            "sigmas": [parameters[f"sigma_{nest}"] for nest in others["nests"]],
        }
    )


def labelled(title: BilingualText, verdict: Verdict, refused: Mapping[str, str]) -> BilingualText:
    """Put the label of a refusal before a title."""
    if verdict.grade != "refuse":
        return title
    return BilingualText(en=refused["en"] + title.en, zh=refused["zh"] + title.zh)


def source_of(spec: CalibrationSpec, data_sha256: str, period: str) -> str:
    """Say where calibrated parameters come from, with the first few targets."""
    named = [f"{one.kind} of {one.what} {one.value:g} ({one.source})" for one in spec.targets]
    more = f" and {len(named) - LISTED} more" if len(named) > LISTED else ""
    listed = "; ".join(text if len(text) < 300 else f"{text[:297]}..." for text in named[:LISTED])
    return (
        f"Calibrated by the spec '{spec.name}' (sha256 {spec.sha256}) to the data set '{spec.data}' "
        f"(sha256 {data_sha256}), {period}: {listed}{more}"
    )


def _parameter(found: Found) -> Parameter:
    return Parameter(
        value=found.value,
        standard_error=found.standard_error,
        unit=found.unit,
        source=found.source,
        grade=found.grade,
    )


def _target(met: Met) -> ParameterTarget:
    return ParameterTarget(
        kind=met.kind,
        what=met.what,
        wanted=met.wanted,
        shown=met.shown,
        miss=met.miss,
        source=met.source,
    )
