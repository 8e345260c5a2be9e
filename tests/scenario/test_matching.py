"""Firms that match: whom they follow, by how much, and when."""

from __future__ import annotations

import numpy as np
import pytest

from sandtable.scenario.model import LeverMove, Response, Rivals, Scenario
from sandtable.scenario.periods import PeriodResult
from sandtable.scenario.run import run
from tests.scenario.observed import assert_sides_equal, data_set, relative, run_moves

SPRING = ("2026-04", "2026-05", "2026-06")
CUT = LeverMove("list_price", product="N5", change=relative(-0.1))


def matching(follow: float, lag: int = 0) -> Rivals:
    return Rivals("hold", (("Orion", Response("match", follow, lag)),))


def moves(item: PeriodResult) -> dict[str, float]:
    """Largest relative move of the net price of each product that moved."""
    change = np.nan_to_num(item.scenario.net_price / item.baseline.net_price - 1)
    largest = change[np.abs(change).argmax(axis=0), np.arange(change.shape[1])]
    return {
        code: float(value)
        for code, value in zip(item.base.market.products, largest, strict=True)
        if value
    }


def of_segment(segment: str, firm: str, item: PeriodResult) -> set[str]:
    table = data_set("premium_ev").tables["products"]
    codes = set(table.loc[(table["segment"] == segment) & (table["firm"] == firm), "product"])
    return codes & set(item.base.market.products)


def test_a_firm_follows_a_part_of_the_move_in_the_segment_alone() -> None:
    item = run_moves(CUT, rivals=matching(0.5)).periods[0]
    table = data_set("premium_ev").tables["products"].set_index("product")
    followers = of_segment(str(table.loc["N5", "segment"]), "Orion", item)
    assert followers
    found = moves(item)
    assert set(found) == {"N5"} | followers
    # list and net prices move by equal amounts, so by nearly the same part
    n5 = found["N5"]
    for code in followers:
        assert found[code] == pytest.approx(0.5 * n5, rel=2e-2)


def test_a_lag_waits_for_its_periods() -> None:
    early = LeverMove("list_price", product="N5", change=relative(-0.1), first="2026-05")
    result = run_moves(early, rivals=matching(1.0, 1), periods=SPRING)
    found = [moves(item) for item in result.periods]
    assert found[0] == {}
    assert set(found[1]) == {"N5"}
    assert len(found[2]) > 1


def test_a_lag_beyond_the_horizon_is_said() -> None:
    result = run_moves(CUT, rivals=matching(1.0, 3))
    assert set(moves(result.periods[0])) == {"N5"}
    assert "Orion (lag 3) would follow after the last period that is run." in result.warnings


def test_following_nothing_is_holding() -> None:
    held, nothing = run_moves(CUT), run_moves(CUT, rivals=matching(0.0))
    np.testing.assert_array_equal(held.periods[0].scenario.units, nothing.periods[0].scenario.units)
    assert_sides_equal(run_moves(rivals=matching(1.0)).periods[0])


def test_the_more_a_rival_follows_the_less_is_won() -> None:
    won = []
    for follow in (0.0, 0.5, 1.0):
        item = run_moves(CUT, rivals=matching(follow)).periods[0]
        place = item.base.market.products.index("N5")
        won.append((item.scenario.units - item.baseline.units)[:, place].sum())
    assert won[0] > won[1] > won[2] > 0


def test_a_price_that_a_lever_sets_does_not_follow() -> None:
    table = data_set("premium_ev").tables["products"].set_index("product")
    item = run_moves(CUT, rivals=matching(1.0)).periods[0]
    follower = sorted(of_segment(str(table.loc["N5", "segment"]), "Orion", item))[0]
    fixed = LeverMove("rival_price", product=follower, change=relative(0.01))
    found = moves(run_moves(CUT, fixed, rivals=matching(1.0)).periods[0])
    assert found[follower] > 0


def test_national_prices_follow_a_regional_move_everywhere_and_by_less() -> None:
    regional = LeverMove("list_price", product="N5", change=relative(-0.1), region="East")
    item = run_moves(regional, rivals=matching(1.0)).periods[0]
    change = np.nan_to_num(item.scenario.net_price / item.baseline.net_price - 1)
    for code in set(moves(item)) - {"N5"}:
        column = change[:, item.base.market.products.index(code)]
        column = column[column != 0]
        assert (column < 0).all()
        np.testing.assert_allclose(column, column[0], rtol=1e-9)
        assert column[0] > -0.1


def test_match_and_best_response_may_stand_beside_each_other() -> None:
    rivals = Rivals("best_response", (("Orion", Response("match", 0.5)),))
    result = run_moves(CUT, rivals=rivals)
    item = result.periods[0]
    assert item.answer is not None
    orion = np.array([firm == "Orion" for firm in item.base.market.firms])
    np.testing.assert_array_equal(
        item.market.prices[:, orion], item.composed.market.prices[:, orion]
    )
    assert item.composed.matched[orion].any()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"mode": "fight"}, "mode is 'fight'; it must be hold or match or best_response."),
        ({"mode": "match", "follow": 2.0}, "follow is 200%; it must lie between 0% and 150%."),
        ({"mode": "match", "lag": 99}, "lag is 99; it must be 0 to 24 periods."),
        ({"mode": "hold", "lag": 1}, "follow and lag belong to the mode match, not to hold."),
    ],
)
def test_a_response_out_of_range_is_refused(given: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence.replace("(", r"\(")):
        Response(**given)  # type: ignore[arg-type]


def test_a_match_is_the_same_from_words_and_from_python() -> None:
    assert str(Response("match", 0.5, 1)) == "match 50 %, lag 1"
    assert Rivals("match") == Rivals(Response("match"))
    scenario = Scenario("T", "premium_ev", rivals=Rivals("hold", (("Orion", "match"),)))
    assert run(scenario, data_set("premium_ev")).periods[0].answer is None
