"""The pricing game: who sets which prices against whom, and what stands between a price and the margin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sandtable.market.demand import Demand
from sandtable.market.primitives import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class PricingGame:
    """Who sets which prices against whom.

    Parameters
    ----------
    demand : Demand
        Consumer types and nests.
    deltas : ndarray, shape (R, J)
        Mean utilities without price; ``-inf`` marks a product that is not offered.
    market_sizes : ndarray, shape (R,)
        Consumers in each cell.
    costs : ndarray, shape (R, J)
        Marginal costs.
    firms : ndarray of int, shape (J,)
        Owner of each product.
    responding : ndarray of bool, shape (J,)
        Products whose prices are chosen; the others stay where they start.
    national : bool
        One price move for all cells, or one in each cell.
    conduct : float
        Weight of other firms' profits in what each firm maximises, 0 (Bertrand) to 1 (one cartel); the profit
        weight of Miller and Weinberg (2017).
    tax_rates : ndarray, shape (R, J) or (J,), or float
        Ad valorem tax on what the firm receives, above -1; negative is a subsidy.
    unit_taxes : ndarray, shape (R, J) or (J,), or float
        Tax on each vehicle, in money units; negative is a subsidy.
    markup_ratios : ndarray, shape (J,), or float
        Markup over the one of the first-order condition, above 0; 1 where firms maximise profit.
    floors, caps : ndarray, shape (R, J), optional
        Lowest and highest price that a responding product may take.
    """

    demand: Demand
    deltas: FloatArray
    market_sizes: FloatArray
    costs: FloatArray
    firms: IntArray
    responding: BoolArray
    national: bool
    conduct: float = 0.0
    tax_rates: FloatArray | float = 0.0
    unit_taxes: FloatArray | float = 0.0
    markup_ratios: FloatArray | float = 1.0
    floors: FloatArray | None = None
    caps: FloatArray | None = None

    @property
    def kept(self) -> FloatArray:
        """What the firm keeps of one money unit more on the price, shape (R, J)."""
        rates = np.broadcast_to(np.asarray(self.tax_rates, dtype=np.float64), self.deltas.shape)
        return np.asarray(1 / (1 + rates))

    @property
    def ratios(self) -> FloatArray:
        """Markup ratio of each product, shape (J,)."""
        given = np.asarray(self.markup_ratios, dtype=np.float64)
        return np.broadcast_to(given, self.firms.shape)

    def margins(self, prices: FloatArray) -> FloatArray:
        """What the firm earns on each vehicle over the markup ratio, shape (R, J).

        Notes
        -----
        ``((p - unit tax) / (1 + tax rate) - c) / ratio``; the first-order condition of product j is
        ``kept_j s_j + sum over l of the firm of margin_l ds_l/dp_j = 0``.
        """
        costs = np.where(np.isfinite(self.costs), self.costs, 0.0)
        return np.asarray(((prices - self.unit_taxes) * self.kept - costs) / self.ratios)

    def bounds(self, start: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Lowest and highest move from the start, shape (R, J), or (1, J) with national prices.

        Raises
        ------
        ValueError
            If a floor lies above a cap.
        """
        floors = np.full(start.shape, -np.inf) if self.floors is None else self.floors
        caps = np.full(start.shape, np.inf) if self.caps is None else self.caps
        # where a product is not offered, its price is bound by nothing
        offered = np.isfinite(self.deltas)
        low = np.where(offered, floors - start, -np.inf)
        high = np.where(offered, caps - start, np.inf)
        if self.national:
            low, high = low.max(axis=0, keepdims=True), high.min(axis=0, keepdims=True)
        if (low > high).any():
            product = int(np.argwhere(low > high)[0][1])
            raise ValueError(f"the price floor of product {product} lies above its cap.")
        return low, high
