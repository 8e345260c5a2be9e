"""A diagnosis: every link with its benchmark, the weak ones in order, and what lifting them would gain."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sandtable.diagnosis.counting import FunnelCounts
from sandtable.errors import Fault, InputError, did_you_mean
from sandtable.funnel.stages import FloatArray, rates_of

COUNTRY = "all"
ORDER = {"sure": 0, "not_clear": 1}  # the other verdicts are no links
LEVELS = ("area", "region", "dealer")
Link = tuple[str, str, str]  # level, place, stage


@dataclass(frozen=True)
class Diagnosis:
    """What the funnel loses, and where.

    Attributes
    ----------
    data_set : str
    sha256 : str
        Hash of the data set.
    counts : FunnelCounts
        What was diagnosed.
    table : DataFrame
        One row for each level (country, area, region, dealer), place and stage; see docs/funnel.md.
    """

    data_set: str
    sha256: str
    counts: FunnelCounts
    table: pd.DataFrame

    def links(self, place: str | None = None, *, level: str | None = None) -> pd.DataFrame:
        """Weak links, the sure ones first, each kind by units lost; column ``rank`` counts from 1.

        Parameters
        ----------
        place : str, optional
            Only links of this area, region or dealer and of what lies in it.
        level : str, optional
            Level of the place, where two levels share a name; by default the widest.

        Raises
        ------
        InputError
            If there is no such place.
        """
        rows = self.table[self.table["verdict"].isin(ORDER)]
        if place is not None:
            level = self._level(place, level)
            column = "place" if level == "dealer" else level
            rows = rows[
                (rows[column] == place) & (rows["level"].isin(LEVELS[LEVELS.index(level) :]))
            ]
        kinds = rows["verdict"].map(ORDER)
        # place and stage decide between equal losses, so that the order never hangs on that of the rows
        ranked = rows.assign(kind=kinds).sort_values(
            ["kind", "units_lost", "level", "place", "stage"],
            ascending=[True, False, True, True, True],
            ignore_index=True,
        )
        ranked.insert(0, "rank", np.arange(1, len(ranked) + 1))
        return ranked.drop(columns=["kind", "sure_units_lost"])

    def drill(self, place: str | None = None, *, level: str | None = None) -> pd.DataFrame:
        """Return what lies directly in a place: areas of the country, regions of an area, dealers of a region.

        Parameters
        ----------
        place : str, optional
            Area, region or dealer; by default the country. Without areas its regions.
        level : str, optional
            See `links`.

        Returns
        -------
        DataFrame
            Rows of `table`; those of a dealer are its own. ``sure_units_lost`` sums the sure links in a place,
            so that each level adds up to the one above.

        Raises
        ------
        InputError
            If there is no such place.
        """
        table = self.table
        if place is None:
            top = "area" if any(self.counts.areas) else "region"
            return table[table["level"] == top].reset_index(drop=True)
        below = {
            "area": (table["level"] == "region") & (table["area"] == place),
            "region": (table["level"] == "dealer") & (table["region"] == place),
            "dealer": (table["level"] == "dealer") & (table["place"] == place),
        }
        return table[below[self._level(place, level)]].reset_index(drop=True)

    def rows_of(self, place: str | None = None, *, level: str | None = None) -> pd.DataFrame:
        """Return the stages of one place; by default of the country. See `links` for the level."""
        level = "country" if place is None else self._level(place, level)
        wanted = (self.table["level"] == level) & (self.table["place"] == (place or COUNTRY))
        return self.table[wanted].reset_index(drop=True)

    def units_gained_if_lifted(self, links: Iterable[Link]) -> float:
        """Cars delivered more in a year if these links reached their benchmarks together.

        Parameters
        ----------
        links : iterable of (level, place, stage)
            Level ``region`` or ``dealer``. A dealer's link and its region's add up on one stage; links of several
            stages multiply.

        Raises
        ------
        InputError
            If a link is unknown or has no benchmark.
        """
        shifts = np.zeros((len(self.counts.stages) - 1, len(self.counts.dealers)))
        faults = []
        for level, place, stage in dict.fromkeys(links):
            row = self.table[
                (self.table["level"] == level)
                & (self.table["place"] == place)
                & (self.table["stage"] == stage)
            ]
            if level not in ("region", "dealer") or row.empty or row["benchmark"].isna().any():
                message = "is no link with a benchmark; take level, place and stage from the table."
                faults.append(Fault(self.data_set, f"{level} {place}, {stage}", message))
                continue
            short = float(row["benchmark"].iloc[0] - row["pooled_rate"].iloc[0])
            where = self.counts.regions if level == "region" else self.counts.dealers
            here = np.array([name == place for name in where])
            shifts[self.counts.stages.index(stage) - 1, here] += max(0.0, short)
        if faults:
            raise InputError(faults)
        return float(gained(self.counts, shifts).sum())

    def to_dict(
        self, *, top: int | None = None, place: str | None = None, level: str | None = None
    ) -> dict[str, Any]:
        """Return the diagnosis as plain values, for JSON; what is missing is None.

        Parameters
        ----------
        top : int, optional
            How many links; by default all.
        place, level : str, optional
            See `links` and `drill`.
        """
        links = self.links(place, level=level)
        sure = links[links["verdict"] == "sure"]
        return {
            "schema": 1,
            "data": {"name": self.data_set, "sha256": self.sha256},
            "periods": list(self.counts.periods),
            "place": COUNTRY if place is None else place,
            "n_sure": len(sure),
            "sure_units_lost": float(sure["units_lost"].sum()),
            "n_not_clear": int((links["verdict"] == "not_clear").sum()),
            "links": records(links if top is None else links.head(top)),
            "stages": records(self.rows_of(place, level=level)),
            "places": records(self.drill(place, level=level)),
        }

    def places(self, level: str) -> list[str]:
        """Return the names of the places of one level: area, region or dealer."""
        found = self.table.loc[self.table["level"] == level, "place"]
        return [str(place) for place in found.drop_duplicates()]

    def _level(self, place: str, level: str | None) -> str:
        """Return the level of a place, or say what was meant."""
        levels = LEVELS if level is None else (level,)
        for found in levels:
            if place in self.places(found):
                return found
        known = [name for found in levels for name in self.places(found)]
        noun = " or ".join(levels)
        message = f"no {noun} of the funnel is called '{place}'{did_you_mean(place, known)}"
        raise InputError([Fault(self.data_set, "funnel", message)])


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table as plain values; what is missing is None."""
    rows = table.astype(object).where(table.notna(), None).to_dict(orient="records")
    return [{str(name): value for name, value in row.items()} for row in rows]


def gained(counts: FunnelCounts, shifts: FloatArray) -> FloatArray:
    """Cars delivered more in a year by each dealer if rates were shifted.

    Parameters
    ----------
    counts : FunnelCounts
    shifts : ndarray, shape (S - 1, D)
        Added to the rate into each stage; no rate goes beyond 1.
    """
    totals = counts.counts.sum(axis=1)
    rates = np.nan_to_num(rates_of(totals))
    lifted = np.clip(rates + shifts, 0.0, np.maximum(rates, 1.0))
    # unshifted rates multiply to the cars delivered, up to rounding; so no shift is exactly no gain
    more = lifted.prod(axis=0) - rates.prod(axis=0)
    return np.asarray(totals[0] * more / counts.years, dtype=np.float64)
