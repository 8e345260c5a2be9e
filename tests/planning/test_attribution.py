"""Shapley values: the laws that define them, and the market's own runs."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sandtable.errors import ConvergenceError, InputError
from sandtable.market.primitives import FloatArray
from sandtable.planning.measures import MEASURES
from sandtable.planning.uncertain.uncertainty import paired_runs
from sandtable.planning.why import attribution
from sandtable.planning.why.attribution import Attribution, attribute, bars_of_draws
from sandtable.planning.why.games import shapley_values
from sandtable.scenario.base import base_of
from sandtable.scenario.compose import compose, compose_subsets
from sandtable.scenario.model import LeverMove, Response, Rivals, Scenario
from sandtable.scenario.run import Result, run
from sandtable.scenario.summary import totals
from tests.planning.planned import (
    CUT,
    DATA,
    MONTHS,
    OWN_FIRM,
    SPENDING,
    data_set,
    relative,
    scenario,
)

MARKET = data_set(DATA)
MOVES = (
    CUT,
    LeverMove("customer_cash", product="N5", value=3000.0),
    LeverMove("rival_price", firm="Orion", region="East", change=relative(-0.03)),
    LeverMove("lead_volume", product="N5", change=relative(0.1), first="2026-06"),
    LeverMove("market_size", change=relative(0.02)),
    LeverMove("unit_cost", product="N5", change=relative(-0.04)),
    LeverMove("exit", product="N3", region="East", last="2026-06"),
)
ANSWER = Rivals("hold", (("Orion", Response("best_response")),))
MATCH = Rivals("hold", (("Orion", Response("match", 0.5, 1)),))
games = st.integers(0, 4).flatmap(
    lambda n: arrays(np.float64, 2**n, elements=st.floats(-1e6, 1e6, width=32))
)


def by_orders(values: FloatArray, n_players: int) -> FloatArray:
    """Mean contribution over all orders, as the definition says."""
    found = np.zeros((n_players, *values.shape[1:]))
    orders = list(permutations(range(n_players)))
    for order in orders:
        mask = 0
        for player in order:
            found[player] += values[mask | 1 << player] - values[mask]
            mask |= 1 << player
    return found / len(orders)


@given(games)
def test_values_are_means_over_all_orders_and_sum_to_the_total(values: FloatArray) -> None:
    n_players = len(values).bit_length() - 1
    found = shapley_values(values)
    scale = 1e-9 * max(1.0, np.abs(values).max())
    np.testing.assert_allclose(found, by_orders(values, n_players), rtol=0, atol=scale)
    assert found.sum() == pytest.approx(values[-1] - values[0], abs=scale)


@given(games, games, st.floats(-10, 10))
def test_values_are_linear_in_the_game(one: FloatArray, two: FloatArray, factor: float) -> None:
    two = np.resize(two, one.shape)
    both = shapley_values(one) + factor * shapley_values(two)
    np.testing.assert_allclose(shapley_values(one + factor * two), both, rtol=0, atol=1e-3)


@given(arrays(np.float64, 8, elements=st.floats(-1e6, 1e6, width=32)))
def test_equal_players_have_equal_values_and_a_dummy_has_its_own(values: FloatArray) -> None:
    # players 0 and 1 are made equal, player 3 adds 7 to whatever the others do
    values[0b010], values[0b110] = values[0b001], values[0b101]
    found = shapley_values(np.concatenate([values, values + 7]))
    assert found[0] == pytest.approx(found[1], abs=1e-6)
    assert found[3] == pytest.approx(7, abs=1e-6)


def _by_run(asked: Scenario) -> FloatArray:
    """Units, share and profit of the own firm of every subset, each by a run; (2 ** n, 3)."""
    return np.array(
        [
            _summed(run(replace(asked, levers=_some(asked.levers, mask)), MARKET))
            for mask in range(2 ** len(asked.levers))
        ]
    )


def _some(moves: tuple[LeverMove, ...], mask: int) -> tuple[LeverMove, ...]:
    return tuple(move for place, move in enumerate(moves) if mask >> place & 1)


def _summed(result: Result) -> list[float]:
    after = [totals(item, OWN_FIRM)[1] for item in result.periods]
    units = sum(one.units for one in after)
    sold = sum(one.units / one.share_of_sales for one in after)
    return [units, units / sold, sum(one.contribution_profit for one in after)]


LAUNCH = LeverMove("launch", product="X1", firm=OWN_FIRM, value=250_000.0, like=("N5",))
CAPACITY = LeverMove("capacity", product="N5", change=relative(-0.2))


@pytest.mark.parametrize(
    "asked",
    [
        scenario(*MOVES[:5]),
        scenario(*MOVES[2:], months=MONTHS),
        scenario(CUT, *SPENDING[:4], months=MONTHS),
        scenario(CUT, CAPACITY, MOVES[3], months=MONTHS),
        scenario(CUT, LAUNCH, MOVES[4]),
        scenario(CUT, MOVES[2], rivals=ANSWER),
        scenario(CUT, MOVES[4], months=MONTHS, rivals=MATCH),
    ],
    ids=["one month", "many months", "spending", "capacity", "launch", "answers", "matching"],
)
def test_bars_are_means_over_all_orders_of_runs(asked: Scenario) -> None:
    found = attribute(asked, MARKET)
    values = _by_run(asked)
    expected = by_orders(values, len(asked.levers))
    for place in range(len(MEASURES)):
        scale = np.abs(expected[:, place]).max()
        np.testing.assert_allclose(
            found.bars[:, place], expected[:, place], rtol=0, atol=1e-7 * scale
        )
        np.testing.assert_allclose(found.bars[:, place].sum(), found.total[place], rtol=1e-9)
    np.testing.assert_allclose(found.total, values[-1] - values[0], rtol=1e-7)
    np.testing.assert_allclose(found.baseline, values[0], rtol=1e-12)
    assert not found.errors.any()


def test_each_subset_is_composed_as_if_alone() -> None:
    base = base_of(MARKET, MARKET.default_parameters, "2026-06")
    found = {
        subset.mask: subset for subset in compose_subsets(scenario(*MOVES), base, range(0, 128, 3))
    }
    assert sorted(found) == list(range(0, 128, 3))
    for mask, subset in found.items():
        alone = compose(scenario(*_some(MOVES, mask)), base, OWN_FIRM)
        assert np.array_equal(subset.market.prices, alone.market.prices)
        assert np.array_equal(subset.market.deltas, alone.market.deltas)
        assert np.array_equal(subset.market.market_sizes, alone.market.market_sizes)
        assert np.array_equal(subset.supply.costs, alone.supply.costs, equal_nan=True)
        assert np.array_equal(subset.cash_kept, alone.cash_kept)


def _assert_equal(one: Attribution, two: Attribution) -> None:
    """The same bars, as far as digits reach that sum to the total."""
    np.testing.assert_allclose(one.bars / two.total, two.bars / two.total, rtol=0, atol=1e-10)


def test_steps_and_blocks_give_what_runs_give(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = scenario(*MOVES)
    together = attribute(asked, MARKET)
    monkeypatch.setattr(attribution, "AT_ONCE", 3)
    _assert_equal(attribute(asked, MARKET), together)
    monkeypatch.setattr(attribution, "stands_alone", lambda result: False)
    _assert_equal(attribute(asked, MARKET), together)


def test_equal_levers_have_equal_bars_and_idle_ones_none() -> None:
    twice = [
        LeverMove("lead_volume", product="N5", change=relative(0.1), last=end)
        for end in (None, "2027-12")
    ]
    idle = LeverMove("price_cap", product="N5", value=1e6)
    late = LeverMove("list_price", product="N7", change=relative(-0.1), first="2026-12")
    found = attribute(scenario(twice[0], CUT, twice[1], idle, late), MARKET)
    np.testing.assert_allclose(found.bars[0], found.bars[2], rtol=1e-9)
    assert (found.bars[0] > 0).all()
    np.testing.assert_allclose(found.bars[3:] / found.total, 0, atol=1e-12)


@settings(max_examples=10, deadline=None)
@given(st.lists(st.sampled_from(MOVES), min_size=0, max_size=5, unique=True))
def test_bars_sum_to_the_total_whatever_the_levers(moves: list[LeverMove]) -> None:
    found = attribute(scenario(*moves), MARKET)
    np.testing.assert_allclose(found.bars.sum(axis=0), found.total, rtol=1e-9, atol=1e-12)
    assert len(found.table()) == len(moves)


def test_with_many_levers_orders_are_drawn_and_bars_have_errors(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = scenario(*MOVES)
    exact = attribute(asked, MARKET)
    monkeypatch.setattr(attribution, "EXACT", 3)
    drawn = attribute(asked, MARKET, n_orders=60)
    assert (exact.exact, drawn.exact) == (True, False)
    np.testing.assert_allclose(drawn.bars.sum(axis=0), exact.total, rtol=1e-9)
    assert (drawn.errors[:2] > 0).all()
    apart = np.abs(drawn.bars - exact.bars)
    assert (apart <= 4 * drawn.errors + 1e-9 * np.abs(exact.total)).all()
    again = attribute(asked, MARKET, n_orders=60)
    assert np.array_equal(again.bars, drawn.bars)
    assert not np.array_equal(attribute(asked, MARKET, n_orders=60, seed=9).bars, drawn.bars)


def test_reversed_orders_make_bars_of_pairwise_interactions_exact(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(attribution, "EXACT", 1)
    found = attribute(scenario(CUT, MOVES[4]), MARKET, n_orders=4)
    monkeypatch.setattr(attribution, "EXACT", 12)
    _assert_equal(found, attribute(scenario(CUT, MOVES[4]), MARKET))
    np.testing.assert_allclose(found.errors / found.total, 0, atol=1e-12)


@settings(max_examples=8, deadline=None)
@given(st.lists(st.sampled_from(MOVES), min_size=1, max_size=4, unique=True))
def test_months_and_regions_and_groups_sum_to_what_they_are_part_of(
    moves: list[LeverMove],
) -> None:
    found = attribute(scenario(*moves, months=MONTHS), MARKET)
    units = found.result.periods
    for month, item in zip(found.months, units, strict=True):
        before, after = totals(item, OWN_FIRM)
        changed = after.units - before.units, after.contribution_profit - before.contribution_profit
        np.testing.assert_allclose(month[:, [0, 2]].sum(axis=0), changed, rtol=1e-7, atol=1e-6)
    # units and profits add up over months and over regions, bar by bar; shares do not
    for parts in (found.months, found.regions):
        np.testing.assert_allclose(
            parts[:, :, [0, 2]].sum(axis=0), found.bars[:, [0, 2]], rtol=1e-7, atol=1e-3
        )
    owen, pairs = found.owen(), found.interactions()
    assert owen is not None
    assert pairs is not None
    np.testing.assert_allclose(owen.sum(axis=0), found.total, rtol=1e-9, atol=1e-12)
    assert len(pairs) == len(moves) * (len(moves) - 1) // 2
    assert len(found.groups) == len(moves)


def test_bars_are_drawn_where_it_is_quick_and_sum_to_the_change_in_each_draw() -> None:
    asked = replace(scenario(*MOVES[:3]), parameters="estimated")
    found = attribute(asked, MARKET)
    drawn = bars_of_draws(found, 6)
    assert drawn is not None
    changes = paired_runs(asked, MARKET, 6, layers=("parameters",), seed=attribution.SEED)
    for place, measure in enumerate(MEASURES):
        np.testing.assert_allclose(
            drawn[:, :, place].sum(axis=1), changes.changes(measure), rtol=1e-6
        )
    assert bars_of_draws(attribute(scenario(CUT), MARKET)) is None
    answered = replace(scenario(CUT, rivals=ANSWER), parameters="estimated")
    assert bars_of_draws(attribute(answered, MARKET)) is None


def test_a_subset_that_leaves_no_price_is_refused() -> None:
    raised = LeverMove(
        "list_price", product="N3", change=replace(relative(400_000.0), kind="absolute")
    )
    lowered = LeverMove(
        "list_price",
        product="N3",
        region="East",
        change=replace(relative(-400_000.0), kind="absolute"),
    )
    with pytest.raises(InputError, match=r"levers\[1\]: leaves N3 a net price of -"):
        attribute(scenario(raised, lowered), MARKET)


def test_a_subset_that_does_not_converge_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(asked: Scenario, *rest: object) -> Result:
        if asked.levers == (MOVES[2],):
            raise ConvergenceError("iterations", "The prices did not settle.")
        return run(asked, MARKET)

    monkeypatch.setattr(attribution, "run", failing)
    with pytest.raises(ConvergenceError, match="The prices did not settle"):
        attribute(scenario(CUT, MOVES[2], rivals=ANSWER), MARKET)


@pytest.mark.parametrize("n_orders", [0, 2, 7])
def test_orders_come_in_pairs(n_orders: int) -> None:
    with pytest.raises(ValueError, match=f"n_orders is {n_orders}"):
        attribute(scenario(CUT), MARKET, n_orders=n_orders)
