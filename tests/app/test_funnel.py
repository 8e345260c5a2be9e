"""What the page on the funnel says is read off the diagnosis, in both languages; what is not sure stays out of sums."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandtable.app.formatting import MISSING, Format
from sandtable.app.funnel_view import lifting, link_cards, place_table, sentences, stage_rows, tree
from sandtable.app.funnel_view.lane import Scale, lane, pooling_moved, scales
from sandtable.app.funnel_view.words import Seen, known_place, level_of, sure_loss
from sandtable.app.text import Language, Text
from sandtable.data.loading import DataSet
from sandtable.data.metadata import Metadata
from sandtable.diagnosis import Diagnosis, diagnose
from sandtable.scenario.known import Known
from sandtable.scenario.model import Scenario
from sandtable.scenario.move_faults import move_faults
from sandtable.scenario.run import run

LANGUAGES: tuple[Language, ...] = ("en", "zh")
languages = pytest.mark.parametrize("language", LANGUAGES)
PLACES = (None, "West", "Sichuan", "Guangdong")
See = Callable[..., Seen]


@pytest.fixture(scope="module")
def found(data_sets: dict[str, DataSet]) -> Diagnosis:
    return diagnose(data_sets["premium_ev"])


@pytest.fixture(scope="module")
def metadata(data_sets: dict[str, DataSet]) -> Metadata:
    return data_sets["premium_ev"].metadata


@pytest.fixture
def see(found: Diagnosis, metadata: Metadata) -> See:
    def look(
        place: str | None = None, language: Language = "en", diagnosis: Diagnosis = found
    ) -> Seen:
        return Seen(diagnosis, place, Text(language), Format(language, metadata))

    return look


def changed(found: Diagnosis, keep: int) -> Diagnosis:
    """The diagnosis with only the first sure links; the others are not clear, as are their sums."""
    table = found.table.copy()
    links = found.links()
    for link in links[links["verdict"] == "sure"].iloc[keep:].itertuples():
        here = (table["place"] == link.place) & (table["stage"] == link.stage)
        table.loc[here, "verdict"] = "not_clear"
    table.loc[table["verdict"] != "sure", "sure_units_lost"] = 0.0
    return replace(found, table=table)


@languages
def test_the_headline_counts_the_sure_links_and_adds_up_what_they_cost(
    see: See, found: Diagnosis, language: Language
) -> None:
    seen = see(language=language)
    links = found.links()
    sure = links[links["verdict"] == "sure"]
    said = sentences.headline_of(seen)
    assert str(len(sure)) in said
    assert seen.cars(float(sure["units_lost"].sum())) in said
    assert Text(language).name(sure["place"].iloc[0]) in said
    assert sentences.headline_of(see("Hunan", language)) == said


@pytest.mark.parametrize("keep", range(5))
def test_the_headline_has_at_most_25_words(see: See, found: Diagnosis, keep: int) -> None:
    said = sentences.headline_of(see(diagnosis=changed(found, keep)))
    assert len(said.split()) <= 25
    expected = ("No link", "One link", "2 links", "3 links", "4 links")[keep]
    assert said.startswith(expected)


def test_losses_of_the_tree_add_up_level_by_level(found: Diagnosis, metadata: Metadata) -> None:
    areas = [sure_loss(found, area) for area in metadata.areas]
    regions = [sure_loss(found, name) for inside in metadata.areas.values() for name in inside]
    assert sum(areas) == pytest.approx(sure_loss(found, None))
    assert sum(regions) == pytest.approx(sure_loss(found, None))


def test_the_tree_holds_every_region_once_below_its_area(
    found: Diagnosis, metadata: Metadata
) -> None:
    options = tree.places_of(found, metadata.areas)
    assert len(options) == len(set(options)) == 1 + 4 + 12
    assert options[0] == tree.EVERYWHERE
    assert options.index("West") < options.index("Sichuan")
    assert set(tree.places_of(found, {})) == {tree.EVERYWHERE, *found.places("region")}


@languages
def test_only_weak_places_carry_the_mark(see: See, language: Language) -> None:
    seen = see(language=language)
    for option, weak in (("Sichuan", True), ("Hunan", False), ("West", True), ("North", False)):
        assert (tree.WEAK in tree.tree_label(option, seen)) is weak
        assert (tree.WEAK in tree.select_label(option, seen)) is weak
    assert MISSING in tree.tree_label("Hunan", seen)


def test_a_region_the_funnel_does_not_have_shows_the_country(found: Diagnosis) -> None:
    assert known_place(found, "Nowhere") is None
    assert known_place(found, "Sichuan") == "Sichuan"
    assert [level_of(found, place) for place in (None, "West", "Sichuan")] == [
        "country",
        "area",
        "region",
    ]


@given(value=st.floats(min_value=5, max_value=1e7))
def test_cars_are_rounded_to_ten_and_from_ten_thousand_to_a_hundred(value: float) -> None:
    seen = Seen(None, None, Text("en"), Format("en", None))  # type: ignore[arg-type]
    written = int(seen.cars(value).replace(",", ""))
    step = 100 if value >= 10_000 else 10
    assert written % step == 0
    assert abs(written - value) <= step / 2


def test_few_cars_are_not_none_and_unknown_ones_are_a_dash(see: See) -> None:
    seen = see()
    assert seen.cars(2.0) == Text("en")("funnel_under_five")
    assert seen.cars(0.0) == "0"
    assert seen.cars(None) == MISSING


def test_titles_say_what_is_weak_in_the_place(see: See) -> None:
    assert "only test drives" in sentences.place_title(see("Sichuan"))
    assert "no rate" in sentences.place_title(see("Guangdong"))
    assert "1 link is" in sentences.place_title(see("West"))
    assert "4 links are" in sentences.place_title(see())
    assert "no link" in sentences.place_title(see("North"))
    assert "1 of 23 dealers is" in sentences.table_title(see("Guangdong"))
    assert "none of 10 dealers" in sentences.table_title(see("Sichuan"))
    assert "1 of 12 regions is" in sentences.table_title(see())


def test_a_lifted_link_is_a_lever_that_any_file_could_hold(
    see: See, data_sets: dict[str, DataSet]
) -> None:
    known = Known.of(data_sets["premium_ev"])
    scenario = Scenario("", "premium_ev")
    for row in see().sure():
        move = lifting.lift_move(row, scenario, "Nova", known)
        assert list(move_faults(move, scenario, known)) == []
        assert move.change is not None
        assert row["pooled_rate"] * (1 + move.change.amount) == pytest.approx(
            row["benchmark"], rel=1e-5
        )
        lifted = scenario.with_lever(move)
        assert lifting.lifted_by(row, lifted, "Nova") == move
        assert lifting.without(lifted, [move]) == scenario
        assert [lifting.lifted_by(other, lifted, "Nova") for other in see().sure()].count(move) == 1


def test_a_link_is_lifted_from_the_first_coming_period_on(
    see: See, data_sets: dict[str, DataSet]
) -> None:
    known = Known.of(data_sets["premium_ev"])
    row, last = see().sure()[0], known.observed[-1]
    coming = known.periods[known.periods.index(last) + 1 :]
    for periods, start in (((), last), ((last, *coming[:2]), coming[0]), (coming[:3], coming[0])):
        scenario = Scenario("", "premium_ev", periods=periods)
        assert lifting.lift_move(row, scenario, "Nova", known).first == start


def test_the_largest_link_lifted_brings_about_what_the_diagnosis_says_it_costs(
    see: See, data_sets: dict[str, DataSet]
) -> None:
    data_set = data_sets["premium_ev"]
    row, bare = see().sure()[0], Scenario("", "premium_ev")
    lifted = bare.with_lever(lifting.lift_move(row, bare, "Nova", Known.of(data_set)))
    cars = lifting.brought(run(lifted, data_set), run(bare, data_set), "Nova")
    # a month of the year, less what it takes from other own sales
    assert 0.6 * row["units_lost"] / 12 < cars < 1.2 * row["units_lost"] / 12


def test_not_clear_links_are_of_the_place_and_never_sure(see: See) -> None:
    rows = see("Sichuan").not_clear()
    assert rows
    assert {row["verdict"] for row in rows} == {"not_clear"}
    assert {row["region"] for row in rows} == {"Sichuan"}
    losses = [row["units_lost"] for row in rows]
    assert losses == sorted(losses, reverse=True)
    card = link_cards.unclear_card(rows[0], see("Sichuan"))
    assert 'class="loss"' not in card


def test_a_link_that_is_not_clear_says_which_rule_it_does_not_meet(see: See) -> None:
    seen, row = see(), see("Guangdong").not_clear()[0]
    ordinary = {**row, "pooled_rate": 0.25, "usual_low": 0.24, "benchmark": 0.26}
    small = {**ordinary, "pooled_rate": 0.258, "usual_low": 0.259}
    chance = {**ordinary, "usual_low": 0.255}
    said = [link_cards.why_unclear(one, seen) for one in (ordinary, small, chance)]
    assert said[0].startswith("ordinary ones lie between 24.0")
    assert said[1].startswith("short by 0.8")
    assert "by chance" in said[2]


@languages
@pytest.mark.parametrize("place", PLACES)
def test_the_stages_show_what_was_counted(
    see: See, found: Diagnosis, place: str | None, language: Language
) -> None:
    seen = see(place, language)
    drawn = stage_rows.stage_rows(seen)
    for row in seen.rows():
        assert f">{seen.cars(row['passed'])}<" in drawn
        assert seen.stage(row["stage"]) in drawn
    assert drawn.count('class="rate-lane') == 4
    assert "None" not in drawn
    assert not re.search(r"\bnan\b", drawn)


def test_links_at_dealers_are_told_where_their_region_is_not_weak(see: See) -> None:
    drawn = stage_rows.stage_rows(see("Guangdong"))
    assert "930 at dealers" in drawn
    assert "at dealers" not in stage_rows.stage_rows(see("Sichuan"))


def test_dealers_stand_by_sure_loss_then_by_name(see: See) -> None:
    places = place_table.by_place(see("Guangdong").inside("dealer"))
    names = [rows[0]["place"] for rows in places]
    assert names[0] == "D066"
    assert names[1:] == sorted(names[1:])
    assert len(names) == 23


def test_the_regions_of_the_table_add_up_to_the_country(see: See, found: Diagnosis) -> None:
    places = place_table.by_place(see().inside("region"))
    assert sum(map(place_table.sure_cars, places)) == pytest.approx(sure_loss(found, None))
    assert [rows[0]["place"] for rows in places[:2]] == ["Sichuan", "Guangdong"]


@languages
def test_a_sample_that_is_too_small_is_a_dash_with_a_sentence(
    see: See, found: Diagnosis, language: Language
) -> None:
    table = found.table.copy()
    small = (table["place"] == "D099") & (table["stage"] == "orders")
    for column, value in (("verdict", "sample_too_small"), ("n", 12), ("needed", 40)):
        table.loc[small, column] = value
    mixed = (table["place"] == "D100") & (table["stage"] == "orders")
    table.loc[mixed, "verdict"] = "mixed_periods"
    seen = see("Sichuan", language, replace(found, table=table))
    drawn = place_table.place_table(seen)
    assert Text(language)("funnel_small_needed", n="12", needed="40") in drawn
    slots = {"after": seen.stage("orders"), "before": seen.stage("test_drives")}
    assert Text(language)("funnel_mixed", **slots) in drawn
    assert len(re.findall(f'class="rate mut">{MISSING}', drawn)) == 2
    region = table["level"].eq("region") & table["stage"].eq("orders")
    table.loc[region, "verdict"] = "sample_too_small"
    drawn = stage_rows.stage_rows(see("Sichuan", language, replace(found, table=table)))
    assert seen.text("funnel_small", n=f"{51_633:,}") in drawn
    assert f'<b class="n">{MISSING}</b>' in drawn
    assert drawn.count('class="rate-lane') == 3


@given(rate=st.floats(0, 1), at=st.floats(0, 1))
def test_a_scale_lies_in_0_to_1_and_keeps_every_rate_on_it(rate: float, at: float) -> None:
    scale = Scale.of(rate)
    assert 0 <= scale.low < scale.high <= 1 + 1e-12
    assert scale.high - scale.low == pytest.approx(0.16)
    assert 0 <= scale.place(at) <= 100


def test_a_lane_shows_benchmark_interval_and_ordinary_places(see: See) -> None:
    seen = see("Sichuan")
    row = next(row for row in seen.rows() if row["verdict"] == "sure")
    drawn = lane(row, scales(seen)["test_drives"], seen, labels=True)
    for kind in ("usual", "span", "tick", "dot", "under", "over"):
        assert f'class="{kind}"' in drawn
    assert "rate-lane sure" in drawn
    assert lane({**row, "pooled_rate": None}, scales(seen)["test_drives"], seen) == ""
    beyond = lane({**row, "pooled_rate": 0.01}, scales(seen)["test_drives"], seen)
    assert "dot beyond" in beyond


def test_the_raw_rate_is_shown_only_where_pooling_moved_it(see: See) -> None:
    seen = see("Sichuan")
    row = seen.rows()[0]
    for raw, moved in ((0.50, True), (row["pooled_rate"] + 0.005, False), (None, False)):
        one = {**row, "rate": raw}
        assert pooling_moved(one) is moved
        assert ('class="raw"' in lane(one, scales(seen)["cards"], seen)) is moved


def test_names_from_the_data_are_escaped(see: See, found: Diagnosis) -> None:
    table = found.table.copy()
    table["place"] = table["place"].replace({"D066": "<b>D066*"})
    seen = see("Guangdong", diagnosis=replace(found, table=table))
    row = next(row for row in seen.sure() if row["place"] == "<b>D066*")
    for drawn in (link_cards.link_card(1, row, seen), place_table.place_table(seen)):
        assert "<b>D066" not in drawn
        assert "&lt;b&gt;D066*" in drawn
