"""Owen values and interactions: the laws that define them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sandtable.market.primitives import FloatArray
from sandtable.planning.why.games import owen_values, shapley_interactions, shapley_values

values_of_four = arrays(np.float64, 16, elements=st.floats(-1e6, 1e6, width=32))
groupings = st.lists(st.integers(0, 2), min_size=4, max_size=4)


def _scale(values: FloatArray) -> float:
    return 1e-9 * max(1.0, float(np.abs(values).max()))


@given(values_of_four, groupings)
def test_groups_sum_to_what_they_add_as_one_player_and_all_to_the_total(
    values: FloatArray, groups: list[int]
) -> None:
    found = owen_values(values, groups)
    names = sorted(set(groups))
    between = np.array(
        [
            values[sum(1 << i for i, group in enumerate(groups) if mask >> names.index(group) & 1)]
            for mask in range(2 ** len(names))
        ]
    )
    whole = shapley_values(between)
    for place, name in enumerate(names):
        mine = sum(found[i] for i, group in enumerate(groups) if group == name)
        assert mine == pytest.approx(whole[place], abs=_scale(values))
    assert found.sum() == pytest.approx(values[-1] - values[0], abs=_scale(values))


@given(values_of_four)
def test_groups_of_one_or_one_group_are_no_groups(values: FloatArray) -> None:
    plain = shapley_values(values)
    for groups in ([0, 1, 2, 3], [0, 0, 0, 0]):
        np.testing.assert_allclose(owen_values(values, groups), plain, rtol=0, atol=_scale(values))


@given(arrays(np.float64, 8, elements=st.floats(-1e6, 1e6, width=32)), groupings)
def test_a_player_that_adds_the_same_to_all_has_that_and_no_interaction(
    values: FloatArray, groups: list[int]
) -> None:
    game = np.concatenate([values, values + 7])
    assert owen_values(game, groups)[3] == pytest.approx(7, abs=1e-6)
    assert np.abs(shapley_interactions(game)[3]).max() <= 1e-6


@given(values_of_four, groupings)
def test_the_sign_of_the_game_is_the_sign_of_the_bars(
    values: FloatArray, groups: list[int]
) -> None:
    np.testing.assert_allclose(owen_values(-values, groups), -owen_values(values, groups))
    np.testing.assert_allclose(shapley_interactions(-values), -shapley_interactions(values))


@given(arrays(np.float64, 4, elements=st.floats(-100, 100, width=32)), st.floats(-50, 50))
def test_in_a_game_of_pairs_the_interaction_is_what_the_pair_adds(
    alone: FloatArray, both: float
) -> None:
    masks = np.arange(16)
    game = np.array([sum(alone[i] for i in range(4) if mask >> i & 1) for mask in masks])
    game = game + both * ((masks & 0b0101) == 0b0101)
    found = shapley_interactions(game)
    assert found[0, 2] == pytest.approx(both, abs=1e-6)
    assert found[2, 0] == found[0, 2]
    assert abs(found[0, 1]) <= 1e-6
    bars = shapley_values(game)
    assert bars[0] - alone[0] == pytest.approx(both / 2, abs=1e-6)
