"""Levers -> market: what the customer pays, what attracts, who owns, who is there; firms that match follow."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from sandtable.errors import Fault, InputError
from sandtable.forecast.periods import period_number
from sandtable.market.market import Market
from sandtable.market.primitives import BoolArray, FloatArray
from sandtable.response.lifecycle import Lifecycle
from sandtable.scenario.base import Base, regions_of
from sandtable.scenario.following import PriceMoves, followed_moves, lever_moves
from sandtable.scenario.guard_rails import beyond_guard_rail
from sandtable.scenario.launching import Entrant
from sandtable.scenario.levers import terms_of
from sandtable.scenario.model import LeverMove, Scenario
from sandtable.scenario.price_moves import PRICE_LEVERS, move_price
from sandtable.scenario.supply_draft import SUPPLY_LEVERS, SupplyDraft

Cells = tuple[list[int], list[int]]  # rows and columns


@dataclass(frozen=True)
class Composed:
    """One period of a scenario before the firms in best response answer.

    Attributes
    ----------
    market : Market
        The base market after the levers; its prices are what the customer pays, tax on top included.
    supply : SupplyDraft
        Costs, taxes on top, price bounds and capacities.
    moves : PriceMoves
        Relative price moves that levers made, for those who match them later.
    list_prices : ndarray, shape (R, J)
        In money units.
    lead_factors : ndarray, shape (R, J)
        Factor on the leads of each product.
    cash_kept : ndarray, shape (R, J)
        What the firm pays for each car beyond the fall of the net price, in money units.
    priced : ndarray of bool, shape (J,)
        Products whose price a lever set: they do not answer.
    matched : ndarray of bool, shape (J,)
        Products that follow a lever move.
    outside_seen : tuple of str
        A sentence for each move beyond its guard-rail.
    """

    market: Market
    supply: SupplyDraft
    moves: PriceMoves
    list_prices: FloatArray
    lead_factors: FloatArray
    cash_kept: FloatArray
    priced: BoolArray
    matched: BoolArray
    outside_seen: tuple[str, ...]


@dataclass
class _Draft:
    """The arrays that levers change, one after the other, before they are frozen."""

    deltas: FloatArray
    list_prices: FloatArray
    net_prices: FloatArray
    attraction: FloatArray
    lead_factors: FloatArray
    cash_kept: FloatArray
    offered: BoolArray
    market_sizes: FloatArray
    firms: NDArray[Any]
    priced: BoolArray


@dataclass(frozen=True)
class Subset:
    """One period of a scenario with some of its levers only, rivals held.

    Attributes
    ----------
    mask : int
        Which levers: bit i is lever i of the scenario.
    market : Market
    supply : SupplyDraft
    cash_kept : ndarray, shape (R, J)
        As in `Composed`.
    """

    mask: int
    market: Market
    supply: SupplyDraft
    cash_kept: FloatArray


def compose(
    scenario: Scenario,
    base: Base,
    own_firm: str,
    history: Sequence[PriceMoves] = (),
    entrants: Mapping[str, Entrant] | None = None,
) -> Composed:
    """Apply the levers of a scenario to one period of its base, and let the firms that match follow.

    Parameters
    ----------
    scenario : Scenario
        Its moves act in their order.
    base : Base
        One period.
    own_firm : str
        Whose table it is.
    history : sequence of PriceMoves
        Lever moves of the periods run before, oldest first.
    entrants : mapping of str to Entrant, optional
        New products that already stand in the base, as `with_launches` made them.

    Returns
    -------
    Composed

    Raises
    ------
    InputError
        If moves together leave a price of zero or less, no households, or a floor above a cap.
    """
    market = base.market
    draft, supply = _draft(base), SupplyDraft.of(base)
    start = _start(scenario, base)
    marks: list[str] = []
    for index, move in enumerate(scenario.levers):
        rows, columns = cells_moved(move, base)
        if not (rows and columns):
            continue  # not sold in this period; the checks saw that it is sold in another one
        if move.lever == "launch":
            entrant = (entrants or {})[str(move.product)]
            _enter(draft, supply, columns[0], entrant, _strength(move, base, start))
        else:
            _apply(draft, supply, move, rows, columns, base, start)
        _check(draft, supply, market, index)
        prices = draft.net_prices if move.lever == "net_price" else draft.list_prices
        mark = beyond_guard_rail(move, base, prices, rows, columns)
        if mark:
            marks.append(mark)
    moves = lever_moves(base, draft.net_prices)
    matched = np.zeros_like(draft.priced)
    if _anybody_matches(scenario):
        matched = _match(draft, followed_moves(scenario, base, own_firm, [*history, moves]))
    return Composed(
        market=_moved(market, draft, supply),
        supply=supply,
        moves=moves,
        list_prices=draft.list_prices,
        lead_factors=draft.lead_factors,
        cash_kept=draft.cash_kept,
        priced=draft.priced,
        matched=matched,
        outside_seen=tuple(marks),
    )


def compose_subsets(scenario: Scenario, base: Base, masks: Collection[int]) -> Iterator[Subset]:
    """Apply some subsets of the levers to one period of the base, rivals held.

    Subsets that begin alike share the work up to where they part, so that all subsets together cost little more than
    one lever each.

    Parameters
    ----------
    scenario : Scenario
        Without launches.
    base : Base
        One period.
    masks : collection of int
        The subsets, each once: bit i for lever i.

    Yields
    ------
    Subset
        In some other order.

    Raises
    ------
    InputError
        If the moves of a subset leave a price of zero or less, no households, or a floor above a cap.
    """
    levers, start = scenario.levers, _start(scenario, base)

    def descend(
        index: int, wanted: Collection[int], draft: _Draft, supply: SupplyDraft
    ) -> Iterator[Subset]:
        if index == len(levers):
            for mask in wanted:
                yield Subset(mask, _moved(base.market, draft, supply), supply, draft.cash_kept)
            return
        without = [mask for mask in wanted if not mask >> index & 1]
        if without:
            yield from descend(index + 1, without, draft, supply)
        pulled = [mask for mask in wanted if mask >> index & 1]
        if pulled:
            rows, columns = cells[index]
            if rows and columns:
                draft, supply = _copied(draft), _copied(supply)
                _apply(draft, supply, levers[index], rows, columns, base, start)
                _check(draft, supply, base.market, index)
            yield from descend(index + 1, pulled, draft, supply)

    cells = [cells_moved(move, base) for move in levers]
    return descend(0, masks, _draft(base), SupplyDraft.of(base))


_Arrays = TypeVar("_Arrays", _Draft, SupplyDraft)


def _copied(draft: _Arrays) -> _Arrays:
    return type(draft)(**{item.name: getattr(draft, item.name).copy() for item in fields(draft)})


def _draft(base: Base) -> _Draft:
    market = base.market
    shape = market.prices.shape
    return _Draft(
        deltas=market.deltas.copy(),
        list_prices=base.list_prices.copy(),
        net_prices=market.prices.copy(),
        attraction=np.ones(shape),
        lead_factors=np.ones(shape),
        cash_kept=np.zeros(shape),
        offered=np.ones(shape, dtype=bool),
        market_sizes=market.market_sizes.copy(),
        firms=np.array(market.firms, dtype=object),
        priced=np.zeros(shape[1], dtype=bool),
    )


def _apply(
    draft: _Draft,
    supply: SupplyDraft,
    move: LeverMove,
    rows: list[int],
    columns: list[int],
    base: Base,
    start: str,
) -> None:
    if move.lever in PRICE_LEVERS:
        cells = np.ix_(rows, columns)
        move_price(draft.net_prices, draft.list_prices, draft.cash_kept, move, cells, base)
        draft.priced[columns] = True
    elif move.lever in SUPPLY_LEVERS:
        supply.move(move, rows, columns, base)
    else:
        _move_market(draft, move, rows, columns, _age(move, base, start))


def _strength(move: LeverMove, base: Base, start: str) -> float:
    """Return how far a new product is known, 0 to 1; one launched before the run is known as long as it is out."""
    frequency = base.data_set.metadata.frequency
    first = start if move.first is None else move.first
    age = period_number(base.period, frequency) - period_number(first, frequency)
    life = Lifecycle(ramp=terms_of(move)["ramp"])
    return float(np.exp(life.log_attraction(np.array([float(age)]))[0]))


def _enter(
    draft: _Draft, supply: SupplyDraft, column: int, entrant: Entrant, strength: float
) -> None:
    draft.deltas[:, column] = entrant.deltas
    draft.attraction[:, column] *= strength
    draft.net_prices[:, column] = entrant.net_prices
    draft.list_prices[:, column] = entrant.list_prices
    supply.costs[:, column] = entrant.costs


def _anybody_matches(scenario: Scenario) -> bool:
    rivals = scenario.rivals
    return any(
        response.mode == "match"
        for response in (rivals.default, *(named for _, named in rivals.by_firm))
    )


def _match(draft: _Draft, moves: FloatArray) -> BoolArray:
    """Let products follow; one whose own price a lever set does not."""
    moves = np.where(draft.priced, 0.0, moves)
    matched = np.asarray(moves.any(axis=0))
    change = np.where(matched, draft.net_prices * moves, 0.0)
    draft.net_prices += change
    draft.list_prices += change
    return matched


def _moved(market: Market, draft: _Draft, supply: SupplyDraft) -> Market:
    """Change only what a lever touched, so that what was not touched stays equal to the bit."""
    return replace(market, deltas=draft.deltas).moved(
        prices=supply.paid(draft.net_prices),
        attraction=draft.attraction if (draft.attraction != 1).any() else None,
        offered=None if draft.offered.all() else draft.offered,
        market_sizes=draft.market_sizes,
        firms=tuple(str(firm) for firm in draft.firms),
    )


def cells_moved(move: LeverMove, base: Base) -> Cells:
    """Return the rows and columns of the base that a move acts on in its period; nothing where it does not act."""
    market = base.market
    if not move.acts_in(base.period):
        return [], []
    wanted = regions_of(base.data_set, move.region)
    rows = [market.regions.index(region) for region in wanted if region in market.regions]
    if move.product is None and move.firm is None:
        columns = list(range(len(market.products)))
    elif move.product is not None:
        columns = [j for j, code in enumerate(market.products) if code == move.product]
    else:
        columns = [j for j, firm in enumerate(market.firms) if firm == move.firm]
    return rows, columns


def _start(scenario: Scenario, base: Base) -> str:
    """Return the first period that is run."""
    return scenario.periods[0] if scenario.periods else base.period


def _age(move: LeverMove, base: Base, start: str) -> int:
    """Return for how many periods a move has acted: 0 in its first one."""
    frequency = base.data_set.metadata.frequency
    first = start if move.first is None else max(move.first, start)
    return period_number(base.period, frequency) - period_number(first, frequency)


def _move_market(
    draft: _Draft, move: LeverMove, rows: list[int], columns: list[int], age: int
) -> None:
    cells = np.ix_(rows, columns)
    if move.lever == "exit":
        draft.offered[cells] = False
    elif move.lever in ("ownership", "divestiture"):
        draft.firms[columns] = move.owner
    elif move.lever == "market_size":
        draft.market_sizes[rows] *= _growth(move, float(draft.market_sizes[rows].sum()))
    else:
        assert move.change is not None
        factor = 1 + move.change.amount
        if move.lever == "run_out":
            factor **= age + 1
        draft.attraction[cells] *= factor
        if move.lever == "lead_volume":
            draft.lead_factors[cells] *= factor


def _growth(move: LeverMove, households: float) -> float:
    """Factor on the market size; an absolute change is of all the regions together, each in its proportion."""
    assert move.change is not None
    change = move.change
    return 1 + (change.amount if change.kind == "relative" else change.amount / households)


def _check(draft: _Draft, supply: SupplyDraft, market: Market, index: int) -> None:
    for prices, kind in ((draft.net_prices, "net price"), (supply.paid(draft.net_prices), "price")):
        wrong = np.argwhere(market.offered & ~(prices > 0))
        if wrong.size:
            row, column = wrong[0]
            raise _refused(
                index,
                f"leaves {market.products[column]} a {kind} of {prices[row, column]:,.6g} in "
                f"{market.regions[row]}; a price must stay above 0.",
            )
    if not (draft.market_sizes > 0).all():
        raise _refused(
            index, "leaves no households in the market; a market size must stay above 0."
        )
    crossed = np.argwhere(supply.floors > supply.caps)
    if crossed.size:
        row, column = crossed[0]
        raise _refused(
            index,
            f"leaves {market.products[column]} a price floor of {supply.floors[row, column]:,.6g} above "
            f"its cap of {supply.caps[row, column]:,.6g}; a floor must not lie above a cap.",
        )


def _refused(index: int, message: str) -> InputError:
    return InputError([Fault("scenario", f"levers[{index}]", message)])
