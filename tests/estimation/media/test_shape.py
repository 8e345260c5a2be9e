"""Adstock, saturation and their derivatives; effects absorbed exactly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandtable.estimation.effects import Absorber
from sandtable.estimation.media.absorbing import Effects
from sandtable.estimation.media.fitting import Fitter
from sandtable.estimation.media.priors import beliefs_of, read_priors
from sandtable.estimation.media.shape import Shape, signals_of, stocks_of
from sandtable.market.primitives import FloatArray
from sandtable.response.media import adstock, hill, steady_stock
from tests.estimation.media.simulated import simulate

SEEDS = st.integers(0, 10**6)
CARRY = st.floats(0.01, 0.97)
STEP = 1e-5


def drawn(seed: int) -> tuple[FloatArray, FloatArray]:
    """Transformed numbers of three channels, and a spend with pauses."""
    random = np.random.default_rng(seed)
    point = random.normal(0, 1, 12)
    spend = random.gamma(1.0, 1.0, (10, 4, 3)) * (random.uniform(size=(10, 4, 3)) > 0.3)
    return point, spend


@given(SEEDS, CARRY)
def test_stocks_are_the_adstock_of_a_steady_past(seed: int, carry_over: float) -> None:
    spend = drawn(seed)[1]
    stocks = stocks_of(spend, np.full(3, carry_over), spend[0])[0]
    expected = adstock(spend, carry_over, before=steady_stock(spend[0], carry_over))
    assert stocks == pytest.approx(expected, rel=1e-12, abs=1e-300)


@given(SEEDS)
def test_the_derivatives_are_those_of_small_steps(seed: int) -> None:
    point, spend = drawn(seed)
    found = signals_of(point, spend, spend[0]).derivatives
    for place in range(len(point)):
        moved = np.zeros(len(point))
        moved[place] = STEP
        above = signals_of(point + moved, spend, spend[0]).worth
        below = signals_of(point - moved, spend, spend[0]).worth
        assert found[..., place] == pytest.approx((above - below) / (2 * STEP), rel=1e-6, abs=1e-8)


@given(SEEDS, st.booleans())
def test_the_derivatives_of_the_whole_problem_are_those_of_small_steps(
    seed: int, remember: bool
) -> None:
    panel = simulate(seed % 7, n_brands=2, n_regions=3, n_periods=12, n_channels=2).panel
    beliefs = beliefs_of(
        read_priors(),
        channels=panel.channels,
        spend=panel.spend,
        frequency="month",
        elasticity_of_utility=1.0,
        others=[prior for _, prior in panel.positives.values()],
    )
    fitter = Fitter(panel, beliefs, autocorrelated=remember)
    point = beliefs.start + np.random.default_rng(seed).normal(0, 0.3, len(beliefs.start))
    memory = 0.6 if remember else 0.0
    slopes = fitter.whitened_at(point, memory)[1].copy()
    believed = beliefs.misses(point)[1]
    for place in range(len(point)):
        moved = np.zeros(len(point))
        moved[place] = STEP
        above, below = (fitter.whitened_at(point + sign * moved, memory)[0] for sign in (1, -1))
        assert slopes[:, place] == pytest.approx((above - below) / (2 * STEP), rel=1e-6, abs=1e-8)
        above, below = (beliefs.misses(point + sign * moved)[0] for sign in (1, -1))
        assert believed[:, place] == pytest.approx((above - below) / (2 * STEP), rel=1e-6, abs=1e-8)


@given(SEEDS)
def test_no_spend_has_no_effect(seed: int) -> None:
    point, spend = drawn(seed)
    signals = signals_of(point, np.zeros_like(spend), np.zeros_like(spend[0]))
    assert not signals.worth.any()
    assert not signals.derivatives.any()
    assert not signals.long_run.any()


@given(SEEDS, st.floats(1.01, 10))
def test_more_spend_never_does_less(seed: int, times: float) -> None:
    point, spend = drawn(seed)
    less, more = (signals_of(point, spend * factor, spend[0] * factor) for factor in (1.0, times))
    assert (more.worth >= less.worth).all()
    assert (more.reached <= 1).all()


@given(SEEDS, st.floats(1e-3, 1e3))
def test_the_money_unit_only_moves_the_half(seed: int, unit: float) -> None:
    point, spend = drawn(seed)
    shape = Shape.at(point)
    other = Shape(shape.effects, shape.carry_overs, shape.halves * unit, shape.slopes)
    same = signals_of(other.point, spend * unit, spend[0] * unit)
    assert same.worth == pytest.approx(signals_of(point, spend, spend[0]).worth, rel=1e-9)


def test_a_point_and_its_natural_numbers_are_one() -> None:
    point = drawn(1)[0]
    shape = Shape.at(point)
    assert shape.point == pytest.approx(point)
    step = Shape.at(point + 1e-6)
    assert shape.natural_slopes == pytest.approx((step.natural - shape.natural) / 1e-6, rel=1e-5)


def test_elasticities_are_those_of_one_per_cent_more() -> None:
    point, spend = drawn(3)
    spend = spend + 0.1
    signals, shape = signals_of(point, spend, spend[0]), Shape.at(point)
    more = signals_of(point, spend * 1.0001, spend[0] * 1.0001).worth
    assert signals.long_run.sum(axis=2) == pytest.approx((more - signals.worth) / 1e-4, rel=1e-3)
    once = hill(signals.stocks + 1e-4 * spend, shape.halves, shape.slopes)
    gained = shape.effects * (once - signals.reached)
    assert signals.short_run == pytest.approx(gained / 1e-4, rel=1e-3)


@given(SEEDS)
def test_effects_are_absorbed_as_all_dummies_at_once_would(seed: int) -> None:
    random = np.random.default_rng(seed)
    n = 120
    groups = [random.integers(0, k, n) for k in (30, 8, 5)]
    columns = random.normal(size=(n, 3))
    effects, reference = Effects(groups), Absorber(groups)
    assert effects.residuals(columns) == pytest.approx(reference.residuals(columns), abs=1e-9)
    assert effects.rank == reference.rank
    one = Effects(groups[:1])
    assert one.residuals(columns) == pytest.approx(
        Absorber(groups[:1]).residuals(columns), abs=1e-9
    )


def test_without_effects_columns_stay_as_they_are() -> None:
    columns = np.arange(6.0).reshape(3, 2)
    assert Effects([]).residuals(columns) is columns
    assert Effects([]).rank == 0
