"""The own funnel, made backwards from the cars sold, so that the ledger closes in whole numbers.

Deliveries of the dealers of a region sum to the units sold there; each stage before is the stage after it plus those
who dropped out, so no stage is smaller than the next.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sandtable.market.primitives import FloatArray, IntArray
from sandtable.synthetic.drawing import generator, spread_over
from sandtable.synthetic.plan import Plan, month_number, month_text

STAGES = ("test_drive_rate", "order_rate", "delivery_rate")
CARD_RATE = 0.82  # leads that are recorded in the dealer's system
OPENED_LATE = 0.2  # part of the dealers that open during the months shown


@dataclass(frozen=True)
class Dealers:
    """The own dealers: their region, size and month of opening.

    Attributes
    ----------
    table : DataFrame
        As the data set holds it.
    regions : ndarray of int, shape (D,)
        Place of the region of each dealer.
    weights : ndarray, shape (T, D)
        Share of sales drawn by each dealer; 0 before it opens.
    """

    table: pd.DataFrame
    regions: IntArray
    weights: FloatArray

    @property
    def open_by_region(self) -> IntArray:
        """Dealers that are open, shape (T, R)."""
        n_regions = int(self.regions.max()) + 1
        is_here = self.regions[:, None] == np.arange(n_regions)
        return np.asarray((self.weights > 0).astype(np.int64) @ is_here.astype(np.int64))


def make_dealers(plan: Plan, seed: int) -> Dealers:
    """Draw the dealers; every region has one from the first month on."""
    random = generator(seed, "dealers")
    shares = [region.share for region in plan.file.regions]
    extra = plan.file.n_dealers - len(shares)
    counts = 1 + spread_over(shares, extra).astype(np.int64)
    regions = np.repeat(np.arange(len(shares)), counts)
    n_dealers = len(regions)
    last = month_number(plan.file.last_period)
    late = random.uniform(size=n_dealers) < OPENED_LATE
    back = np.where(
        late, random.integers(3, plan.file.n_periods, n_dealers), random.integers(40, 90, n_dealers)
    )
    back[np.flatnonzero(np.diff(regions, prepend=-1))] = 90  # the first dealer of each region
    months = np.array([month_number(period) for period in plan.periods])
    ages = months[:, None] - (last - back)
    sizes = np.exp(random.normal(0, 0.35, n_dealers))
    weights = np.where(ages >= 0, sizes * (1 - 0.8 * np.exp(-(ages + 1) / 4)), 0.0)
    tiers = np.array(["1", "new 1", "2", "3"])
    table = pd.DataFrame(
        {
            "dealer": [f"D{number:03d}" for number in range(1, n_dealers + 1)],
            "region": np.array(plan.regions)[regions],
            "brand": plan.file.own_firm,
            "opened": [month_text(last - int(months_ago)) for months_ago in back],
            "city_tier": tiers[random.choice(4, n_dealers, p=[0.25, 0.35, 0.25, 0.15])],
            "advisers": np.maximum(3, np.round(9 * sizes)).astype(np.int64),
        }
    )
    return Dealers(table, regions.astype(np.int64), weights)


def stage_rates(plan: Plan, dealers: Dealers, seed: int) -> FloatArray:
    """Rates of the three stages by month and dealer, shape (3, T, D): nearly alike, but for the weak links."""
    random = generator(seed, "rates")
    truth = plan.file.funnel
    n_periods, n_dealers = dealers.weights.shape
    names = dealers.table["dealer"].to_numpy()
    home = dealers.table["region"].to_numpy()
    rates = np.empty((3, n_periods, n_dealers))
    means = (truth.test_drive_rate, truth.order_rate, truth.delivery_rate)
    for stage, (name, mean) in enumerate(zip(STAGES, means, strict=True)):
        odds = np.log(mean / (1 - mean)) + random.normal(0, 0.06, n_dealers)
        odds = odds + random.normal(0, 0.03, (n_periods, 1))
        rate = 1 / (1 + np.exp(-odds))
        for link in truth.weak_links:
            if link.stage == name:
                spoilt = (names == link.dealer) if link.dealer else (home == link.region)
                rate = np.where(spoilt, rate * link.factor, rate)
        rates[stage] = rate
    return rates


def make_funnel(plan: Plan, dealers: Dealers, units: FloatArray, seed: int) -> pd.DataFrame:
    """Draw the funnel backwards from the units sold.

    Parameters
    ----------
    plan : Plan
        The plan.
    dealers : Dealers
        From `make_dealers`.
    units : ndarray, shape (T, R, J)
        Cars sold; NaN where a product is not on sale.
    seed : int
        Seed of the whole data set.

    Returns
    -------
    DataFrame
        One row for each month, dealer that is open and own product that is on sale.
    """
    random = generator(seed, "funnel")
    rates = stage_rates(plan, dealers, seed)
    liking = np.exp(random.normal(0, 0.2, (len(dealers.regions), len(plan.own))))
    names = dealers.table["dealer"].to_numpy()
    parts: dict[str, list[NDArray[np.generic]]] = {}
    for period, region, place in np.ndindex(len(plan.periods), len(plan.regions), len(plan.own)):
        product = int(plan.own[place])
        sold = units[period, region, product]
        here = np.flatnonzero((dealers.regions == region) & (dealers.weights[period] > 0))
        if np.isnan(sold):
            continue
        pull = (
            dealers.weights[period, here]
            * liking[here, place]
            * random.gamma(60, 1 / 60, len(here))
        )
        delivered = spread_over(pull.tolist(), int(sold)).astype(np.int64)
        counts = _stages(random, delivered, rates[:, period, here])
        keys = {
            "period": np.full(len(here), plan.periods[period]),
            "region": np.full(len(here), plan.regions[region]),
            "dealer": names[here],
            "product": np.full(len(here), plan.products[product]),
        }
        for name, values in {**keys, **counts}.items():
            parts.setdefault(name, []).append(values)
    table = pd.DataFrame({name: np.concatenate(values) for name, values in parts.items()})
    return table.sort_values(["period", "region", "dealer", "product"], ignore_index=True)


def _stages(
    random: np.random.Generator, delivered: IntArray, rates: FloatArray
) -> dict[str, IntArray]:
    """Add to each stage those who dropped out before the next one."""
    orders = delivered + _lost(random, delivered, rates[2])
    test_drives = orders + _lost(random, orders, rates[1])
    leads = test_drives + _lost(random, test_drives, rates[0])
    cards = test_drives + random.binomial(leads - test_drives, (CARD_RATE - 0.2) / 0.8)
    return {
        "leads": leads,
        "cards": cards,
        "test_drives": test_drives,
        "orders": orders,
        "deliveries": delivered,
        "referrals": random.binomial(leads, 0.07),
        "repeat_orders": random.binomial(orders, 0.05),
    }


def _lost(random: np.random.Generator, passed: IntArray, rate: FloatArray) -> IntArray:
    """How many were lost for those who passed: failures before so many successes."""
    # half a success more, so that a stage nobody passed was still tried now and then
    return random.negative_binomial(passed + 0.5, rate).astype(np.int64)
