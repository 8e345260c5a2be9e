"""Parameters from known margins, elasticities and diversion are the ones that made them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandtable.errors import ConvergenceError
from sandtable.market.calibration import (
    Observed,
    Target,
    calibrate,
    logit_price_coefficient,
    show,
)
from sandtable.market.demand import Demand
from sandtable.market.primitives import FloatArray, Nests, Tastes

TRUE = {"alpha": 0.9, "spread": 0.3, "outer": 0.25, "inner": 0.45}
RANGES = {"alpha": (0.01, 10.0), "spread": (0.0, 1.5), "outer": (0.0, 0.9), "inner": (0.0, 0.95)}


def market(seed: int, n_cells: int = 2, n_products: int = 12) -> tuple[Nests, Observed]:
    rng = np.random.default_rng(seed)
    outer = np.arange(n_products) % 3
    inner = outer * 2 + (np.arange(n_products) // 3) % 2
    nests = Nests(outer, inner, TRUE["outer"], TRUE["inner"])
    prices = rng.uniform(2, 6, n_products) + rng.normal(0, 0.05, (n_cells, n_products))
    deltas = rng.normal(0, 0.5, (n_cells, n_products)) + 0.8 * prices - 2
    shares = demand(nests, TRUE).shares(deltas, prices)
    sizes = rng.uniform(1e4, 1e5, n_cells)
    return nests, Observed(shares, prices, sizes, np.arange(n_products) % 4, national=True)


def demand(nests: Nests, values: Mapping[str, float]) -> Demand:
    # the outer parameter may come out above the inner one on the way; the model then has no meaning
    return Demand(
        Tastes.lognormal(values["alpha"], values["spread"], 5),
        Nests(nests.outer, nests.inner, values["outer"], values["inner"]),
    )


def targets(nests: Nests, observed: Observed) -> list[Target]:
    everything = np.ones(12, dtype=bool)
    first = np.arange(12) == 0
    wanted = [
        Target("margin", 1.0, everything),
        Target("elasticity", 1.0, np.arange(12) == 4),
        Target("diversion", 1.0, first, nests.inner == nests.inner[0]),
        Target("diversion", 1.0, first, nests.outer == nests.outer[0]),
        Target("diversion", 1.0, first),
        Target("market_elasticity", 1.0, everything),
    ]
    for place in (2, 3):
        to = wanted[place].to
        assert to is not None
        to &= ~first
    truth = show(demand(nests, TRUE), observed, wanted)
    return [
        Target(item.kind, float(value), item.products, item.to)
        for item, value in zip(wanted, truth, strict=True)
    ]


@pytest.mark.parametrize(
    ("free", "chosen"),
    [
        (["alpha"], [0]),
        (["alpha"], [1]),
        (["alpha"], [5]),
        (["alpha", "inner"], [1, 2]),
        (["alpha", "outer", "inner"], [0, 2, 3]),
        (["alpha", "spread", "outer", "inner"], [0, 1, 2, 3, 4, 5]),
    ],
)
def test_the_parameters_that_made_the_targets_come_back(free: list[str], chosen: list[int]) -> None:
    nests, observed = market(3)
    wanted = targets(nests, observed)
    start = {**TRUE, **{name: TRUE[name] * 0.7 for name in free}}
    found = calibrate(
        lambda values: demand(nests, values),
        observed,
        [wanted[place] for place in chosen],
        start=start,
        free={name: RANGES[name] for name in free},
    )
    assert found.exact
    for name in free:
        assert found.values[name] == pytest.approx(TRUE[name], rel=1e-6)


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.floats(0.05, 0.6))
def test_one_margin_under_a_logit_is_the_closed_form(seed: int, margin: float) -> None:
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.ones(6))[None, :5]
    prices = rng.uniform(5, 20, (1, 5))
    firms = np.array([0, 0, 1, 2, 2])
    observed = Observed(shares, prices, np.array([1e5]), firms, national=False)
    price = float(prices[0, 0])
    alpha = logit_price_coefficient(price, price * (1 - margin), float(shares[0, :2].sum()))
    found = calibrate(
        lambda values: Demand(Tastes.common(values["alpha"])),
        observed,
        [Target("margin", margin, np.arange(5) == 0)],
        start={"alpha": alpha * 1.5},
        free={"alpha": (alpha / 100, alpha * 100)},
    )
    assert found.exact
    assert found.values["alpha"] == pytest.approx(alpha, rel=1e-7)


def test_targets_that_contradict_each_other_report_their_misses() -> None:
    nests, observed = market(5)
    margin = targets(nests, observed)[0]
    pair = [
        Target("margin", margin.value * 0.8, margin.products),
        Target("margin", margin.value * 1.2, margin.products, weight=4.0),
    ]
    found = calibrate(
        lambda values: demand(nests, values),
        observed,
        pair,
        start=TRUE,
        free={"alpha": RANGES["alpha"]},
    )
    assert not found.exact
    assert found.misses[0] > 0 > found.misses[1]
    # the heavier target is missed by less
    assert abs(found.misses[1]) < abs(found.misses[0])
    np.testing.assert_allclose(found.shown, [found.shown[0]] * 2)


def test_too_few_targets_and_a_start_outside_its_range_are_refused() -> None:
    nests, observed = market(1)
    wanted = targets(nests, observed)[:1]

    def build(values: Mapping[str, float]) -> Demand:
        return demand(nests, values)

    with pytest.raises(ValueError, match="2 parameters are free but only 1 targets"):
        calibrate(
            build, observed, wanted, start=TRUE, free={k: RANGES[k] for k in ("alpha", "outer")}
        )
    with pytest.raises(
        ValueError, match=r"alpha starts at 0\.9; it must lie between 1\.0 and 2\.0"
    ):
        calibrate(build, observed, wanted, start=TRUE, free={"alpha": (1.0, 2.0)})


def test_a_market_that_cannot_be_reproduced_is_a_typed_failure() -> None:
    nests, observed = market(1)

    def never(_: Mapping[str, float]) -> Demand:
        raise ConvergenceError("inversion", "no")

    with pytest.raises(ConvergenceError) as caught:
        calibrate(
            never,
            observed,
            targets(nests, observed)[:1],
            start=TRUE,
            free={"alpha": RANGES["alpha"]},
        )
    assert caught.value.reason == "calibration"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [((10.0, 10.0, 0.1), "must lie above the cost"), ((10.0, 5.0, 1.0), r"must lie in \[0, 1\)")],
)
def test_the_closed_form_refuses_what_cannot_be(
    arguments: tuple[float, float, float], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        logit_price_coefficient(*arguments)


def test_what_is_shown_agrees_with_the_market_itself() -> None:
    nests, observed = market(8)
    everything = np.ones(12, dtype=bool)
    alone = np.arange(12) == 7
    built = demand(nests, TRUE)
    shown = show(
        built,
        observed,
        [Target("elasticity", 1, alone), Target("market_elasticity", 1, everything)],
    )
    from sandtable.market.inversion import invert_shares

    deltas = invert_shares(built, observed.shares, observed.prices)

    def units(prices: FloatArray) -> FloatArray:
        return np.asarray(observed.market_sizes @ built.shares(deltas, prices))

    step = 1e-5
    base = units(observed.prices)
    all_up = (units(observed.prices * (1 + step)).sum() / base.sum() - 1) / step
    assert shown[1] == pytest.approx(all_up, rel=1e-3)
    prices = observed.prices.copy()
    mean = float(observed.market_sizes @ (observed.shares * prices)[:, 7]) / base[7]
    prices[:, 7] += step * mean
    assert shown[0] == pytest.approx((units(prices)[7] / base[7] - 1) / step, rel=1e-3)
