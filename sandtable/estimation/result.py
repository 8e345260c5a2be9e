"""An estimate: coefficients, diagnosis and verdict, as data, as JSON and as a parameter set ready to run."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from sandtable.data.metadata import BilingualText
from sandtable.data.parameters import (
    Parameter,
    ParameterCovariance,
    ParameterDiagnosis,
    ParameterSet,
)
from sandtable.data.verdicts import Verdict
from sandtable.errors import Fault, InputError
from sandtable.estimation.diagnosis import Demanded, Diagnosis
from sandtable.estimation.moments import Search
from sandtable.estimation.spec import EstimationSpec
from sandtable.market.primitives import FloatArray

NORMAL_95 = 1.959963984540054
REFUSED = {"en": "Refused estimate: ", "zh": "不予采用的估计："}


@dataclass(frozen=True)
class Coefficient:
    """One number of an estimate, with its standard error and 95 % interval."""

    name: str
    value: float
    standard_error: float
    unit: str

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval, by the normal distribution."""
        half = NORMAL_95 * self.standard_error
        return self.value - half, self.value + half


@dataclass(frozen=True)
class Estimate:
    """What a spec found in a data set.

    Attributes
    ----------
    coefficients : tuple of Coefficient
        ``price_coefficient`` (alpha, utility lost per money unit), ``price_spread``, ``sigma_<nest>`` outer first, then
        the characteristics.
    covariance : ndarray, shape (K, K)
        Of all coefficients, in their order.
    searches : tuple of Search
        Starts of a random-coefficient search and where they ended; empty for linear estimators.
    data_sha256 : str
        Over the tables that were used.
    cash_pass_through : Parameter
        Not estimated: that of the data set's default parameters.
    """

    spec: EstimationSpec
    data_sha256: str
    coefficients: tuple[Coefficient, ...]
    covariance: FloatArray
    demanded: Demanded
    diagnosis: Diagnosis
    verdict: Verdict
    instruments: tuple[str, ...]
    redundant_instruments: tuple[str, ...]
    searches: tuple[Search, ...]
    cash_pass_through: Parameter

    def coefficient(self, name: str) -> Coefficient:
        """Return one coefficient by name.

        Raises
        ------
        KeyError
            If there is none of that name.
        """
        found = {coefficient.name: coefficient for coefficient in self.coefficients}
        return found[name]

    def to_dict(self) -> dict[str, Any]:
        """Return the whole result page as plain values for JSON, in full precision."""
        return {
            "spec": self.spec.model_dump(mode="json", by_alias=True),
            "spec_sha256": self.spec.sha256,
            "data_sha256": self.data_sha256,
            "coefficients": [
                {**asdict(coefficient), "interval_95": list(coefficient.interval)}
                for coefficient in self.coefficients
            ],
            "covariance": self.covariance.tolist(),
            "diagnosis": asdict(self.diagnosis),
            "verdict": asdict(self.verdict),
            "instruments": list(self.instruments),
            "redundant_instruments": list(self.redundant_instruments),
            "searches": [
                {
                    "start": search.start.tolist(),
                    "end": search.end.tolist(),
                    "criterion": None if search.reason else search.criterion,
                    "reason": search.reason,
                }
                for search in self.searches
            ],
        }

    def to_parameter_set(self) -> ParameterSet:
        """Return the estimate as a parameter set, with its verdict; a refused one says so in its title too.

        Raises
        ------
        InputError
            If no demand has these parameters (a price coefficient of 0 or less, a nesting parameter out of range).
        """
        spec, demanded = self.spec, self.demanded
        if not demanded.possible:
            said = "; ".join(finding.en for finding in self.verdict.findings)
            message = f"cannot be written as a parameter set, because no demand has these parameters. {said}"
            raise InputError([Fault(f"estimate '{spec.name}'", "", message)])
        n_demand = 1 + (demanded.spread > 0) + len(demanded.sigmas)
        parameters = [self._parameter(one) for one in self.coefficients[:n_demand]]
        refused = self.verdict.grade == "refuse"
        title = {
            language: (REFUSED[language] if refused else "") + getattr(spec.title, language)
            for language in ("en", "zh")
        }
        covariance = ParameterCovariance(
            names=[one.name for one in self.coefficients[:n_demand]],
            matrix=self.covariance[:n_demand, :n_demand].tolist(),
        )
        return ParameterSet.model_validate(
            {
                "schema": 1,
                "name": spec.name,
                "title": BilingualText(**title),
                "model": spec.model,
                "nests": list(spec.nests),
                "price_coefficient": parameters[0],
                "price_spread": parameters[1] if demanded.spread > 0 else None,
                "quadrature_nodes": demanded.nodes,
                "sigmas": parameters[n_demand - len(demanded.sigmas) :],
                "customer_cash_pass_through": self.cash_pass_through,
                "covariance": covariance,
                "verdict": self.verdict.to_parameter_verdict(),
                "diagnosis": self._diagnosis(),
                "notes": self._notes(),
            }
        )

    def _parameter(self, coefficient: Coefficient) -> Parameter:
        return Parameter(
            value=coefficient.value,
            standard_error=coefficient.standard_error,
            unit=coefficient.unit,
            source=f"Estimated by the spec '{self.spec.name}' (sha256 {self.spec.sha256}) from the data set "
            f"'{self.spec.data}' (sha256 {self.data_sha256})",
            grade="estimated",
        )

    def _notes(self) -> BilingualText:
        observations, method = self.diagnosis.n_observations, self.spec.method
        return self.verdict.said(
            f"Estimated by {method} on {observations:,} observations",
            f"由 {method} 在 {observations:,} 个观测上估计",
        )

    def _diagnosis(self) -> ParameterDiagnosis:
        diagnosis = self.diagnosis
        numbers = {name: value for name, value in diagnosis.facts.items() if value is not None}
        for stage in diagnosis.first_stages:
            numbers[f"first_stage_f_{stage.variable}"] = stage.f_statistic
            numbers[f"conditional_f_{stage.variable}"] = stage.conditional_f
        over = diagnosis.over_identification
        if over is not None:
            numbers["over_identification_statistic"] = over.statistic
            numbers["over_identification_degrees"] = float(over.degrees)
        for what, found in (
            ("own_elasticity", diagnosis.own_elasticities),
            ("margin", diagnosis.margins),
        ):
            for quantile, value in found.items():
                numbers[f"{what}_p{quantile.removesuffix(' %')}"] = value
        # an infinite statistic is no number that a file can hold
        finite = {name: float(value) for name, value in numbers.items() if np.isfinite(value)}
        return ParameterDiagnosis(
            method=self.spec.method, n=diagnosis.n_observations, numbers=finite
        )
