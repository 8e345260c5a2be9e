"""How many households are in the market, and how many cars the last month sells."""

from __future__ import annotations

import numpy as np

from sandtable.market.primitives import FloatArray
from sandtable.synthetic.drawing import autoregressive, generator, spread_over
from sandtable.synthetic.plan import Plan, month_number

SEASON = (0.96, 0.68, 0.97, 0.94, 1.00, 1.04, 0.96, 1.00, 1.07, 1.09, 1.14, 1.22)
MARKET_GROWTH = 0.09  # households in the market, a year, in logarithms


def season(plan: Plan) -> FloatArray:
    """Season of buying in logarithms, 0 in the last month, shape (T,)."""
    seasons = np.array([SEASON[month_number(period) % 12] for period in plan.periods])
    return np.asarray(np.log(seasons / seasons[-1]))


def _market_growth(plan: Plan, seed: int) -> FloatArray:
    random = generator(seed, "growth")
    n_periods, n_regions = len(plan.periods), len(plan.regions)
    years_back = np.arange(n_periods)[::-1] / 12
    noise = autoregressive(random, (n_periods, n_regions), 0.6, 0.012)
    path = 0.75 * season(plan)[:, None] - MARKET_GROWTH * years_back[:, None] + noise
    return np.asarray(np.exp(path - path[-1]))


def target_units(plan: Plan, seed: int) -> FloatArray:
    """Units of the last month by region and product: tilted by taste, product totals met exactly, shape (R, J)."""
    random = generator(seed, "tilt")
    shares = np.array([region.share for region in plan.file.regions])
    totals = np.array([product.units for product in plan.file.products], dtype=np.float64)
    electric = np.array([product.powertrain == "BEV" for product in plan.file.products])
    liking = np.array([region.electric for region in plan.file.regions])
    tilt = np.exp(np.outer(liking, electric) + random.normal(0, 0.18, (len(shares), len(totals))))
    units = np.outer(shares, totals) * tilt
    for _ in range(50):  # iterative proportional fitting to both margins
        units *= (shares * totals.sum() / units.sum(axis=1))[:, None]
        units *= totals / units.sum(axis=0)
    columns = [
        spread_over(units[:, j].tolist(), int(total)) for j, total in enumerate(totals.tolist())
    ]
    return np.stack(columns, axis=1)


def market_sizes(plan: Plan, last_units: FloatArray, seed: int) -> FloatArray:
    """Households in the market by month and region, whole numbers, shape (T, R).

    Parameters
    ----------
    plan : Plan
        The plan.
    last_units : ndarray, shape (R, J)
        Cars of the last month, from `target_units`.
    seed : int
        Seed of the whole data set.

    Returns
    -------
    ndarray, shape (T, R)
    """
    random = generator(seed, "sizes")
    inside = plan.file.inside_share * random.uniform(0.93, 1.07, len(plan.regions))
    last = np.round(last_units.sum(axis=1) / inside)
    return np.asarray(np.round(last * _market_growth(plan, seed)))
