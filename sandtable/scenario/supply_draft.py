"""What supply levers change: costs, taxes, price bounds, capacity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sandtable.market.primitives import FloatArray
from sandtable.scenario.base import Base
from sandtable.scenario.model import LeverMove

SUPPLY_LEVERS = (
    "unit_cost",
    "purchase_tax",
    "subsidy",
    "price_floor",
    "price_cap",
    "capacity",
)


@dataclass
class SupplyDraft:
    """The supply side, changed by one lever after the other.

    Attributes
    ----------
    costs : ndarray, shape (R, J)
        Marginal costs.
    tax_rates, unit_taxes : ndarray, shape (R, J)
        Taxes on top of those in the base: on what the firm asks, and on each vehicle.
    floors, caps : ndarray, shape (R, J)
        Bounds on the net prices of firms that answer.
    capacities : ndarray, shape (J,)
        Vehicles in a period; infinite where nothing limits.
    """

    costs: FloatArray
    tax_rates: FloatArray
    unit_taxes: FloatArray
    floors: FloatArray
    caps: FloatArray
    capacities: FloatArray

    @classmethod
    def of(cls, base: Base) -> SupplyDraft:
        """Return the supply of the base: no tax on top, no bounds."""
        shape = base.market.prices.shape
        return cls(
            costs=base.market.costs.copy(),
            tax_rates=np.zeros(shape),
            unit_taxes=np.zeros(shape),
            floors=np.full(shape, -np.inf),
            caps=np.full(shape, np.inf),
            capacities=np.full(shape[1], np.inf),
        )

    @property
    def taxed(self) -> bool:
        """Whether there is any tax on top."""
        return bool(self.tax_rates.any() or self.unit_taxes.any())

    def paid(self, asked: FloatArray) -> FloatArray:
        """What the customer pays when the firm asks a price; equal to the bit without tax, (R, J)."""
        return asked * (1 + self.tax_rates) + self.unit_taxes if self.taxed else asked

    def asked(self, paid: FloatArray) -> FloatArray:
        """What the firm gets when the customer pays a price; equal to the bit without tax, (R, J)."""
        return (paid - self.unit_taxes) / (1 + self.tax_rates) if self.taxed else paid

    def move(self, move: LeverMove, rows: list[int], columns: list[int], base: Base) -> None:
        """Apply one move to some cells."""
        cells = np.ix_(rows, columns)
        if move.lever == "unit_cost":
            self.costs[cells] = changed(move, self.costs[cells])
        elif move.lever == "purchase_tax":
            assert move.change is not None
            taxes = self.tax_rates if move.change.kind == "relative" else self.unit_taxes
            taxes[cells] += move.change.amount
        elif move.lever == "subsidy":
            self.unit_taxes[cells] -= move.value or 0.0
        elif move.lever == "price_floor":
            self._bound(self.floors, np.maximum, move, cells, base)
        elif move.lever == "price_cap":
            self._bound(self.caps, np.minimum, move, cells, base)
        else:
            units = base.market.units[:, columns].sum(axis=0)
            limit = changed(move, units)
            self.capacities[columns] = np.minimum(self.capacities[columns], limit)

    @staticmethod
    def _bound(
        bounds: FloatArray, closer: np.ufunc, move: LeverMove, cells: Any, base: Base
    ) -> None:
        bounds[cells] = closer(bounds[cells], changed(move, base.market.prices[cells]))


def changed(move: LeverMove, values: NDArray[np.float64]) -> FloatArray:
    """Return values after the change that a move asks for, or the value that it sets."""
    if move.change is None:
        assert move.value is not None
        return np.full_like(values, move.value)
    if move.change.kind == "relative":
        return np.asarray(values * (1 + move.change.amount))
    return np.asarray(values + move.change.amount)
