"""Capacity over months: what is ordered, delivered, cancelled and left waiting closes to the vehicle."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandtable.scenario.model import Backlog, LeverMove
from sandtable.scenario.run import Result
from tests.scenario.observed import assert_sides_equal, relative, run_moves

SPRING = ("2026-03", "2026-04", "2026-05", "2026-06")
CUT = LeverMove("list_price", product="N5", change=relative(-0.1))


def limited(change: float, last: str | None = None) -> LeverMove:
    return LeverMove("capacity", product="N5", change=relative(change), last=last)


def flows(result: Result) -> list[dict[str, float]]:
    found = []
    for item in result.periods:
        assert item.queue is not None
        place = item.base.market.products.index("N5")
        names = ("before", "orders", "deliveries", "cancellations", "backlog")
        found.append({n: float(getattr(item.queue, n)[:, place].sum()) for n in names})
    return found


@settings(max_examples=15)
@given(st.floats(-0.5, 0.1), st.floats(0.0, 4.0), st.floats(0.0, 20_000.0), st.floats(0.0, 0.9))
def test_every_vehicle_is_accounted_for(
    change: float, longest: float, cost: float, drop: float
) -> None:
    result = run_moves(CUT, limited(change), periods=SPRING, backlog=Backlog(longest, cost, drop))
    waiting = 0.0
    for item, flow in zip(result.periods, flows(result), strict=True):
        assert item.queue is not None
        place = item.base.market.products.index("N5")
        cap = (1 + change) * item.baseline.units[:, place].sum()
        assert flow["before"] == waiting
        balance = flow["before"] + flow["orders"] - flow["deliveries"] - flow["cancellations"]
        assert flow["backlog"] == pytest.approx(balance, abs=1e-8)
        assert flow["deliveries"] <= cap * (1 + 1e-12)
        assert flow["backlog"] <= longest * cap + 1e-6
        assert min(flow.values()) >= -1e-9
        np.testing.assert_array_equal(item.scenario.units, item.queue.deliveries)
        waiting = flow["backlog"]


def test_slack_capacity_changes_nothing_to_the_bit() -> None:
    free = run_moves(CUT, periods=SPRING)
    slack = run_moves(CUT, limited(5.0), periods=SPRING, backlog=Backlog(2, 1_000, 0.1))
    for before, after in zip(free.periods, slack.periods, strict=True):
        np.testing.assert_array_equal(before.scenario.units, after.scenario.units)
        np.testing.assert_array_equal(before.scenario.revenue, after.scenario.revenue)
    assert slack.warnings == free.warnings


def test_without_a_queue_orders_beyond_capacity_buy_elsewhere() -> None:
    result = run_moves(CUT, limited(0.0))
    (item,) = result.periods
    place = item.base.market.products.index("N5")
    assert item.queue is not None
    assert item.scenario.units[:, place].sum() == pytest.approx(item.baseline.units[:, place].sum())
    assert item.queue.turned_away[place] > 0
    free = run_moves(CUT).periods[0]
    others = np.arange(len(item.base.market.products)) != place
    assert (item.scenario.units[:, others] >= free.scenario.units[:, others] - 1e-9).all()
    assert any("the capacity of N5 binds" in warning for warning in result.warnings)


def test_a_queue_keeps_orders_and_works_them_off_when_the_limit_ends() -> None:
    result = run_moves(
        CUT, limited(0.0, last="2026-04"), periods=SPRING, backlog=Backlog(longest_wait=3)
    )
    found = flows(replace(result, periods=result.periods[:3]))
    assert found[1]["backlog"] > found[0]["backlog"] > 0
    assert found[2]["deliveries"] == pytest.approx(found[2]["before"] + found[2]["orders"])
    assert found[2]["backlog"] == 0
    assert result.periods[3].queue is None


def test_who_minds_waiting_orders_less_and_who_drops_out_is_counted() -> None:
    patient, busy, fickle = (
        flows(run_moves(CUT, limited(-0.2), periods=SPRING, backlog=backlog))
        for backlog in (Backlog(9), Backlog(9, wait_cost=20_000), Backlog(9, drop_out=0.5))
    )
    assert busy[2]["orders"] < patient[2]["orders"]
    assert patient[2]["cancellations"] == 0
    assert fickle[2]["cancellations"] > 0


def test_capacity_without_another_lever_and_above_the_base_does_nothing() -> None:
    assert_sides_equal(run_moves(limited(0.01)).periods[0])


def test_no_capacity_at_all_is_an_exit() -> None:
    stopped = run_moves(LeverMove("capacity", product="N5", value=0.0)).periods[0]
    gone = run_moves(LeverMove("exit", product="N5")).periods[0]
    np.testing.assert_allclose(stopped.scenario.units, gone.scenario.units, rtol=1e-12)


def test_the_flows_stand_in_the_table() -> None:
    rows = run_moves(CUT, limited(0.0), backlog=Backlog(1)).rows
    n5 = rows[rows["product"] == "N5"]
    assert (n5["orders_scenario"] > n5["deliveries_scenario"]).all()
    assert (n5["backlog_scenario"] > 0).all()
    assert "orders_scenario" not in run_moves(CUT).rows
    others = rows[rows["product"] == "N3"]
    np.testing.assert_allclose(others["orders_scenario"], others["units_scenario"], rtol=1e-12)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"longest_wait": -1}, "longest_wait is -1; it must be 0 to 24 periods."),
        ({"wait_cost": -1}, "wait_cost is -1; it must be 0 or more."),
        ({"drop_out": 1}, "drop_out is 1; it must lie between 0 and 1."),
    ],
)
def test_a_backlog_out_of_range_is_refused(given: dict[str, float], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Backlog(**given)
