"""The base of a scenario: one period of a data set, observed or projected, as a calibrated market."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from sandtable.data.catalogue import find_data_set
from sandtable.data.cells import cells_of, nest_codes
from sandtable.data.kept import Kept
from sandtable.data.loading import DataSet, load_data_set
from sandtable.data.parameters import ParameterSet
from sandtable.indicators.feeding import feed
from sandtable.market.demand import Demand
from sandtable.market.market import Market
from sandtable.market.primitives import FloatArray
from sandtable.scenario.calendar import path_of, periods_of
from sandtable.scenario.crossing import crossing
from sandtable.scenario.funnel_base import counted_stages, expected_stages, funnel_table
from sandtable.scenario.media_base import MediaBase, media_base
from sandtable.scenario.model import Scenario, Supply
from sandtable.scenario.price_ranges import prices_seen

NEEDED = {"products", "sales", "market"}
OF_LEVERS = {"funnel", "media", "dealers"}  # tables that some levers need
KEPT = 240  # calibrated bases kept in memory: three years of months under some parameter sets


@dataclass(frozen=True)
class Base:
    """One period under one parameter set.

    Attributes
    ----------
    market : Market
        Calibrated, so that its shares are the observed (or projected) ones.
    list_prices : ndarray, shape (R, J)
        In money units; NaN where a product is not offered.
    stages : ndarray, shape (S, R, J)
        People at each stage of the funnel, those of `funnel_table` in their order; NaN where unknown. S is 0 without
        a funnel.
    projected : bool
        Whether the period lies beyond the last observed one.
    """

    data_set: DataSet
    parameters: ParameterSet
    period: str
    market: Market
    list_prices: FloatArray
    stages: FloatArray
    projected: bool = False

    @property
    def leads(self) -> FloatArray:
        """People at the first stage, (R, J); NaN where unknown."""
        if len(self.stages):
            return np.asarray(self.stages[0])
        return np.full(self.list_prices.shape, np.nan)

    @cached_property
    def brands(self) -> list[str]:
        """Brand of each product of the market."""
        return self._of_products("brand")

    @cached_property
    def powertrains(self) -> list[str | None]:
        """Powertrain of each product of the market; None where the data set does not say."""
        if "powertrain" not in self.data_set.tables["products"]:
            return [None] * len(self.market.products)
        return [*self._of_products("powertrain")]

    def characteristic(self, name: str) -> FloatArray:
        """Return a numeric characteristic of each product, (J,); NaN where it is not known."""
        if name not in self._characteristics:
            self._characteristics[name] = np.array(self._of_products(name), dtype=np.float64)
        return self._characteristics[name]

    @cached_property
    def readings(self) -> dict[str, tuple[object, object]]:
        """What indicators have read from the baseline, by firm; see `sandtable.scenario.reading`."""
        return {}

    @cached_property
    def _characteristics(self) -> dict[str, FloatArray]:
        return {}

    def _of_products(self, column: str) -> list[str]:
        table = self.data_set.tables["products"]
        named = dict(zip(table["product"].tolist(), table[column].tolist(), strict=True))
        return [named[code] for code in self.market.products]

    @cached_property
    def referral_rates(self) -> FloatArray:
        """Referrals for each lead, (R, J); 0 where unknown."""
        table = funnel_table(self.data_set)
        if table is None:
            return np.zeros(self.list_prices.shape)
        market = self.market
        rates = table.placed(table.referral_rates(self.period), market.products, market.regions)
        return np.nan_to_num(rates)

    @cached_property
    def media(self) -> MediaBase | None:
        """What each brand spends on media; None without media, or without a known response to them."""
        return media_base(self.data_set, self.parameters, self.period, self.brands)

    def rows_of(self, region: str | None) -> list[int]:
        """Return the rows of a region or an area; of all regions for None.

        Raises
        ------
        KeyError
            If the data set has no such region or area.
        """
        known = self.market.regions
        if region is None:
            return list(range(len(known)))
        if region in known:
            return [known.index(region)]
        return [known.index(name) for name in self.data_set.metadata.areas[region] if name in known]

    def attraction_of(self, utility: FloatArray) -> FloatArray:
        """Return the factor on the attraction inside the inner nest that a change of utility is; 1 for exactly 0."""
        nests = self.market.demand.nests
        return np.exp(utility / (1 - nests.sigma_inner if nests else 1.0))

    def prices_seen(self, product: str, *, net: bool = False) -> tuple[float, float]:
        """Return the lowest and highest price of a product in the data, or of its segment if it never moved."""
        seen = prices_seen(self.data_set)
        low, high = seen.of_product.get((product, net), (0.0, 0.0))
        if low < high:
            return low, high
        # a price that never moved (or a new product) says nothing; then the prices of the segment do
        segment = self._of_products("segment")[self.market.products.index(product)]
        return seen.of_segment.get((segment, net), (low, high))


def open_data_set(name: str, folders: Sequence[str | Path] = ()) -> DataSet:
    """Find and load a data set with the tables that a scenario needs, fed from the indicators.

    Parameters
    ----------
    name : str
        Name or folder.
    folders : sequence of path
        Further folders of definitions, after those of the data set and of the environment.
    """
    folder = find_data_set(name)
    present = {path.stem for path in folder.iterdir()}
    loaded = load_data_set(folder, tables=NEEDED | (OF_LEVERS & present))
    return feed(loaded, folders)


def open_parameters(scenario: Scenario, data_set: DataSet) -> ParameterSet:
    """Return the parameter set that a scenario asks for, or the default of its data set."""
    return data_set.parameter_sets[scenario.parameters or data_set.metadata.default_parameters]


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
    tables = frozenset(data_set.tables)
    key = (data_set.fingerprint, parameters.fingerprint, period, tables, supply)

    def make() -> Base:
        if supply != Supply():
            return supplied(base_of(data_set, parameters, period), supply)
        observed = period in periods_of(data_set)
        return (_observed if observed else _projected)(data_set, parameters, period)

    return _bases.get(key, make)


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
        shares=path.shares[place][crossing(rows, columns)],
        prices=last.market.prices,
        market_sizes=path.market_sizes[place][rows],
        national=last.market.national,
    )
    stages = expected_stages(data_set, path.last_period, market.products, market.units)
    return Base(data_set, parameters, period, market, last.list_prices, stages, projected=True)


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
    stages = counted_stages(data_set, period, cells.products, cells.regions)
    return Base(data_set, parameters, period, calibrated, cells.list_prices, stages)


_bases = Kept[tuple[str, str, str, frozenset[str], Supply], Base](limit=KEPT)
