"""Every fault of a spec is refused with its sentence, all of them at once, before anything is computed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sandtable.data import DataSet
from sandtable.documents import read_document
from sandtable.errors import InputError
from sandtable.estimation import estimate, read_spec
from tests.estimation.conftest import ROOT
from tests.estimation.specs import SUMS, spec_of

BROKEN = read_document(Path(__file__).with_name("broken.yaml")).value
SOUND = """\
schema: 1
name: tried
title: {en: Tried, zh: 试}
data: premium_ev
model: nested_logit
method: 2sls
nests: [segment, powertrain]
characteristics: [power_kw, advertising]
advertising: {carry_over: 0.5}
effects: [period]
clusters: product
cost_shifters: [battery_index * battery_kwh]
instruments:
  - cost_shifters
  - {name: rival_characteristics, of: [power_kw], within: segment}
"""


def refusal(path: Path, data_set: DataSet) -> list[str]:
    with pytest.raises(InputError) as caught:
        read_spec(path, data_set)
    return [str(fault).removeprefix(f"{path.parent}/") for fault in caught.value.faults]


def test_the_spec_that_the_faults_are_planted_in_is_sound(
    tmp_path: Path, premium_ev: DataSet
) -> None:
    path = tmp_path / "tried.yaml"
    path.write_text(SOUND, encoding="utf-8")
    assert read_spec(path, premium_ev).nests == ["segment", "powertrain"]


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case["fault"][:70])
def test_a_broken_spec_is_refused_with_its_sentence(
    tmp_path: Path, premium_ev: DataSet, case: dict[str, str]
) -> None:
    path = tmp_path / "tried.yaml"
    assert case["replace"] in SOUND
    text = SOUND.replace(case["replace"], case["by"], 1)
    if "regions: [Fujian]" in text:  # a key cannot stand inside the list of instruments
        text = text.replace("\nregions: [Fujian]", "", 1) + "regions: [Fujian]\n"
    path.write_text(text, encoding="utf-8")
    faults = refusal(path, premium_ev)
    assert any(fault.startswith(case["fault"]) for fault in faults), faults


def test_all_faults_come_at_once_in_file_order(tmp_path: Path, premium_ev: DataSet) -> None:
    text = SOUND.replace("power_kw, adv", "power, adv").replace("[period]", "[perod]")
    text = text.replace("clusters: product", "clusters: produkt").replace("- cost_sh", "- cost_s")
    path = tmp_path / "tried.yaml"
    path.write_text(text.replace("nests: [segment,", "nests: [segmet,"), encoding="utf-8")
    assert [fault.split(": ")[0] for fault in refusal(path, premium_ev)] == [
        "tried.yaml, nests[0]",
        "tried.yaml, characteristics[0]",
        "tried.yaml, effects[0]",
        "tried.yaml, clusters",
        "tried.yaml, instruments[0].name",
    ]


@pytest.mark.parametrize("path", sorted(ROOT.glob("market_data/*/estimates/*.yaml")), ids=str)
def test_the_shipped_specs_are_sound(path: Path, premium_ev: DataSet, us_autos: DataSet) -> None:
    sets = {"premium_ev": premium_ev, "us_autos": us_autos}
    assert read_spec(path, sets[path.parents[1].name]).name == path.stem


def test_a_spec_made_in_python_is_held_against_the_data_too(us_autos: DataSet) -> None:
    with pytest.raises(InputError) as caught:
        estimate(us_autos, spec_of(characteristics=["hpwd"], effects=["brnd"]))
    assert [str(fault) for fault in caught.value.faults] == [
        "estimation spec 'tried', characteristics[0]: no numeric column is called 'hpwd'; did you mean 'hpwt'?",
        "estimation spec 'tried', effects[0]: no group is called 'brnd'; did you mean 'brand'?",
    ]


def test_a_characteristic_that_the_effects_swallow_is_refused(premium_ev: DataSet) -> None:
    spec = spec_of(data="premium_ev", characteristics=["power_kw"], effects=["product"])
    with pytest.raises(InputError, match="'power_kw' says nothing that the effects and the other"):
        estimate(premium_ev, spec)


def test_too_few_instruments_are_refused_with_their_number(us_autos: DataSet) -> None:
    spec = spec_of(
        method="2sls",
        model="nested_logit",
        nests=["origin"],
        instruments=[{"name": "rival_characteristics", "of": ["constant"]}],
    )
    with pytest.raises(InputError, match=r"leaves 1 independent instrument\(s\) for 2 endogenous"):
        estimate(us_autos, spec)


def test_two_step_weights_need_more_clusters_than_conditions(us_autos: DataSet) -> None:
    spec = spec_of(method="gmm", instruments=SUMS, clusters="origin")
    with pytest.raises(InputError, match="gives 3 clusters for 13 moment conditions; two-step gmm"):
        estimate(us_autos, spec)
    found = estimate(us_autos, spec_of(method="2sls", instruments=SUMS, clusters="origin"))
    assert found.diagnosis.over_identification is None
    assert "clusters" in {one.fact for one in found.verdict.findings}


def test_a_market_that_is_too_small_is_refused(us_autos: DataSet) -> None:
    with pytest.raises(InputError, match="take the whole market, so that nothing is left for"):
        estimate(us_autos, spec_of(market={"times": 0.05}))


def test_empty_cells_of_a_column_are_counted(us_autos: DataSet) -> None:
    sales = us_autos.tables["sales"].copy()
    sales.loc[[3, 5], "air"] = np.nan
    broken = DataSet(**{**vars(us_autos), "tables": {**us_autos.tables, "sales": sales}})
    with pytest.raises(InputError, match=r"'air' is empty in 2 row\(s\); fill the cells"):
        estimate(broken, spec_of(method="2sls", instruments=SUMS))


def test_equal_specs_have_one_hash_whatever_their_layout(tmp_path: Path) -> None:
    path = tmp_path / "tried.yaml"
    path.write_text(SOUND, encoding="utf-8")
    first = read_spec(path).sha256
    path.write_text("# a remark\n" + SOUND.replace("- cost_shifters", "- {name: cost_shifters}"))
    assert read_spec(path).sha256 == first
    path.write_text(SOUND.replace("clusters: product", "clusters: brand"), encoding="utf-8")
    assert read_spec(path).sha256 != first
