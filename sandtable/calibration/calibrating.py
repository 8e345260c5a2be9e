"""From a data set and a spec to calibrated parameters with their verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from sandtable.calibration.observed import (
    SALES_TABLES,
    ObservedPeriod,
    derivatives,
    last_period,
    unit_of,
)
from sandtable.calibration.result import Calibrated, Found, Met, source_of, weakest
from sandtable.calibration.rules import judge_calibration
from sandtable.calibration.spec import CalibrationSpec, Range, check_calibration_spec, ranges_of
from sandtable.data.loading import DataSet
from sandtable.market.calibration import (
    Calibration,
    Target,
    calibrate,
    price_coefficient_of_margin,
    show,
)
from sandtable.market.demand import Demand
from sandtable.market.primitives import FloatArray

EDGE = 1e-3  # of a range: nearer to a bound than this counts as on it
LN = "ln price_coefficient"
SHARE = "share of the room above the outer nest"


def calibrate_data_set(data_set: DataSet, spec: CalibrationSpec) -> Calibrated:
    """Calibrate the demand of a data set to known numbers.

    Parameters
    ----------
    data_set : DataSet
        With the tables products, sales and market.
    spec : CalibrationSpec
        From `read_calibration_spec`, or made in Python.

    Returns
    -------
    Calibrated
        Also when it is refused: its verdict says so, and so does everything written from it.

    Raises
    ------
    InputError
        With all faults of the spec against the data.
    ConvergenceError
        Reason ``"calibration"`` if no parameters in range come near the targets at all.
    """
    spec = check_calibration_spec(spec, data_set)
    chosen = spec.period or last_period(data_set)
    period = ObservedPeriod.of(data_set, chosen, spec.nests, spec.quadrature_nodes)
    ranges = ranges_of(spec, period)
    targets = [target.to_target(data_set, period.cells) for target in spec.targets]
    closed = _closed_form(spec, period, ranges, targets)
    found = closed or _search(spec, period, ranges, targets)
    slopes = _slopes(period, found.values, tuple(ranges), targets)
    covariance = _covariance(spec, slopes)
    facts = {
        **_fit_facts(spec, found, slopes),
        "price_t": _price_t(spec, found.values, covariance),
        "parameters_at_bound": float(_at_bound(spec, found.values, ranges)),
        "highest_sigma": max((found.values[f"sigma_{nest}"] for nest in spec.nests), default=None),
        **period.implied(found.values),
    }
    data_sha256 = data_set.tables_sha256(SALES_TABLES)
    return Calibrated(
        spec=spec,
        period=chosen,
        method="closed form" if closed else "least squares",
        data_sha256=data_sha256,
        parameters=_parameters(spec, period, found.values, covariance, data_sha256),
        targets=_met(spec, found),
        covariance_names=tuple(ranges),
        covariance=covariance,
        facts=facts,
        verdict=judge_calibration(facts),
        cash_pass_through=data_set.default_parameters.customer_cash_pass_through,
    )


def _closed_form(
    spec: CalibrationSpec,
    period: ObservedPeriod,
    ranges: Mapping[str, Range],
    targets: list[Target],
) -> Calibration | None:
    """One margin, and customers who mind price alike: no search is needed."""
    one_type = spec.model != "random_coefficient"
    if not (
        one_type
        and list(ranges) == ["price_coefficient"]
        and [target.kind for target in targets] == ["margin"]
    ):
        return None
    fixed = {name: given.value for name, given in spec.fixed.items()}
    bounds = ranges["price_coefficient"]

    def build(price_coefficient: float) -> Demand:
        return period.demand({**fixed, "price_coefficient": price_coefficient})

    try:
        alpha = price_coefficient_of_margin(build, period.market, targets[0], start=bounds.start)
    except ValueError:
        return None
    if not bounds.low < alpha < bounds.high:
        return None
    shown = show(build(alpha), period.market, targets)
    values = {**fixed, "price_coefficient": alpha}
    return Calibration(values, shown, shown / targets[0].value - 1)


def _search(
    spec: CalibrationSpec,
    period: ObservedPeriod,
    ranges: Mapping[str, Range],
    targets: list[Target],
) -> Calibration:
    """Search on a scale where every point has a demand: ln alpha, and the inner nest above the outer one."""
    fixed = {name: given.value for name, given in spec.fixed.items()}
    nested = [f"sigma_{nest}" for nest in spec.nests]
    both = len(nested) == 2 and all(name in ranges for name in nested)
    start: dict[str, float] = dict(fixed)
    free: dict[str, tuple[float, float]] = {}
    for name, bounds in ranges.items():
        low, high, first = bounds.low, bounds.high, bounds.start
        key = name
        if name == "price_coefficient":
            key, (low, high, first) = LN, (float(np.log(end)) for end in (low, high, first))
        elif both and name == nested[0]:
            high = min(high, ranges[nested[1]].high)
        elif both and name == nested[1]:
            floor = max(low, ranges[nested[0]].start)
            key, low, high, first = SHARE, 0.0, 1.0, (first - floor) / (high - floor)
        start[key], free[key] = first, (low, high)

    def natural(point: Mapping[str, float]) -> dict[str, float]:
        values = {name: value for name, value in point.items() if name not in (LN, SHARE)}
        if LN in point:
            values["price_coefficient"] = float(np.exp(point[LN]))
        if SHARE in point:
            inner = ranges[nested[1]]
            floor = max(inner.low, values[nested[0]])
            values[nested[1]] = floor + point[SHARE] * (inner.high - floor)
        return values

    errors = [target.standard_error for target in spec.targets]
    weighted = [
        # with errors, misses count in errors
        target
        if error is None
        else replace(target, weight=target.weight * (target.value / error) ** 2)
        for target, error in zip(targets, errors, strict=True)
    ]
    found = calibrate(
        lambda point: period.demand(natural(point)),
        period.market,
        weighted,
        start=start,
        free=free,
    )
    return replace(found, values=natural(found.values))


def _slopes(
    period: ObservedPeriod,
    values: Mapping[str, float],
    free: tuple[str, ...],
    targets: list[Target],
) -> FloatArray:
    """Derivative of what is shown (row) by each free parameter (column), shape (T, K)."""
    scales = np.array([values[name] if name == "price_coefficient" else 1.0 for name in free])
    point = np.array([values[name] for name in free]) / scales

    def look(at: FloatArray) -> FloatArray:
        moved = dict(zip(free, (at * scales).tolist(), strict=True))
        return show(period.demand({**values, **moved}), period.market, targets)

    return np.asarray(derivatives(look, point) / scales)


def _errors(spec: CalibrationSpec) -> FloatArray | None:
    errors = [target.standard_error for target in spec.targets]
    return None if None in errors else np.array(errors, dtype=np.float64)


def _covariance(spec: CalibrationSpec, slopes: FloatArray) -> FloatArray | None:
    """Delta method: ``(J'WJ)^-1 J'W V W J (J'WJ)^-1``, which is ``(J' V^-1 J)^-1`` with equal weights."""
    errors = _errors(spec)
    if errors is None or not np.isfinite(slopes).all():
        return None
    roots = np.sqrt([target.weight for target in spec.targets]) / errors
    scales = np.linalg.norm(roots[:, None] * slopes, axis=0)
    if not (scales > 0).all():
        return None
    left = roots[:, None] * slopes / scales
    if np.linalg.matrix_rank(left, rtol=1e-10) < slopes.shape[1]:
        return None
    passed = np.linalg.pinv(left) * (roots * errors) / scales[:, None]
    return np.asarray(passed @ passed.T)


def _fit_facts(
    spec: CalibrationSpec, found: Calibration, slopes: FloatArray
) -> dict[str, float | None]:
    from scipy.stats import chi2  # slow to import

    wanted = np.array([target.value for target in spec.targets])
    natural = np.array(
        [found.values[name] if name == "price_coefficient" else 1.0 for name in spec.free_names]
    )
    known = np.nan_to_num(slopes)  # a parameter that cannot be moved at all tells nothing
    singular = np.linalg.svd(known * natural / wanted[:, None], compute_uv=False)
    errors = _errors(spec)
    surplus = len(wanted) - slopes.shape[1]
    conflict = None
    if errors is not None and surplus:
        distance = float((((found.shown - wanted) / errors) ** 2).sum())
        conflict = float(chi2.sf(distance, surplus))
    # a target that is shown within two of its errors is met
    beyond = np.ones(len(wanted), dtype=bool)
    if errors is not None:
        beyond = np.abs(found.shown - wanted) > 2 * errors
    return {
        "largest_miss": float(np.abs(found.misses[beyond]).max(initial=0.0)),
        "target_conflict_p": conflict,
        "identification": float(singular[-1] / singular[0]) if singular[0] > 0 else 0.0,
    }


def _price_t(
    spec: CalibrationSpec, values: Mapping[str, float], covariance: FloatArray | None
) -> float | None:
    if covariance is None or "price_coefficient" not in spec.free:
        return None
    place = spec.free_names.index("price_coefficient")
    return float(values["price_coefficient"] / np.sqrt(covariance[place, place]))


def _at_bound(
    spec: CalibrationSpec, values: Mapping[str, float], ranges: Mapping[str, Range]
) -> int:
    count = 0
    for name, bounds in ranges.items():
        low, high, value = bounds.low, bounds.high, values[name]
        if name == "price_coefficient":
            low, high, value = (float(np.log(end)) for end in (low, high, value))
        count += min(value - low, high - value) < EDGE * (high - low)
    sigmas = [values[f"sigma_{nest}"] for nest in spec.nests]
    equal = len(sigmas) == 2 and sigmas[1] - sigmas[0] < EDGE
    return count + (equal and any(name.startswith("sigma_") for name in ranges))


def _parameters(
    spec: CalibrationSpec,
    period: ObservedPeriod,
    values: Mapping[str, float],
    covariance: FloatArray | None,
    data_sha256: str,
) -> tuple[Found, ...]:
    errors: dict[str, float] = {}
    if covariance is not None:
        roots = np.sqrt(np.diag(covariance)).tolist()
        errors = dict(zip(spec.free_names, roots, strict=True))
    money_unit = period.data_set.metadata.money_unit
    source = source_of(spec, data_sha256, period.cells.period)
    grade = weakest([target.grade for target in spec.targets])
    return tuple(
        Found(
            name,
            values[name],
            errors.get(name),
            unit_of(name, money_unit),
            name in spec.free,
            source if name in spec.free else spec.fixed[name].source,
            grade if name in spec.free else spec.fixed[name].grade,
        )
        for name in spec.names
    )


def _met(spec: CalibrationSpec, found: Calibration) -> tuple[Met, ...]:
    return tuple(
        Met(
            target.kind,
            target.what,
            float(target.value or 0.0),
            float(shown),
            float(miss),
            target.standard_error,
            target.source,
            target.grade,
        )
        for target, shown, miss in zip(spec.targets, found.shown, found.misses, strict=True)
    )
