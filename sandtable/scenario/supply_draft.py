"""What supply levers change: costs, taxes, price bounds, capacity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sandtable.market.primitives import FloatArray
from sandtable.scenario.base import Base
from sandtable.scenario.crossing import crossing
from sandtable.scenario.levers import terms_of
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
    worth : ndarray, shape (R, J)
        What customers gain beside the price, in money units: a longer range, cheaper fuel.
    """

    costs: FloatArray
    tax_rates: FloatArray
    unit_taxes: FloatArray
    floors: FloatArray
    caps: FloatArray
    capacities: FloatArray
    worth: FloatArray

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
            worth=np.zeros(shape),
        )

    @property
    def taxed(self) -> bool:
        """Whether anything stands between what the firm asks and what counts with the customer."""
        return bool(self.tax_rates.any() or self.unit_taxes.any() or self.worth.any())

    @property
    def added(self) -> FloatArray:
        """What is added to each vehicle's price whatever the firm asks: taxes less worth, (R, J)."""
        return np.asarray(self.unit_taxes - self.worth)

    def paid(self, asked: FloatArray) -> FloatArray:
        """What counts with the customer when the firm asks a price: tax on it, worth off it; (R, J).

        Equal to the bit where there is neither.
        """
        return asked * (1 + self.tax_rates) + self.added if self.taxed else asked

    def asked(self, paid: FloatArray) -> FloatArray:
        """What the firm gets when a price counts with the customer; equal to the bit without tax and worth, (R, J)."""
        return (paid - self.added) / (1 + self.tax_rates) if self.taxed else paid

    def move(
        self,
        move: LeverMove,
        rows: list[int],
        columns: list[int],
        base: Base,
        prices: tuple[FloatArray, FloatArray],
    ) -> None:
        """Apply one move to some cells; `prices` are the list and net prices that levers have made so far."""
        cells = crossing(rows, columns)
        if move.lever == "unit_cost":
            self.costs[cells] = changed(move, self.costs[cells])
        elif move.lever in ("purchase_tax", "subsidy"):
            self._tax(move, cells, *(price[cells] for price in prices))
        elif move.lever == "price_floor":
            self._bound(self.floors, np.maximum, move, cells, base)
        elif move.lever == "price_cap":
            self._bound(self.caps, np.minimum, move, cells, base)
        else:
            units = base.market.units[:, columns].sum(axis=0)
            limit = changed(move, units)
            self.capacities[columns] = np.minimum(self.capacities[columns], limit)

    def _tax(
        self, move: LeverMove, cells: Any, list_prices: FloatArray, net_prices: FloatArray
    ) -> None:
        """Tax what lies between the list prices named; a rate above its largest amount becomes that amount."""
        terms = terms_of(move)
        taxed = np.ones(list_prices.shape, dtype=bool)
        if "price_from" in terms:
            taxed &= list_prices >= terms["price_from"]
        if "price_to" in terms:
            taxed &= list_prices <= terms["price_to"]
        if move.change is None:
            self.unit_taxes[cells] -= np.where(taxed, move.value or 0.0, 0.0)
            return
        amount, most = move.change.amount, terms.get("at_most", np.inf)
        if move.change.kind == "absolute":
            self.unit_taxes[cells] += np.where(taxed, np.clip(amount, -most, most), 0.0)
            return
        beyond = np.abs(amount * np.nan_to_num(net_prices)) > most
        self.tax_rates[cells] += np.where(taxed & ~beyond, amount, 0.0)
        self.unit_taxes[cells] += np.where(taxed & beyond, np.copysign(most, amount), 0.0)

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
