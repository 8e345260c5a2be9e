"""Specs and parameter sets made in Python, for tests."""

from __future__ import annotations

from typing import Any

import numpy as np

from sandtable.calibration import CalibrationSpec, PosteriorPlan, PosteriorSpec, plan_posterior
from sandtable.calibration.targets import TargetSpec
from sandtable.data import DataSet, ParameterSet

TITLE = {"en": "Tried", "zh": "试"}
SAID = {"source": "tests", "grade": "judgement"}
NESTS = ["segment", "powertrain"]


def target(kind: str, value: Any = 0.5, **others: Any) -> TargetSpec:
    return TargetSpec.model_validate({"kind": kind, "value": value, **SAID, **others})


def fixed(**values: float) -> dict[str, Any]:
    return {name: {"value": value, **SAID} for name, value in values.items()}


def calibration(**fields: Any) -> CalibrationSpec:
    given = {"schema": 1, "name": "tried", "title": TITLE, "data": "premium_ev", **fields}
    return CalibrationSpec.model_validate(given)


def parameter_set(
    values: dict[str, float],
    covariance: Any = None,
    *,
    grade: str | None = None,
    model: str = "nested_logit",
    nests: list[str] | None = None,
    varied: list[str] | None = None,
) -> ParameterSet:
    nests = NESTS if nests is None else nests
    names = varied or list(values)
    matrix = None if covariance is None else np.asarray(covariance, dtype=float)
    errors = {} if matrix is None else dict(zip(names, np.sqrt(np.diag(matrix)), strict=True))

    def one(name: str) -> dict[str, Any]:
        error = {"standard_error": float(errors[name])} if name in errors else {}
        return {
            "value": values[name],
            "unit": "u",
            "source": "tests",
            "grade": "estimated",
            **error,
        }

    verdict = (
        None if grade is None else {"grade": grade, "reasons": [{"en": "Weak.", "zh": "弱。"}]}
    )
    return ParameterSet.model_validate(
        {
            "schema": 1,
            "name": "estimated",
            "title": TITLE,
            "model": model,
            "nests": nests,
            "price_coefficient": one("price_coefficient"),
            "price_spread": one("price_spread") if "price_spread" in values else None,
            "sigmas": [one(f"sigma_{nest}") for nest in nests],
            "customer_cash_pass_through": {"value": 0.8, "unit": "share", **SAID},
            "covariance": None if matrix is None else {"names": names, "matrix": matrix.tolist()},
            "verdict": verdict,
            "notes": TITLE,
        }
    )


def with_sets(data_set: DataSet, **sets: ParameterSet) -> DataSet:
    return DataSet(**{**vars(data_set), "parameter_sets": {**data_set.parameter_sets, **sets}})


def plan(
    data_set: DataSet, estimate: ParameterSet, *priors: dict[str, Any], **sets: ParameterSet
) -> PosteriorPlan:
    spec = PosteriorSpec.model_validate(
        {
            "schema": 1,
            "name": "tried",
            "title": TITLE,
            "data": data_set.name,
            "estimate": "estimated",
            "priors": list(priors),
        }
    )
    return plan_posterior(spec, with_sets(data_set, estimated=estimate, **sets))


def about(parameter: str, value: float, standard_error: float) -> dict[str, Any]:
    return {"parameter": parameter, "value": value, "standard_error": standard_error, **SAID}
