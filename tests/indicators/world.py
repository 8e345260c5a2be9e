"""The tables of a data set in plain pandas: rows with their cells, and the parts that figures are made of."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

WHOLE = "(whole)"


@dataclass(frozen=True)
class Part:
    """Rows with cells, and what to do with them."""

    rows: pd.DataFrame
    how: str
    value: str = ""
    fixed: tuple[str, ...] = ()
    scaled: bool = False
    over_months: str = ""


@dataclass
class World:
    """The tables of one data set as pandas frames, with what its metadata say."""

    tables: Mapping[str, pd.DataFrame]
    own_firm: str
    price_bands: Sequence[float]
    sample: float
    end: pd.Timestamp  # first moment not known

    @cached_property
    def bands(self) -> pd.Series:
        sales = self.tables["sales"]
        last = sales.groupby("product")["period"].transform("max")
        price = sales[sales["period"] == last].groupby("product")["list_price"].mean()
        edges = [int(edge) for edge in self.price_bands]
        names = [f"<{edges[0]}"]
        names += [f"{low}-{high}" for low, high in itertools.pairwise(edges)]
        names += [f"{edges[-1]}+"]
        return price.map(lambda one: names[int(np.searchsorted(edges, one, side="right"))])

    @cached_property
    def firms(self) -> pd.Series:
        return self.tables["products"].set_index("product")["firm"]

    @cached_property
    def served(self) -> set[str]:
        own = self.firms[self.firms == self.own_firm].index
        return set(self.bands.reindex(own).dropna())

    def _dressed(self, rows: pd.DataFrame) -> pd.DataFrame:
        if "product" in rows:
            rows["model"] = rows["product"]
            rows["price_band"] = rows["product"].map(self.bands)
            rows["firm"] = rows["product"].map(self.firms)
        return rows

    def _months(self, rows: pd.DataFrame, column: str) -> pd.DataFrame:
        values = rows[column]
        if isinstance(values.dtype, pd.DatetimeTZDtype):
            rows = rows[values < self.end].copy()
            rows["month"] = rows[column].dt.tz_convert("UTC").dt.strftime("%Y-%m")
        else:
            rows["month"] = values
        return rows

    @cached_property
    def sales(self) -> pd.DataFrame:
        return self._months(self._dressed(self.tables["sales"].copy()), "period")

    @cached_property
    def media(self) -> pd.DataFrame:
        return self._months(self.tables["media"].copy(), "period")

    @cached_property
    def rivals(self) -> pd.DataFrame:
        return self._months(self.tables["competitor_indicators"].copy(), "period")

    @cached_property
    def funnel(self) -> pd.DataFrame:
        return self._months(self._dressed(self.tables["funnel"].copy()), "period")

    @cached_property
    def exposures(self) -> pd.DataFrame:
        return self.tables["exposures"].copy()

    @cached_property
    def leads(self) -> pd.DataFrame:
        return self._months(self._dressed(self._known_leads()), "created_at")

    def _known_leads(self) -> pd.DataFrame:
        """Leads with the person behind the prospect, as OneID says."""
        person = self.tables["persons"].set_index("prospect")["person"]
        leads = self.tables["leads"]
        return leads.assign(person=leads["prospect"].map(person))

    @cached_property
    def events(self) -> pd.DataFrame:
        known = self._dressed(self._known_leads()).drop(columns="dealer")
        rows = self.tables["lead_events"].merge(known, on="lead", how="left", validate="m:1")
        return self._months(rows, "at")

    @cached_property
    def offers(self) -> pd.DataFrame:
        channel = self.tables["leads"].set_index("lead")["channel"]
        rows = self._dressed(self.tables["offers"].copy())
        rows["channel"] = rows["lead"].map(channel)
        return self._months(rows, "at")

    @cached_property
    def stock(self) -> pd.DataFrame:
        rows = self._dressed(self.tables["stock"].copy())
        rows["region"] = rows["dealer"].map(self.tables["dealers"].set_index("dealer")["region"])
        return rows

    @cached_property
    def targets(self) -> pd.DataFrame:
        return self._dressed(self.tables["targets"].copy())

    @cached_property
    def owners(self) -> pd.DataFrame:
        return self._dressed(self.tables["owners"].copy())

    def _of_owners(self, name: str) -> pd.DataFrame:
        dims = self.owners[["owner", "region", "dealer", "model", "price_band"]]
        rows = self.tables[name].drop(columns="dealer", errors="ignore")
        return rows.merge(dims, on="owner", how="left", validate="m:1")

    @cached_property
    def activity(self) -> pd.DataFrame:
        return self._of_owners("owner_activity")

    @cached_property
    def visits(self) -> pd.DataFrame:
        return self._months(self._of_owners("service_visits"), "at")

    @cached_property
    def surveys(self) -> pd.DataFrame:
        return self._months(self._of_owners("surveys"), "at")

    @cached_property
    def leavers(self) -> pd.DataFrame:
        rows = self.owners.dropna(subset=["left_at"])
        return self._months(rows, "left_at")

    # Parts ------------------------------------------------------------------------------------

    def happened(self, kind: str) -> Part:
        return Part(self.events[self.events["kind"] == kind], "people", "lead", scaled=True)

    def units(self, *, own: bool = False, rows: pd.DataFrame | None = None, **more: object) -> Part:
        chosen = self.sales if rows is None else rows
        return Part(
            chosen[chosen["firm"] == self.own_firm] if own else chosen, "sum", "units", **more
        )  # type: ignore[arg-type]

    def money(self, price: str, *, rows: pd.DataFrame | None = None) -> Part:
        chosen = (self.sales if rows is None else rows).copy()
        chosen["worth"] = chosen["units"] * chosen[price]
        return Part(chosen, "sum", "worth")

    @property
    def own_sales(self) -> pd.DataFrame:
        return self.sales[self.sales["firm"] == self.own_firm]

    @property
    def served_rows(self) -> pd.DataFrame:
        return self.sales[self.sales["price_band"].isin(self.served)]

    @property
    def served_rivals(self) -> pd.DataFrame:
        rows = self.served_rows
        return rows[rows["firm"] != self.own_firm]

    def firsts(self, kind: str) -> pd.DataFrame:
        rows = self.events[self.events["kind"] == kind].sort_values(["lead", "at", "event"])
        return rows.drop_duplicates("lead").copy()

    def waits(self, kind: str, unit: str, *, since: pd.Series | None = None, how: str) -> Part:
        rows = self.firsts(kind)
        start = rows["created_at"] if since is None else rows["lead"].map(since)
        rows["wait"] = (rows["at"] - start) / pd.Timedelta(1, unit=unit)  # type: ignore[call-overload]
        return Part(rows.dropna(subset=["wait"]), how, "wait")

    def ripe(self, rows: pd.DataFrame, days: int) -> pd.DataFrame:
        rows = rows[rows["created_at"] + pd.Timedelta(days=days) <= self.end].copy()
        rows["month"] = rows["created_at"].dt.tz_convert("UTC").dt.strftime("%Y-%m")
        return rows

    def cohort(self, kinds: list[str], after: int, within: int) -> pd.DataFrame:
        dealer = self.tables["leads"].set_index("lead")["dealer"]
        rows = self.ripe(self.events[self.events["kind"].isin(kinds)], within)
        rows["dealer"] = rows["lead"].map(dealer)
        wait = rows["at"] - rows["created_at"]
        return rows[(wait >= pd.Timedelta(days=after)) & (wait < pd.Timedelta(days=within))]
