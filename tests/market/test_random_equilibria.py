"""Ten thousand random markets: every one ends in an equilibrium, or in a reason."""

from __future__ import annotations

import sys
from collections import Counter

import numpy as np
import pytest

from sandtable.market.demand import Demand
from sandtable.market.equilibrium import SENTENCES, _curves_down, equilibrium
from sandtable.market.game import PricingGame
from sandtable.market.primitives import FloatArray, Nests, Tastes

N_MARKETS = 10_000
KINDS = ("logit", "nested", "random coefficient", "random coefficient, nested")
FEWEST_CONVERGED = 0.995


def random_game(random: np.random.Generator) -> tuple[PricingGame, FloatArray, str, bool]:
    """A game with its start: 2-60 products, random owners, a third with a strong spread of tastes."""
    n_products = int(random.integers(2, 61))
    firms = random.integers(0, random.integers(1, n_products + 1), n_products)
    kind = KINDS[random.integers(0, 4)]
    strong = bool(random.random() < 1 / 3)
    alpha = random.uniform(0.5, 3)
    spread = random.uniform(0.8, 1.5) if strong else random.uniform(0, 0.4)
    nests = None
    if "nested" in kind:
        sigma_outer = random.uniform(0, 0.6)
        sigma_inner = random.uniform(sigma_outer, 0.85)
        outer = random.integers(0, max(1, n_products // 8) + 1, n_products)
        inner = outer * 3 + random.integers(0, 3, n_products)
        nests = Nests(outer, inner, sigma_outer, sigma_inner)
    tastes = Tastes.common(alpha)
    if strong or "random" in kind:
        tastes = Tastes.lognormal(alpha, spread, 7)
    if strong and kind == "random coefficient":
        deviations = random.normal(0, 2, (n_products, len(tastes.weights)))
        tastes = Tastes(tastes.price_coefficients, tastes.weights, deviations)
    costs = random.uniform(0.5, 4, (1, n_products))
    deltas = random.normal(0, 1.5, (1, n_products)) + alpha * costs * random.uniform(0.5, 1.2)
    game = PricingGame(
        demand=Demand(tastes, nests),
        deltas=deltas,
        market_sizes=np.ones(1),
        costs=costs,
        firms=firms,
        responding=np.ones(n_products, dtype=bool),
        national=True,
    )
    return game, costs * 1.1 + 0.3, kind, strong


def test_where_leaps_lead_astray_plain_steps_arrive() -> None:
    random = np.random.default_rng(1)
    for _ in range(555):  # the last of them is such a market
        game, start, _, _ = random_game(random)
    found = equilibrium(game, start)
    assert found.converged
    assert found.iterations > 1_000
    np.testing.assert_allclose(equilibrium(game, game.costs).prices, found.prices, rtol=1e-8)


@pytest.mark.parametrize(
    ("hessian", "expected"),
    [
        ([[-1.0, 0.5], [0.5, -1.0]], True),
        ([[-1.0, 2.0], [2.0, -1.0]], False),  # each price alone is at its best, both together not
        ([[-1.0, 0.0], [0.0, 1.0]], False),
        ([[-1e-12, 0.0], [0.0, -1e12]], True),
    ],
)
def test_a_maximum_curves_down_in_every_direction(
    hessian: list[list[float]], expected: bool
) -> None:
    assert _curves_down(np.array(hessian)) == expected


@pytest.mark.slow
def test_every_random_market_ends_in_an_equilibrium_or_in_a_reason(
    capsys: pytest.CaptureFixture[str],
) -> None:
    random = np.random.default_rng(20_260_701)
    outcomes: Counter[tuple[str, str, str]] = Counter()
    for _ in range(N_MARKETS):
        game, start, kind, strong = random_game(random)
        found = equilibrium(game, start)
        if found.converged:
            assert found.residual <= 1e-7
            assert np.isfinite(found.prices).all()
        else:
            assert found.reason in SENTENCES
        spread = "strong spread" if strong else "mild spread"
        outcomes[kind, spread, found.reason or "converged"] += 1
    lines = [
        f"{kind:28}{spread:16}{reason:18}{count:6,}"
        for (kind, spread, reason), count in sorted(outcomes.items())
    ]
    with capsys.disabled():
        sys.stdout.write("\n" + "\n".join(lines) + "\n")
    converged = sum(count for key, count in outcomes.items() if key[2] == "converged")
    assert converged >= FEWEST_CONVERGED * N_MARKETS
