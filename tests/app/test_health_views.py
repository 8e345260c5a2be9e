"""Tables, titles and charts of the page on data and model health."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from health_sample import back_test_of, implied

from sandtable.app.formatting import MISSING, Format
from sandtable.app.health import charts, data_view, path_view
from sandtable.app.health import parameter_view as view
from sandtable.app.health.implied import Implied
from sandtable.app.health.judgement import judgement
from sandtable.app.health.specs import spec_files
from sandtable.app.health.tables import Cell, cards, facts, sentences
from sandtable.app.text import LANGUAGES, Language, Text
from sandtable.data.loading import DataSet
from sandtable.data.metadata import BilingualText
from sandtable.data.parameters import (
    Parameter,
    ParameterDiagnosis,
    ParameterSet,
    ParameterTarget,
    ParameterVerdict,
)
from sandtable.forecast.judging import Grade
from sandtable.forecast.levels import LEVELS

EN = Text("en")
ROOT = Path(__file__).parents[2]
languages = pytest.mark.parametrize("language", list(LANGUAGES))


@pytest.fixture(scope="module")
def plain(data_sets: dict[str, DataSet]) -> ParameterSet:
    return data_sets["us_autos"].parameter_sets["nested"]


# parameters as tables


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (1.12e-05, "1.12 × 10⁻⁵"),
        (-2e-7, "−2 × 10⁻⁷"),
        (-0.0886393, "−0.0886"),
        (0.0, "0"),
        (0.35, "0.35"),
        (7.909, "7.91"),
        (21456.0, "21,456"),
        (3.2e8, "3.2 × 10⁸"),
        (float("nan"), MISSING),
    ],
)
def test_numbers_of_any_size_are_written_short(value: float, written: str) -> None:
    assert view.number(value).replace("\u00a0", " ") == written


def test_an_interval_needs_an_error() -> None:
    known = Parameter(value=1.0, standard_error=0.1, unit="u", source="tests", grade="estimated")
    assert view.interval(known, EN) == "0.804 to 1.2"
    assert view.interval(known.model_copy(update={"standard_error": None}), EN) == MISSING
    assert view.interval(known.model_copy(update={"standard_error": 0.0}), EN) == MISSING


@languages
def test_every_parameter_has_a_row_with_source_and_evidence(
    plain: ParameterSet, language: Language
) -> None:
    columns, rows = view.parameter_rows(plain, Text(language))
    assert len(rows) == 3
    for row in rows:
        assert len(row) == len(columns)
        first, last = row[0], row[-1]
        assert isinstance(first, Cell)
        assert isinstance(last, Cell)
        assert first.note
        assert last.chip in ("literature", "judgement")


def test_the_note_does_not_repeat_the_reasons(plain: ParameterSet) -> None:
    verdict = ParameterVerdict(grade="refuse", reasons=[BilingualText(en="Too weak.", zh="太弱。")])
    notes = BilingualText(en="Estimated; refused. Too weak.", zh="估计；不予采用。太弱。")
    known = plain.model_copy(update={"verdict": verdict, "notes": notes})
    assert view.note(known, EN) == "Estimated; refused."
    assert view.note(known, Text("zh")) == "估计；不予采用。"
    assert view.note(plain, EN) == plain.notes.en


def test_fingerprints_in_a_source_are_shortened(plain: ParameterSet) -> None:
    price = plain.price_coefficient.model_copy(update={"source": f"spec (sha256 {'ab' * 32})"})
    _, rows = view.parameter_rows(plain.model_copy(update={"price_coefficient": price}), EN)
    cell = rows[0][0]
    assert isinstance(cell, Cell)
    assert cell.note == "spec (sha256 abababab…)"


def test_the_comparison_has_a_row_for_each_set_also_for_one_that_loses_the_market(
    plain: ParameterSet, data_sets: dict[str, DataSet]
) -> None:
    write = Format("en", data_sets["us_autos"].metadata)
    sets = [
        view.Looked(plain, one, judgement(plain, one))
        for one in (implied(inelastic=0.6, negative=0.5), None)
    ]
    columns, rows = view.comparison(sets, EN, write)
    assert [len(row) for row in rows] == [len(columns)] * 2
    assert rows[0][1:4] == ["0.32", MISSING, "0.3"]
    assert rows[0][5:7] == ["60\u00a0%", "50\u00a0%"]
    assert rows[1][4:7] == [MISSING] * 3
    assert [cast("Cell", row[-1]).text for row in rows] == ["! fails checks", "! no fit"]


def test_the_diagnosis_keeps_its_order_and_leaves_out_what_is_unknown(
    data_sets: dict[str, DataSet],
) -> None:
    numbers = {
        "negative_cost_rate": 0.125,
        "weakest_f": 7.9,
        "data_weight_price_coefficient": 0.82,
        "something_else": 1.0,
        **{f"own_elasticity_p{q}": -5.0 + q / 50 for q in (5, 25, 50, 75, 95)},
    }
    diagnosis = ParameterDiagnosis(method="2sls", n=21456, numbers=numbers)
    write = Format("en", data_sets["us_autos"].metadata)
    pairs = [
        (name, value.replace("\u00a0", " "))
        for name, value in view.diagnosis_pairs(diagnosis, EN, write)
    ]
    assert pairs == [
        ("Method", "2sls"),
        ("Observations", "21,456"),
        ("Weakest first-stage F", "7.9"),
        ("Negative costs", "12.5 %"),
        ("Own elasticity, 5 to 95 %", "−4.9, −4.5, −4.0, −3.5, −3.1"),
        ("Weight of the data in price_coefficient", "82 %"),
    ]


@languages
def test_targets_show_what_was_wanted_shown_and_missed(
    plain: ParameterSet, language: Language, data_sets: dict[str, DataSet]
) -> None:
    target = ParameterTarget(
        kind="margin", what="firm Nova", wanted=0.28, shown=0.294, miss=0.05, source="tests"
    )
    write = Format(language, data_sets["us_autos"].metadata)
    columns, (row,) = view.target_rows(
        plain.model_copy(update={"targets": [target]}), Text(language), write
    )
    assert len(columns) == len(row)
    assert row[1:3] == ["0.28", "0.294"]
    assert str(row[3]).replace("\u00a0", "") == "+5.0%"


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (implied(), "Half of the own elasticities lie between −3.0 and −3.0; none is inelastic"),
        (
            implied(inelastic=0.6),
            "60 % of the own elasticities are inelastic, where no firm would price; half lie between −3.0 and −0.5",
        ),
        (None, "No elasticities, because the market cannot be reproduced"),
    ],
)
def test_the_title_of_the_elasticities_is_a_finding(
    one: Implied | None, said: str, data_sets: dict[str, DataSet]
) -> None:
    write = Format("en", data_sets["us_autos"].metadata)
    assert view.elasticity_title(one, EN, write).replace("\u00a0", " ") == said


# the base path


@pytest.fixture
def write(data_sets: dict[str, DataSet]) -> Format:
    return Format("en", data_sets["us_autos"].metadata)


@pytest.mark.parametrize(
    ("grades", "said"),
    [
        ({}, "The base path surely beats simple forecasts at 7 of 7 levels"),
        (
            {
                "product_units": "no_skill",
                "firm_units": "with_care",
                "total_units": "too_little_history",
            },
            "The base path surely beats simple forecasts at 5 of 6 levels",
        ),
        (
            dict.fromkeys(LEVELS, "no_skill"),
            "The base path surely beats simple forecasts at none of 7 levels; where it does not, the simple one is used",
        ),
        (
            dict.fromkeys(LEVELS, "too_little_history"),
            "Too little history to test the base path, 19 origins",
        ),
    ],
)
def test_the_gate_is_said_in_one_sentence(grades: dict[str, Grade], said: str) -> None:
    assert path_view.path_title(back_test_of(**grades), EN) == said


def test_points_with_few_origins_are_left_out(write: Format) -> None:
    points = path_view.error_lines(back_test_of(), "product_units", EN, write)
    assert [(one["series"], one["horizon"], one["error"]) for one in points] == [
        ("path", 1, 0.05),
        ("path", 2, 0.1),
        ("last_share", 1, 0.1),
        ("last_share", 2, 0.2),
    ]


def test_the_title_of_the_errors_is_a_finding(write: Format) -> None:
    found = back_test_of()
    points = path_view.error_lines(found, "product_units", EN, write)
    verdict = found.verdicts["product_units"]
    said = path_view.horizon_title(verdict, points, EN, write)
    assert said.replace("\u00a0", " ") == (
        "Units by product: off by 5.0 % one period ahead, 10.0 % after 2; last share by 10.0 % and 20.0 %"
    )
    alone = [one for one in points if one["series"] == "path"]
    said = path_view.horizon_title(verdict, alone, EN, write)
    assert (
        said.replace("\u00a0", " ")
        == "Units by product: off by 5.0 % one period ahead, 10.0 % after 2"
    )
    assert path_view.horizon_title(verdict, [], EN, write) == "Units by product: sample too small"


def test_a_small_sample_is_a_dash_with_its_size(write: Format) -> None:
    found = back_test_of()
    columns, rows = path_view.horizon_rows(found, "product_units", EN, write)
    assert [len(row) for row in rows] == [len(columns)] * 2
    assert [str(cell).replace("\u00a0", " ") for cell in rows[0]] == [
        "1",
        "5.0 %",
        "0.50",
        "+1.0 %",
        "80 %",
        "100",
        "10.0 %",
        MISSING,
        MISSING,
        "+50 %",
    ]
    table = found.table.assign(origins=3)
    _, few = path_view.horizon_rows(replace(found, table=table), "product_units", EN, write)
    assert list(few[0][1:6]) == [MISSING, MISSING, MISSING, MISSING, "100"]


def test_levels_without_measures_have_dashes_and_a_chip(write: Format) -> None:
    found = back_test_of(firm_units="too_little_history")
    columns, rows = path_view.level_rows(found, EN, write)
    assert [len(row) for row in rows] == [len(columns)] * len(LEVELS)
    by_name = {row[0]: row for row in rows}
    assert list(by_name["Units by firm"][1:6]) == [MISSING] * 5
    assert cast("Cell", by_name["Units by firm"][-1]).text == "too little history"
    product = by_name["Units by product"]
    assert [str(cell).replace("\u00a0", " ") for cell in product[6:9]] == [
        "+50 %",
        MISSING,
        MISSING,
    ]


def test_the_finest_judged_level_is_shown_first() -> None:
    found = back_test_of()
    assert path_view.default_level(found) == "product_units"
    firms = found.table.assign(level="firm_units")
    assert path_view.default_level(replace(found, table=firms)) == "firm_units"
    none = found.table.iloc[:0]
    assert path_view.default_level(replace(found, table=none)) == "product_units"


# charts


def test_names_at_the_ends_of_lines_keep_apart_and_inside(write: Format) -> None:
    points = [
        {"series": name, "label": name, "horizon": horizon, "error": error, "text": ""}
        for name, error in (
            ("path", 0.001),
            ("last_share", 0.0),
            ("seasonal_naive", 0.0005),
            ("ets", 0.2),
        )
        for horizon in (1, 2)
    ]
    ends = charts.error_chart(points, dark=False)["datasets"]["ends"]
    places = sorted(one["y"] for one in ends)
    assert min(np.diff(places)) >= charts.LABEL_GAP - 1e-9
    assert 0 <= places[0] <= places[-1] <= charts.LINES_HIGH


@pytest.mark.parametrize("dark", [False, True])
def test_bars_right_of_minus_one_are_marked(dark: bool, write: Format) -> None:
    spec = charts.elasticity_bars(implied(inelastic=0.2), EN, write, dark=dark)
    bins = spec["datasets"]["bins"]
    assert sum(one["count"] for one in bins if one["inelastic"]) == 20
    assert sum(one["count"] for one in bins) == 100
    assert spec["background"] == "transparent"
    assert charts.error_chart([], dark=dark)["datasets"]["points"] == []


# data, tables, specs


@pytest.mark.parametrize("name", ["premium_ev", "us_autos"])
@languages
def test_every_table_says_where_its_columns_come_from(
    name: str, language: Language, data_sets: dict[str, DataSet]
) -> None:
    data_set = data_sets[name]
    _, rows = data_view.table_rows(data_set, Text(language), Format(language, data_set.metadata))
    named = [cast("Cell", row[0]).text for row in rows]
    assert [one for one in named if not one.startswith("\u2003")] == list(data_set.tables)
    chips = {cast("Cell", row[2]).chip for row in rows}
    assert chips == ({"synthetic"} if name == "premium_ev" else {"real", "derived"})


def test_conversions_are_told_and_so_is_their_absence(data_sets: dict[str, DataSet]) -> None:
    data_set = data_sets["us_autos"]
    assert data_view.conversions(data_set, EN) == ["Nothing had to be converted."]
    converted = replace(data_set, notes=("sales.csv: 万 was read as 10,000.",))
    assert data_view.conversions(converted, EN) == ["sales.csv: 万 was read as 10,000."]


def test_tables_escape_what_they_are_given() -> None:
    hostile = "<script>alert(1)</script>"
    html = cards([hostile], [[Cell(hostile, note=hostile, chip="good")]], marked=0)
    html += facts([(hostile, hostile)]) + sentences([("good", hostile, hostile)])
    assert "<script>" not in html
    assert html.count("&lt;script&gt;") == 8


def test_a_phone_keeps_few_columns() -> None:
    html = cards(["a", "b", "c"], [["1", "2", "3"]], numbers=(1,), phone=(0, 2))
    assert 'class="cards few"' in html
    assert html.count('class="n extra"') == 2


@pytest.mark.parametrize("name", ["premium_ev", "us_autos"])
def test_every_spec_is_listed_with_a_command_that_names_its_file(name: str) -> None:
    folder = ROOT / "market_data" / name
    found = spec_files(folder, ROOT)
    wanted = [
        path.relative_to(ROOT).as_posix()
        for kind in ("estimates", "calibrations", "posteriors")
        for path in sorted((folder / kind).glob("*.yaml"))
    ]
    assert [one.command.split()[-1] for one in found] == wanted
    for one in found:
        assert one.command.split()[:4] == ["sandtable", one.command.split()[1], name, "--spec"]
        assert set(one.titles) == {"en", "zh"}


def test_a_broken_spec_is_listed_by_its_file_name(tmp_path: Path) -> None:
    (tmp_path / "estimates").mkdir()
    (tmp_path / "estimates" / "half done.yaml").write_text("title: [", encoding="utf-8")
    (one,) = spec_files(tmp_path, ROOT)
    assert one.titles == {"en": "half done", "zh": "half done"}
    assert one.command.endswith("half done.yaml'")
