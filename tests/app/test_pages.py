"""Both pages run on both data sets and in both languages; what goes wrong is a sentence, never a traceback."""

from __future__ import annotations

import html
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from sandtable.app.state import TableState
from sandtable.app.text import Language, Text
from sandtable.scenario.model import LeverMove, Response, Rivals, Scenario
from sandtable.units import Change

SCRIPT = Path(__file__).parents[2] / "streamlit_app.py"
OWN = {"premium_ev": ("Nova", "N5"), "us_autos": ("Honda", "HDACCO90")}
TIMEOUT = 60
LANGUAGES: tuple[Language, ...] = ("en", "zh")

combinations = pytest.mark.parametrize("data", sorted(OWN))
languages = pytest.mark.parametrize("language", LANGUAGES)


@pytest.fixture(autouse=True)
def fresh_caches() -> Iterator[None]:
    yield
    st.cache_resource.clear()


def cut(data: str) -> TableState:
    """A table with a price cut, answered by rivals, the moved piece picked."""
    firm, product = OWN[data]
    move = LeverMove("list_price", product=product, change=Change("relative", -0.05))
    scenario = Scenario("Cut", data, levers=(move,), rivals=Rivals("best_response"))
    return replace(TableState(Scenario("", data), firm).changed(scenario), selected=product)


def opened(app: AppTest, data: str, language: Language, table: TableState | None = None) -> AppTest:
    app.session_state["data_set"] = data
    app.session_state["language"] = language
    if table is not None:
        app.session_state["tables"] = {data: table}
    return app.run()


def written(app: AppTest) -> str:
    """Everything that the page says in HTML and Markdown."""
    parts = [str(item.proto.body) for item in app.get("html")]
    return "\n".join([*parts, *(item.value for item in app.markdown)])


def no_fault(app: AppTest) -> None:
    assert [item.value for item in app.exception] == []
    assert [item.value for item in app.error] == []


@combinations
@languages
def test_the_table_opens_empty_and_with_a_scenario(data: str, language: Language) -> None:
    app = opened(AppTest.from_file(str(SCRIPT), default_timeout=TIMEOUT), data, language)
    no_fault(app)
    assert Text(language)("empty_finding") in written(app)
    moved = opened(app, data, language, cut(data))
    no_fault(moved)
    firm, _ = OWN[data]
    assert Text(language)("kpi_units", firm=firm) in written(moved)
    assert Text(language)("empty_finding") not in written(moved)
    assert Text(language)("models_title") in written(moved)


def data_and_model() -> None:
    from sandtable.app.guard import guarded
    from sandtable.app.pages import model

    guarded(model.show)()


@combinations
@languages
def test_the_page_on_data_and_model_names_its_source_and_every_number(
    data: str, language: Language
) -> None:
    app = opened(AppTest.from_function(data_and_model, default_timeout=TIMEOUT), data, language)
    no_fault(app)
    said = written(app)
    text = Text(language)
    assert text("kind_real" if data == "us_autos" else "kind_synthetic") in said
    assert text("parameter_price_coefficient") in said
    assert re.search(r"[0-9a-f]{64}", said)


def competitors_page() -> None:
    from sandtable.app.guard import guarded
    from sandtable.app.pages import competitors

    guarded(competitors.show)()


@combinations
@languages
def test_the_page_on_competitors_opens_empty_and_with_a_scenario(
    data: str, language: Language
) -> None:
    text = Text(language)
    page = AppTest.from_function(competitors_page, default_timeout=TIMEOUT)
    app = opened(page, data, language)
    no_fault(app)
    said = written(app)
    assert text("held_empty") in said
    assert text("elasticity_caption") in html.unescape(said)
    assert (text("calendar_none") in said) is (data == "us_autos")
    moved = opened(app, data, language, cut(data))
    no_fault(moved)
    assert text("cars_answered") in written(moved)
    assert text("held_empty") not in written(moved)


def test_a_response_set_on_the_page_on_competitors_is_the_scenario_of_the_table() -> None:
    page = AppTest.from_function(competitors_page, default_timeout=TIMEOUT)
    app = opened(page, "premium_ev", "en", cut("premium_ev"))
    (box,) = [item for item in app.selectbox if str(item.key).startswith("response:Orion:")]
    box.set_value("match 50 %, lag 1").run()
    no_fault(app)
    rivals = app.session_state["tables"]["premium_ev"].scenario.rivals
    assert rivals.response("Orion", "Nova") == Response("match", 0.5, 1)
    assert rivals.response("Lyra", "Nova") == Response("best_response")


def test_a_firm_without_sales_here_is_a_sentence() -> None:
    page = AppTest.from_function(competitors_page, default_timeout=TIMEOUT)
    table = TableState(Scenario("", "premium_ev", own_firm="Nobody"), "Nobody")
    app = opened(page, "premium_ev", "en", table)
    assert [item.value for item in app.exception] == []
    assert Text("en")("no_own_product", firm="Nobody") in written(app)


def broken_page() -> None:
    from sandtable.app.guard import guarded

    def show() -> None:
        raise RuntimeError("the secret path /srv/market")

    guarded(show)()


@languages
def test_an_unforeseen_error_is_a_sentence_with_a_number_and_the_log_says_more(
    language: Language, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, logger="sandtable.app"):
        app = opened(
            AppTest.from_function(broken_page, default_timeout=TIMEOUT), "premium_ev", language
        )
    assert [item.value for item in app.exception] == []
    (said,) = [item.value for item in app.error]
    (record,) = [item for item in caplog.records if item.name == "sandtable.app"]
    number = record.getMessage().removeprefix("error ")
    assert re.fullmatch(r"[0-9a-f]{8}", number)
    assert said == Text(language)("unexpected", id=number)
    assert record.exc_info is not None
    assert "secret" in str(record.exc_info[1])


def page_with_known_error() -> None:
    from sandtable.app.guard import guarded
    from sandtable.errors import Fault, InputError

    def show() -> None:
        raise InputError([Fault("a.yaml", "title", "is missing.")])

    guarded(show)()


def page_that_stops() -> None:
    import streamlit

    from sandtable.app.guard import guarded

    def show() -> None:
        streamlit.write("before")
        streamlit.stop()

    guarded(show)()
    streamlit.write("after")


def shown(page: Callable[[], None]) -> AppTest:
    return AppTest.from_function(page, default_timeout=TIMEOUT).run()


def test_a_known_error_is_its_own_sentence() -> None:
    assert [item.value for item in shown(page_with_known_error).error] == [
        "a.yaml, title: is missing."
    ]


def test_a_page_may_stop_without_an_error() -> None:
    app = shown(page_that_stops)
    no_fault(app)
    assert [item.value for item in app.markdown] == ["before"]


def test_without_any_data_set_the_app_says_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SANDTABLE_HOME", str(tmp_path))
    app = AppTest.from_file(str(SCRIPT), default_timeout=TIMEOUT).run()
    assert [item.value for item in app.exception] == []
    assert any("sandtable data generate premium_ev" in item.value for item in app.error)
