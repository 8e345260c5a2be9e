"""Age, judgement and headline of the page on data and model health."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from health_sample import implied, verdicts
from hypothesis import given
from hypothesis import strategies as st

from sandtable.app.health import headline
from sandtable.app.health.age import Age, AgeState, data_age, period_end
from sandtable.app.health.implied import Implied, binned
from sandtable.app.health.judgement import Judgement, judgement
from sandtable.app.text import LANGUAGES, Language, Text
from sandtable.data.loading import DataSet
from sandtable.data.metadata import BilingualText, Metadata
from sandtable.data.parameters import (
    ParameterSet,
    ParameterVerdict,
)
from sandtable.forecast.judging import Verdict
from sandtable.forecast.levels import Level
from sandtable.scenario.base import base_of

EN = Text("en")
ROOT = Path(__file__).parents[2]
languages = pytest.mark.parametrize("language", list(LANGUAGES))


def metadata_of(data_sets: dict[str, DataSet], **changes: Any) -> Metadata:
    return data_sets["us_autos"].metadata.model_copy(update={"frequency": "month", **changes})


# age


@pytest.mark.parametrize(
    ("period", "today", "months", "state"),
    [
        ("2026-06", date(2026, 6, 12), 0, "fresh"),
        ("2026-06", date(2026, 7, 30), 0, "fresh"),
        ("2026-06", date(2026, 7, 31), 1, "fresh"),
        ("2026-06", date(2026, 9, 30), 3, "fresh"),
        ("2026-06", date(2026, 11, 22), 4, "ageing"),
        ("2026-06", date(2026, 12, 31), 6, "ageing"),
        ("2026-06", date(2027, 1, 31), 7, "stale"),
        ("2027-06", date(2026, 1, 1), 0, "fresh"),
    ],
)
def test_monthly_data_age_by_whole_months_since_the_end_of_the_period(
    data_sets: dict[str, DataSet], period: str, today: date, months: int, state: AgeState
) -> None:
    metadata = metadata_of(data_sets, retrieved="2026-07-01")
    assert data_age(metadata, period, today) == Age(period, months, state)


@pytest.mark.parametrize(
    ("frequency", "period", "today", "state"),
    [
        ("quarter", "2026-Q2", date(2026, 12, 31), "fresh"),
        ("quarter", "2026-Q2", date(2027, 6, 30), "ageing"),
        ("quarter", "2026-Q2", date(2027, 7, 31), "stale"),
        ("year", "2025", date(2027, 6, 30), "fresh"),
        ("year", "2025", date(2027, 7, 31), "ageing"),
        ("year", "2025", date(2028, 8, 1), "stale"),
    ],
)
def test_slower_data_may_be_older(
    data_sets: dict[str, DataSet], frequency: str, period: str, today: date, state: AgeState
) -> None:
    metadata = metadata_of(data_sets, frequency=frequency, retrieved="2026-07-01")
    assert data_age(metadata, period, today).state == state


def test_figures_taken_up_years_late_are_history_and_never_stale(
    data_sets: dict[str, DataSet],
) -> None:
    metadata = data_sets["us_autos"].metadata
    assert data_age(metadata, "1990", date(2026, 11, 22)).state == "history"
    assert data_age(metadata, "1990", date(2066, 1, 1)).state == "history"
    unsaid = metadata.model_copy(update={"retrieved": "some day"})
    assert data_age(unsaid, "1990", date(2026, 11, 22)).state == "stale"


def test_invented_figures_do_not_age(data_sets: dict[str, DataSet]) -> None:
    metadata = data_sets["premium_ev"].metadata
    assert data_age(metadata, "2026-06", date(2040, 1, 31)) == Age("2026-06", 163, "invented")


def test_a_period_ends_on_its_last_day() -> None:
    assert period_end("2024-02") == date(2024, 2, 29)
    assert period_end("2026-Q4") == period_end("2026") == date(2026, 12, 31)


@pytest.mark.parametrize(
    ("months", "said"),
    [(0, "this month"), (1, "one month ago"), (23, "23 months ago"), (24, "2 years ago")],
)
def test_an_age_is_written_in_months_then_in_years(months: int, said: str) -> None:
    assert headline.age_text(months, EN) == said


# what parameters imply


def test_the_implied_figures_are_those_of_the_market(data_sets: dict[str, DataSet]) -> None:
    data_set = data_sets["us_autos"]
    market = base_of(data_set, data_set.parameter_sets["logit"], "1990").market
    found = Implied.of(market)
    shares, prices = market.shares[0], market.prices[0]
    # Train (2009), chapter 3
    expected = np.sort(-0.0886393 * prices * (1 - shares))
    np.testing.assert_allclose(found.own_elasticities, expected, rtol=1e-5)
    assert found.inelastic_rate == (expected > -1).mean() > 0.5
    assert found.negative_cost_rate == (market.costs < 0).mean() > 0.5
    assert found.facts["median_own_elasticity"] == found.median == np.median(found.own_elasticities)


@given(st.lists(st.floats(-60.0, -1e-6), min_size=1, max_size=50))
def test_every_own_elasticity_is_counted_once_and_minus_one_is_an_edge(values: list[float]) -> None:
    bins = binned(np.array(values))
    assert sum(one.count for one in bins) == len(values)
    assert bins[-1].high == 0
    assert bins[0].low <= min(values) + 1e-9
    edges = [one.low for one in bins] + [0.0]
    assert -1.0 in edges or min(edges) > -1 or bins[0].high - bins[0].low > 1
    beyond = sum(one.count for one in bins if one.low >= -1)
    if -1.0 in edges:
        assert beyond == sum(value >= -1 for value in values)


# judgement


def with_verdict(plain: ParameterSet, grade: str | None, *reasons: tuple[str, str]) -> ParameterSet:
    said = [BilingualText(en=en, zh=zh) for en, zh in reasons]
    verdict = None if grade is None else ParameterVerdict(grade=cast("Any", grade), reasons=said)
    return plain.model_copy(update={"verdict": verdict})


@pytest.fixture(scope="module")
def plain(data_sets: dict[str, DataSet]) -> ParameterSet:
    return data_sets["us_autos"].parameter_sets["nested"]


@pytest.mark.parametrize(
    ("stored", "today", "grade", "fails_today"),
    [
        (None, implied(), "unjudged", False),
        ("usable", implied(), "usable", False),
        ("with_care", implied(), "with_care", False),
        ("refuse", implied(), "refuse", False),
        (None, implied(inelastic=0.2), "with_care", True),
        (None, implied(inelastic=0.6), "refuse", True),
        ("usable", implied(negative=0.3), "refuse", True),
        ("with_care", implied(negative=0.03), "with_care", False),
        ("refuse", implied(negative=0.3), "refuse", False),
        ("usable", implied(median=-20.0), "with_care", True),
        ("usable", None, "refuse", True),
    ],
)
def test_the_graver_of_verdict_and_todays_checks_counts(
    plain: ParameterSet, stored: str | None, today: Implied | None, grade: str, fails_today: bool
) -> None:
    found = judgement(with_verdict(plain, stored, ("Why", "为何")), today)
    assert (found.grade, found.fails_today) == (grade, fails_today)
    assert found.calibrated == (today is not None)
    assert found.stored == (stored is not None)


def test_the_weakest_evidence_is_that_of_the_demand_parameters(plain: ParameterSet) -> None:
    assert judgement(plain, implied()).weakest == "judgement"
    only = plain.model_copy(update={"nests": [], "sigmas": []})
    assert judgement(only, implied()).weakest == "literature"


@pytest.mark.parametrize(
    ("said", "mend"),
    [
        (
            "The instruments are weak: the least conditional first-stage F is 7.91, below 10.",
            "instruments",
        ),
        ("The largest miss of a target is 12.3 %.", "Drop the target that is least sure"),
        (
            "Data and priors contradict each other (p 0.003): their average may be wrong in both directions.",
            "widen the priors",
        ),
        ("There are 12 clusters; clustered errors need about 30.", "Cluster by a finer group"),
    ],
)
def test_a_stored_reason_finds_what_mends_it(plain: ParameterSet, said: str, mend: str) -> None:
    (reason,) = judgement(with_verdict(plain, "with_care", (said, "原因")), implied()).reasons
    assert reason.said.en == said
    assert reason.mend is not None
    assert mend.lower() in reason.mend.en.lower()


def test_reasons_that_refuse_come_first(plain: ParameterSet) -> None:
    careful = ("There are 12 clusters; clustered errors need about 30.", "聚类")
    grave = (
        "The instruments are too weak: the least conditional first-stage F is 2, below 4.",
        "弱",
    )
    found = judgement(with_verdict(plain, "refuse", careful, grave), implied())
    assert [reason.said.en for reason in found.reasons] == [grave[0], careful[0]]


def test_a_reason_that_no_rule_says_has_nothing_that_mends_it(plain: ParameterSet) -> None:
    (reason,) = judgement(with_verdict(plain, "refuse", ("A test.", "测试。")), implied()).reasons
    assert reason.mend is None


def test_todays_checks_do_not_repeat_what_the_verdict_says(plain: ParameterSet) -> None:
    stored = "Own elasticity is below 1 in size in 70.0 % of the observations; no firm would price there."
    judged = judgement(
        with_verdict(plain, "refuse", (stored, "原因")), implied(inelastic=0.6, negative=0.3)
    )
    assert [reason.said.en[:40] for reason in judged.reasons] == [
        stored[:40],
        "Implied marginal cost is negative in 30.",
    ]


# headline


def judged(grade: str = "usable", *, stored: bool = True, fails: bool = False) -> Judgement:
    return Judgement(cast("Any", grade), stored, fails, True, (), "literature")


def headline_of(
    state: AgeState, path: dict[Level, Verdict] | None, one: Judgement, text: Text = EN
) -> headline.Headline:
    age = Age("2026-06", 2, state)
    gates = (
        headline.parameter_gate("nested", one, text),
        headline.path_gate(path, text),
        headline.data_gate(age, text, period="Jun 2026"),
    )
    return headline.headline(*gates, age, text)


@pytest.mark.parametrize(
    ("state", "path", "one", "fitness", "sentence"),
    [
        (
            "fresh",
            verdicts(),
            judged(),
            "fit",
            "Fit to decide: the parameters 'nested' pass every check; the data ended 2 months ago; "
            "the base path beats simple forecasts.",
        ),
        (
            "fresh",
            verdicts(own_firm_share="no_skill"),
            judged("with_care"),
            "care",
            "Fit to decide with care: the parameters 'nested' need care; "
            "the base path does not always beat simple forecasts; the data ended 2 months ago.",
        ),
        (
            "ageing",
            verdicts(product_units="no_skill"),
            judged("unjudged"),
            "care",
            "Fit to decide with care: the parameters 'nested' rest on literature; the data ended 2 months ago; "
            "the base path beats simple forecasts.",
        ),
        (
            "fresh",
            verdicts(),
            judged("refuse"),
            "unfit",
            "Not fit to decide: the parameters behind 'nested' are refused; the data ended 2 months ago; "
            "the base path beats simple forecasts.",
        ),
        (
            "fresh",
            None,
            judged("refuse", fails=True),
            "unfit",
            "Not fit to decide: the parameters 'nested' fail today's checks; the base path is being tested; "
            "the data ended 2 months ago.",
        ),
        (
            "stale",
            verdicts(total_units="too_little_history"),
            judged(),
            "unfit",
            "Not fit to decide: the data are stale; "
            "the base path could not be tested; the parameters 'nested' pass every check.",
        ),
        (
            "history",
            verdicts(total_units="with_care"),
            judged("unjudged"),
            "unfit",
            "Not fit to decide: the data are history, to Jun 2026; the parameters 'nested' rest on literature; "
            "the base path needs care.",
        ),
        (
            "invented",
            verdicts(),
            judged(),
            "care",
            "Fit to decide with care, in an invented market: the parameters 'nested' pass every check; "
            "the base path beats simple forecasts.",
        ),
        (
            "invented",
            verdicts(),
            judged("refuse"),
            "unfit",
            "Not fit to decide: the parameters behind 'nested' are refused; the figures are invented; "
            "the base path beats simple forecasts.",
        ),
    ],
)
def test_the_headline_names_the_gravest_first(
    state: AgeState,
    path: dict[Level, Verdict] | None,
    one: Judgement,
    fitness: str,
    sentence: str,
) -> None:
    found = headline_of(state, path, one)
    assert (found.fitness, found.sentence) == (fitness, sentence)
    assert len(found.sentence.split()) <= 25


def test_no_total_with_skill_is_said_as_such() -> None:
    none = verdicts(total_units="no_skill", own_firm_units="no_skill", own_firm_share="no_skill")
    assert headline.path_gate(none, EN).clause == EN("health_path_no_skill")


def test_parameters_that_lose_the_market_are_unfit_whatever_their_verdict() -> None:
    gate = headline.parameter_gate("nested", replace(judged(), calibrated=False), EN)
    assert (gate.fitness, gate.clause) == (
        "unfit",
        "the parameters 'nested' do not give back the market",
    )


@languages
def test_the_headline_as_html_shows_every_gate_and_escapes_names(language: Language) -> None:
    text = Text(language)
    age = Age("2026-06", 2, "fresh")
    gates = (
        headline.parameter_gate("<b>", judged("refuse"), text),
        headline.path_gate(verdicts(), text),
        headline.data_gate(age, text, period="Jun 2026"),
    )
    html = headline.said(headline.headline(*gates, age, text), gates, ("1", "2", "3"), text)
    assert "&lt;b&gt;" in html
    assert "<b>" not in html.replace("<b>" + text("health_gate_parameters"), "").replace(
        "<b>" + text("health_gate_path"), ""
    ).replace("<b>" + text("health_gate_data"), "")
    assert html.count('class="verdict refuse"') == 2  # the headline and its first gate
    assert 'class="finding health bad"' in html
