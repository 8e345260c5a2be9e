"""Nominal 80 % intervals hold the truth in 75 to 85 % of 200 simulated markets."""

from __future__ import annotations

import numpy as np
import pytest

from sandtable.estimation import EstimationSpec, estimate
from tests.estimation.simulated import Truth, simulate
from tests.estimation.specs import simulated_spec
from tests.estimation.test_random_coefficient import INSTRUMENTS, random_spec

N_SEEDS = 200
NORMAL_80 = 1.2815515655446004


def coverage(truth: Truth, spec: EstimationSpec, planted: dict[str, float]) -> dict[str, float]:
    distances = []
    for seed in range(N_SEEDS):
        found = estimate(simulate(seed, truth), spec)
        numbers = [found.coefficient(name) for name in planted]
        distances.append(
            [
                (one.value - true) / one.standard_error
                for one, true in zip(numbers, planted.values(), strict=True)
            ]
        )
    covered = (np.abs(distances) < NORMAL_80).mean(axis=0)
    return dict(zip(planted, covered.tolist(), strict=True))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_intervals_of_a_two_level_nested_logit_cover() -> None:
    truth = Truth(spread=0.0, sigmas=(0.2, 0.5), n_regions=80)
    spec = simulated_spec(model="nested_logit", nests=["segment", "powertrain"])
    planted = {"price_coefficient": 0.8, "sigma_segment": 0.2, "sigma_powertrain": 0.5, "x": 1.0}
    covered = coverage(truth, spec, planted)
    print(f"80 % intervals, nested logit by two-stage least squares, n = {N_SEEDS}: {covered}")  # noqa: T201
    assert all(0.75 <= rate <= 0.85 for rate in covered.values()), covered


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_intervals_of_a_random_price_coefficient_cover() -> None:
    spec = random_spec(instruments=[*INSTRUMENTS, "optimal"])
    planted = {"price_coefficient": 0.8, "price_spread": 0.4, "x": 1.0}
    covered = coverage(Truth(), spec, planted)
    print(f"80 % intervals, random price coefficient by GMM, n = {N_SEEDS}: {covered}")  # noqa: T201
    assert all(0.75 <= rate <= 0.85 for rate in covered.values()), covered
