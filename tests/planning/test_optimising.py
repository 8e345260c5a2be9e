"""The optimiser: never worse than brute force, and what it says binds does bind."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import pytest

from sandtable.errors import ConvergenceError, InputError
from sandtable.planning.measures import MEASURES
from sandtable.planning.search.choices import Choice
from sandtable.planning.search.measuring import Measure
from sandtable.planning.search.optimising import Aim, optimise, pareto_front
from sandtable.planning.search.outcomes import Outcome, require_as_found
from sandtable.planning.search.risk import Risk
from sandtable.planning.search.solving import Found
from sandtable.planning.search.targets import Requirement, read_requirements
from sandtable.planning.uncertain.uncertainty import paired_runs
from sandtable.scenario.model import LeverMove, Rivals
from sandtable.scenario.run import run
from tests.planning.planned import DATA, data_set, relative, scenario, uncertain
from tests.planning.searched import (
    TOTALS,
    amounts_at,
    baseline_of,
    cash,
    price,
    random_choices,
    rerun,
    swept,
    value_at,
)

UNITS, SHARE, PROFIT = TOTALS
MOST_PROFIT, MOST_UNITS = Aim(PROFIT), Aim(UNITS)


def required(*texts: str) -> tuple[Requirement, ...]:
    return read_requirements(texts, scenario(), data_set(DATA))


def problem(seed: int) -> tuple[tuple[Choice, ...], Aim, tuple[Requirement, ...]]:
    """Draw an aim and requirements that some points keep and others do not."""
    draw = np.random.default_rng(20_000 + seed)
    choices = random_choices(draw, int(draw.integers(2, 5)))
    values = swept(choices, 33, 500)
    aimed = int(draw.integers(3))
    aim = Aim(TOTALS[aimed], "most" if draw.random() < 0.8 else "least")
    keep = []
    for place in range(3):
        if place != aimed and draw.random() < 0.7:
            bound = float(np.quantile(values[:, place], draw.uniform(0.2, 0.8)))
            keep.append(Requirement(TOTALS[place], ">=" if draw.random() < 0.7 else "<=", bound))
    return choices, aim, tuple(keep)


def kept_by(values: np.ndarray, keep: tuple[Requirement, ...]) -> np.ndarray:
    inside = np.ones(len(values), dtype=bool)
    for one in keep:
        column = values[:, TOTALS.index(one.measure)]
        inside &= column >= one.amount if one.sense == ">=" else column <= one.amount
    return inside


def check_problem(seed: int) -> float:
    """Return how much better the answer is than the best of 10,000 points, as a part of it."""
    choices, aim, keep = problem(seed)
    values = swept(choices, 1_001, 10_000)
    inside = kept_by(values, keep)
    found = optimise(scenario(), choices, aim, data_set(DATA), keep=keep)
    if not inside.any():
        assert not found.feasible or (found.limits and all(one.kept for one in found.limits))
        return 0.0
    assert found.feasible, found.sentence
    best = float((aim.sign * values[inside, TOTALS.index(aim.measure)]).max())
    mine = aim.sign * rerun(found, aim.measure)
    assert mine >= best - 1e-9 * abs(best)
    for one in keep:
        value = rerun(found, one.measure)
        miss = one.amount - value if one.sense == ">=" else value - one.amount
        assert miss <= 1e-6 * abs(one.amount)
    check_binding(found, aim)
    return (mine - best) / abs(best)


def check_binding(found: Outcome, aim: Aim) -> None:
    """Whatever is said to bind lies at its bound, and the answer is better without it."""
    keep = [one.requirement for one in found.limits]
    assert found.objective is not None
    mine = aim.sign * found.objective
    for place, limit in enumerate(found.limits):
        touches = abs(limit.slack) <= 1e-6 * abs(limit.bound)
        assert touches or not limit.binding
        if limit.binding:
            others = keep[:place] + keep[place + 1 :]
            free = optimise(scenario(), found.choices, aim, data_set(DATA), keep=others, starts=2)
            assert free.objective is not None
            assert aim.sign * free.objective > mine
    for edge in found.edges:
        index = found.choices.index(edge.choice)
        assert found.amounts[index] == pytest.approx(edge.amount, abs=1e-6 * edge.choice.room)
        room = 0.05 * edge.choice.room * (1 if edge.side == "high" else -1)
        tighter = edge.choice.move.lever == "customer_cash" and edge.side == "low"
        moved = replace(edge.choice, **{edge.side: edge.amount + (-room if tighter else room)})
        others = (*found.choices[:index], moved, *found.choices[index + 1 :])
        again = optimise(scenario(), others, aim, data_set(DATA), keep=keep, starts=2)
        if not again.feasible:
            assert tighter
            continue
        assert again.objective is not None
        gain = aim.sign * again.objective - mine
        assert gain < 0 if tighter else gain > 0


@pytest.mark.parametrize("seed", [5])
def test_an_optimum_is_never_worse_than_ten_thousand_points(seed: int) -> None:
    check_problem(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 130))
def test_thirty_optima_are_never_worse_than_ten_thousand_points(seed: int) -> None:
    check_problem(seed)


@pytest.mark.slow
@pytest.mark.parametrize(
    "measure", [Measure("revenue", product="N5"), Measure("units", region="East")], ids=str
)
def test_where_no_sweep_gives_the_measure_ten_thousand_runs_are_no_better(measure: Measure) -> None:
    choices = (price("N5", -0.2, 0.2), price("N7", -0.1, 0.1), cash("N3"))
    keep = required("contribution_profit >= baseline -3 %")
    found = optimise(scenario(), choices, Aim(measure), data_set(DATA), keep=keep)
    points = np.random.default_rng(5).uniform(0, 1, (10_000, 3))
    floor, best = 0.97 * baseline_of(PROFIT), -np.inf
    for point in points:
        asked = scenario()
        for one, amount in zip(choices, amounts_at(choices, point), strict=True):
            asked = asked.with_lever(one.at(amount))
        result = run(asked, data_set(DATA), search_again=False)
        if PROFIT.of(result) >= floor:
            best = max(best, measure.of(result))
    assert found.value(measure) >= best * (1 - 1e-9)


def test_a_shadow_price_is_what_a_unit_of_the_bound_brings() -> None:
    choices = (price("N5"), price("N3"))
    floor = 20_000.0
    found = optimise(scenario(), choices, MOST_PROFIT, keep=[Requirement(UNITS, ">=", floor)])
    (limit,) = found.limits
    assert limit.binding
    assert limit.shadow_price is not None
    assert limit.shadow_price < 0
    higher = optimise(scenario(), choices, MOST_PROFIT, keep=[Requirement(UNITS, ">=", floor + 50)])
    assert higher.objective is not None
    assert found.objective is not None
    brought = (higher.objective - found.objective) / 50
    assert limit.shadow_price == pytest.approx(brought, rel=0.03)


def test_an_optimum_inside_its_bounds_is_bound_by_nothing() -> None:
    found = optimise(scenario(), [price("N5"), price("N3")], MOST_PROFIT, data_set(DATA))
    assert not found.edges
    # costs are implied by the base prices, so these are the best ones
    np.testing.assert_allclose(found.amounts, [0.0, 0.0], atol=1e-5)
    assert found.search.spread is not None
    assert found.search.spread < 1e-9


def test_a_budget_is_spent_where_it_binds() -> None:
    found = optimise(
        scenario(), [cash("N5"), cash("N3")], MOST_UNITS, data_set(DATA),
        keep=required("spending <= 20m"), points=32, starts=2,
    )  # fmt: skip
    (budget,) = found.limits
    assert budget.binding
    assert rerun(found, Measure("spending")) == pytest.approx(20e6, rel=1e-6)
    assert budget.shadow_price is not None
    assert budget.shadow_price > 0


def test_a_capacity_holds_back_what_is_best() -> None:
    limit = LeverMove("capacity", product="N5", value=7_000.0)
    free = optimise(scenario(), [price("N5")], MOST_UNITS, data_set(DATA))
    full = optimise(scenario(limit), [price("N5")], MOST_UNITS, data_set(DATA), points=9, starts=1)
    assert free.objective is not None
    assert full.objective is not None
    assert Measure("units", product="N5").of(full.result) <= 7_000 * (1 + 1e-9)
    assert full.objective < free.objective


def test_the_best_answer_to_rivals_that_answer_beats_a_grid() -> None:
    answered = scenario(rivals=Rivals("best_response"))
    choice = price("N5", -0.1, 0.1)
    found = optimise(answered, [choice], MOST_PROFIT, data_set(DATA), points=9, starts=1)
    grid = [
        PROFIT.of(run(answered.with_lever(choice.at(z)), data_set(DATA), search_again=False))
        for z in np.linspace(-0.1, 0.1, 21).tolist()
    ]
    assert found.objective is not None
    assert found.objective >= max(grid) * (1 - 1e-12)


def test_an_optimum_in_whole_steps_is_the_best_of_all_steps() -> None:
    choices = (replace(price("N5"), step=0.01), replace(price("N3"), step=0.02))
    floor = Requirement(UNITS, ">=", 19_500.0)
    found = optimise(scenario(), choices, MOST_PROFIT, data_set(DATA), keep=[floor])
    values = np.array(
        [
            [value_at(choices, [one, other], measure) for measure in (UNITS, PROFIT)]
            for one in np.arange(-0.1, 0.0501, 0.01).tolist()
            for other in np.arange(-0.1, 0.0501, 0.02).tolist()
        ]
    )
    best = values[values[:, 0] >= 19_500, 1].max()
    assert found.objective == pytest.approx(best, rel=1e-12)


def test_requirements_that_exclude_each_other_give_a_certificate() -> None:
    keep = required("units >= 24,000", "contribution_profit >= baseline")
    found = optimise(scenario(), [price("N5"), price("N3")], MOST_PROFIT, keep=keep)
    assert not found.feasible
    assert found.objective is None
    assert "Not reachable" in found.sentence
    assert all(str(one.requirement) in found.sentence for one in found.limits if not one.kept)


def test_a_front_gives_one_measure_up_for_the_other_and_nothing_beats_it() -> None:
    choices = (price("N5"), price("N3"))
    front = pareto_front(
        scenario(), choices, MOST_PROFIT, MOST_UNITS, data_set(DATA), count=3, starts=1
    )
    assert len(front) == 3
    at = np.array([[one.outcome.value(PROFIT), one.outcome.value(UNITS)] for one in front])
    assert (np.diff(at[:, 0]) < 0).all()
    assert (np.diff(at[:, 1]) > 0).all()
    for point in front:
        assert rerun(point.outcome, UNITS) >= point.level * (1 - 1e-4)
    values = swept(choices, 201, 4_000)[:, [2, 0]]
    for profit, units in at:
        beaten = (values[:, 0] > profit * (1 + 1e-9)) & (values[:, 1] > units * (1 + 1e-9))
        assert not beaten.any()


def test_a_front_without_a_feasible_point_is_one_certificate() -> None:
    (only,) = pareto_front(
        scenario(), [price("N5")], MOST_PROFIT, MOST_UNITS, keep=required("units >= 90,000")
    )
    assert not only.outcome.feasible


@pytest.mark.parametrize("kind", ["mean", "cvar"])
def test_over_draws_the_optimum_is_that_of_a_grid(kind: Literal["mean", "cvar"]) -> None:
    loaded, risk = uncertain(), Risk(kind, 0.8, 20)
    aim = Aim(PROFIT, risk=risk)
    keep = read_requirements(["units >= baseline +2 %"], scenario(), loaded)
    choice = price("N5", -0.05, 0.0)
    found = optimise(scenario(), [choice], aim, loaded, keep=keep, starts=1, points=9)
    assert found.feasible

    def at(amount: float) -> float:
        moved = scenario().with_lever(choice.at(amount))
        return risk.of(paired_runs(moved, loaded, 20).changes("contribution_profit"), most=True)

    assert found.objective == pytest.approx(at(found.amounts[0]), rel=1e-9)
    allowed = [
        at(z)
        for z in np.linspace(-0.05, 0.0, 11).tolist()
        if UNITS.of(run(scenario().with_lever(choice.at(z)), loaded)) >= 1.02 * baseline_of(UNITS)
    ]
    assert found.objective >= max(allowed)
    assert "20 draws" in found.sentence


def test_the_worst_draws_are_never_better_than_the_mean() -> None:
    changes = np.random.default_rng(3).normal(size=200)
    mean = Risk("mean").of(changes, most=True)
    worst = [Risk("cvar", level).of(changes, most=True) for level in (0.0, 0.5, 0.9, 0.99)]
    assert worst[0] == pytest.approx(mean)
    assert (np.diff(worst) < 0).all()
    assert Risk("cvar", 0.9).of(-changes, most=False) == pytest.approx(-worst[2])
    assert Risk("cvar", 0.9).of(changes, most=True) == pytest.approx(np.sort(changes)[:20].mean())


def test_risk_needs_parameters_with_errors_and_a_measure_that_draws_give() -> None:
    risk = Risk("cvar", 0.9, 5)
    with pytest.raises(InputError, match="draws give units"):
        optimise(scenario(), [price("N5")], Aim(Measure("revenue"), risk=risk), uncertain())


def test_a_full_run_that_misses_what_the_search_kept_is_an_error() -> None:
    keep = required("units >= 19,000")
    found = optimise(scenario(), [price("N5")], MOST_PROFIT, keep=keep)
    (limit,) = found.limits
    missed = replace(found, feasible=False, limits=(replace(limit, slack=-500.0, value=18_500.0),))
    believed = Found(np.zeros(1), np.zeros(1), 0.0, 0.0, (), 1)
    with pytest.raises(ConvergenceError, match="their full run gives 18,500"):
        require_as_found(missed, believed)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"count": 1}, "expected 2 or more"),
        ({"against": Aim(PROFIT)}, "name another measure"),
        ({"against": Aim(UNITS, risk=Risk())}, "has risk"),
    ],
)
def test_a_front_that_makes_no_sense_is_refused(options: dict[str, object], sentence: str) -> None:
    asked: dict[str, object] = {"against": MOST_UNITS, **options}
    with pytest.raises(InputError, match=sentence):
        pareto_front(scenario(), [price("N5")], MOST_PROFIT, data_set=data_set(DATA), **asked)  # type: ignore[arg-type]


def test_media_of_a_brand_can_be_chosen_under_a_budget() -> None:
    media = LeverMove("media", firm="Nova", channel="digital", change=relative(0.0))
    choice = Choice(media, -0.5, 1.0)
    found = optimise(
        scenario(), [choice], MOST_UNITS, data_set(DATA), keep=required("spending <= 1m"),
        points=9, starts=1,
    )  # fmt: skip
    assert found.feasible
    assert rerun(found, Measure("spending")) <= 1e6 * (1 + 1e-6)
    assert set(MEASURES) >= {one.measure.name for one in found.readings} - {"spending"}
