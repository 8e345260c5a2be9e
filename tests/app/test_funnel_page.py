"""The page on the funnel on both data sets and in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

from sandtable.app.text import LANGUAGES, Language, Text

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
    assert len(app.radio) == 0
    assert not [item for item in app.button if str(item.key).startswith("lift_")]


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


def test_a_lifted_link_is_a_lever_of_the_scenario_with_what_it_brings_and_a_way_back() -> None:
    app = opened("premium_ev")
    text = Text("en")
    assert text("funnel_lifted_none") in said(app)
    button(app, "lift_1").click().run()
    button(app, "lift_3").click().run()
    levers = app.session_state["tables"]["premium_ev"].scenario.levers
    assert [(move.lever, move.firm, move.stage) for move in levers] == [
        ("stage_rate", "Nova", "test_drives"),
        ("stage_rate", "Nova", "test_drives"),
    ]
    assert (levers[0].region, levers[1].dealer) == ("Sichuan", "D031")
    shown = said(app)
    assert re.search(r"The 2 lifted links bring \+\d+ cars together", shown)
    assert len(re.findall(r"The lifted link brings \+\d+ cars", shown)) == 2
    button(app, "unlift_1").click().run()
    assert app.session_state["tables"]["premium_ev"].scenario.levers == (levers[1],)
    button(app, "undo").click().run()
    assert app.session_state["tables"]["premium_ev"].scenario.levers == levers


def button(app: AppTest, key: str) -> Button:
    (found,) = [item for item in app.button if item.key == key]
    return found
