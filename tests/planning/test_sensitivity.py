"""Tornado and value of information: bars are runs, choices are named, and knowing is worth what theory says."""

from __future__ import annotations

from dataclasses import replace
from math import exp, pi, sqrt
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandtable.planning.uncertain.assumed import POINT, assumed_ranges
from sandtable.planning.uncertain.inputs import parameters_at
from sandtable.planning.uncertain.uncertainty import paired_runs
from sandtable.planning.why import sensitivity
from sandtable.planning.why.information import information_values, to_test_next, unknowns_of
from sandtable.planning.why.sensitivity import tornado
from sandtable.scenario.calendar import coming_periods
from sandtable.scenario.model import LeverMove
from sandtable.scenario.run import Result, run
from sandtable.scenario.summary import totals
from tests.planning.planned import (
    CUT,
    DATA,
    OWN_FIRM,
    data_set,
    relative,
    scenario,
    with_parameters,
)

MEDIA = LeverMove("media", firm="Nova", channel="digital", change=relative(0.5))
CASH = LeverMove("customer_cash", product="N5", value=5_000.0)
RELIEF = LeverMove(
    "purchase_tax", change=relative(-0.05), last="2026-05", terms=(("brought_forward", 0.2),)
)
NEXT = coming_periods(data_set(DATA))[:2]


def _units(result: Result) -> float:
    sides = [totals(item, OWN_FIRM) for item in result.periods]
    return sum(after.units - before.units for before, after in sides)


def test_each_end_is_the_run_with_the_number_there() -> None:
    asked = replace(scenario(CUT, CASH), parameters="estimated")
    found = tornado(asked, data_set(DATA))
    parameters = data_set(DATA).parameter_sets["estimated"]
    sigma = parameters.sigmas[1]
    assert sigma.standard_error is not None
    passed = assumed_ranges()["customer_cash_pass_through"].error(0.85)
    known = {
        "sigma_powertrain": sigma.value - POINT * sigma.standard_error,
        "customer_cash_pass_through": None,
    }
    swings = {swing.name: swing for swing in found.swings}
    for name, value in known.items():
        at = float(swings[name].low_at) if value is None else value
        moved = parameters_at(parameters, {name: at}).model_copy(update={"name": f"at_{name}"})
        alone = _units(run(replace(asked, parameters=None), with_parameters(moved)))
        assert swings[name].low == pytest.approx(alone, rel=1e-3)
    assert passed > 0
    assert swings["sigma_powertrain"].grade == "estimated"
    assert not swings["sigma_powertrain"].assumed
    assert swings["customer_cash_pass_through"].assumed
    assert swings["customer_cash_pass_through"].grade == "literature"


def test_swings_are_ordered_and_choices_named() -> None:
    asked = scenario(CUT, MEDIA, RELIEF, months=("2026-05", "2026-06", *NEXT[:1]))
    found = tornado(asked, data_set(DATA), measure="contribution_profit")
    spans = [swing.span for swing in found.swings]
    assert spans == sorted(spans, reverse=True)
    names = {swing.name for swing in found.swings}
    assert names >= {
        "price_coefficient", "price_spread", "sigma_segment", "media_effect", "media_carry_over",
        "forecast_sales", "forecast_own_share", "rivals", "costs", "conduct", "brought_forward",
    }  # fmt: skip
    rivals = next(swing for swing in found.swings if swing.name == "rivals")
    assert {rivals.low_at, rivals.high_at} <= {"hold", "match 50 %", "best response"}
    assert rivals.span > 0
    assert rivals.low <= found.change <= rivals.high
    price = next(swing for swing in found.swings if swing.name == "price_coefficient")
    assert price.assumed
    assert price.grade == "judgement"


def test_without_levers_nothing_swings() -> None:
    found = tornado(scenario(months=NEXT), data_set(DATA))
    numbers = [swing for swing in found.swings if swing.name not in ("rivals", "conduct", "costs")]
    assert not any(swing.low or swing.high for swing in numbers)


def test_an_unknown_measure_is_refused() -> None:
    with pytest.raises(ValueError, match="did you mean 'units'"):
        tornado(scenario(CUT), data_set(DATA), measure="unit")
    assert sensitivity.SOME_CONDUCT > 0


@settings(max_examples=20, deadline=None)
@given(st.floats(-1, 1), st.floats(0.2, 2), st.integers(0, 1000))
def test_the_worth_of_a_normal_number_is_its_loss_integral(
    mean: float, slope: float, seed: int
) -> None:
    generator = np.random.default_rng(seed)
    number, noise = generator.standard_normal((2, 4_000))
    payoff = mean + slope * number + noise
    found = information_values({"number": number, "noise": noise}, np.stack([0 * payoff, payoff]))
    worth = {one.name: one for one in found}

    def loss(deviation: float) -> float:
        ratio = abs(mean) / deviation
        density = exp(-(ratio**2) / 2) / sqrt(2 * pi)
        return deviation * (density - ratio * NormalDist().cdf(-ratio))

    for name, deviation in (
        ("number", slope), ("noise", 1.0), ("everything", sqrt(1 + slope**2)),
    ):  # fmt: skip
        apart = abs(worth[name].value - loss(deviation))
        assert apart <= 4.5 * worth[name].error + 0.01
    assert worth["everything"].value >= worth["number"].value


def test_knowing_what_does_not_turn_the_choice_is_worth_nothing() -> None:
    number = np.random.default_rng(1).standard_normal(400)
    found = information_values({"number": number}, np.stack([0 * number, 10 + number]))
    assert [one.value for one in found] == pytest.approx([0.0, 0.0], abs=1e-12)
    with pytest.raises(ValueError, match="there are 3 draws"):
        information_values({}, np.zeros((2, 3)))


def test_the_draws_of_scenarios_say_what_to_test_next() -> None:
    asked = [
        replace(scenario(*moves, months=NEXT), parameters="estimated")
        for moves in ((CUT,), (MEDIA, CASH))
    ]
    paired = [paired_runs(one, data_set(DATA), 40) for one in asked]
    found = to_test_next(paired)
    assert found[0].name == "everything"
    assert {one.name for one in found[1:]} >= {"price_coefficient", "media:digital:effect"}
    assert all(one.value >= 0 for one in found)
    assert len(unknowns_of(paired[1])["forecast_sales"]) == 40
