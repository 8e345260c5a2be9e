"""Axes of a sweep: one lever, pulled at each of some levels."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sandtable.data.loading import DataSet
from sandtable.errors import Fault, InputError, did_you_mean
from sandtable.scenario.known import Known
from sandtable.scenario.levers import lever_table
from sandtable.scenario.model import FURTHER_TARGETS, LeverMove, Scenario
from sandtable.scenario.move_faults import move_faults
from sandtable.units import Change, parse_change, parse_value

TARGETS = ("product", "firm", "region", "first", "last", *FURTHER_TARGETS)
AMOUNTS = ("change", "value")
MOST_LEVELS = 100_000
EXAMPLE = "list_price product=N5 change='-10 %..+5 %' levels=16"


@dataclass(frozen=True)
class Axis:
    """One lever and the amounts at which a sweep pulls it.

    Attributes
    ----------
    moves : tuple of LeverMove
        The same lever on the same target, one a level.
    """

    moves: tuple[LeverMove, ...]

    @property
    def name(self) -> str:
        """Lever and target: the column of a table."""
        move = self.moves[0]
        places = [getattr(move, name) for name in TARGETS]
        return " ".join([move.lever, *(place for place in places if place)])

    @property
    def is_relative(self) -> bool:
        """Whether its amounts are parts of one."""
        change = self.moves[0].change
        return change is not None and change.kind == "relative"

    @property
    def amounts(self) -> tuple[float, ...]:
        """Change or value at each level, in the lever's unit."""
        return tuple(_amount(move) for move in self.moves)


def _amount(move: LeverMove) -> float:
    amount = move.value if move.change is None else move.change.amount
    assert amount is not None
    return amount


def axis(move: LeverMove, amounts: Sequence[float]) -> Axis:
    """Pull a lever at some amounts.

    Parameters
    ----------
    move : LeverMove
        With a change or a value; its amount is replaced.
    amounts : sequence of float
        Of the same kind: parts of one for a relative change, else the lever's unit.

    Raises
    ------
    ValueError
        If there is no amount, or the lever takes none.
    """
    if not len(amounts):
        raise ValueError("an axis needs at least one amount.")
    if move.change is None and move.value is None:
        raise ValueError(f"the lever {move.lever} is given no change and no value to go along.")
    if move.change is None:
        return Axis(tuple(replace(move, value=float(amount)) for amount in amounts))
    kind = move.change.kind
    return Axis(tuple(replace(move, change=Change(kind, float(one))) for one in amounts))


def read_axes(texts: Sequence[str], scenario: Scenario, data_set: DataSet) -> tuple[Axis, ...]:
    """Read axes as they are typed: ``list_price product=N5 change='-10 %..+5 %' levels=16``.

    Raises
    ------
    InputError
        With every fault of every axis.
    """
    known, faults = Known.of(data_set), []
    seen: set[tuple[str | None, ...]] = set()
    found = []
    for place, text in enumerate(texts):
        here = f"axis[{place}]"
        try:
            one = read_axis(text, known)
        except ValueError as error:
            faults.append(Fault("sweep", here, str(error)))
            continue
        for move in {one.moves[0], one.moves[-1]}:
            for field, sentence in move_faults(move, scenario, known):
                faults.append(Fault("sweep", f"{here}.{field}".rstrip("."), sentence))
        key = one.moves[0].key
        if key in seen:
            message = "pulls the same lever on the same target as an axis before; keep one of them."
            faults.append(Fault("sweep", here, message))
        seen.add(key)
        found.append(one)
    if not texts:
        faults.append(Fault("sweep", "axis", f"none is given; write one such as {EXAMPLE}."))
    if faults:
        raise InputError(list(dict.fromkeys(faults)))
    return tuple(found)


def read_axis(text: str, known: Known) -> Axis:
    """Read one axis as it is typed; whether its lever can be pulled is not looked at.

    Raises
    ------
    ValueError
        If a part of the text is not understood.
    """
    lever, given = _words(text)
    if lever not in lever_table():
        raise ValueError(f"no lever is called '{lever}'{did_you_mean(lever, lever_table())}")
    amounts = [name for name in AMOUNTS if name in given]
    if len(amounts) != 1:
        raise ValueError(f"needs one of change=A..B and value=A..B; for instance {EXAMPLE}.")
    ends, count = _ends(given[amounts[0]]), _levels(given.get("levels", "2"))
    targets: dict[str, Any] = {name: given.get(name) for name in TARGETS}
    unit = known.unit_of(lever_table()[lever].unit, targets["characteristic"])
    if amounts == ["value"]:
        low, high = (parse_value(end, unit=unit) for end in ends)
        return axis(LeverMove(lever, **targets, value=0.0), _steps(low, high, count))
    first, last = (parse_change(end, unit=unit) for end in ends)
    if first.kind != last.kind:
        raise ValueError("goes from per cent to an amount; give both ends in the same way.")
    levels = _steps(first.amount, last.amount, count)
    return axis(LeverMove(lever, **targets, change=first), levels)


def _steps(first: float, last: float, count: int) -> list[float]:
    """Return even steps, without the dust of division: a step that is zero is zero."""
    dust = 1e-12 * max(abs(first), abs(last))
    return [0.0 if abs(step) < dust else step for step in np.linspace(first, last, count).tolist()]


def _words(text: str) -> tuple[str, dict[str, str]]:
    lever, *pairs = shlex.split(text) or [""]
    known = (*TARGETS, *AMOUNTS, "levels")
    given: dict[str, str] = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign or name not in known:
            raise ValueError(
                f"'{pair}' is not understood; write name=value{did_you_mean(name, known)}"
            )
        if name in given:
            raise ValueError(f"'{name}' stands twice; keep one of them.")
        given[name] = value
    return lever, given


def _ends(text: str) -> tuple[str, str]:
    first, dots, last = text.partition("..")
    if not (first.strip() and dots and last.strip()):
        raise ValueError(f"'{text}' is not a range; write it as -10 %..+5 %.")
    return first, last


def _levels(text: str) -> int:
    if not text.isdecimal() or not 2 <= int(text) <= MOST_LEVELS:
        raise ValueError(f"levels is '{text}'; expected a whole number from 2 to {MOST_LEVELS:,}.")
    return int(text)
