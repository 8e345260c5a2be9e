"""Owners of the own cars: who they are, how long they stay, what they do and say."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from sandtable.market.primitives import FloatArray, IntArray
from sandtable.synthetic.plan import BoolArray
from sandtable.synthetic.records.basis import Basis
from sandtable.synthetic.records.times import (
    DAY,
    TICK,
    in_opening_hours,
    month_bounds,
    on_tick,
)

STILL_HERE = np.iinfo(np.int64).max
LEFT_TO_OWN = 0
LEAVES_FROM = 180 * DAY  # an owner of half a year may buy again
ACTIVE_AT_FIRST, ACTIVE_MONTHS = 0.92, 110.0  # part that opens the app; e-folding age
MAINTENANCE, REPAIR = 1 / 7, 0.03  # visits a month
STAYS_AT_FIRST, STAYS_LOST_A_MONTH = 0.96, 0.009  # part of the visits in the own network
DEFECTS, DEFECTS_MORE_A_MONTH = 0.004, 0.0002  # part that leaves to a rival in a month
SURVEYS = {2: 0.4, 12: 0.25, 24: 0.25}  # answers by age in months
SCORES = (0.01, 0.01, 0.01, 0.02, 0.03, 0.05, 0.08, 0.14, 0.17, 0.24, 0.24)
MONTH = 30.44 * DAY


@dataclass(frozen=True)
class Owners:
    """Owners by the order in which they ordered: one array each.

    Attributes
    ----------
    people, prospects, products, regions, dealers : ndarray of int
        Numbers and places.
    delivered, left : ndarray of int
        Times; `STILL_HERE` for those who have not left.
    left_to : ndarray of int
        0 for another car of ours, 1 and more the place of a rival plus 1, -1 for those who have not left.
    liking : ndarray of float
        How much they use the app, 0 to 1.
    """

    people: IntArray
    prospects: IntArray
    products: IntArray
    regions: IntArray
    dealers: IntArray
    delivered: IntArray
    left: IntArray
    left_to: IntArray
    liking: FloatArray

    @classmethod
    def nobody(cls) -> Owners:
        """No owners yet."""
        none = np.empty(0, dtype=np.int64)
        return cls(none, none, none, none, none, none, none, none, np.empty(0))

    @classmethod
    def new(
        cls,
        random: np.random.Generator,
        people: IntArray,
        prospects: IntArray,
        places: tuple[IntArray, IntArray, IntArray],
        delivered: IntArray,
    ) -> Owners:
        """Owners of new cars; `places` of product, region and dealer."""
        count = len(people)
        return cls(
            *(people, prospects, *places, delivered),
            left=np.full(count, STILL_HERE, dtype=np.int64),
            left_to=np.full(count, -1, dtype=np.int64),
            liking=random.beta(2, 2, count),
        )

    def __len__(self) -> int:
        return len(self.people)

    def and_also(self, others: Owners) -> Owners:
        """Owners of both."""
        pairs = [(getattr(self, f.name), getattr(others, f.name)) for f in fields(self)]
        return Owners(*(np.concatenate(pair) for pair in pairs))

    def leave(self, rows: IntArray, when: IntArray, to: IntArray) -> None:
        """Note who leaves, when and to whom; the one thing about an owner that changes."""
        self.left[rows] = when
        self.left_to[rows] = to

    def may_buy_again(self, moment: int) -> BoolArray:
        """Owners of half a year and more who have not left."""
        waited = self.delivered < moment - LEAVES_FROM
        return np.asarray(waited & (self.left == STILL_HERE))

    def here(self, start: int, after: int) -> IntArray:
        """Places of those who owned their car at some time of a month."""
        return np.flatnonzero((self.delivered < after) & (self.left >= start))


@dataclass(frozen=True)
class OwnerMonth:
    """What owners did in a month; `*_owners` are numbers of owners.

    Attributes
    ----------
    active_owners, active_days : ndarray of int
        Owners who opened the app, on how many days.
    visit_owners, visit_times, visit_repairs, visit_own : ndarray
        Visits to a workshop: when, whether a repair, whether in the own network.
    survey_owners, survey_times, scores : ndarray of int
        Answers to the question whether they would recommend the car.
    """

    active_owners: IntArray
    active_days: IntArray
    visit_owners: IntArray
    visit_times: IntArray
    visit_repairs: BoolArray
    visit_own: BoolArray
    survey_owners: IntArray
    survey_times: IntArray
    scores: IntArray


def owner_month(
    random: np.random.Generator, basis: Basis, owners: Owners, period: str
) -> OwnerMonth:
    """Let the owners of a month leave to rivals, use the app, visit workshops and answer surveys."""
    start, after = month_bounds(period)
    here = owners.here(start, after)
    ages = np.maximum(start - owners.delivered[here], 0) / MONTH
    _defect(random, basis, owners, here, ages, (start, after))
    liking = owners.liking[here]
    opens = random.random(len(here)) < ACTIVE_AT_FIRST * np.exp(-ages / ACTIVE_MONTHS)
    days = 1 + random.binomial(26, 0.1 + 0.6 * liking)
    visits, times, repairs = _visits(random, owners, here, ages, (start, after))
    stays = STAYS_AT_FIRST - STAYS_LOST_A_MONTH * (times - owners.delivered[visits]) / MONTH
    asked, asked_times = _surveys(random, owners, here, (start, after))
    return OwnerMonth(
        here[opens],
        days[opens],
        visits,
        times,
        repairs,
        random.random(len(visits)) < np.maximum(stays, 0.2),
        asked,
        asked_times,
        random.choice(len(SCORES), len(asked), p=SCORES),
    )


def _defect(
    random: np.random.Generator,
    basis: Basis,
    owners: Owners,
    here: IntArray,
    ages: FloatArray,
    bounds: tuple[int, int],
) -> None:
    firms, shares = basis.rivals
    rates = np.where(ages >= 3, DEFECTS + DEFECTS_MORE_A_MONTH * ages, 0.0)
    stays = owners.left[here] == STILL_HERE
    leaving = here[stays & (random.random(len(here)) < rates)]
    when = _within(random, bounds, len(leaving))
    owners.leave(leaving, when, 1 + random.choice(len(firms), len(leaving), p=shares))


def _visits(
    random: np.random.Generator,
    owners: Owners,
    here: IntArray,
    ages: FloatArray,
    bounds: tuple[int, int],
) -> tuple[IntArray, IntArray, BoolArray]:
    """Visits while the car was theirs, in the order of time."""
    serviced = here[(random.random(len(here)) < MAINTENANCE) & (ages >= 3)]
    repaired = here[random.random(len(here)) < REPAIR]
    who = np.concatenate([serviced, repaired])
    repairs = np.arange(len(who)) >= len(serviced)
    times = _within(random, bounds, len(who))
    theirs = (times >= owners.delivered[who]) & (times < owners.left[who])
    order = np.lexsort((who, times))
    order = order[theirs[order]]
    return who[order], times[order], repairs[order]


def _surveys(
    random: np.random.Generator, owners: Owners, here: IntArray, bounds: tuple[int, int]
) -> tuple[IntArray, IntArray]:
    ages = (bounds[1] - owners.delivered[here]) // int(MONTH)
    rates = np.select([ages == age for age in SURVEYS], list(SURVEYS.values()), 0.0)
    asked = here[random.random(len(here)) < rates]
    times = _within(random, bounds, len(asked))
    theirs = times < owners.left[asked]
    order = np.lexsort((asked, times))
    order = order[theirs[order]]
    return asked[order], times[order]


def _within(random: np.random.Generator, bounds: tuple[int, int], count: int) -> IntArray:
    """Moments of a month in opening hours."""
    start, after = bounds
    times = on_tick(in_opening_hours(random, start + (after - start) * random.random(count)))
    return np.clip(times, start, after - TICK)
