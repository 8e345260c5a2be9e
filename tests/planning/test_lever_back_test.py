"""Past events replayed: planted effects are found, wrong parameters are not believed, nothing moved is nothing predicted."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandtable.cli import app, run_command
from sandtable.data.loading import DataSet
from sandtable.data.parameters import ParameterSet
from sandtable.errors import InputError
from sandtable.planning.hindsight.lever_back_test import LeverBackTest, judge, lever_back_test
from sandtable.planning.hindsight.lever_measures import Agreement, agreement, wilson
from sandtable.planning.hindsight.past_events import events_table, history_of, levers_of
from sandtable.planning.hindsight.replaying import Replay, Replayer, slope_of
from sandtable.scenario.base import base_of
from sandtable.scenario.model import LeverMove
from sandtable.units import Change
from tests.planning.planned import DATA, OWN_FIRM, data_set

N_PERIODS, START, SEED = 20, "2024-02", 7
PERIODS = [f"{2024 + month // 12}-{month % 12 + 1:02d}" for month in range(1, 1 + N_PERIODS)]


@cache
def planted(*, moving: bool = True) -> tuple[DataSet, pd.DataFrame]:
    """Return a history made by the planted demand in which price cuts are drawn by lot, and its events."""
    loaded = data_set(DATA)
    market = base_of(loaded, loaded.default_parameters, START).market
    random = np.random.default_rng(SEED)
    n_regions, n_products = market.prices.shape
    taste = np.zeros((n_regions, n_products))
    prices = market.prices.copy()
    events: list[tuple[str, str, str, str]] = []
    sales: list[tuple[str, str, str, float, float, float]] = []
    sizes: list[tuple[str, str, float, float]] = []
    for number, period in enumerate(PERIODS):
        own = random.normal(0, 0.02, n_products)
        taste = 0.8 * taste + own + random.normal(0, 0.03, taste.shape)
        if number and moving:
            for column in np.flatnonzero(random.random(n_products) < 0.08):
                prices[:, column] *= 1 - random.uniform(0.02, 0.12)
                events.append((f"P{len(events)}", period, "price", market.products[column]))
        season = 1 + 0.2 * np.sin(number)
        moved = replace(market, deltas=market.deltas + taste, prices=prices.copy())
        units = np.round(moved.shares * market.market_sizes[:, None] * season)
        for row, region in enumerate(market.regions):
            sizes.append((period, region, market.market_sizes[row] * season, units[row].sum()))
            sales += [
                (period, region, market.products[j], units[row, j], prices[row, j], prices[row, j])
                for j in np.flatnonzero(units[row] > 0)
            ]
    columns = ["period", "region", "product", "units", "list_price", "net_price"]
    tables = {
        "products": loaded.tables["products"],
        "sales": pd.DataFrame(sales, columns=columns),
        "market": pd.DataFrame(sizes, columns=["period", "region", "market_size", "total_units"]),
    }
    made = replace(loaded, tables=tables, sha256=f"planted{moving}", definitions="", fed=())
    return made, pd.DataFrame(events, columns=["event", "period", "kind", "product"])


def steeper(factor: float) -> ParameterSet:
    known = planted()[0].default_parameters
    alpha = known.price_coefficient
    changed = alpha.model_copy(update={"value": alpha.value * factor})
    return known.model_copy(update={"name": "steeper", "price_coefficient": changed})


@cache
def truth() -> LeverBackTest:
    made, events = planted()
    return lever_back_test(made, events=events)


def of(result: LeverBackTest, way: str) -> Agreement:
    return next(one for one in result.agreements if one.way == way)


def test_planted_effects_come_true_as_often_as_said() -> None:
    found = of(truth(), "seen_prices")
    print(f"n = {found.n}, coverage {found.coverage:.3f} of {found.n_interval}, {found}")  # noqa: T201
    assert found.n >= 40
    assert found.slope_low <= 1 <= found.slope_high
    assert found.slope_error < 0.1
    assert found.coverage_low <= 0.8 <= found.coverage_high
    assert found.sign_hits > 0.9
    grades = {one.way: one.grade for one in truth().verdicts}
    assert grades["seen_prices"] == "usable"


def test_a_lever_alone_is_right_on_average_where_prices_move_by_lot() -> None:
    found = of(truth(), "list_price")
    assert abs(found.slope - 1) < 0.15
    assert found.wape < 0.5


def test_prices_moved_by_lot_raise_no_doubt_of_prices_that_follow_demand() -> None:
    assert not any("cannot tell the two apart" in note.en for note in truth().notes)


def test_parameters_twice_too_steep_are_not_believed() -> None:
    made, events = planted()
    wrong = steeper(2.0)
    sets = {**made.parameter_sets, wrong.name: wrong}
    result = lever_back_test(
        replace(made, parameter_sets=sets), parameters="steeper", events=events
    )
    found = of(result, "seen_prices")
    assert found.slope_high < 1
    assert {one.grade for one in result.verdicts} <= {"with_care", "no_skill"}


def test_an_event_of_size_zero_predicts_exactly_nothing() -> None:
    made, events = planted()
    history = history_of(made, events)
    event = levers_of(history, events, OWN_FIRM)[0][0]
    assert event.move.change is not None
    nothing = replace(event, change=0.0, move=replace(event.move, change=Change("absolute", 0.0)))
    replayer = Replayer(made, made.default_parameters, history)
    still, moved = replayer.replay(nothing, 3), replayer.replay(event, 3)
    assert still is not None
    assert moved is not None
    assert still.predicted["list_price"] == 0.0
    assert moved.predicted["list_price"] > 0.0


def test_where_no_price_moved_no_price_event_is_replayed() -> None:
    made, _ = planted(moving=False)
    named = pd.DataFrame(
        [
            ("P0", PERIODS[3], "price", "N5"),
            ("P1", PERIODS[0], "price", "N5"),
            ("P2", PERIODS[3], "price", None),
            ("P3", PERIODS[3], "launch", "N5"),
        ],
        columns=["event", "period", "kind", "product"],
    )
    result = lever_back_test(made, events=named)
    assert result.left_out["reason"].tolist() == ["no_change", "no_base", "no_product", "kind"]
    assert {one.grade for one in result.verdicts} == {"too_little_history"}
    assert "0 events" in result.verdicts[0].sentence.en


def test_the_window_ends_before_the_next_event_of_the_product() -> None:
    result = truth()
    made, events = planted()
    known = set(zip(events["product"], events["period"], strict=True))
    for row in result.table.to_dict("records"):
        first = PERIODS.index(row["period"])
        window = PERIODS[first + 1 : first + row["periods"]]
        assert not {(row["product"], period) for period in window} & known
    assert result.table["periods"].between(1, 3).all()
    assert made.name == DATA


def test_in_the_demonstration_market_the_notes_say_that_prices_may_follow_demand() -> None:
    loaded = data_set(DATA)
    result = lever_back_test(loaded)
    events = events_table(loaded)
    assert events is not None
    assert len(result.table) + len(result.left_out) == len(events)
    found = of(result, "seen_prices")
    print(f"n = {found.n}, coverage {found.coverage:.3f} of {found.n_interval}")  # noqa: T201
    assert result.quiet_slope is not None
    assert result.quiet_slope[3] < 1
    assert any("cannot tell the two apart" in note.en for note in result.notes)


def test_estimated_parameters_are_said_to_come_from_the_same_periods() -> None:
    result = lever_back_test(data_set(DATA), parameters="estimated", periods=1)
    assert result.same_periods
    assert any("check of fit" in note.en for note in result.notes)
    assert not truth().same_periods


def test_a_data_set_without_events_says_so() -> None:
    result = lever_back_test(data_set("us_autos"))
    assert [one.grade for one in result.verdicts] == ["not_available"]
    assert result.table.empty


def test_all_faults_of_the_question_are_told_at_once() -> None:
    with pytest.raises(InputError) as raised:
        lever_back_test(data_set(DATA), parameters="estimate", periods=0)
    assert [fault.place for fault in raised.value.faults] == ["--periods", "--parameters"]


def test_the_command_prints_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["lever-backtest", DATA, "--periods", "1", "--json"]
    assert run_command(lambda: app(words, standalone_mode=True)) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["schema"] == 1
    assert {one["way"] for one in found["agreements"]} == {
        "list_price",
        "paid_price",
        "seen_prices",
    }
    assert all(one["low_seen_prices"] < one["high_seen_prices"] for one in found["events"])


def replays(n: int, *, seen: float, predicted: float, width: float) -> list[Replay]:
    move = LeverMove("list_price", product="N5")
    events = levers_of(history_of(*planted()), planted()[1], OWN_FIRM)[0]
    return [
        Replay(
            event=replace(events[0], base=number, move=move),
            length=1,
            comparables=3,
            units=100.0,
            seen=seen + 0.001 * (number % 3),
            predicted={"list_price": predicted},
            half_widths={"list_price": width},
        )
        for number in range(n)
    ]


@pytest.mark.parametrize(
    ("n", "seen", "predicted", "width", "grade"),
    [
        (7, 0.1, 0.1, 0.05, "too_little_history"),
        (12, 0.1, 0.1, 0.05, "with_care"),  # the slope is a little above 1, and surely so
        (12, -0.1, 0.1, 0.05, "no_skill"),
        (12, 0.02, 0.1, 0.05, "no_skill"),
    ],
)
def test_the_verdict_follows_the_events(
    n: int, seen: float, predicted: float, width: float, grade: str
) -> None:
    found = agreement(replays(n, seen=seen, predicted=predicted, width=width), "list_price")
    assert judge(found).grade == grade


sizes = st.lists(st.floats(0.01, 1.0), min_size=3, max_size=20)


@given(sizes, st.floats(-3, 3))
def test_the_slope_of_exact_multiples_is_the_multiple(values: list[float], factor: float) -> None:
    predicted = np.array(values)
    slope, error, _, _ = slope_of(
        predicted, factor * predicted, np.arange(len(values), dtype=np.float64)
    )
    assert slope == pytest.approx(factor, abs=1e-9)
    assert error == pytest.approx(0, abs=1e-9)


@given(st.integers(1, 300), st.data())
def test_the_interval_of_a_rate_holds_the_rate(n: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, n))
    low, high = wilson(hits, n)
    assert 0 <= low <= hits / n + 1e-12
    assert hits / n - 1e-12 <= high <= 1
