"""From a data set and a spec to an estimate with its verdict."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sandtable.data.loading import DataSet
from sandtable.estimation.diagnosis import Demanded, Diagnosis, Implied, implied_by, quantiles
from sandtable.estimation.effects import Absorber
from sandtable.estimation.linear import FirstStage, OverIdentification, fit_linear
from sandtable.estimation.moments import Search
from sandtable.estimation.random_coefficient import fit_random_coefficient
from sandtable.estimation.result import Coefficient, Estimate
from sandtable.estimation.rules import judge
from sandtable.estimation.sample import Sample, make_sample
from sandtable.estimation.spec import EstimationSpec, check_spec
from sandtable.market.primitives import FloatArray


@dataclass(frozen=True)
class _Found:
    """What linear and random-coefficient estimators have in common."""

    names: tuple[str, ...]
    values: FloatArray
    covariance: FloatArray
    demanded: Demanded
    first_stages: tuple[FirstStage, ...]
    over_identification: OverIdentification | None
    instruments: tuple[str, ...]
    redundant: tuple[str, ...]
    searches: tuple[Search, ...] = ()
    starts_agree: bool = True
    at_edge: tuple[str, ...] = ()


def estimate(data_set: DataSet, spec: EstimationSpec) -> Estimate:
    """Estimate the demand of a data set.

    Parameters
    ----------
    data_set : DataSet
        With the tables products, sales and market, and media when the spec uses advertising.
    spec : EstimationSpec
        From `read_spec`, or made in Python.

    Returns
    -------
    Estimate
        Also when it is refused: its verdict says so, and so does everything written from it.

    Raises
    ------
    InputError
        With all faults of the spec against the data.
    ConvergenceError
        If the search of a random coefficient failed: reason ``"inversion"``, ``"iterations"`` or
        ``"identification"``.
    """
    check_spec(spec, data_set)
    sample = make_sample(data_set, spec)
    found = _random_coefficient(sample) if spec.model == "random_coefficient" else _linear(sample)
    diagnosis = _diagnosis(sample, found)
    units = _units(data_set, spec, found.names)
    errors = np.sqrt(np.maximum(np.diag(found.covariance), 0.0))
    return Estimate(
        spec=spec,
        data_sha256=data_set.tables_sha256(
            ("products", "sales", "market", *(["media"] if spec.advertising else []))
        ),
        coefficients=tuple(
            Coefficient(name, float(value), float(error), unit)
            for name, value, error, unit in zip(
                found.names, found.values, errors, units, strict=True
            )
        ),
        covariance=found.covariance,
        demanded=found.demanded,
        diagnosis=diagnosis,
        verdict=judge(diagnosis.facts),
        instruments=found.instruments,
        redundant_instruments=found.redundant,
        searches=found.searches,
        cash_pass_through=data_set.default_parameters.customer_cash_pass_through,
    )


def _linear(sample: Sample) -> _Found:
    fit = fit_linear(sample)
    # the equation holds minus alpha
    sign = np.where(np.arange(len(fit.values)) == 0, -1.0, 1.0)
    values = fit.values * sign
    sigmas = tuple(values[1 : 1 + len(sample.spec.nests)].tolist())
    return _Found(
        ("price_coefficient", *fit.names[1:]),
        values,
        fit.covariance * sign[:, None] * sign,
        Demanded(float(values[0]), 0.0, sigmas, 1),
        fit.first_stages,
        fit.over_identification,
        fit.instruments,
        fit.redundant_instruments,
    )


def _random_coefficient(sample: Sample) -> _Found:
    fit = fit_random_coefficient(sample).require()
    assert sample.spec.price_spread is not None
    sigmas = tuple(fit.values[2 : 2 + len(sample.spec.nests)].tolist())
    nodes = sample.spec.price_spread.quadrature_nodes
    return _Found(
        fit.names,
        fit.values,
        fit.covariance,
        Demanded(float(fit.values[0]), float(fit.values[1]), sigmas, nodes),
        fit.first_stages,
        fit.over_identification,
        fit.instruments,
        fit.redundant_instruments,
        fit.searches,
        fit.starts_agree,
        fit.at_edge,
    )


def _units(data_set: DataSet, spec: EstimationSpec, names: tuple[str, ...]) -> list[str]:
    known = {
        "price_coefficient": f"utility per {data_set.metadata.money_unit}",
        "price_spread": "standard deviation of ln alpha",
        **{f"sigma_{nest}": f"correlation within {nest}" for nest in spec.nests},
    }
    return [known.get(name, f"utility per unit of {name}") for name in names]


def _diagnosis(sample: Sample, found: _Found) -> Diagnosis:
    implied = implied_by(sample, found.demanded)
    clusters = sample.spec.clusters
    n_clusters = len(np.unique(sample.codes(clusters))) if clusters else None
    margins: dict[str, float] = {}
    elasticities: dict[str, float] = {}
    if implied is not None:
        elasticities = quantiles(implied.own_elasticities)
        margins = quantiles((sample.prices - implied.costs) / sample.prices)
    return Diagnosis(
        n_observations=len(sample),
        n_cells=len(np.unique(sample.cells)),
        n_products=sample.rows["product"].nunique(),
        n_clusters=n_clusters,
        n_absorbed=Absorber([sample.codes(effect) for effect in sample.spec.effects]).rank,
        n_dropped=sample.dropped,
        first_stages=found.first_stages,
        over_identification=found.over_identification,
        facts=_facts(sample, found, implied, n_clusters),
        own_elasticities=elasticities,
        margins=margins,
    )


def _facts(
    sample: Sample, found: _Found, implied: Implied | None, n_clusters: int | None
) -> dict[str, float | None]:
    sigmas = found.demanded.sigmas
    alpha, error = found.demanded.alpha, float(np.sqrt(found.covariance[0, 0]))
    over = found.over_identification
    facts: dict[str, float | None] = {
        "price_coefficient": alpha,
        "price_t": alpha / error if error > 0 and alpha > 0 else None,
        "lowest_sigma": min(sigmas, default=None),
        "highest_sigma": max(sigmas, default=None),
        "sigma_disorder": sigmas[0] - sigmas[1] if len(sigmas) == 2 else None,
        "parameters_at_edge": float(len(found.at_edge)),
        "starts_disagree": 0.0 if found.starts_agree else 1.0,
        "instrumented": 0.0 if sample.spec.method == "ols" else 1.0,
        "weakest_f": min((stage.conditional_f for stage in found.first_stages), default=None),
        "over_identification_p": over.p_value if over else None,
        "clusters": None if n_clusters is None else float(n_clusters),
        "dropped_rate": sample.dropped / (len(sample) + sample.dropped),
        "inelastic_rate": None,
        "median_own_elasticity": None,
        "negative_cost_rate": None,
    }
    if implied is not None:
        facts["inelastic_rate"] = float((implied.own_elasticities > -1).mean())
        facts["median_own_elasticity"] = float(np.median(implied.own_elasticities))
        facts["negative_cost_rate"] = float((implied.costs < 0).mean())
    return facts
