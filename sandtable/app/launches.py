"""A new piece put on the board: what it is like, what it is called, and the lever that launches it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sandtable.app.state import TableState
from sandtable.app.view import Scope, base_list_prices
from sandtable.scenario.base import Base
from sandtable.scenario.known import Known
from sandtable.scenario.launching import launched_firms
from sandtable.scenario.model import LeverMove, Scenario

NEIGHBOURS = 3  # how many products a new one is like


def segments_of(base: Base) -> list[str]:
    """Return the segments in the order of the rows of the board."""
    return list(dict.fromkeys(base.data_set.tables["products"]["segment"]))


def free_code(state: TableState, known: Known) -> str:
    """Return a code for a new piece of the own firm that nothing has yet."""
    taken = {*known.firm_of, *launched_firms(state.scenario)}
    first = f"{state.own_firm[:1]}-new"
    numbered = (f"{first}{number}" for number in range(2, len(taken) + 3))
    return next(code for code in (first, *numbered) if code not in taken)


def neighbours(segment: str, price: float, base: Base, own_firm: str) -> tuple[str, ...]:
    """Return the products that a new one is like: of its segment, one powertrain, nearest in price.

    Parameters
    ----------
    segment : str
    price : float
        In money units.
    base : Base
        Only what is sold in it can be a neighbour.
    own_firm : str
        Its nearest product decides the powertrain; without one the nearest of any firm does.

    Returns
    -------
    tuple of str
        At most three, the nearest first; empty when nothing of the segment is sold.
    """
    market = base.market
    table = base.data_set.tables["products"].set_index("product")
    prices = base_list_prices(base, Scope.of(base, None))
    sold = np.any(market.offered & (market.units > 0), axis=0)
    peers = [
        code
        for place, code in enumerate(market.products)
        if sold[place] and table.loc[code, "segment"] == segment and np.isfinite(prices[code])
    ]
    peers.sort(key=lambda code: abs(prices[code] - price))
    inner = [name for name in base.data_set.metadata.nests if name != "segment"]
    own = [code for code in peers if table.loc[code, "firm"] == own_firm]
    if peers and inner:
        wanted = table.loc[(own or peers)[0], inner]
        peers = [code for code in peers if (table.loc[code, inner] == wanted).all()]
    return tuple(peers[:NEIGHBOURS])


def launch_move(state: TableState, segment: str, price: float, base: Base, code: str) -> LeverMove:
    """Return the lever that launches a new piece of the own firm, from the period of the base on.

    Parameters
    ----------
    state : TableState
    segment : str
    price : float
        List price, in money units.
    base : Base
        The period in view.
    code : str
        What the piece is called.
    """
    like = neighbours(segment, price, base, state.own_firm)
    given = {"segment": segment}
    if like:
        table = base.data_set.tables["products"].set_index("product")
        given |= {name: str(table.loc[like[0], name]) for name in base.data_set.metadata.nests}
    return LeverMove(
        "launch",
        product=code,
        firm=state.own_firm,
        region=state.region,
        value=price,
        first=base.period,
        like=like,
        characteristics=tuple(sorted(given.items())),
    )


def renamed(scenario: Scenario, old: str, new: str) -> Scenario:
    """Return the scenario in which a new piece, and every lever on it, has another code."""
    levers = tuple(
        replace(move, product=new) if move.product == old else move for move in scenario.levers
    )
    return replace(scenario, levers=levers)


def without_piece(scenario: Scenario, code: str) -> Scenario:
    """Return the scenario without a new piece and without every lever on it."""
    levers = tuple(move for move in scenario.levers if move.product != code)
    return replace(scenario, levers=levers)
