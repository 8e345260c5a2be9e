"""What a user has said of one lever so far: enough for a move of the scenario, or not yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sandtable.scenario.calendar import regions_of
from sandtable.scenario.known import Known
from sandtable.scenario.levers import ChangeKind, Lever, lever_table
from sandtable.scenario.model import LeverMove, Scenario
from sandtable.units import Change

BOUNDS = ("price_floor", "price_cap", "capacity")  # nothing bounds until something is said


@dataclass(frozen=True)
class Draft:
    """The numbers of one lever as its widgets show them.

    Attributes
    ----------
    kind : str or None
        How the amount is given; None for a lever without amount.
    amount : float or None
        In the lever's unit, a relative change as a ratio; None while nothing is said.
    terms : tuple of (str, float)
        What was given, by name; the rest is as the lever table has it.
    owner : str or None
    pulled : bool
        Of a lever that takes neither amount nor terms nor owner.
    first, last : str or None
        Periods; None is open.
    """

    kind: ChangeKind | None = None
    amount: float | None = None
    terms: tuple[tuple[str, float], ...] = ()
    owner: str | None = None
    pulled: bool = False
    first: str | None = None
    last: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing was said but how the amount is given and when."""
        return not (self.amount is not None or self.terms or self.owner or self.pulled)

    def with_term(self, name: str, value: float | None) -> Draft:
        """Return the draft with one term given, or left to the lever table."""
        given = {key: it for key, it in self.terms if key != name}
        if value is not None:
            given[name] = value
        return replace(self, terms=tuple(sorted(given.items())))


def draft_of(move: LeverMove) -> Draft:
    """Return what a move says."""
    kind: ChangeKind | None = None
    amount = move.value
    if move.change is not None:
        kind, amount = move.change.kind, move.change.amount
    elif move.value is not None:
        kind = "value"
    return Draft(kind, amount, move.terms, move.owner, True, move.first, move.last)


def required_terms(lever: Lever) -> list[str]:
    """Return the terms that must be given."""
    return [name for name, term in lever.terms.items() if term.default is None]


def leading_term(lever: Lever) -> str | None:
    """Return the term that stands for the lever where it takes no amount: its first that must be given."""
    return None if lever.change else next(iter(required_terms(lever)), None)


def missing(draft: Draft, lever: Lever) -> list[str]:
    """Return the terms that must still be given before the lever does something."""
    given = dict(draft.terms)
    return [name for name in required_terms(lever) if name not in given]


def move_of(draft: Draft, aim: LeverMove, neutral: float | None) -> LeverMove | None:
    """Return the move that a draft asks for; None while it is not complete, or when it changes nothing.

    Parameters
    ----------
    draft : Draft
    aim : LeverMove
        What it is pulled on.
    neutral : float or None
        The value at which nothing is changed; None where there is none.
    """
    lever = lever_table()[aim.lever]
    dated = replace(aim, first=draft.first, last=draft.last, terms=draft.terms)
    if missing(draft, lever):
        return None
    if lever.change:
        return _with_amount(draft, dated, neutral)
    if "owner" in lever.fields:
        return replace(dated, owner=draft.owner) if draft.owner else None
    return dated if draft.terms or draft.pulled else None


def _with_amount(draft: Draft, dated: LeverMove, neutral: float | None) -> LeverMove | None:
    amount, kind = draft.amount, draft.kind
    if amount is None or kind is None:
        return None
    if kind == "value":
        same = neutral is not None and abs(amount - neutral) <= 1e-9 * max(1.0, abs(neutral))
        return None if same else replace(dated, value=amount)
    # no change at all is no lever, but a bound on what stands is one
    return replace(dated, change=Change(kind, amount)) if amount or dated.lever in BOUNDS else None


def converted(
    draft: Draft, kind: ChangeKind, reference: float | None, start: float | None
) -> Draft:
    """Return the draft with its amount given in another way; without a reference it must be given anew.

    Parameters
    ----------
    draft : Draft
    kind : str
    reference : float or None
        What a relative change is a part of.
    start : float or None
        The value at which nothing is changed; None where it is the reference, or there is none.
    """
    amount = draft.amount
    if amount is None or kind == draft.kind or not reference:
        return replace(draft, kind=kind, amount=amount if kind == draft.kind else None)
    origin = reference if start is None else start
    as_change = {"relative": amount * reference, "absolute": amount, "value": amount - origin}
    change = as_change[draft.kind or "value"]
    given = {"relative": change / reference, "absolute": change, "value": origin + change}[kind]
    return replace(draft, kind=kind, amount=float(f"{given:.12g}"))


def replaced(scenario: Scenario, old: LeverMove | None, new: LeverMove | None) -> Scenario:
    """Return the scenario with one move in the place of another, added, or taken out."""
    if old is None:
        return scenario if new is None else scenario.with_lever(new)
    if new is None:
        return scenario.without_lever(old.key)
    levers = tuple(new if move.key == old.key else move for move in scenario.levers)
    return replace(scenario, levers=levers)


def kinds_of(lever: Lever, aim: LeverMove, known: Known) -> list[ChangeKind]:
    """Return how the amount may be given.

    One value for all products of a firm is no price, and so many dealers more stand in one region.
    """
    if lever.unit == "dealers" and aim.region not in regions_of(known.data_set, None):
        return [kind for kind in lever.change if kind != "absolute"]
    if lever.unit == "money" and lever.guard_rail == "seen" and aim.product is None:
        return [kind for kind in lever.change if kind != "value"]
    return list(lever.change)


def term_values(draft: Draft, lever: Lever) -> Mapping[str, float | None]:
    """Return every term as it stands: given, else the default of the table, else None."""
    given = dict(draft.terms)
    return {
        name: given.get(name, term.default if isinstance(term.default, float) else None)
        for name, term in lever.terms.items()
    }
