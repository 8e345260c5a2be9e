"""Contacts that several people share: planted on purpose, so that whoever finds people by contacts can be wrong."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from sandtable.market.primitives import IntArray
from sandtable.synthetic.plan import BoolArray
from sandtable.synthetic.records.basis import N_PERIODS, Basis
from sandtable.synthetic.records.cohorts import Leads
from sandtable.synthetic.records.contacts import NO_VALUE, Contacts

PEOPLE_PER_TABLET = 50
TABLETS, FAMILIES = 50, 600  # at scale 1 in fifteen months: a dozen families in a sample of 1 in 50
FAMILY_SIZES = (2, 5)
OWN_DEVICE_SEEN = (
    0.85  # of the members; where it was not, a family looks like one person who changed address
)


@dataclass
class SharedContacts:
    """Tablets of dealers, each signed by fifty people, and phones of families.

    Attributes
    ----------
    tablets : dict of int to int
        Dealer, and people who are still to sign on its tablet.
    families : list of int
        New families in each month.
    """

    tablets: dict[int, int]
    families: list[int] = field(default_factory=list)

    @classmethod
    def planned(cls, basis: Basis, scale: float) -> SharedContacts:
        """Plan tablets for the largest dealers, and spread families over the months."""
        funnel = basis.tables["funnel"]
        leads = funnel[funnel["period"].isin(basis.periods)].groupby("dealer")["leads"].sum()
        largest = leads.sort_values(ascending=False, kind="stable").index
        n_tablets = max(1, round(TABLETS * scale))
        tablets = {basis.dealers.index(code): PEOPLE_PER_TABLET for code in largest[:n_tablets]}
        n_families = max(1, round(FAMILIES * scale * len(basis.periods) / N_PERIODS))
        ends = np.linspace(0, n_families, len(basis.periods) + 1)
        return cls(tablets, np.diff(np.floor(ends)).astype(int).tolist())

    def put(
        self,
        random: np.random.Generator,
        contacts: Contacts,
        leads: Leads,
        walk_in: BoolArray,
        month: int,
    ) -> Contacts:
        """Let some of the new people of a month share; `contacts` are those of the leads that made a prospect."""
        rows = np.flatnonzero(leads.fresh)
        new = ~leads.returning[rows] & leads.valid[rows]
        for dealer, wanted in self.tablets.items():
            here = np.flatnonzero(new & walk_in[rows] & (leads.dealers[rows] == dealer))[:wanted]
            contacts = contacts.with_tablet(here, leads.dealers[rows[here]])
            self.tablets[dealer] = wanted - len(here)
        candidates = random.permutation(np.flatnonzero(new & ~walk_in[rows]))
        homes = leads.regions[rows[candidates]]
        for place in range(self.families[month]):
            region = homes[place % len(homes)] if len(homes) else -1
            size = int(random.integers(*FAMILY_SIZES))
            members = candidates[homes == region][:size]
            seen = random.random(len(members)) < OWN_DEVICE_SEEN
            contacts = _as_family(contacts, members, leads.people[rows[members]], seen)
            left = ~np.isin(candidates, members)
            candidates, homes = candidates[left], homes[left]
        return contacts


def _as_family(
    contacts: Contacts, members: IntArray, people: IntArray, device_seen: BoolArray
) -> Contacts:
    """Give all the phone of the first; each has an e-mail address, and a device where it was seen, of their own."""
    if len(members) < 2:
        return contacts
    phones = np.full(len(members), 2 * people[0])
    devices = np.where(device_seen, 4 * people, NO_VALUE)
    return contacts.with_phones(members, phones).with_own(members, people, devices)
