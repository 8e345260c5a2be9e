"""Media of the synthetic market: what every brand spends by channel, and what that does to utility."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sandtable.market.primitives import FloatArray
from sandtable.response.media import adstock, hill, steady_stock
from sandtable.synthetic.drawing import autoregressive, generator
from sandtable.synthetic.plan import Plan
from sandtable.synthetic.sizes import season

CNY_PER_CAR = 4_300  # about 600 US dollars
DRAWN_PER_PLANNED = 0.76  # most months sell fewer cars than the last, and bursts raise the mean
MIX_SPREAD = 0.5  # standard deviation over brands of the logarithm of a channel's share
ONE_YEAR = 12


def draw_spend(plan: Plan, seed: int) -> FloatArray:
    """Spend by month, region, brand and channel, rounded to 1,000 CNY, shape (T, R, B, C).

    A brand keeps its mix of channels; each of its channels has bursts of its own, and each region some of its own.
    """
    random = generator(seed, "spend")
    n_periods, n_channels = len(plan.periods), len(plan.channels)
    cars = np.zeros(len(plan.brands))
    np.add.at(cars, plan.firm_codes, [product.units for product in plan.file.products])
    shares = np.array([region.share for region in plan.file.regions])
    level = CNY_PER_CAR * DRAWN_PER_PLANNED * cars * shares[:, None]
    bursts = autoregressive(random, (n_periods, len(cars), n_channels), 0.4, 0.35)
    local = autoregressive(random, (n_periods, len(shares), len(cars), n_channels), 0.3, 0.25)
    moved = np.exp(0.6 * season(plan)[:, None, None, None] + bursts[:, None] + local)
    thousands = np.round(level[:, :, None] * _mixes(plan, seed) * moved / 1000)
    return np.asarray(np.maximum(thousands, 1) * 1000)


def _mixes(plan: Plan, seed: int) -> FloatArray:
    """Shares of the channels in the spend of each brand, shape (B, C)."""
    random = generator(seed, "channels")
    shares = np.array([channel.share for channel in plan.file.media.values()])
    mixes = shares * np.exp(random.normal(0, MIX_SPREAD, (len(plan.brands), len(shares))))
    return np.asarray(mixes / mixes.sum(axis=1, keepdims=True))


def media_stocks(plan: Plan, spend: FloatArray, market_sizes: FloatArray) -> FloatArray:
    """Adstock in CNY per household in the market; the months before the first were like it, shape (T, R, B, C)."""
    per_household = spend / market_sizes[:, :, None, None]
    stocks = np.empty_like(per_household)
    for place, channel in enumerate(plan.file.media.values()):
        flow = per_household[..., place]
        before = steady_stock(flow[0], channel.carry_over)
        stocks[..., place] = adstock(flow, channel.carry_over, before=before)
    return stocks


def media_utilities(plan: Plan, spend: FloatArray, market_sizes: FloatArray) -> FloatArray:
    """What media add to the utility of each brand within a nest, shape (T, R, B)."""
    truth = _Truth.of(plan)
    stocks = media_stocks(plan, spend, market_sizes)
    return np.asarray(hill(stocks, truth.halves, truth.slopes) @ truth.effects)


@dataclass(frozen=True)
class MediaElasticities:
    """Change of sales within a nest in per cent for one per cent more spend, by channel: mean weighted by cars.

    Attributes
    ----------
    long_run : ndarray, shape (C,)
        When spend stays higher.
    short_run : ndarray, shape (C,)
        In the month of the spend alone.
    """

    long_run: FloatArray
    short_run: FloatArray


def media_elasticities(
    plan: Plan, spend: FloatArray, market_sizes: FloatArray, units: FloatArray
) -> MediaElasticities:
    """Elasticities of the last year at the stocks of every month, region and brand.

    Parameters
    ----------
    plan : Plan
        The plan.
    spend : ndarray, shape (T, R, B, C)
        CNY.
    market_sizes : ndarray, shape (T, R)
        Households in the market.
    units : ndarray, shape (T, R, J)
        Cars sold; NaN where a product is not on sale.

    Returns
    -------
    MediaElasticities
    """
    truth = _Truth.of(plan)
    stocks = media_stocks(plan, spend, market_sizes)
    reached = hill(stocks, truth.halves, truth.slopes)
    long_run = truth.effects * truth.slopes * reached * (1 - reached)
    fresh = spend / market_sizes[:, :, None, None] / stocks
    cars = np.nan_to_num(units) @ np.eye(len(plan.brands))[plan.firm_codes]
    weights = cars[-ONE_YEAR:] / cars[-ONE_YEAR:].sum()
    means = [
        np.einsum("trb,trbc->c", weights, values[-ONE_YEAR:])
        for values in (long_run, long_run * fresh)
    ]
    return MediaElasticities(*means)


@dataclass(frozen=True)
class _Truth:
    """The planted curves as arrays over channels."""

    effects: FloatArray
    halves: FloatArray
    slopes: FloatArray

    @classmethod
    def of(cls, plan: Plan) -> _Truth:
        rows = [(row.effect, row.half, row.slope) for row in plan.file.media.values()]
        return cls(*np.array(rows, dtype=np.float64).T)
