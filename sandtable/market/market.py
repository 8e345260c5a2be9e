"""The market of one period: products in cells (regions), calibrated so that the base equals what was observed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from sandtable.market.demand import Demand
from sandtable.market.elasticities import diversion_ratios, price_elasticities
from sandtable.market.equilibrium import Equilibrium, equilibrium
from sandtable.market.game import PricingGame
from sandtable.market.inversion import invert_shares
from sandtable.market.primitives import BoolArray, FloatArray, IntArray
from sandtable.market.supply import marginal_costs
from sandtable.market.welfare import consumer_surplus, herfindahl_hirschman_index


@dataclass(frozen=True)
class Market:
    """A calibrated market.

    Parameters
    ----------
    products, firms, regions : tuple of str
        Product codes (J), the owner of each product (J), cells (R).
    demand : Demand
        Consumer types and nests.
    deltas : ndarray, shape (R, J)
        Mean utilities without price; ``-inf`` marks a product that is not offered.
    prices : ndarray, shape (R, J)
        What the customer pays.
    market_sizes : ndarray, shape (R,)
        Consumers in each cell.
    national : bool
        Whether firms set one price for all cells.
    conduct : float
        Weight of other firms' profits in what each firm maximises, 0 (Bertrand) to 1 (one cartel).
    markup_ratios : ndarray, shape (J,), or float
        Markup of each product over the one that its firm's profit asks for; 1 where firms maximise.
    """

    products: tuple[str, ...]
    firms: tuple[str, ...]
    regions: tuple[str, ...]
    demand: Demand
    deltas: FloatArray
    prices: FloatArray
    market_sizes: FloatArray
    national: bool
    conduct: float = 0.0
    markup_ratios: FloatArray | float = 1.0

    @classmethod
    def calibrate(
        cls,
        *,
        products: tuple[str, ...],
        firms: tuple[str, ...],
        regions: tuple[str, ...],
        demand: Demand,
        shares: FloatArray,
        prices: FloatArray,
        market_sizes: FloatArray,
        national: bool = True,
    ) -> Market:
        """Build the market whose shares are the observed ones, by exact Berry inversion.

        Parameters
        ----------
        shares : ndarray, shape (R, J)
            Observed shares of the whole market; 0 where a product is not offered.

        Raises
        ------
        ValueError
            If a share is out of range.
        ConvergenceError
            If the inversion fails.
        """
        deltas = invert_shares(demand, shares, prices)
        return cls(products, firms, regions, demand, deltas, prices, market_sizes, national)

    @property
    def offered(self) -> BoolArray:
        """Which product is offered in which cell, shape (R, J)."""
        return np.asarray(np.isfinite(self.deltas))

    @cached_property
    def firm_codes(self) -> IntArray:
        """Owner of each product as a number, in the order of their names, shape (J,)."""
        return np.unique(np.array(self.firms, dtype=str), return_inverse=True)[1].astype(np.int64)

    @cached_property
    def shares(self) -> FloatArray:
        """Shares of the whole market, outside good included, shape (R, J)."""
        return self.demand.shares(self.deltas, self.prices)

    @property
    def units(self) -> FloatArray:
        """Units of each product in each cell, shape (R, J)."""
        return np.asarray(self.shares * self.market_sizes[:, None])

    @cached_property
    def price_jacobian(self) -> FloatArray:
        """Derivative of each share (second axis) by each price (third axis), shape (R, J, J)."""
        return self.demand.price_jacobian(self.deltas, self.prices)

    @property
    def elasticities(self) -> FloatArray:
        """Own and cross price elasticities by cell, shape (R, J, J)."""
        return price_elasticities(self.price_jacobian, self.shares, self.prices)

    @property
    def diversion(self) -> FloatArray:
        """Diversion ratios by cell, the outside good last, shape (R, J, J + 1)."""
        return diversion_ratios(self.price_jacobian)

    @cached_property
    def costs(self) -> FloatArray:
        """Marginal costs that make the base prices an equilibrium of the base firms, shape (R, J)."""
        return marginal_costs(
            self.demand,
            self.deltas,
            self.prices,
            firms=self.firm_codes,
            market_sizes=self.market_sizes,
            national=self.national,
            conduct=self.conduct,
            markup_ratios=self.markup_ratios,
        )

    @property
    def concentration(self) -> float:
        """Herfindahl-Hirschman index of the sales of all cells together, 0 to 10,000."""
        return herfindahl_hirschman_index(self.units.sum(axis=0), self.firm_codes)

    @property
    def consumer_surplus(self) -> float:
        """Consumer surplus in money, up to a constant that all markets of one demand share."""
        return consumer_surplus(self.demand, self.deltas, self.prices, self.market_sizes)

    def moved(
        self,
        *,
        prices: FloatArray | None = None,
        attraction: FloatArray | None = None,
        offered: BoolArray | None = None,
        market_sizes: FloatArray | None = None,
        firms: tuple[str, ...] | None = None,
    ) -> Market:
        """Return the market after levers: what is not given stays, and no change gives equal numbers to the bit.

        Parameters
        ----------
        prices : ndarray, shape (R, J), optional
            New prices.
        attraction : ndarray, shape (R, J), optional
            Factor on the attraction of each product among the products of its inner nest, above 0: with little
            competition inside the nest, units grow by this factor.
        offered : ndarray of bool, shape (R, J), optional
            False takes a product off a cell.
        market_sizes : ndarray, shape (R,), optional
            New market sizes.
        firms : tuple of str, optional
            New owners.
        """
        deltas = self.deltas
        if attraction is not None:
            nests = self.demand.nests
            deltas = deltas + np.log(attraction) * (1 - nests.sigma_inner if nests else 1.0)
        if offered is not None:
            deltas = np.where(offered, deltas, -np.inf)
        return replace(
            self,
            deltas=deltas,
            prices=self.prices if prices is None else prices,
            market_sizes=self.market_sizes if market_sizes is None else market_sizes,
            firms=self.firms if firms is None else firms,
        )

    def game(self, costs: FloatArray, responding: BoolArray) -> PricingGame:
        """Return the pricing game of this market; taxes and bounds are added with `dataclasses.replace`.

        Parameters
        ----------
        costs : ndarray, shape (R, J)
            Marginal costs, usually `costs` of the base market.
        responding : ndarray of bool, shape (J,)
            Products whose prices answer.
        """
        return PricingGame(
            demand=self.demand,
            deltas=self.deltas,
            market_sizes=self.market_sizes,
            costs=costs,
            firms=self.firm_codes,
            responding=responding,
            national=self.national,
            conduct=self.conduct,
            markup_ratios=self.markup_ratios,
        )

    def respond(
        self, costs: FloatArray, responding: BoolArray, *, tolerance: float = 1e-10
    ) -> Equilibrium:
        """Let the prices of some products answer (Bertrand-Nash), the others held.

        Parameters
        ----------
        costs : ndarray, shape (R, J)
            Marginal costs, usually `costs` of the base market.
        responding : ndarray of bool, shape (J,)
            Products whose prices answer.
        tolerance : float
            First-order residual at which to stop.

        Returns
        -------
        Equilibrium
            Its ``require()`` gives the prices or raises with the reason.
        """
        return equilibrium(self.game(costs, responding), self.prices, tolerance=tolerance)
