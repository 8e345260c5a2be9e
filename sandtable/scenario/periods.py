"""One period of a run: levers, answers, capacity, and the numbers on both sides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from sandtable.funnel.stages import answered_counts
from sandtable.market.equilibrium import Equilibrium, equilibrium, first_round, other_equilibrium
from sandtable.market.game import PricingGame
from sandtable.market.market import Market
from sandtable.market.primitives import BoolArray, FloatArray
from sandtable.scenario.base import Base
from sandtable.scenario.compose import Composed, compose
from sandtable.scenario.following import PriceMoves
from sandtable.scenario.funnel_base import funnel_table
from sandtable.scenario.launching import Entrant, with_launches
from sandtable.scenario.model import Scenario
from sandtable.scenario.pulling_forward import missing_cars, temporary_moves
from sandtable.scenario.queueing import Queue, Waiting, queue
from sandtable.scenario.supply_draft import SupplyDraft


@dataclass(frozen=True)
class State:
    """One side of a result, baseline or scenario: what each product does in each region, (R, J) each.

    Attributes
    ----------
    units : ndarray
        Vehicles sold in the period; where capacity binds, those delivered.
    share : ndarray
        Share of the whole market, the outside good included.
    net_price, list_price : ndarray
        In money units; NaN where not offered.
    leads, conversion : ndarray
        Leads, and units for each lead; NaN where unknown.
    revenue, contribution_profit : ndarray
        Money units in the period, net of value added tax and of taxes on top; contribution is revenue less marginal
        costs, and less what levers spend beyond the base (media, dealers).
    """

    units: FloatArray
    share: FloatArray
    net_price: FloatArray
    list_price: FloatArray
    leads: FloatArray
    conversion: FloatArray
    revenue: FloatArray
    contribution_profit: FloatArray


@dataclass(frozen=True)
class PeriodResult:
    """One period of a result.

    Attributes
    ----------
    base : Base
        The observed or projected period, new products in it but not yet sold.
    composed : Composed
        After the levers and the firms that match, before the others answer.
    market : Market
        The market after levers, answers and capacity.
    baseline, scenario : State
        The numbers on both sides.
    answer : Equilibrium or None
        The answer of the firms in best response; None when there is none.
    game : PricingGame or None
        The game that it solves.
    queue : Queue or None
        Orders and deliveries; None when nothing limits and nobody waits.
    entrants : mapping of str to Entrant
        New products.
    stages : ndarray, shape (S, R, J)
        People at each stage of the funnel in the scenario; those of the baseline are `Base.stages`.
    beside : list of PeriodResult
        All periods of the same run: who reads figures of one soon reads those of the others.
    """

    base: Base
    composed: Composed
    market: Market
    baseline: State
    scenario: State
    answer: Equilibrium | None
    game: PricingGame | None = None
    queue: Queue | None = None
    entrants: Mapping[str, Entrant] = field(default_factory=dict)
    stages: FloatArray = field(default_factory=lambda: np.empty((0, 0, 0)))
    beside: list[PeriodResult] = field(default_factory=list, compare=False, repr=False)

    @cached_property
    def readings(self) -> dict[str, object]:
        """What indicators have read from the scenario, by firm; see `sandtable.scenario.reading`."""
        return {}

    def first_round(self) -> FloatArray | None:
        """Prices when each firm answers the levers once, before anybody answers the answers; None without answer."""
        if self.game is None:
            return None
        return first_round(self.game, self.composed.market.prices)


@dataclass
class Memory:
    """What one period hands to the next.

    Attributes
    ----------
    moves : list of PriceMoves
        Lever moves of the periods run, oldest first.
    waiting : Waiting
        Orders that wait.
    lifts : dict of int to ndarray, shape (R,)
        Cars that each temporary move has added so far, by its place in the scenario.
    """

    moves: list[PriceMoves] = field(default_factory=list)
    waiting: Waiting = field(default_factory=dict)
    lifts: dict[int, FloatArray] = field(default_factory=dict)


def run_period(
    scenario: Scenario,
    base: Base,
    own_firm: str,
    memory: Memory,
    *,
    search_again: bool = True,
) -> tuple[PeriodResult, tuple[str, ...]]:
    """Run one period; what the next one needs is put into the memory.

    Returns
    -------
    result : PeriodResult
    marks : tuple of str
        What a reader of the numbers must know.

    Raises
    ------
    InputError, ConvergenceError
        As `run` does.
    """
    base, entrants = with_launches(scenario, base)
    missing = missing_cars(scenario, base, memory.lifts)
    composed = compose(scenario, base, own_firm, memory.moves, entrants, missing)
    _remember_lifts(scenario, base, own_firm, memory, composed, entrants, missing)
    memory.moves.append(composed.moves)
    market, supply = composed.market, composed.supply
    list_prices = composed.list_prices
    marks = list(composed.outside_seen)
    if missing is not None:
        marks.append("a part of the cars bought before a temporary tax or subsidy ended is missing")
    answer = game = None
    responding = responding_products(scenario, base, composed, own_firm)
    if responding.any():
        game = game_of(composed, responding)
        answer = equilibrium(game, market.prices)
        prices = answer.require()
        if search_again:
            marks += _other_marks(game, market, answer)
        # a rival answers with its net price; its list price moves by the same amount
        list_prices = list_prices + (supply.asked(prices) - supply.asked(market.prices))
        market = market.moved(prices=prices)
    found = None
    if np.isfinite(supply.capacities).any() or memory.waiting:
        coefficient = base.parameters.price_coefficient.value
        market, found = queue(
            market, supply.capacities, memory.waiting, scenario.backlog, coefficient
        )
        memory.waiting = found.waiting(market)
        marks += _capacity_marks(market, found, answer)
    marks += [*_ownership_marks(base, composed, answer), *_cost_marks(base)]
    baseline = _state(base, base.market, SupplyDraft.of(base), base.list_prices, base.leads)
    stages = _stages(base, market, composed)
    leads = stages[0] if len(stages) else base.leads
    state = _state(base, market, supply, list_prices, leads, composed, queued=found)
    if found is not None and len(stages):
        stages[-1] *= np.divide(
            state.units, market.units, where=market.units > 0, out=np.ones_like(state.units)
        )
    result = PeriodResult(
        base, composed, market, baseline, state, answer, game, found, entrants, stages
    )
    return result, tuple(marks)


def _remember_lifts(
    scenario: Scenario,
    base: Base,
    own_firm: str,
    memory: Memory,
    composed: Composed,
    entrants: Mapping[str, Entrant],
    missing: FloatArray | None,
) -> None:
    """Add up what each temporary move adds while it acts, rivals held: with it less without it."""
    for index, move, _, _ in temporary_moves(scenario):
        if not move.acts_in(base.period):
            continue
        others = scenario.levers[:index] + scenario.levers[index + 1 :]
        without = compose(
            replace(scenario, levers=others), base, own_firm, memory.moves, entrants, missing
        )
        lift = (composed.market.units - without.market.units).sum(axis=1)
        memory.lifts[index] = memory.lifts.get(index, 0.0) + lift


def _stages(base: Base, market: Market, composed: Composed) -> FloatArray:
    """Return the people at each stage of the funnel in the scenario, (S, R, J); NaN where unknown."""
    if not len(base.stages):
        return base.stages
    growth = (market.market_sizes / base.market.market_sizes)[:, None]
    leads = np.where(market.offered, base.stages[0] * composed.lead_factors * growth, np.nan)
    units = base.market.units
    change = np.divide(market.units, units, where=units > 0, out=np.ones_like(units))
    table = funnel_table(base.data_set)
    assert table is not None
    settled = table.stages.index("orders") if "orders" in table.stages else len(table.stages) - 1
    return answered_counts(
        base.stages, leads, base.stages[-1] * change, composed.stage_factors, settled
    )


def game_of(composed: Composed, responding: BoolArray) -> PricingGame:
    """Return the game of the firms in best response, with taxes and bounds where levers set them."""
    supply = composed.supply
    # a firm that pays customer cash earns so much less on each car
    game = composed.market.game(supply.costs + composed.cash_kept, responding)
    if supply.taxed:
        game = replace(game, tax_rates=supply.tax_rates, unit_taxes=supply.added)
    if np.isfinite(supply.floors).any() or np.isfinite(supply.caps).any():
        game = replace(game, floors=supply.floors, caps=supply.caps)
    return game


def responding_products(
    scenario: Scenario, base: Base, composed: Composed, own_firm: str
) -> BoolArray:
    """Return the products whose prices answer: of firms in best response, not priced by a lever, still sold."""
    modes = {firm: scenario.rivals.response(firm, own_firm).mode for firm in set(base.market.firms)}
    answers = np.array([modes[firm] == "best_response" for firm in base.market.firms])
    return np.asarray(answers & ~composed.priced & composed.market.offered.any(axis=0))


def _other_marks(game: PricingGame, market: Market, answer: Equilibrium) -> list[str]:
    other = other_equilibrium(game, market.prices, answer)
    if other is None:
        return []
    distance = np.where(market.offered, np.abs(other.prices / answer.prices - 1), 0.0)
    row, column = np.unravel_index(int(np.argmax(distance)), distance.shape)
    return [
        "the firms that answer have a second price equilibrium, found from prices at cost "
        f"({market.products[column]} at {other.prices[row, column]:,.6g} instead of "
        f"{answer.prices[row, column]:,.6g}); the one nearest the base is shown"
    ]


def _capacity_marks(market: Market, found: Queue, answer: Equilibrium | None) -> list[str]:
    binding = [code for code, at in zip(market.products, found.binding, strict=True) if at]
    if not binding:
        return []
    marks = [
        f"the capacity of {', '.join(binding)} binds; buyers beyond it wait or take another car"
    ]
    if answer is not None:
        marks.append("prices answer as if capacity did not bind")
    return marks


def _ownership_marks(base: Base, composed: Composed, answer: Equilibrium | None) -> list[str]:
    if answer is not None or composed.market.firms == base.market.firms:
        return []
    return ["a new owner acts through the prices of the firms that answer, but none does"]


def _cost_marks(base: Base) -> list[str]:
    lowest = np.fmin.reduce(base.market.costs, axis=0)
    negative = [code for code, cost in zip(base.market.products, lowest, strict=True) if cost < 0]
    if not negative:
        return []
    shown = ", ".join(negative[:5]) + (" and more" if len(negative) > 5 else "")
    return [
        f"the parameter set '{base.parameters.name}' implies negative marginal costs for "
        f"{len(negative)} of {len(base.market.products)} products ({shown}); "
        "contribution profit and rivals' answers rest on them"
    ]


def _state(
    base: Base,
    market: Market,
    supply: SupplyDraft,
    list_prices: FloatArray,
    leads: FloatArray,
    composed: Composed | None = None,
    *,
    queued: Queue | None = None,
) -> State:
    value_added_tax = 1 + base.data_set.metadata.value_added_tax
    units = market.units if queued is None else queued.deliveries
    # what is delivered as ordered keeps its share to the bit
    share = np.where(units == market.units, market.shares, units / market.market_sizes[:, None])
    offered = market.offered
    asked = supply.asked(market.prices)
    cash_kept, spending = (
        (0.0, 0.0) if composed is None else (composed.cash_kept, composed.spending)
    )
    margin = asked - cash_kept - np.nan_to_num(supply.costs)
    with np.errstate(divide="ignore", invalid="ignore"):
        conversion = np.where(leads > 0, units / leads, np.nan)
    return State(
        units=units,
        share=share,
        # worth counts with the customer, but nobody pays it
        net_price=np.where(offered, market.prices + supply.worth, np.nan),
        list_price=np.where(offered, list_prices, np.nan),
        leads=leads,
        conversion=conversion,
        revenue=units * asked / value_added_tax,
        contribution_profit=units * margin / value_added_tax - spending,
    )
