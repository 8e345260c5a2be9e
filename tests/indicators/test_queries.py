"""Questions that cannot be answered are refused with every reason; layers, lineage, live tables."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from sandtable.cli import app
from sandtable.errors import InputError
from sandtable.indicators import (
    Catalogue,
    DuckDBEngine,
    catalogue,
    check_bindings,
    compute,
    lineage,
    opened,
    sql,
)
from sandtable.indicators.binding import broken_reasons
from sandtable.indicators.catalogue import PACKAGE_FOLDER
from sandtable.indicators.computing import compute_with
from tests.indicators.small_world import engine_on, small_frames

REFUSED = {
    "codes[0]: no indicator is called 'sal_leed_cnt'; did you mean 'sal_lead_cnt'?": {"codes": ["sal_leed_cnt"]},
    "codes: no indicator is asked for; name at least one.": {"codes": []},
    "by[0]: no dimension is called 'regoin'; did you mean 'region'?": {"by": ["regoin"]},
    "by[1]: 'region' stands twice; keep one of them.": {"by": ["region", "region"]},
    "by[0]: sal_lead_cnt is not defined by firm; it is defined by month, region, dealer, model, channel, price_band.": {"by": ["firm"]},
    "where.region: no region is called 'Sichuam'; did you mean 'Sichuan'?": {"where": {"region": "Sichuam"}},
    "where.month: '2026-13' is no month; write for instance 2026-06.": {"where": {"month": "2026-13"}},
    "where.month: '2026-06..2026-01' ends before it begins.": {"where": {"month": "2026-06..2026-01"}},
    "modifiers[0]: no modifier is called 'roling:3'; did you mean 'rolling'?": {"by": ["month"], "modifiers": ["roling:3"]},
    "modifiers[0]: 'rolling' is not understood; write rolling:3.": {"by": ["month"], "modifiers": ["rolling"]},
    "modifiers[0]: a rolling window has 2 to 120 months, not 1.": {"by": ["month"], "modifiers": ["rolling:1"]},
    "modifiers[0]: change goes along the months; add month to the grain.": {"modifiers": ["change"]},
    "modifiers[0]: rank compares cells of a month; add a dimension besides month.": {"modifiers": ["rank"]},
    "modifiers[1]: a second window; keep one of cumulative and rolling.": {"by": ["month"], "modifiers": ["rolling:3", "cumulative"]},
    "as_of: 'yesterday' is no date; write for instance 2026-06-30 or 2026-06.": {"as_of": "yesterday"},
}  # fmt: skip


@pytest.mark.parametrize("sentence", REFUSED, ids=lambda text: text[:24])
def test_a_question_without_an_answer_is_refused_with_the_reason(
    shipped: tuple[Catalogue, DuckDBEngine], sentence: str
) -> None:
    asked = {"codes": ["sal_lead_cnt"]} | REFUSED[sentence]
    with pytest.raises(InputError) as caught:
        compute_with(*shipped, asked.pop("codes"), **asked)  # type: ignore[arg-type]
    assert [str(fault) for fault in caught.value.faults] == [f"query, {sentence}"]


def test_a_question_with_three_faults_gets_three_sentences(
    shipped: tuple[Catalogue, DuckDBEngine],
) -> None:
    with pytest.raises(InputError) as caught:
        compute_with(*shipped, ["sal_leed_cnt"], by=["regoin"], as_of="soon")
    assert len(caught.value.faults) == 3


def test_every_shipped_definition_is_sound_on_the_shipped_tables(
    shipped: tuple[Catalogue, DuckDBEngine],
) -> None:
    found = [one for one in check_bindings(*shipped) if one.state != "sound"]
    of_results = {"only the result of a scenario has the table 'results'."}
    assert {one.code: one.reasons for one in found if set(one.reasons) != of_results} == {}
    assert {one.state for one in found} == {"absent"}


def test_a_filter_keeps_the_cells_and_no_figure_changes(
    shipped: tuple[Catalogue, DuckDBEngine],
) -> None:
    whole = compute_with(*shipped, ["sal_testdrive_rate"], by=["region", "month"])
    part = compute_with(
        *shipped,
        ["sal_testdrive_rate"],
        by=["region", "month"],
        where={"region": "Sichuan", "month": "2026-01..2026-03"},
    )
    kept = whole[(whole["region"] == "Sichuan") & whole["month"].between("2026-01", "2026-03")]
    pd.testing.assert_frame_equal(part, kept.reset_index(drop=True))
    assert len(part) == 3


def test_a_definition_that_lost_its_column_is_broken_and_says_so(tmp_path: Path) -> None:
    frames = small_frames(1)
    frames["leads"] = frames["leads"].drop(columns="channel").rename(columns={"valid": "is_valid"})
    found, engine = engine_on(tmp_path, frames)
    states = {one.code: one.state for one in check_bindings(found, engine)}
    assert states["sal_lead_rate_valid"] == "broken"
    assert states["sal_unit_cnt"] == "sound"
    reasons = broken_reasons(found, engine, "sal_lead_rate_valid")
    assert "the table leads has no column 'valid'; did you mean 'is_valid'?" in reasons
    with pytest.raises(InputError, match="the table leads has no column 'channel'"):
        compute_with(found, engine, ["sal_lead_cnt"])
    engine.close()


def test_a_column_of_another_type_or_with_gaps_is_broken(tmp_path: Path) -> None:
    frames = small_frames(1)
    frames["sales"] = frames["sales"].assign(units=frames["sales"]["units"].astype(str))
    frames["surveys"] = frames["surveys"].assign(owner=None).astype({"owner": "str"})
    frames["targets"] = pd.concat([frames["targets"]] * 2)
    found, engine = engine_on(tmp_path, frames)
    reasons = {one.code: one.reasons for one in check_bindings(found, engine)}
    assert "sales.units is VARCHAR, but declared number." in reasons["sal_unit_cnt"]
    assert any("surveys.owner is empty on" in text for text in reasons["cus_survey_score"])
    assert any(
        text.startswith("the key of targets (month, region, product) is not unique")
        for text in reasons["sal_target_cnt"]
    )
    engine.close()


def test_a_later_layer_wins_and_the_conflict_is_named(tmp_path: Path) -> None:
    layer = tmp_path / "company"
    (layer / "definitions").mkdir(parents=True)
    name = "sal_lead_cnt.yaml"
    text = (PACKAGE_FOLDER / "definitions" / name).read_text("utf-8")
    (layer / "definitions" / name).write_text(text.replace("en: Leads", "en: Our leads"), "utf-8")
    found = catalogue(folders=[layer])
    assert found.definitions["sal_lead_cnt"].label.en == "Our leads"
    assert [str(conflict) for conflict in found.conflicts] == [
        f"indicator sal_lead_cnt: company/definitions/{name} stands in place of indicators/definitions/{name}."
    ]
    shutil.rmtree(layer)
    with pytest.raises(InputError, match="company: no such folder; check the path"):
        catalogue(folders=[layer])


def test_an_edit_of_the_meaning_changes_the_hash_and_one_of_the_owner_does_not() -> None:
    item = catalogue().definitions["sal_testdrive_rate"]
    assert item.model_copy(update={"owner": "someone"}).definition_hash == item.definition_hash
    assert (
        item.model_copy(update={"formula": "sal_visit_cnt / sal_lead_cnt"}).definition_hash
        != item.definition_hash
    )


def test_lineage_ends_at_source_columns_and_knows_its_readers() -> None:
    way = lineage(catalogue(), "sal_discount_rate")
    ends = {f"{use.table}.{use.column}" for use in way.columns if use.use == "measure"}
    assert ends == {"sales.units", "sales.list_price", "sales.net_price"}
    assert "sal_lead_order_rate" in lineage(catalogue(), "sal_lead_cnt").used_by


def test_the_sql_counts_after_deduping_and_guards_each_divisor() -> None:
    text = sql(["sal_testdrive_rate"], "premium_ev", by=["dealer", "month"])
    assert "COUNT(DISTINCT" not in text.upper()
    assert text.count(" / ") == text.upper().count("NULLIF(") + 2  # twice by the sample, a constant
    assert "DATE_TRUNC" not in text.upper()


def test_a_yearly_data_set_answers_what_its_tables_can() -> None:
    answer = compute(
        ["sal_market_shr", "sal_unit_cnt"], "us_autos", by=["month"], where={"month": "1990"}
    )
    sales = pd.read_csv("market_data/us_autos/sales.csv")
    units = sales[sales["period"] == 1990]["units"].sum()
    assert answer["month"].tolist() == ["1990"]
    assert answer["sal_unit_cnt"].iloc[0] == pytest.approx(units, rel=1e-12)
    with pytest.raises(
        InputError, match="the data set has no table 'leads'; the indicator needs it"
    ):
        compute(["sal_lead_cnt"], "us_autos")


@pytest.mark.parametrize(
    ("words", "key"),
    [
        (["list", "--stage", "referral"], "indicators"),
        (["show", "sal_lead_cnt"], "definition_hash"),
        (["compute", "sal_order_rate", "--by", "month,region", "--where", "region=Sichuan", "--modifier", "rolling:3"], "rows"),
        (["lineage", "sal_order_rate"], "columns"),
        (["check", "--data", "us_autos"], "indicators"),
        (["sql", "sal_order_rate", "--by", "month"], "sql"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)  # fmt: skip
def test_each_command_prints_a_table_and_one_json_object(words: list[str], key: str) -> None:
    run = CliRunner().invoke(app, ["indicators", *words, "--json"])
    assert run.exit_code == 0
    assert json.loads(run.stdout)[key]
    assert CliRunner().invoke(app, ["indicators", *words]).exit_code == 0


@pytest.mark.slow
def test_all_indicators_of_a_grain_can_be_asked_at_once() -> None:
    with opened("premium_ev") as (found, engine):
        codes = [
            binding.code
            for binding in check_bindings(found, engine)
            if binding.state == "sound"
            and {"month", "region"} <= set(found.definition(binding.code).dimensions)
        ]
        together = compute_with(found, engine, codes, by=["month", "region"])
        alone = compute_with(found, engine, codes[-1:], by=["month", "region"])
    assert len(codes) > 80
    kept = together[["month", "region", codes[-1]]].dropna(ignore_index=True)
    pd.testing.assert_frame_equal(kept, alone.dropna(ignore_index=True))
