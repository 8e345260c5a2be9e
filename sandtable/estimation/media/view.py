"""What media do for a brand now: stock, saturation, elasticity, marginal return and response curve, by channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from sandtable.data.cells import Cells, cells_of, nest_codes
from sandtable.data.loading import DataSet
from sandtable.data.media_cells import MediaCells
from sandtable.data.parameters import MediaResponse, ParameterSet
from sandtable.errors import Fault, InputError, did_you_mean
from sandtable.estimation.media.observing import cells_with_media
from sandtable.estimation.media.shape import Shape, stocks_of
from sandtable.market.demand import Demand
from sandtable.market.market import Market
from sandtable.market.primitives import BoolArray, FloatArray, IntArray
from sandtable.response.media import hill, hill_slope, steady_stock

MILLION = 1e6
COLUMNS = (
    "elasticity_short_run",
    "elasticity_long_run",
    "cars_per_million",
    "revenue_return",
    "contribution_return",
)


@dataclass(frozen=True)
class MediaView:
    """One brand in one region, some or all, in one period.

    Attributes
    ----------
    channels : tuple of str
        Those of the response, in its order.
    market : Market
        Of the period, calibrated.
    cells : MediaCells
        Spend up to now.
    brand, regions : int, ndarray of int
        Places among the brands and regions of `cells`.
    """

    data_set: DataSet
    parameters: ParameterSet
    period: str
    channels: tuple[str, ...]
    market: Market
    cells: MediaCells
    brand: int
    regions: IntArray

    @cached_property
    def spend(self) -> FloatArray:
        """Spend per household up to the period, (T, R, C)."""
        last = self.cells.periods.index(self.period) + 1
        columns = [self.cells.channels.index(channel) for channel in self.channels]
        wide = self.cells.per_household[:last, :, self.brand][:, self.regions]
        return np.ascontiguousarray(wide[:, :, columns])

    @cached_property
    def households(self) -> FloatArray:
        """Market sizes, (R,)."""
        return np.asarray(
            self.cells.households[self.cells.periods.index(self.period), self.regions]
        )

    @cached_property
    def members(self) -> BoolArray:
        """Which products are of the brand, (J,)."""
        brands = self.data_set.tables["products"].set_index("product")["brand"]
        mine = brands.loc[list(self.market.products)].to_numpy() == self.cells.brands[self.brand]
        return np.asarray(mine, dtype=np.bool_)

    @cached_property
    def gains(self) -> FloatArray:
        """Cars by product that one unit of utility more on all products of the brand sells, (R, own J)."""
        market = self.market
        jacobian = market.demand.delta_jacobian(market.deltas, market.prices)[self.regions]
        own = jacobian[:, self.members][:, :, self.members].sum(axis=2)
        return np.asarray(own * self.households[:, None])

    @cached_property
    def units(self) -> FloatArray:
        """Cars of the brand in the period, (R,)."""
        return np.asarray(self.market.units[np.ix_(self.regions, self.members)].sum(axis=1))

    @cached_property
    def values(self) -> FloatArray:
        """What one car more brings, net of value added tax: cars, revenue, contribution, (3, R, own J)."""
        place = np.ix_(self.regions, self.members)
        prices, costs = self.market.prices[place], self.market.costs[place]
        tax = 1 + self.data_set.metadata.value_added_tax
        margins = np.where(np.isfinite(costs), prices - costs, 0.0)
        return np.stack([np.ones_like(prices), prices / tax, margins / tax])

    def stocks(self, shape: Shape) -> FloatArray:
        """Adstock per household now, (R, C)."""
        return np.asarray(stocks_of(self.spend, shape.carry_overs, self.spend[0])[0][-1])

    def steady_spend(self, shape: Shape) -> FloatArray:
        """Spend per household in every period that would keep the stock as it is now, (R, C)."""
        return np.asarray(self.stocks(shape) * (1 - shape.carry_overs))

    def marginals(self, shape: Shape) -> FloatArray:
        """Elasticities, cars per million, revenue and contribution per money unit, (5, C); NaN where undefined.

        One money unit more, spread over regions as the stock is, once; effects of all later periods counted, sales and
        stocks held at what they are now.
        """
        stocks = self.stocks(shape)
        steep = shape.effects * hill_slope(stocks, shape.halves, shape.slopes)
        gained = self.gains.sum(axis=1)
        # without stock the curve may start infinitely steep, but one per cent of nothing is nothing
        worth = np.where(stocks > 0, steep, 0.0) * stocks
        short = np.where(stocks > 0, self.spend[-1] / np.where(stocks > 0, stocks, 1.0), 0.0)
        sold = self.units.sum()
        money = self.steady_spend(shape) * self.households[:, None]
        parts = np.where(money.sum(axis=0) > 0, money, self.households[:, None])
        parts = parts / parts.sum(axis=0)
        # a money unit in a region is 1 / households each there, and lasts 1 / (1 - carry_over) periods
        lasting = steep / self.households[:, None] / (1 - shape.carry_overs)
        brought = np.einsum("vrj,rj->vr", self.values, self.gains)
        with np.errstate(invalid="ignore"):
            marginal = np.einsum("vr,rc,rc->vc", brought, lasting, parts)
        scale = MILLION / self.data_set.metadata.money_scale
        rows = [
            np.einsum("r,rc->c", gained, worth * short) / sold,
            np.einsum("r,rc->c", gained, worth) / sold,
            marginal[0] * scale,
            marginal[1],
            marginal[2],
        ]
        found = np.array(rows)
        return np.where(np.isfinite(found), found, np.nan)

    def table(self, shape: Shape) -> pd.DataFrame:
        """Return one row a channel: spend, stock, saturation, elasticities and marginal returns."""
        stocks = self.stocks(shape)
        shares = self.households / self.households.sum()
        columns = {
            "channel": self.channels,
            "spend": (self.spend[-1] * self.households[:, None]).sum(axis=0),
            "stock": shares @ stocks,
            "reached": shares @ hill(stocks, shape.halves, shape.slopes),
        }
        return pd.DataFrame({**columns, **dict(zip(COLUMNS, self.marginals(shape), strict=True))})

    def spends(self, shape: Shape, channel: int, grid: Sequence[float] | None) -> FloatArray:
        """Spend per household of each point of a curve, (P, R); by default none to three times the present."""
        steady = self.steady_spend(shape)[:, channel]
        money = steady * self.households
        if not money.sum() > 0:
            money = self.households * 1.0
            steady = np.ones_like(steady)
        if grid is None:
            return np.asarray(np.linspace(0, 3, 31)[:, None] * steady)
        return np.asarray(np.asarray(grid, np.float64)[:, None] / money.sum() * steady)

    def cars(
        self, shape: Shape, channel: int, spends: FloatArray, steady: FloatArray
    ) -> FloatArray:
        """Cars a period that a channel brings at a lasting spend, over none, all else as it is, (P,).

        Parameters
        ----------
        spends : ndarray, shape (P, R)
            Spend per household in every period.
        steady : ndarray, shape (R,)
            The spend that stands for the present.
        """
        carry = float(shape.carry_overs[channel])
        every = np.vstack([np.zeros(len(self.regions)), steady, spends])
        stocks = steady_stock(every, carry)
        worth = shape.effects[channel] * hill(stocks, shape.halves[channel], shape.slopes[channel])
        moves = np.delete(worth - worth[1], 1, axis=0)
        deltas = self.market.deltas[self.regions] + moves[:, :, None] * self.members
        prices = np.broadcast_to(self.market.prices[self.regions], deltas.shape)
        n_products = deltas.shape[2]
        shares = self.market.demand.shares(
            deltas.reshape(-1, n_products), np.ascontiguousarray(prices).reshape(-1, n_products)
        ).reshape(deltas.shape)
        units = np.einsum("prj,r,j->p", shares, self.households, self.members.astype(np.float64))
        return np.asarray(units[1:] - units[0])

    def curve(
        self, shape: Shape, channel: int, grid: Sequence[float] | None = None
    ) -> pd.DataFrame:
        """Return the response curve of a channel: spend in every period, cars a period over none, whether it was seen.

        Parameters
        ----------
        grid : sequence of float, optional
            Money in every period, over the regions as the present stock is; by default none to three times the present.
        """
        spends = self.spends(shape, channel, grid)
        cars = self.cars(shape, channel, spends, self.steady_spend(shape)[:, channel])
        seen = spends.max(axis=1) <= self.seen(channel)
        return pd.DataFrame({"spend": spends @ self.households, "cars": cars, "seen": seen})

    def seen(self, channel: int) -> float:
        """Return the largest spend per household of any brand in any region and period."""
        place = self.cells.channels.index(self.channels[channel])
        return float(self.cells.per_household[:, :, :, place].max())


def view_media(
    data_set: DataSet,
    parameters: ParameterSet,
    *,
    brand: str | None = None,
    region: str | None = None,
    period: str | None = None,
) -> MediaView:
    """Look at one brand in one region, area or everywhere, in one period.

    Parameters
    ----------
    brand : str, optional
        By default the first brand of the own firm that spends.
    region : str, optional
        A region or an area.
    period : str, optional
        By default the last one with sales.

    Raises
    ------
    InputError
        With all that is unknown.
    ConvergenceError
        Reason ``"inversion"``.
    """
    cells = cells_with_media(data_set)
    media = response_of(data_set, parameters)
    faults = _unknown_channels(parameters, media, cells)
    sales = data_set.tables["sales"]
    periods = sorted(sales["period"].unique())
    chosen = period or periods[-1]
    if chosen not in periods:
        message = f"'{chosen}' is not observed; expected {periods[0]} to {periods[-1]}."
        faults.append(Fault(data_set.name, "period", message))
    regions, region_faults = _regions(data_set, cells, region)
    named = brand or _own_brand(data_set, cells)
    if named not in cells.brands:
        hint = did_you_mean(named, cells.brands)
        faults.append(Fault(data_set.name, "brand", f"no brand '{named}' spends on media{hint}"))
    elif named not in _sold(data_set, chosen):
        message = f"'{named}' sells nothing in {chosen}; choose another period."
        faults.append(Fault(data_set.name, "brand", message))
    if faults or region_faults:
        raise InputError([*faults, *region_faults])
    sold = cells_of(data_set, chosen)
    return MediaView(
        data_set,
        parameters,
        chosen,
        tuple(media.channels),
        _market(data_set, parameters, sold),
        cells,
        cells.brands.index(named),
        regions,
    )


def _unknown_channels(
    parameters: ParameterSet, media: MediaResponse, cells: MediaCells
) -> list[Fault]:
    return [
        Fault(
            f"parameters '{parameters.name}'",
            f"media.channels.{channel}",
            f"the media table has no channel '{channel}'{did_you_mean(channel, cells.channels)}",
        )
        for channel in media.channels
        if channel not in cells.channels
    ]


def response_of(data_set: DataSet, parameters: ParameterSet) -> MediaResponse:
    """Return the media response of a parameter set.

    Raises
    ------
    InputError
        If it has none.
    """
    if parameters.media is None:
        having = [name for name, one in data_set.parameter_sets.items() if one.media is not None]
        known = f"; those with one: {', '.join(having)}" if having else ""
        message = (
            f"says nothing of media{known}; fit it with 'sandtable media fit {data_set.name} --parameters "
            f"{parameters.name} --out FOLDER'."
        )
        raise InputError([Fault(f"parameters '{parameters.name}'", "media", message)])
    return parameters.media


def shape_of(media: MediaResponse) -> Shape:
    """Return the response that a parameter set holds, in the order of its channels."""
    rows = [
        [one.effect.value, one.carry_over.value, one.half.value, one.slope.value]
        for one in media.channels.values()
    ]
    return Shape(*np.array(rows, dtype=np.float64).T)


def _market(data_set: DataSet, parameters: ParameterSet, cells: Cells) -> Market:
    demand = Demand.lognormal(
        parameters.price_coefficient.value,
        parameters.price_spread.value if parameters.price_spread else 0.0,
        parameters.quadrature_nodes,
        nests=nest_codes(data_set, parameters.nests, cells.products),
        sigmas=[sigma.value for sigma in parameters.sigmas],
    )
    return Market.calibrate(
        products=cells.products,
        firms=cells.firms,
        regions=cells.regions,
        demand=demand,
        shares=cells.shares,
        prices=cells.net_prices,
        market_sizes=cells.market_sizes,
        national=data_set.metadata.pricing == "national",
    )


def _regions(
    data_set: DataSet, cells: MediaCells, region: str | None
) -> tuple[IntArray, list[Fault]]:
    areas = data_set.metadata.areas
    wanted = list(cells.regions) if region is None else list(areas.get(region, [region]))
    unknown = [name for name in wanted if name not in cells.regions]
    known = [*cells.regions, *areas]
    faults = [
        Fault(data_set.name, "region", f"no region is called '{name}'{did_you_mean(name, known)}")
        for name in unknown
    ]
    places = [cells.regions.index(name) for name in wanted if name in cells.regions]
    return np.array(places, dtype=np.int64), faults


def _own_brand(data_set: DataSet, cells: MediaCells) -> str:
    products = data_set.tables["products"]
    mine = products.loc[products["firm"] == data_set.metadata.own_firm, "brand"]
    return next((name for name in dict.fromkeys(mine) if name in cells.brands), str(mine.iloc[0]))


def _sold(data_set: DataSet, period: str) -> set[str]:
    sales = data_set.tables["sales"]
    sold = sales[(sales["period"] == period) & (sales["units"] > 0)]
    brands = data_set.tables["products"].set_index("product")["brand"]
    return set(brands.loc[sold["product"].unique()])
