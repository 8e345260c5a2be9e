"""How often rivals followed is counted by one rule; each of its clauses can be seen at work."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandtable.data.loading import DataSet
from sandtable.scenario.base import open_data_set
from sandtable.scenario.followed import (
    FEWEST_MOVES,
    WINDOW,
    Followed,
    followed,
    list_price_changes,
)

PERIODS = [f"{year}-{month:02d}" for year in (2024, 2025, 2026) for month in range(1, 13)]
OWN_MOVES = (3, 11, 19, 27)
FIRMS = {"A": "Own", "B": "Rival", "C": "Rival", "X": "Third", "Y": "Third", "Z": "Third"}
SEGMENTS = {"A": "small", "B": "small", "C": "large", "X": "small", "Y": "small", "Z": "large"}


def market(
    changes: dict[str, dict[int, float]], *, unsold: dict[str, set[int]] | None = None
) -> DataSet:
    """Two regions in which list prices start at 100 and change by a factor in some periods."""
    products = pd.DataFrame(
        {"product": list(FIRMS), "firm": list(FIRMS.values()), "segment": list(SEGMENTS.values())}
    )
    rows = []
    for product in FIRMS:
        price = 100.0
        for place, period in enumerate(PERIODS):
            price *= 1 + changes.get(product, {}).get(place, 0.0)
            units = 0.0 if place in (unsold or {}).get(product, set()) else 10.0
            rows += [(period, region, product, units, price) for region in ("East", "West")]
    sales = pd.DataFrame(rows, columns=["period", "region", "product", "units", "list_price"])
    return replace(open_data_set("us_autos"), tables={"products": products, "sales": sales})


def cuts(places: tuple[int, ...] = OWN_MOVES, size: float = -0.04) -> dict[int, float]:
    return dict.fromkeys(places, size)


def rival(changes: dict[str, dict[int, float]], **options: dict[str, set[int]]) -> Followed:
    return followed(market({"A": cuts(), **changes}, **options), "Own")["Rival"]


@pytest.mark.parametrize("lag", range(WINDOW + 1))
def test_a_rival_that_cuts_half_as_much_within_two_periods_followed(lag: int) -> None:
    found = rival({"B": cuts(tuple(place + lag for place in OWN_MOVES), -0.02)})
    assert (found.followed, found.moves) == (4, 4)
    assert found.part == pytest.approx(0.5)
    assert found.lag == lag
    assert found.follows


def test_a_move_three_periods_later_is_no_answer() -> None:
    found = rival({"B": cuts(tuple(place + WINDOW + 1 for place in OWN_MOVES), -0.02)})
    assert (found.followed, found.moves) == (0, 4)
    assert math.isnan(found.part)
    assert not found.follows


def test_a_move_the_other_way_is_no_answer() -> None:
    assert rival({"B": cuts(size=0.02)}).followed == 0


def test_a_move_in_another_segment_is_no_answer() -> None:
    assert rival({"C": cuts(size=-0.02)}).followed == 0


@pytest.mark.parametrize(("size", "count"), [(-0.0024, 0), (-0.0026, 4)])
def test_a_rival_must_move_by_a_quarter_of_a_per_cent(size: float, count: int) -> None:
    assert rival({"B": cuts(size=size)}).followed == count


@pytest.mark.parametrize(("size", "count"), [(-0.0049, 0), (-0.0051, 4)])
def test_an_own_move_is_half_a_per_cent_or_more(size: float, count: int) -> None:
    data_set = market({"A": cuts(size=size), "B": cuts(size=-0.02)})
    assert followed(data_set, "Own")["Rival"].moves == count


def test_what_the_whole_market_does_is_no_answer() -> None:
    drifting = {product: cuts(size=-0.02) for product in ("X", "Y", "Z")}
    assert rival({"B": cuts(size=-0.02), **drifting}).followed == 0
    assert rival({"B": cuts(size=-0.03), **drifting}).followed == 4


def test_falling_less_than_the_market_is_no_rise() -> None:
    raised = market(
        {
            "A": cuts(size=0.02),
            "B": cuts(size=-0.01),
            **{product: cuts(size=-0.05) for product in ("X", "Y", "Z")},
        }
    )
    assert followed(raised, "Own")["Rival"].followed == 0


def test_a_move_that_a_rival_could_not_answer_is_not_counted() -> None:
    found = rival({"B": cuts(size=-0.02)}, unsold={"B": {4}})
    assert (found.followed, found.moves) == (3, 3)
    assert found.too_few


def test_a_move_whose_two_periods_are_not_over_is_left_out() -> None:
    last = len(PERIODS) - 1
    data_set = market({"A": cuts((3, 11, 19, last - WINDOW, last - 1, last))})
    assert followed(data_set, "Own")["Rival"].moves == 4


def test_too_few_is_fewer_than_four() -> None:
    found = {
        count: followed(market({"A": cuts(OWN_MOVES[:count])}), "Own")["Rival"].too_few
        for count in (FEWEST_MOVES - 1, FEWEST_MOVES)
    }
    assert found == {3: True, 4: False}


def test_a_rival_that_cuts_all_the_time_does_not_follow() -> None:
    found = rival({"B": cuts(tuple(range(1, len(PERIODS))), -0.02)})
    assert found.followed == found.moves == 4
    assert found.usual_rate == 1.0
    assert not found.follows


def test_sales_that_shift_between_regions_are_no_price_move() -> None:
    data_set = market({})
    sales = data_set.tables["sales"].copy()
    west = sales["region"] == "West"
    sales.loc[west, "list_price"] *= 2
    sales.loc[west & (sales["period"] > PERIODS[5]), "units"] = 0.0
    moved = replace(data_set, tables={**data_set.tables, "sales": sales})
    assert float(np.nanmax(np.abs(list_price_changes(moved)))) == 0.0


@given(scale=st.floats(0.001, 1000.0))
def test_counts_do_not_depend_on_the_money_unit(scale: float) -> None:
    data_set = market({"A": cuts(), "B": cuts(size=-0.02)})
    sales = data_set.tables["sales"].copy()
    sales["list_price"] *= scale
    scaled = followed(replace(data_set, tables={**data_set.tables, "sales": sales}), "Own")
    assert scaled["Rival"].followed == 4
    assert set(scaled) == {"Rival", "Third"}


@pytest.mark.parametrize("name", ["premium_ev", "us_autos"])
def test_shipped_data_give_counts_within_their_bounds(name: str) -> None:
    data_set = open_data_set(name)
    history = followed(data_set, data_set.metadata.own_firm)
    assert data_set.metadata.own_firm not in history
    assert any(not item.too_few for item in history.values())
    for item in history.values():
        assert 0 <= item.followed <= item.moves
        assert math.isnan(item.part) == (item.followed == 0)
        # where prices move in every period there is nothing to compare with
        assert math.isnan(item.chance) == (item.usual_windows == 0)
        assert item.usual_windows == 0 or 0 <= item.chance <= 1 + 1e-12
