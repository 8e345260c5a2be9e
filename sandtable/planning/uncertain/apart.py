"""Draws of a scenario one after the other, where prices are answered or products come: in this process or in several.

Every draw stands alone and is calculated alike wherever it runs, so the numbers do not depend on the number of workers.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import get_context
from types import ModuleType

import numpy as np

from sandtable.data.loading import DataSet
from sandtable.errors import ConvergenceError, InputError
from sandtable.market.inversion import invert_shares
from sandtable.market.primitives import FloatArray
from sandtable.planning.uncertain.bases import DrawnPeriod, drawn_periods
from sandtable.planning.uncertain.draws import ParameterDraws
from sandtable.planning.uncertain.inputs import InputDraws, data_at, parameters_at, scenario_at
from sandtable.planning.uncertain.level_draws import LevelDraws
from sandtable.planning.uncertain.together import Sides, owned_by
from sandtable.scenario.base import Base, supplied
from sandtable.scenario.model import Scenario
from sandtable.scenario.periods import Memory, run_period

CHUNK = 8  # draws that a worker gets at a time
Tick = Callable[[int], None]


@dataclass(frozen=True)
class Failure:
    """A draw without numbers.

    Attributes
    ----------
    draw : int
    period : str
    reason : str
        A sentence.
    """

    draw: int
    period: str
    reason: str


@dataclass(frozen=True)
class Task:
    """Draws to be run.

    Attributes
    ----------
    scenario : Scenario
    data_set : DataSet
    own_firm : str
    firms, periods : tuple of str
    draws : ParameterDraws
        One for each draw, or one for all.
    inputs : InputDraws or None
    levels : LevelDraws or None
        Where the level must be in the base of each draw: capacity does not grow with the market.
    n_draws : int
    """

    scenario: Scenario
    data_set: DataSet
    own_firm: str
    firms: tuple[str, ...]
    periods: tuple[str, ...]
    draws: ParameterDraws
    inputs: InputDraws | None
    levels: LevelDraws | None
    n_draws: int

    def some(self, draws: slice) -> Task:
        """Return some of the draws."""
        return replace(
            self,
            draws=self.draws.some(draws) if len(self.draws) > 1 else self.draws,
            inputs=None if self.inputs is None else self.inputs.some(draws),
            levels=None if self.levels is None else self.levels.some(draws),
            n_draws=len(range(self.n_draws)[draws]),
        )


def run_apart(task: Task, *, workers: int, tick: Tick) -> tuple[Sides, list[Failure]]:
    """Run all draws of a task.

    Parameters
    ----------
    task : Task
    workers : int
        Processes; 1 is this one.
    tick : callable
        Called with the number of draws that are done; it may raise to stop.
    """
    if workers == 1:
        return _run(task, tick)
    parts = [slice(start, start + CHUNK) for start in range(0, task.n_draws, CHUNK)]
    sides = Sides.empty(task.n_draws, len(task.periods), len(task.firms))
    failures = []
    done = 0
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        with _without_main():
            futures = {pool.submit(_run, task.some(part)): part for part in parts}
        try:
            for future in as_completed(futures):
                part, (found, failed) = futures[future], future.result()
                for place in (0, 1):
                    sides.units[place][part] = found.units[place]
                    sides.earned[place][part] = found.earned[place]
                sides.spending[part] = found.spending
                failures += [replace(one, draw=one.draw + part.start) for one in failed]
                done += len(found.spending)
                tick(done)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return sides, sorted(failures, key=lambda one: (one.draw, one.period))


@contextmanager
def _without_main() -> Iterator[None]:
    """Hide the main module while processes start: each would run its file again, which in the app is the page."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _run(task: Task, tick: Tick = lambda done: None) -> tuple[Sides, list[Failure]]:
    drawn = drawn_periods(
        task.data_set, task.draws, task.periods, task.scenario.supply, tick=lambda done: tick(0)
    )
    sides = Sides.empty(task.n_draws, len(task.periods), len(task.firms))
    failures = []
    for draw in range(task.n_draws):
        tick(draw)
        found = _run_draw(task, drawn, draw, sides)
        if found is not None:
            failures.append(found)
    return sides, failures


def _run_draw(task: Task, drawn: Sequence[DrawnPeriod], draw: int, sides: Sides) -> Failure | None:
    """Fill in one draw; return why it has no numbers, if so."""
    values = {} if task.inputs is None else task.inputs.at(draw)
    scenario, data_set = scenario_at(task.scenario, values), data_at(task.data_set, values)
    memory = Memory()
    of_parameters = draw if len(task.draws) > 1 else 0
    for place, period in enumerate(drawn):
        if of_parameters in period.failures:
            return Failure(draw, period.base.period, period.failures[of_parameters])
        try:
            base = period.base_of_draw(of_parameters)
            if values:
                base = replace(base, parameters=parameters_at(base.parameters, values))
            if data_set is not task.data_set:
                plain = replace(base.market, markup_ratios=1.0)
                base = supplied(replace(base, data_set=data_set, market=plain), scenario.supply)
            if task.levels is not None:
                base = _at_level(base, task, draw, place)
            item, _ = run_period(scenario, base, task.own_firm, memory, search_again=False)
        except (ConvergenceError, InputError) as error:
            return Failure(draw, period.base.period, str(error))
        owned = owned_by(item, task.firms)
        spent = item.composed.spending.sum(axis=0)
        for side, state in enumerate((item.baseline, item.scenario)):
            earned = state.contribution_profit.sum(axis=0) + side * spent
            sides.units[side][draw, place] = state.units.sum(axis=0) @ owned
            sides.earned[side][draw, place] = earned @ owned
        sides.spending[draw, place] = spent @ owned
    return None


def _at_level(base: Base, task: Task, draw: int, place: int) -> Base:
    """Return a base that sells as the draw of the forecast says, calibrated anew."""
    levels = task.levels
    assert levels is not None
    market = base.market
    own = np.array([firm == task.own_firm for firm in market.firms])
    units = market.units
    share = np.full(levels.sales.shape[1], units[:, own].sum() / units.sum())
    factors = [found[draw, place] for found in levels.some(slice(0, None)).factors(share)]
    sales = float(np.exp(levels.sales[draw, place]))
    if factors == [1.0, 1.0]:
        return base
    shares: FloatArray = market.shares * np.where(own, factors[0] / sales, factors[1] / sales)
    deltas = invert_shares(market.demand, shares, market.prices)
    moved = replace(market, deltas=deltas, market_sizes=market.market_sizes * sales)
    return replace(base, market=moved)
