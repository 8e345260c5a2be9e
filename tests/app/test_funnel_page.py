"""The page on the funnel on both data sets and in both languages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from sandtable.app.text import LANGUAGES, Language, Text
from sandtable.data.loading import DataSet
from sandtable.diagnosis import diagnose

TIMEOUT = 60
languages = pytest.mark.parametrize("language", list(LANGUAGES))


@pytest.fixture(autouse=True)
def fresh_caches() -> Iterator[None]:
    yield
    st.cache_resource.clear()


def page() -> None:
    from sandtable.app.guard import guarded
    from sandtable.app.pages import funnel

    guarded(funnel.show)()


def opened(data: str, language: Language = "en") -> AppTest:
    app = AppTest.from_function(page, default_timeout=TIMEOUT)
    app.session_state["data_set"] = data
    app.session_state["language"] = language
    return app.run()


def said(app: AppTest) -> str:
    assert [item.value for item in app.exception] == []
    assert [item.value for item in app.error] == []
    return "\n".join(str(item.proto.body) for item in app.get("html"))


@languages
def test_a_data_set_without_a_funnel_gets_one_sentence(language: Language) -> None:
    text = Text(language)
    app = opened("us_autos", language)
    assert text("funnel_absent", data=text.name("us_autos")) in said(app)
    assert len(app.radio) == len(app.toggle) == 0


@languages
def test_choosing_a_region_shows_its_stages_and_dealers_and_keeps_the_headline(
    language: Language,
) -> None:
    text = Text(language)
    app = opened("premium_ev", language)
    head = said(app).split("</h1>")[0]
    assert text("funnel_region") in said(app)
    app.radio[0].set_value("Sichuan").run()
    stage = text("funnel_stage_test_drives")
    assert text("funnel_title_one", place=text.name("Sichuan"), stage=stage) in said(app)
    assert "D099" in said(app)
    assert said(app).split("</h1>")[0] == head
    assert app.session_state["tables"]["premium_ev"].region == "Sichuan"
    key = next(key for key in app.session_state["bindings"] if key.startswith("funnel_list"))
    assert app.session_state[f"{key}:{app.session_state['bindings'][key]}"] == "Sichuan"


def test_switched_links_are_summed_and_the_scenario_stays_as_it_is(
    data_sets: dict[str, DataSet],
) -> None:
    found = diagnose(data_sets["premium_ev"])
    app = opened("premium_ev")
    text = Text("en")
    assert text("funnel_lifted_none") in said(app)
    assert len(app.toggle) == 4
    app.toggle[0].set_value(True).run()
    app.toggle[2].set_value(True).run()
    rows = found.links().iloc[[0, 2]]
    links = list(zip(rows["level"], rows["place"], rows["stage"], strict=True))
    gained = f"{round(found.units_gained_if_lifted(links), -1):,.0f}"
    assert text("funnel_lifted_many", count=2, cars=gained) in said(app)
    assert app.session_state["tables"]["premium_ev"].scenario.levers == ()
    app.toggle[2].set_value(False).run()
    app.toggle[0].set_value(False).run()
    assert text("funnel_lifted_none") in said(app)
