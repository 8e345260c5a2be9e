"""What the page on competitors says is read off the same tables that the model gives, in both languages."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace

import pandas as pd
import pytest
from altair import LayerChart

from sandtable.app.competition import calendar, findings, heat, held
from sandtable.app.competition.findings import Question
from sandtable.app.competition.price_map import (
    HEIGHT,
    WIDTH,
    frame_of,
    map_spec,
    price_map,
    rows_of,
    ticks,
)
from sandtable.app.competition.responses import AS_OTHERS, OTHERS, offered_responses, with_response
from sandtable.app.competition.substitutes import Substitutes
from sandtable.app.competition.trail import trail_of
from sandtable.app.describe import describe_response
from sandtable.app.formatting import Format
from sandtable.app.models import verdict_badge, verdict_label
from sandtable.app.text import Language, Text
from sandtable.app.view import firm_order, model_names
from sandtable.data.loading import DataSet
from sandtable.data.parameters import ParameterVerdict
from sandtable.scenario.answers import OUTSIDE, View
from sandtable.scenario.base import base_of, periods_of, regions_of
from sandtable.scenario.followed import Followed
from sandtable.scenario.model import LeverMove, Response, Rivals, Scenario
from sandtable.scenario.run import run
from sandtable.scenario.summary import change_by_firm

PRODUCTS = {"premium_ev": "N5", "us_autos": "HDACCO90"}
LANGUAGES: tuple[Language, ...] = ("en", "zh")
languages = pytest.mark.parametrize("language", LANGUAGES)
both = pytest.mark.parametrize("data", sorted(PRODUCTS))


def question_of(data_set: DataSet, region: str | None = None) -> Question:
    base = base_of(data_set, data_set.default_parameters, periods_of(data_set)[-1])
    table = data_set.tables["products"]
    return Question(
        product=PRODUCTS[data_set.name],
        trail=trail_of(data_set, regions_of(data_set, region), base.period),
        substitutes=Substitutes.of(View(base, region)),
        names=model_names(base),
        firms=dict(zip(table["product"], table["firm"], strict=True)),
        basis="net_price",
    )


def order_of(data_set: DataSet) -> list[str]:
    market = base_of(data_set, data_set.default_parameters, periods_of(data_set)[-1]).market
    return firm_order(market, market.units.sum(axis=0), data_set.metadata.own_firm)


@both
def test_shares_of_a_period_sum_to_one_and_prices_are_those_paid(
    data: str, data_sets: dict[str, DataSet]
) -> None:
    trail = question_of(data_sets[data]).trail
    assert len(trail.periods) == 12
    assert trail.shares.sum(axis=1).to_numpy() == pytest.approx(1.0)
    sales = data_sets[data].tables["sales"]
    last = sales[(sales["period"] == trail.periods[-1]) & (sales["product"] == PRODUCTS[data])]
    paid = (last["units"] * last["net_price"]).sum() / last["units"].sum()
    assert trail.price(PRODUCTS[data], trail.periods[-1], "net_price") == pytest.approx(paid)
    assert math.isnan(trail.share("no such product", trail.periods[-1]))


def test_a_trail_starts_at_the_launch_and_only_for_what_is_still_sold(
    data_sets: dict[str, DataSet],
) -> None:
    trail = question_of(data_sets["premium_ev"]).trail
    assert trail.first("N5") == trail.periods[0]
    assert trail.first("K4") == "2026-02"
    gone = trail.shares.copy()
    gone.loc[trail.periods[-1], "N5"] = float("nan")
    assert replace(trail, shares=gone).first("N5") is None


@both
def test_every_buyer_lost_goes_somewhere(data: str, data_sets: dict[str, DataSet]) -> None:
    question = question_of(data_sets[data])
    substitutes, product = question.substitutes, question.product
    parts = [*substitutes.takers(product).values(), *substitutes.own_range(product).values()]
    assert sum(parts) + substitutes.to(product, OUTSIDE) == pytest.approx(1.0)
    takers = list(substitutes.takers(product).values())
    assert takers == sorted(takers, reverse=True)
    assert question.rivals == tuple(substitutes.takers(product))[:5]


@languages
@both
def test_the_headline_tells_the_largest_move_of_a_close_rival(
    data: str, language: Language, data_sets: dict[str, DataSet]
) -> None:
    question = question_of(data_sets[data])
    write = Format(language, data_sets[data].metadata)
    said = findings.headline_of(question, Text(language), write)
    trail, last = question.trail, question.trail.periods[-1]
    moves = {
        rival: trail.share(rival, last) - trail.share(rival, str(trail.first(rival)))
        for rival in question.rivals
    }
    largest = max(moves, key=lambda rival: abs(moves[rival]))
    assert question.names[largest] in said
    assert write.percent(trail.share(largest, last)) in said
    assert question.name in said
    assert len(said) <= 130


def still(question: Question) -> Question:
    """The same question in a market that never moved."""
    trail = question.trail

    def flat(frame: pd.DataFrame) -> pd.DataFrame:
        values = frame.copy()
        values.loc[:, :] = frame.iloc[-1].to_numpy()
        return values

    prices = {basis: flat(frame) for basis, frame in trail.prices.items()}
    return replace(question, trail=replace(trail, shares=flat(trail.shares), prices=prices))


@languages
def test_a_market_that_never_moved_is_not_told_as_a_story(
    language: Language, data_sets: dict[str, DataSet]
) -> None:
    question = still(question_of(data_sets["premium_ev"]))
    text, write = Text(language), Format(language, data_sets["premium_ev"].metadata)
    start = write.period(question.trail.periods[0])
    assert findings.headline_of(question, text, write) == text("mover_none", own="N5", start=start)
    assert findings.price_move(question, text, write) == text("price_move_none", own="N5")


def test_the_four_findings_hold_the_numbers_of_the_model(data_sets: dict[str, DataSet]) -> None:
    question = question_of(data_sets["premium_ev"])
    text, write = Text("en"), Format("en", data_sets["premium_ev"].metadata)
    takers = list(question.substitutes.takers("N5").items())[:3]
    said = findings.closest(question, text, write)
    assert f"take {100 * sum(part for _, part in takers):.0f} of 100" in said
    assert all(rival in said for rival, _ in takers)
    size = abs(question.substitutes.own_elasticity("N5"))
    assert f"{size:.1f} % more" in findings.own_answer(question, text, write)
    titled = findings.diversion_title(question, text, write)
    assert f"{100 * takers[0][1]:.0f} go to {takers[0][0]}" in titled
    worst = max(
        question.substitutes.takers("N5"),
        key=lambda rival: question.substitutes.cross_elasticity("N5", rival),
    )
    assert f"of the {worst} costs the N5" in findings.elasticity_title(question, text, write)


@pytest.mark.parametrize(
    ("item", "phrase"),
    [
        (Followed("Orion", 6, 6, 0.1, 20.0, 0.5, 1.0), "Orion followed 6 of our 6"),
        (Followed("Orion", 2, 6, 0.3, 20.0, 0.5, 1.0), "No rival follows beyond chance"),
        (Followed("Orion", 6, 6, float("nan"), 0.0, 0.5, 1.0), "cannot be told from habit"),
        (Followed("Orion", 0, 6, 0.3, 20.0, float("nan"), float("nan")), "No rival followed"),
        (Followed("Orion", 3, 3, 0.1, 20.0, 0.5, 1.0), "too few to say"),
    ],
)
def test_who_follows_is_said_only_where_the_count_carries_it(
    item: Followed, phrase: str, data_sets: dict[str, DataSet]
) -> None:
    write = Format("en", data_sets["premium_ev"].metadata)
    assert phrase in findings.who_follows({"Orion": item}, Text("en"), write)


@both
@pytest.mark.parametrize("dark", [False, True])
def test_the_map_is_valid_vega_lite_and_its_axes_stay(
    data: str, dark: bool, data_sets: dict[str, DataSet]
) -> None:
    question, write = question_of(data_sets[data]), Format("en", data_sets[data].metadata)
    frame = frame_of(question, order_of(data_sets[data]), set(question.firms))
    corners = []
    for period in question.trail.periods:
        rows = rows_of(question, frame, period, write, dark=dark)
        LayerChart.from_dict(price_map(rows, dark=dark))
        json.dumps(rows, allow_nan=False)
        corners.append(rows["corners"])
        (low, high) = rows["corners"]
        for point in [*rows["points"], *rows["trails"]]:
            assert low["x"] <= point["x"] <= high["x"]
            assert low["y"] <= point["y"] <= high["y"]
    assert all(corner == corners[0] for corner in corners)
    assert "datasets" not in map_spec(dark=dark)


def test_the_own_firm_is_drawn_last_with_a_ring_and_only_close_products_carry_trails(
    data_sets: dict[str, DataSet],
) -> None:
    question, write = (
        question_of(data_sets["premium_ev"]),
        Format("en", data_sets["premium_ev"].metadata),
    )
    frame = frame_of(question, order_of(data_sets["premium_ev"]), set(question.firms))
    rows = rows_of(question, frame, question.trail.periods[-1], write, dark=False)
    own = [point["firm"] == "Nova" for point in rows["points"]]
    assert own == sorted(own)
    assert [point["ring"] > 0 for point in rows["points"]] == own
    assert rows["points"][-1]["product"] == "N5"
    assert {row["product"] for row in rows["trails"]} == {"N5", *question.rivals}
    grey = [point for point in rows["points"] if point["firm"] not in frame.order]
    far = [point for point in grey if point["product"] not in question.rivals]
    assert far
    assert {point["label"] for point in far} == {""}
    assert len(rows["starts"]) == 6


def test_labels_keep_off_each_other(data_sets: dict[str, DataSet]) -> None:
    question, write = (
        question_of(data_sets["premium_ev"]),
        Format("en", data_sets["premium_ev"].metadata),
    )
    frame = frame_of(question, order_of(data_sets["premium_ev"]), set(question.firms))
    low, high, top = frame.bounds
    boxes = []
    for point in rows_of(question, frame, "2026-06", write, dark=False)["points"]:
        if point["label"]:
            x = (point["x"] - low) / (high - low) * WIDTH + point["dx"]
            y = HEIGHT - point["y"] / top * HEIGHT + point["dy"]
            long = 6 * len(point["label"])
            left = {"left": x, "right": x - long, "center": x - long / 2}[point["align"]]
            boxes.append((left, y - 6, left + long, y + 6))
    assert len(boxes) > 20
    for place, one in enumerate(boxes):
        for other in boxes[place + 1 :]:
            apart = one[2] <= other[0] or other[2] <= one[0]
            assert apart or one[3] <= other[1] or other[3] <= one[1]


@pytest.mark.parametrize(("low", "high"), [(0, 0.08), (145_000, 452_000), (2.9, 21.4), (0, 0.0031)])
def test_ticks_are_few_and_inside(low: float, high: float) -> None:
    found = ticks(low, high)
    assert 2 <= len(found) <= 7
    assert low <= found[0] < found[-1] <= high


@languages
@both
def test_both_heat_maps_print_every_cell(
    data: str, language: Language, data_sets: dict[str, DataSet]
) -> None:
    question = question_of(data_sets[data])
    text, write = Text(language), Format(language, data_sets[data].metadata)
    table = data_sets[data].tables["products"].set_index("product")
    prices = {
        code: question.trail.price(code, question.trail.periods[-1], "net_price")
        for code in question.substitutes.products
    }
    groups = question.substitutes.chosen(question.product, dict(table["segment"]), prices)
    shown = [code for _, products in groups for code in products]
    assert len(shown) == 12
    assert question.product in shown
    assert [products == sorted(products, key=prices.__getitem__) for _, products in groups]
    crossed = heat.elasticity_map(question, groups, text, write)
    lost = heat.diversion_map(question, groups, text, write)
    assert crossed.count("own-price") == lost.count("own-price") == 12
    assert crossed.count("style=") == lost.count("style=") == 12 * 11
    assert lost.count('<td class="apart"') == 24
    assert write.decimal(question.substitutes.own_elasticity(question.product)) in crossed
    assert all(question.names[code] in lost for code in shown)


def test_the_ramp_stops_at_its_top() -> None:
    assert heat.ramp(7.0) == heat.ramp(1.0) != heat.ramp(0.9)
    assert heat.ramp(-0.1) == heat.ramp(0.0)


@languages
def test_the_calendar_holds_the_events_of_the_trail(
    language: Language, data_sets: dict[str, DataSet]
) -> None:
    question = question_of(data_sets["premium_ev"])
    text, write = Text(language), Format(language, data_sets["premium_ev"].metadata)
    events = pd.DataFrame(
        [
            ("2026-02", "price", None, "Nova", "N5", "<b>long</b>"),
            ("2026-06", "rule", None, None, None, "A rule"),
            ("2026-06", "rule", "Shandong", None, None, "Elsewhere"),
            ("2020-01", "rule", None, None, None, "Long ago"),
            ("2026-03", "launch", None, "Hydra", "H3", "Far away"),
        ],
        columns=["period", "kind", "region", "firm", "product", "text_en"],
    ).assign(text_zh=lambda frame: frame["text_en"])
    changes = pd.DataFrame({"N5": [-0.025]}, index=["2026-02"])
    found = calendar.events_of(
        events, changes, question, order_of(data_sets["premium_ev"]), ("Shanghai",), text, write
    )
    # H3 is no close rival and its firm carries no colour
    labels = [(event.label, event.lane, event.touches) for event in found]
    assert labels == [(f"N5 {write.signed_percent(-0.025)}", 1, True), ("A rule", 0, True)]
    drawn = calendar.calendar(found, question, order_of(data_sets["premium_ev"]), text, write)
    assert "<b>long</b>" not in drawn
    assert drawn.count('role="listitem"') == 2
    assert "2" in calendar.calendar_title(found, question, "", text)


def test_labels_of_one_lane_never_share_a_line_where_they_would_meet(
    data_sets: dict[str, DataSet],
) -> None:
    question = question_of(data_sets["premium_ev"])
    write = Format("en", data_sets["premium_ev"].metadata)
    crowd = [calendar.Event(place, 1, "a long label", "", False) for place in (3, 3, 3, 5)]
    drawn = calendar.calendar(crowd, question, ["Nova"], Text("en"), write)
    assert sorted(re.findall(r"--line-at:(\d)", drawn)) == ["0", "0", "1", "2"]


def test_every_response_can_be_chosen_and_read_back() -> None:
    rivals = Rivals("hold", [("Orion", "best_response")])
    for response in offered_responses():
        changed = with_response(rivals, "Lyra", str(response), "Nova")
        assert changed.response("Lyra", "Nova") == response
        assert changed.response("Orion", "Nova") == Response("best_response")
        assert with_response(rivals, OTHERS, str(response), "Nova").default == response
    assert len({str(response) for response in offered_responses()}) == 18


def test_a_firm_that_answers_as_the_others_is_not_named() -> None:
    rivals = Rivals("best_response", [("Orion", "hold"), ("Nova", "best_response")])
    assert with_response(rivals, "Orion", AS_OTHERS, "Nova").by_firm == (
        ("Nova", Response("best_response")),
    )
    # the own firm holds unless it is named; a rival that holds among answering ones is named
    assert dict(with_response(rivals, "Nova", "hold", "Nova").by_firm) == {"Orion": Response()}
    assert ("Lyra", Response()) in with_response(rivals, "Lyra", "hold", "Nova").by_firm


def test_a_choice_that_is_not_offered_changes_nothing() -> None:
    rivals = Rivals("hold", [("Orion", Response("match", 0.8, 5))])
    assert with_response(rivals, "Orion", "match 80 %, lag 5", "Nova") == rivals
    assert with_response(rivals, OTHERS, "match 80 %, lag 5", "Nova") == rivals


@pytest.mark.parametrize(
    ("language", "response", "said"),
    [
        ("en", Response("match", 0.5, 1), "Match 50\u00a0%, lag 1"),
        ("en", Response("match", 0.125, 0), "Match 12.5\u00a0%, lag 0"),
        ("zh", Response("match", 0.5, 1), "跟进 50%，滞后 1 期"),
        ("en", Response("best_response"), "Best response"),
    ],
)
def test_a_response_is_said_in_a_few_words(
    language: Language, response: Response, said: str, data_sets: dict[str, DataSet]
) -> None:
    write = Format(language, data_sets["premium_ev"].metadata)
    assert describe_response(response, Text(language), write) == said


def test_held_and_answered_agree_with_the_summary(data_sets: dict[str, DataSet]) -> None:
    data_set = data_sets["premium_ev"]
    move = LeverMove("list_price", product="N5", value=255_000.0)
    items = [
        run(Scenario("", "premium_ev", levers=(move,), rivals=rivals), data_set).periods[-1]
        for rivals in (Rivals(), Rivals("best_response"))
    ]
    rows = list(range(len(items[0].base.market.regions)))
    for item in items:
        changes = change_by_firm(item)
        for firm in ("Nova", "Orion"):
            assert held.change_of(item, {firm}, rows).units == pytest.approx(changes[firm])
    assert held.change_of(items[0], {"Orion"}, rows).price == 0.0
    assert held.change_of(items[1], {"Orion"}, rows).price != 0.0
    text, write = Text("en"), Format("en", data_set.metadata)
    table = held.held_table(items[0], items[1], order_of(data_set), rows, text, write)
    assert table.count("<th>") == 5
    assert table.count("<tr") == 1 + 7 + 2
    title = held.held_title(items[0], items[1], "Nova", rows, text, write)
    assert write.signed_count(change_by_firm(items[1])["Nova"]) in title
    failed = held.held_table(items[0], None, order_of(data_set), rows, text, write)
    assert failed.count("—") > table.count("—")


@languages
@pytest.mark.parametrize("grade", ["with_care", "refuse"])
def test_a_verdict_is_a_visible_label_with_its_reasons(
    language: Language, grade: str, data_sets: dict[str, DataSet]
) -> None:
    plain = data_sets["premium_ev"].default_parameters
    verdict = ParameterVerdict.model_validate(
        {"grade": grade, "reasons": [{"en": 'Weak "F".', "zh": 'Weak "F".'}]}
    )
    judged = plain.model_copy(update={"verdict": verdict})
    text = Text(language)
    assert verdict_label(judged, text) == text(f"verdict_{grade}")
    drawn = verdict_badge(judged, text)
    assert text(f"verdict_{grade}") in drawn
    assert "Weak &quot;F&quot;." in drawn
    usable = plain.model_copy(update={"verdict": ParameterVerdict(grade="usable", reasons=[])})
    assert verdict_label(plain, text) == verdict_label(usable, text) == ""
    assert "badge" not in verdict_badge(usable, text)
