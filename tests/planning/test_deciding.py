"""Payoffs of options: regret, the robust choice, what knowing is worth, where the choice turns."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sandtable.planning.options.deciding import Payoffs

# Savage's table: rows are acts, columns states
TABLE = Payoffs(
    np.array([[20.0, 12.0, 8.0], [16.0, 15.0, 13.0], [12.0, 12.0, 12.0]]),
    np.array([0.2, 0.3, 0.5]),
)


@st.composite
def payoffs(draw: st.DrawFn) -> Payoffs:
    shape = draw(st.tuples(st.integers(1, 5), st.integers(1, 6)))
    values = draw(arrays(np.float64, shape, elements=st.floats(-1e6, 1e6)))
    weights = draw(arrays(np.float64, shape[1], elements=st.floats(0.01, 1)))
    return Payoffs(values, weights / weights.sum())


def test_a_table_worked_out_by_hand() -> None:
    np.testing.assert_allclose(TABLE.expected, [11.6, 14.2, 12.0])
    np.testing.assert_array_equal(TABLE.worst, [8, 13, 12])
    np.testing.assert_array_equal(TABLE.largest_regret, [5, 4, 8])
    assert (TABLE.best, TABLE.robust, TABLE.cautious) == (1, 1, 1)
    assert TABLE.value_of_knowing == pytest.approx(0.2 * 20 + 0.3 * 15 + 0.5 * 13 - 14.2)
    np.testing.assert_array_equal(TABLE.dominated, [False, False, True])


def test_the_choice_turns_where_the_expected_values_cross() -> None:
    (flip,) = TABLE.flips([np.array([True, False, False])])
    beside = (0.3 * np.array([12.0, 15.0]) + 0.5 * np.array([8.0, 13.0])) / 0.8
    crossing = flip.at * np.array([20.0, 16.0]) + (1 - flip.at) * beside
    assert crossing[0] == pytest.approx(crossing[1])
    assert flip.now == pytest.approx(0.2)
    assert flip.option == 0
    assert flip.at > flip.now


@given(payoffs())
def test_no_regret_is_negative_and_in_each_state_somebody_has_none(found: Payoffs) -> None:
    assert (found.regret >= 0).all()
    np.testing.assert_array_equal(found.regret.min(axis=0), 0)


@given(payoffs())
def test_knowing_is_worth_what_the_best_choice_regrets_on_average(found: Payoffs) -> None:
    regretted = float(found.regret[found.best] @ found.probabilities)
    scale = np.abs(found.values).max() + 1
    assert found.value_of_knowing == pytest.approx(regretted, abs=1e-9 * scale)


@given(payoffs())
def test_a_dominated_option_is_never_alone_at_the_top(found: Payoffs) -> None:
    for option in np.flatnonzero(found.dominated):
        others = np.delete(found.expected, option)
        assert others.max() >= found.expected[option] - 1e-6 * (np.abs(found.values).max() + 1)


@given(payoffs(), st.data())
def test_a_constant_added_to_a_state_leaves_regret_alone(
    found: Payoffs, data: st.DataObject
) -> None:
    added = data.draw(arrays(np.float64, len(found.probabilities), elements=st.floats(-1e6, 1e6)))
    moved = Payoffs(found.values + added, found.probabilities)
    np.testing.assert_allclose(moved.regret, found.regret, atol=1e-6)


@given(payoffs(), st.data())
def test_at_a_flip_two_options_are_equal(found: Payoffs, data: st.DataObject) -> None:
    inside = data.draw(arrays(np.bool_, len(found.probabilities)))
    for flip in found.flips([inside]):
        chance = found.probabilities[inside].sum()
        weights = found.probabilities * np.where(
            inside, flip.at / chance, (1 - flip.at) / (1 - chance)
        )
        values = found.values @ weights
        scale = np.abs(found.values).max() + 1
        assert values[flip.option] == pytest.approx(values[found.best], abs=1e-6 * scale)
