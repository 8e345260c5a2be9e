"""The leads of a month: how far each went, when and where it came from, and who left it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sandtable.market.primitives import FloatArray, IntArray
from sandtable.synthetic.plan import BoolArray
from sandtable.synthetic.records.basis import Basis, Cells, thinned
from sandtable.synthetic.records.known import KnownPeople
from sandtable.synthetic.records.owners import Owners
from sandtable.synthetic.records.times import DAY, TICK, moments_in_month, month_bounds

LEAD, CARD, TEST_DRIVE, ORDER, DELIVERY = range(5)
INVALID = 2 / 3  # of the leads that no dealer recorded: about 12 % of all
DUPLICATE = 0.077  # of the leads without a test drive: about 6 % of all
DUPLICATE_DAYS = 3.0
RECOGNISED, UNRECOGNISED = 0.04, 0.15  # leads of people known before, as one prospect or a new one
REFERRED_PULL = 1.8  # an order is that much likelier from a referred lead
SAME_RECORD = 0.5  # of the owners who buy again
NOBODY = -1


@dataclass(frozen=True)
class Leads:
    """Leads of a month in the order of dealer and time; one array each.

    Attributes
    ----------
    first : int
        Number of the first lead; the others follow.
    created : ndarray of int
        Time.
    dealers, products, regions, channels, ended : ndarray of int
        Places; the last stage.
    valid, fresh, returning : ndarray of bool
        Whether it is a lead at all; whether it made a new prospect; whether its person was known before.
    prospects, people : ndarray of int
        Who left it.
    referrers, replaced : ndarray of int
        The owner who referred it, and the owner whose car it replaces; -1 for none.
    """

    first: int
    created: IntArray
    dealers: IntArray
    products: IntArray
    regions: IntArray
    channels: IntArray
    ended: IntArray
    valid: BoolArray
    fresh: BoolArray
    returning: BoolArray
    prospects: IntArray
    people: IntArray
    referrers: IntArray
    replaced: IntArray

    @property
    def numbers(self) -> IntArray:
        """Number of each lead."""
        return self.first + np.arange(len(self.created))


@dataclass(frozen=True)
class _Draft:
    """Leads before anybody stands behind them; the place of the lead that each repeats, -1 for none."""

    cells: IntArray
    ended: IntArray
    created: IntArray
    original: IntArray


def draw_leads(
    random: np.random.Generator,
    basis: Basis,
    period: str,
    scale: float,
    known: KnownPeople,
    owners: Owners,
) -> Leads:
    """Draw the leads of a month.

    Parameters
    ----------
    random : Generator
        Random numbers of the month.
    basis : Basis
        The aggregated tables; the leads are thinned from the cells of the funnel, so that at scale 1 every count of
        a cell is met, and below it every rate in expectation.
    period : str
        The month.
    scale : float
        Records for each lead of the funnel.
    known : KnownPeople
        Who may come back; remembers the people of this month.
    owners : Owners
        Who may refer or buy again.
    """
    cells = basis.cells(period)
    draft = _draft(random, cells, period, scale)
    regions = basis.homes[cells.dealers[draft.cells]]
    start, _ = month_bounds(period)
    channels, referrers = _channels(random, basis, period, cells, draft, regions, owners)
    replaced = _replaced(random, cells, draft, regions, owners, start)
    count = len(draft.cells)
    who = _Who.nobody(count)
    who.owners_return(random, owners, replaced)
    who.known_return(random, known, regions, draft.original)
    who.others_are_new(known, draft.original)
    leads = Leads(
        first=known.n_leads,
        created=draft.created,
        dealers=cells.dealers[draft.cells],
        products=cells.products[draft.cells],
        regions=regions,
        channels=channels,
        ended=draft.ended,
        valid=~((draft.ended == LEAD) & (random.random(count) < INVALID)),
        fresh=who.fresh,
        returning=who.returning,
        prospects=who.prospects,
        people=who.people,
        referrers=referrers,
        replaced=replaced,
    )
    known.n_leads += count
    going = leads.fresh & (leads.ended < ORDER)
    known.remember(leads.people[going], leads.prospects[going], regions[going])
    return leads


def _draft(random: np.random.Generator, cells: Cells, period: str, scale: float) -> _Draft:
    counts = thinned(random, cells.ended, scale)
    cell, ended = np.indices(counts.shape).reshape(2, -1)
    cell, ended = np.repeat(cell, counts.ravel()), np.repeat(ended, counts.ravel())
    created = moments_in_month(random, period, len(cell))
    again = (ended < TEST_DRIVE) & (random.random(len(cell)) < DUPLICATE)
    # cells in order, within each those that stand for themselves first: an original is one place among them
    order = np.lexsort((created, again, cell))
    cell, ended, created, again = cell[order], ended[order], created[order], again[order]
    own = np.bincount(cell[~again], minlength=len(cells.dealers))
    first = np.searchsorted(cell, np.arange(len(cells.dealers)))
    original = np.full(len(cell), NOBODY, dtype=np.int64)
    rows = np.flatnonzero(again & (own[cell] > 0))
    place = np.floor(random.random(len(rows)) * own[cell[rows]]).astype(np.int64)
    original[rows] = first[cell[rows]] + place
    _, after = month_bounds(period)
    created[rows] = _later(random, created[original[rows]], after)
    return _in_order(cells.dealers[cell], _Draft(cell, ended, created, original))


def _later(random: np.random.Generator, created: IntArray, after: int) -> IntArray:
    """Some days later, and still in the month."""
    gap = random.exponential(DUPLICATE_DAYS, len(created)) * DAY
    left = (after - created).astype(np.float64)
    gap = np.where(gap < left, gap, left * random.random(len(created)))
    later = created + (gap // TICK + 1).astype(np.int64) * TICK
    return np.asarray(np.minimum(later, after - TICK))


def _in_order(dealers: IntArray, draft: _Draft) -> _Draft:
    """Order leads by dealer and time, which makes small files; at one tick an original stands before its repeats."""
    order = np.lexsort((draft.original >= 0, draft.created, dealers))
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    original = draft.original[order]
    original = np.where(original >= 0, place[original], NOBODY)
    return _Draft(draft.cells[order], draft.ended[order], draft.created[order], original)


def _channels(
    random: np.random.Generator,
    basis: Basis,
    period: str,
    cells: Cells,
    draft: _Draft,
    regions: IntArray,
    owners: Owners,
) -> tuple[IntArray, IntArray]:
    """Where each lead came from, and who referred it."""
    count = len(regions)
    edges = np.cumsum(basis.channel_shares(period), axis=1)
    edges[:, -1] = 1.0
    channels = (random.random(count)[:, None] >= edges[regions]).sum(axis=1)
    ordered = draft.ended >= ORDER
    order_rates = cells.ended[:, ORDER:].sum(axis=1) / np.maximum(cells.ended.sum(axis=1), 1)
    rates = cells.referral_rates / (1 + (REFERRED_PULL - 1) * order_rates)
    chance = rates[draft.cells] * np.where(ordered, REFERRED_PULL, 1.0)
    start, _ = month_bounds(period)
    rows = np.flatnonzero(random.random(count) < chance)
    referrers = np.full(count, NOBODY, dtype=np.int64)
    here = owners.here(start, start)
    referrers[rows] = _of_region(random, here, owners.regions[here], regions[rows])
    referred = referrers >= 0
    return np.where(referred, len(basis.channels) - 1, channels), referrers


def _of_region(
    random: np.random.Generator, candidates: IntArray, homes: IntArray, regions: IntArray
) -> IntArray:
    """Draw a candidate of the region for each; -1 where there is none."""
    order = np.argsort(homes, kind="stable")
    homes = homes[order]
    first = np.searchsorted(homes, regions, side="left")
    after = np.searchsorted(homes, regions, side="right")
    place = first + np.floor(random.random(len(regions)) * (after - first)).astype(np.int64)
    if not len(candidates):
        return np.full(len(regions), NOBODY, dtype=np.int64)
    chosen = candidates[order[np.minimum(place, len(order) - 1)]]
    return np.where(after > first, chosen, NOBODY)


def _replaced(
    random: np.random.Generator,
    cells: Cells,
    draft: _Draft,
    regions: IntArray,
    owners: Owners,
    start: int,
) -> IntArray:
    """Owners who buy again: who replaces whose car, each owner at most once."""
    ordered = draft.ended >= ORDER
    again = ordered & (random.random(len(ordered)) < cells.repeat_rates[draft.cells])
    rows = np.flatnonzero(again)
    replaced = np.full(len(ordered), NOBODY, dtype=np.int64)
    pool = np.flatnonzero(owners.may_buy_again(start))
    chosen = _of_region(random, pool, owners.regions[pool], regions[rows])
    _, once = np.unique(chosen, return_index=True)
    replaced[rows[once]] = chosen[once]
    return replaced


@dataclass
class _Who:
    """Who stands behind each lead, filled in step by step."""

    people: IntArray
    prospects: IntArray
    fresh: BoolArray
    returning: BoolArray

    @classmethod
    def nobody(cls, count: int) -> _Who:
        none = np.full(count, NOBODY, dtype=np.int64)
        no = np.zeros(count, dtype=np.bool_)
        return cls(none, none.copy(), no, no.copy())

    def owners_return(
        self, random: np.random.Generator, owners: Owners, replaced: IntArray
    ) -> None:
        rows = np.flatnonzero(replaced >= 0)
        self.people[rows] = owners.people[replaced[rows]]
        same = random.random(len(rows)) < SAME_RECORD
        self.prospects[rows[same]] = owners.prospects[replaced[rows[same]]]
        self.returning[rows] = True

    def known_return(
        self,
        random: np.random.Generator,
        known: KnownPeople,
        regions: IntArray,
        original: IntArray,
    ) -> None:
        chance: FloatArray = random.random(len(self.people))
        rows = np.flatnonzero(
            (self.people < 0) & (original < 0) & (chance < RECOGNISED + UNRECOGNISED)
        )
        people, prospects, found = known.drawn(random, rows, regions[rows])
        rows, people, prospects = rows[found], people[found], prospects[found]
        self.people[rows] = people
        same = chance[rows] < RECOGNISED
        self.prospects[rows[same]] = prospects[same]
        self.returning[rows] = True

    def others_are_new(self, known: KnownPeople, original: IntArray) -> None:
        repeats = original >= 0
        new = np.flatnonzero((self.people < 0) & ~repeats)
        self.people[new] = known.n_people + np.arange(len(new))
        known.n_people += len(new)
        fresh = np.flatnonzero((self.prospects < 0) & ~repeats)
        self.prospects[fresh] = known.n_prospects + np.arange(len(fresh))
        known.n_prospects += len(fresh)
        self.fresh[fresh] = True
        self.people[repeats] = self.people[original[repeats]]
        self.prospects[repeats] = self.prospects[original[repeats]]
