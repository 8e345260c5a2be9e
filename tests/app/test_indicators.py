"""The page on indicators without a browser: filters, drawing, sentences, and the page on both data sets."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import replace
from xml.etree import ElementTree

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from sandtable.app.dictionary import drawing, records
from sandtable.app.dictionary.choosing import (
    FACETS,
    Entry,
    Wanted,
    chosen,
    counts,
    entries_of,
    haystacks_of,
)
from sandtable.app.dictionary.definition_view import formula
from sandtable.app.dictionary.links import link
from sandtable.app.dictionary.list_view import list_view
from sandtable.app.dictionary.trend import Series, trend_chart, trend_title
from sandtable.app.dictionary.writing import Figures, figures_of
from sandtable.app.formatting import Format
from sandtable.app.text import LANGUAGES, Language, Text
from sandtable.data.loading import DataSet
from sandtable.indicators import Catalogue, catalogue
from sandtable.indicators.outcomes import Outcome
from sandtable.scenario.kpis import KPI_INDICATORS

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "<script>alert(\"1\")</script> & 'more'"
languages = pytest.mark.parametrize("language", list(LANGUAGES))


@pytest.fixture(autouse=True)
def fresh_caches() -> Iterator[None]:
    yield
    st.cache_resource.clear()


@pytest.fixture(scope="module")
def found() -> Catalogue:
    return catalogue("premium_ev")


@pytest.fixture(scope="module")
def entries(found: Catalogue) -> list[Entry]:
    states = {"sal_lead_cnt": "broken"}
    return entries_of(found, haystacks_of(found), {}, states)  # type: ignore[arg-type]


def codes(entries: list[Entry]) -> set[str]:
    return {one.definition.code for one in entries}


@pytest.mark.parametrize(
    "search",
    ["sal_testdrive_rate", "Test-drive rate", "test-drive RATE", "试驾率", "试驾线索量 / 线索量"],
)
def test_an_indicator_is_found_by_code_label_and_sentence(
    entries: list[Entry], search: str
) -> None:
    assert "sal_testdrive_rate" in codes(chosen(entries, Wanted(search=search)))
    assert "mkt_voice_shr" not in codes(chosen(entries, Wanted(search=search)))


def test_a_column_lists_what_reads_it(entries: list[Entry]) -> None:
    shown = codes(chosen(entries, Wanted(search="media.spend", parts=True)))
    assert {"mkt_media_amt", "mkt_voice_shr"} <= shown
    assert "sal_lead_cnt" not in shown


@pytest.mark.parametrize("facet", FACETS)
def test_a_choice_leaves_as_many_as_it_says(entries: list[Entry], facet: str) -> None:
    wanted = Wanted(search="lead")
    left = counts(entries, wanted, facet)  # type: ignore[arg-type]
    assert left
    for value, count in left.items():
        assert len(chosen(entries, wanted.having(facet, value))) == count


def test_a_broken_indicator_counts_as_that_besides_its_status(entries: list[Entry]) -> None:
    left = counts(entries, Wanted(), "status")
    assert left["broken"] == 1
    assert left["published"] == len(chosen(entries, Wanted()))


def test_parts_are_listed_only_when_asked_for(entries: list[Entry], found: Catalogue) -> None:
    assert codes(chosen(entries, Wanted())) == set(found.headlines)
    assert codes(chosen(entries, Wanted(parts=True))) == set(found.definitions)


@languages
def test_every_lineage_is_sound_xml_whose_boxes_are_links(
    found: Catalogue, language: Language
) -> None:
    text = Text(language)
    for code in found.definitions:
        layers = drawing.layers_of(found, code, KPI_INDICATORS, text, "Nova")
        boxes = [box for column in layers.boxes for box in column]
        assert len({box.name for box in boxes}) == len(boxes)
        for draw in (drawing.wide, drawing.narrow):
            drawn = ElementTree.fromstring(draw(layers, "Lineage"))
            anchors = drawn.findall(f"{SVG}a")
            assert [one.get("data-pick") for one in anchors] == [box.target for box in boxes]
            assert len(drawn.findall(f".//{SVG}rect")) == len(boxes)


def test_lineage_reaches_from_the_screen_to_the_columns(found: Catalogue) -> None:
    layers = drawing.layers_of(found, "sal_unit_cnt_own", KPI_INDICATORS, Text("en"), "Nova")
    kinds = [{box.kind for box in column} for column in layers.boxes]
    assert "screen" in kinds[0]
    assert kinds[1] == {"picked"}
    assert kinds[-2:] == [{"table"}, {"column"}]
    assert ("sal_unit_cnt_own", "sal_unit_cnt") in layers.lines
    assert ("table sales", "sales.units") in layers.lines


def test_no_text_of_a_definition_becomes_markup(found: Catalogue) -> None:
    label = type(found.definition("sal_lead_cnt").label)(en=HOSTILE, zh=HOSTILE)
    hostile = found.definition("sal_lead_cnt").model_copy(update={"label": label})
    bad = replace(found, definitions={**found.definitions, "sal_lead_cnt": hostile})
    text = Text("en")
    layers = drawing.layers_of(bad, "sal_lead_cnt", {}, text, HOSTILE)
    for drawn in (drawing.wide(layers, HOSTILE), drawing.narrow(layers, HOSTILE)):
        assert "<script" not in drawn
        ElementTree.fromstring(drawn)
    outcome = Outcome("range", HOSTILE, HOSTILE, False, HOSTILE)
    for html in (
        formula(bad, bad.definition("sal_testdrive_rate"), text),
        records.tests([outcome], text),
        records.reasons([outcome], [HOSTILE], False, text),
        link(f"find:{HOSTILE}", "x"),
    ):
        assert "<script" not in html


def test_names_of_a_formula_are_links_and_the_rest_is_kept(found: Catalogue) -> None:
    html = formula(found, found.definition("sal_price_gap"), Text("en"))
    for part in ("sal_turnover_amt_own", "sal_unit_cnt_served_rival"):
        assert f'data-pick="indicator:{part}"' in html
    written = re.sub("<[^>]+>", "", html.partition("<small>")[0])
    definition = found.definition("sal_price_gap")
    assert written == f"sal_price_gap = {definition.formula}"


def figures(
    found: Catalogue, data_sets: dict[str, DataSet], code: str, language: Language
) -> Figures:
    write = Format(language, data_sets["premium_ev"].metadata)
    return figures_of(found.definition(code), (0.2,), Text(language), write)


@languages
def test_the_title_says_the_latest_figure_and_how_far_from_the_year_before(
    found: Catalogue, data_sets: dict[str, DataSet], language: Language
) -> None:
    months = [f"2025-{month:02d}" for month in range(1, 13)]
    periods = (*months, "2026-01", "2026-02")
    values = (0.2, 0.21, *(0.3,) * 10, 0.25, math.nan)
    series = Series(periods, values)
    one = figures(found, data_sets, "sal_testdrive_rate", language)
    title = trend_title(series, "month", one, Text(language))
    for said in (one.write(0.25), one.format.period("2026-01"), one.change(0.25, 0.2)):
        assert said in title
    assert series.year_before("month") == ("2025-01", 0.2)
    gap = Series(periods[1:], values[1:])
    assert gap.year_before("month") is None
    chart = trend_chart(series, "month", one, Text(language), dark=False)
    assert chart["datasets"]["marks"][0]["label"] == one.write(0.25)
    assert chart["datasets"]["points"][-1]["y"] is None


def test_a_missing_figure_is_a_dash_in_the_list(
    entries: list[Entry], data_sets: dict[str, DataSet]
) -> None:
    write = Format("en", data_sets["premium_ev"].metadata)
    shown = [one for one in entries if one.definition.code in ("sal_lead_cnt", "sal_card_rate")]
    known = {code: Series(("2026-06",), (math.nan,)) for code in ("sal_lead_cnt", "sal_card_rate")}
    html = list_view(shown, "sal_card_rate", known, Text("en"), write)
    assert html.count('<span class="v">—</span>') == 2
    assert Text("en")("indicator_state_broken") in html
    assert html.count('aria-current="true"') == 1


def test_tests_are_counted_by_what_came_of_them() -> None:
    text = Text("en")
    passed = Outcome("range", "0 … 1", "0.2 … 0.4", True, "fine")
    failed = replace(passed, passed=False)
    unrun = replace(passed, passed=None)
    assert text("tests_passed", passed=1, count=2) in records.tests([passed, unrun], text)
    assert text("tests_failed", passed=1, failed=1) in records.tests([passed, failed], text)
    assert text("tests_none") in records.tests([unrun], text)


def page() -> None:
    from sandtable.app.guard import guarded
    from sandtable.app.pages import indicators

    guarded(indicators.show)()


def opened(data: str, code: str, language: Language = "en") -> AppTest:
    app = AppTest.from_function(page, default_timeout=90)
    app.session_state["data_set"] = data
    app.session_state["language"] = language
    app.query_params["code"] = code
    return app.run()


def said(app: AppTest) -> str:
    assert [item.value for item in app.exception] == []
    assert [item.value for item in app.error] == []
    return "\n".join(str(item.proto.body) for item in app.get("html"))


@languages
def test_the_page_opens_what_the_address_names(found: Catalogue, language: Language) -> None:
    html = said(opened("premium_ev", "sal_testdrive_rate", language))
    definition = found.definition("sal_testdrive_rate")
    assert f"<h1>{getattr(definition.label, language)}</h1>" in html
    assert definition.definition_hash[:12] in html
    assert "20.9" in html


def test_an_indicator_without_its_tables_says_so() -> None:
    text = Text("en")
    html = said(opened("us_autos", "sal_testdrive_rate"))
    assert text("indicator_state_absent") in html
    assert text("indicator_absent_why") in html
    assert text("indicator_no_figure") in html


def test_an_unknown_code_gets_a_sentence_and_the_list_stays() -> None:
    html = said(opened("premium_ev", "sal_testdrive_rat"))
    assert "No indicator is called sal_testdrive_rat" in html
    assert 'data-pick="indicator:sal_testdrive_rate"' in html
