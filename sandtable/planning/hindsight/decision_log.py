"""Decisions and what became of them: forecast of a scenario, actual figures, how well each forecaster is calibrated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from sandtable.data.loading import DataSet
from sandtable.data.metadata import BilingualText
from sandtable.errors import Fault, InputError, did_you_mean
from sandtable.planning.hindsight.lever_measures import wilson
from sandtable.planning.measures import share_of_sales
from sandtable.scenario.base import open_parameters
from sandtable.scenario.calendar import path_of, periods_of
from sandtable.scenario.model import Scenario
from sandtable.scenario.run import Result, run
from sandtable.scenario.summary import totals
from sandtable.store.decisions import Decision, DecisionText, Forecast, Score

SCORED = ("units", "share_of_sales")  # profits and the like are in no table of sales
FEWEST = 8
NOMINAL = 0.8
QUANTILES = (0.1, 0.5, 0.9)


@dataclass(frozen=True)
class Calibration:
    """How well one forecaster's figures came true; NaN where there is no case.

    Attributes
    ----------
    forecaster : str
        ``model``, or the name of a planner.
    measure : str
    n : int
        Scored forecasts.
    bias : float
        Mean of forecast over actual, less 1.
    error : float
        Mean absolute miss over the actual figure.
    coverage, coverage_low, coverage_high : float
        Part inside the 80 % intervals, of `n_interval`, with its own 95 % interval.
    pinball : float
        Mean pinball loss of the 10, 50 and 90 % quantiles over the actual figure; of those with an interval.
    sentence : BilingualText
    """

    forecaster: str
    measure: str
    n: int
    bias: float
    error: float
    n_interval: int
    coverage: float
    coverage_low: float
    coverage_high: float
    pinball: float
    sentence: BilingualText

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON; None for what is not known."""
        values = asdict(self) | {"sentence": self.sentence.model_dump()}
        return {
            name: None if isinstance(one, float) and not np.isfinite(one) else one
            for name, one in values.items()
        }


def decision_text(
    scenario: Scenario,
    data_set: DataSet,
    *,
    author: str,
    measure: str = "units",
    expected: Forecast | None = None,
) -> DecisionText:
    """Run a scenario over coming periods and write down what is expected of it.

    Parameters
    ----------
    scenario : Scenario
        All of its periods lie after the last observed one.
    data_set : DataSet
    author : str
    measure : str
        ``units`` or ``share_of_sales`` of the own firm.
    expected : Forecast, optional
        What the author expects; an empty period is the last one of the run.

    Raises
    ------
    InputError
        If a period is observed already, or the measure or the expectation cannot be scored.
    ConvergenceError
        If the run does not converge.
    """
    faults = _faults(scenario, data_set, measure, expected)
    if faults:
        raise InputError(faults)
    result = run(scenario, data_set)
    parameters = open_parameters(scenario, data_set)
    planner: tuple[Forecast, ...] = ()
    if expected is not None:
        period = expected.period or scenario.periods[-1]
        planner = (Forecast(period, expected.value, expected.low, expected.high),)
    return DecisionText(
        title=scenario.title,
        author=author,
        measure=measure,
        firm=result.own_firm,
        data_set=data_set.name,
        data_sha256=data_set.fingerprint,
        parameters=parameters.name,
        parameters_sha256=parameters.fingerprint,
        scenario=scenario.to_dict(),
        scenario_sha256=scenario.sha256,
        model=tuple(_forecasts(result, measure)),
        planner=planner,
    )


def _faults(
    scenario: Scenario, data_set: DataSet, measure: str, expected: Forecast | None
) -> list[Fault]:
    faults = []
    if measure not in SCORED:
        message = f"is '{measure}'; only {' and '.join(SCORED)} can be held against tables of sales"
        faults.append(Fault("decision", "--measure", f"{message}{did_you_mean(measure, SCORED)}"))
    observed = set(periods_of(data_set))
    past = [period for period in scenario.periods if period in observed]
    if past or not scenario.periods:
        last = max(observed)
        message = (
            f"must begin after {last}, the last observed period; a decision is about what comes."
        )
        faults.append(Fault(scenario.title, "horizon", message))
    if expected is None:
        return faults
    if expected.period and expected.period not in scenario.periods:
        message = f"is {expected.period}; the scenario runs {', '.join(scenario.periods)}."
        faults.append(Fault("decision", "--for", message))
    if not (np.isfinite(expected.value) and expected.value > 0):
        faults.append(
            Fault("decision", "--expect", f"is {expected.value:g}; expected a number above 0.")
        )
    low, high = expected.low, expected.high
    if (low is None) != (high is None):
        faults.append(Fault("decision", "--low", "and --high belong together; give both or none."))
    elif low is not None and high is not None and not low <= expected.value <= high:
        message = (
            f"to --high is {low:g} to {high:g}; the expected {expected.value:g} must lie between."
        )
        faults.append(Fault("decision", "--low", message))
    return faults


def _forecasts(result: Result, measure: str) -> list[Forecast]:
    """Return what the run says of each period, with the relative 80 % interval of the base path around it."""
    own = result.own_firm == result.data_set.metadata.own_firm
    found = []
    for item in result.periods:
        value = getattr(totals(item, result.own_firm)[1], measure)
        path = path_of(result.data_set, item.base.period)
        level = path.own_firm_units if measure == "units" else path.own_firm_share
        place = path.periods.index(item.base.period)
        edges = np.array([level.low_80[place], level.high_80[place]]) / level.median[place] * value
        if own and np.isfinite(edges).all():
            found.append(Forecast(item.base.period, value, float(edges[0]), float(edges[1])))
        else:  # the base path knows the error of the data set's own firm alone
            found.append(Forecast(item.base.period, value))
    return found


def actual_figure(data_set: DataSet, firm: str, measure: str, period: str) -> float | None:
    """Return what a firm sold in a period; None when the data set does not hold the period."""
    sales, products = data_set.tables["sales"], data_set.tables["products"]
    then = sales[sales["period"] == period]
    if then.empty:
        return None
    own = then["product"].isin(products.loc[products["firm"] == firm, "product"])
    units, sold = float(then.loc[own, "units"].sum()), float(then["units"].sum())
    return units if measure == "units" else float(share_of_sales(np.array(units), np.array(sold)))


def score(decisions: Sequence[Decision], data_set: DataSet) -> list[Score]:
    """Hold the forecasts of approved decisions against a data set; periods it does not hold are left for later."""
    found = []
    for one in decisions:
        text = one.text
        if one.status != "approved" or text.data_set != data_set.name:
            continue
        for role, forecaster, forecasts in (
            ("model", "model", text.model),
            ("planner", text.author, text.planner),
        ):
            for forecast in forecasts:
                actual = actual_figure(data_set, text.firm, text.measure, forecast.period)
                if actual is not None:
                    found.append(
                        Score(
                            code=one.code,
                            period=forecast.period,
                            role="model" if role == "model" else "planner",
                            forecaster=forecaster,
                            value=forecast.value,
                            low=forecast.low,
                            high=forecast.high,
                            actual=actual,
                            data_sha256=data_set.fingerprint,
                        )
                    )
    return found


def calibrations(decisions: Sequence[Decision], scores: Sequence[Score]) -> list[Calibration]:
    """Say how well each forecaster is calibrated, the model first; planners are told apart by name."""
    measures = {one.code: one.text.measure for one in decisions}
    groups: dict[tuple[bool, str, str], list[Score]] = {}
    for one in scores:
        key = (one.role == "planner", one.forecaster, measures[one.code])
        groups.setdefault(key, []).append(one)
    return [
        _calibration(name, measure, groups[_, name, measure]) for _, name, measure in sorted(groups)
    ]


def _calibration(forecaster: str, measure: str, scores: Sequence[Score]) -> Calibration:
    known = [one for one in scores if one.actual > 0]
    misses = np.array([one.value / one.actual - 1 for one in known])
    ranged = [one for one in known if one.inside is not None]
    hits = sum(bool(one.inside) for one in ranged)
    low, high = wilson(hits, len(ranged))
    nan = float("nan")
    bias = float(misses.mean()) if known else nan
    coverage = hits / len(ranged) if ranged else nan
    return Calibration(
        forecaster=forecaster,
        measure=measure,
        n=len(known),
        bias=bias,
        error=float(np.abs(misses).mean()) if known else nan,
        n_interval=len(ranged),
        coverage=coverage,
        coverage_low=low,
        coverage_high=high,
        pinball=float(np.mean([_pinball(one) for one in ranged])) if ranged else nan,
        sentence=_sentence(forecaster, bias, coverage, (low, high), (len(known), len(ranged))),
    )


def _pinball(one: Score) -> float:
    """Return the mean pinball loss of the three quantiles over the actual figure."""
    edges = np.array([one.low, one.value, one.high], dtype=np.float64)
    gaps = one.actual - edges
    rates = np.array(QUANTILES)
    return float(np.maximum(rates * gaps, (rates - 1) * gaps).mean() / one.actual)


def _sentence(
    forecaster: str,
    bias: float,
    coverage: float,
    reach: tuple[float, float],
    counts: tuple[int, int],
) -> BilingualText:
    n, n_interval = counts
    if n < FEWEST:
        return BilingualText(
            en=f"{forecaster}: {n} scored; below {FEWEST} nothing can be said about calibration.",
            zh=f"{forecaster}：已评分 {n} 个；少于 {FEWEST} 个，不能判断校准程度。",
        )
    en = f"{forecaster}: {abs(bias):.1%} too {'high' if bias > 0 else 'low'} on average, n = {n}"
    zh = f"{forecaster}：平均偏{'高' if bias > 0 else '低'} {abs(bias):.1%}，n = {n}"
    if n_interval < FEWEST:
        return BilingualText(
            en=f"{en}; {n_interval} had an interval, too few to judge.",
            zh=f"{zh}；有区间的仅 {n_interval} 个，不足以判断。",
        )
    if reach[1] < NOMINAL:
        words = ("too narrow", "过窄")
    elif reach[0] > NOMINAL:
        words = ("wider than they need be", "过宽")
    else:
        words = ("as sure as they say", "与所称一致")
    return BilingualText(
        en=f"{en}; 80 % intervals held {coverage:.0%} of {n_interval}: {words[0]}. Months of one decision move "
        "together, so n counts for less.",
        zh=f"{zh}；80 % 区间在 {n_interval} 个中包含 {coverage:.0%}：{words[1]}。"
        "同一决策的各期相互关联，有效样本更少。",
    )
