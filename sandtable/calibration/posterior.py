"""An estimate combined with priors: parameters, weights and verdict, as data, as JSON and as a parameter set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from sandtable.calibration.combining import Combination, combine
from sandtable.calibration.observed import SALES_TABLES, ObservedPeriod, derivatives
from sandtable.calibration.priors import PosteriorPlan, Prior
from sandtable.calibration.result import demand_parameter_set, labelled, weakest
from sandtable.calibration.rules import judge_posterior
from sandtable.data.loading import DataSet
from sandtable.data.metadata import Grade
from sandtable.data.parameters import (
    Parameter,
    ParameterCovariance,
    ParameterDiagnosis,
    ParameterSet,
)
from sandtable.data.verdicts import Verdict
from sandtable.errors import Fault, InputError
from sandtable.market.calibration import show
from sandtable.market.primitives import FloatArray

REFUSED = {"en": "Refused posterior: ", "zh": "不予采用的后验："}


@dataclass(frozen=True)
class Combined:
    """One parameter before and after.

    Attributes
    ----------
    data_weight : float
        Weight of the estimate, 0 to 1; the priors have the rest.
    """

    name: str
    value: float
    standard_error: float
    estimated_value: float
    estimated_error: float
    data_weight: float
    unit: str

    @property
    def prior_weight(self) -> float:
        """Weight of the priors, 0 to 1."""
        return 1 - self.data_weight


@dataclass(frozen=True)
class Compared:
    """One prior: what it wants, what the estimate implied and what the posterior shows."""

    what: str
    wanted: float
    standard_error: float
    by_estimate: float
    by_posterior: float
    source: str
    grade: Grade


@dataclass(frozen=True)
class Posterior:
    """What an estimate and priors say together.

    Attributes
    ----------
    parameters : tuple of Combined
        Those that the estimate has errors for.
    covariance : ndarray, shape (K, K)
        Of these, in their order and unit.
    conflict_distance, conflict_p : float
        Squared Mahalanobis distance between estimate and priors, and its chance if both were right.
    facts : mapping of str to float or None
        Numbers that the rules are held against.
    """

    plan: PosteriorPlan
    data_sha256: str
    parameters: tuple[Combined, ...]
    covariance: FloatArray
    priors: tuple[Compared, ...]
    conflict_distance: float
    conflict_degrees: int
    conflict_p: float
    facts: Mapping[str, float | None]
    verdict: Verdict

    def parameter(self, name: str) -> Combined:
        """Return one parameter by name.

        Raises
        ------
        KeyError
            If there is none of that name.
        """
        return {found.name: found for found in self.parameters}[name]

    def to_dict(self) -> dict[str, Any]:
        """Return the whole result page as plain values for JSON, in full precision."""
        return {
            "spec": self.plan.spec.model_dump(mode="json", by_alias=True),
            "spec_sha256": self.plan.sha256,
            "data_sha256": self.data_sha256,
            "period": self.plan.period,
            "estimate": self.plan.estimate.name,
            "parameters": [
                {**asdict(found), "prior_weight": found.prior_weight} for found in self.parameters
            ],
            "covariance": self.covariance.tolist(),
            "priors": [asdict(prior) for prior in self.priors],
            "conflict": {
                "distance": self.conflict_distance,
                "degrees": self.conflict_degrees,
                "p": self.conflict_p,
            },
            "facts": dict(self.facts),
            "verdict": asdict(self.verdict),
        }

    def to_parameter_set(self) -> ParameterSet:
        """Return the posterior as a parameter set, with weights and verdict; a refused one says so in its title.

        Raises
        ------
        InputError
            If no demand has these parameters (nesting parameters out of order or range).
        """
        spec, estimate = self.plan.spec, self.plan.estimate
        if self.facts["median_own_elasticity"] is None:
            said = " ".join(finding.en for finding in self.verdict.findings)
            message = f"cannot be written as a parameter set, because no demand has these parameters. {said}"
            raise InputError([Fault(f"posterior '{spec.name}'", "", message)])
        named = {**estimate.named(), **{found.name: self._one(found) for found in self.parameters}}
        priors = ", ".join(prior.what for prior in self.priors)
        return demand_parameter_set(
            named,
            {
                "name": spec.name,
                "title": labelled(spec.title, self.verdict, REFUSED),
                "model": estimate.model,
                "nests": list(estimate.nests),
                "quadrature_nodes": estimate.quadrature_nodes,
                "customer_cash_pass_through": estimate.customer_cash_pass_through,
                "covariance": ParameterCovariance(
                    names=[found.name for found in self.parameters],
                    matrix=self.covariance.tolist(),
                ),
                "verdict": self.verdict.to_parameter_verdict(),
                "diagnosis": self._diagnosis(),
                "notes": self.verdict.said(
                    f"The estimate '{estimate.name}' combined with priors ({priors})"[:1000],
                    f"估计“{estimate.name}”与 {len(self.priors)} 个先验的结合",
                ),
            },
        )

    def _one(self, found: Combined) -> Parameter:
        spec = self.plan.spec
        grades: list[Grade] = ["estimated"]
        if found.data_weight < 0.5:
            grades += [prior.grade for prior in self.priors]
        sources = "; ".join(dict.fromkeys(prior.source for prior in self.priors))
        return Parameter(
            value=found.value,
            standard_error=found.standard_error,
            unit=found.unit,
            source=f"Posterior by the spec '{spec.name}' (sha256 {self.plan.sha256}): {found.data_weight:.0%} of the "
            f"weight from the estimate '{self.plan.estimate.name}', the rest from priors: {sources}"[
                :2000
            ],
            grade=weakest(grades),
        )

    def _diagnosis(self) -> ParameterDiagnosis:
        inherited = self.plan.estimate.diagnosis
        numbers = {name: value for name, value in self.facts.items() if value is not None}
        numbers["conflict_distance"] = self.conflict_distance
        numbers |= {f"data_weight_{found.name}": found.data_weight for found in self.parameters}
        return ParameterDiagnosis(
            method="posterior", n=inherited.n if inherited else None, numbers=numbers
        )


@dataclass(frozen=True)
class _Scale:
    """Names and the scale that is combined: logarithms of the price coefficient and its spread, sigmas as they are."""

    names: tuple[str, ...]

    @property
    def logged(self) -> FloatArray:
        return np.array([0.0 if name.startswith("sigma_") else 1.0 for name in self.names])

    def inward(self, values: FloatArray) -> FloatArray:
        return np.where(self.logged > 0, np.log(np.where(self.logged > 0, values, 1.0)), values)

    def outward(self, point: FloatArray) -> FloatArray:
        return np.where(self.logged > 0, np.exp(np.where(self.logged > 0, point, 0.0)), point)

    def slopes(self, values: FloatArray) -> FloatArray:
        """Derivative of each value by its place on the scale."""
        return np.where(self.logged > 0, values, 1.0)


class _Priors:
    """All priors of a plan as one vector: what they want, how surely, and what a point shows."""

    def __init__(self, plan: PosteriorPlan, scale: _Scale, period: ObservedPeriod) -> None:
        self.scale, self.period = scale, period
        self.fixed = {name: one.value for name, one in plan.estimate.named().items()}
        self.linear = [prior for prior in plan.priors if prior.target is None]
        self.shown = [prior for prior in plan.priors if prior.target is not None]
        self.targets = [
            prior.target.to_target(period.data_set, period.cells)
            for prior in self.shown
            if prior.target is not None
        ]
        blocks = [self._linear(prior) for prior in self.linear]
        rows = [row for _, _, selector in blocks for row in selector]
        self.selector = np.array(rows).reshape(len(rows), len(scale.names))
        sizes = np.array([abs(target.value) for target in self.targets])
        self.wanted = np.concatenate([*(wanted for wanted, _, _ in blocks), np.log(sizes)])
        noises = [noise for _, noise, _ in blocks]
        noises += [np.array([[prior.relative_error**2]]) for prior in self.shown]
        self.noise = _block_diagonal(noises)

    def _linear(self, prior: Prior) -> tuple[FloatArray, FloatArray, FloatArray]:
        assert prior.values is not None
        own = _Scale(tuple(prior.values))
        values = np.array(list(prior.values.values()))
        slopes = own.slopes(values)
        selector = np.array(
            [[float(one == name) for one in self.scale.names] for name in own.names]
        )
        return own.inward(values), np.array(prior.covariance) / np.outer(slopes, slopes), selector

    def shown_at(self, point: FloatArray) -> FloatArray:
        """Logarithms of the size of what the market shows."""
        if not self.targets:
            return np.empty(0)
        values = dict(zip(self.scale.names, self.scale.outward(point).tolist(), strict=True))
        shown = show(self.period.demand({**self.fixed, **values}), self.period.market, self.targets)
        return np.log(np.abs(shown))

    def look(self, point: FloatArray) -> tuple[FloatArray, FloatArray]:
        """What the priors speak of at a point, and its derivative."""
        values = np.concatenate([self.selector @ point, self.shown_at(point)])
        if not self.targets:
            return values, self.selector
        slopes = derivatives(self.shown_at, point)
        if not np.isfinite(slopes).all():
            raise ValueError("the point cannot be moved in any direction")
        return values, np.vstack([self.selector, slopes])

    def compared(self, before: FloatArray, after: FloatArray) -> tuple[Compared, ...]:
        """Each prior beside estimate and posterior, in natural units."""
        rows: list[Compared] = []
        first, last = self.scale.outward(before), self.scale.outward(after)
        for prior in self.linear:
            assert prior.values is not None
            for place, (name, value) in enumerate(prior.values.items()):
                at = self.scale.names.index(name)
                what = prior.what if prior.what == name else f"{name} of {prior.what}"
                error = float(np.sqrt(prior.covariance[place][place]))
                one = (what, value, error, float(first[at]), float(last[at]))
                rows.append(Compared(*one, prior.source, prior.grade))
        implied = np.exp(self.shown_at(before)), np.exp(self.shown_at(after))
        for prior, target, at_first, at_last in zip(
            self.shown, self.targets, *implied, strict=True
        ):
            sign = float(np.sign(target.value))
            error = prior.relative_error * abs(target.value)
            ends = (sign * float(at_first), sign * float(at_last))
            rows.append(Compared(prior.what, target.value, error, *ends, prior.source, prior.grade))
        return tuple(rows)


def _block_diagonal(blocks: list[FloatArray]) -> FloatArray:
    size = sum(len(block) for block in blocks)
    whole = np.zeros((size, size))
    place = 0
    for block in blocks:
        whole[place : place + len(block), place : place + len(block)] = block
        place += len(block)
    return whole


def combine_with_priors(data_set: DataSet, plan: PosteriorPlan) -> Posterior:
    """Combine an estimate with priors.

    Parameters
    ----------
    data_set : DataSet
        With the tables products, sales and market.
    plan : PosteriorPlan
        From `read_posterior_spec` or `plan_posterior`.

    Returns
    -------
    Posterior
        Also when it is refused: its verdict says so, and so does everything written from it.

    Raises
    ------
    ConvergenceError
        Reason ``"posterior"`` if estimate and priors do not settle.
    """
    estimate = plan.estimate
    assert estimate.covariance is not None
    names = tuple(estimate.covariance.names)
    scale = _Scale(names)
    values = np.array([estimate.named()[name].value for name in names])
    slopes = scale.slopes(values)
    before = np.array(estimate.covariance.matrix) / np.outer(slopes, slopes)
    period = ObservedPeriod.of(data_set, plan.period, estimate.nests, estimate.quadrature_nodes)
    priors = _Priors(plan, scale, period)
    mean = scale.inward(values)
    found = combine(mean, before, priors.look, priors.wanted, priors.noise)
    ends = scale.outward(found.mean)
    covariance = found.covariance * np.outer(scale.slopes(ends), scale.slopes(ends))
    after = {**priors.fixed, **dict(zip(names, ends.tolist(), strict=True))}
    facts = _facts(plan, found, covariance, names, after, period)
    errors = np.sqrt(np.diag(covariance))
    named = estimate.named()
    return Posterior(
        plan=plan,
        data_sha256=data_set.tables_sha256(SALES_TABLES),
        parameters=tuple(
            Combined(
                name,
                after[name],
                float(errors[place]),
                named[name].value,
                float(np.sqrt(estimate.covariance.matrix[place][place])),
                float(found.data_weights[place]),
                named[name].unit,
            )
            for place, name in enumerate(names)
        ),
        covariance=covariance,
        priors=priors.compared(mean, found.mean),
        conflict_distance=found.distance,
        conflict_degrees=found.degrees,
        conflict_p=found.p_value,
        facts=facts,
        verdict=judge_posterior(facts),
    )


def _facts(
    plan: PosteriorPlan,
    found: Combination,
    covariance: FloatArray,
    names: tuple[str, ...],
    after: Mapping[str, float],
    period: ObservedPeriod,
) -> dict[str, float | None]:
    sigmas = [after[f"sigma_{nest}"] for nest in plan.estimate.nests]
    price_t = None
    weights: dict[str, float | None] = {"refuse": None, "with_care": None}
    if "price_coefficient" in names:
        place = names.index("price_coefficient")
        error = float(np.sqrt(covariance[place, place]))
        price_t = after["price_coefficient"] / error if error > 0 else None
        verdict = plan.estimate.verdict
        if verdict is not None and verdict.grade in weights:
            weights[verdict.grade] = float(found.data_weights[place])
    return {
        "price_t": price_t,
        "lowest_sigma": min(sigmas, default=None),
        "highest_sigma": max(sigmas, default=None),
        "sigma_disorder": sigmas[0] - sigmas[1] if len(sigmas) == 2 else None,
        "conflict_p": found.p_value,
        "weight_of_refused_estimate": weights["refuse"],
        "weight_of_careful_estimate": weights["with_care"],
        **period.implied(after),
    }
