"""The Berry equation by least squares, two-stage least squares or two-step GMM, with effects absorbed.

``ln s_j - ln s_0 = x beta - alpha p + sigma_outer ln s_(h|g) + sigma_inner ln s_(j|h) + xi`` (Berry 1994, Verboven
1996). Price and shares within nests are endogenous. The estimators are those of `linearmodels`, on what the effects
leave of each column (Frisch, Waugh and Lovell), with the degrees of freedom that the effects take.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sandtable.errors import Fault, InputError
from sandtable.estimation.columns import CONSTANT
from sandtable.estimation.effects import Absorber, independent_columns
from sandtable.estimation.instruments import InstrumentColumns, build_instruments
from sandtable.estimation.sample import Sample
from sandtable.market.primitives import FloatArray, IntArray

PRICE = "price"


@dataclass(frozen=True)
class FirstStage:
    """How well the instruments move one endogenous variable.

    Attributes
    ----------
    f_statistic : float
        Of the excluded instruments alone, in the chosen kind of errors.
    conditional_f : float
        The same after the other endogenous variables are accounted for (Sanderson and Windmeijer 2016); equal to
        `f_statistic` when there is one endogenous variable.
    """

    variable: str
    f_statistic: float
    conditional_f: float
    partial_r_squared: float


@dataclass(frozen=True)
class OverIdentification:
    """Test of the instruments against each other; `test` names it."""

    test: str
    statistic: float
    degrees: int
    p_value: float


@dataclass(frozen=True)
class LinearFit:
    """What a linear estimator found.

    Attributes
    ----------
    names : tuple of str
        ``price``, ``sigma_<nest>`` outer first, then the characteristics.
    values : ndarray, shape (K,)
        As they stand in the equation: the coefficient of price is minus alpha.
    covariance : ndarray, shape (K, K)
    residuals : ndarray, shape (N,)
    """

    names: tuple[str, ...]
    values: FloatArray
    covariance: FloatArray
    residuals: FloatArray
    first_stages: tuple[FirstStage, ...]
    over_identification: OverIdentification | None
    instruments: tuple[str, ...]
    redundant_instruments: tuple[str, ...]


@dataclass(frozen=True)
class Regressors:
    """Columns of an estimation, scaled to unit size and cleared of the effects.

    Attributes
    ----------
    exogenous, endogenous, instruments : ndarray, shape (N, ...)
        Residuals of the effects; instruments are the excluded ones.
    scales : ndarray
        What the endogenous and exogenous columns were divided by, endogenous first.
    """

    absorber: Absorber
    clusters: IntArray | None
    exogenous: FloatArray
    exogenous_names: tuple[str, ...]
    endogenous: FloatArray
    endogenous_names: tuple[str, ...]
    instruments: FloatArray
    instrument_names: tuple[str, ...]
    redundant: tuple[str, ...]
    scales: FloatArray

    @property
    def n_clusters(self) -> int | None:
        """Clusters of the errors; None when they are not clustered."""
        return None if self.clusters is None else len(np.unique(self.clusters))

    @property
    def n_conditions(self) -> int:
        """Moment conditions: exogenous columns and excluded instruments."""
        return int(self.exogenous.shape[1] + self.instruments.shape[1])

    @property
    def weights_exist(self) -> bool:
        """Whether the covariance of the moments can be inverted: it has the rank of the clusters at most."""
        return self.n_clusters is None or self.n_clusters > self.n_conditions


def make_regressors(sample: Sample, *, endogenous: InstrumentColumns) -> Regressors:
    """Build the columns of a spec, scaled, with the effects taken out.

    Raises
    ------
    InputError
        If a characteristic says nothing beside the effects and the others, or there are fewer instruments than
        endogenous variables.
    """
    spec = sample.spec
    absorber = Absorber([sample.codes(effect) for effect in spec.effects])
    names = tuple(spec.characteristics) if spec.effects else (CONSTANT, *spec.characteristics)
    raw = sample.numbers(list(names))
    columns = np.column_stack([endogenous.values, raw])
    scales = np.sqrt((columns**2).mean(axis=0))
    scales[scales == 0] = 1.0
    left = _residuals(absorber, columns / scales)
    n_endogenous = len(endogenous.names)
    exogenous = left[:, n_endogenous:]
    _refuse_silent(sample, names, exogenous)
    built = build_instruments(sample)
    instruments = unit_columns(built.values)
    instruments = unit_columns(_residuals(absorber, instruments))
    together = independent_columns(np.column_stack([exogenous, instruments]), tolerance=1e-7)
    kept = together[together >= len(names)] - len(names)
    if spec.method != "ols" and len(kept) < n_endogenous:
        message = (
            f"leaves {len(kept)} independent instrument(s) for {n_endogenous} endogenous variable(s) "
            f"({', '.join(endogenous.names)}) once the effects are taken out; name more instruments."
        )
        raise InputError([Fault(f"estimation spec '{spec.name}'", "instruments", message)])
    regressors = Regressors(
        absorber=absorber,
        clusters=sample.codes(spec.clusters) if spec.clusters else None,
        exogenous=exogenous,
        exogenous_names=names,
        endogenous=left[:, :n_endogenous],
        endogenous_names=endogenous.names,
        instruments=instruments[:, kept],
        instrument_names=tuple(built.names[place] for place in kept),
        redundant=tuple(
            name for place, name in enumerate(built.names) if place not in set(kept.tolist())
        ),
        scales=scales,
    )
    if spec.method == "gmm" and not regressors.weights_exist:
        message = (
            f"gives {regressors.n_clusters} clusters for {regressors.n_conditions} moment conditions; two-step gmm "
            "needs more clusters than conditions: cluster by a finer group, or choose 2sls."
        )
        raise InputError([Fault(f"estimation spec '{spec.name}'", "clusters", message)])
    return regressors


def _residuals(absorber: Absorber, columns: FloatArray) -> FloatArray:
    left = absorber.residuals(columns)
    # what the effects explain but for rounding is nothing
    gone = np.abs(left).max(axis=0, initial=0.0) < 1e-9 * np.abs(columns).max(
        axis=0, initial=1e-300
    )
    return np.where(gone, 0.0, left)


def unit_columns(columns: FloatArray) -> FloatArray:
    """Columns of root mean square one; empty ones stay empty."""
    size = np.sqrt((columns**2).mean(axis=0))
    return np.asarray(columns / np.where(size > 0, size, 1.0))


def _refuse_silent(sample: Sample, names: tuple[str, ...], exogenous: FloatArray) -> None:
    kept = set(independent_columns(exogenous, tolerance=1e-7).tolist())
    faults = [
        Fault(
            f"estimation spec '{sample.spec.name}'",
            "characteristics",
            f"'{name}' says nothing that the effects and the other characteristics do not say; remove it.",
        )
        for place, name in enumerate(names)
        if place not in kept
    ]
    if faults:
        raise InputError(faults)


def endogenous_columns(sample: Sample) -> InstrumentColumns:
    """Price and ln of the shares within nests, with the names of their coefficients."""
    names = (PRICE, *(f"sigma_{nest}" for nest in sample.spec.nests))
    return InstrumentColumns(names, np.column_stack([sample.prices, sample.log_within_shares]))


def fit_linear(sample: Sample) -> LinearFit:
    """Estimate the Berry equation of a sample by the method of its spec."""
    spec = sample.spec
    regressors = make_regressors(sample, endogenous=endogenous_columns(sample))
    outside = sample.rows["outside_share"].to_numpy(dtype=np.float64)
    left = regressors.absorber.residuals(np.log(sample.shares / outside))
    result = _estimate(regressors, left, spec.method, spec.error_kind)
    names = (*regressors.endogenous_names, *regressors.exogenous_names)
    # linearmodels puts exogenous columns first
    n_exogenous = len(regressors.exogenous_names)
    order = [*range(n_exogenous, len(names)), *range(n_exogenous)]
    factor = 1 / regressors.scales
    covariance = np.asarray(result.cov)[np.ix_(order, order)]
    return LinearFit(
        names,
        np.asarray(result.params)[order] * factor,
        covariance * factor[:, None] * factor * correction(regressors, spec.error_kind, len(names)),
        np.asarray(result.resids, dtype=np.float64),
        first_stages(regressors, spec.error_kind) if spec.method != "ols" else (),
        _over_identification(regressors, left, result, spec.method, spec.error_kind),
        regressors.instrument_names,
        regressors.redundant,
    )


def _covariance_options(regressors: Regressors, kind: str) -> dict[str, Any]:
    """Options of linearmodels for a kind of errors."""
    if kind == "classical":
        return {"cov_type": "unadjusted"}
    if kind == "clustered":
        return {"cov_type": "clustered", "clusters": regressors.clusters}
    return {"cov_type": "robust"}


def _estimate(regressors: Regressors, left: FloatArray, method: str, kind: str) -> Any:
    from linearmodels.iv import IV2SLS, IVGMM

    options = _covariance_options(regressors, kind)
    exogenous = regressors.exogenous if regressors.exogenous.shape[1] else None
    if method == "ols":
        everything = np.column_stack([regressors.exogenous, regressors.endogenous])
        return IV2SLS(left, everything, None, None).fit(debiased=False, **options)
    columns = (left, exogenous, regressors.endogenous, regressors.instruments)
    if method == "2sls":
        return IV2SLS(*columns).fit(debiased=False, **options)
    weight: dict[str, Any] = {"weight_type": options["cov_type"]}
    if kind == "clustered":
        weight["clusters"] = regressors.clusters
    return IVGMM(*columns, **weight).fit(iter_limit=2, debiased=False, **options)


def correction(regressors: Regressors, kind: str, n_columns: int) -> float:
    """Small-sample factor on the covariance: what the effects take is counted, but for those within clusters."""
    n = len(regressors.endogenous)
    n_clusters = regressors.n_clusters
    if kind == "clustered" and regressors.clusters is not None and n_clusters is not None:
        taken = n_columns + regressors.absorber.free_rank(regressors.clusters)
        return float(n_clusters / (n_clusters - 1) * (n - 1) / (n - taken))
    return float(n / (n - n_columns - regressors.absorber.rank))


def first_stages(regressors: Regressors, kind: str) -> tuple[FirstStage, ...]:
    """How well the instruments move each endogenous variable."""
    stages = []
    for place, name in enumerate(regressors.endogenous_names):
        own = regressors.endogenous[:, place]
        statistic, partial = _f_statistic(regressors, own, kind, 0)
        conditional = statistic
        others = np.delete(regressors.endogenous, place, axis=1)
        if others.shape[1]:
            left = _without_others(regressors, own, others)
            conditional, _ = _f_statistic(regressors, left, kind, others.shape[1])
        stages.append(FirstStage(name, statistic, conditional, partial))
    return tuple(stages)


def _without_others(regressors: Regressors, own: FloatArray, others: FloatArray) -> FloatArray:
    """One endogenous variable less what the other ones, instrumented, say of it."""
    from linearmodels.iv import IV2SLS

    exogenous = regressors.exogenous if regressors.exogenous.shape[1] else None
    result = IV2SLS(own, exogenous, others, regressors.instruments).fit(debiased=False)
    return np.asarray(result.resids, dtype=np.float64)


def _f_statistic(
    regressors: Regressors, variable: FloatArray, kind: str, lost: int
) -> tuple[float, float]:
    """F of the excluded instruments, with degrees of freedom lost to other endogenous variables; partial R squared."""
    from linearmodels.iv import IV2SLS

    n_exogenous = regressors.exogenous.shape[1]
    n_instruments = regressors.instruments.shape[1]
    everything = np.column_stack([regressors.exogenous, regressors.instruments])
    options = _covariance_options(regressors, kind)
    result = IV2SLS(variable, everything, None, None).fit(debiased=False, **options)
    places = slice(n_exogenous, n_exogenous + n_instruments)
    values = np.asarray(result.params)[places]
    covariance = np.asarray(result.cov)[places, places] * correction(
        regressors, kind, everything.shape[1]
    )
    wald = float(values @ np.linalg.pinv(covariance, hermitian=True) @ values)
    base = variable
    if n_exogenous:
        base = (
            variable
            - regressors.exogenous @ np.linalg.lstsq(regressors.exogenous, variable, rcond=None)[0]
        )
    residual = np.asarray(result.resids, dtype=np.float64)
    total = float(base @ base)
    partial = 1 - float(residual @ residual) / total if total > 0 else 0.0
    return wald / max(n_instruments - lost, 1), partial


def _over_identification(
    regressors: Regressors, left: FloatArray, result: Any, method: str, kind: str
) -> OverIdentification | None:
    degrees = regressors.instruments.shape[1] - regressors.endogenous.shape[1]
    if method == "ols" or degrees <= 0 or not regressors.weights_exist:
        return None
    if kind == "classical" and method == "2sls":
        test, name = result.sargan, "Sargan"
    else:
        gmm = result if method == "gmm" else _estimate(regressors, left, "gmm", kind)
        test, name = gmm.j_stat, "Hansen J, two-step"
    return OverIdentification(name, float(test.stat), degrees, float(test.pval))
