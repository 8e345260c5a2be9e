"""``sandtable media fit | curves``."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from sandtable.cli import app, run_command
from sandtable.data.catalogue import find_data_set
from sandtable.data.parameter_files import read_parameters, write_parameters

Outcome = tuple[int, str, str]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("COLUMNS", "80")

    def call(*words: object) -> Outcome:
        code = run_command(lambda: app([str(word) for word in words], prog_name="sandtable"))
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


def test_fit_prints_numbers_and_a_verdict_and_writes_the_parameter_set(
    command: Any, tmp_path: Path
) -> None:
    code, out, _ = command("media", "fit", "premium_ev", "--parameters", "logit", "--out", tmp_path)
    assert code == 0
    assert out.startswith("Verdict: ")
    assert "television effect" in out
    assert "Elasticity of a brand's cars to its spend" in out
    written = read_parameters(tmp_path / "logit.yaml")
    assert written.media is not None
    assert written.media.channels["television"].effect.grade == "estimated"


def test_fit_as_json_is_one_object_with_every_number(command: Any) -> None:
    code, out, _ = command("media", "fit", "premium_ev", "--parameters", "logit", "--json")
    assert code == 0
    value = json.loads(out)
    assert len(value["numbers"]) == 25
    assert len(value["covariance"]) == 25
    assert value["elasticities"][-1]["channel"] == "all"


def test_curves_say_where_a_brand_stands_on_each_channel(command: Any) -> None:
    code, out, _ = command("media", "curves", "premium_ev", "--brand", "Lyra", "--region", "East")
    assert code == 0
    assert "Lyra, East, 2026-06, random_coefficient" in out
    code, out, _ = command("media", "curves", "premium_ev", "--json")
    value = json.loads(out)
    assert value["brand"] == "Nova"
    assert {row["channel"] for row in value["rows"]} == set(value["curves"])
    assert value["curves"]["search"][0]["cars"] == 0


@pytest.mark.parametrize(
    ("words", "sentences"),
    [
        (
            ("fit", "us_autos"),
            [
                "data set 'us_autos': has no media table, so that there is no spend to learn from; add"
            ],
        ),
        (("curves", "us_autos"), ["data set 'us_autos': has no media table"]),
        (
            ("fit", "premium_ev", "--parameters", "nestd"),
            ["premium_ev, parameters: no parameter set is called 'nestd'; did you mean 'nested'?"],
        ),
        (
            ("curves", "premium_ev", "--brand", "Nowa", "--region", "Eats", "--period", "2031-01"),
            [
                "premium_ev, period: '2031-01' is not observed; expected 2023-07 to 2026-06.",
                "premium_ev, brand: no brand 'Nowa' spends on media; did you mean 'Nova'?",
                "premium_ev, region: no region is called 'Eats'; did you mean 'East'?",
            ],
        ),
        (("fit", "premium_ev", "--priors", "no-such.yaml"), ["no-such.yaml: no such file"]),
    ],
)
def test_bad_input_is_told_in_sentences(
    command: Any, words: tuple[str, ...], sentences: list[str]
) -> None:
    code, out, err = command("media", *words)
    assert (code, out) == (2, "")
    for sentence in sentences:
        assert sentence in err
    assert "nothing was written" in err


def test_a_set_without_media_says_which_command_fits_it(command: Any, tmp_path: Path) -> None:
    folder = tmp_path / "premium_ev"
    shutil.copytree(find_data_set("premium_ev"), folder)
    bare = read_parameters(folder / "parameters" / "logit.yaml").model_copy(update={"media": None})
    write_parameters(bare, folder / "parameters")
    code, _, err = command("media", "curves", folder, "--parameters", "logit")
    assert code == 2
    assert "parameters 'logit', media: says nothing of media; those with one: " in err
    assert "sandtable media fit premium_ev --parameters logit --out FOLDER" in err
