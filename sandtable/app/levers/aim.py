"""What the inspector's levers are pulled on: a picked piece, a picked firm, or the whole market."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sandtable.app.state import TableState
from sandtable.scenario.known import Known
from sandtable.scenario.launching import launched_firms
from sandtable.scenario.levers import Lever
from sandtable.scenario.model import FURTHER_TARGETS, LeverMove, Scenario

EVERYWHERE = ("ownership", "divestiture", "capacity")  # these know no region
AimKey = tuple[str | None, ...]


@dataclass(frozen=True)
class Target:
    """A piece, a firm, or the market when both are None.

    Attributes
    ----------
    product : str or None
    firm : str or None
        The firm that was picked, or the owner of the product.
    own : bool
        Whether it belongs to the own firm.
    launched : bool
        Whether the scenario launches the product.
    """

    product: str | None = None
    firm: str | None = None
    own: bool = False
    launched: bool = False

    @property
    def name(self) -> str | None:
        """The product, else the firm; None for the market."""
        return self.product or self.firm


def target_of(state: TableState, known: Known) -> Target:
    """Return what is picked; the market when nothing is, or what was picked is gone."""
    launched = launched_firms(state.scenario)
    owners = {**known.firm_of, **launched}
    if state.selected in owners:
        firm = owners[state.selected]
        return Target(
            state.selected, firm, firm == state.own_firm, launched=state.selected in launched
        )
    if state.firm in known.firms:
        return Target(None, state.firm, own=state.firm == state.own_firm)
    return Target()


def aimed(name: str, lever: Lever, target: Target, region: str | None) -> LeverMove | None:
    """Return a lever pulled on a target, without amount; None when it cannot be pulled on it."""
    move = LeverMove(name, region=None if name in EVERYWHERE else region)
    if lever.scope == "market":
        return move
    if lever.scope == "product":
        return replace(move, product=target.product) if target.product else None
    if lever.scope == "firm":
        return replace(move, firm=target.firm) if target.firm else None
    if target.product:
        return replace(move, product=target.product)
    if target.firm:
        return replace(move, firm=target.firm)
    return move if lever.scope == "any" else None


def aim_key(move: LeverMove) -> AimKey:
    """What makes two moves the same lever of the inspector: all but their dates."""
    return replace(move, first=None, last=None).key


def with_fields(aim: LeverMove, fields: dict[str, str]) -> LeverMove:
    """Return an aim that names further fields too; a dealer stands in one region already."""
    named: dict[str, Any] = {name: fields.get(name) for name in FURTHER_TARGETS}
    moved = replace(aim, **named)
    return replace(moved, region=None) if moved.dealer else moved


def standing(aim: LeverMove, scenario: Scenario) -> list[LeverMove]:
    """Return the moves of a scenario that an aim stands for; several when they differ in their dates."""
    return [move for move in scenario.levers if aim_key(move) == aim_key(aim)]


def elsewhere(aim: LeverMove, scenario: Scenario) -> list[LeverMove]:
    """Return the moves of the same lever and target in other regions, channels, stages and the like, or other dates."""
    shown = standing(aim, scenario)[:1]
    return [
        move
        for move in scenario.levers
        if (move.lever, move.product, move.firm) == (aim.lever, aim.product, aim.firm)
        and move not in shown
    ]
