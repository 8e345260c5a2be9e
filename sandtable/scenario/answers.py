"""What a calibrated market answers about itself, each as a tidy table: one row a fact, units in the column's name.

Prices move in all regions in view at once, as a planner moves them; rivals hold.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sandtable.errors import Fault, InputError, did_you_mean
from sandtable.market.market import Market
from sandtable.market.primitives import FloatArray
from sandtable.market.welfare import herfindahl_hirschman_index
from sandtable.scenario.base import Base
from sandtable.scenario.calendar import regions_of
from sandtable.scenario.run import Result

OUTSIDE = "(outside good)"


@dataclass(frozen=True)
class View:
    """A base market seen in some regions.

    Parameters
    ----------
    base : Base
        One calibrated period.
    region : str, optional
        A region or an area; all by default.

    Raises
    ------
    InputError
        If the data set has no such region.
    """

    base: Base
    region: str | None = None

    def __post_init__(self) -> None:
        try:
            regions_of(self.base.data_set, self.region)
        except KeyError:
            known = [*regions_of(self.base.data_set, None), *self.base.data_set.metadata.areas]
            name = str(self.region)
            message = f"no region is called '{name}'{did_you_mean(name, known)}"
            raise InputError([Fault(self.base.data_set.name, "region", message)]) from None

    @property
    def rows(self) -> list[int]:
        """Rows of the market in view."""
        wanted = regions_of(self.base.data_set, self.region)
        regions = self.base.market.regions
        return [regions.index(name) for name in wanted if name in regions]

    @property
    def market(self) -> Market:
        """The whole market."""
        return self.base.market

    @property
    def units(self) -> FloatArray:
        """Units of each product in view, shape (J,)."""
        return np.asarray(self.market.units[self.rows].sum(axis=0))

    @property
    def prices(self) -> FloatArray:
        """Mean net price of each product in view, weighted by units; NaN where it is not sold, shape (J,)."""
        units = self.market.units[self.rows]
        with np.errstate(invalid="ignore"):
            return np.asarray(
                (self.market.prices[self.rows] * units).sum(axis=0) / units.sum(axis=0)
            )

    @property
    def slopes(self) -> FloatArray:
        """Derivative of the units of each product (row) by the price of each product (column), shape (J, J)."""
        sizes = self.market.market_sizes[self.rows]
        return np.asarray(np.einsum("r,rjl->jl", sizes, self.market.price_jacobian[self.rows]))

    def column(self, product: str) -> int:
        """Return the place of a product.

        Raises
        ------
        InputError
            If it is not sold in view in this period.
        """
        sold = [
            code for code, units in zip(self.market.products, self.units, strict=True) if units > 0
        ]
        if product not in sold:
            message = f"'{product}' is not sold in {self.base.period}{did_you_mean(product, sold)}"
            raise InputError([Fault(self.base.data_set.name, "product", message)])
        return self.market.products.index(product)


def elasticities(view: View) -> pd.DataFrame:
    """Return own and cross price elasticities of all pairs of products sold in view.

    Returns
    -------
    DataFrame
        product, firm, price_of, price_of_firm, elasticity: per cent change of the units of `product` for one per cent
        on the price of `price_of` in all regions in view.
    """
    sold = np.flatnonzero(view.units > 0)
    table = view.slopes * view.prices / view.units[:, None] if sold.size else view.slopes
    products, firms = view.market.products, view.market.firms
    rows = [
        (products[answer], firms[answer], products[cause], firms[cause], table[answer, cause])
        for answer in sold
        for cause in sold
    ]
    columns = ["product", "firm", "price_of", "price_of_firm", "elasticity"]
    return pd.DataFrame(rows, columns=columns)


def own_elasticity(view: View, product: str | None) -> float | None:
    """Return the own price elasticity of one product; None where it is not sold in view.

    The same number as in `elasticities`, without the other pairs.
    """
    if product not in view.market.products:
        return None
    column = view.market.products.index(product)
    units = float(view.units[column])
    if not units > 0:
        return None
    return float(view.slopes[column, column] * view.prices[column] / units)


def diversion(view: View) -> pd.DataFrame:
    """Return where the buyers go that each product loses when its price rises in all regions in view.

    Returns
    -------
    DataFrame
        product, firm, to, to_firm, kind (cannibalisation, conquest or outside), diversion (0 to 1); the diversions of a
        product sum to 1.
    """
    slopes = view.slopes
    products, firms = view.market.products, view.market.firms
    sold = np.flatnonzero(view.units > 0)
    rows = []
    for lost in sold:
        own = slopes[lost, lost]
        for won in sold:
            if won != lost:
                kind = "cannibalisation" if firms[won] == firms[lost] else "conquest"
                ratio = -slopes[won, lost] / own
                rows.append((products[lost], firms[lost], products[won], firms[won], kind, ratio))
        outside = slopes[sold, lost].sum() / own
        rows.append((products[lost], firms[lost], OUTSIDE, "", "outside", outside))
    return pd.DataFrame(rows, columns=["product", "firm", "to", "to_firm", "kind", "diversion"])


def demand_curve(
    view: View, product: str, *, span: float = 0.2, n_points: int = 41
) -> pd.DataFrame:
    """Return what a product sells at other prices, rivals held.

    Parameters
    ----------
    view : View
    product : str
        A product sold in view.
    span : float
        Largest change of the net price, relative, 0 to below 1.
    n_points : int
        Points on the curve, 2 or more; an odd number holds the base.

    Returns
    -------
    DataFrame
        price_change (relative), net_price, units, firm_units (all products of its firm), contribution_profit (of
        the firm, money units), in view.
    """
    column, market = view.column(product), view.market
    tax = 1 + view.base.data_set.metadata.value_added_tax
    owned = np.array([firm == market.firms[column] for firm in market.firms])
    costs = np.nan_to_num(market.costs[view.rows])
    rows = []
    for change in np.linspace(-span, span, n_points):
        prices = market.prices.copy()
        prices[:, column] *= 1 + change
        units = market.moved(prices=prices).units[view.rows]
        profit = (units * (prices[view.rows] - costs))[:, owned].sum() / tax
        rows.append(
            (
                float(change),
                view.prices[column] * (1 + change),
                units[:, column].sum(),
                units[:, owned].sum(),
                profit,
            )
        )
    columns = ["price_change", "net_price", "units", "firm_units", "contribution_profit"]
    return pd.DataFrame(rows, columns=columns)


def concentration(view: View) -> pd.DataFrame:
    """Return the Herfindahl-Hirschman index of the sales in view and each firm's part of it.

    Returns
    -------
    DataFrame
        firm, units, share_of_sales (0 to 1), hhi_part; the parts sum to the index (0 to 10,000).
    """
    units, firms = view.units, np.array(view.market.firms)
    rows = []
    for firm in sorted(set(view.market.firms)):
        own = float(units[firms == firm].sum())
        share = own / float(units.sum())
        rows.append((firm, own, share, (100 * share) ** 2))
    table = pd.DataFrame(rows, columns=["firm", "units", "share_of_sales", "hhi_part"])
    return table.sort_values("units", ascending=False, ignore_index=True)


def surplus(result: Result) -> pd.DataFrame:
    """Return what consumers and firms gain from a scenario, by period.

    Returns
    -------
    DataFrame
        period, consumer_surplus_change (money units), consumers (households), change_per_household, and the index of
        concentration (0 to 10,000) on both sides, by the owners of each side.
    """
    rows = []
    for item in result.periods:
        before, after = item.base.market, item.market
        households = float(after.market_sizes.sum())
        change = after.consumer_surplus - before.consumer_surplus
        rows.append(
            (
                item.base.period,
                change,
                households,
                change / households,
                herfindahl_hirschman_index(before.units.sum(axis=0), before.firm_codes),
                herfindahl_hirschman_index(after.units.sum(axis=0), after.firm_codes),
            )
        )
    columns = [
        "period",
        "consumer_surplus_change",
        "consumers",
        "change_per_household",
        "hhi_baseline",
        "hhi_scenario",
    ]
    return pd.DataFrame(rows, columns=columns)
