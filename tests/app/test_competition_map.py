"""The map of price and share and the calendar are read off the observed trail, in both languages."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace

import pandas as pd
import pytest
from altair import LayerChart
from competition_sample import PRODUCTS, both, languages, order_of, question_of

from sandtable.app.competition import calendar
from sandtable.app.competition.price_map import (
    HEIGHT,
    WIDTH,
    frame_of,
    map_spec,
    price_map,
    rows_of,
    ticks,
)
from sandtable.app.formatting import Format
from sandtable.app.text import Language, Text
from sandtable.data.loading import DataSet


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
