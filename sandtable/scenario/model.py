"""What a scenario is, once its file has been read: frozen, so that every change makes a new one."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from sandtable.units import Change

ResponseMode = Literal["hold", "best_response"]


@dataclass(frozen=True)
class LeverMove:
    """One lever pulled.

    Parameters
    ----------
    lever : str
        Name in the lever table.
    product, firm : str, optional
        What it is pulled on; both None for a lever of the whole market.
    region : str, optional
        A region or an area; None is everywhere.
    change : Change, optional
        Relative or absolute change; None for levers that take no amount.
    value : float, optional
        The value to move to, in the lever's unit; instead of a change.
    owner : str, optional
        New owner (lever ownership only).
    first, last : str, optional
        First and last period in which it acts; None is open.
    """

    lever: str
    product: str | None = None
    firm: str | None = None
    region: str | None = None
    change: Change | None = None
    value: float | None = None
    owner: str | None = None
    first: str | None = None
    last: str | None = None

    @property
    def key(self) -> tuple[str | None, ...]:
        """What makes two moves the same lever: a later layer replaces an earlier one with equal key."""
        return (self.lever, self.product, self.firm, self.region, self.first, self.last)

    def acts_in(self, period: str) -> bool:
        """Whether it acts in a period (periods compare as text)."""
        return (self.first is None or self.first <= period) and (
            self.last is None or period <= self.last
        )


@dataclass(frozen=True)
class Rivals:
    """How each firm answers: the default for all but the own firm, and named exceptions."""

    default: ResponseMode = "hold"
    by_firm: tuple[tuple[str, ResponseMode], ...] = ()

    def __post_init__(self) -> None:
        # the order in which the exceptions are named says nothing
        object.__setattr__(self, "by_firm", tuple(sorted(self.by_firm)))

    def mode(self, firm: str, own_firm: str) -> ResponseMode:
        """Return the response mode of one firm; the own firm holds unless it is named."""
        named = dict(self.by_firm)
        return named.get(firm, "hold" if firm == own_firm else self.default)


@dataclass(frozen=True)
class Scenario:
    """A named set of lever moves against the observed base of a data set.

    Parameters
    ----------
    title, question, author : str
        What it is called, asks, and who wrote it.
    data : str
        Name of the data set.
    parameters : str, optional
        Parameter set; None is the data set's default.
    own_firm : str, optional
        The firm whose table it is; None is the data set's own firm.
    periods : tuple of str
        Periods to run; empty is the last observed one.
    levers : tuple of LeverMove
        In the order in which they act.
    rivals : Rivals
        How the firms answer.
    not_modelled : tuple of str
        What the author knows to be left out.
    """

    title: str
    data: str
    question: str = ""
    author: str = ""
    parameters: str | None = None
    own_firm: str | None = None
    periods: tuple[str, ...] = ()
    levers: tuple[LeverMove, ...] = ()
    rivals: Rivals = field(default_factory=Rivals)
    not_modelled: tuple[str, ...] = ()

    def with_lever(self, move: LeverMove) -> Scenario:
        """Return the scenario with one move more; a move with the same key is replaced in its place."""
        keys = [item.key for item in self.levers]
        if move.key in keys:
            place = keys.index(move.key)
            return replace(self, levers=(*self.levers[:place], move, *self.levers[place + 1 :]))
        return replace(self, levers=(*self.levers, move))

    def without_lever(self, key: tuple[str | None, ...]) -> Scenario:
        """Return the scenario without the move of that key."""
        return replace(self, levers=tuple(item for item in self.levers if item.key != key))

    def to_dict(self) -> dict[str, Any]:
        """Return the scenario as plain values, the same for every spelling of the same file."""
        return {
            "title": self.title,
            "question": self.question,
            "author": self.author,
            "data": self.data,
            "parameters": self.parameters,
            "own_firm": self.own_firm,
            "periods": list(self.periods),
            "levers": [_move_to_dict(move) for move in self.levers],
            "rivals": {"default": self.rivals.default, **dict(sorted(self.rivals.by_firm))},
            "not_modelled": list(self.not_modelled),
        }

    @property
    def sha256(self) -> str:
        """Hash of what the scenario says, however its file was laid out."""
        text = json.dumps(self.to_dict(), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


def _number(value: float | None) -> float | None:
    """Write equal numbers alike (5 and 5.0, 0.0 and -0.0), so that equal scenarios have one hash."""
    return None if value is None else float(value) + 0.0


def _move_to_dict(move: LeverMove) -> dict[str, Any]:
    values: dict[str, Any] = {
        "lever": move.lever,
        "product": move.product,
        "firm": move.firm,
        "region": move.region,
        "value": _number(move.value),
        "owner": move.owner,
        "from": move.first,
        "to": move.last,
    }
    if move.change is not None:
        values["change"] = {move.change.kind: _number(move.change.amount)}
    return {name: value for name, value in values.items() if value is not None}
