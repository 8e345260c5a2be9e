"""War games: rounds in which firms move in turn, teams by their own files, others by their best response.

What a firm does becomes levers that act from the round on. So after every round the game is a plain scenario: it is
saved, it can be run alone, and playing the same file again must give the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from sandtable.data.loading import DataSet
from sandtable.market.equilibrium import equilibrium
from sandtable.market.primitives import FloatArray
from sandtable.scenario.model import LeverMove, Scenario
from sandtable.scenario.periods import game_of
from sandtable.scenario.run import Result, run
from sandtable.scenario.summary import totals
from sandtable.units import Change

SMALLEST = 1e-9  # part of a price below which a firm leaves it
Progress = Callable[[int, int], bool | None]


@dataclass(frozen=True)
class Turn:
    """What one firm does in a round: levers of its team, or its best response."""

    firm: str
    levers: tuple[LeverMove, ...] | Literal["best_response"]


@dataclass(frozen=True)
class Round:
    """One round: the period from which its moves act, and the turns in order."""

    first: str
    turns: tuple[Turn, ...]


@dataclass(frozen=True)
class WarGame:
    """A game as it is played.

    Attributes
    ----------
    start : Scenario
        Data set, horizon, what has happened before the first round, firms that match.
    firms : tuple of str
        The order in which they move.
    """

    title: str
    start: Scenario
    firms: tuple[str, ...]
    rounds: tuple[Round, ...]


@dataclass(frozen=True)
class Played:
    """One round after it was played.

    Attributes
    ----------
    levers : dict of str to tuple of LeverMove
        What each firm did.
    scenario : Scenario
        All that was done so far.
    standings : DataFrame
        firm, units, share_of_sales, revenue, contribution_profit over the horizon, and the change of profit since the
        round before.
    """

    number: int
    first: str
    levers: dict[str, tuple[LeverMove, ...]]
    scenario: Scenario
    standings: pd.DataFrame

    def to_dict(self) -> dict[str, object]:
        """Return the round as plain values."""
        return {
            "round": self.number,
            "from": self.first,
            "scenario_sha256": self.scenario.sha256,
            "standings": self.standings.to_dict(orient="records"),
        }


def play(game: WarGame, data_set: DataSet, *, progress: Progress | None = None) -> list[Played]:
    """Play all rounds.

    Raises
    ------
    InputError
        If a firm's levers cannot be pulled on what was done before.
    ConvergenceError
        If a best response or a run does not converge.
    KeyboardInterrupt
        If `progress` returns False.
    """
    scenario = replace(game.start, title=game.title)
    result = run(scenario, data_set, search_again=False)
    before = _standings(result, game.firms)
    played = []
    for number, one in enumerate(game.rounds, start=1):
        done: dict[str, tuple[LeverMove, ...]] = {}
        for turn in one.turns:
            levers = turn.levers
            if levers == "best_response":
                levers = best_response(result, turn.firm, one.first)
            done[turn.firm] = levers
            if levers:
                scenario = replace(scenario, levers=(*scenario.levers, *levers))
                result = run(scenario, data_set, search_again=False)
        title = f"{game.title}, round {number}"
        standings = _standings(result, game.firms)
        change = standings["contribution_profit"] - before["contribution_profit"]
        found = standings.assign(change_of_profit=change)
        played.append(Played(number, one.first, done, replace(scenario, title=title), found))
        before = standings
        if progress is not None and progress(number, len(game.rounds)) is False:
            raise KeyboardInterrupt
    return played


def best_response(result: Result, firm: str, period: str) -> tuple[LeverMove, ...]:
    """Return the price moves that earn a firm most in a period, all others as they are.

    Parameters
    ----------
    result : Result
        What was done before.
    firm : str
    period : str
        From which the moves act; a period of the result.

    Raises
    ------
    ConvergenceError
        If no best response is found.
    """
    item = next(item for item in result.periods if item.base.period == period)
    market = item.composed.market
    owned = np.array([one == firm for one in market.firms]) & market.offered.any(axis=0)
    if not owned.any():
        return ()
    answer = equilibrium(game_of(item.composed, owned), market.prices)
    moves = answer.require() - market.prices
    lever = "list_price" if firm == result.own_firm else "rival_price"
    found = []
    for column in np.flatnonzero(owned):
        rows = np.flatnonzero(market.offered[:, column])
        changes: FloatArray = moves[rows, column]
        prices = market.prices[rows, column]
        if (np.abs(changes) < SMALLEST * prices).all():
            continue
        product = market.products[column]
        alike = np.ptp(changes) < SMALLEST * prices.max()
        places = [(None, changes.mean())] if alike else zip(rows, changes, strict=True)
        for row, change in places:
            region = None if row is None else market.regions[row]
            found.append(
                LeverMove(
                    lever,
                    product=product,
                    region=region,
                    change=Change("absolute", float(change)),
                    first=period,
                )
            )
    return tuple(found)


def _standings(result: Result, firms: Sequence[str]) -> pd.DataFrame:
    rows = []
    for firm in firms:
        _, after = totals(result.periods, firm)
        rows.append(
            {
                "firm": firm,
                "units": after.units,
                "share_of_sales": after.share_of_sales,
                "revenue": after.revenue,
                "contribution_profit": after.contribution_profit,
            }
        )
    return pd.DataFrame(rows)
