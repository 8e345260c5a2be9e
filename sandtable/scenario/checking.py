"""Does a scenario say something about its data set? Names, amounts, dates; each fault at its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, get_args

import pandas as pd

from sandtable.data.loading import DataSet
from sandtable.documents import Document, Place
from sandtable.errors import did_you_mean
from sandtable.scenario.base import periods_of, regions_of
from sandtable.scenario.levers import Lever, lever_table
from sandtable.scenario.model import LeverMove, ResponseMode, Rivals, Scenario
from sandtable.units import Change, parse_change, parse_value

MODES: tuple[ResponseMode, ...] = get_args(ResponseMode)
NEEDS_LEADS = ("lead_volume", "conversion")


@dataclass
class Checker:
    """Holds one document against a data set and notes what does not fit."""

    document: Document
    data_set: DataSet

    @cached_property
    def products(self) -> pd.DataFrame:
        """The products table, by product."""
        return self.data_set.tables["products"].set_index("product")

    @cached_property
    def firms(self) -> list[str]:
        """All firms, by name."""
        return sorted(self.products["firm"].unique())

    @cached_property
    def money_unit(self) -> str:
        """The unit that an amount of money may carry; empty where the data set counts in thousands or the like."""
        metadata = self.data_set.metadata
        return metadata.currency if metadata.money_unit == metadata.currency else ""

    def check_names(self, parameters: str | None, own_firm: str | None) -> None:
        """Check the parameter set and the own firm."""
        known = self.data_set.parameter_sets
        if parameters is not None and parameters not in known:
            self.document.fault(
                ("parameters",),
                f"no parameter set is called '{parameters}'{did_you_mean(parameters, known)}",
            )
        if own_firm is not None:
            self._known(("own_firm",), "firm", own_firm, self.firms)

    def horizon(self, first: str | int, last: str | int | None) -> tuple[str, ...]:
        """Return the periods of a horizon; none when it does not fit."""
        start = self._period(("horizon", "from"), first)
        end = start if last is None else self._period(("horizon", "to"), last)
        if start is None or end is None:
            return ()
        if end < start:
            self.document.fault(("horizon", "to"), f"is {end}, before 'from' ({start}).")
        return tuple(period for period in periods_of(self.data_set) if start <= period <= end)

    def rivals(self, entries: Any, inherited: Rivals) -> Rivals:
        """Return the response modes, laid over those of the extended file."""
        default, by_firm = inherited.default, dict(inherited.by_firm)
        for name, mode in entries.items() if isinstance(entries, Mapping) else ():
            place = ("rivals", str(name))
            if not isinstance(mode, str):
                continue  # its type is already a fault of the file's structure
            if name != "default":
                self._known(place, "firm", name, self.firms)
            if mode not in MODES:
                self.document.fault(place, f"must be {' or '.join(MODES)}, not '{mode}'.")
            elif name == "default":
                default = mode
            else:
                by_firm[name] = mode
        return Rivals(default, tuple(sorted(by_firm.items())))

    def move(self, index: int, entry: Mapping[str, Any], scenario: Scenario) -> LeverMove | None:
        """Turn one item of ``levers:`` into a move; None when it has a fault."""
        place: Place = ("levers", index)
        before = len(self.document.faults)
        table = lever_table()
        lever = table.get(entry["lever"])
        if lever is None:
            name = entry["lever"]
            self.document.fault(
                (*place, "lever"), f"no lever is called '{name}'{did_you_mean(name, table)}"
            )
            return None
        name = entry["lever"]
        self._target(place, name, lever, entry, scenario)
        change, value = self._amount(place, name, lever, entry)
        owner = entry["owner"]
        if owner is not None and name != "ownership":
            self.document.fault(
                (*place, "owner"), "belongs to the lever ownership only; remove it."
            )
        first = self._period((*place, "from"), entry["first"])
        last = self._period((*place, "to"), entry["last"])
        if first is not None and last is not None and last < first:
            self.document.fault((*place, "to"), f"is {last}, before 'from' ({first}).")
        move = LeverMove(
            lever=name,
            product=entry["product"],
            firm=entry["firm"],
            region=entry["region"],
            change=change,
            value=value,
            owner=owner,
            first=first,
            last=last,
        )
        if len(self.document.faults) == before:
            self._reach(place, move, lever, scenario)
            if self._stands_twice(index, move):
                self.document.fault(
                    place, "stands twice with the same target and dates; keep one of them."
                )
        return move if len(self.document.faults) == before else None

    def _stands_twice(self, index: int, move: LeverMove) -> bool:
        seen: dict[tuple[str | None, ...], int] = self.__dict__.setdefault("_seen", {})
        return seen.setdefault(move.key, index) != index

    def _known(self, place: Place, kind: str, name: str, known: list[str]) -> bool:
        if name in known:
            return True
        self.document.fault(place, f"no {kind} is called '{name}'{did_you_mean(name, known)}")
        return False

    def _period(self, place: Place, value: str | int | None) -> str | None:
        if value is None:
            return None
        periods = periods_of(self.data_set)
        if str(value) not in periods:
            self.document.fault(
                place,
                f"'{value}' is not an observed period; expected {periods[0]} to {periods[-1]}, "
                f"written like {periods[-1]}.",
            )
            return None
        return str(value)

    def _target(
        self, place: Place, name: str, lever: Lever, entry: Mapping[str, Any], scenario: Scenario
    ) -> None:
        product, firm, region = entry["product"], entry["firm"], entry["region"]
        own_firm = scenario.own_firm or self.data_set.metadata.own_firm
        if lever.scope == "market":
            for field in ("product", "firm"):
                if entry[field] is not None:
                    self.document.fault(
                        (*place, field), f"the lever {name} acts on the whole market; remove it."
                    )
        elif (product is None) == (firm is None):
            wanted = "product" if lever.scope == "product" else "product or firm"
            what = "names both a product and a firm" if product else "names nothing to act on"
            self.document.fault(place, f"{what}; give one {wanted}.")
        elif firm is not None and lever.scope == "product":
            self.document.fault((*place, "firm"), f"the lever {name} acts on a product; name one.")
        if product is not None and self._known(
            (*place, "product"), "product", product, list(self.products.index)
        ):
            self._own(
                (*place, "product"), name, lever, self.products.loc[product, "firm"], own_firm
            )
        if firm is not None and self._known((*place, "firm"), "firm", firm, self.firms):
            self._own((*place, "firm"), name, lever, firm, own_firm)
        if region is not None:
            areas = list(self.data_set.metadata.areas)
            self._known(
                (*place, "region"), "region", region, [*regions_of(self.data_set, None), *areas]
            )
        if name == "ownership":
            self._owner(place, firm, entry["owner"])
        if name in NEEDS_LEADS and "funnel" not in self.data_set.tables:
            self.document.fault(
                (*place, "lever"), f"needs leads, but {self.data_set.name} has no funnel table."
            )

    def _own(self, place: Place, name: str, lever: Lever, firm: str, own_firm: str) -> None:
        if lever.products == "own" and firm != own_firm:
            hint = "; use rival_price for another firm's price" if lever.unit == "money" else ""
            self.document.fault(
                place,
                f"the lever {name} is for products of {own_firm}, this one is {firm}'s{hint}.",
            )

    def _owner(self, place: Place, firm: str | None, owner: str | None) -> None:
        if owner is None:
            self.document.fault((*place, "owner"), "is missing; name the firm that takes over.")
        elif self._known((*place, "owner"), "firm", owner, self.firms) and owner == firm:
            self.document.fault((*place, "owner"), f"{owner} already owns its products.")

    def _amount(
        self, place: Place, name: str, lever: Lever, entry: Mapping[str, Any]
    ) -> tuple[Change | None, float | None]:
        given = [field for field in ("change", "value") if entry[field] is not None]
        if not lever.change:
            for field in given:
                self.document.fault(
                    (*place, field), f"the lever {name} takes no amount; remove it."
                )
            return None, None
        wanted = " or ".join(
            dict.fromkeys("value" if kind == "value" else "change" for kind in lever.change)
        )
        if len(given) != 1:
            what = "gives both change and value" if given else "gives no amount"
            self.document.fault(place, f"{what}; give {'one ' if given else ''}{wanted}.")
            return None, None
        field = given[0]
        unit = {"money": self.money_unit}.get(lever.unit, lever.unit)
        try:
            if field == "value":
                change, value = None, parse_value(entry["value"], unit=unit)
            else:
                change, value = parse_change(entry["change"], unit=unit), None
        except ValueError as error:
            self.document.fault((*place, field), str(error))
            return None, None
        kind = "value" if change is None else change.kind
        if kind not in lever.change:
            example = "a change in per cent" if lever.change == ["relative"] else wanted
            self.document.fault((*place, field), f"the lever {name} takes {example}.")
        elif change is not None and change.kind == "relative" and change.amount <= -1:
            self.document.fault((*place, field), "is -100 % or less; it must leave something.")
        elif value is not None and (value < 0 or (value == 0 and name != "customer_cash")):
            self.document.fault((*place, field), f"is {value:g}; it must be above 0.")
        return change, value

    def _reach(self, place: Place, move: LeverMove, lever: Lever, scenario: Scenario) -> None:
        """A move must act on something that is sold, and leave a price above 0."""
        run = scenario.periods or periods_of(self.data_set)[-1:]
        acting = [period for period in run if move.acts_in(period)]
        if not acting:
            self.document.fault(
                place, f"acts in none of the periods that are run ({run[0]} to {run[-1]})."
            )
            return
        if lever.scope == "market":
            return
        sales = self.data_set.tables["sales"]
        targets = (
            [move.product]
            if move.product
            else list(self.products.index[self.products["firm"] == move.firm])
        )
        sold = sales[
            sales["period"].isin(acting)
            & sales["region"].isin(regions_of(self.data_set, move.region))
            & sales["product"].isin(targets)
            & (sales["units"] > 0)
        ]
        where = f" in {move.region}" if move.region else ""
        if sold.empty:
            self.document.fault(
                place,
                f"{move.product or move.firm} sells nothing{where} in {acting[0]}"
                + (f" to {acting[-1]}." if len(acting) > 1 else "."),
            )
        elif lever.unit == "money":
            self._price_left(place, move, sold)

    def _price_left(self, place: Place, move: LeverMove, sold: pd.DataFrame) -> None:
        net = sold["net_price"]
        if move.lever == "customer_cash":
            left = net - (move.value or 0.0)
        elif move.lever == "net_price":
            left = net if move.change is None else net.map(move.change.applied_to)
        else:
            listed = sold["list_price"]
            left = (
                net
                - listed
                + (listed.map(move.change.applied_to) if move.change else (move.value or 0.0))
            )
        if (left <= 0).any():
            row = sold.iloc[int(left.to_numpy().argmin())]
            self.document.fault(
                place,
                f"would leave {row['product']} a net price of {left.min():,.6g} in {row['region']}; "
                "a price must stay above 0.",
            )
