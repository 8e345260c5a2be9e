"""Shares in blocks are those of each demand by itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandtable.market.demand import Demand
from sandtable.planning.uncertain import blocks
from sandtable.planning.uncertain.blocks import block_shares

INNER = np.array([0, 1, 1, 2, 0, 2, 3])
OUTER = np.array([0, 0, 0, 1, 0, 1, 1])


def demands(levels: int, spread: float, generator: np.random.Generator) -> list[Demand]:
    nests = {0: (), 1: (INNER,), 2: (OUTER, INNER)}[levels]
    return [
        Demand.lognormal(
            generator.uniform(0.5, 2),
            spread * generator.uniform(0.5, 1),
            5,
            nests=nests,
            sigmas=np.sort(generator.uniform(0, 0.9, levels)).tolist(),
        )
        for _ in range(4)
    ]


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2),
    st.sampled_from([0.0, 0.4]),
    st.integers(1, 6),
    st.sampled_from([1.0, 30.0, 3000.0]),
    st.integers(0, 2**32),
)
def test_blocks_equal_each_demand_alone(
    levels: int, spread: float, n_prices: int, scale: float, seed: int
) -> None:
    generator = np.random.default_rng(seed)
    some = demands(levels, spread, generator)
    deltas = generator.normal(0, scale, (4, 9, 7))
    deltas[generator.uniform(size=deltas.shape) < 0.2] = -np.inf
    prices = generator.uniform(0.1, scale, (n_prices, 7))[generator.integers(0, n_prices, 9)]
    found = block_shares(some, deltas, prices)
    for draw, demand in enumerate(some):
        expected = demand.shares(deltas[draw], prices)
        np.testing.assert_allclose(found[draw], expected, rtol=1e-11, atol=1e-300)


def test_the_size_of_a_step_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(5)
    some = demands(2, 0.4, generator)
    deltas = generator.normal(0, 1, (4, 12, 7))
    prices = np.repeat(generator.uniform(0, 2, (4, 7)), 3, axis=0)
    whole = block_shares(some, deltas, prices)
    monkeypatch.setattr(blocks, "BLOCK", 60)
    np.testing.assert_allclose(block_shares(some, deltas, prices), whole, rtol=1e-13)


def test_nothing_to_look_at_is_nothing() -> None:
    some = demands(2, 0.4, np.random.default_rng(1))
    assert block_shares(some, np.empty((4, 0, 7)), np.empty((0, 7))).shape == (4, 0, 7)
