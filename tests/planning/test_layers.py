"""Layers of uncertainty: each is drawn as its source says, moves both sides alike, and can be left out."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandtable.errors import InputError
from sandtable.forecast import base_path
from sandtable.planning.measures import MEASURES
from sandtable.planning.search.targets import read_requirements
from sandtable.planning.uncertain.assumed import assumed_ranges
from sandtable.planning.uncertain.inputs import (
    Input,
    data_at,
    draw_inputs,
    inputs_of,
    parameters_at,
    scenario_at,
)
from sandtable.planning.uncertain.level_draws import LevelDraws, draw_levels
from sandtable.planning.uncertain.risks import chance_of, contributions, risk_table, variance_cut
from sandtable.planning.uncertain.uncertainty import LAYERS, PairedResult, StoppedError, paired_runs
from sandtable.scenario.calendar import coming_periods
from sandtable.scenario.files import read_scenario
from sandtable.scenario.model import LeverMove, Response, Rivals, Scenario, Supply
from tests.planning.planned import CUT, DATA, MONTHS, data_set, relative, scenario, uncertain

ESTIMATED = "estimated"
SHIPPED = Path(__file__).parents[2] / "scenarios"
YEAR = coming_periods(data_set(DATA))[:12]
MEDIA = LeverMove("media", firm="Nova", channel="digital", change=relative(0.5))
DEALER_CASH = LeverMove("dealer_cash", product="N3", value=6_000.0)
ANSWER = Rivals("hold", (("Orion", Response("best_response")),))


def estimated(*moves: LeverMove, months: tuple[str, ...] = YEAR[:3]) -> Scenario:
    return replace(scenario(*moves, months=months), parameters=ESTIMATED)


def drawn(asked: Scenario, n_draws: int = 20, **options: object) -> PairedResult:
    return paired_runs(asked, data_set(DATA), n_draws, **options)  # type: ignore[arg-type]


@given(st.floats(0.05, 0.95), st.floats(0.01, 2.0), st.booleans())
def test_inputs_stay_in_range_and_keep_their_points(
    value: float,
    error: float,
    part: bool,
) -> None:
    item = Input("x", value, error, "judgement", "a test", True, part)
    found = item.at(np.array([-6.0, -1.0, 0.0, 1.0, 6.0]))
    assert (np.diff(found) >= 0).all()
    assert found[0] >= 0
    if part:
        assert found[-1] <= 1
    else:
        assert found[2] == pytest.approx(value)


def test_the_standard_errors_of_a_media_fit_are_drawn() -> None:
    parameters = data_set(DATA).parameter_sets[ESTIMATED]
    assert parameters.media is not None
    inputs = inputs_of(estimated(MEDIA), data_set(DATA), parameters)
    assert [item.name for item in inputs] == [
        f"media:digital:{field}" for field in ("effect", "carry_over", "half", "slope")
    ]
    assert not any(item.assumed for item in inputs)
    draws = draw_inputs(inputs, 4_000, seed=1)
    known = parameters.media.channels["digital"].effect
    assert known.standard_error is not None
    spread = np.log(draws.values[:, 0]).std()
    assert spread == pytest.approx(known.standard_error / known.value, rel=0.05)
    at = parameters_at(parameters, draws.at(3))
    assert at.media is not None
    assert at.media.channels["digital"].effect.value == draws.values[3, 0]
    assert at.media.channels["search"] == parameters.media.channels["search"]


def test_an_input_without_an_error_takes_the_assumed_range_and_says_so() -> None:
    found = drawn(estimated(LeverMove("customer_cash", product="N5", value=5_000.0)))
    assert found.layers.inputs is not None
    values = found.layers.inputs.values[:, 0]
    assert found.layers.inputs.inputs[0].assumed
    assert 0.5 < values.min() < values.max() <= 1
    assert any("customer_cash_pass_through" in said for said in found.warnings)
    passed = assumed_ranges()["customer_cash_pass_through"]
    assert (passed.low, passed.high) == (0.7, 0.9)


def test_inputs_that_no_lever_touches_are_not_drawn() -> None:
    assert drawn(estimated(CUT)).layers.drawn == ("parameters", "forecast")
    assert drawn(scenario(CUT)).layers.drawn == ()


def test_an_input_has_the_same_draws_whatever_else_is_drawn() -> None:
    parameters = data_set(DATA).parameter_sets[ESTIMATED]
    one = inputs_of(estimated(MEDIA), data_set(DATA), parameters)
    more = inputs_of(estimated(DEALER_CASH, MEDIA), data_set(DATA), parameters)
    few, many = draw_inputs(one, 5, seed=3), draw_inputs(more, 50, seed=3)
    at = [item.name for item in more].index("media:digital:effect")
    np.testing.assert_array_equal(few.values[:, 0], many.values[:5, at])


def test_dealer_cash_and_margins_reach_the_scenario_and_the_data() -> None:
    moved = scenario_at(estimated(DEALER_CASH), {"dealer_cash_pass_through": 0.31})
    assert dict(moved.levers[0].terms)["pass_through"] == 0.31
    assert scenario_at(moved, {}) is moved
    known = data_at(data_set(DATA), {"margin:0": 0.2}).metadata.known_margins
    assert known[0].value == 0.2
    accounting = replace(estimated(CUT, months=("2026-06",)), supply=Supply("accounting"))
    found = drawn(accounting, 6, layers=("inputs",))
    assert found.layers.drawn == ("inputs",)
    assert found.changes("contribution_profit").std() > 0
    assert np.ptp(found.sides("units")[0]) < 1e-6


def test_levels_are_as_wide_as_the_interval_of_the_forecast() -> None:
    path = base_path(data_set(DATA), 12)
    found = draw_levels(data_set(DATA), YEAR, 4_000, seed=5)
    totals = path.total_units.median * np.exp(found.sales)
    within = (totals >= path.total_units.low_80) & (totals <= path.total_units.high_80)
    np.testing.assert_allclose(within.mean(axis=0), 0.8, atol=0.03)
    few = draw_levels(data_set(DATA), YEAR[:2], 10, seed=5)
    np.testing.assert_array_equal(few.sales, found.sales[:10, :2])


def test_observed_periods_have_no_error_of_the_forecast() -> None:
    found = draw_levels(data_set(DATA), MONTHS, 10, seed=5)
    assert not found.sales[:, :2].any()
    assert not found.own_share[:, :2].any()
    assert found.sales[:, 2].all()


@given(st.floats(0.01, 0.9), st.floats(-0.5, 0.5), st.floats(-3, 3))
def test_a_share_that_was_drawn_leaves_the_rest_to_the_others(
    share: float, sales: float, drift: float
) -> None:
    levels = LevelDraws(np.array([[sales]]), np.array([[drift]]))
    own, others = levels.factors(np.array([share]))
    whole = share * own[0, 0] + (1 - share) * others[0, 0]
    assert whole == pytest.approx(np.exp(sales))
    assert own[0, 0] > 0
    assert others[0, 0] >= 0


def test_the_forecast_moves_both_sides_by_the_same_factor() -> None:
    asked = estimated(CUT)
    found = drawn(asked, layers=("forecast",))
    factors = found.units[0] / found.units[0].mean(axis=0)
    alone = drawn(asked, layers=())
    np.testing.assert_allclose(found.units[1] / alone.units[1], found.units[0] / alone.units[0])
    np.testing.assert_allclose(found.profits[1] / alone.profits[1], found.units[1] / alone.units[1])
    assert factors.std() > 0.01


def test_spending_does_not_grow_with_the_market() -> None:
    found = drawn(estimated(MEDIA), layers=("forecast",))
    spent = sum(
        item.composed.spending.sum()
        for item in found.result.periods
    )  # fmt: skip
    margin = found.profits[1][:, :, 0].sum(axis=1) + spent
    same = found.units[1][:, 0, 0] / found.units[0][:, 0, 0]
    assert np.ptp(same) < 1e-12
    assert (margin > found.profits[1][:, :, 0].sum(axis=1)).all()


def test_capacity_is_met_with_the_market_that_was_drawn() -> None:
    limit = LeverMove("capacity", product="N5", change=relative(-0.05))
    found = drawn(estimated(limit, months=YEAR[:1]), 6, layers=("forecast",))
    before, after = found.sides()
    # where the market is small the limit does not bind, where it is large it takes the rest
    assert (after <= before + 1e-6).all()
    assert np.corrcoef(before, after - before)[0, 1] < -0.8


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(estimated(CUT, MEDIA), id="together"),
        pytest.param(
            replace(estimated(CUT, months=YEAR[:1]), rivals=ANSWER),
            marks=pytest.mark.slow,
            id="one by one",
        ),
    ],
)
def test_results_do_not_depend_on_the_number_of_workers(
    asked: Scenario, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    page = ModuleType("__main__")
    page.__file__ = str(tmp_path / "page.py")
    Path(page.__file__).write_text("raise SystemExit('the page was run in a worker')")
    monkeypatch.setitem(sys.modules, "__main__", page)
    one, two = (drawn(asked, 10, workers=workers) for workers in (1, 2))
    for alone, shared in zip((*one.units, *one.profits), (*two.units, *two.profits), strict=True):
        assert np.array_equal(alone, shared)
    assert one.failures == two.failures == ()


def test_progress_is_told_and_stopping_gives_no_numbers() -> None:
    asked = replace(estimated(CUT, months=("2026-06",)), rivals=ANSWER)
    seen: list[tuple[int, int]] = []
    drawn(asked, 4, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (4, 4)
    with pytest.raises(StoppedError, match="stopped"):
        drawn(asked, 4, seed=9, stop=lambda: len(seen) > 0)


def test_unknown_layers_and_no_workers_are_refused() -> None:
    with pytest.raises(ValueError, match="did you mean 'forecast'"):
        drawn(estimated(CUT), layers=("forcast",))
    with pytest.raises(ValueError, match="workers is 0"):
        drawn(estimated(CUT), workers=0)


def test_the_risk_table_is_that_of_the_draws() -> None:
    found = drawn(estimated(CUT, MEDIA), 40)
    table = risk_table(found)
    assert len(table) == len(MEASURES) * (len(found.periods) + 1) * 3
    before, after = found.sides("contribution_profit")
    row = table[
        (table["measure"] == "contribution_profit")
        & (table["period"] == "total")
        & (table["side"] == "scenario")
    ].iloc[0]
    assert row["median"] == pytest.approx(np.median(after))
    assert row["expected_shortfall"] <= row["low_80"]
    assert row["expected_shortfall"] == pytest.approx(np.sort(after)[:4].mean(), rel=0.02)
    (target,) = read_requirements(
        [f"units >= {np.median(found.sides()[1]):.0f}"], found.result.scenario, data_set(DATA)
    )
    chance, error = chance_of(found, target)
    assert chance == pytest.approx(0.5, abs=0.05)
    assert 0.05 < error < 0.1
    assert before.std() > 0


def test_a_target_that_the_draws_do_not_keep_is_refused() -> None:
    found = drawn(estimated(CUT), 4)
    (target,) = read_requirements(["units product=N5 >= 5"], found.result.scenario, data_set(DATA))
    with pytest.raises(InputError, match="is not kept by the draws"):
        chance_of(found, target)


def test_contributions_are_those_of_the_layers_alone() -> None:
    asked = estimated(MEDIA)
    parts = {one.layer: one for one in contributions(asked, data_set(DATA), 60)}
    assert tuple(parts) == LAYERS
    assert parts["inputs"].part > parts["forecast"].part
    assert sum(one.part for one in parts.values()) == pytest.approx(1, abs=0.35)
    alone = drawn(asked, 60, layers=("inputs",)).changes()
    assert parts["inputs"].deviation == pytest.approx(alone.std(ddof=1))


def _cut_at_least_fivefold(file: Path) -> None:
    """In observed periods units of the baseline are known, so that only profits can vary apart."""
    asked, market = read_scenario(file)
    found = paired_runs(replace(asked, parameters=ESTIMATED), market, 40)
    cuts = {measure: variance_cut(found, measure) for measure in MEASURES}
    print(file.stem, {measure: f"{cut:,.0f}" for measure, cut in cuts.items()})  # noqa: T201
    assert cuts["contribution_profit"] >= 5
    if "forecast" in found.layers.drawn:
        assert min(cuts.values()) >= 5


@pytest.mark.parametrize("name", ["n5-minus-5-orion-matches", "year-media-shift"])
def test_pairing_cuts_the_variance_at_least_fivefold(name: str) -> None:
    _cut_at_least_fivefold(SHIPPED / f"premium-ev-{name}.yaml")


@pytest.mark.slow
@pytest.mark.parametrize(
    "file", sorted(SHIPPED.glob("premium-ev-*.yaml")), ids=lambda file: file.stem
)
def test_pairing_cuts_the_variance_of_every_shipped_scenario(file: Path) -> None:
    _cut_at_least_fivefold(file)


def test_nothing_drawn_says_nothing() -> None:
    found = paired_runs(scenario(CUT), uncertain(), 5, layers=())
    assert risk_table(found)["median"].isna().all()
    assert np.isnan(
        chance_of(
            found, read_requirements(["units >= 1"], found.result.scenario, data_set(DATA))[0]
        )
    ).all()
