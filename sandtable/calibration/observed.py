"""One period of a data set as a market whose demand is still open."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sandtable.data.cells import Cells, cells_of, nest_codes
from sandtable.data.loading import DataSet
from sandtable.errors import ConvergenceError
from sandtable.market.calibration import Observed
from sandtable.market.demand import Demand
from sandtable.market.elasticities import price_elasticities
from sandtable.market.inversion import invert_shares
from sandtable.market.primitives import FloatArray
from sandtable.market.supply import marginal_costs

STEP = 1e-4
SALES_TABLES = ("products", "sales", "market")


def parameter_names(model: str, nests: Sequence[str]) -> tuple[str, ...]:
    """Names of the demand parameters of a model, as a covariance uses them."""
    spread = ("price_spread",) if model == "random_coefficient" else ()
    return ("price_coefficient", *spread, *(f"sigma_{nest}" for nest in nests))


def unit_of(name: str, money_unit: str) -> str:
    """Unit of a demand parameter, as a parameter set says it."""
    known = {
        "price_coefficient": f"utility per {money_unit}",
        "price_spread": "standard deviation of ln alpha",
    }
    return known.get(name, f"correlation within {name.removeprefix('sigma_')}")


@dataclass(frozen=True)
class ObservedPeriod:
    """What was sold in one period, and the demand that given parameters make of it.

    Attributes
    ----------
    nests : tuple of str
        Columns of the products table, outer first.
    """

    data_set: DataSet
    cells: Cells
    nests: tuple[str, ...]
    quadrature_nodes: int

    @classmethod
    def of(
        cls, data_set: DataSet, period: str, nests: Sequence[str], quadrature_nodes: int
    ) -> ObservedPeriod:
        """Read one period of a data set."""
        return cls(data_set, cells_of(data_set, period), tuple(nests), quadrature_nodes)

    @cached_property
    def market(self) -> Observed:
        """The observed market, as the market model takes it."""
        cells = self.cells
        return Observed(
            cells.shares,
            cells.net_prices,
            cells.market_sizes,
            np.unique(cells.firms, return_inverse=True)[1].astype(np.int64),
            self.data_set.metadata.pricing == "national",
        )

    def demand(self, values: Mapping[str, float]) -> Demand:
        """Build the demand with these parameters.

        Raises
        ------
        ValueError
            If no demand has them.
        """
        return Demand.lognormal(
            values["price_coefficient"],
            values.get("price_spread", 0.0),
            self.quadrature_nodes,
            nests=self._codes,
            sigmas=[values[f"sigma_{nest}"] for nest in self.nests],
        )

    @cached_property
    def _codes(self) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], ...]:
        return nest_codes(self.data_set, self.nests, self.cells.products)

    @cached_property
    def mean_price(self) -> float:
        """Mean net price, weighted by units."""
        return float(np.average(self.cells.net_prices, weights=self.cells.units))

    def implied(self, values: Mapping[str, float]) -> dict[str, float | None]:
        """Facts that the parameters imply, over every product and region of the period.

        Returns
        -------
        dict
            ``inelastic_rate``, ``median_own_elasticity``, ``negative_cost_rate``; None when no demand has them.
        """
        market = self.market
        try:
            demand = self.demand(values)
            deltas = invert_shares(demand, market.shares, market.prices)
        except (ConvergenceError, ValueError):
            names = ("inelastic_rate", "median_own_elasticity", "negative_cost_rate")
            return dict.fromkeys(names)
        jacobian = demand.price_jacobian(deltas, market.prices)
        elasticities = price_elasticities(jacobian, market.shares, market.prices)
        sold = market.shares > 0
        own = np.diagonal(elasticities, axis1=1, axis2=2)[sold]
        costs = marginal_costs(
            demand,
            deltas,
            market.prices,
            firms=market.firms,
            market_sizes=market.market_sizes,
            national=market.national,
        )[sold]
        return {
            "inelastic_rate": float((own > -1).mean()),
            "median_own_elasticity": float(np.median(own)),
            "negative_cost_rate": float((costs < 0).mean()),
        }


def last_period(data_set: DataSet) -> str:
    """Return the last period with sales."""
    return str(data_set.tables["sales"]["period"].max())


def derivatives(look: Callable[[FloatArray], FloatArray], point: FloatArray) -> FloatArray:
    """Derivative of each number (row) by each parameter (column), by differences on both sides where there are two.

    Parameters
    ----------
    look : callable
        Point -> numbers; may raise `ValueError` or `ConvergenceError` beyond the range of a parameter.
    point : ndarray, shape (K,)
        Where `look` works.

    Returns
    -------
    ndarray, shape (M, K)
    """
    here = look(point)
    columns = []
    for place in range(len(point)):
        ends = []
        for side in (STEP, -STEP):
            moved = point.copy()
            moved[place] += side
            try:
                ends.append((look(moved), side))
            except (ConvergenceError, ValueError):
                ends.append((here, 0.0))
        (above, up), (below, down) = ends
        columns.append((above - below) / (up - down) if up > down else np.full_like(here, np.nan))
    return np.array(columns).T.reshape(len(here), len(point))
