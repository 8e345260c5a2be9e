"""One large market, and the same in pyblp: four random coefficients, one of them on price."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyblp

from sandtable.market.demand import Demand
from sandtable.market.primitives import FloatArray, IntArray, Tastes

pyblp.options.verbose = False

ALPHA, ALPHA_SPREAD = 0.3, 0.3
SPREADS = (1.0, 0.5, 0.5)  # of the constant and of two attributes
MEAN_UTILITY = -7.0


@dataclass(frozen=True)
class LargeMarket:
    """Products with prices in thousands, twenty firms, about a quarter of the consumers buying.

    Parameters
    ----------
    n_products, n_cells, n_draws : int
        Its size.
    """

    n_products: int
    n_cells: int
    n_draws: int

    @cached_property
    def draws(self) -> FloatArray:
        """Standard normal tastes, the price's first, shape (K, 4)."""
        return np.random.default_rng(7).normal(size=(self.n_draws, 4))

    @cached_property
    def attributes(self) -> FloatArray:
        """A constant and two attributes, shape (J, 3)."""
        drawn = np.random.default_rng(8).normal(size=(self.n_products, 2))
        return np.column_stack([np.ones(self.n_products), drawn])

    @cached_property
    def costs(self) -> FloatArray:
        """Marginal costs, shape (J,)."""
        return np.random.default_rng(9).uniform(5, 30, self.n_products)

    @cached_property
    def firms(self) -> IntArray:
        """Owner of each product, shape (J,)."""
        return np.random.default_rng(10).integers(0, 20, self.n_products)

    @cached_property
    def deltas(self) -> FloatArray:
        """Mean utilities without price, shape (R, J)."""
        noise = np.random.default_rng(11).normal(0, 0.5, (self.n_cells, self.n_products))
        liked = self.attributes[:, 1:].sum(axis=1) / 2
        return np.asarray(MEAN_UTILITY + liked + ALPHA * self.costs + noise)

    @cached_property
    def weights(self) -> FloatArray:
        """Weight of each draw, shape (K,)."""
        return np.full(self.n_draws, 1 / self.n_draws)

    @cached_property
    def demand(self) -> Demand:
        """The demand in sandtable."""
        alphas = np.exp(np.log(ALPHA) + ALPHA_SPREAD * self.draws[:, 0])
        deviations = (self.attributes * SPREADS) @ self.draws[:, 1:].T
        return Demand(Tastes(alphas, self.weights, deviations))

    def simulation(self, prices: FloatArray, shares: FloatArray) -> Any:
        """Build the market in pyblp, one pyblp market a cell; prices and shares are (R, J)."""
        cells = np.arange(self.n_cells)
        data = {
            "market_ids": np.repeat(cells, self.n_products),
            "firm_ids": np.tile(self.firms, self.n_cells),
            "prices": prices.ravel(),
            "shares": shares.ravel(),
            "shift": np.zeros(prices.size),
            **{f"x{i}": np.tile(self.attributes[:, i], self.n_cells) for i in (1, 2)},
        }
        agents = {
            "market_ids": np.repeat(cells, self.n_draws),
            "weights": np.tile(self.weights, self.n_cells),
            "nodes": np.tile(self.draws[:, [1, 2, 3, 0]], (self.n_cells, 1)),
        }
        return pyblp.Simulation(
            (pyblp.Formulation("0 + shift"), pyblp.Formulation("1 + x1 + x2 + I(-prices)")),
            data,
            beta=[1],
            sigma=np.diag([*SPREADS, ALPHA_SPREAD]),
            pi=[[0], [0], [0], [np.log(ALPHA)]],
            rc_types=["linear", "linear", "linear", "log"],
            agent_formulation=pyblp.Formulation("1"),
            agent_data=agents,
            xi=self.deltas.ravel(),
        )
