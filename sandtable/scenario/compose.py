"""Levers -> market: what the customer pays, what attracts, who owns, who is there; firms that match follow."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sandtable.errors import Fault, InputError
from sandtable.forecast.periods import period_number
from sandtable.market.market import Market
from sandtable.market.primitives import BoolArray, FloatArray
from sandtable.response.lifecycle import Lifecycle
from sandtable.scenario.base import Base
from sandtable.scenario.crossing import crossing
from sandtable.scenario.demand_moves import move_demand
from sandtable.scenario.draft import Draft, RefusedMoveError, cells_moved, copied
from sandtable.scenario.following import PriceMoves, followed_moves, lever_moves
from sandtable.scenario.guard_rails import beyond_guard_rail
from sandtable.scenario.launching import Entrant
from sandtable.scenario.levers import terms_of
from sandtable.scenario.media_moves import move_media
from sandtable.scenario.model import LeverMove, Scenario
from sandtable.scenario.price_moves import PRICE_LEVERS, move_price
from sandtable.scenario.pulling_forward import size_factor
from sandtable.scenario.supply_draft import SUPPLY_LEVERS, SupplyDraft
from sandtable.scenario.worth_moves import WORTH_LEVERS, move_worth


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
    utility : ndarray, shape (R, J)
        What media and dealers add to the mean utility.
    lead_factors : ndarray, shape (R, J)
        Factor on the leads of each product.
    stage_factors : ndarray, shape (S - 1, R, J)
        Factor on the rate into each stage of the funnel but the first.
    cash_kept : ndarray, shape (R, J)
        What the firm pays for each car beyond the fall of the net price, in money units.
    spending : ndarray, shape (R, J)
        What the firm spends in the period beyond the base, whatever it sells, in money units.
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
    utility: FloatArray
    lead_factors: FloatArray
    stage_factors: FloatArray
    cash_kept: FloatArray
    spending: FloatArray
    priced: BoolArray
    matched: BoolArray
    outside_seen: tuple[str, ...]


@dataclass(frozen=True)
class Subset:
    """One period of a scenario with some of its levers only, rivals held.

    Attributes
    ----------
    mask : int
        Which levers: bit i is lever i of the scenario.
    market : Market
    supply : SupplyDraft
    cash_kept, spending : ndarray, shape (R, J)
        As in `Composed`.
    """

    mask: int
    market: Market
    supply: SupplyDraft
    cash_kept: FloatArray
    spending: FloatArray


def compose(
    scenario: Scenario,
    base: Base,
    own_firm: str,
    history: Sequence[PriceMoves] = (),
    entrants: Mapping[str, Entrant] | None = None,
    missing: FloatArray | None = None,
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
    missing : ndarray, shape (R,), optional
        Cars that were bought before their time in the periods run before.

    Returns
    -------
    Composed

    Raises
    ------
    InputError
        If moves together leave a price of zero or less, no households, or a floor above a cap.
    """
    market = base.market
    draft, supply = Draft.of(base), SupplyDraft.of(base)
    marks: list[str] = []
    for index, move in enumerate(scenario.levers):
        rows, columns = cells_moved(move, base)
        if not (rows and columns):
            continue  # not sold in this period; the checks saw that it is sold in another one
        if move.lever == "launch":
            entrant = (entrants or {})[str(move.product)]
            _enter(
                draft, supply, columns[0], entrant, _strength(move, base, _run(scenario, base)[0])
            )
        else:
            _apply(draft, supply, index, rows, columns, base, scenario)
        if move.lever in CHECKED:
            _check(draft, supply, market, index)
        if not move.acts_in(base.period):
            continue
        prices = draft.net_prices if move.lever == "net_price" else draft.list_prices
        mark = beyond_guard_rail(move, base, prices, rows, columns)
        if mark:
            marks.append(mark)
    if missing is not None:
        draft.market_sizes *= size_factor(base, missing)
        if not (draft.market_sizes > 0).all():
            message = "more purchases were brought forward than the market has; lower the part brought forward."
            raise InputError([Fault("scenario", "levers", message)])
    moves = lever_moves(base, draft.net_prices)
    matched = np.zeros_like(draft.priced)
    if _anybody_matches(scenario):
        matched = _match(draft, followed_moves(scenario, base, own_firm, [*history, moves]))
    utility = _utility(draft, base)
    return Composed(
        market=_moved(market, draft, supply, utility),
        utility=utility,
        supply=supply,
        moves=moves,
        list_prices=draft.list_prices,
        lead_factors=draft.lead_factors * base.attraction_of(utility),
        stage_factors=draft.stage_factors,
        cash_kept=draft.cash_kept,
        spending=draft.spending,
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
    levers = scenario.levers

    def descend(
        index: int, wanted: Collection[int], draft: Draft, supply: SupplyDraft
    ) -> Iterator[Subset]:
        if index == len(levers):
            for mask in wanted:
                market = _moved(base.market, draft, supply, _utility(draft, base))
                yield Subset(mask, market, supply, draft.cash_kept, draft.spending)
            return
        without = [mask for mask in wanted if not mask >> index & 1]
        if without:
            yield from descend(index + 1, without, draft, supply)
        pulled = [mask for mask in wanted if mask >> index & 1]
        if pulled:
            rows, columns = cells[index]
            if rows and columns:
                draft, supply = copied(draft), copied(supply)
                _apply(draft, supply, index, rows, columns, base, scenario)
                if levers[index].lever in CHECKED:
                    _check(draft, supply, base.market, index)
            yield from descend(index + 1, pulled, draft, supply)

    cells = [cells_moved(move, base) for move in levers]
    return descend(0, masks, Draft.of(base), SupplyDraft.of(base))


def _apply(
    draft: Draft,
    supply: SupplyDraft,
    index: int,
    rows: list[int],
    columns: list[int],
    base: Base,
    scenario: Scenario,
) -> None:
    move, run = scenario.levers[index], _run(scenario, base)
    try:
        if move.lever in PRICE_LEVERS:
            cells = crossing(rows, columns)
            move_price(draft.net_prices, draft.list_prices, draft.cash_kept, move, cells, base)
            draft.priced[columns] = True
        elif move.lever in SUPPLY_LEVERS:
            supply.move(move, rows, columns, base, (draft.list_prices, draft.net_prices))
        elif move.lever in WORTH_LEVERS:
            move_worth(supply, move, rows, columns, base)
        elif move.lever == "media":
            move_media(draft, move, rows, columns, base, run)
        else:
            move_demand(draft, move, rows, columns, base, _age(move, base, run[0]))
    except RefusedMoveError as refusal:
        raise _refused(index, str(refusal)) from refusal


def _utility(draft: Draft, base: Base) -> FloatArray:
    """Return what levers add to the mean utility, (R, J): media all together, since a channel saturates."""
    if base.media is None or not draft.stock.any():
        return draft.utility
    return draft.utility + base.media.utility_change(draft.stock)


def _strength(move: LeverMove, base: Base, start: str) -> float:
    """Return how far a new product is known, 0 to 1; one launched before the run is known as long as it is out."""
    frequency = base.data_set.metadata.frequency
    first = start if move.first is None else move.first
    age = period_number(base.period, frequency) - period_number(first, frequency)
    life = Lifecycle(ramp=terms_of(move)["ramp"])
    return float(np.exp(life.log_attraction(np.array([float(age)]))[0]))


def _enter(
    draft: Draft, supply: SupplyDraft, column: int, entrant: Entrant, strength: float
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


def _match(draft: Draft, moves: FloatArray) -> BoolArray:
    """Let products follow; one whose own price a lever set does not."""
    moves = np.where(draft.priced, 0.0, moves)
    matched = np.asarray(moves.any(axis=0))
    change = np.where(matched, draft.net_prices * moves, 0.0)
    draft.net_prices += change
    draft.list_prices += change
    return matched


def _moved(market: Market, draft: Draft, supply: SupplyDraft, utility: FloatArray) -> Market:
    """Change only what a lever touched, so that what was not touched stays equal to the bit."""
    return replace(market, deltas=draft.deltas + utility).moved(
        prices=supply.paid(draft.net_prices),
        attraction=draft.attraction if (draft.attraction != 1).any() else None,
        offered=None if draft.offered.all() else draft.offered,
        market_sizes=draft.market_sizes,
        firms=tuple(str(firm) for firm in draft.firms),
    )


def _run(scenario: Scenario, base: Base) -> Sequence[str]:
    """Return the periods that are run."""
    return scenario.periods or (base.period,)


def _age(move: LeverMove, base: Base, start: str) -> int:
    """Return for how many periods a move has acted: 0 in its first one."""
    frequency = base.data_set.metadata.frequency
    first = start if move.first is None else max(move.first, start)
    return period_number(base.period, frequency) - period_number(first, frequency)


# levers that can leave no price, no household, or a floor above a cap
CHECKED = {*PRICE_LEVERS, *SUPPLY_LEVERS, *WORTH_LEVERS, "market_size", "launch"}


def _check(draft: Draft, supply: SupplyDraft, market: Market, index: int) -> None:
    prices = [(draft.net_prices, "net price")]
    if supply.taxed:
        prices.append((supply.paid(draft.net_prices), "price"))
    for given, kind in prices:
        if not (given > 0)[market.offered].all():
            row, column = np.argwhere(market.offered & ~(given > 0))[0]
            raise _refused(
                index,
                f"leaves {market.products[column]} a {kind} of {given[row, column]:,.6g} in "
                f"{market.regions[row]}; a price must stay above 0.",
            )
    if not (draft.market_sizes > 0).all():
        raise _refused(
            index, "leaves no households in the market; a market size must stay above 0."
        )
    if (supply.floors > supply.caps).any():
        row, column = np.argwhere(supply.floors > supply.caps)[0]
        raise _refused(
            index,
            f"leaves {market.products[column]} a price floor of {supply.floors[row, column]:,.6g} above "
            f"its cap of {supply.caps[row, column]:,.6g}; a floor must not lie above a cap.",
        )


def _refused(index: int, message: str) -> InputError:
    return InputError([Fault("scenario", f"levers[{index}]", message)])
