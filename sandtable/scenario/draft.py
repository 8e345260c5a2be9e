"""What levers change, one after the other, before it is frozen into a market."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from sandtable.market.primitives import BoolArray, FloatArray
from sandtable.scenario.base import Base
from sandtable.scenario.crossing import crossing
from sandtable.scenario.model import LeverMove
from sandtable.scenario.supply_draft import SupplyDraft

Cells = tuple[list[int], list[int]]  # rows and columns
LASTING = ("media",)  # levers that still act when they have ended


class RefusedMoveError(Exception):
    """A move that cannot be made in its period; the text says why."""


@dataclass
class Draft:
    """Demand and prices in one period, R regions by J products.

    Attributes
    ----------
    deltas : ndarray, shape (R, J)
        Mean utilities without price.
    list_prices, net_prices : ndarray, shape (R, J)
        In money units.
    attraction : ndarray, shape (R, J)
        Factor on the attraction of each product inside its inner nest.
    utility : ndarray, shape (R, J)
        What is added to the mean utility: effects that were estimated in it (dealers).
    lead_factors : ndarray, shape (R, J)
        Factor on the leads.
    stage_factors : ndarray, shape (S - 1, R, J)
        Factor on the rate into each stage of the funnel but the first.
    cash_kept : ndarray, shape (R, J)
        What the firm pays for each vehicle beyond the fall of the net price.
    spending : ndarray, shape (R, J)
        What the firm spends in the period beyond the base, in money units, whatever it sells.
    stock : ndarray, shape (R, B, C)
        Change of the adstock of each brand and channel, in money units per household.
    offered : ndarray of bool, shape (R, J)
    market_sizes : ndarray, shape (R,)
    firms : ndarray of str, shape (J,)
    priced : ndarray of bool, shape (J,)
        Products whose price a lever set: they do not answer.
    """

    deltas: FloatArray
    list_prices: FloatArray
    net_prices: FloatArray
    attraction: FloatArray
    utility: FloatArray
    lead_factors: FloatArray
    stage_factors: FloatArray
    cash_kept: FloatArray
    spending: FloatArray
    stock: FloatArray
    offered: BoolArray
    market_sizes: FloatArray
    firms: NDArray[Any]
    priced: BoolArray

    @classmethod
    def of(cls, base: Base) -> Draft:
        """Return the base, nothing changed."""
        market = base.market
        shape = market.prices.shape
        return cls(
            deltas=market.deltas.copy(),
            list_prices=base.list_prices.copy(),
            net_prices=market.prices.copy(),
            attraction=np.ones(shape),
            utility=np.zeros(shape),
            lead_factors=np.ones(shape),
            stage_factors=np.ones((max(len(base.stages) - 1, 0), *shape)),
            cash_kept=np.zeros(shape),
            spending=np.zeros(shape),
            stock=np.zeros((0, 0, 0) if base.media is None else base.media.stock.shape),
            offered=np.ones(shape, dtype=bool),
            market_sizes=market.market_sizes.copy(),
            firms=np.array(market.firms, dtype=object),
            priced=np.zeros(shape[1], dtype=bool),
        )

    def attract(self, cells: tuple[NDArray[Any], ...], factor: FloatArray | float) -> None:
        """Multiply the attraction of some cells by what brings leads: both move together."""
        self.attraction[cells] *= factor
        self.lead_factors[cells] *= factor

    def spend(self, rows: list[int], columns: list[int], amounts: FloatArray, base: Base) -> None:
        """Charge an amount for each row (in money units) to some products, in proportion to their units in the base."""
        units = base.market.units[crossing(rows, columns)]
        total = units.sum(axis=1, keepdims=True)
        even = np.full_like(units, 1 / len(columns))
        parts = np.divide(units, total, where=total > 0, out=even)
        self.spending[crossing(rows, columns)] += parts * amounts[:, None]


_Arrays = TypeVar("_Arrays", Draft, SupplyDraft)


def copied(draft: _Arrays) -> _Arrays:
    """Return a draft that can be changed apart."""
    return type(draft)(**{item.name: getattr(draft, item.name).copy() for item in fields(draft)})


def cells_moved(move: LeverMove, base: Base) -> Cells:
    """Return the rows and columns of the base that a move acts on in its period; nothing where it does not act."""
    market = base.market
    started = move.first is None or move.first <= base.period
    if not (move.acts_in(base.period) or (started and move.lever in LASTING)):
        return [], []
    rows = base.rows_of(move.region)
    if move.product is None and move.firm is None:
        columns = list(range(len(market.products)))
    elif move.product is not None:
        columns = [j for j, code in enumerate(market.products) if code == move.product]
    else:
        columns = [j for j, firm in enumerate(market.firms) if firm == move.firm]
    if move.powertrain is not None:
        powertrains = base.powertrains
        columns = [j for j in columns if powertrains[j] == move.powertrain]
    return rows, columns
