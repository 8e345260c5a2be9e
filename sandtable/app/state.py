"""What the user has on the table: one immutable value, replaced in one assignment."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from sandtable.app.operations import Acknowledgement, Launch, Operation, Select
from sandtable.scenario.model import LeverMove, Response, ResponseMode, Rivals, Scenario

REMEMBERED = 200  # steps that undo goes back
ON_BASE = 1e-9  # relative; a price that went to the browser and back as a decimal number


@dataclass(frozen=True)
class TableState:
    """The scenario on the table with its history.

    Attributes
    ----------
    scenario : Scenario
        What is shown.
    own_firm : str
        Whose table it is.
    past, future : tuple of Scenario
        For undo and redo, oldest first and nearest first.
    saved : Scenario or None
        What the file holds that was last opened or saved.
    revision : int
        Number of changes since the scenario was opened.
    region : str or None
        Region or area in view; levers pulled while it is in view act there.
    selected : str or None
        The picked product.
    firm : str or None
        The picked firm, while no product is.
    acknowledged : Acknowledgement or None
        The last operation of the board that was dealt with.
    """

    scenario: Scenario
    own_firm: str
    past: tuple[Scenario, ...] = ()
    future: tuple[Scenario, ...] = ()
    saved: Scenario | None = None
    revision: int = 0
    region: str | None = None
    selected: str | None = None
    firm: str | None = None
    acknowledged: Acknowledgement | None = field(default=None)

    @property
    def is_saved(self) -> bool:
        """Whether the scenario has no change that a file does not hold."""
        return self.scenario == self.saved or not (self.scenario.levers or self.saved)

    def changed(self, scenario: Scenario) -> TableState:
        """Return the table with another scenario; the old one can be undone."""
        if scenario == self.scenario:
            return self
        past = (*self.past, self.scenario)[-REMEMBERED:]
        return replace(self, scenario=scenario, past=past, future=(), revision=self.revision + 1)

    def undone(self) -> TableState:
        """Return the table one step back."""
        if not self.past:
            return self
        return replace(
            self,
            scenario=self.past[-1],
            past=self.past[:-1],
            future=(self.scenario, *self.future),
            revision=self.revision + 1,
        )

    def redone(self) -> TableState:
        """Return the table one step forward again."""
        if not self.future:
            return self
        return replace(
            self,
            scenario=self.future[0],
            past=(*self.past, self.scenario),
            future=self.future[1:],
            revision=self.revision + 1,
        )

    def reset(self) -> TableState:
        """Return the table without levers; rivals hold."""
        return self.changed(replace(self.scenario, levers=(), rivals=Rivals()))

    def with_mode(self, mode: ResponseMode) -> TableState:
        """Return the table with one response mode for all rivals that are not named."""
        rivals = replace(self.scenario.rivals, default=Response(mode))
        return self.changed(replace(self.scenario, rivals=rivals))

    def opened(self, scenario: Scenario, own_firm: str) -> TableState:
        """Return the table with a scenario from a file; its history starts afresh."""
        return TableState(
            scenario=scenario,
            own_firm=own_firm,
            saved=scenario,
            acknowledged=self.acknowledged,
            selected=next((move.product for move in scenario.levers if move.product), None),
        )


def price_move(state: TableState, product: str, price: float, owner: str) -> LeverMove:
    """Return the move that puts a product at a list price, in the region in view."""
    lever = "list_price" if owner == state.own_firm else "rival_price"
    return LeverMove(lever, product=product, region=state.region, value=price)


def apply_operations(
    state: TableState,
    operations: tuple[Operation, ...],
    acknowledged: Acknowledgement | None,
    *,
    firms: dict[str, str],
    base_prices: dict[str, float],
    money_scale: float = 1.0,
    launch: Callable[[TableState, int, float], LeverMove] | None = None,
) -> TableState:
    """Apply what was done on the board, in order.

    Parameters
    ----------
    state : TableState
        The table before.
    operations : tuple of Operation
        Read by `read_log`.
    acknowledged : Acknowledgement or None
        What to tell the board.
    firms : dict
        Owner of each product.
    base_prices : dict
        List price of each product at the base in the region in view, in money units.
    money_scale : float
        Currency units in one money unit: the board speaks in currency.
    launch : callable, optional
        Table, row of the board and price in money units -> the move that launches a new piece there.

    Returns
    -------
    TableState
        A piece put back on its base price has no lever any more.
    """
    for operation in operations:
        if isinstance(operation, Select):
            state = replace(state, selected=operation.product, firm=None)
            continue
        # the quotient of two decimal numbers, without its binary dust
        price = float(f"{operation.price / money_scale:.12g}")
        if isinstance(operation, Launch):
            if launch is not None:
                state = _launched(state, launch(state, operation.row, price))
        elif (new := _launch_of(operation.product, state.scenario)) is not None:
            # the price of a new piece is its launch's own
            moved = state.scenario.with_lever(replace(new, value=price))
            state = replace(state.changed(moved), selected=operation.product, firm=None)
        else:
            product, owner = operation.product, firms[operation.product]
            base_price = base_prices.get(product, math.nan)
            at_base = math.isclose(price, base_price, rel_tol=ON_BASE)
            move = price_move(state, product, base_price if at_base else price, owner)
            scenario = _placed(state.scenario, move, owner, at_base=at_base)
            state = replace(state.changed(scenario), selected=product, firm=None)
    return replace(state, acknowledged=acknowledged)


def _launched(state: TableState, move: LeverMove) -> TableState:
    """Return the table with a new piece on it, picked."""
    changed = state.changed(state.scenario.with_lever(move))
    return replace(changed, selected=move.product, firm=None)


def _launch_of(product: str, scenario: Scenario) -> LeverMove | None:
    """Return the move that launches a product; None when it was there before."""
    launches = (move for move in scenario.levers if move.lever == "launch")
    return next((move for move in launches if move.product == product), None)


def _placed(scenario: Scenario, move: LeverMove, owner: str, *, at_base: bool) -> Scenario:
    """Return the scenario in which the piece stands where it was put down.

    Another move of the same price (in a wider or narrower region, in some periods, of the whole firm)
    would act after this one or in its stead; then this one comes last, even on the base price.
    """
    others = any(
        item.lever == move.lever
        and item.key != move.key
        and (item.product == move.product or item.firm == owner)
        for item in scenario.levers
    )
    if others:
        return scenario.without_lever(move.key).with_lever(move)
    return scenario.without_lever(move.key) if at_base else scenario.with_lever(move)
