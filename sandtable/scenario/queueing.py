"""Orders beyond capacity: who waits, who is delivered, who drops out, who buys something else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from sandtable.market.capacity import ration
from sandtable.market.market import Market
from sandtable.market.primitives import BoolArray, FloatArray
from sandtable.scenario.model import Backlog

Waiting = Mapping[str, FloatArray]  # product -> orders that wait, by region (R,)


@dataclass(frozen=True)
class Queue:
    """Orders and deliveries of one period; ``backlog = before + orders - deliveries - cancellations``, (R, J) each.

    Attributes
    ----------
    before, orders, deliveries, cancellations, backlog : ndarray, shape (R, J)
        Vehicles: what waited at the start, what came in, what was delivered and cancelled, what waits at the end.
    waits : ndarray, shape (J,)
        Periods of deliveries that waited when orders came in; 0 without limit.
    turned_away : ndarray, shape (J,)
        Buyers who found the order book full and took another product or none.
    """

    before: FloatArray
    orders: FloatArray
    deliveries: FloatArray
    cancellations: FloatArray
    backlog: FloatArray
    waits: FloatArray
    turned_away: FloatArray

    @property
    def binding(self) -> BoolArray:
        """Which products keep somebody waiting or turn somebody away, shape (J,)."""
        return np.asarray((self.turned_away > 0) | self.backlog.any(axis=0))

    def waiting(self, market: Market) -> dict[str, FloatArray]:
        """Return what waits at the end, by product, for the next period."""
        return {
            code: self.backlog[:, column]
            for column, code in enumerate(market.products)
            if self.backlog[:, column].any()
        }


def queue(
    market: Market,
    capacities: FloatArray,
    waiting: Waiting,
    backlog: Backlog,
    price_coefficient: float,
) -> tuple[Market, Queue]:
    """Let the orders of one period meet capacity.

    Parameters
    ----------
    market : Market
        After levers and answers.
    capacities : ndarray, shape (J,)
        Vehicles that can be delivered in the period, all regions together; infinite where nothing limits.
    waiting : mapping of str to ndarray
        Orders that wait from the period before.
    backlog : Backlog
        How long they may wait, what waiting costs, how many drop out.
    price_coefficient : float
        Utility for each money unit, by which the cost of waiting counts.

    Returns
    -------
    market : Market
        With the mean utilities at which its units are the orders.
    queue : Queue

    Raises
    ------
    ConvergenceError
        If no split of demand fits.
    """
    none = np.zeros(len(market.regions))
    before = np.stack([waiting.get(code, none) for code in market.products], axis=1)
    # with nothing to deliver, who waits waits for ever
    waits = np.divide(
        before.sum(axis=0),
        capacities,
        where=capacities > 0,
        out=np.where(before.any(axis=0), np.inf, 0.0),
    )
    staying = before * (1 - backlog.drop_out) ** waits if backlog.drop_out else before
    limits = np.maximum(0.0, capacities * (1 + backlog.longest_wait) - staying.sum(axis=0))
    limits = np.where(np.isfinite(capacities), limits, np.inf)
    deltas = market.deltas
    if backlog.wait_cost and waits.any():
        deltas = deltas - price_coefficient * backlog.wait_cost * waits
    wanted = replace(market, deltas=deltas)
    rationed = ration(market.demand, deltas, market.prices, market.market_sizes, limits)
    ready = staying + rationed.units
    total = ready.sum(axis=0)
    part = np.divide(capacities, total, where=total > capacities, out=np.ones_like(total))
    deliveries = ready * part
    turned_away = np.where(rationed.binding, (wanted.units - rationed.units).sum(axis=0), 0.0)
    found = Queue(
        before=before,
        orders=rationed.units,
        deliveries=deliveries,
        cancellations=before - staying,
        backlog=ready - deliveries,
        waits=waits,
        turned_away=turned_away,
    )
    return replace(market, deltas=rationed.deltas), found
