"""The page on data and model health on both data sets and in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import streamlit as st
from refused import NAME, refused_home
from streamlit.testing.v1 import AppTest

from sandtable.app.health import path_section
from sandtable.app.pages import model
from sandtable.app.state import TableState
from sandtable.app.text import LANGUAGES, Language, Text
from sandtable.estimation.rules import RULES
from sandtable.forecast import BackTest
from sandtable.scenario.model import Scenario

TIMEOUT = 60
EN = Text("en")
languages = pytest.mark.parametrize("language", list(LANGUAGES))


@pytest.fixture(autouse=True)
def on_a_known_day(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(model, "today", lambda: date(2026, 11, 22))
    yield
    st.cache_resource.clear()


def page() -> None:
    from sandtable.app.guard import guarded
    from sandtable.app.pages import model

    guarded(model.show)()


def opened(data: str, language: Language = "en", parameters: str | None = None) -> AppTest:
    app = AppTest.from_function(page, default_timeout=TIMEOUT)
    app.session_state["data_set"] = data
    app.session_state["language"] = language
    own = {"premium_ev": "Nova", "us_autos": "Honda"}[data]
    app.session_state["tables"] = {data: TableState(Scenario("", data, parameters=parameters), own)}
    return app.run()


def html(app: AppTest) -> list[str]:
    return [str(item.proto.body) for item in app.get("html")]


def said(app: AppTest) -> str:
    assert [item.value for item in app.exception] == []
    assert [item.value for item in app.error] == []
    return "\n".join(html(app)).replace("\u00a0", " ")


@languages
def test_the_invented_market_is_fit_with_care_and_says_why(language: Language) -> None:
    text, found = Text(language), said(opened("premium_ev", language))
    first = text("health_parameters_unjudged", name="random_coefficient", grade=text("judgement"))
    expected = text("health_invented", first=first, second=text("health_path_partly"))
    assert f"<h1>{expected}</h1>".replace("'", "&#x27;") in found
    assert text("health_age_invented", age=text("health_age_months", count=4)) in found
    for key in ("health_not_ahead", "health_not_capacity", "health_not_used", "kind_synthetic"):
        assert text(key).replace("'", "&#x27;") in found
    for rows in (7_776, 120, 143, 14_740, 432, 46_656, 60, 21_456):
        assert f"<span>{rows:,}</span>" in found


@languages
def test_the_old_market_is_history_and_its_products_have_too_little_of_it(
    language: Language,
) -> None:
    text, found = Text(language), said(opened("us_autos", language))
    assert text("health_age_history") in found
    assert text("health_chip_history") in found
    assert text("health_chip_stale") not in found
    assert found.count(f">{text('health_chip_too_little_history')}</b>") == 4  # two levels, twice
    assert 'class="verdict real"' in found
    assert 'class="verdict derived"' in found


def test_a_refused_set_says_so_with_its_reasons() -> None:
    found = said(opened("us_autos", parameters="logit"))
    assert "the parameters behind &#x27;logit&#x27; are refused" in found
    assert "Own elasticity is below 1 in size in 67.7 % of the observations" in found
    assert "53 % of the own elasticities are inelastic" in found


def test_another_set_can_be_looked_at_without_changing_the_table() -> None:
    app = opened("us_autos")
    assert "53 % of the own elasticities are inelastic" not in said(app)
    choice = next(one for one in app.selectbox if one.label == EN("health_chosen"))
    choice.select("logit").run()
    found = said(app)
    assert "53 % of the own elasticities are inelastic" in found
    assert "the parameters &#x27;random_coefficient&#x27; rest on" in found
    assert app.session_state["tables"]["us_autos"].scenario.parameters is None


def test_every_level_can_be_looked_at_also_one_that_was_not_judged() -> None:
    app = opened("us_autos")
    for level in ("product_units", "market_size"):
        choice = next(one for one in app.selectbox if one.label == EN("health_level"))
        choice.select(level).run()
        said(app)
    assert "Market size: off by " in said(app)


def test_the_page_stands_before_the_back_test_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """A back-test that breaks leaves what was drawn before it, with the sentence that it is being tested."""
    from sandtable.errors import Fault, InputError

    def broken(_: object) -> BackTest:
        raise InputError([Fault("sales.csv", "period", "has a gap.")])

    monkeypatch.setattr(path_section, "back_test", broken)
    app = opened("us_autos")
    found = "\n".join(html(app))
    assert EN("health_path_waiting") in found
    assert EN("health_path_testing") in found
    assert EN("health_not_ahead") in found
    assert EN("parameter_price_coefficient") in found
    assert [item.value for item in app.error] == ["sales.csv, period: has a gap."]


def test_the_elements_of_the_page_keep_their_places_between_runs() -> None:
    app = opened("premium_ev")
    before = [part.split(">")[0] for part in html(app)]
    said(app.run())
    assert [part.split(">")[0] for part in html(app)] == before


@languages
def test_a_refused_set_is_refused_in_headline_table_and_detail(
    language: Language, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SANDTABLE_HOME", str(refused_home(tmp_path)))
    st.cache_resource.clear()
    text = Text(language)
    found = said(opened("us_autos", language, NAME))
    assert text("health_parameters_refuse", name=NAME).replace("'", "&#x27;") in found
    # the headline, its gate, the comparison, the detail
    assert found.count('class="verdict refuse"') >= 4
    assert "<span>2,217</span>" in found  # observations of the diagnosis
    for fact in ("instrumented", "inelastic_rate", "negative_cost_rate"):
        rule = next(rule for rule in RULES if rule.fact == fact)
        assert {"en": rule.mend_en, "zh": rule.mend_zh}[language] in found, fact
    clear = said(opened("us_autos", language))
    assert text("health_parameters_refuse", name=NAME).replace("'", "&#x27;") not in clear
