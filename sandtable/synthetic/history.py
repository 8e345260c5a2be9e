"""What moves the synthetic market from month to month: seasons, costs, quality, ages, advertising, rules.

Everything is a difference from the last month, where the market is pinned to its targets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sandtable.market.primitives import FloatArray
from sandtable.synthetic.plan import Plan, month_number

SEASON = (0.96, 0.68, 0.97, 0.94, 1.00, 1.04, 0.96, 1.00, 1.07, 1.09, 1.14, 1.22)
MARKET_GROWTH = 0.09  # households in the market, a year, in logarithms
STREAMS = (
    *("tilt", "costs", "quality", "taste", "spend", "growth", "sizes", "batteries"),
    *("attributes", "channels", "research", "dealers", "rates", "funnel"),
)


def generator(seed: int, stream: str) -> np.random.Generator:
    """Return the random numbers of one part, so that a change in one part leaves the others alone."""
    return np.random.default_rng([seed, STREAMS.index(stream)])


def autoregressive(
    random: np.random.Generator, shape: tuple[int, ...], persistence: float, deviation: float
) -> FloatArray:
    """Draw stationary first-order paths along the first axis with the given standard deviation."""
    shocks = random.normal(size=shape) * deviation
    path = np.empty(shape)
    path[0] = shocks[0]
    for period in range(1, shape[0]):
        path[period] = persistence * path[period - 1] + np.sqrt(1 - persistence**2) * shocks[period]
    return path


@dataclass(frozen=True)
class History:
    """Paths over T months.

    Attributes
    ----------
    battery_index, metal_index : ndarray, shape (T,)
        Observed cost indices: CNY per kWh of battery; metals and freight, last month = 100.
    battery_kwh : ndarray, shape (J,)
        Battery of each product.
    cost_changes : ndarray, shape (T, J)
        Marginal cost less that of the last month, CNY.
    utilities : ndarray, shape (T, R, J)
        Mean utility less that of the last month.
    market_growth : ndarray, shape (T, R)
        Market size over that of the last month.
    spend : ndarray, shape (T, R, B)
        Advertising of each brand, CNY.
    """

    battery_index: FloatArray
    metal_index: FloatArray
    battery_kwh: FloatArray
    cost_changes: FloatArray
    utilities: FloatArray
    market_growth: FloatArray
    spend: FloatArray


def make_history(plan: Plan, seed: int) -> History:
    """Draw all paths of the market."""
    random = generator(seed, "costs")
    n_periods, n_products = len(plan.periods), len(plan.products)
    years_back = np.arange(n_periods)[::-1] / 12
    battery_index = 560 * np.exp(
        0.13 * years_back + autoregressive(random, (n_periods,), 0.8, 0.04)
    )
    metal_index = 100 * np.exp(0.02 * years_back + autoregressive(random, (n_periods,), 0.85, 0.05))
    battery_index = np.round(battery_index, 1)
    metal_index = np.round(100 * metal_index / metal_index[-1], 1)
    quality = autoregressive(generator(seed, "quality"), (n_periods, n_products), 0.92, 0.10)
    battery_kwh = batteries(plan, seed)
    # what is unobserved in cost follows quality in part: better equipment costs money, so prices and quality
    # move together and least squares are biased; the two indices are what identifies the price coefficient
    unobserved = 0.015 * autoregressive(random, (n_periods, n_products), 0.9, 1.0) + 0.12 * quality
    costs = (
        battery_index[:, None] * battery_kwh
        + 0.0011 * plan.list_prices * metal_index[:, None]
        + plan.list_prices * unobserved
    )
    spend = advertising(plan, seed)
    utilities = _utilities(plan, seed, quality, spend)
    return History(
        battery_index,
        metal_index,
        battery_kwh,
        costs - costs[-1],
        utilities,
        _market_growth(plan, seed),
        spend,
    )


def batteries(plan: Plan, seed: int) -> FloatArray:
    """Battery of each product in kWh: large where there is no engine."""
    random = generator(seed, "batteries")
    base = {"BEV": 58.0, "EREV": 34.0, "PHEV": 22.0}
    slope = {"BEV": 0.13, "EREV": 0.04, "PHEV": 0.03}
    thousands = plan.list_prices / 1000 - 160
    sizes = [
        base[product.powertrain] + slope[product.powertrain] * price
        for product, price in zip(plan.file.products, thousands, strict=True)
    ]
    return np.round(np.array(sizes) * random.uniform(0.93, 1.07, len(sizes)), 1)


def _season(plan: Plan) -> FloatArray:
    seasons = np.array([SEASON[month_number(period) % 12] for period in plan.periods])
    return np.asarray(np.log(seasons / seasons[-1]))


def _market_growth(plan: Plan, seed: int) -> FloatArray:
    random = generator(seed, "growth")
    n_periods, n_regions = len(plan.periods), len(plan.regions)
    years_back = np.arange(n_periods)[::-1] / 12
    noise = autoregressive(random, (n_periods, n_regions), 0.6, 0.012)
    path = 0.75 * _season(plan)[:, None] - MARKET_GROWTH * years_back[:, None] + noise
    return np.asarray(np.exp(path - path[-1]))


def lifecycle(ages: FloatArray, months_since_facelift: FloatArray) -> FloatArray:
    """Log of attraction by age: a ramp after launch, slow decay, part of it restored by a facelift."""
    ramp = np.log1p(-np.exp(-(np.maximum(ages, 0) + 1) / 2.5))
    decay = -0.004 * np.maximum(ages - 12, 0)
    return np.asarray(ramp + decay + 0.08 * (months_since_facelift >= 0))


def _utilities(plan: Plan, seed: int, quality: FloatArray, spend: FloatArray) -> FloatArray:
    random = generator(seed, "taste")
    n_periods, n_products = quality.shape
    shape = (n_periods, len(plan.regions), n_products)
    truth = plan.file.demand
    months = np.array([month_number(period) for period in plan.periods])
    facelifts = np.array(
        [month_number(p.facelift) if p.facelift else months[-1] + 1 for p in plan.file.products]
    )
    life = lifecycle(plan.ages, (months[:, None] - facelifts).astype(np.float64))
    common = 0.5 * _season(plan) + 0.06 * autoregressive(random, (n_periods,), 0.5, 1.0)
    regional = autoregressive(random, shape, 0.7, 0.06)
    adstock = carried_over(np.log(spend), truth.advertising_carry_over)[:, :, plan.firm_codes]
    scale = 1 - truth.sigma_powertrain
    total = common[:, None, None] + scale * (
        (life + quality)[:, None, :] + regional + truth.advertising_elasticity * adstock
    )
    total = total + _rules(plan)[:, :, None]
    return np.asarray(total - total[-1])


def _rules(plan: Plan) -> FloatArray:
    effects = np.zeros((len(plan.periods), len(plan.regions)))
    periods, regions = np.array(plan.periods), np.array(plan.regions)
    for rule in plan.file.rules:
        when = (periods >= rule.period) & (periods <= rule.until)
        where = (regions == rule.region) if rule.region else np.ones(len(regions), dtype=bool)
        effects += rule.utility * when[:, None] * where
    return effects


def carried_over(values: FloatArray, carry_over: float) -> FloatArray:
    """Sum of present and past values, each month back worth `carry_over` of the next."""
    stock = np.empty_like(values)
    stock[0] = values[0] / (1 - carry_over)  # the months before the first were like it
    for period in range(1, len(values)):
        stock[period] = values[period] + carry_over * stock[period - 1]
    return stock


def advertising(plan: Plan, seed: int) -> FloatArray:
    """Spend by month, region and brand, rounded to 1,000 CNY: about 4,300 CNY (600 US dollars) a car."""
    random = generator(seed, "spend")
    n_periods = len(plan.periods)
    cars = np.zeros(len(plan.brands))
    np.add.at(cars, plan.firm_codes, [product.units for product in plan.file.products])
    shares = np.array([region.share for region in plan.file.regions])
    level = 4_300 * 0.8 * cars * shares[:, None]
    bursts = autoregressive(random, (n_periods, len(plan.brands)), 0.4, 0.25)[:, None, :]
    local = autoregressive(random, (n_periods, len(shares), len(cars)), 0.3, 0.15)
    season = _season(plan)[:, None, None]
    thousands = np.round(level * np.exp(0.6 * season + bursts + local) / 1000)
    return np.asarray(np.maximum(thousands, 1) * 1000)


def largest_remainder(values: FloatArray, total: int | None = None) -> FloatArray:
    """Round so that the sum is the rounded sum (or `total`): floors, then one more for the largest remainders."""
    target = round(float(values.sum())) if total is None else total
    scaled = values * (target / values.sum()) if total is not None else values
    floors = np.floor(scaled)
    short = target - int(floors.sum())
    order = np.argsort(-(scaled - floors), kind="stable")
    floors[order[:short]] += 1
    return np.asarray(floors)


def spread_over(values: Sequence[float], total: int) -> FloatArray:
    """Share a whole number out in proportion to values, in whole numbers."""
    return largest_remainder(np.asarray(values, dtype=np.float64), total)
