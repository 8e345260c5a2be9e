"""Record tables month by month: what is held between two months are the owners and the people of half a year."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from sandtable.market.primitives import IntArray
from sandtable.synthetic.plan import month_number
from sandtable.synthetic.records import tables as rows_of
from sandtable.synthetic.records.basis import Basis, thinned
from sandtable.synthetic.records.cohorts import Leads, draw_leads
from sandtable.synthetic.records.contacts import draw_contacts
from sandtable.synthetic.records.journeys import DealerTruth, Journeys, draw_journeys
from sandtable.synthetic.records.known import KnownPeople
from sandtable.synthetic.records.owners import LEFT_TO_OWN, Owners, owner_month
from sandtable.synthetic.records.shared import SharedContacts
from sandtable.synthetic.records.times import DAY, TICK, in_opening_hours, month_bounds, on_tick
from sandtable.synthetic.records.whole import exposures_table, stock_table, targets_table

RECORDS_STREAM = 1_000  # apart from the streams of the aggregated tables
PARTS = (
    *("truth", "leads", "contacts", "journeys", "buyers", "owners", "earlier"),
    *("exposures", "stock", "targets"),
)
FIRST_CONTACT_DAYS = 42.0  # before delivery, of owners from before the records

Chunk = dict[str, pa.Table]


def draw_records(basis: Basis, seed: int, scale: float) -> Iterator[tuple[str, Chunk]]:
    """Draw the record tables of a data set, month by month.

    Parameters
    ----------
    basis : Basis
        The aggregated tables and the months.
    seed : int
        Equal seeds give equal rows.
    scale : float
        Records for each lead of the funnel; 0.02 is one in fifty.

    Yields
    ------
    period : str
        The month; the first chunk also holds owners from before, the last one the owners as they stand at the end.
    chunk : dict of str to Table
        New rows by table; the answer key is among them as ``people``.
    """
    state = _State(basis, seed, scale)
    earlier = state.earlier_owners()
    for place, period in enumerate(basis.periods):
        chunk = state.month(period, place)
        if place == 0:
            chunk = {
                name: pa.concat_tables([earlier[name], table]) if name in earlier else table
                for name, table in {**state.whole_tables(), **chunk}.items()
            }
        if place == len(basis.periods) - 1:
            chunk["owners"] = rows_of.owner_rows(basis, state.owners)
        yield period, chunk


@dataclass
class _State:
    """What one month hands to the next."""

    basis: Basis
    seed: int
    scale: float
    owners: Owners = field(default_factory=Owners.nobody)
    known: KnownPeople = field(default_factory=KnownPeople)
    n_events: int = 0
    n_visits: int = 0
    n_surveys: int = 0

    def __post_init__(self) -> None:
        self.truth = DealerTruth.draw(self.random("truth"), self.basis)
        self.shared = SharedContacts.planned(self.basis, self.scale)

    def random(self, part: str, period: str | None = None) -> np.random.Generator:
        """Random numbers of one part of one month, so that a change in one leaves the others alone."""
        month = 0 if period is None else month_number(period)
        return np.random.default_rng([self.seed, RECORDS_STREAM, PARTS.index(part), month])

    def month(self, period: str, place: int) -> Chunk:
        basis = self.basis
        leads = draw_leads(
            self.random("leads", period), basis, period, self.scale, self.known, self.owners
        )
        journeys = draw_journeys(self.random("journeys", period), basis, leads, period, self.truth)
        chunk = self._people(leads, period, place)
        chunk["leads"] = rows_of.lead_rows(basis, leads)
        chunk["lead_events"] = rows_of.event_rows(basis, leads, journeys, self.n_events)
        chunk["offers"] = rows_of.offer_rows(basis, leads, journeys)
        self.n_events += len(journeys.leads)
        self._buy(leads, journeys, period)
        done = owner_month(self.random("owners", period), basis, self.owners, period)
        first = (self.n_visits, self.n_surveys)
        chunk |= rows_of.owner_month_rows(basis, self.owners, done, period, first)
        self.n_visits += len(done.visit_owners)
        self.n_surveys += len(done.survey_owners)
        return chunk

    def _people(self, leads: Leads, period: str, place: int) -> Chunk:
        random = self.random("contacts", period)
        rows = np.flatnonzero(leads.fresh)
        walk_in = leads.channels == self.basis.channels.index("walk_in")
        contacts = draw_contacts(
            random,
            leads.people[rows],
            known=leads.returning[rows],
            valid=leads.valid[rows],
            in_person=walk_in[rows],
        )
        contacts = self.shared.put(random, contacts, leads, walk_in, place)
        numbers = leads.prospects[rows]
        return {
            "prospects": rows_of.prospect_rows(
                self.basis,
                self.seed,
                numbers,
                leads.created[rows],
                contacts,
                (leads.regions[rows], leads.channels[rows]),
            ),
            rows_of.TRUTH: rows_of.truth_rows(numbers, leads.people[rows]),
        }

    def _buy(self, leads: Leads, journeys: Journeys, period: str) -> None:
        """Turn those whose car comes into owners, and let those who bought again leave their old one."""
        rows, times = journeys.delivered, journeys.delivery_times
        fresh = Owners.new(
            self.random("buyers", period),
            leads.people[rows],
            leads.prospects[rows],
            (leads.products[rows], leads.regions[rows], leads.dealers[rows]),
            times,
        )
        old = leads.replaced[rows]
        again = old >= 0
        self.owners.leave(old[again], times[again], np.full(int(again.sum()), LEFT_TO_OWN))
        self.owners = self.owners.and_also(fresh)

    def earlier_owners(self) -> Chunk:
        """Owners from before the records, and the prospects they once were."""
        parts = [self._delivered_in(period) for period in self.basis.earlier]
        if not parts:
            return {}
        dealers, products, delivered = (np.concatenate(one) for one in zip(*parts, strict=True))
        random = self.random("earlier")
        count = len(dealers)
        gap = random.gamma(4, FIRST_CONTACT_DAYS / 4, count) * DAY
        created = np.minimum(on_tick(delivered - gap), delivered - TICK)
        order = np.argsort(created, kind="stable")
        dealers, products = dealers[order], products[order]
        delivered, created = delivered[order], created[order]
        numbers = np.arange(count)
        regions = self.basis.homes[dealers]
        self.owners = Owners.new(random, numbers, numbers, (products, regions, dealers), delivered)
        self.known.n_people = self.known.n_prospects = count
        never = np.zeros(count, dtype=np.bool_)
        contacts = draw_contacts(random, numbers, known=never, valid=~never, in_person=never)
        channels = random.integers(len(self.basis.channels) - 1, size=count)
        places = (regions, channels)
        return {
            "prospects": rows_of.prospect_rows(
                self.basis, self.seed, numbers, created, contacts, places
            ),
            rows_of.TRUTH: rows_of.truth_rows(numbers, numbers),
        }

    def _delivered_in(self, period: str) -> tuple[IntArray, IntArray, IntArray]:
        random = self.random("earlier", period)
        cells = self.basis.cells(period)
        counts = thinned(random, cells.ended[:, -1], self.scale)
        start, after = month_bounds(period)
        when = start + (after - start) * random.random(int(counts.sum()))
        times = np.clip(on_tick(in_opening_hours(random, when)), start, after - TICK)
        return np.repeat(cells.dealers, counts), np.repeat(cells.products, counts), times

    def whole_tables(self) -> Chunk:
        frames = {
            "exposures": exposures_table(self.random("exposures"), self.basis),
            "stock": stock_table(self.random("stock"), self.basis),
            "targets": targets_table(self.random("targets"), self.basis),
        }
        return {name: rows_of.whole_rows(name, frame) for name, frame in frames.items()}
