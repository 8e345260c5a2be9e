"""The base of a scenario: one period of a data set, observed or projected, as a calibrated market."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from functools import cached_property
from threading import Lock

import numpy as np

from sandtable.data.catalogue import find_data_set
from sandtable.data.cells import cells_of, nest_codes, widened
from sandtable.data.loading import DataSet, load_data_set
from sandtable.data.parameters import ParameterSet
from sandtable.forecast.base_paths import BasePath, base_path
from sandtable.forecast.periods import periods_after
from sandtable.forecast.rolling import HORIZON
from sandtable.market.demand import Demand
from sandtable.market.market import Market
from sandtable.market.primitives import FloatArray
from sandtable.scenario.model import Scenario, Supply

COMING = 24  # periods beyond the last observed one that a scenario may run
KEPT = 48  # calibrated bases kept in memory: three years of months and some
_bases: OrderedDict[tuple[str, str, str, bool, Supply], Base] = OrderedDict()
_lock = Lock()  # each session of the app runs in a thread of its own


@dataclass(frozen=True)
class Base:
    """One period under one parameter set.

    Attributes
    ----------
    market : Market
        Calibrated, so that its shares are the observed (or projected) ones.
    list_prices : ndarray, shape (R, J)
        In money units; NaN where a product is not offered.
    leads : ndarray, shape (R, J)
        Leads of own products; NaN where unknown.
    projected : bool
        Whether the period lies beyond the last observed one.
    """

    data_set: DataSet
    parameters: ParameterSet
    period: str
    market: Market
    list_prices: FloatArray
    leads: FloatArray
    projected: bool = False

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
            ranges = {str(code): (low, high) for code, low, high in own.itertuples()}
            groups = {str(group): (low, high) for group, low, high in peers.itertuples()}
            for product, group in segment.items():
                low, high = ranges.get(str(product), (0.0, 0.0))
                # a price that never moved (or a new product) says nothing; then the prices of the segment do
                if low == high:
                    low, high = groups.get(str(group), (low, high))
                seen[str(product), net] = (float(low), float(high))
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


def coming_periods(data_set: DataSet) -> tuple[str, ...]:
    """Return the periods after the last observed one that a scenario may run."""
    return periods_after(periods_of(data_set)[-1], data_set.metadata.frequency, COMING)


def path_of(data_set: DataSet, period: str) -> BasePath:
    """Return the base path as far as a coming period, or as far as the back-test reaches."""
    reach = coming_periods(data_set).index(period) < HORIZON
    return base_path(data_set, HORIZON if reach else COMING)


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
    return Demand.lognormal(
        parameters.price_coefficient.value,
        parameters.price_spread.value if parameters.price_spread else 0.0,
        parameters.quadrature_nodes,
        nests=nest_codes(data_set, parameters.nests, products),
        sigmas=[parameter.value for parameter in parameters.sigmas],
    )


def base_of(
    data_set: DataSet, parameters: ParameterSet, period: str, supply: Supply | None = None
) -> Base:
    """Calibrate one period of a data set under one parameter set; kept in memory for the next call.

    Parameters
    ----------
    data_set : DataSet
    parameters : ParameterSet
    period : str
        An observed or a coming one.
    supply : Supply, optional
        What is assumed of costs and pricing.

    Raises
    ------
    ConvergenceError
        If the shares cannot be reproduced.
    """
    supply = supply or Supply()
    # a data set loaded without its funnel has the same hash, but no leads
    key = (data_set.sha256, parameters.fingerprint, period, "funnel" in data_set.tables, supply)
    with _lock:
        if key in _bases:
            _bases.move_to_end(key)
            return _bases[key]
    if supply != Supply():
        base = supplied(base_of(data_set, parameters, period), supply)
    elif period in periods_of(data_set):
        base = _observed(data_set, parameters, period)
    else:
        base = _projected(data_set, parameters, period)
    with _lock:
        _bases[key] = base
        while len(_bases) > KEPT:
            _bases.popitem(last=False)
    return base


def supplied(base: Base, supply: Supply) -> Base:
    """Return a base under other assumptions of costs and pricing; demand stays."""
    market = base.market
    national = market.national if supply.pricing is None else supply.pricing == "national"
    market = replace(market, national=national, conduct=supply.conduct)
    if supply.costs == "accounting":
        market = replace(market, markup_ratios=_markup_ratios(base.data_set, market))
    return replace(base, market=market)


def _markup_ratios(data_set: DataSet, market: Market) -> FloatArray:
    """Return the known markup of each product over its equilibrium one; 1 where no margin is known, (J,)."""
    known = data_set.metadata.known_margins
    by_product = {margin.product: margin.value for margin in known if margin.product}
    by_firm = {margin.firm: margin.value for margin in known if margin.firm}
    of_market = next((m.value for m in known if m.product is None and m.firm is None), None)
    margins = np.array(
        [
            by_product.get(code, by_firm.get(firm, of_market))
            for code, firm in zip(market.products, market.firms, strict=True)
        ],
        dtype=np.float64,
    )
    units = market.units
    sold = units.sum(axis=0)
    with np.errstate(invalid="ignore"):
        price = (units * market.prices).sum(axis=0) / sold
        markup = (units * (market.prices - np.nan_to_num(market.costs))).sum(axis=0) / sold
        ratios = margins * price / markup
    return np.where(np.isfinite(ratios), ratios, 1.0)


def _projected(data_set: DataSet, parameters: ParameterSet, period: str) -> Base:
    """Calibrate a coming period: market sizes and shares of the base path, prices of the last observed period."""
    path = path_of(data_set, period)
    last = base_of(data_set, parameters, path.last_period)
    place = path.periods.index(period)
    columns = [path.products.index(code) for code in last.market.products]
    rows = [path.regions.index(region) for region in last.market.regions]
    market = Market.calibrate(
        products=last.market.products,
        firms=last.market.firms,
        regions=last.market.regions,
        demand=last.market.demand,
        shares=path.shares[place][np.ix_(rows, columns)],
        prices=last.market.prices,
        market_sizes=path.market_sizes[place][rows],
        national=last.market.national,
    )
    # leads for each unit as in the last period
    units = last.market.units
    growth = np.divide(market.units, units, where=units > 0, out=np.ones_like(units))
    leads = last.leads * growth
    return Base(data_set, parameters, period, market, last.list_prices, leads, projected=True)


def _observed(data_set: DataSet, parameters: ParameterSet, period: str) -> Base:
    cells = cells_of(data_set, period)
    calibrated = Market.calibrate(
        products=cells.products,
        firms=cells.firms,
        regions=cells.regions,
        demand=demand_of(data_set, parameters, cells.products),
        shares=cells.shares,
        prices=cells.net_prices,
        market_sizes=cells.market_sizes,
        national=data_set.metadata.pricing == "national",
    )
    leads = np.full(cells.units.shape, np.nan)
    if "funnel" in data_set.tables:
        funnel = data_set.tables["funnel"]
        funnel = funnel[funnel["period"] == period]
        summed = funnel.groupby(["region", "product"])["leads"].sum().reset_index()
        leads = widened(summed, "leads", cells.regions, cells.products)
    return Base(data_set, parameters, period, calibrated, cells.list_prices, leads)
