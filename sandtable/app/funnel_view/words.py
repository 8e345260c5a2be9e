"""How the page on the funnel says things: cars, rates, places, stages, verdicts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from sandtable.app.formatting import MISSING, Format
from sandtable.app.text import Text
from sandtable.diagnosis import Diagnosis
from sandtable.diagnosis.result import COUNTRY, records

Row = dict[str, Any]  # a row of the diagnosis; what is missing is None
UNJUDGED = ("sample_too_small", "mixed_periods")


@dataclass(frozen=True)
class Seen:
    """A diagnosis as one place of it is looked at.

    Attributes
    ----------
    found : Diagnosis
    place : str, optional
        Area or region; None is the country.
    text : Text
    write : Format
    """

    found: Diagnosis
    place: str | None
    text: Text
    write: Format

    @property
    def level(self) -> str:
        """The level of the place: country, area or region."""
        return level_of(self.found, self.place)

    @property
    def name(self) -> str:
        """What the place is called."""
        text = self.text
        return text("all_regions") if self.place is None else self.text.name(self.place)

    def rows(self) -> list[Row]:
        """Return the stages of the place."""
        level = None if self.place is None else self.level
        return records(self.found.rows_of(self.place, level=level))

    def inside(self, level: str) -> list[Row]:
        """Return the rows of one level, region or dealer, that lie in the place."""
        table = self.found.table
        chosen = table["level"] == level
        if self.place is not None:
            chosen &= table[self.level] == self.place
        return records(table[chosen])

    def sure(self) -> list[Row]:
        """Return the sure links of the whole funnel, those that cost most first."""
        return _of(self.found.links(), "sure")

    def not_clear(self) -> list[Row]:
        """Return the links of the place that are not clear yet, those that cost most first."""
        level = None if self.place is None else self.level
        return _of(self.found.links(self.place, level=level), "not_clear")

    def cars(self, value: float | None) -> str:
        """Write cars or customers: to the nearest hundred from 10,000, to ten below."""
        text = self.text
        if value is None:
            return MISSING
        if 0 < value < 5:
            return text("funnel_under_five")
        return self.write.count(round(value, -2 if value >= 10_000 else -1))

    def stage(self, stage: str) -> str:
        """Return what a stage is called."""
        text = self.text
        return text(f"funnel_stage_{stage}")

    def before(self, stage: str) -> str:
        """Return the stage before a stage; without cards leads come before test drives."""
        stages = self.found.counts.stages
        return stages[stages.index(stage) - 1]

    def step(self, stage: str) -> str:
        """Return the step into a stage: card → test drive."""
        text = self.text
        before, after = (text(f"funnel_one_{name}") for name in (self.before(stage), stage))
        return text("funnel_step", before=before, after=after)

    def link_name(self, row: Row) -> str:
        """Return the place of a link with what it is: Sichuan, region."""
        text = self.text
        name = self.text.name(row["place"])
        if row["level"] == "region":
            return text("funnel_region_named", name=name)
        return text("funnel_dealer_named", name=name, region=self.text.name(row["region"]))

    def verdict(self, row: Row) -> str:
        """Return the verdict of a link in words; a link that is not judged says why."""
        text = self.text
        if row["verdict"] == "sample_too_small":
            came = self.write.count(row["n"])
            if row["needed"] is None:
                return text("funnel_small", n=came)
            needed = self.write.count(row["needed"])
            return text("funnel_small_needed", n=came, needed=needed)
        if row["verdict"] == "mixed_periods":
            before, after = self.stage(self.before(row["stage"])), self.stage(row["stage"])
            return text("funnel_mixed", after=after, before=before)
        return text(f"funnel_verdict_{row['verdict']}")


def level_of(found: Diagnosis, place: str | None) -> str:
    """Return the level of a place; the area where an area and a region share a name."""
    if place is None:
        return "country"
    return "area" if place in found.places("area") else "region"


def known_place(found: Diagnosis, place: str | None) -> str | None:
    """Return the place if the funnel has it; a region without dealers shows the country."""
    known = {*found.places("area"), *found.places("region")}
    return place if place in known else None


def sure_loss(found: Diagnosis, place: str | None) -> float:
    """Return the cars a year that sure links in a place cost."""
    level = level_of(found, place)
    table = found.table
    here = (table["level"] == level) & (table["place"] == (COUNTRY if place is None else place))
    return float(table.loc[here, "sure_units_lost"].sum())


def _of(links: pd.DataFrame, verdict: str) -> list[Row]:
    return records(links[links["verdict"] == verdict])
