"""What a parameter set implies on the observed market: own elasticities and marginal costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sandtable.market.market import Market
from sandtable.market.primitives import FloatArray

MOST_BINS = 40
BIN_WIDTHS = (0.1, 0.2, 0.25, 0.5, 1.0, 2.0, 5.0)


@dataclass(frozen=True)
class Implied:
    """Own elasticities of every product and region, and how many costs are negative.

    Attributes
    ----------
    own_elasticities : ndarray, shape (N,)
        Rising; per cent of the cell's units for one per cent of the price there.
    negative_cost_rate : float
        Share of products and regions whose implied marginal cost is below 0.
    """

    own_elasticities: FloatArray
    negative_cost_rate: float

    @classmethod
    def of(cls, market: Market) -> Implied:
        """Read both off a calibrated market."""
        offered = market.offered
        own = np.diagonal(market.elasticities, axis1=1, axis2=2)[offered]
        return cls(np.sort(own), float((market.costs[offered] < 0).mean()))

    @property
    def inelastic_rate(self) -> float:
        """Share of products and regions whose own elasticity is below 1 in size."""
        return float((self.own_elasticities > -1).mean())

    @property
    def median(self) -> float:
        """Median own elasticity."""
        return float(np.median(self.own_elasticities))

    def quantile(self, part: float) -> float:
        """Return a quantile of the own elasticities, 0 (most elastic) to 1."""
        return float(np.quantile(self.own_elasticities, part))

    @property
    def facts(self) -> Mapping[str, float]:
        """The facts that the written rules judge."""
        return {
            "inelastic_rate": self.inelastic_rate,
            "median_own_elasticity": self.median,
            "negative_cost_rate": self.negative_cost_rate,
        }


@dataclass(frozen=True)
class Bin:
    """One bar of the distribution: how many own elasticities lie in [low, high)."""

    low: float
    high: float
    count: int


def binned(elasticities: FloatArray) -> list[Bin]:
    """Count own elasticities in bins of one round width; -1 is always an edge, 0 the last one.

    Examples
    --------
    >>> [(one.low, one.count) for one in binned(np.array([-1.45, -1.05, -0.95]))][-3:]
    [(-0.3, 0), (-0.2, 0), (-0.1, 0)]
    """
    lowest = float(elasticities.min())
    width = next(
        (width for width in BIN_WIDTHS if -lowest / width <= MOST_BINS), 10.0 * BIN_WIDTHS[-1]
    )
    n_bins = max(1, int(np.ceil(round(-lowest / width, 9))))
    edges = np.round(-width * np.arange(n_bins, -1, -1), 9) + 0.0
    counts, _ = np.histogram(np.clip(elasticities, edges[0], -1e-12), edges)
    return [
        Bin(float(low), float(high), int(count))
        for low, high, count in zip(edges, edges[1:], counts, strict=False)
    ]
