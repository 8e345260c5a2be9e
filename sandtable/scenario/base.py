"""The observed base of a scenario: one period of a data set as a calibrated market."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property
from threading import Lock

import numpy as np
import pandas as pd

from sandtable.data.catalogue import find_data_set
from sandtable.data.loading import DataSet, load_data_set
from sandtable.data.parameters import ParameterSet
from sandtable.market.demand import Demand
from sandtable.market.market import Market
from sandtable.market.primitives import FloatArray, Nests, Tastes
from sandtable.scenario.model import Scenario

KEPT = 48  # calibrated bases kept in memory: three years of months and some
_bases: OrderedDict[tuple[str, str, str, bool], Base] = OrderedDict()
_lock = Lock()  # each session of the app runs in a thread of its own


@dataclass(frozen=True)
class Base:
    """One observed period under one parameter set.

    Attributes
    ----------
    market : Market
        Calibrated, so that its shares are the observed ones.
    list_prices : ndarray, shape (R, J)
        In money units; NaN where a product is not offered.
    leads : ndarray, shape (R, J)
        Leads of own products; NaN where unknown.
    """

    data_set: DataSet
    parameters: ParameterSet
    period: str
    market: Market
    list_prices: FloatArray
    leads: FloatArray

    def prices_seen(self, product: str, *, net: bool = False) -> tuple[float, float]:
        """Return the lowest and highest price of a product in the data, or of its segment if it never moved."""
        return self._seen[product, net]

    @cached_property
    def _seen(self) -> dict[tuple[str, bool], tuple[float, float]]:
        sales = self.data_set.tables["sales"]
        sold = sales[sales["units"] > 0]
        segment = self.data_set.tables["products"].set_index("product")["segment"]
        seen = {}
        for net, column in ((False, "list_price"), (True, "net_price")):
            own = sold.groupby("product")[column].agg(["min", "max"])
            peers = sold.groupby(sold["product"].map(segment))[column].agg(["min", "max"])
            for product, low, high in own.itertuples():
                # a price that never moved says nothing; then the prices of the segment do
                lowest, highest = peers.loc[segment[product]] if low == high else (low, high)
                seen[str(product), net] = (float(lowest), float(highest))
        return seen


def open_data_set(name: str) -> DataSet:
    """Find and load a data set with the tables that a scenario needs."""
    folder = find_data_set(name)
    present = {path.stem for path in folder.iterdir()}
    return load_data_set(folder, tables={"products", "sales", "market"} | ({"funnel"} & present))


def open_parameters(scenario: Scenario, data_set: DataSet) -> ParameterSet:
    """Return the parameter set that a scenario asks for, or the default of its data set."""
    return data_set.parameter_sets[scenario.parameters or data_set.metadata.default_parameters]


def periods_of(data_set: DataSet) -> tuple[str, ...]:
    """Return the observed periods, oldest first."""
    return tuple(sorted(data_set.tables["sales"]["period"].unique()))


def regions_of(data_set: DataSet, region: str | None) -> tuple[str, ...]:
    """Return the regions that a name stands for: a region, an area, or all (None).

    Raises
    ------
    KeyError
        If the data set has no such region or area.
    """
    regions = tuple(sorted(data_set.tables["market"]["region"].unique()))
    if region is None:
        return regions
    if region in data_set.metadata.areas:
        return tuple(data_set.metadata.areas[region])
    if region not in regions:
        raise KeyError(region)
    return (region,)


def demand_of(data_set: DataSet, parameters: ParameterSet, products: tuple[str, ...]) -> Demand:
    """Build the demand that a parameter set describes, for some products of a data set."""
    spread = parameters.price_spread.value if parameters.price_spread else 0.0
    tastes = Tastes.lognormal(
        parameters.price_coefficient.value, spread, parameters.quadrature_nodes
    )
    if not parameters.nests:
        return Demand(tastes)
    table = data_set.tables["products"].set_index("product").loc[list(products)]
    outer = pd.factorize(table[parameters.nests[0]])[0].astype(np.int64)
    sigmas = [parameter.value for parameter in parameters.sigmas]
    if len(parameters.nests) == 1:
        return Demand(tastes, Nests.one_level(outer, sigmas[0]))
    inner = table.groupby(parameters.nests, sort=False).ngroup().to_numpy().astype(np.int64)
    return Demand(tastes, Nests(outer, inner, sigmas[0], sigmas[1]))


def base_of(data_set: DataSet, parameters: ParameterSet, period: str) -> Base:
    """Calibrate one period of a data set under one parameter set; kept in memory for the next call.

    Raises
    ------
    ConvergenceError
        If the observed shares cannot be reproduced.
    """
    # a data set loaded without its funnel has the same hash, but no leads
    key = (data_set.sha256, parameters.name, period, "funnel" in data_set.tables)
    with _lock:
        if key in _bases:
            _bases.move_to_end(key)
            return _bases[key]
    base = _calibrate(data_set, parameters, period)
    with _lock:
        _bases[key] = base
        while len(_bases) > KEPT:
            _bases.popitem(last=False)
    return base


def _calibrate(data_set: DataSet, parameters: ParameterSet, period: str) -> Base:
    sales = data_set.tables["sales"]
    sales = sales[(sales["period"] == period) & (sales["units"] > 0)]
    market = data_set.tables["market"]
    market = market[market["period"] == period].set_index("region").sort_index()
    regions = tuple(market.index)
    sold = set(sales["product"])
    # the order of the products table, so that the model's order does not depend on the sales
    products = tuple(code for code in data_set.tables["products"]["product"] if code in sold)
    wide = {
        column: _wide(sales, column, regions, products)
        for column in ("units", "list_price", "net_price")
    }
    sizes = market["market_size"].to_numpy(dtype=np.float64)
    units = np.nan_to_num(wide["units"])
    prices = wide["net_price"]
    # where a product is not offered its price says nothing; a finite one keeps the arithmetic clean
    prices = np.where(np.isfinite(prices), prices, np.nanmean(prices, axis=0))
    firms = data_set.tables["products"].set_index("product")["firm"]
    calibrated = Market.calibrate(
        products=products,
        firms=tuple(firms.loc[list(products)]),
        regions=regions,
        demand=demand_of(data_set, parameters, products),
        shares=units / sizes[:, None],
        prices=prices,
        market_sizes=sizes,
        national=data_set.metadata.pricing == "national",
    )
    leads = np.full(units.shape, np.nan)
    if "funnel" in data_set.tables:
        funnel = data_set.tables["funnel"]
        funnel = funnel[funnel["period"] == period]
        summed = funnel.groupby(["region", "product"])["leads"].sum().reset_index()
        leads = _wide(summed, "leads", regions, products)
    return Base(data_set, parameters, period, calibrated, wide["list_price"], leads)


def _wide(
    table: pd.DataFrame, column: str, regions: tuple[str, ...], products: tuple[str, ...]
) -> FloatArray:
    pivoted = table.pivot(index="region", columns="product", values=column)
    return pivoted.reindex(index=list(regions), columns=list(products)).to_numpy(dtype=np.float64)
