"""``sandtable funnel diagnose | stages``: tables, JSON, exit codes."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from sandtable.cli import app, run_command


def called(*words: str) -> str:
    printed = CliRunner().invoke(app, ["funnel", *words])
    assert printed.exit_code == 0, printed.output
    return " ".join(printed.output.split())


def test_diagnose_prints_the_weak_links_and_where_they_are() -> None:
    text = called("diagnose", "premium_ev", "--top", "4")
    assert "Surely weak links: 4, 5,356 cars lost a year; not clear yet: " in text
    assert "Sichuan test drives 21.0%" in text
    assert "West — 3,504 — —" in text
    assert "Jiangsu" not in text


def test_diagnose_drills_into_a_region() -> None:
    text = called("diagnose", "premium_ev", "--region", "Sichuan", "--top", "3")
    assert "Surely weak links in Sichuan: 1" in text
    assert "D066" not in text


def test_json_of_the_diagnosis_is_one_object() -> None:
    printed = CliRunner().invoke(
        app, ["funnel", "diagnose", "premium_ev", "--area", "South", "--top", "3", "--json"]
    )
    result = json.loads(printed.stdout)
    assert (result["schema"], result["data"]["name"], result["place"]) == (1, "premium_ev", "South")
    assert result["n_sure"] == 2
    assert [link["place"] for link in result["links"]][:2] == ["D066", "D090"]
    assert len(result["links"]) == 3
    assert result["links"][0]["units_lost"] != round(result["links"][0]["units_lost"], 1)
    assert {row["place"] for row in result["places"]} == {"Guangdong", "Fujian", "Hunan"}


def test_stages_prints_rates_and_json() -> None:
    assert "all 3,670,676 82.2% 25.6% 29.4% 90.7% 7.0% 5.0% 205,898" in called(
        "stages", "premium_ev"
    )
    printed = CliRunner().invoke(
        app, ["funnel", "stages", "premium_ev", "--by", "product", "--json"]
    )
    rows = json.loads(printed.stdout)["rows"]
    assert [row["product"] for row in rows] == ["N3", "N5", "N7", "N9", "all"]
    assert rows[-1]["deliveries"] == 205_898


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["diagnose", "us_autos"], "us_autos, funnel: this data set has no table funnel"),
        (["stages", "us_autos"], "us_autos, funnel: this data set has no table funnel"),
        (["diagnose", "premium_ev", "--region", "Sichuam"], "did you mean 'Sichuan'?"),
        (["diagnose", "premium_ev", "--period-to", "2030-01"], "expected 2023-07 to 2026-06"),
        (
            ["diagnose", "premium_ev", "--region", "Sichuan", "--area", "West"],
            "name a region or an area, not both.",
        ),
    ],
)
def test_bad_input_ends_with_a_sentence_and_code_2(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run_command(lambda: app(["funnel", *words], standalone_mode=False))
    assert code == 2
    assert sentence in capsys.readouterr().err
