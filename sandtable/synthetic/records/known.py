"""People who left a lead in the last months and may come back: all that the generator remembers of them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from sandtable.market.primitives import IntArray
from sandtable.synthetic.plan import BoolArray

MONTHS_REMEMBERED = 6


@dataclass
class KnownPeople:
    """People of the last six months by region, with the prospect they stood as.

    Attributes
    ----------
    n_people, n_prospects, n_leads : int
        Numbers given so far.
    """

    n_people: int = 0
    n_prospects: int = 0
    n_leads: int = 0
    months: list[tuple[IntArray, IntArray, IntArray]] = field(default_factory=list)

    def remember(self, people: IntArray, prospects: IntArray, regions: IntArray) -> None:
        """Remember the people of one more month and forget those of the oldest."""
        order = np.argsort(regions, kind="stable")
        self.months.append((people[order], prospects[order], regions[order]))
        del self.months[:-MONTHS_REMEMBERED]

    def drawn(
        self, random: np.random.Generator, rows: IntArray, regions: IntArray
    ) -> tuple[IntArray, IntArray, BoolArray]:
        """Draw a known person of the same region for each row.

        Returns
        -------
        people, prospects : ndarray of int
            Of each row; meaningless where none was found.
        found : ndarray of bool
            False in the first month, and where nobody of the region is known.
        """
        people = np.zeros(len(rows), dtype=np.int64)
        prospects = np.zeros(len(rows), dtype=np.int64)
        found = np.zeros(len(rows), dtype=np.bool_)
        if not self.months:
            return people, prospects, found
        month = random.integers(len(self.months), size=len(rows))
        place = random.random(len(rows))
        for number, (known, known_prospects, homes) in enumerate(self.months):
            mine = np.flatnonzero(month == number)
            first = np.searchsorted(homes, regions[mine], side="left")
            after = np.searchsorted(homes, regions[mine], side="right")
            there = after > first
            mine, first, after = mine[there], first[there], after[there]
            chosen = first + np.floor(place[mine] * (after - first)).astype(np.int64)
            people[mine], prospects[mine] = known[chosen], known_prospects[chosen]
            found[mine] = True
        return people, prospects, found
