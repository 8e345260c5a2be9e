"""Choices of a search: one lever each, free between two bounds."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np

from sandtable.data.loading import DataSet
from sandtable.errors import Fault, InputError
from sandtable.market.primitives import FloatArray
from sandtable.planning.sweeps.axes import Axis, axis, read_axis
from sandtable.scenario.draft import cells_moved
from sandtable.scenario.known import Known
from sandtable.scenario.media_moves import spent
from sandtable.scenario.model import LeverMove, Scenario
from sandtable.scenario.move_faults import move_faults
from sandtable.scenario.run import Result
from sandtable.units import parse_amount

EXAMPLE = "list_price product=N5 change='-10 %..+5 %'"
AT_REST_NOTHING = ("customer_cash", "dealer_cash", "subsidy", "price_floor")
PRICES = ("list_price", "rival_price", "net_price")


@dataclass(frozen=True)
class Choice:
    """One lever that a search may pull between two bounds.

    Parameters
    ----------
    move : LeverMove
        With a change or a value; its amount is replaced.
    low, high : float
        Bounds of its amount: parts of one for a relative change, else the lever's unit.
    step : float, optional
        Amounts are whole steps from the lower bound; any amount by default.

    Raises
    ------
    ValueError
        If the bounds leave nothing to choose, the step is not within them, or the lever takes no amount.

    Examples
    --------
    >>> from sandtable.units import Change
    >>> price = Choice(LeverMove("list_price", product="N5", change=Change("relative", 0.0)), -0.1, 0.05)
    >>> price.name, price.shown(-0.1)
    ('list_price N5', '-10 %')
    """

    move: LeverMove
    low: float
    high: float
    step: float | None = None

    def __post_init__(self) -> None:
        if not (isfinite(self.low) and isfinite(self.high) and self.low < self.high):
            raise ValueError(
                f"the bounds {self.low:g} and {self.high:g} leave nothing to choose; give the lower one first."
            )
        if self.step is not None and not 0 < self.step <= self.high - self.low:
            raise ValueError(f"the step {self.step:g} does not lie within the bounds.")
        self.axis([self.low, self.high])

    @property
    def name(self) -> str:
        """Lever and target."""
        return Axis((self.move,)).name

    @property
    def room(self) -> float:
        """Distance of the bounds."""
        return self.high - self.low

    def axis(self, amounts: Sequence[float]) -> Axis:
        """Return it as an axis of a sweep, at some amounts."""
        return axis(self.move, amounts)

    def at(self, amount: float) -> LeverMove:
        """Return the move at one amount."""
        return self.axis([amount]).moves[0]

    def shown(self, amount: float) -> str:
        """Write an amount as a table does."""
        if Axis((self.move,)).is_relative:
            return f"{100 * amount:+.6g} %"
        return f"{amount:+,.6g}" if self.move.change is not None else f"{amount:,.6g}"


def read_choices(
    texts: Sequence[str], scenario: Scenario, data_set: DataSet, *, document: str = "search"
) -> tuple[Choice, ...]:
    """Read choices as they are typed: ``list_price product=N5 change='-10 %..+5 %' step='0.5 %'``.

    Parameters
    ----------
    texts : sequence of str
    scenario : Scenario
        That the levers are pulled in.
    data_set : DataSet
    document : str
        What the faults name as their place.

    Raises
    ------
    InputError
        With every fault of every choice.
    """
    known, faults, found = Known.of(data_set), [], []
    for place, text in enumerate(texts):
        here = f"choice[{place}]"
        try:
            one = _read(text, known)
        except ValueError as error:
            faults.append(Fault(document, here, str(error)))
            continue
        found.append(one)
        for amount in (one.low, one.high):
            for field, sentence in move_faults(one.at(amount), scenario, known):
                faults.append(Fault(document, f"{here}.{field}".rstrip("."), sentence))
        if one.move.key in {other.move.key for other in found[:-1]}:
            message = (
                "pulls the same lever on the same target as a choice before; keep one of them."
            )
            faults.append(Fault(document, here, message))
    if not texts:
        faults.append(Fault(document, "choice", f"none is given; write one such as {EXAMPLE}."))
    if faults:
        raise InputError(list(dict.fromkeys(faults)))
    return tuple(found)


def _read(text: str, known: Known) -> Choice:
    words = shlex.split(text)
    steps = [word.removeprefix("step=") for word in words if word.startswith("step=")]
    if len(steps) > 1:
        raise ValueError("'step' stands twice; keep one of them.")
    if any(word.startswith("levels=") for word in words):
        raise ValueError("a choice has no levels; write step=... for amounts in whole steps.")
    ends = read_axis(shlex.join(word for word in words if not word.startswith("step=")), known)
    low, high = ends.amounts
    return Choice(ends.moves[0], low, high, _step(steps[0], ends) if steps else None)


def _step(text: str, ends: Axis) -> float:
    amount = parse_amount(text)
    if (amount.unit == "%") != ends.is_relative:
        raise ValueError(f"the step is '{text}'; give it in the way of the bounds.")
    return amount.number / 100 if amount.unit == "%" else amount.number


def resting_amounts(choices: Sequence[Choice], scenario: Scenario, result: Result) -> FloatArray:
    """Return the amount of each choice that changes nothing, from which changes are counted, (n,).

    A lever that the scenario pulls already rests where the scenario has it, if that is written in the same way.

    Parameters
    ----------
    choices : sequence of Choice
    scenario : Scenario
    result : Result
        Any run of it: its bases say what prices and media cost before a lever.
    """
    return np.array([_resting(choice, scenario, result) for choice in choices])


def _resting(choice: Choice, scenario: Scenario, result: Result) -> float:
    pulled = {move.key: move for move in scenario.levers}.get(choice.move.key)
    wanted = choice.move.change
    if pulled is not None:
        if wanted is None and pulled.value is not None:
            return pulled.value
        if wanted and pulled.change and wanted.kind == pulled.change.kind:
            return pulled.change.amount
    if wanted is not None or choice.move.lever in AT_REST_NOTHING:
        return 0.0
    for item in result.periods:
        rows, columns = cells_moved(choice.move, item.base)
        if not (rows and columns):
            continue
        if choice.move.lever in PRICES:
            net = choice.move.lever == "net_price"
            prices = item.base.market.prices if net else item.base.list_prices
            return float(np.nanmean(prices[np.ix_(rows, columns)]))
        if choice.move.lever == "media" and item.base.media is not None:
            return spent(item.base.media, choice.move, rows, columns)
    return choice.high  # a capacity or a cap limits least where it is highest
