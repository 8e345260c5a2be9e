"""A lognormal price coefficient, with or without nests, by the generalised method of moments.

The mean utilities that give the observed shares are ``delta = x beta + effects + xi``; effects and beta are
concentrated out, so that only ln alpha, its spread and the nesting parameters are searched (Berry, Levinsohn and
Pakes 1995; Nevo 2000).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from sandtable.errors import ConvergenceError
from sandtable.estimation.effects import independent_columns
from sandtable.estimation.linear import (
    FirstStage,
    OverIdentification,
    Regressors,
    correction,
    endogenous_columns,
    first_stages,
    fit_linear,
    make_regressors,
    unit_columns,
)
from sandtable.estimation.mean_utilities import MeanUtilities
from sandtable.estimation.moments import Moments, Search, at_edge, search
from sandtable.estimation.sample import Sample
from sandtable.market.primitives import FloatArray

UNTOLD = 1e-10  # singular value, relative, from which on parameters cannot be told apart
SAME_MINIMUM = (
    1e-3  # criteria of two starts that differ by less, in units of noise, are one minimum
)


@dataclass(frozen=True)
class RandomCoefficientFit:
    """What the search found; `require` gives it or raises.

    Attributes
    ----------
    names : tuple of str
        ``price_coefficient``, ``price_spread``, ``sigma_<nest>`` outer first, then the characteristics.
    values : ndarray, shape (K,)
        Alpha itself, not its logarithm.
    searches : tuple of Search
        Every start of the first step and where it ended.
    starts_agree : bool
        Whether all starts that converged found one minimum.
    at_edge : tuple of str
        Parameters on a bound of the search.
    reason : str
        Empty when converged; otherwise why not, one of `REASONS`.
    """

    names: tuple[str, ...]
    searches: tuple[Search, ...]
    reason: str = ""
    values: FloatArray = field(default_factory=lambda: np.empty(0))
    covariance: FloatArray = field(default_factory=lambda: np.empty((0, 0)))
    residuals: FloatArray = field(default_factory=lambda: np.empty(0))
    first_stages: tuple[FirstStage, ...] = ()
    over_identification: OverIdentification | None = None
    instruments: tuple[str, ...] = ()
    redundant_instruments: tuple[str, ...] = ()
    starts_agree: bool = True
    at_edge: tuple[str, ...] = ()

    def require(self) -> RandomCoefficientFit:
        """Return the fit, or raise when it did not converge.

        Raises
        ------
        ConvergenceError
            With `reason` and a sentence.
        """
        if self.reason:
            raise ConvergenceError(self.reason, REASONS[self.reason])
        return self


REASONS = {
    "inversion": "the observed shares could not be reproduced at any start; check for shares near 0, or start "
    "from a smaller spread.",
    "iterations": "no start reached a minimum; give other starts in price_spread.start, or simplify the model.",
    "identification": "the instruments do not tell the parameters apart at the minimum; add instruments that "
    "move shares within nests, and prices of dear and cheap products differently.",
}


@dataclass(frozen=True)
class _Step:
    """Moment conditions with the weighting of one step, and its minimum."""

    moments: Moments
    regressors: Regressors
    theta: FloatArray

    def residuals(self) -> FloatArray:
        """Unexplained utility, shape (N,), cleared of the effects."""
        deltas = self.regressors.absorber.residuals(self.moments.solved(self.theta)[0])
        return np.asarray(deltas - self.regressors.exogenous @ self.moments.betas(self.theta))


def fit_random_coefficient(sample: Sample) -> RandomCoefficientFit:
    """Estimate the random-coefficient model of a sample.

    Returns
    -------
    RandomCoefficientFit
        Without numbers, and with a reason, when it did not converge.
    """
    spec = sample.spec
    assert spec.price_spread is not None
    linear = endogenous_columns(sample)
    regressors = make_regressors(sample, endogenous=linear)
    names = ("price_coefficient", "price_spread", *linear.names[1:], *regressors.exogenous_names)
    if regressors.instruments.shape[1] < len(linear.names) + 1:
        return RandomCoefficientFit(names, (), "identification")
    utilities = MeanUtilities(sample, spec.price_spread.quadrature_nodes)
    moments = _moments(utilities, regressors, _inverse_root(_gram(regressors)))
    starts = [_start(sample, spread) for spread in spec.price_spread.start]
    noise = _noise(moments, regressors, starts[0])
    searches = tuple(search(moments, start, noise) for start in starts)
    found = [one for one in searches if not one.reason]
    if not found:
        reasons = {one.reason for one in searches}
        reason = "iterations" if "iterations" in reasons else "inversion"
        return RandomCoefficientFit(names, searches, reason)
    best = min(found, key=lambda one: one.criterion)
    agree = all(one.criterion - best.criterion <= SAME_MINIMUM * noise for one in found)
    first = _Step(moments, regressors, best.end)
    final, over, reason = _later_steps(sample, first)
    if not reason and not _told_apart(final):
        reason = "identification"
    if reason:
        return RandomCoefficientFit(names, searches, reason)
    fit = _describe(sample, final, first)
    return replace(
        fit, names=names, searches=searches, over_identification=over, starts_agree=agree
    )


def _moments(utilities: MeanUtilities, regressors: Regressors, root: FloatArray) -> Moments:
    return Moments(utilities, _all_instruments(regressors), regressors.exogenous, root)


def _all_instruments(regressors: Regressors) -> FloatArray:
    return np.column_stack([regressors.exogenous, regressors.instruments])


def _gram(regressors: Regressors) -> FloatArray:
    columns = _all_instruments(regressors)
    return np.asarray(columns.T @ columns / len(columns))


def _inverse_root(matrix: FloatArray) -> FloatArray:
    """Return ``R`` with ``R.T @ R = inv(matrix)``."""
    return np.asarray(np.linalg.inv(np.linalg.cholesky(matrix)))


def _start(sample: Sample, spread: float) -> FloatArray:
    """Start from the linear model without spread; from plain values where that makes no sense."""
    n_nests = len(sample.spec.nests)
    linear = fit_linear(sample).values[: 1 + n_nests]
    alpha = -linear[0] if linear[0] < 0 else 3 / sample.prices.mean()
    sigmas = np.maximum.accumulate(np.clip(linear[1:], 0.05, 0.8))
    # the mean of a lognormal lies above its median
    return np.array([np.log(alpha) - spread**2 / 2, spread, *sigmas])


def _noise(moments: Moments, regressors: Regressors, theta: FloatArray) -> float:
    try:
        residuals = _Step(moments, regressors, theta).residuals()
    except ConvergenceError:
        return 1.0
    return float(residuals.var())


def _later_steps(sample: Sample, first: _Step) -> tuple[_Step, OverIdentification | None, str]:
    """Second step with efficient weights, and optimal instruments where they are asked for."""
    spec = sample.spec
    final, over, reason = first, None, ""
    degrees = first.regressors.instruments.shape[1] - len(first.theta)
    if degrees > 0 and first.regressors.weights_exist:
        root = _inverse_root(
            moment_covariance(first.regressors, first.residuals(), spec.error_kind)
        )
        moments = replace(first.moments, root=root)
        second = search(moments, first.theta, 1.0)
        if not second.reason:
            from scipy.stats import chi2

            p_value = float(chi2.sf(second.criterion, degrees))
            name = "Hansen J, two-step"
            over = OverIdentification(name, second.criterion, degrees, p_value)
        if spec.method == "gmm":
            final, reason = _Step(moments, first.regressors, second.end), second.reason
    if not reason and any(instrument.name == "optimal" for instrument in spec.instruments):
        regressors = _optimal(sample, final)
        columns = _all_instruments(regressors)
        if len(independent_columns(columns)) < columns.shape[1]:
            return final, over, "identification"
        moments = _moments(final.moments.utilities, regressors, _inverse_root(_gram(regressors)))
        noise = _noise(moments, regressors, final.theta)
        last = search(moments, final.theta, noise)
        final, reason = _Step(moments, regressors, last.end), last.reason
    return final, over, reason


def _optimal(sample: Sample, step: _Step) -> Regressors:
    """Instruments that approximate the expected derivatives of xi: Chamberlain (1987), at expected prices."""
    regressors = step.regressors
    everything = _all_instruments(regressors)
    price = regressors.endogenous[:, 0]
    fitted = everything @ np.linalg.lstsq(everything, price, rcond=None)[0]
    expected = sample.prices + (fitted - price) * regressors.scales[0]
    deltas = step.moments.solved(step.theta)[0] - step.residuals()
    slopes = step.moments.utilities.derivatives_at(step.theta, deltas, expected)
    columns = unit_columns(regressors.absorber.residuals(unit_columns(slopes)))
    names = tuple(f"optimal: {place}" for place in ("ln alpha", "spread", *sample.spec.nests))
    return replace(regressors, instruments=columns, instrument_names=names)


def moment_covariance(regressors: Regressors, residuals: FloatArray, kind: str) -> FloatArray:
    """Covariance of the moments, by the estimators of linearmodels, shape (M, M)."""
    from linearmodels.iv.gmm import (
        HeteroskedasticWeightMatrix,
        HomoskedasticWeightMatrix,
        OneWayClusteredWeightMatrix,
    )

    instruments = _all_instruments(regressors)
    columns = (regressors.exogenous, instruments, residuals[:, None])
    if regressors.clusters is not None:
        weights = OneWayClusteredWeightMatrix(regressors.clusters)
        return np.asarray(weights.weight_matrix(*columns))
    if kind == "robust":
        return np.asarray(HeteroskedasticWeightMatrix().weight_matrix(*columns))
    return np.asarray(HomoskedasticWeightMatrix().weight_matrix(*columns))


def _derivatives(step: _Step) -> FloatArray:
    """Derivatives of the moments by theta and beta, shape (M, P + K)."""
    columns = np.column_stack([step.moments.solved(step.theta)[1], -step.regressors.exogenous])
    instruments = step.moments.instruments
    return np.asarray(instruments.T @ columns / len(instruments))


def _told_apart(step: _Step) -> bool:
    weighted = step.moments.jacobian(step.theta)
    size = np.sqrt((weighted**2).sum(axis=0))
    if not (size > 0).all():
        return False
    values = np.linalg.svd(weighted / size, compute_uv=False)
    return bool(values.min() > UNTOLD * values.max())


def _describe(sample: Sample, step: _Step, first: _Step) -> RandomCoefficientFit:
    kind = sample.spec.error_kind
    regressors, theta = step.regressors, step.theta
    residuals = step.residuals()
    slopes = _derivatives(step)
    weighting = step.moments.root.T @ step.moments.root
    bread = np.linalg.inv(slopes.T @ weighting @ slopes) @ slopes.T @ weighting
    meat = moment_covariance(regressors, residuals, kind)
    # the derivatives stand in for the endogenous variables of a linear model at the minimum
    derivatives = regressors.absorber.residuals(step.moments.solved(theta)[1])
    linearised = replace(
        first.regressors,
        endogenous=unit_columns(derivatives),
        endogenous_names=(
            "price_coefficient",
            "price_spread",
            *(f"sigma_{nest}" for nest in sample.spec.nests),
        ),
    )
    factor = correction(linearised, kind, slopes.shape[1])
    covariance = bread @ meat @ bread.T / len(residuals) * factor
    betas = step.moments.betas(theta) / regressors.scales[1 + len(sample.spec.nests) :]
    values = np.concatenate([[np.exp(theta[0])], theta[1:], betas])
    units = np.ones(len(values))
    units[0] = values[0]  # from ln alpha to alpha
    units[len(theta) :] = 1 / regressors.scales[1 + len(sample.spec.nests) :]
    names = linearised.endogenous_names
    return RandomCoefficientFit(
        (),
        (),
        values=values,
        covariance=covariance * units[:, None] * units,
        residuals=residuals,
        first_stages=first_stages(linearised, kind),
        instruments=regressors.instrument_names,
        redundant_instruments=regressors.redundant,
        at_edge=tuple(names[place] for place in at_edge(theta)),
    )
