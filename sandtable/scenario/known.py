"""What a scenario may name: the products, firms, places, channels and periods of its data set."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from sandtable.data.kept import Kept
from sandtable.data.loading import DataSet
from sandtable.funnel.stages import STAGES
from sandtable.scenario.calendar import coming_periods, periods_of, regions_of


@dataclass(frozen=True)
class Known:
    """The names of one data set, each looked up once."""

    data_set: DataSet

    @classmethod
    def of(cls, data_set: DataSet) -> Known:
        """Return the names of a data set; kept in memory for the next call."""
        key = (data_set.fingerprint, frozenset(data_set.tables))
        return _known.get(key, lambda: cls(data_set))

    @cached_property
    def firm_of(self) -> dict[str, str]:
        """Firm of each product."""
        table = self.data_set.tables["products"]
        return dict(zip(table["product"].tolist(), table["firm"].tolist(), strict=True))

    @cached_property
    def firms(self) -> list[str]:
        """All firms, by name."""
        return sorted(set(self.firm_of.values()))

    @cached_property
    def regions_and_areas(self) -> list[str]:
        """All that a lever may name as its region."""
        return [*regions_of(self.data_set, None), *self.data_set.metadata.areas]

    @cached_property
    def observed(self) -> tuple[str, ...]:
        """Observed periods, oldest first."""
        return periods_of(self.data_set)

    @cached_property
    def periods(self) -> tuple[str, ...]:
        """All periods that may be run, observed and coming, oldest first."""
        return (*self.observed, *coming_periods(self.data_set))

    @cached_property
    def money_unit(self) -> str:
        """The unit that an amount of money may carry; empty where the data set counts in thousands or the like."""
        metadata = self.data_set.metadata
        return metadata.currency if metadata.money_unit == metadata.currency else ""

    @cached_property
    def leads_of(self) -> frozenset[str]:
        """Products with a funnel."""
        table = self.data_set.tables.get("funnel")
        return frozenset() if table is None else frozenset(table["product"].unique())

    @cached_property
    def spending_firms(self) -> frozenset[str]:
        """Firms whose brands stand in the media table."""
        table = self.data_set.tables.get("media")
        if table is None:
            return frozenset()
        products = self.data_set.tables["products"]
        spending = products["brand"].isin(table["brand"].unique())
        return frozenset(products.loc[spending, "firm"])

    @cached_property
    def firms_with_dealers(self) -> frozenset[str]:
        """Firms whose brands stand in the dealers table."""
        table = self.data_set.tables.get("dealers")
        if table is None:
            return frozenset()
        products = self.data_set.tables["products"]
        return frozenset(products.loc[products["brand"].isin(table["brand"].unique()), "firm"])

    @cached_property
    def further(self) -> dict[str, list[str]]:
        """What a lever may name beside its target, by the name of the field; empty where the data set has none."""
        tables = self.data_set.tables

        def values(table: str, column: str) -> list[str]:
            if table not in tables or column not in tables[table]:
                return []
            return sorted(tables[table][column].dropna().unique().tolist())

        attributes = self.data_set.metadata.attributes
        return {
            "channel": values("media", "channel"),
            "stage": [name for name in STAGES[1:] if name in tables.get("funnel", ())],
            "dealer": values("dealers", "dealer"),
            "powertrain": values("products", "powertrain"),
            "characteristic": [name for name, it in attributes.items() if it.table == "products"],
        }

    def unit_of(self, unit: str, characteristic: str | None = None) -> str:
        """Return the unit that an amount of a lever may carry, from the unit of its entry in the lever table."""
        if unit == "money":
            return self.money_unit
        if unit == "characteristic":
            attribute = self.data_set.metadata.attributes.get(characteristic or "")
            return "" if attribute is None else attribute.unit
        return unit


_known = Kept[tuple[str, frozenset[str]], Known](limit=8)
