"""What happened to each lead after it came: calls, visits, drives, offers, orders, cars; and when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sandtable.market.primitives import FloatArray, IntArray
from sandtable.synthetic.plan import BoolArray
from sandtable.synthetic.records.basis import Basis
from sandtable.synthetic.records.cohorts import CARD, DELIVERY, ORDER, TEST_DRIVE, Leads
from sandtable.synthetic.records.times import DAY, HOUR, TICK, in_opening_hours, on_tick

KINDS = (
    *("response", "card", "configured", "visit", "test_drive_booked", "no_show"),
    *("test_drive", "order", "cancel", "delivery"),
)
RESPONSE_HOURS, RESPONSE_SPREAD, RESPONSE_DEALERS = (
    1.6,
    0.9,
    0.45,
)  # median; sd of ln, within, between
ANSWERED = 0.85  # of the valid leads that became no card
DRIVE_DAYS, DRIVE_SPREAD = 6.2, 0.75
MISSED_FIRST = 0.08  # of the test drives: missed once, then driven
MISSED = 0.048  # of the cards that came to no test drive
VISITS = 0.20  # of the cards that came to no test drive
CONFIGURED_ONLINE, CONFIGURED = 0.35, 0.08
ORDER_DAYS, ORDER_SPREAD = 7.0, 0.8
DELIVERY_DAYS, DELIVERY_SPREAD = 25.0, 0.35
CANCEL_DAYS = 10.0
NET_DEALERS, NET_SPREAD, PRICE_STEP = 0.008, 0.006, 100


@dataclass(frozen=True)
class DealerTruth:
    """What is planted by dealer and product.

    Attributes
    ----------
    response_hours, net_offsets : ndarray, shape (D,)
        Median hours to the first response; net prices against those of the region, in logarithms.
    options_offered, take_rates : ndarray, shape (J,)
        Options of each product, and the part that is taken.
    """

    response_hours: FloatArray
    net_offsets: FloatArray
    options_offered: IntArray
    take_rates: FloatArray

    @classmethod
    def draw(cls, random: np.random.Generator, basis: Basis) -> DealerTruth:
        """Draw the truth of a data set."""
        n_dealers, n_products = len(basis.dealers), len(basis.products)
        return cls(
            RESPONSE_HOURS * np.exp(random.normal(0, RESPONSE_DEALERS, n_dealers)),
            random.normal(0, NET_DEALERS, n_dealers),
            random.integers(7, 13, n_products).astype(np.int64),
            random.uniform(0.25, 0.45, n_products),
        )


@dataclass(frozen=True)
class Journeys:
    """Events of the leads of a month, by lead and time, and what was offered.

    Attributes
    ----------
    leads, kinds, times : ndarray of int
        Place of the lead within its month, place of the kind in `KINDS`, time.
    offered : ndarray of int
        Places of the leads that got an offer.
    offer_times, list_prices, net_prices, options, options_offered : ndarray of int
        Of each offer.
    delivered : ndarray of int
        Places of the leads whose car is delivered before the records end.
    delivery_times : ndarray of int
        Of each of them.
    """

    leads: IntArray
    kinds: IntArray
    times: IntArray
    offered: IntArray
    offer_times: IntArray
    list_prices: IntArray
    net_prices: IntArray
    options: IntArray
    options_offered: IntArray
    delivered: IntArray
    delivery_times: IntArray


@dataclass
class _Log:
    """Events collected kind by kind."""

    rows: list[IntArray]
    kinds: list[IntArray]
    times: list[IntArray]

    def note(self, kind: str, rows: IntArray, times: FloatArray) -> None:
        self.rows.append(rows)
        self.kinds.append(np.full(len(rows), KINDS.index(kind), dtype=np.int64))
        self.times.append(on_tick(times))

    def sorted_before(self, end: int) -> tuple[IntArray, IntArray, IntArray]:
        rows, kinds, times = (np.concatenate(one) for one in (self.rows, self.kinds, self.times))
        order = np.lexsort((kinds, times, rows))
        order = order[times[order] < end]
        return rows[order], kinds[order], times[order]


def draw_journeys(
    random: np.random.Generator, basis: Basis, leads: Leads, period: str, truth: DealerTruth
) -> Journeys:
    """Draw what happened to the leads of a month, until the records end."""
    log = _Log([], [], [])
    end = basis.end
    carded, carded_at = _answered(random, leads, truth, log)
    _configured(random, basis, leads, (carded, carded_at), log)
    drives = leads.ended[carded] >= TEST_DRIVE
    driven, driven_at = carded[drives], _test_drives(random, leads, carded, carded_at, drives, log)
    _not_driven(random, carded[~drives], carded_at[~drives], log)
    orders = leads.ended[driven] >= ORDER
    rows, driven_on = driven[orders], driven_at[orders]
    gap = np.maximum(HOUR, _lognormal(random, ORDER_DAYS * DAY, ORDER_SPREAD, len(rows)))
    ordered_at = driven_on + gap
    log.note("order", rows, ordered_at)
    delivered, delivered_at = _closed(random, leads, rows, ordered_at, log)
    offered_at = driven_at + random.exponential(1.0, len(driven)) * DAY
    offered_at[orders] = ordered_at - random.random(len(rows)) * np.minimum(DAY, gap)
    seen = on_tick(offered_at) < end
    prices = _prices(random, basis, leads, driven[seen], period, truth)
    here = on_tick(delivered_at) < end
    return Journeys(
        *log.sorted_before(end),
        driven[seen],
        on_tick(offered_at[seen]),
        *prices,
        delivered[here],
        on_tick(delivered_at[here]),
    )


def _answered(
    random: np.random.Generator, leads: Leads, truth: DealerTruth, log: _Log
) -> tuple[IntArray, FloatArray]:
    """First responses and cards; every lead that became a card was answered before."""
    created = leads.created.astype(np.float64)
    card = leads.ended >= CARD
    answered = card | (leads.valid & (random.random(len(created)) < ANSWERED))
    hours = truth.response_hours[leads.dealers]
    delay = _lognormal(random, hours * HOUR, RESPONSE_SPREAD, len(created))
    at = created + np.maximum(delay, TICK)
    log.note("response", np.flatnonzero(answered), at[answered])
    rows = np.flatnonzero(card)
    carded_at = at[rows] + TICK + random.exponential(1.5, len(rows)) * HOUR
    log.note("card", rows, carded_at)
    return rows, carded_at


def _configured(
    random: np.random.Generator,
    basis: Basis,
    leads: Leads,
    carded: tuple[IntArray, FloatArray],
    log: _Log,
) -> None:
    rows, carded_at = carded
    online = [basis.channels.index(name) for name in ("web", "app")]
    chance = np.where(np.isin(leads.channels[rows], online), CONFIGURED_ONLINE, CONFIGURED)
    done = random.random(len(rows)) < chance
    later = random.exponential(2.0, len(rows)) * DAY
    log.note("configured", rows[done], (carded_at + later)[done])


def _test_drives(
    random: np.random.Generator,
    leads: Leads,
    carded: IntArray,
    carded_at: FloatArray,
    drives: BoolArray,
    log: _Log,
) -> FloatArray:
    """Bookings, missed and kept, and the drives; return when each was."""
    rows, ready = carded[drives], carded_at[drives]
    wished = leads.created[rows] + _lognormal(random, DRIVE_DAYS * DAY, DRIVE_SPREAD, len(rows))
    at = np.maximum(in_opening_hours(random, wished), ready + 3 * HOUR)
    booked = ready + random.random(len(rows)) * np.minimum(DAY, 0.3 * (at - ready))
    log.note("test_drive_booked", rows, booked)
    missed = random.random(len(rows)) < MISSED_FIRST
    missed_at = booked + random.uniform(0.3, 0.6, len(rows)) * (at - booked)
    log.note("no_show", rows[missed], missed_at[missed])
    again = missed_at + 0.3 * (at - missed_at)
    log.note("test_drive_booked", rows[missed], again[missed])
    log.note("visit", rows, at - random.uniform(0.2, 0.8, len(rows)) * HOUR)
    log.note("test_drive", rows, at)
    return at


def _not_driven(
    random: np.random.Generator, rows: IntArray, carded_at: FloatArray, log: _Log
) -> None:
    """People with a card who never drove: some missed their booking, some came to look."""
    wished = carded_at + _lognormal(random, DRIVE_DAYS * DAY, DRIVE_SPREAD, len(rows))
    at = np.maximum(in_opening_hours(random, wished), carded_at + 3 * HOUR)
    chance = random.random(len(rows))
    missed, visits = chance < MISSED, (chance >= MISSED) & (chance < MISSED + VISITS)
    booked = carded_at + random.random(len(rows)) * np.minimum(DAY, 0.3 * (at - carded_at))
    log.note("test_drive_booked", rows[missed], booked[missed])
    log.note("no_show", rows[missed], at[missed])
    log.note("visit", rows[visits], at[visits])


def _closed(
    random: np.random.Generator, leads: Leads, rows: IntArray, ordered_at: FloatArray, log: _Log
) -> tuple[IntArray, FloatArray]:
    """Cancellations and deliveries; return the deliveries."""
    kept = leads.ended[rows] == DELIVERY
    cancelled = ordered_at + HOUR + random.exponential(CANCEL_DAYS, len(rows)) * DAY
    log.note("cancel", rows[~kept], cancelled[~kept])
    ready = ordered_at + _lognormal(random, DELIVERY_DAYS * DAY, DELIVERY_SPREAD, len(rows))
    delivered_at = np.maximum(in_opening_hours(random, ready), ordered_at + HOUR)
    log.note("delivery", rows[kept], delivered_at[kept])
    return rows[kept], delivered_at[kept]


def _prices(
    random: np.random.Generator,
    basis: Basis,
    leads: Leads,
    rows: IntArray,
    period: str,
    truth: DealerTruth,
) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """List prices, net prices, options taken and offered: around the sales table, with each dealer's own habit."""
    region, product = leads.regions[rows], leads.products[rows]
    lists, nets = basis.prices(period)[:, region, product]
    scatter = random.normal(0, NET_SPREAD, len(rows))
    scatter += truth.net_offsets[leads.dealers[rows]]
    nets = np.round(nets * np.exp(scatter) / PRICE_STEP) * PRICE_STEP
    offered = truth.options_offered[product]
    taken = random.binomial(offered, truth.take_rates[product])
    return (
        lists.astype(np.int64),
        np.minimum(nets, lists).astype(np.int64),
        taken.astype(np.int64),
        offered,
    )


def _lognormal(
    random: np.random.Generator, median: float | FloatArray, spread: float, count: int
) -> FloatArray:
    return np.asarray(median * np.exp(random.normal(0, spread, count)))
