"""Does a scenario say something about its data set? Names, amounts, dates; each fault at its place."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sandtable.data.loading import DataSet
from sandtable.documents import Document, Place
from sandtable.errors import did_you_mean
from sandtable.scenario.known import Known
from sandtable.scenario.levers import lever_table
from sandtable.scenario.model import FURTHER_TARGETS, LeverMove, Rivals, Scenario
from sandtable.scenario.move_faults import move_faults, period_fault
from sandtable.scenario.reach import reach_fault
from sandtable.scenario.supplying import read_number, read_response
from sandtable.units import parse_change, parse_value


@dataclass
class Checker:
    """Holds one document against a data set and notes what does not fit."""

    document: Document
    data_set: DataSet

    @cached_property
    def known(self) -> Known:
        """What the file may name."""
        return Known.of(self.data_set)

    def own_firm(self, name: str | None) -> str | None:
        """Return the own firm that a file names; None when it names none, or one that does not exist."""
        known = name is not None and self._known(("own_firm",), "firm", name, self.known.firms)
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
            return self.known.periods
        if count is not None:
            if last is not None:
                self.document.fault(
                    ("horizon",), "gives both 'to' and 'periods'; keep one of them."
                )
            left = self.known.periods[self.known.periods.index(start) :]
            if count > len(left):
                place = ("horizon", "periods")
                self.document.fault(
                    place, f"is {count}; from {start} there are {len(left)} periods, to {left[-1]}."
                )
            return left[:count]
        if end < start:
            self.document.fault(("horizon", "to"), f"is {end}, before 'from' ({start}).")
            return self.known.periods
        return tuple(period for period in self.known.periods if start <= period <= end)

    def rivals(self, entries: Any, inherited: Rivals) -> Rivals:
        """Return the response modes, laid over those of the extended file."""
        default, by_firm = inherited.default, dict(inherited.by_firm)
        for name, entry in entries.items() if isinstance(entries, Mapping) else ():
            place = ("rivals", str(name))
            if name != "default":
                self._known(place, "firm", name, self.known.firms)
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
        move, unread = self._read(entry)
        for field, sentence in move_faults(move, scenario, self.known, unread):
            self.document.fault((*place, *(field.split(".", 1) if field else ())), sentence)
        if len(self.document.faults) == before:
            problem = reach_fault(move, lever, scenario, self.data_set)
            if problem:
                self.document.fault(place, problem)
            if self._stands_twice(index, move):
                self.document.fault(
                    place, "stands twice with the same target and dates; keep one of them."
                )
        return move if len(self.document.faults) == before else None

    def _read(self, entry: Mapping[str, Any]) -> tuple[LeverMove, dict[str, str]]:
        """Turn an entry into a move, and say what of it could not be read."""
        unread: dict[str, str] = {}
        lever = lever_table()[entry["lever"]]
        unit = self.known.unit_of(lever.unit, entry["characteristic"])
        amounts: dict[str, Any] = {}
        for field, parse in (("change", parse_change), ("value", parse_value)):
            if entry[field] is not None:
                try:
                    amounts[field] = parse(entry[field], unit=unit)
                except ValueError as error:
                    unread[field] = str(error)
        terms = {}
        for term, value in (entry["terms"] or {}).items():
            number = read_number(value)
            if number is None:
                unread[f"terms.{term}"] = "must be a number such as 60 or 4.5 %."
            else:
                terms[term] = number
        as_they_are = ("lever", "product", "firm", "region", "owner", *FURTHER_TARGETS)
        move = LeverMove(
            **{field: entry[field] for field in as_they_are},
            **amounts,
            first=_text(entry["first"]),
            last=_text(entry["last"]),
            like=_names(entry["like"]),
            characteristics=tuple(sorted((entry["characteristics"] or {}).items())),
            terms=tuple(sorted(terms.items())),
        )
        return move, unread

    def check_given(self, index: int, entry: Mapping[str, Any]) -> None:
        """Check the names of an item that cannot be understood as a whole, so that they need no second pass."""
        known: dict[str, Collection[str]] = {
            "lever": lever_table(),
            "product": self.known.firm_of,
            "firm": self.known.firms,
            "region": self.known.regions_and_areas,
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
            firm = move.firm or self.known.firm_of.get(move.product or "", "")
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
        periods = self.known.periods
        if str(value) not in periods:
            self.document.fault(place, period_fault(str(value), self.known))
            return None
        return str(value)


def _text(value: str | int | None) -> str | None:
    return None if value is None else str(value)


def _names(value: str | list[str] | None) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value or ())
