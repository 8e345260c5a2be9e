"""Firms that match: they follow the price moves that levers make on other firms' products in their segments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from sandtable.market.primitives import FloatArray
from sandtable.scenario.base import Base
from sandtable.scenario.model import Response, Scenario

PriceMoves = Mapping[str, FloatArray]  # product -> relative move in each region, (R,)


def lever_moves(base: Base, asked: FloatArray) -> PriceMoves:
    """Return the relative price move of each product that levers moved.

    Parameters
    ----------
    base : Base
    asked : ndarray, shape (R, J)
        Net prices after levers, before tax.
    """
    market = base.market
    relative = np.where(market.offered, asked / market.prices - 1, 0.0)
    moved = np.flatnonzero(relative.any(axis=0))
    return {market.products[column]: relative[:, column] for column in moved}


def followed_moves(
    scenario: Scenario, base: Base, own_firm: str, history: Sequence[PriceMoves]
) -> FloatArray:
    """Return the relative price move of each product of the firms that match.

    Parameters
    ----------
    scenario : Scenario
    base : Base
    own_firm : str
    history : sequence of PriceMoves
        Lever moves of the periods run so far, this one last.

    Returns
    -------
    ndarray, shape (R, J)
        ``follow`` times the mean move, ``lag`` periods ago, of the moved products of other firms in the same segment,
        weighted by their base units; 0 for all others. With national prices one move for all regions, the mean over
        regions weighted by the base units of the product that follows.
    """
    market = base.market
    moves = np.zeros(market.prices.shape)
    segments = base.data_set.tables["products"].set_index("product")["segment"]
    places = {code: column for column, code in enumerate(market.products)}
    for column, (code, firm) in enumerate(zip(market.products, market.firms, strict=True)):
        response = scenario.rivals.response(firm, own_firm)
        if response.mode != "match":
            continue
        seen = _seen(response, history)
        leaders = [
            place
            for leader, place in places.items()
            if leader in seen and market.firms[place] != firm and segments[leader] == segments[code]
        ]
        if not leaders:
            continue
        relative = np.stack([seen[market.products[place]] for place in leaders], axis=1)
        weights = market.units[:, leaders] * (relative != 0)
        totals = weights.sum(axis=1)
        mean = np.divide((weights * relative).sum(axis=1), totals, where=totals > 0, out=0 * totals)
        if market.national:
            mean = np.full_like(mean, np.average(mean, weights=market.units[:, column]))
        moves[:, column] = response.follow * mean
    return np.where(market.offered, moves, 0.0)


def _seen(response: Response, history: Sequence[PriceMoves]) -> PriceMoves:
    """Return the lever moves that a firm answers now; none before the first period that is run."""
    return history[-1 - response.lag] if response.lag < len(history) else {}
