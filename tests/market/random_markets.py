"""Random markets for the laws: small, of every kind, from a seed that hypothesis draws."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from sandtable.market.demand import Demand
from sandtable.market.market import Market
from sandtable.market.primitives import BoolArray, FloatArray, Nests, Tastes

KINDS = ("logit", "one_level", "two_level", "mixed", "mixed_nested", "general")
WITHOUT_DEVIATIONS = KINDS[:-1]
REGIONS = ("East", "North", "West")


@dataclass(frozen=True)
class Drawn:
    """A demand with mean utilities and prices, (R, J) each."""

    demand: Demand
    deltas: FloatArray
    prices: FloatArray

    @property
    def shares(self) -> FloatArray:
        return self.demand.shares(self.deltas, self.prices)

    def market(self, *, n_firms: int = 3, national: bool = True) -> Market:
        n_cells, n_products = self.deltas.shape
        return Market(
            products=tuple(f"P{number}" for number in range(n_products)),
            firms=tuple(f"F{number % n_firms}" for number in range(n_products)),
            regions=REGIONS[:n_cells],
            demand=self.demand,
            deltas=self.deltas,
            prices=self.prices,
            market_sizes=1000.0 * np.arange(1, n_cells + 1),
            national=national,
        )


def draw(
    seed: int, kind: str, *, n_cells: int = 2, n_products: int = 6, gaps: bool = False
) -> Drawn:
    """Draw a market; with gaps some products are not offered everywhere."""
    random = np.random.default_rng(seed)
    alpha = random.uniform(0.3, 2.0)
    nests = None
    if kind in ("two_level", "mixed_nested"):
        outer = random.integers(0, 2, n_products)
        sigma = np.sort(random.uniform(0, 0.8, 2))
        nests = Nests(outer, 2 * outer + random.integers(0, 2, n_products), sigma[0], sigma[1])
    elif kind == "one_level":
        nests = Nests.one_level(random.integers(0, 3, n_products), random.uniform(0, 0.8))
    if kind in ("mixed", "mixed_nested", "general"):
        tastes = Tastes.lognormal(alpha, random.uniform(0.1, 0.7), 5)
    else:
        tastes = Tastes.common(alpha)
    if kind == "general":
        deviations = random.normal(0, 1, (n_products, 5))
        tastes = Tastes(tastes.price_coefficients, tastes.weights, deviations)
    prices = random.uniform(1, 4, (n_cells, n_products))
    deltas = random.normal(0, 1, (n_cells, n_products)) + alpha * prices * random.uniform(0.5, 1)
    if gaps:
        gone = random.random(deltas.shape) < 0.25
        gone[0, 0] = True
        gone[:, 1] = False
        deltas = np.where(gone, -np.inf, deltas)
    return Drawn(Demand(tastes, nests), deltas, prices)


def offered(drawn: Drawn) -> BoolArray:
    return np.asarray(np.isfinite(drawn.deltas))


seeds = st.integers(0, 2**32 - 1)
kinds = st.sampled_from(KINDS)
markets = st.builds(draw, seeds, kinds)
markets_with_gaps = st.builds(draw, seeds, kinds, gaps=st.just(True))
