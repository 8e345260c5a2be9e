"""Does a scenario say something about its data set? Names, amounts, dates; each fault at its place."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from sandtable.data.loading import DataSet
from sandtable.documents import Document, Place
from sandtable.errors import did_you_mean
from sandtable.scenario.base import coming_periods, periods_of, regions_of
from sandtable.scenario.launching import launch_faults, launched_firms
from sandtable.scenario.levers import Lever, lever_table, term_faults
from sandtable.scenario.model import LeverMove, Rivals, Scenario
from sandtable.scenario.reach import reach_fault
from sandtable.scenario.supplying import read_number, read_response
from sandtable.units import Change, parse_change, parse_value

NEEDS_LEADS = ("lead_volume", "conversion")
ZERO_ALLOWED = ("customer_cash", "dealer_cash", "subsidy", "capacity")
FIELDS_OF = {
    "owner": ("ownership", "divestiture"),
    "like": ("launch",),
    "characteristics": ("launch",),
}


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

    @cached_property
    def regions_and_areas(self) -> list[str]:
        """All that a lever may name as its region."""
        return [*regions_of(self.data_set, None), *self.data_set.metadata.areas]

    @cached_property
    def periods(self) -> tuple[str, ...]:
        """All periods that may be run, observed and coming, oldest first."""
        return (*periods_of(self.data_set), *coming_periods(self.data_set))

    def own_firm(self, name: str | None) -> str | None:
        """Return the own firm that a file names; None when it names none, or one that does not exist."""
        known = name is not None and self._known(("own_firm",), "firm", name, self.firms)
        return name if known else None

    def check_parameters(self, parameters: str | None) -> None:
        """Check the parameter set."""
        known = self.data_set.parameter_sets
        if parameters is not None and parameters not in known:
            self.document.fault(
                ("parameters",),
                f"no parameter set is called '{parameters}'{did_you_mean(parameters, known)}",
            )

    def horizon(
        self, first: str | int, last: str | int | None, count: int | None
    ) -> tuple[str, ...]:
        """Return the periods of a horizon, to a last one or so many; all when it has a fault."""
        start = self._period(("horizon", "from"), first)
        end = start if last is None else self._period(("horizon", "to"), last)
        if start is None or end is None:
            return self.periods
        if count is not None:
            if last is not None:
                self.document.fault(
                    ("horizon",), "gives both 'to' and 'periods'; keep one of them."
                )
            left = self.periods[self.periods.index(start) :]
            if count > len(left):
                place = ("horizon", "periods")
                self.document.fault(
                    place, f"is {count}; from {start} there are {len(left)} periods, to {left[-1]}."
                )
            return left[:count]
        if end < start:
            self.document.fault(("horizon", "to"), f"is {end}, before 'from' ({start}).")
            return self.periods
        return tuple(period for period in self.periods if start <= period <= end)

    def rivals(self, entries: Any, inherited: Rivals) -> Rivals:
        """Return the response modes, laid over those of the extended file."""
        default, by_firm = inherited.default, dict(inherited.by_firm)
        for name, entry in entries.items() if isinstance(entries, Mapping) else ():
            place = ("rivals", str(name))
            if name != "default":
                self._known(place, "firm", name, self.firms)
            response = read_response(self.document, place, entry)
            if response is not None and name == "default":
                default = response
            elif response is not None:
                by_firm[name] = response
        return Rivals(default, by_firm.items())

    def move(self, index: int, entry: Mapping[str, Any], scenario: Scenario) -> LeverMove | None:
        """Turn one item of ``levers:`` into a move; None when it has a fault."""
        place: Place = ("levers", index)
        before = len(self.document.faults)
        name = entry["lever"]
        if not self._known((*place, "lever"), "lever", name, lever_table()):
            self.check_given(index, entry)
            return None
        lever = lever_table()[name]
        if name != "launch":
            self._target(place, name, lever, entry, scenario)
        change, value = self._amount(place, name, lever, entry)
        self._fields_of_others(place, name, entry)
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
            owner=entry["owner"],
            first=first,
            last=last,
            like=_names(entry["like"]),
            characteristics=tuple(sorted((entry["characteristics"] or {}).items())),
            terms=self._terms(place, name, entry["terms"] or {}),
        )
        if name == "launch":
            self._launch(place, move)
        if len(self.document.faults) == before:
            problem = reach_fault(move, lever, scenario, self.data_set)
            if problem:
                self.document.fault(place, problem)
            if self._stands_twice(index, move):
                self.document.fault(
                    place, "stands twice with the same target and dates; keep one of them."
                )
        return move if len(self.document.faults) == before else None

    def _fields_of_others(self, place: Place, name: str, entry: Mapping[str, Any]) -> None:
        for field, levers in FIELDS_OF.items():
            if entry[field] is not None and name not in levers:
                verb = "lever" if len(levers) == 1 else "levers"
                self.document.fault(
                    (*place, field),
                    f"belongs to the {verb} {' and '.join(levers)} only; remove it.",
                )

    def _terms(
        self, place: Place, name: str, entry: Mapping[str, Any]
    ) -> tuple[tuple[str, float], ...]:
        given: dict[str, float] = {}
        for term, value in entry.items():
            read = read_number(value)
            if read is None:
                self.document.fault(
                    (*place, "terms", term), "must be a number such as 60 or 4.5 %."
                )
            else:
                given[term] = read
        for term, message in term_faults(name, given):
            if term in given or term not in entry:
                self.document.fault((*place, "terms", term), message)
        return tuple(sorted(given.items()))

    def _launch(self, place: Place, move: LeverMove) -> None:
        for field, message in launch_faults(move, self.data_set):
            self.document.fault((*place, field), message)
        if move.firm is not None:
            self._known((*place, "firm"), "firm", move.firm, self.firms)
        if move.region is not None:
            self._known((*place, "region"), "region", move.region, self.regions_and_areas)

    def check_given(self, index: int, entry: Mapping[str, Any]) -> None:
        """Check the names of an item that cannot be understood as a whole, so that they need no second pass."""
        known: dict[str, Collection[str]] = {
            "lever": lever_table(),
            "product": self.products.index,
            "firm": self.firms,
            "region": self.regions_and_areas,
        }
        for field, names in known.items():
            if isinstance(entry.get(field), str) and entry[field]:
                self._known(("levers", index, field), field, entry[field], names)

    def check_inherited(self, scenario: Scenario, changed: list[str]) -> None:
        """Hold the levers of the extended file against what this one changes under them."""
        for move in scenario.levers if changed else ():
            lever = lever_table()[move.lever]
            target = move.product or move.firm or "the market"
            about = f"the inherited lever {move.lever} of {target}"
            own_firm = scenario.own_firm or self.data_set.metadata.own_firm
            firm = move.firm or str(self.products["firm"].get(move.product, ""))
            if "own_firm" in changed and lever.products == "own" and firm != own_firm:
                self.document.fault(
                    ("own_firm",),
                    f"{about} is for products of {own_firm} only, this one is {firm}'s; "
                    "extend another file or keep the own firm.",
                )
            if "horizon" in changed:
                problem = reach_fault(move, lever, scenario, self.data_set)
                if problem:
                    self.document.fault(("horizon",), f"{about}: {problem}")

    def _stands_twice(self, index: int, move: LeverMove) -> bool:
        seen: dict[tuple[str | None, ...], int] = self.__dict__.setdefault("_seen", {})
        return seen.setdefault(move.key, index) != index

    def _known(self, place: Place, kind: str, name: str, known: Collection[str]) -> bool:
        if name in known:
            return True
        self.document.fault(place, f"no {kind} is called '{name}'{did_you_mean(name, known)}")
        return False

    def _period(self, place: Place, value: str | int | None) -> str | None:
        if value is None:
            return None
        periods = self.periods
        if str(value) not in periods:
            last = periods_of(self.data_set)[-1]
            self.document.fault(
                place,
                f"'{value}' is not a period; expected {periods[0]} to {last}, or up to {periods[-1]} "
                f"beyond the data, written like {last}.",
            )
            return None
        return str(value)

    def _target(
        self, place: Place, name: str, lever: Lever, entry: Mapping[str, Any], scenario: Scenario
    ) -> None:
        product, firm, region = entry["product"], entry["firm"], entry["region"]
        before = len(self.document.faults)
        own_firm = scenario.own_firm or self.data_set.metadata.own_firm
        if lever.scope == "market":
            for field in ("product", "firm"):
                if entry[field] is not None:
                    self.document.fault(
                        (*place, field), f"the lever {name} acts on the whole market; remove it."
                    )
        elif (product is None) == (firm is None) and (product or lever.scope != "any"):
            wanted = "product" if lever.scope == "product" else "product or firm"
            what = "names both a product and a firm" if product else "names nothing to act on"
            self.document.fault(place, f"{what}; name one {wanted}.")
        elif firm is not None and lever.scope == "product":
            self.document.fault((*place, "firm"), f"the lever {name} acts on a product; name one.")
        owner_now = firm
        launched = launched_firms(scenario)
        if product in launched:
            owner_now = launched[product]
            self._own((*place, "product"), name, lever, owner_now, own_firm)
        elif product is not None and self._known(
            (*place, "product"), "product", product, self.products.index
        ):
            owner_now = str(self.products.loc[product, "firm"])
            self._own((*place, "product"), name, lever, owner_now, own_firm)
        if firm is not None and self._known((*place, "firm"), "firm", firm, self.firms):
            self._own((*place, "firm"), name, lever, firm, own_firm)
        if region is not None:
            self._known((*place, "region"), "region", region, self.regions_and_areas)
        if name in FIELDS_OF["owner"]:
            self._owner(place, owner_now, entry)
        if name in NEEDS_LEADS and len(self.document.faults) == before:
            self._leads((*place, "lever"), name, product, firm)

    def _leads(self, place: Place, name: str, product: str | None, firm: str | None) -> None:
        if "funnel" not in self.data_set.tables:
            message = f"the lever {name} needs leads, but {self.data_set.name} has no funnel table."
            self.document.fault(place, message)
            return
        counted = set(self.data_set.tables["funnel"]["product"])
        targets = [product] if product else self.products.index[self.products["firm"] == firm]
        if not counted.intersection(targets):
            message = f"the lever {name} needs leads; the data have none of {product or firm}."
            self.document.fault(place, message)

    def _own(self, place: Place, name: str, lever: Lever, firm: str, own_firm: str) -> None:
        if lever.products == "own" and firm != own_firm:
            hint = "; use rival_price for another firm's price" if lever.unit == "money" else ""
            self.document.fault(
                place,
                f"the lever {name} is for products of {own_firm}, this one is {firm}'s{hint}.",
            )

    def _owner(self, place: Place, owner_now: str | None, entry: Mapping[str, Any]) -> None:
        owner = entry["owner"]
        if owner is None:
            self.document.fault((*place, "owner"), "is missing; name the firm that takes over.")
        elif entry["lever"] == "divestiture":
            if owner in self.firms:
                self.document.fault(
                    (*place, "owner"),
                    f"{owner} exists already; use the lever ownership, or name a new firm.",
                )
        elif self._known((*place, "owner"), "firm", owner, self.firms) and owner == owner_now:
            what = entry["product"] or "its products"
            self.document.fault((*place, "owner"), f"{owner} already owns {what}; name another.")
        if entry["region"] is not None:
            self.document.fault((*place, "region"), "an owner changes everywhere; remove it.")

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
        wanted = _wanted(lever)
        if len(given) != 1:
            what = "gives both change and value" if given else "gives no amount"
            self.document.fault(place, f"{what}; give {wanted}.")
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
            found = "" if "relative" in lever.change and change else f", not a {field}"
            self.document.fault((*place, field), f"the lever {name} takes {wanted}{found}.")
            return None, None
        problem = _beyond_range(name, change, value)
        if name == "rival_price" and value is not None and entry["firm"] is not None:
            problem = (
                f"would set every product of {entry['firm']} to one price; name a product, "
                "or give a change."
            )
        if problem:
            self.document.fault((*place, field), problem)
        return change, value


def _wanted(lever: Lever) -> str:
    """Say which amounts a lever takes."""
    kinds = set(lever.change)
    change = "a change" if {"relative", "absolute"} <= kinds else "a change in per cent"
    words = [change] if kinds - {"value"} else []
    return " or ".join([*words, *(["a value"] if "value" in kinds else [])])


def _names(value: str | list[str] | None) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value or ())


def _beyond_range(name: str, change: Change | None, value: float | None) -> str | None:
    """Say why an amount cannot be; None when it can."""
    if change is not None:
        nothing_left = change.kind == "relative" and change.amount <= -1
        return "is -100 % or less; it must leave something." if nothing_left else None
    assert value is not None
    if name in ZERO_ALLOWED:
        return f"is {value:g}; it must be 0 or more." if value < 0 else None
    return f"is {value:g}; it must be above 0." if value <= 0 else None
