"""Every fault of a spec is refused with its sentence, all of them at once, before anything is computed."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandtable.calibration import calibrate_data_set, read_calibration_spec, read_posterior_spec
from sandtable.data import DataSet
from sandtable.documents import read_document
from sandtable.errors import InputError
from tests.calibration.conftest import ROOT
from tests.calibration.specs import calibration, fixed, parameter_set, target, with_sets
from tests.calibration.test_posterior import COVARIANCE, VALUES

HERE = Path(__file__).parent
BROKEN = read_document(HERE / "broken.yaml").value
BROKEN_POSTERIOR = read_document(HERE / "broken_posterior.yaml").value
SOUND = """\
schema: 1
name: tried
title: {en: Tried, zh: 试}
data: premium_ev
model: nested_logit
nests: [segment, powertrain]
free:
  price_coefficient: {}
  sigma_powertrain: {}
fixed:
  sigma_segment: {value: 0.2, source: tests, grade: judgement}
known_margins: {standard_error: 0.02}
targets:
  - {kind: elasticity, product: N5, value: -3.7, standard_error: 0.4, source: tests, grade: experiment}
  - {kind: diversion, from: N5, to: outside, value: 0.4, standard_error: 0.1, source: tests, grade: judgement}
"""
SOUND_POSTERIOR = """\
schema: 1
name: tried
title: {en: Tried, zh: 试}
data: premium_ev
estimate: estimated
priors:
  - {literature: new_cars_own_elasticity}
  - {parameter: sigma_segment, value: 0.3, standard_error: 0.1, source: tests, grade: judgement}
  - {parameters: calibrated}
  - target: {kind: margin, firm: Nova, value: 0.28, standard_error: 0.03, source: tests, grade: judgement}
"""


@pytest.fixture(scope="module")
def with_estimate(premium_ev: DataSet) -> DataSet:
    plain = parameter_set({"price_coefficient": 1e-5}, [[1e-12]], model="logit", nests=[])
    named = parameter_set(VALUES, COVARIANCE)
    return with_sets(premium_ev, estimated=named, calibrated=named, plain=plain)


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def faults_of(error: InputError, folder: Path) -> list[str]:
    return [str(fault).removeprefix(f"{folder}/") for fault in error.faults]


def test_the_specs_that_the_faults_are_planted_in_are_sound(
    tmp_path: Path, with_estimate: DataSet
) -> None:
    spec = read_calibration_spec(written(tmp_path / "tried.yaml", SOUND), with_estimate)
    assert [one.what for one in spec.targets] == ["firm Nova", "N5", "N5 to the outside good"]
    plan = read_posterior_spec(written(tmp_path / "tried.yaml", SOUND_POSTERIOR), with_estimate)
    assert len(plan.priors) == 4


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case["fault"][:70])
def test_a_broken_calibration_spec_is_refused_with_its_sentence(
    tmp_path: Path, premium_ev: DataSet, case: dict[str, str]
) -> None:
    assert case["replace"] in SOUND
    path = written(tmp_path / "tried.yaml", SOUND.replace(case["replace"], case["by"], 1))
    with pytest.raises(InputError) as caught:
        read_calibration_spec(path, premium_ev)
    assert case["fault"] in faults_of(caught.value, tmp_path)


@pytest.mark.parametrize("case", BROKEN_POSTERIOR, ids=lambda case: case["fault"][:70])
def test_a_broken_posterior_spec_is_refused_with_its_sentence(
    tmp_path: Path, with_estimate: DataSet, case: dict[str, str]
) -> None:
    assert case["replace"] in SOUND_POSTERIOR
    text = SOUND_POSTERIOR.replace(case["replace"], case["by"], 1)
    with pytest.raises(InputError) as caught:
        read_posterior_spec(written(tmp_path / "tried.yaml", text), with_estimate)
    faults = faults_of(caught.value, tmp_path)
    assert any(fault.startswith(case["fault"]) for fault in faults), faults


def test_all_faults_of_spec_and_table_come_at_once(tmp_path: Path, premium_ev: DataSet) -> None:
    table = "from,to,share,standart_error\nN5,O33,0.2,0.1\nN5,N5,1.2,0.1\nN55,outside,x,0.1\n"
    written(tmp_path / "asked.csv", table)
    text = SOUND.replace(
        "kind: diversion, from: N5, to: outside, value: 0.4",
        "kind: second_choice, table: asked.csv",
    )
    text = text.replace("product: N5", "product: N55").replace("data: premium", "data: us")
    with pytest.raises(InputError) as caught:
        read_calibration_spec(written(tmp_path / "tried.yaml", text), premium_ev)
    assert faults_of(caught.value, tmp_path) == [
        "tried.yaml, data: is 'us_ev', but the data set is 'premium_ev'; make them equal.",
        "tried.yaml, targets[0].product: no product sold in 2026-06 is called 'N55'; did you mean 'N5'?",
        "asked.csv: no column may be called 'standart_error'; did you mean 'standard_error'?",
        "asked.csv, row 2, column to: no product or firm sold in 2026-06 is called 'O33'; did you mean 'O3'?",
        "asked.csv, row 3, column to: is the product that loses the buyers; name another one.",
        "asked.csv, row 3, column share: is 1.2; a share lies between 0 and 1: leave out a row without buyers.",
        "asked.csv, row 4, column from: no product sold in 2026-06 is called 'N55'; did you mean 'N5'?",
        "asked.csv, row 4, column to: is outside, but shares are among those who buy; write among: all.",
        "asked.csv, row 4, column share: 'x' is not an amount; write for instance -5 %, +2,000,000 CNY or 12.5.",
    ]


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        ("from,to\nN5,O3\n", "asked.csv: has no column 'share'; known: from, to"),
        (
            "from,to,share\nN5,O3,0.6\nN5,C3,0.5\n",
            "asked.csv: the shares from 'N5' sum to 1.1; they must sum to at most 1.",
        ),
        ("", "asked.csv: is empty; it must hold a header line and rows."),
        (
            "from,to,share,standard_error\nN5,O3,0.6,0\n",
            "asked.csv, row 2, column standard_error: is 0; it must be above 0.",
        ),
    ],
)
def test_a_broken_table_of_second_choices_is_refused(
    tmp_path: Path, premium_ev: DataSet, table: str, fault: str
) -> None:
    written(tmp_path / "asked.csv", table)
    text = SOUND.replace(
        "kind: diversion, from: N5, to: outside, value: 0.4",
        "kind: second_choice, table: asked.csv",
    )
    with pytest.raises(InputError) as caught:
        read_calibration_spec(written(tmp_path / "tried.yaml", text), premium_ev)
    assert faults_of(caught.value, tmp_path) == [fault]


def test_a_table_gives_one_target_a_row_and_may_stand_in_the_data_set(
    tmp_path: Path, premium_ev: DataSet
) -> None:
    text = SOUND.replace(
        "kind: diversion, from: N5, to: outside, value: 0.4",
        "kind: second_choice, table: calibrations/second_choices.csv",
    )
    spec = read_calibration_spec(written(tmp_path / "tried.yaml", text), premium_ev)
    assert len(spec.targets) == 14
    assert (spec.targets[2].what, spec.targets[2].value) == ("N5 to C3", 0.111)
    assert spec.targets[2].standard_error == 0.0111


def test_too_few_targets_are_refused(premium_ev: DataSet) -> None:
    spec = calibration(
        model="nested_logit",
        nests=["segment"],
        free={"price_coefficient": {}, "sigma_segment": {}},
        targets=[target("margin").model_dump(by_alias=True)],
    )
    with pytest.raises(InputError) as caught:
        calibrate_data_set(premium_ev, spec)
    assert [str(fault) for fault in caught.value.faults] == [
        "calibration spec 'tried', targets: 2 parameter(s) are free but only 1 target(s) are given; "
        "fix a parameter or give another target."
    ]


def test_fixed_nests_out_of_order_are_refused(premium_ev: DataSet) -> None:
    spec = calibration(
        model="nested_logit",
        nests=["segment", "powertrain"],
        free={"price_coefficient": {}},
        fixed=fixed(sigma_segment=0.5, sigma_powertrain=0.3),
        known_margins=True,
    )
    with pytest.raises(InputError, match=r"is 0\.3, below 0\.5 of the outer nest"):
        calibrate_data_set(premium_ev, spec)


@pytest.mark.parametrize("path", sorted(ROOT.glob("market_data/*/calibrations/*.yaml")), ids=str)
def test_the_shipped_calibration_specs_are_sound(
    path: Path, premium_ev: DataSet, us_autos: DataSet
) -> None:
    sets = {"premium_ev": premium_ev, "us_autos": us_autos}
    assert read_calibration_spec(path, sets[path.parents[1].name]).name == path.stem


def test_equal_specs_have_one_hash_and_a_changed_table_another(
    tmp_path: Path, premium_ev: DataSet
) -> None:
    text = SOUND.replace(
        "kind: diversion, from: N5, to: outside, value: 0.4",
        "kind: second_choice, table: asked.csv",
    )
    path = written(tmp_path / "tried.yaml", text)
    written(tmp_path / "asked.csv", "from,to,share\nN5,O3,0.1\n")
    first = read_calibration_spec(path, premium_ev).sha256
    written(path, "# a remark\n" + text)
    assert read_calibration_spec(path, premium_ev).sha256 == first
    written(tmp_path / "asked.csv", "from,to,share\nN5,O3,0.2\n")
    assert read_calibration_spec(path, premium_ev).sha256 != first
