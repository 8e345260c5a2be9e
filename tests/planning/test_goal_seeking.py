"""Goal seek: a reachable target is reached with the least change; an unreachable one is said to be so, with the nearest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandtable.errors import InputError
from sandtable.planning.search.choices import Choice, read_choices
from sandtable.planning.search.goal_seeking import seek_goal
from sandtable.planning.search.measuring import FIGURES, Measure
from sandtable.planning.search.searching import SearchStoppedError
from sandtable.planning.search.targets import Requirement, read_requirements
from sandtable.scenario.model import LeverMove, Rivals, Scenario
from sandtable.scenario.run import run
from tests.planning.planned import CUT, DATA, MONTHS, data_set, relative, scenario
from tests.planning.searched import (
    FURTHER,
    TOTALS,
    Planted,
    baseline_of,
    cash,
    change_of,
    highest,
    planted,
    price,
    random_choices,
    rerun,
    value_at,
)

UNITS, PROFIT, SHARE = Measure("units"), Measure("contribution_profit"), Measure("share_of_sales")


def required(*texts: str, of: Scenario | None = None) -> tuple[Requirement, ...]:
    return read_requirements(texts, of or scenario(), data_set(DATA))


def check_reached(asked: Planted) -> None:
    found = seek_goal(scenario(), asked.choices, [asked.target], data_set(DATA))
    assert found.feasible, found.sentence
    value, bound = rerun(found, asked.target.measure), asked.target.amount
    miss = {">=": bound - value, "<=": value - bound, "=": abs(value - bound)}[asked.target.sense]
    assert miss <= 1e-6 * abs(bound)
    for choice, amount in zip(asked.choices, found.amounts, strict=True):
        assert choice.low <= amount <= choice.high
    assert change_of(asked.choices, found.amounts) <= change_of(asked.choices, asked.amounts) + 1e-6


def check_unreachable(seed: int, *, most_choices: int) -> float:
    """Return how far the certificate's nearest value is from the grid's, as a part of it."""
    draw = np.random.default_rng(10_000 + seed)
    choices = random_choices(draw, int(draw.integers(1, most_choices + 1)))
    further = len(choices) == 1 and draw.random() < 0.5
    pool = FURTHER if further else TOTALS
    measure = pool[int(draw.integers(len(pool)))]
    levels = {1: 201 if not further else 101, 2: 101, 3: 41}[len(choices)]
    lowest, most = highest(choices, measure, levels)
    upward, far = draw.random() < 0.7, float(draw.uniform(0.01, 0.3))
    best = most if upward else lowest
    target = Requirement(
        measure, ">=" if upward else "<=", best + (1 if upward else -1) * far * abs(best)
    )
    found = seek_goal(scenario(), choices, [target], data_set(DATA))
    assert not found.feasible
    assert found.sentence.startswith("Not reachable")
    value = rerun(found, measure)
    apart = abs(value - best) / abs(best)
    assert apart <= 1e-3
    assert found.value(measure) == pytest.approx(value, rel=1e-12)
    return apart


@pytest.mark.parametrize("seed", range(3, 6))
def test_a_reachable_target_is_reached_with_no_more_change_than_needed(seed: int) -> None:
    check_reached(planted(seed))


@pytest.mark.slow
@pytest.mark.parametrize("block", range(20))
def test_two_hundred_reachable_targets_are_all_reached(block: int) -> None:
    for seed in range(1_000 + 10 * block, 1_010 + 10 * block):
        check_reached(planted(seed))


@pytest.mark.parametrize("seed", range(3))
def test_an_unreachable_target_is_said_to_be_so_with_the_nearest_value(seed: int) -> None:
    check_unreachable(seed, most_choices=2)


@pytest.mark.slow
@pytest.mark.parametrize("block", range(5))
def test_fifty_unreachable_targets_are_all_said_to_be_so(block: int) -> None:
    for seed in range(100 + 10 * block, 110 + 10 * block):
        check_unreachable(seed, most_choices=3)


def test_a_target_that_holds_already_asks_for_no_change() -> None:
    found = seek_goal(scenario(), [price("N5"), cash("N3")], required("units >= 1,000"))
    assert found.feasible
    np.testing.assert_allclose(found.amounts, [0.0, 0.0], atol=1e-12)
    assert "no change" in found.sentence


def test_change_is_counted_from_where_the_scenario_has_the_lever() -> None:
    cut = scenario(CUT)
    at_cut = UNITS.of(run(cut, data_set(DATA)))
    found = seek_goal(cut, [price("N5")], [Requirement(UNITS, ">=", at_cut - 1)], data_set(DATA))
    assert found.amounts[0] == -0.05


def test_a_measure_that_rises_and_falls_again_hides_no_answer() -> None:
    # profit has its peak inside the bounds: the same value on both sides of it, the nearer one is less change
    choice = price("N5", -0.2, 0.2)
    edge = seek_goal(scenario(), [choice], [Requirement(PROFIT, "<=", 0.97 * baseline_of(PROFIT))])
    assert edge.feasible
    assert edge.search.monotone is False
    other = seek_goal(
        scenario(),
        [replace(choice, low=-0.2, high=0.0) if edge.amounts[0] > 0 else price("N5", 0.0, 0.2)],
        [Requirement(PROFIT, "<=", 0.97 * baseline_of(PROFIT))],
    )
    assert abs(edge.amounts[0]) < abs(other.amounts[0])


def test_a_peak_between_two_points_of_the_scan_is_found() -> None:
    choice = price("N5", -0.2, 0.2)
    fine = max(
        PROFIT.of(run(scenario(choice.at(z)), data_set(DATA)))
        for z in np.linspace(-0.004, 0.004, 81).tolist()
    )
    target = Requirement(PROFIT, ">=", fine * (1 - 1e-9))
    # three points only: none of them near the peak
    found = seek_goal(scenario(), [replace(choice, low=-0.17)], [target], data_set(DATA), points=7)
    assert found.feasible, found.sentence


def test_what_must_be_kept_is_kept_while_coming_as_near_as_can_be() -> None:
    found = seek_goal(
        scenario(),
        [price("N5"), price("N3")],
        required("share_of_sales >= 12 %"),
        data_set(DATA),
        keep=required("contribution_profit >= baseline -2 %"),
    )
    share, profit = found.limits
    assert not found.feasible
    assert not share.kept
    assert profit.kept
    assert profit.binding
    assert profit.shadow_price is not None
    assert profit.shadow_price < 0  # more profit asked for leaves less share
    less = seek_goal(
        scenario(),
        [price("N5"), price("N3")],
        required("share_of_sales >= 12 %"),
        data_set(DATA),
        keep=required("contribution_profit >= baseline -2.05 %"),
    )
    gained = less.value(SHARE) - found.value(SHARE)
    moved = less.limits[1].bound - profit.bound
    assert gained / moved == pytest.approx(profit.shadow_price, rel=0.05)


def test_a_certificate_names_the_bounds_that_bind_and_prices_them() -> None:
    found = seek_goal(scenario(), [price("N5", -0.1, 0.05)], required("units >= 50,000"))
    (edge,) = found.edges
    assert (edge.choice.name, edge.side, edge.amount) == ("list_price N5", "low", -0.1)
    wider = seek_goal(scenario(), [price("N5", -0.105, 0.05)], required("units >= 50,000"))
    brought = (wider.value(UNITS) - found.value(UNITS)) / -0.005
    assert edge.shadow_price == pytest.approx(brought, rel=0.05)


def test_two_equalities_that_leave_one_point_are_both_met() -> None:
    choices = (price("N5"), price("N3"))
    amounts = [-0.042, 0.013]
    targets = [
        Requirement(measure, "=", value_at(choices, amounts, measure))
        for measure in (Measure("units", product="N5"), UNITS)
    ]
    found = seek_goal(scenario(), choices, targets, data_set(DATA), points=32, starts=2)
    assert found.feasible, found.sentence
    np.testing.assert_allclose(found.amounts, amounts, atol=1e-6)


def test_a_target_that_a_thousandth_of_the_room_reaches_is_reached() -> None:
    choices = [price("N5"), price("N3")]
    corner = [choice.low for choice in choices]
    most = value_at(tuple(choices), corner, UNITS)
    target = Requirement(UNITS, ">=", most * (1 - 1e-5))
    found = seek_goal(scenario(), choices, [target], data_set(DATA), points=16)
    assert found.feasible, found.sentence


def test_a_target_is_reached_in_whole_steps() -> None:
    choices = [replace(price("N5"), step=0.005), replace(cash("N3"), step=1_000.0)]
    found = seek_goal(scenario(), choices, required("units >= baseline +4 %"), data_set(DATA))
    assert found.feasible
    steps = [amount / one.step for one, amount in zip(choices, found.amounts, strict=True)]  # type: ignore[operator]
    np.testing.assert_allclose(steps, np.round(steps), atol=1e-9)
    free = seek_goal(scenario(), [price("N5"), cash("N3")], required("units >= baseline +4 %"))
    least = change_of(free.choices, free.amounts)
    assert least <= change_of(found.choices, found.amounts) <= least + 0.05


def test_a_value_between_two_steps_is_not_reached() -> None:
    coarse = replace(price("N5"), step=0.05)
    found = seek_goal(scenario(), [coarse], required("units = baseline +4 %"), data_set(DATA))
    assert not found.feasible
    assert found.amounts[0] == -0.05


def test_capacity_in_the_way_is_a_certificate_too() -> None:
    full = scenario(LeverMove("capacity", product="N5", value=8_000.0))
    asked = [Requirement(Measure("units", product="N5"), ">=", 8_500.0)]
    found = seek_goal(full, [price("N5")], asked, data_set(DATA), points=9, starts=1)
    assert not found.feasible
    assert found.value(asked[0].measure) == pytest.approx(8_000, rel=1e-6)
    assert any("capacity of N5 binds" in warning for warning in found.warnings)


def test_a_target_is_reached_while_rivals_answer() -> None:
    answered = scenario(rivals=Rivals("best_response"))
    found = seek_goal(answered, [price("N5")], required("units >= baseline +2 %"), points=9)
    assert found.feasible
    assert rerun(found, UNITS) == pytest.approx(1.02 * baseline_of(UNITS), rel=1e-6)


def test_a_target_of_one_period_is_met_in_that_period() -> None:
    months = scenario(months=MONTHS[:2])
    (target,) = required("units period=2026-06 >= baseline +4 %", of=months)
    found = seek_goal(months, [price("N5")], [target], data_set(DATA))
    assert found.feasible
    result = run(found.scenario, data_set(DATA))
    june = result.periods[1]
    own = [firm == "Nova" for firm in june.base.market.firms]
    change = june.scenario.units[:, own].sum() / june.baseline.units[:, own].sum()
    assert change == pytest.approx(1.04, rel=1e-6)


def test_a_choice_beyond_its_guard_rail_is_only_warned_of() -> None:
    found = seek_goal(scenario(), [price("N5", -0.3, 0.0)], required("units >= baseline +25 %"))
    assert found.feasible
    assert any("outside the prices seen" in warning for warning in found.warnings)


def test_an_indicator_of_the_catalogue_can_be_a_target() -> None:
    (target,) = required("sal_unit_cnt_own >= baseline +2 %")
    found = seek_goal(scenario(), [price("N5")], [target], data_set(DATA), points=9)
    assert found.feasible
    assert rerun(found, UNITS) == pytest.approx(1.02 * baseline_of(UNITS), rel=1e-6)


def test_a_search_that_is_stopped_has_no_answer_and_one_that_ends_says_so() -> None:
    told: list[tuple[int, int]] = []

    def until(count: int, done: int, total: int) -> bool:
        told.append((done, total))
        return len(told) < count

    with pytest.raises(SearchStoppedError):
        seek_goal(
            scenario(), [price("N5"), price("N3")], required("units >= baseline +4 %"),
            progress=lambda *at: until(5, *at),
        )  # fmt: skip
    assert len(told) == 5
    told.clear()
    seek_goal(
        scenario(), [price("N5")], required("units >= baseline +4 %"),
        progress=lambda *at: until(10_000, *at),
    )  # fmt: skip
    assert told[-1][0] == told[-1][1]
    assert [done for done, _ in told] == sorted(done for done, _ in told)


@pytest.mark.parametrize("name", [name for name in FIGURES if name not in ("spending", "leads")])
def test_a_measure_summed_from_the_arrays_is_what_its_definition_says(name: str) -> None:
    result = run(scenario(CUT, months=MONTHS[:2]), data_set(DATA))
    for measure in (Measure(name), Measure(name, region="East"), Measure(name, firm="Orion")):
        if name == "conversion" and measure.firm:
            continue  # leads of rivals are not counted
        for side in ("baseline", "scenario"):
            said = measure.reported(result, side)  # type: ignore[arg-type]
            assert measure.of(result, side) == pytest.approx(said, rel=1e-9)  # type: ignore[arg-type]


def test_spending_is_cash_times_cars_and_what_media_cost_more() -> None:
    media = LeverMove("media", firm="Nova", channel="digital", change=relative(0.5))
    paid = LeverMove("customer_cash", product="N5", value=4_000.0)
    result = run(scenario(media, paid), data_set(DATA))
    cars = Measure("units", product="N5").of(result)
    only_media = Measure("spending").of(run(scenario(media), data_set(DATA)))
    assert only_media > 0
    assert Measure("spending").of(result) == pytest.approx(only_media + 4_000 * cars, rel=1e-12)
    assert Measure("spending").of(result, "baseline") == 0


def test_shares_of_all_firms_in_a_segment_sum_to_one() -> None:
    result = run(scenario(CUT), data_set(DATA))
    firms = set(result.periods[0].base.market.firms)
    table = data_set(DATA).tables["products"]
    segment = table.loc[table["product"] == "N5", "segment"].iloc[0]
    parts = [Measure("share_of_sales", firm=firm, segment=segment).of(result) for firm in firms]
    assert sum(parts) == pytest.approx(1.0, abs=1e-12)


@settings(max_examples=40)
@given(
    st.sampled_from(["units", "share_of_sales", "revenue", "net_price"]),
    st.sampled_from([{}, {"product": "N5"}, {"region": "East"}, {"firm": "Orion", "region": "South"}]),
    st.sampled_from([">=", "<=", "="]),
    st.integers(1, 99),
    st.sampled_from(["value", "difference", "ratio"]),
)  # fmt: skip
def test_a_requirement_reads_back_as_it_is_written(
    name: str, scope: dict[str, str], sense: str, per_cent: int, against: str
) -> None:
    part = name == "share_of_sales" or against == "ratio"
    amount = per_cent / 100 if part else float(per_cent)
    asked = Requirement(Measure(name, **scope), sense, amount, against)  # type: ignore[arg-type]
    (found,) = required(str(asked))
    assert (found.measure, found.sense, found.against) == (asked.measure, sense, against)
    assert found.amount == pytest.approx(amount, rel=1e-9)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("units 5,000", "needs one of >=, <= and ="),
        ("unitz >= 5,000", "no measure is called 'unitz'; did you mean 'units'?"),
        ("units product=N55 >= 5,000", "no product is called 'N55'; did you mean 'N5'?"),
        ("units prodct=N5 >= 5,000", "'prodct=N5' is not understood"),
        ("units period=2031-01 >= 5,000", "is not a period"),
        ("units period=2026-01 >= 5,000", "not among the periods of the scenario"),
        ("share_of_sales >= 8", "is no share; write it in per cent"),
        ("units >= 8 %", "is a part of what?"),
        ("revenue >= 8 bananas", "carries the unit 'bananas'"),
        ("units >= baseline 5 %", "lacks its sign"),
        ("share_of_sales >= baseline +1", "write +1 pp"),
    ],
)
def test_a_target_that_cannot_be_read_says_why(text: str, sentence: str) -> None:
    with pytest.raises(InputError) as refused:
        required(text)
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("list_price product=N5 change=-5%..5% levels=3", "a choice has no levels"),
        ("list_price product=N5 change=5%..-5%", "leave nothing to choose"),
        ("list_price product=N5 change=-5%..5% step=1000", "give it in the way of the bounds"),
        ("list_price product=N5 change=-5%..5% step='20 %'", "does not lie within the bounds"),
        ("list_price product=O3 change=-5%..5%", "use rival_price"),
    ],
)
def test_a_choice_that_cannot_be_read_says_why(text: str, sentence: str) -> None:
    with pytest.raises(InputError) as refused:
        read_choices([text], scenario(), data_set(DATA))
    assert sentence in str(refused.value)


def test_a_measure_that_nobody_counts_is_refused() -> None:
    with pytest.raises(InputError, match="leads firm=Orion: is not known"):
        seek_goal(scenario(), [price("N5")], required("leads firm=Orion >= 100"))


def test_nothing_to_choose_or_to_reach_is_refused() -> None:
    with pytest.raises(InputError, match="there is none"):
        seek_goal(scenario(), [], required("units >= 1"))
    with pytest.raises(InputError, match="there is none"):
        seek_goal(scenario(), [price("N5")], [])
    twice: list[Choice] = [price("N5"), price("N5", -0.2, 0.0)]
    with pytest.raises(InputError, match="twice"):
        seek_goal(scenario(), twice, required("units >= 1"))
