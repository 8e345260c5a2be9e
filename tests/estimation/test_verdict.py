"""The verdict follows the written rules, the documentation lists them, and no label is ever lost on the way to a file."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from sandtable.data import DataSet, load_data_set
from sandtable.data.parameter_files import read_parameters, write_parameters
from sandtable.errors import InputError
from sandtable.estimation import RULES, Estimate, estimate
from sandtable.estimation.rules import RATES, judge
from sandtable.market.demand import Demand
from sandtable.market.elasticities import price_elasticities
from sandtable.market.inversion import invert_shares
from sandtable.market.primitives import Tastes
from sandtable.market.supply import marginal_costs
from tests.estimation.conftest import ROOT
from tests.estimation.simulated import Truth, simulate
from tests.estimation.specs import SUMS, simulated_spec, spec_of

SOUND: dict[str, float | None] = {
    "price_coefficient": 0.8,
    "price_t": 9.0,
    "lowest_sigma": 0.2,
    "highest_sigma": 0.5,
    "sigma_disorder": -0.3,
    "parameters_at_edge": 0.0,
    "starts_disagree": 0.0,
    "instrumented": 1.0,
    "weakest_f": 40.0,
    "over_identification_p": 0.4,
    "inelastic_rate": 0.0,
    "median_own_elasticity": -3.5,
    "negative_cost_rate": 0.0,
    "clusters": 60.0,
    "dropped_rate": 0.0,
}


@pytest.fixture(scope="module")
def refused(us_autos: DataSet) -> Estimate:
    return estimate(us_autos, spec_of(name="refused"))


def test_sound_facts_are_usable_and_facts_that_do_not_apply_are_skipped() -> None:
    assert judge(SOUND).grade == "usable"
    assert judge(dict.fromkeys(SOUND)).grade == "usable"


@pytest.mark.parametrize(
    "rule", RULES, ids=lambda rule: f"{rule.fact} {rule.sign} {rule.threshold:g}"
)
def test_each_rule_bites_beyond_its_threshold_and_not_before(rule: object) -> None:
    small = 1e-6
    towards = -small if rule.sign in ("<", "<=") else small
    beyond = judge({**SOUND, rule.fact: rule.threshold + towards})
    findings = [one for one in beyond.findings if one.fact == rule.fact]
    assert [one.grade for one in findings] == [rule.grade]
    assert "{" not in findings[0].en + findings[0].zh
    assert findings[0].en.endswith(".")
    assert findings[0].zh.endswith("。")
    before = judge({**SOUND, rule.fact: rule.threshold - towards})
    stricter = [
        one for one in RULES if one.fact == rule.fact and one.broken(rule.threshold - towards)
    ]
    assert len(before.findings) == min(len(stricter), 1)


def test_the_gravest_finding_decides_and_each_fact_speaks_once() -> None:
    verdict = judge({**SOUND, "inelastic_rate": 0.7, "clusters": 12.0})
    assert verdict.grade == "refuse"
    assert [one.fact for one in verdict.findings] == ["inelastic_rate", "clusters"]
    assert verdict.findings[0].en.startswith("Own elasticity is below 1 in size in 70.0 % of")


def test_the_documentation_lists_the_rules_as_they_are() -> None:
    text = (ROOT / "docs" / "estimation.md").read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| `(\w+)` \| (<=|>=|<|>) \| ([\d.e%\- ]+) \| (\w+) \|", text, re.MULTILINE
    )
    expected = [
        (
            rule.fact,
            rule.sign,
            f"{100 * rule.threshold:g} %" if rule.fact in RATES else f"{rule.threshold:g}",
            rule.grade,
        )
        for rule in RULES
    ]
    assert rows == expected


def test_the_textbook_least_squares_are_refused_with_reasons(refused: Estimate) -> None:
    assert refused.verdict.grade == "refuse"
    assert {one.fact for one in refused.verdict.findings} == {
        "instrumented",
        "inelastic_rate",
        "negative_cost_rate",
    }


def test_the_facts_are_those_of_the_market_model(us_autos: DataSet) -> None:
    found = estimate(us_autos, spec_of(method="2sls", instruments=SUMS))
    alpha = found.coefficient("price_coefficient").value
    sales = us_autos.tables["sales"].merge(us_autos.tables["market"], on=["period", "region"])
    sales = sales.merge(us_autos.tables["products"], on="product")
    elasticities, costs = [], []
    for _, year in sales.groupby("period"):
        demand = Demand(Tastes.common(alpha))
        shares = (year["units"] / year["market_size"]).to_numpy()[None]
        prices = year["net_price"].to_numpy()[None]
        deltas = invert_shares(demand, shares, prices)
        firms = np.unique(year["firm"], return_inverse=True)[1]
        jacobian = demand.price_jacobian(deltas, prices)
        elasticities += np.diagonal(price_elasticities(jacobian, shares, prices)[0]).tolist()
        costs += marginal_costs(
            demand, deltas, prices, firms=firms, market_sizes=np.ones(1), national=True
        )[0].tolist()
    facts = found.diagnosis.facts
    assert facts["inelastic_rate"] == pytest.approx(np.mean(np.array(elasticities) > -1))
    assert facts["median_own_elasticity"] == pytest.approx(np.median(elasticities))
    assert facts["negative_cost_rate"] == pytest.approx(np.mean(np.array(costs) < 0))
    assert found.diagnosis.n_observations == 2217
    assert found.diagnosis.n_cells == 20


def test_a_refused_estimate_is_labelled_in_its_file_wherever_one_looks(
    tmp_path: Path, refused: Estimate
) -> None:
    folder = tmp_path / "us_autos"
    ignored = shutil.ignore_patterns("*.py", "__pycache__", "names.yaml", "estimates")
    shutil.copytree(ROOT / "market_data" / "us_autos", folder, ignore=ignored)
    path = write_parameters(refused.to_parameter_set(), folder / "parameters")
    assert path == folder / "parameters" / "refused.yaml"
    read = load_data_set(folder).parameter_sets["refused"]
    assert read == refused.to_parameter_set()
    assert read.verdict is not None
    assert read.verdict.grade == "refuse"
    assert [reason.en for reason in read.verdict.reasons] == [
        finding.en for finding in refused.verdict.findings
    ]
    assert read.title.en == "Refused estimate: Tried"
    assert read.title.zh == "不予采用的估计：试"
    assert "refused; do not use it for decisions" in read.notes.en
    assert "请勿用于决策" in read.notes.zh


def test_a_parameter_set_carries_values_errors_covariance_and_sources() -> None:
    truth = Truth(spread=0.0, sigmas=(0.2, 0.5), n_regions=300)
    spec = simulated_spec(model="nested_logit", nests=["segment", "powertrain"])
    found = estimate(simulate(3, truth), spec)
    written = found.to_parameter_set()
    assert written.title.en == "Tried"
    assert list(written.named()) == ["price_coefficient", "sigma_segment", "sigma_powertrain"]
    for name, parameter in written.named().items():
        coefficient = found.coefficient(name)
        assert parameter.value == coefficient.value
        assert parameter.standard_error == coefficient.standard_error
        assert parameter.grade == "estimated"
        assert spec.sha256 in parameter.source
        assert found.data_sha256 in parameter.source
    assert written.covariance is not None
    np.testing.assert_array_equal(written.covariance.matrix, found.covariance[:3, :3])


def test_a_parameter_set_carries_the_diagnosis_of_its_estimate(
    tmp_path: Path, us_autos: DataSet
) -> None:
    found = estimate(us_autos, spec_of(name="diagnosed", method="2sls", instruments=SUMS))
    written = found.to_parameter_set()
    assert written.targets == []
    assert written.diagnosis is not None
    assert (written.diagnosis.method, written.diagnosis.n) == ("2sls", 2217)
    numbers, diagnosis = written.diagnosis.numbers, found.diagnosis
    assert numbers["first_stage_f_price"] == diagnosis.first_stages[0].f_statistic
    assert numbers["negative_cost_rate"] == diagnosis.facts["negative_cost_rate"]
    assert diagnosis.over_identification is not None
    assert numbers["over_identification_p"] == diagnosis.over_identification.p_value
    assert numbers["over_identification_degrees"] == diagnosis.over_identification.degrees
    assert numbers["own_elasticity_p50"] == diagnosis.own_elasticities["50 %"]
    assert numbers["margin_p95"] == diagnosis.margins["95 %"]
    # what does not apply is left out rather than invented
    assert "highest_sigma" not in numbers
    path = write_parameters(found.to_parameter_set(), tmp_path)
    assert read_parameters(path) == written
    assert "targets" not in path.read_text(encoding="utf-8")


def test_the_hash_of_the_data_follows_its_tables_and_not_its_parameter_sets(
    us_autos: DataSet, refused: Estimate
) -> None:
    same = DataSet(**{**vars(us_autos), "sha256": "1" * 64})
    assert estimate(same, refused.spec).data_sha256 == refused.data_sha256
    sales = us_autos.tables["sales"].assign(units=us_autos.tables["sales"]["units"] * 1.01)
    moved = DataSet(**{**vars(us_autos), "tables": {**us_autos.tables, "sales": sales}})
    assert estimate(moved, refused.spec).data_sha256 != refused.data_sha256


def test_parameters_that_no_demand_has_are_never_written(us_autos: DataSet) -> None:
    sales = us_autos.tables["sales"]
    moved = sales.assign(net_price=sales["units"] / 1e5 + 1)
    data = DataSet(**{**vars(us_autos), "tables": {**us_autos.tables, "sales": moved}})
    found = estimate(data, spec_of())
    assert found.coefficient("price_coefficient").value < 0
    assert found.verdict.grade == "refuse"
    with pytest.raises(InputError, match=r"no demand has these parameters.*would sell better"):
        found.to_parameter_set()


def test_the_result_page_is_plain_json_in_full_precision(refused: Estimate) -> None:
    page = json.loads(json.dumps(refused.to_dict(), allow_nan=False))
    price = refused.coefficient("price_coefficient")
    assert page["coefficients"][0]["value"] == price.value
    assert page["coefficients"][0]["interval_95"] == list(price.interval)
    assert page["verdict"]["grade"] == "refuse"
    assert page["spec"]["name"] == "refused"
    assert page["diagnosis"]["own_elasticities"]["50 %"] < 0
