"""How far the table looks ahead: horizons, months below the slider, totals, orders that wait."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from sandtable.app.backlog_view import title_of, waiting_of
from sandtable.app.formatting import Format
from sandtable.app.horizon import OBSERVED, OWN, length_of, lengths, month_marks
from sandtable.app.panels import kpi_strip, kpis, with_horizon
from sandtable.app.text import LANGUAGES, Language, Text
from sandtable.data.loading import DataSet
from sandtable.scenario.calendar import coming_periods, periods_of
from sandtable.scenario.model import Backlog, LeverMove, Scenario
from sandtable.scenario.run import Result, run
from sandtable.scenario.summary import totals
from sandtable.units import Change

languages = pytest.mark.parametrize("language", list(LANGUAGES))


@pytest.fixture(scope="module")
def sold_out(data_sets: dict[str, DataSet]) -> Result:
    """N5 can deliver 5,000 cars a month for three months; orders may wait for two."""
    data_set = data_sets["premium_ev"]
    scenario = Scenario(
        "",
        "premium_ev",
        periods=periods_of(data_set)[-3:],
        levers=(LeverMove("capacity", product="N5", value=5_000.0),),
        backlog=Backlog(longest_wait=1.0),
    )
    return run(scenario, data_set)


def test_each_horizon_is_recognised_and_another_is_the_scenario_s_own(
    data_sets: dict[str, DataSet],
) -> None:
    data_set = data_sets["premium_ev"]
    coming, observed = coming_periods(data_set), periods_of(data_set)
    bare = Scenario("", "premium_ev")
    assert length_of(bare, data_set) == OBSERVED
    assert length_of(replace(bare, periods=observed[-2:-1]), data_set) == OBSERVED
    for count in (1, 3, 6, 12):
        assert length_of(replace(bare, periods=coming[:count]), data_set) == count
    odd = replace(bare, periods=(*observed[-1:], *coming[:3]))
    assert length_of(odd, data_set) == OWN
    assert OWN in lengths(odd, data_set)
    assert OWN not in lengths(bare, data_set)


@languages
def test_each_month_has_its_name_and_a_lever_that_starts_a_mark(
    language: Language, data_sets: dict[str, DataSet]
) -> None:
    data_set = data_sets["premium_ev"]
    write = Format(language, data_set.metadata)
    lever = LeverMove("market_size", change=Change("relative", 0.1), first="2026-10")
    scenario = Scenario("", "premium_ev", periods=coming_periods(data_set)[:12], levers=(lever,))
    drawn = month_marks(scenario, "2026-12", write)
    assert drawn.count('<span class="m') == 12
    assert re.findall(r'span class="m([^"]*)"', drawn)[3] == " start"
    assert "now" in re.findall(r'span class="m([^"]*)"', drawn)[5]
    # the year is named where it begins
    assert write.short_period("2026-07") in drawn
    assert write.short_period("2027-01") in drawn
    assert re.findall(r"left:([\d.]+)%", drawn)[-1] == "100.00"


@languages
def test_the_strip_names_the_month_and_what_holds_over_the_horizon(
    language: Language, data_sets: dict[str, DataSet]
) -> None:
    data_set = data_sets["premium_ev"]
    text, write = Text(language), Format(language, data_set.metadata)
    periods = periods_of(data_set)[-3:]
    result = run(Scenario("", "premium_ev", periods=periods), data_set)
    month = kpis(*totals(result.periods[-1], "Nova"), "Nova", text, write)
    whole = kpis(*totals(result.periods, "Nova"), "Nova", text, write)
    cells = with_horizon(month, whole, write.short_period(periods[-1]), "3", text)
    assert write.short_period(periods[-1]) in cells[0].label
    assert [cell.label for cell in cells[1:]] == [cell.label for cell in month[1:]]
    units = sum(totals(item, "Nova")[1].units for item in result.periods)
    assert write.count(units) in cells[0].total
    drawn = kpi_strip(cells)
    assert drawn.count("kpi-total") == 6
    assert "kpi-total" not in kpi_strip(month)


def test_orders_deliveries_and_waiting_close_month_by_month(sold_out: Result) -> None:
    found = waiting_of(sold_out.periods)
    assert [row.period for row in found] == list(sold_out.scenario.periods)
    assert {row.product for row in found} == {"N5"}
    waiting = 0.0
    for row in found:
        assert row.backlog == pytest.approx(waiting + row.orders - row.deliveries, abs=1e-6)
        assert row.wait == pytest.approx(row.backlog / 5_000.0)
        waiting = row.backlog
    assert waiting > 0


@languages
def test_the_title_says_what_waits_longest(
    language: Language, sold_out: Result, data_sets: dict[str, DataSet]
) -> None:
    text, write = Text(language), Format(language, data_sets["premium_ev"].metadata)
    found = waiting_of(sold_out.periods)
    longest = max(row.wait or 0.0 for row in found)
    assert write.decimal(longest) in title_of(found, text, write)
    assert title_of([], text, write) == text("backlog_none")
    lost = replace(found[0], backlog=0.0, elsewhere=2_000.0)
    assert "2,000" in title_of([lost], text, write)


@pytest.mark.parametrize(
    ("language", "period", "said"),
    [("en", "2026-07", "Jul 26"), ("zh", "2026-07", "26年7月"), ("en", "1990", "1990")],
)
def test_a_month_is_written_in_few_signs(
    language: Language, period: str, said: str, data_sets: dict[str, DataSet]
) -> None:
    write = Format(language, data_sets["premium_ev"].metadata)
    assert write.short_period(period) == said
