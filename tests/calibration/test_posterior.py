"""Posteriors of real parameter sets: elasticities as priors, money units, order, conflict, labels."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from sandtable.calibration import (
    POSTERIOR_RULES,
    combine_with_priors,
    read_literature,
    read_posterior_spec,
)
from sandtable.calibration.observed import ObservedPeriod
from sandtable.calibration.rules import judge_posterior
from sandtable.data import DataSet
from sandtable.data.parameter_faults import note_inconsistencies
from sandtable.data.parameter_files import read_parameters
from sandtable.documents import Document, read_document
from sandtable.errors import InputError
from sandtable.market.calibration import show
from tests.calibration.conftest import ROOT
from tests.calibration.specs import SAID, about, parameter_set, plan, target

FOLDER = ROOT / "market_data" / "premium_ev" / "posteriors"
VALUES = {"price_coefficient": 9.2e-6, "sigma_segment": 0.19, "sigma_powertrain": 0.25}
SCALES = np.array([1.6e-6, 0.05, 0.07])
COVARIANCE = np.outer(SCALES, SCALES) * np.array([[1, 0.1, 0.1], [0.1, 1, 0.7], [0.1, 0.7, 1]])
LOGIT = {"price_coefficient": 1.2e-5}


def estimated(grade: str | None = None, **moved: float) -> Any:
    return parameter_set({**VALUES, **moved}, COVARIANCE, grade=grade)


def logit(error: float = 4e-6) -> Any:
    return parameter_set(LOGIT, [[error**2]], model="logit", nests=[])


def test_an_elasticity_prior_of_a_logit_is_a_prior_on_the_price_coefficient(
    premium_ev: DataSet,
) -> None:
    at = ObservedPeriod.of(premium_ev, "2026-06", (), 1)
    per_unit = (
        float(
            show(
                at.demand(LOGIT), at.market, [target("elasticity").to_target(premium_ev, at.cells)]
            )[0]
        )
        / LOGIT["price_coefficient"]
    )
    prior = {"target": {"kind": "elasticity", "value": -4.0, "standard_error": 0.8, **SAID}}
    found = combine_with_priors(premium_ev, plan(premium_ev, logit(), prior))
    # ln |elasticity| is ln alpha plus a constant: two normals on the line
    precisions = np.array([(4e-6 / 1.2e-5) ** -2, 0.2**-2])
    logs = np.array([np.log(1.2e-5), np.log(-4.0 / per_unit)])
    expected = np.exp(precisions @ logs / precisions.sum())
    alpha = found.parameter("price_coefficient")
    assert alpha.value == pytest.approx(expected, rel=1e-8)
    assert alpha.standard_error == pytest.approx(expected / np.sqrt(precisions.sum()), rel=1e-6)
    assert alpha.data_weight == pytest.approx(precisions[0] / precisions.sum(), rel=1e-6)
    assert found.priors[0].by_posterior == pytest.approx(expected * per_unit, rel=1e-8)


def test_a_row_of_the_literature_is_the_same_prior_written_out(premium_ev: DataSet) -> None:
    row = {one.name: one for one in read_literature()}["new_cars_own_elasticity"]
    named = combine_with_priors(premium_ev, plan(premium_ev, estimated(), {"literature": row.name}))
    written = {
        "target": {
            "kind": "elasticity",
            "value": row.value,
            "standard_error": row.standard_error,
            **SAID,
        }
    }
    same = combine_with_priors(premium_ev, plan(premium_ev, estimated(), written))
    np.testing.assert_allclose(named.covariance, same.covariance, rtol=1e-12)
    assert [one.value for one in named.parameters] == [one.value for one in same.parameters]
    assert "quoted from memory" in named.to_parameter_set().price_coefficient.source


def test_wide_priors_give_the_estimate_and_sharp_ones_the_prior(premium_ev: DataSet) -> None:
    wide = [about(name, value * 1.5, 1e9) for name, value in VALUES.items()]
    found = combine_with_priors(premium_ev, plan(premium_ev, estimated(), *wide))
    for name, value in VALUES.items():
        assert found.parameter(name).value == pytest.approx(value, rel=1e-9)
        assert found.parameter(name).data_weight == pytest.approx(1.0)
    np.testing.assert_allclose(found.covariance, COVARIANCE, rtol=1e-9)
    sharp = [about(name, value * 1.1, value * 1e-9) for name, value in VALUES.items()]
    found = combine_with_priors(premium_ev, plan(premium_ev, estimated(), *sharp))
    for name, value in VALUES.items():
        assert found.parameter(name).value == pytest.approx(value * 1.1, rel=1e-6)
        assert found.parameter(name).data_weight == pytest.approx(0.0, abs=1e-9)


def test_a_calibrated_set_is_a_joint_prior(premium_ev: DataSet) -> None:
    other = {"price_coefficient": 1.0e-5, "sigma_segment": 0.25, "sigma_powertrain": 0.3}
    scales = np.array([1e-6, 0.1, 0.05])
    noise = np.outer(scales, scales) * (0.3 + 0.7 * np.eye(3))
    sets = {"calibrated": parameter_set(other, noise)}
    found = combine_with_priors(
        premium_ev, plan(premium_ev, estimated(), {"parameters": "calibrated"}, **sets)
    )
    ends = np.array([9.2e-6, 1, 1]), np.array([1.0e-5, 1, 1])
    before, prior = (
        np.linalg.inv(matrix / np.outer(end, end))
        for matrix, end in zip((COVARIANCE, noise), ends, strict=True)
    )
    means = np.array([np.log(9.2e-6), 0.19, 0.25]), np.array([np.log(1e-5), 0.25, 0.3])
    expected = np.linalg.solve(before + prior, before @ means[0] + prior @ means[1])
    expected[0] = np.exp(expected[0])
    np.testing.assert_allclose([one.value for one in found.parameters], expected, rtol=1e-9)


def test_the_money_unit_changes_nothing_but_the_unit(premium_ev: DataSet) -> None:
    priors: list[dict[str, Any]] = [
        {"literature": "new_cars_own_elasticity"},
        {
            "target": {
                "kind": "margin",
                "firm": "Nova",
                "value": 0.3,
                "standard_error": 0.03,
                **SAID,
            }
        },
    ]
    found = combine_with_priors(premium_ev, plan(premium_ev, estimated(), *priors))
    sales = premium_ev.tables["sales"]
    sales = sales.assign(net_price=sales["net_price"] / 1e4, list_price=sales["list_price"] / 1e4)
    thousands = DataSet(**{**vars(premium_ev), "tables": {**premium_ev.tables, "sales": sales}})
    rates = np.array([1e4, 1, 1])
    scaled = parameter_set(
        {**VALUES, "price_coefficient": 9.2e-2}, COVARIANCE * np.outer(rates, rates)
    )
    again = combine_with_priors(thousands, plan(thousands, scaled, *priors))
    for one, other, rate in zip(found.parameters, again.parameters, rates, strict=True):
        assert other.value == pytest.approx(one.value * rate, rel=1e-7)
        assert other.standard_error == pytest.approx(one.standard_error * rate, rel=1e-6)
        assert other.data_weight == pytest.approx(one.data_weight, rel=1e-6)
    assert again.conflict_p == pytest.approx(found.conflict_p, rel=1e-6)


def test_data_against_priors_is_told_and_agreement_is_not(premium_ev: DataSet) -> None:
    def verdict(value: float) -> Any:
        prior = about("price_coefficient", value, value * 0.1)
        return combine_with_priors(premium_ev, plan(premium_ev, estimated(), prior))

    near, far = verdict(9.5e-6), verdict(3e-5)
    assert near.verdict.grade == "usable"
    assert far.verdict.grade == "with_care"
    assert far.conflict_degrees == 1
    assert far.verdict.findings[0].fact == "conflict_p"
    assert far.verdict.findings[0].en.startswith("Data and priors contradict each other (p ")


def test_sigmas_out_of_order_are_named_and_never_written(premium_ev: DataSet) -> None:
    priors = [about("sigma_segment", 0.6, 0.001), about("sigma_powertrain", 0.3, 0.001)]
    found = combine_with_priors(premium_ev, plan(premium_ev, estimated(), *priors))
    assert found.verdict.grade == "refuse"
    assert "The outer nesting parameter exceeds the inner one by 0.3" in " ".join(
        one.en for one in found.verdict.findings
    )
    with pytest.raises(InputError, match=r"no demand has these parameters\. The outer nesting"):
        found.to_parameter_set()
    json.dumps(found.to_dict(), allow_nan=False)


@pytest.mark.parametrize(
    ("grade", "error", "expected"),
    [
        ("refuse", 1.0, "refuse"),
        ("refuse", 0.02, "with_care"),
        ("with_care", 1.0, "with_care"),
        ("with_care", 0.02, "usable"),
        ("usable", 1.0, "usable"),
    ],
)
def test_the_label_of_an_estimate_stays_as_far_as_its_weight(
    premium_ev: DataSet, grade: str, error: float, expected: str
) -> None:
    prior = about("price_coefficient", 9.5e-6, 9.5e-6 * error)
    found = combine_with_priors(premium_ev, plan(premium_ev, estimated(grade), prior))
    assert found.verdict.grade == expected
    if expected == "refuse":
        assert found.to_parameter_set().title.en == "Refused posterior: Tried"


def test_a_parameter_without_an_error_stays_as_it_is(premium_ev: DataSet) -> None:
    partial = parameter_set(VALUES, COVARIANCE[:1, :1], varied=["price_coefficient"])
    found = combine_with_priors(
        premium_ev, plan(premium_ev, partial, {"literature": "new_cars_own_elasticity"})
    )
    written = found.to_parameter_set()
    assert [one.name for one in found.parameters] == ["price_coefficient"]
    assert [one.value for one in written.sigmas] == [0.19, 0.25]
    assert written.price_coefficient.value > VALUES["price_coefficient"]


def test_the_shipped_posteriors_come_nearer_to_the_planted_elasticity(premium_ev: DataSet) -> None:
    key = read_document(ROOT / "market_data" / "premium_ev" / "answer_key.yaml").value
    month = premium_ev.tables["sales"].query("period == @key['last_month']['period']")
    own = month["product"].map(key["last_month"]["own_elasticities"])
    planted = np.average(own, weights=month["units"])
    for path in sorted(FOLDER.glob("*.yaml")):
        found = combine_with_priors(premium_ev, read_posterior_spec(path, premium_ev))
        alpha = found.parameter("price_coefficient")
        (market,) = [one for one in found.priors if one.what.startswith("elasticity")]
        assert abs(market.by_posterior - planted) < abs(market.by_estimate - planted)
        assert alpha.standard_error < alpha.estimated_error
        written = found.to_parameter_set()
        document = Document("x", None, {}, "")
        note_inconsistencies(document, written, path.stem)
        document.finish()
        assert written.diagnosis is not None
        assert written.diagnosis.method == "posterior"
        assert written.diagnosis.n == 21_456
        assert written.diagnosis.numbers["data_weight_price_coefficient"] == alpha.data_weight


def test_the_shipped_estimate_is_what_its_spec_finds() -> None:
    from sandtable.data import load_data_set
    from sandtable.estimation import estimate, read_spec

    data = load_data_set(FOLDER.parent, tables={"products", "sales", "market", "media"})
    found = estimate(data, read_spec(FOLDER.parent / "estimates" / "nested_2sls.yaml", data))
    shipped = read_parameters(FOLDER / "estimated" / "nested_2sls.yaml")
    for name, one in shipped.named().items():
        assert found.coefficient(name).value == pytest.approx(one.value, rel=1e-6)
        assert found.coefficient(name).standard_error == pytest.approx(one.standard_error, rel=1e-6)
    assert found.data_sha256 in shipped.price_coefficient.source


SOUND: dict[str, float | None] = {
    "price_t": 9.0,
    "lowest_sigma": 0.2,
    "highest_sigma": 0.5,
    "sigma_disorder": -0.3,
    "conflict_p": 0.5,
    "weight_of_refused_estimate": 0.0,
    "weight_of_careful_estimate": 0.2,
    "inelastic_rate": 0.0,
    "median_own_elasticity": -3.5,
    "negative_cost_rate": 0.0,
}


@pytest.mark.parametrize(
    "rule", POSTERIOR_RULES, ids=lambda rule: f"{rule.fact} {rule.sign} {rule.threshold:g}"
)
def test_each_rule_bites_beyond_its_threshold_and_not_before(rule: Any) -> None:
    towards = 1e-9 if rule.sign in (">", ">=") else -1e-9
    assert judge_posterior(SOUND).grade == "usable"
    beyond = judge_posterior({**SOUND, rule.fact: rule.threshold + towards})
    assert [one.grade for one in beyond.findings if one.fact == rule.fact] == [rule.grade]
    assert "{" not in beyond.findings[0].en + beyond.findings[0].zh
    before = judge_posterior({**SOUND, rule.fact: rule.threshold - towards})
    assert not [one for one in before.findings if one.fact == rule.fact and one.grade == rule.grade]
