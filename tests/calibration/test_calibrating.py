"""Planted parameters come back from the numbers they imply; closed forms, errors and verdicts hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from sandtable.calibration import CALIBRATION_RULES, calibrate_data_set, read_calibration_spec
from sandtable.calibration.observed import ObservedPeriod
from sandtable.calibration.rules import judge_calibration
from sandtable.calibration.targets import TargetSpec
from sandtable.data import DataSet
from sandtable.data.parameter_faults import note_inconsistencies
from sandtable.documents import Document
from sandtable.errors import InputError
from sandtable.market.calibration import logit_price_coefficient, price_coefficient_of_margin, show
from sandtable.market.demand import Demand
from sandtable.market.inversion import invert_shares
from sandtable.market.primitives import Tastes
from tests.calibration.conftest import ROOT
from tests.calibration.specs import NESTS, calibration, fixed, target

PLANTED = {
    "price_coefficient": 1.12e-5,
    "price_spread": 0.35,
    "sigma_segment": 0.2,
    "sigma_powertrain": 0.35,
}
NESTED = {"price_coefficient": 9.7e-6, "sigma_segment": 0.2, "sigma_powertrain": 0.35}
PERIOD = "2026-06"


def period(data_set: DataSet) -> ObservedPeriod:
    return ObservedPeriod.of(data_set, PERIOD, NESTS, 7)


def shown(data_set: DataSet, values: dict[str, float], targets: list[TargetSpec]) -> list[float]:
    at = period(data_set)
    wanted = [one.to_target(data_set, at.cells) for one in targets]
    return [float(value) for value in show(at.demand(values), at.market, wanted)]


def truthful(
    data_set: DataSet, values: dict[str, float], *targets: TargetSpec, **error: float
) -> list[dict[str, Any]]:
    found = shown(data_set, values, list(targets))
    return [
        {**one.model_dump(by_alias=True), "value": value, **error}
        for one, value in zip(targets, found, strict=True)
    ]


MARGIN = target("margin", firm="Nova")
SEGMENT = target("second_choice", **{"from": "N5", "to_same": "segment"})
POWERTRAIN = target("second_choice", **{"from": "N5", "to_same": "powertrain"})
DIVERSION = target("diversion", **{"from": "N5", "to": "outside"})


def test_the_planted_price_coefficient_comes_back_from_the_planted_costs(
    premium_ev: DataSet,
) -> None:
    costs = pd.read_csv(ROOT / "market_data" / "premium_ev" / "answer_key" / "costs.csv")
    costs = costs[costs["period"] == PERIOD]
    sales = premium_ev.tables["sales"].query("period == @PERIOD").merge(costs, on="product")
    sales = sales.merge(premium_ev.tables["products"], on="product").query("firm == 'Nova'")
    margin = np.average(1 - sales["cost"] / sales["net_price"], weights=sales["units"])
    spec = calibration(
        model="random_coefficient",
        nests=NESTS,
        free={"price_coefficient": {"start": 3e-6}},
        fixed=fixed(**{name: PLANTED[name] for name in list(PLANTED)[1:]}),
        targets=[target("margin", float(margin), firm="Nova").model_dump(by_alias=True)],
    )
    found = calibrate_data_set(premium_ev, spec)
    assert found.parameter("price_coefficient").value == pytest.approx(1.12e-5, rel=1e-6)
    assert found.verdict.grade == "usable"


@pytest.mark.parametrize(
    ("free", "targets", "planted"),
    [
        ({"price_coefficient": {"start": 4e-5}}, [MARGIN], NESTED),
        ({"price_coefficient": {}}, [target("market_elasticity")], NESTED),
        (
            {"price_coefficient": {}, "sigma_powertrain": {"start": 0.6}},
            [MARGIN, POWERTRAIN],
            NESTED,
        ),
        (
            {
                "price_coefficient": {"start": 3e-5},
                "sigma_segment": {"start": 0.5},
                "sigma_powertrain": {"start": 0.8},
            },
            [MARGIN, SEGMENT, POWERTRAIN],
            NESTED,
        ),
        (
            {"price_coefficient": {}, "price_spread": {"start": 0.8}},
            [MARGIN, DIVERSION],
            PLANTED,
        ),
    ],
    ids=["margin", "market", "one nest", "two nests", "spread"],
)
def test_planted_parameters_come_back_from_a_distorted_start(
    premium_ev: DataSet, free: dict[str, Any], targets: list[TargetSpec], planted: dict[str, float]
) -> None:
    spec = calibration(
        model="random_coefficient" if "price_spread" in planted else "nested_logit",
        nests=NESTS,
        free=free,
        fixed=fixed(**{name: value for name, value in planted.items() if name not in free}),
        targets=truthful(premium_ev, planted, *targets),
    )
    found = calibrate_data_set(premium_ev, spec)
    for name, value in planted.items():
        assert found.parameter(name).value == pytest.approx(value, rel=1e-6), name
    assert found.covariance is None
    assert "without standard errors" in found.notes.en


def test_one_margin_needs_no_search_and_the_search_agrees(us_autos: DataSet) -> None:
    spec = calibration(
        data="us_autos",
        model="logit",
        period="1990",
        free={"price_coefficient": {}},
        known_margins={"over": "products"},
    )
    closed = calibrate_data_set(us_autos, spec)
    assert closed.method == "closed form"
    assert closed.targets[0].shown == pytest.approx(0.24, rel=1e-12)
    # the same target twice asks for a search
    doubled = closed.spec.model_copy(update={"targets": closed.spec.targets * 2})
    searched = calibrate_data_set(us_autos, doubled)
    assert searched.method == "least squares"
    assert searched.parameter("price_coefficient").value == pytest.approx(
        closed.parameter("price_coefficient").value, rel=1e-8
    )


def test_the_closed_form_of_one_product_is_the_textbook_one(us_autos: DataSet) -> None:
    at = ObservedPeriod.of(us_autos, "1990", (), 1)
    code = at.cells.products[0]
    place = target("margin", 0.3, product=code).to_target(us_autos, at.cells)
    price = float(at.market.prices[0, 0])
    mine = at.market.firms == at.market.firms[0]
    expected = logit_price_coefficient(price, 0.7 * price, float(at.market.shares[0, mine].sum()))
    found = price_coefficient_of_margin(
        lambda alpha: Demand(Tastes.common(alpha)), at.market, place, start=1.0
    )
    assert found == pytest.approx(expected, rel=1e-10)


def test_a_second_choice_is_where_buyers_go_when_the_product_is_gone(premium_ev: DataSet) -> None:
    at = period(premium_ev)
    demand = at.demand(PLANTED)
    deltas = invert_shares(demand, at.market.shares, at.market.prices)
    gone = at.cells.products.index("N5")
    without = deltas.copy()
    without[:, gone] = -np.inf
    sizes = at.market.market_sizes
    won = sizes @ (demand.shares(without, at.market.prices) - at.market.shares)
    rival = at.cells.products.index("C3")
    everyone = target("second_choice", **{"from": "N5", "to": "C3", "among": "all"})
    buyers = target("second_choice", **{"from": "N5", "to": "C3"})
    outside = target("second_choice", **{"from": "N5", "to": "outside", "among": "all"})
    among_all, among_buyers, left = shown(premium_ev, PLANTED, [everyone, buyers, outside])
    assert among_all == pytest.approx(won[rival] / -won[gone], rel=1e-12)
    assert among_buyers == pytest.approx(won[rival] / np.delete(won, gone).sum(), rel=1e-12)
    assert among_buyers * (1 - left) == pytest.approx(among_all, rel=1e-12)
    # under one customer type and no nests it is the diversion of a price rise
    plain = ObservedPeriod.of(premium_ev, PERIOD, (), 1)
    pair = [everyone, target("diversion", **{"from": "N5", "to": "C3"})]
    wanted = [one.to_target(premium_ev, plain.cells) for one in pair]
    choice, diversion = show(plain.demand({"price_coefficient": 1e-5}), plain.market, wanted)
    assert choice == pytest.approx(diversion, rel=2e-2)


def test_errors_follow_the_delta_method(premium_ev: DataSet) -> None:
    targets = truthful(premium_ev, NESTED, MARGIN, SEGMENT, POWERTRAIN, DIVERSION)
    for one, error in zip(targets, (0.02, 0.03, 0.04, 0.05), strict=True):
        one["standard_error"] = error
    spec = calibration(
        model="nested_logit",
        nests=NESTS,
        free={name: {} for name in NESTED},
        targets=targets,
    )
    found = calibrate_data_set(premium_ev, spec)
    assert found.covariance is not None
    names = found.covariance_names
    wanted = [TargetSpec.model_validate(one) for one in targets]
    columns = []
    for name in names:
        step = 1e-6 * NESTED[name]
        up = shown(premium_ev, {**NESTED, name: NESTED[name] + step}, wanted)
        down = shown(premium_ev, {**NESTED, name: NESTED[name] - step}, wanted)
        columns.append((np.array(up) - np.array(down)) / (2 * step))
    slopes = np.array(columns).T
    precision = np.diag([error**-2 for error in (0.02, 0.03, 0.04, 0.05)])
    expected = np.linalg.inv(slopes.T @ precision @ slopes)
    np.testing.assert_allclose(found.covariance, expected, rtol=1e-4)
    assert found.parameter("sigma_segment").standard_error == pytest.approx(
        np.sqrt(expected[1, 1]), rel=1e-4
    )


def test_weights_count_in_the_errors_too(premium_ev: DataSet) -> None:
    targets = truthful(premium_ev, NESTED, MARGIN, target("elasticity"), standard_error=0.02)

    def error(weight: float) -> float:
        spec = calibration(
            model="nested_logit",
            nests=NESTS,
            free={"price_coefficient": {}},
            fixed=fixed(sigma_segment=0.2, sigma_powertrain=0.35),
            targets=[{**targets[0], "weight": weight}, targets[1]],
        )
        value = calibrate_data_set(premium_ev, spec).parameter("price_coefficient").standard_error
        assert value is not None
        return value

    # equal weights are the best ones: others cannot have a smaller error
    assert error(1.0) < error(50.0)
    assert error(1.0) < error(1e4)


def test_a_miss_beyond_its_errors_is_told_and_one_within_is_not(premium_ev: DataSet) -> None:
    def verdict(standard_error: float | None) -> Any:
        error = {} if standard_error is None else {"standard_error": standard_error}
        spec = calibration(
            model="nested_logit",
            nests=NESTS,
            free={"price_coefficient": {}},
            fixed=fixed(sigma_segment=0.2, sigma_powertrain=0.35),
            targets=[
                target("margin", 0.28, firm="Nova", **error).model_dump(by_alias=True),
                target("margin", 0.40, firm="Lyra", **error).model_dump(by_alias=True),
            ],
        )
        return calibrate_data_set(premium_ev, spec)

    plain, sure, unsure = verdict(None), verdict(0.005), verdict(0.2)
    assert plain.verdict.grade == "with_care"
    assert plain.targets[0].miss > 0.05 > -0.05 > plain.targets[1].miss
    assert {one.fact for one in sure.verdict.findings} == {"largest_miss", "target_conflict_p"}
    assert unsure.verdict.grade == "usable"


def test_targets_that_cannot_tell_parameters_apart_are_refused(premium_ev: DataSet) -> None:
    # the elasticity of one product and of the same product again
    pair = truthful(premium_ev, NESTED, target("elasticity", product="N5")) * 2
    spec = calibration(
        model="nested_logit",
        nests=NESTS,
        free={"price_coefficient": {}, "sigma_powertrain": {}},
        fixed=fixed(sigma_segment=0.2),
        targets=[{**one, "standard_error": 0.1} for one in pair],
    )
    found = calibrate_data_set(premium_ev, spec)
    assert found.verdict.grade == "refuse"
    assert "identification" in {one.fact for one in found.verdict.findings}
    assert found.covariance is None
    assert found.to_parameter_set().title.en == "Refused calibration: Tried"


def test_a_parameter_on_its_bound_is_told(premium_ev: DataSet) -> None:
    spec = calibration(
        model="nested_logit",
        nests=["segment"],
        free={"price_coefficient": {}, "sigma_segment": {"high": 0.3}},
        targets=truthful(
            premium_ev, {**NESTED, "sigma_segment": 0.5, "sigma_powertrain": 0.5}, MARGIN, SEGMENT
        ),
    )
    found = calibrate_data_set(premium_ev, spec)
    assert found.parameter("sigma_segment").value == pytest.approx(0.3, abs=1e-3)
    assert "parameters_at_bound" in {one.fact for one in found.verdict.findings}


def test_the_shipped_price_coefficients_of_us_autos_are_reproduced(us_autos: DataSet) -> None:
    folder = ROOT / "market_data" / "us_autos" / "calibrations"
    for name, shipped in (
        ("nested_margin", "nested"),
        ("random_coefficient_margin", "random_coefficient"),
    ):
        found = calibrate_data_set(
            us_autos, read_calibration_spec(folder / f"{name}.yaml", us_autos)
        )
        alpha = us_autos.parameter_sets[shipped].price_coefficient.value
        # written with two digits
        assert found.parameter("price_coefficient").value == pytest.approx(alpha, abs=0.005)
        assert found.verdict.grade == "usable"


@pytest.mark.parametrize("name", ["margin_and_elasticity", "margin_and_second_choices"])
def test_the_shipped_specs_of_premium_ev_find_its_nested_parameters(
    premium_ev: DataSet, name: str
) -> None:
    path = ROOT / "market_data" / "premium_ev" / "calibrations" / f"{name}.yaml"
    found = calibrate_data_set(premium_ev, read_calibration_spec(path, premium_ev))
    planted = premium_ev.parameter_sets["nested"].named()
    assert found.verdict.grade == "usable"
    for one in found.parameters:
        if one.free:
            assert one.standard_error is not None
            assert abs(one.value - planted[one.name].value) < 2 * one.standard_error, one.name


def test_the_written_set_holds_targets_verdict_sources_and_covariance(premium_ev: DataSet) -> None:
    path = ROOT / "market_data" / "premium_ev" / "calibrations" / "margin_and_elasticity.yaml"
    found = calibrate_data_set(premium_ev, read_calibration_spec(path, premium_ev))
    written = found.to_parameter_set()
    document = Document("x", None, {}, "")
    note_inconsistencies(document, written, "margin_and_elasticity")
    document.finish()
    assert [(one.kind, one.what, one.wanted) for one in written.targets] == [
        ("margin", "firm Nova", 0.28),
        ("elasticity", "N5", -3.7),
    ]
    assert written.covariance is not None
    assert written.covariance.names == ["price_coefficient"]
    assert found.spec.sha256 in written.price_coefficient.source
    assert written.price_coefficient.grade == "judgement"
    assert written.sigmas[0].source == "Planted by the generator; see answer_key.yaml"
    assert (
        written.notes.en == "Calibrated to 2 known number(s) of 2026-06 by least squares; usable."
    )


def test_a_miss_that_is_not_its_own_is_refused(premium_ev: DataSet) -> None:
    path = ROOT / "market_data" / "premium_ev" / "calibrations" / "margin_and_elasticity.yaml"
    written = calibrate_data_set(
        premium_ev, read_calibration_spec(path, premium_ev)
    ).to_parameter_set()
    wrong = written.targets[0].model_copy(update={"miss": 0.5})
    document = Document("x.yaml", None, {}, "")
    changed = written.model_copy(update={"targets": [wrong]})
    note_inconsistencies(document, changed, "margin_and_elasticity")
    with pytest.raises(InputError, match=r"x.yaml, targets\[0\].miss: is 0.5, but 0.279345 shown"):
        document.finish()


SOUND: dict[str, float | None] = {
    "largest_miss": 0.0,
    "target_conflict_p": 0.5,
    "identification": 0.3,
    "parameters_at_bound": 0.0,
    "price_t": 9.0,
    "highest_sigma": 0.5,
    "inelastic_rate": 0.0,
    "median_own_elasticity": -3.5,
    "negative_cost_rate": 0.0,
}


@pytest.mark.parametrize(
    "rule", CALIBRATION_RULES, ids=lambda rule: f"{rule.fact} {rule.sign} {rule.threshold:g}"
)
def test_each_rule_bites_beyond_its_threshold_and_not_before(rule: Any) -> None:
    towards = 1e-9 if rule.sign in (">", ">=") else -1e-9
    assert judge_calibration(SOUND).grade == "usable"
    beyond = judge_calibration({**SOUND, rule.fact: rule.threshold + towards})
    assert [one.grade for one in beyond.findings if one.fact == rule.fact] == [rule.grade]
    assert "{" not in beyond.findings[0].en + beyond.findings[0].zh
    before = judge_calibration({**SOUND, rule.fact: rule.threshold - towards})
    graver = [one for one in before.findings if one.fact == rule.fact and one.grade == rule.grade]
    assert graver == []
