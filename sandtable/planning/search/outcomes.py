"""What a search hands back: levers, measures, what binds and what a little more room would bring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sandtable.errors import ConvergenceError
from sandtable.planning.search.choices import Choice
from sandtable.planning.search.measuring import Measure
from sandtable.planning.search.pricing import HeldEdge, HeldLimit, Quantity, held_edges, held_limit
from sandtable.planning.search.searching import Space
from sandtable.planning.search.solving import Found, Limits, Programme
from sandtable.planning.search.targets import Requirement
from sandtable.scenario.model import Scenario
from sandtable.scenario.run import Result, run


@dataclass(frozen=True)
class Reading:
    """One measure of an answer, baseline and scenario, as the indicators define it."""

    measure: Measure
    baseline: float
    value: float


@dataclass(frozen=True)
class SearchReport:
    """What a search did.

    Attributes
    ----------
    scanned : int
        Points of the room looked at first.
    swept : bool
        Whether a sweep looked at them, or runs.
    runs, failures : int
        Scenarios run, and those without numbers.
    starts : int
    spread : float or None
        Largest less smallest objective that the starts ended with, as a part of its size; None below two ends.
    monotone : bool or None
        Of a goal with one lever and one target: whether the measure only rises or only falls over the scan.
    """

    scanned: int
    swept: bool
    runs: int
    failures: int
    starts: int
    spread: float | None
    monotone: bool | None = None


@dataclass(frozen=True)
class Outcome:
    """The answer of a search, or the certificate that there is none.

    Attributes
    ----------
    feasible : bool
        Whether every requirement is kept; if not, the levers are those that come nearest.
    sentence : str
    choices : tuple of Choice
    amounts : tuple of float
        One a choice.
    scenario : Scenario
        With the levers pulled.
    result : Result
        Its full run.
    readings : tuple of Reading
    limits : tuple of HeldLimit
    edges : tuple of HeldEdge
        Bounds of choices that bind.
    search : SearchReport
    warnings : tuple of str
        Guard-rails that are passed, and all that the run warns of.
    objective : float or None
        What an optimiser made as large (or as small) as it could.
    """

    feasible: bool
    sentence: str
    choices: tuple[Choice, ...]
    amounts: tuple[float, ...]
    scenario: Scenario
    result: Result
    readings: tuple[Reading, ...]
    limits: tuple[HeldLimit, ...]
    edges: tuple[HeldEdge, ...]
    search: SearchReport
    warnings: tuple[str, ...]
    objective: float | None = None

    def value(self, measure: Measure) -> float:
        """Return one of its measures."""
        return {one.measure: one.value for one in self.readings}[measure]

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, for JSON; None for what is not known."""
        return {
            "feasible": self.feasible,
            "sentence": self.sentence,
            "objective": self.objective,
            "levers": [
                {"name": one.name, "amount": amount, "low": one.low, "high": one.high}
                for one, amount in zip(self.choices, self.amounts, strict=True)
            ],
            "measures": [
                {
                    "name": str(one.measure),
                    "baseline": _number(one.baseline),
                    "value": _number(one.value),
                }
                for one in self.readings
            ],
            "requirements": [
                {
                    "requirement": str(one.requirement),
                    "bound": one.bound,
                    "value": _number(one.value),
                    "slack": _number(one.slack),
                    "kept": one.kept,
                    "binding": one.binding,
                    "shadow_price": one.shadow_price,
                }
                for one in self.limits
            ],
            "binding_bounds": [
                {
                    "name": one.choice.name,
                    "side": one.side,
                    "amount": one.amount,
                    "shadow_price": one.shadow_price,
                }
                for one in self.edges
            ],
            "search": vars(self.search).copy(),
            "warnings": list(self.warnings),
            "scenario": self.scenario.to_dict(),
        }


def _number(value: float) -> float | None:
    return value if np.isfinite(value) else None


def outcome_of(
    programme: Programme,
    found: Found,
    requirements: Sequence[Requirement],
    all_limits: Limits,
    *,
    quantity: Quantity | None = None,
    measures: Sequence[Measure] = (),
    monotone: bool | None = None,
) -> Outcome:
    """Run what was found in full, and say how it stands.

    Parameters
    ----------
    programme : Programme
    found : Found
    requirements : sequence of Requirement
    all_limits : Limits
        Of all of them; the programme may have held some only.
    quantity : callable, optional
        What is sought, in its own unit; without it no bound is priced.
    measures : sequence of Measure
        Shown besides those of the requirements.
    monotone : bool, optional
        Of a single lever.
    """
    space = programme.space
    scenario = space.at(found.point)
    result = run(scenario, space.data_set)
    shown = dict.fromkeys([*measures, *(one.measure for one in requirements)])
    readings = tuple(
        Reading(one, one.reported(result, "baseline"), one.reported(result)) for one in shown
    )
    values = {one.measure: one.value for one in readings}
    limits = tuple(
        held_limit(programme, found, one, float(bound), values[one.measure], quantity)
        for one, bound in zip(requirements, all_limits.bounds, strict=True)
    )
    feasible = all(one.kept for one in limits)
    report = SearchReport(
        scanned=space.scanned,
        swept=space.quick,
        runs=space.runs,
        failures=space.failures,
        starts=found.starts,
        spread=_spread(found),
        monotone=monotone,
    )
    return Outcome(
        feasible=feasible,
        sentence="",
        choices=space.choices,
        amounts=tuple(space.amounts(found.point).tolist()),
        scenario=scenario,
        result=result,
        readings=readings,
        limits=limits,
        edges=held_edges(programme, found, quantity),
        search=report,
        warnings=result.warnings,
    )


def require_as_found(outcome: Outcome, found: Found) -> Outcome:
    """Refuse an answer whose full run misses what the search believed it kept.

    Raises
    ------
    ConvergenceError
        With the reason ``missed``.
    """
    if found.feasible and not outcome.feasible:
        missed = next(one for one in outcome.limits if not one.kept)
        measure = missed.requirement.measure
        raise ConvergenceError(
            "missed",
            f"the search found levers that keep '{missed.requirement}', but their full run gives "
            f"{measure.shown(missed.value)}; the model has more than one answer there. Narrow the bounds.",
        )
    return outcome


def _spread(found: Found) -> float | None:
    if len(found.optima) < 2:
        return None
    ends = np.array(found.optima)
    size = float(np.abs(ends).max())
    return float(np.ptp(ends)) / size if size else 0.0


def at_levers(space: Space, point: np.ndarray) -> str:
    """Name the levers of a point: ``list_price N5 -3.2 %, customer_cash N7 4,000``."""
    amounts = space.amounts(point).tolist()
    pairs = zip(space.choices, amounts, strict=True)
    return ", ".join(f"{choice.name} {choice.shown(amount)}" for choice, amount in pairs)
