"""``sandtable calibrate``, ``posterior`` and ``literature``; what they write runs in a scenario."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from sandtable.cli import app, run_command
from sandtable.data import load_data_set
from sandtable.errors import ConvergenceError
from sandtable.scenario.model import Scenario
from sandtable.scenario.run import run
from tests.calibration.conftest import ROOT

PREMIUM = ROOT / "market_data" / "premium_ev"
CALIBRATION = PREMIUM / "calibrations" / "margin_and_elasticity.yaml"
POSTERIOR = PREMIUM / "posteriors" / "estimate_and_literature.yaml"

Outcome = tuple[int, str, str]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a command line as ``sandtable ...`` would; exit code, output, errors."""
    monkeypatch.setenv("COLUMNS", "80")

    def call(*words: object) -> Outcome:
        code = run_command(lambda: app([str(word) for word in words], prog_name="sandtable"))
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


def test_calibrate_prints_parameters_targets_and_a_verdict(command: Any) -> None:
    code, out, err = command("calibrate", "premium_ev", "--spec", CALIBRATION)
    assert (code, err) == (0, "")
    assert out.startswith("Verdict: usable")
    assert "9.68124e-06" in out
    assert "margin: firm Nova    0.28" in out
    assert max(map(len, out.splitlines())) <= 80


def test_posterior_prints_weights_and_the_conflict(command: Any) -> None:
    code, out, err = command("posterior", "premium_ev", "--spec", POSTERIOR)
    assert (code, err) == (0, "")
    assert out.startswith("Verdict: with care\n- The estimate is to be used with care")
    assert "80 %" in out
    assert "Distance of estimate and priors 0.437 on 1 degree(s), p 0.509" in out
    assert max(map(len, out.splitlines())) <= 80


def test_json_is_one_object_with_full_precision(command: Any) -> None:
    _, out, _ = command("calibrate", "premium_ev", "--spec", CALIBRATION, "--json")
    page = json.loads(out)
    assert page["parameters"][0]["name"] == "price_coefficient"
    assert page["parameters"][0]["value"] == pytest.approx(9.681243663840392e-06, rel=1e-9)
    assert page["covariance"][0][0] == page["parameters"][0]["standard_error"] ** 2
    assert page["verdict"]["grade"] == "usable"
    _, out, _ = command("posterior", "premium_ev", "--spec", POSTERIOR, "--json")
    page = json.loads(out)
    assert page["parameters"][0]["data_weight"] + page["parameters"][0]["prior_weight"] == 1
    assert page["conflict"]["degrees"] == 1
    _, out, _ = command("literature", "--json")
    assert json.loads(out)["rows"][0]["name"] == "new_cars_own_elasticity"


def test_literature_lists_every_row_with_its_source(command: Any) -> None:
    code, out, err = command("literature")
    assert (code, err) == (0, "")
    assert "Sethuraman, Tellis and Briesch (2011)" in out
    assert "from memory" in out


def test_bad_input_ends_with_2_and_writes_nothing(command: Any, tmp_path: Path) -> None:
    spec = tmp_path / "margin_and_elasticity.yaml"
    text = CALIBRATION.read_text(encoding="utf-8").replace("product: N5", "product: N55")
    spec.write_text(text.replace("value: -3.7", "value: 3.7"), encoding="utf-8")
    out_folder = tmp_path / "out"
    code, out, err = command("calibrate", "premium_ev", "--spec", spec, "--out", out_folder)
    assert (code, out) == (2, "")
    assert err.endswith("2 faults; nothing was written.\n")
    assert not out_folder.exists()
    code, out, err = command("posterior", "premium_ev", "--spec", tmp_path / "none.yaml", "--json")
    assert (code, out) == (2, "")
    assert "no such file; check the path." in err


def test_what_did_not_converge_ends_with_3(command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise ConvergenceError("posterior", "estimate and priors did not settle.")

    monkeypatch.setattr("sandtable.calibration.combine_with_priors", never)
    code, out, err = command("posterior", "premium_ev", "--spec", POSTERIOR)
    assert (code, out) == (3, "")
    assert err == "did not converge (posterior): estimate and priors did not settle.\n"


def test_what_is_written_runs_in_a_scenario_with_its_label(command: Any, tmp_path: Path) -> None:
    folder = tmp_path / "premium_ev"
    folder.mkdir()
    for name in ("metadata.yaml", "products.csv", "sales.csv", "market.csv"):
        shutil.copyfile(PREMIUM / name, folder / name)
    metadata = (folder / "metadata.yaml").read_text(encoding="utf-8").splitlines(keepends=True)
    gone = ("  dealers:", "  funnel:", "  media:", "  competitor_indicators:", "  events:")
    kept = "".join(line for line in metadata if not line.startswith(gone))
    (folder / "metadata.yaml").write_text(kept, encoding="utf-8")
    shutil.copytree(PREMIUM / "parameters", folder / "parameters")
    for words in (("calibrate", CALIBRATION), ("posterior", POSTERIOR)):
        code, out, err = command(
            words[0], folder, "--spec", words[1], "--out", folder / "parameters"
        )
        assert (code, err) == (0, ""), err
        assert "Written to" in out
    data_set = load_data_set(folder, tables={"products", "sales", "market"})
    calibrated = run(Scenario("", "premium_ev", parameters=CALIBRATION.stem), data_set)
    combined = run(Scenario("", "premium_ev", parameters=POSTERIOR.stem), data_set)
    assert not [one for one in calibrated.warnings if "parameters behind" in one]
    assert "'estimate_and_literature' are to be used with care" in combined.warnings[0]
    for result in (calibrated, combined):
        rows = result.rows
        assert (rows["units_scenario"] - rows["units_baseline"]).abs().max() < 1e-6
