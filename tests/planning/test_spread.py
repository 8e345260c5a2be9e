"""Quantiles, chances and their Monte-Carlo errors."""

from __future__ import annotations

import numpy as np
import pytest

from sandtable.planning.uncertain.spread import QUANTILES, spread_of


@pytest.mark.parametrize("n_draws", [200, 2000])
def test_monte_carlo_errors_are_the_spread_of_repeated_drawings(n_draws: int) -> None:
    generator = np.random.default_rng(2)
    found = spread_of(generator.normal(0.3, 1, (n_draws, 1500)))
    for name in [*QUANTILES, "p_beats"]:
        seen = found[name].std()
        assert found[f"{name}_error"].mean() == pytest.approx(seen, rel=0.2), name


def test_quantiles_are_in_order_and_right() -> None:
    draws = np.random.default_rng(3).uniform(0, 1, (20_000, 2))
    found = spread_of(draws)
    for name, level in QUANTILES.items():
        np.testing.assert_allclose(found[name], level, atol=0.01)
    np.testing.assert_allclose(found["p_beats"], 1)
    assert (found["p_beats_error"] > 0).all()


def test_without_draws_nothing_is_known() -> None:
    assert all(np.isnan(values).all() for values in spread_of(np.empty((0, 3))).values())
