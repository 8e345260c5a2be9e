"""What binds at an answer, and what moving it a little would bring: shadow prices, by solving again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from sandtable.planning.search.choices import Choice
from sandtable.planning.search.solving import KEPT, Found, Limits, Programme, solve
from sandtable.planning.search.targets import Requirement

TOUCHES = 1e-6  # of the room, or of the size of a bound: nearer is at it
MOVED_LIMIT, MOVED_EDGE = 1e-3, 1e-2  # how far a bound is moved to price it
BETTER = 1e-9  # of the objective: what counts as better
ITERATIONS = 25  # of solving again: it begins where the answer was
Quantity = Callable[[Found], float]


@dataclass(frozen=True)
class HeldLimit:
    """How a requirement stands at an answer.

    Attributes
    ----------
    requirement : Requirement
    bound, value : float
    slack : float
        By how much it is kept, in the unit of the measure; below 0: missed.
    binding : bool
        Whether the answer lies at it and, where it is priced, would be better without it.
    shadow_price : float or None
        Change of what is sought for each unit by which the bound rises; None where it is not asked for.
    """

    requirement: Requirement
    bound: float
    value: float
    slack: float
    binding: bool
    shadow_price: float | None

    @property
    def kept(self) -> bool:
        """Whether it is kept, but for rounding."""
        scale = max(abs(self.bound), abs(self.value), 1e-300)
        return self.slack >= -KEPT * scale


@dataclass(frozen=True)
class HeldEdge:
    """A bound of a choice that binds.

    Attributes
    ----------
    choice : Choice
    side : str
        ``low`` or ``high``.
    amount : float
    shadow_price : float or None
        Change of what is sought for each unit by which the bound rises.
    """

    choice: Choice
    side: str
    amount: float
    shadow_price: float | None


def held_limit(
    programme: Programme,
    found: Found,
    requirement: Requirement,
    bound: float,
    value: float,
    quantity: Quantity | None,
) -> HeldLimit:
    """Return how a requirement stands.

    Parameters
    ----------
    programme : Programme
        That was solved.
    found : Found
    requirement : Requirement
    bound, value : float
        Resolved bound, and what the full run gives.
    quantity : callable, optional
        What is sought, in its own unit; without it nothing is priced.
    """
    distance = value - bound
    slack = {">=": distance, "<=": -distance, "=": -abs(distance)}[requirement.sense]
    scale = float(Limits.of([requirement], programme.space).scales[0])
    touches = abs(slack) <= TOUCHES * scale
    place = _place(programme, requirement, bound)
    if not touches or place is None or quantity is None:
        return HeldLimit(requirement, bound, value, slack, touches, None)
    step = MOVED_LIMIT * scale
    sides = {
        sign * step: _again(
            replace(programme, limits=programme.limits.moved(place, sign * step)), found.point
        )
        for sign in (1, -1)
    }
    price, better = _priced(found, sides, quantity)
    return HeldLimit(requirement, bound, value, slack, better, price)


def _again(programme: Programme, start: np.ndarray) -> Found:
    return solve(programme, start[None], iterations=ITERATIONS)


def _place(programme: Programme, requirement: Requirement, bound: float) -> int | None:
    """Return which limit of the programme a requirement is; None when it is not among those held."""
    limits = programme.limits
    sign = {">=": 1.0, "<=": -1.0, "=": 0.0}[requirement.sense]
    wanted = (programme.space.place(requirement.measure), sign, bound)
    held = list(zip(limits.places, limits.signs.tolist(), limits.bounds.tolist(), strict=True))
    return held.index(wanted) if wanted in held else None


def _priced(
    found: Found, sides: dict[float, Found], quantity: Quantity
) -> tuple[float | None, bool]:
    """Return the change of the quantity for each unit of a bound, and whether moving the bound helps.

    Parameters
    ----------
    found : Found
    sides : dict of float to Found
        The answer with the bound moved so far; with both of them on one side of it the bound cannot be loosened, and
        it binds where the loss does not vanish with the distance.
    quantity : callable
    """
    usable = {moved: one for moved, one in sides.items() if one.feasible}
    if not usable:
        return None, True
    size = max(abs(found.score), 1e-3)
    changes = {
        moved: (quantity(one) - quantity(found), one.score - found.score)
        for moved, one in usable.items()
    }
    if len(usable) == 2 and np.prod(np.sign(list(usable))) > 0:
        near, far = sorted(changes, key=abs)
        slopes = [
            (changes[near][part] / near * far - changes[far][part] / far * near) / (far - near)
            for part in (0, 1)
        ]
        return slopes[0], abs(slopes[1] * near) > BETTER * size + 0.1 * abs(changes[near][1])
    better = min(change for _, change in changes.values()) < -BETTER * size
    if len(changes) == 2:
        first, second = changes
        return (changes[first][0] - changes[second][0]) / (first - second), better
    moved, (change, _) = next(iter(changes.items()))
    return change / moved, better


def held_edges(
    programme: Programme, found: Found, quantity: Quantity | None
) -> tuple[HeldEdge, ...]:
    """Return the bounds of choices that bind at an answer; without a quantity those it touches."""
    edges = []
    for place, choice in enumerate(programme.space.choices):
        for side, z in (("low", 0.0), ("high", 1.0)):
            if abs(found.point[place] - z) > TOUCHES:
                continue
            amount = choice.low if side == "low" else choice.high
            price, binds = None, True
            if quantity is not None:
                price, binds = _edge_price(programme, found, place, z, quantity)
            if binds:
                edges.append(HeldEdge(choice, side, amount, price))
    return tuple(edges)


def _edge_price(
    programme: Programme, found: Found, place: int, z: float, quantity: Quantity
) -> tuple[float | None, bool]:
    choice = programme.space.choices[place]
    outward = 1.0 if z == 1 else -1.0
    # between steps there is nothing: one step more is the only other bound
    step = MOVED_EDGE if choice.step is None else choice.step / choice.room
    beyond = found.point.copy()
    beyond[place] = z + outward * step
    if not np.isnan(programme.space.values(beyond)).any():
        moves = [outward * step] if choice.step is not None else [outward * step, -outward * step]
    elif choice.step is not None:
        moves = [-outward * step]
    else:
        moves = [-outward * step, -outward * step / 10]  # the lever itself goes no further
    sides = {}
    for move in moves:
        bounds = {name: getattr(programme, name).copy() for name in ("lower", "upper")}
        bounds["upper" if z == 1 else "lower"][place] = z + move
        if choice.step is not None:
            bounds["lower"][place] = bounds["upper"][place] = z + move
        start = np.clip(found.point, bounds["lower"], bounds["upper"])
        sides[move * choice.room] = _again(replace(programme, **bounds), start)
    price, binds = _priced(found, sides, quantity)
    if choice.step is not None and moves[0] * outward < 0:
        binds = True  # the lever goes no further, and one step back was looked at: it is no better
    return price, binds
