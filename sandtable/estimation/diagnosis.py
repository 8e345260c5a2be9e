"""What an estimate implies: elasticities, costs, and the facts that the rules are held against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sandtable.errors import ConvergenceError
from sandtable.estimation.linear import FirstStage, OverIdentification
from sandtable.estimation.mean_utilities import filled_prices
from sandtable.estimation.sample import Batch, Sample
from sandtable.market.elasticities import price_elasticities
from sandtable.market.inversion import invert_shares
from sandtable.market.primitives import FloatArray, IntArray, Tastes
from sandtable.market.supply import marginal_costs

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True)
class Demanded:
    """The parameters that an estimate gives to demand.

    Attributes
    ----------
    alpha, spread : float
        Price coefficient of the median customer; spread of its logarithm, 0 without.
    sigmas : tuple of float
        Outer first.
    nodes : int
        Gauss-Hermite nodes.
    """

    alpha: float
    spread: float
    sigmas: tuple[float, ...]
    nodes: int

    @property
    def possible(self) -> bool:
        """Whether a demand with these parameters exists at all."""
        rising = all(low <= high for low, high in zip(self.sigmas, self.sigmas[1:], strict=False))
        return self.alpha > 0 and rising and all(0 <= sigma < 1 for sigma in self.sigmas)


@dataclass(frozen=True)
class Implied:
    """What the parameters imply for each observation; NaN where it cannot be had.

    Attributes
    ----------
    own_elasticities, costs : ndarray, shape (N,)
        Elasticity of the share in the cell to the price there; marginal cost in the money and tax of the prices.
    """

    own_elasticities: FloatArray
    costs: FloatArray


@dataclass(frozen=True)
class Diagnosis:
    """The result page of an estimate, as data.

    Attributes
    ----------
    facts : mapping of str to float or None
        Numbers that the rules are held against; None where one does not apply.
    own_elasticities, margins : mapping of str to float
        Quantiles over observations (``5 %`` to ``95 %``) of own elasticity and of (price - cost) / price.
    """

    n_observations: int
    n_cells: int
    n_products: int
    n_clusters: int | None
    n_absorbed: int
    n_dropped: int
    first_stages: tuple[FirstStage, ...]
    over_identification: OverIdentification | None
    facts: Mapping[str, float | None]
    own_elasticities: Mapping[str, float]
    margins: Mapping[str, float]


def implied_by(sample: Sample, demanded: Demanded) -> Implied | None:
    """Elasticities and costs of every observation; None when no demand has these parameters."""
    if not demanded.possible:
        return None
    elasticities, costs = np.full(len(sample), np.nan), np.full(len(sample), np.nan)
    tastes = Tastes.lognormal(demanded.alpha, demanded.spread, demanded.nodes)
    for batch in sample.batches:
        demand = batch.demand(tastes, demanded.sigmas)
        shares, prices = batch.wide(sample.shares, 0.0), filled_prices(batch, sample.prices)
        try:
            deltas = invert_shares(demand, shares, prices)
        except ConvergenceError:
            return None
        jacobian = demand.price_jacobian(deltas, prices)
        own = np.diagonal(price_elasticities(jacobian, shares, prices), axis1=1, axis2=2)
        batch.long(np.asarray(own), elasticities)
        wide = np.full(shares.shape, np.nan)
        for cells in _games(sample, batch):
            wide[cells] = marginal_costs(
                demand,
                deltas[cells],
                prices[cells],
                firms=batch.firms,
                market_sizes=batch.market_sizes[cells],
                national=sample.national,
            )
        batch.long(wide, costs)
    return Implied(elasticities, costs)


def _games(sample: Sample, batch: Batch) -> list[IntArray]:
    """Cells whose prices are set together: those of one period when pricing is national."""
    if not sample.national:
        return [np.arange(len(batch.periods))]
    return [np.flatnonzero(batch.periods == period) for period in np.unique(batch.periods)]


def quantiles(values: FloatArray) -> dict[str, float]:
    """Quantiles by name, such as ``50 %``."""
    return {f"{100 * q:g} %": float(np.quantile(values, q)) for q in QUANTILES}
