"""Levers that customers count in money, though nobody collects it: specification, fuel price, charging network."""

from __future__ import annotations

import numpy as np

from sandtable.market.primitives import FloatArray
from sandtable.response.finance import fuel_cost
from sandtable.scenario.base import Base
from sandtable.scenario.crossing import crossing
from sandtable.scenario.draft import RefusedMoveError
from sandtable.scenario.levers import terms_of
from sandtable.scenario.model import LeverMove
from sandtable.scenario.supply_draft import SupplyDraft, changed

WORTH_LEVERS = ("spec", "fuel_price", "charging_network")
COST_LEVERS = ("unit_cost", "spec")


def changed_costs(move: LeverMove, costs: FloatArray) -> FloatArray:
    """Return marginal costs after a move of `COST_LEVERS`."""
    return (
        changed(move, costs) if move.lever == "unit_cost" else costs + terms_of(move)["unit_cost"]
    )


def move_worth(
    supply: SupplyDraft, move: LeverMove, rows: list[int], columns: list[int], base: Base
) -> None:
    """Apply one move of `WORTH_LEVERS` to some cells, in place.

    Raises
    ------
    RefusedMoveError
        If it changes by a part of what the data do not give.
    """
    assert move.change is not None
    terms = terms_of(move)
    cells = crossing(rows, columns)
    worth: FloatArray | float
    if move.lever == "spec":
        name = str(move.characteristic)
        more = np.full(len(columns), move.change.amount)
        if move.change.kind == "relative":
            more = more * base.characteristic(name)[columns]
        if np.isnan(more).any():
            message = (
                f"changes {name} of {move.product}, which the data do not give; say by how much."
            )
            raise RefusedMoveError(message)
        worth = base.parameters.worth[name].value * more
        supply.costs[cells] = changed_costs(move, supply.costs[cells])
    elif move.lever == "fuel_price":
        relative = move.change.kind == "relative"
        more_a_litre = move.change.amount * (terms["price"] if relative else 1.0)
        worth = -fuel_cost(
            more_a_litre,
            terms["litres"],
            terms["distance"],
            int(terms["years"]),
            terms["discount_rate"],
        )
    else:
        worth = terms["doubling"] * float(np.log2(1 + move.change.amount))
    supply.worth[cells] += worth
