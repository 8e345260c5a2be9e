"""What moves the synthetic market from month to month: seasons, costs, quality, ages, media, dealers, rules.

Everything is a difference from the last month, where the market is pinned to its targets.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sandtable.market.primitives import FloatArray, IntArray
from sandtable.synthetic.drawing import autoregressive, generator
from sandtable.synthetic.media import draw_spend, media_utilities
from sandtable.synthetic.plan import Plan, month_number
from sandtable.synthetic.sizes import market_sizes, season, target_units


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
    last_units : ndarray, shape (R, J)
        Cars sold in the last month.
    market_sizes : ndarray, shape (T, R)
        Households in the market, whole numbers.
    spend : ndarray, shape (T, R, B, C)
        Media spend of each brand by channel, CNY.
    """

    battery_index: FloatArray
    metal_index: FloatArray
    battery_kwh: FloatArray
    cost_changes: FloatArray
    utilities: FloatArray
    last_units: FloatArray
    market_sizes: FloatArray
    spend: FloatArray


def make_history(plan: Plan, seed: int, open_dealers: IntArray) -> History:
    """Draw all paths of the market.

    Parameters
    ----------
    plan : Plan
        The plan.
    seed : int
        Seed of the whole data set.
    open_dealers : ndarray of int, shape (T, R)
        Own dealers that are open.

    Returns
    -------
    History
    """
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
    last_units = target_units(plan, seed)
    sizes = market_sizes(plan, last_units, seed)
    spend = draw_spend(plan, seed)
    answered = media_utilities(plan, spend, sizes)[:, :, plan.firm_codes]
    answered[:, :, plan.own] += plan.file.dealers * np.log1p(open_dealers)[:, :, None]
    utilities = _utilities(plan, seed, quality, answered)
    return History(
        battery_index,
        metal_index,
        battery_kwh,
        costs - costs[-1],
        utilities,
        last_units,
        sizes,
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


def lifecycle(ages: FloatArray, months_since_facelift: FloatArray) -> FloatArray:
    """Log of attraction by age: a ramp after launch, slow decay, part of it restored by a facelift."""
    ramp = np.log1p(-np.exp(-(np.maximum(ages, 0) + 1) / 2.5))
    decay = -0.004 * np.maximum(ages - 12, 0)
    return np.asarray(ramp + decay + 0.08 * (months_since_facelift >= 0))


def _utilities(plan: Plan, seed: int, quality: FloatArray, answered: FloatArray) -> FloatArray:
    """Mean utilities less those of the last month; `answered`, (T, R, J), is what media and dealers add in a nest."""
    random = generator(seed, "taste")
    n_periods, n_products = quality.shape
    shape = (n_periods, len(plan.regions), n_products)
    months = np.array([month_number(period) for period in plan.periods])
    facelifts = np.array(
        [month_number(p.facelift) if p.facelift else months[-1] + 1 for p in plan.file.products]
    )
    life = lifecycle(plan.ages, (months[:, None] - facelifts).astype(np.float64))
    common = 0.5 * season(plan) + 0.06 * autoregressive(random, (n_periods,), 0.5, 1.0)
    regional = autoregressive(random, shape, 0.7, 0.06)
    scale = 1 - plan.file.demand.sigma_powertrain
    total = common[:, None, None] + scale * ((life + quality)[:, None, :] + regional + answered)
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
