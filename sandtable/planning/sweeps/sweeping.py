"""Thousands to millions of scenarios over a grid or a sample of levels, block by block.

A block is some rows of the design; it is evaluated as a whole, here or on a worker of a cluster, by one and the same
function. Where rivals hold, no period hands anything to the next and the axes act on different products, a block costs
few array operations (`sandtable.planning.sweeps.lattice`); else each of its scenarios is a run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from sandtable.data.loading import DataSet
from sandtable.errors import ConvergenceError, Fault, InputError
from sandtable.market.primitives import FloatArray, IntArray
from sandtable.planning.measures import MEASURES, measures_of, stands_alone, sums_of
from sandtable.planning.sweeps.axes import Axis
from sandtable.planning.sweeps.designs import SEED, Design, Grid, Sample, blocks_of
from sandtable.planning.sweeps.lattice import Cells, Lattice
from sandtable.planning.sweeps.sweep_store import SweepStore
from sandtable.scenario.base import open_data_set
from sandtable.scenario.compose import compose
from sandtable.scenario.model import Scenario
from sandtable.scenario.run import Result, run

BLOCK = 1_000  # scenarios evaluated in one step
LARGEST_GRID = 10_000_000
Progress = Callable[[int, int], bool | None]


@dataclass(frozen=True)
class Job:
    """What every block of a sweep is evaluated with; it travels to the workers of a cluster.

    Attributes
    ----------
    scenario : Scenario
        Its levers act besides the axes; a lever with the key of an axis is replaced.
    axes : tuple of Axis
    data_fingerprint : str
        Of the data set that was opened, and of the definitions it was read by.
    """

    scenario: Scenario
    axes: tuple[Axis, ...]
    data_fingerprint: str

    def at(self, levels: Sequence[int] | IntArray) -> Scenario:
        """Return the scenario of one combination."""
        scenario = self.scenario
        for axis, level in zip(self.axes, levels, strict=True):
            scenario = scenario.with_lever(axis.moves[int(level)])
        return scenario


@dataclass(frozen=True)
class SweepResult:
    """A sweep, or the part of it that was done before it was stopped.

    Attributes
    ----------
    job : Job
    levels : ndarray of int, shape (S, A)
        Level of each axis.
    baseline : ndarray, shape (3,)
        Units, share of sales (0 to 1) and contribution profit of the own firm, no lever pulled.
    measures : ndarray, shape (S, 3)
        The same in each scenario; NaN where it failed.
    failures : int
        Scenarios whose prices did not converge.
    complete : bool
    together : bool
        Whether blocks were evaluated as a whole.
    """

    job: Job
    levels: IntArray
    baseline: FloatArray
    measures: FloatArray
    failures: int
    complete: bool
    together: bool

    def table(self) -> pd.DataFrame:
        """Return one row a scenario: the amount of each axis, then the measures."""
        axes = {
            axis.name: np.array(axis.amounts)[self.levels[:, place]]
            for place, axis in enumerate(self.job.axes)
        }
        found = dict(zip(MEASURES, self.measures.T, strict=True))
        return pd.DataFrame({**axes, **found})

    def best(self, measure: str, count: int = 10) -> pd.DataFrame:
        """Return the scenarios with most of a measure, the best first."""
        table = self.table()
        return table.sort_values(measure, ascending=False, kind="stable").head(count)


def sweep(
    scenario: Scenario,
    axes: Sequence[Axis],
    data_set: DataSet | None = None,
    *,
    sample: int | None = None,
    seed: int = SEED,
    cluster: str | None = None,
    keep: Path | None = None,
    progress: Progress | None = None,
) -> SweepResult:
    """Run a scenario at many combinations of levels.

    Parameters
    ----------
    scenario : Scenario
    axes : sequence of Axis
    data_set : DataSet, optional
        The loaded data set, when it is at hand.
    sample : int, optional
        How many combinations to draw; all of them by default.
    seed : int
        Of the sample.
    cluster : str, optional
        Address of a dask scheduler (``tcp://...``) whose workers evaluate the blocks; each has the data set by name.
    keep : Path, optional
        Folder for finished blocks: the same call with the same folder goes on where it was stopped.
    progress : callable, optional
        Told how many scenarios of how many are done; the sweep stops when it returns False.

    Raises
    ------
    InputError
        If a level cannot be pulled, the grid is too large, or the folder holds another sweep.
    """
    data_set = data_set or open_data_set(scenario.data)
    design = _design(axes, sample, seed)
    job = Job(scenario, tuple(axes), data_set.fingerprint)
    plan = _plan(job, data_set)
    blocks = blocks_of(design, BLOCK)
    store = SweepStore.opened(keep, job, design) if keep is not None else None
    found = store.finished(blocks) if store is not None else {}
    waiting = [block for block in blocks if block not in found]
    done = sum(stop - start for start, stop in found)
    told = progress or (lambda *_: None)
    going = told(done, len(design)) is not False
    if going and waiting:
        if cluster is None:
            evaluated = ((block, plan.sums(design.levels(*block))) for block in waiting)
        else:
            from sandtable.planning.sweeps.cluster import evaluated_on

            evaluated = evaluated_on(cluster, job, [(one, design.levels(*one)) for one in waiting])
        for block, sums in evaluated:
            found[block] = sums
            if store is not None:
                store.add(block, sums)
            done += block[1] - block[0]
            if told(done, len(design)) is False:
                evaluated.close()
                break
    return _result(job, design, found, plan, complete=done == len(design))


def _design(axes: Sequence[Axis], sample: int | None, seed: int) -> Design:
    sizes = tuple(len(axis.moves) for axis in axes)
    if sample is not None:
        if not 1 <= sample <= LARGEST_GRID:
            message = f"is {sample:,}; expected 1 to {LARGEST_GRID:,} scenarios."
            raise InputError([Fault("sweep", "sample", message)])
        return Sample(sizes, sample, seed)
    grid = Grid(sizes)
    if grid.count > LARGEST_GRID:
        message = f"have {grid.count:,} combinations; draw a sample, or take fewer levels ({LARGEST_GRID:,} at most)."
        raise InputError([Fault("sweep", "axes", message)])
    return grid


def _result(
    job: Job,
    design: Design,
    found: dict[tuple[int, int], FloatArray],
    plan: Plan,
    *,
    complete: bool,
) -> SweepResult:
    blocks = sorted(found)
    empty = np.empty((0, len(job.axes)), dtype=np.int64)
    levels = np.concatenate([empty, *(design.levels(*block) for block in blocks)])
    sums = np.concatenate([np.empty((0, 3)), *(found[block] for block in blocks)])
    failures = int(np.isnan(sums[:, 0]).sum())
    together = plan.lattices is not None
    measures = measures_of(sums)
    measures[np.isnan(sums[:, 0])] = np.nan
    return SweepResult(job, levels, plan.baseline, measures, failures, complete, together)


@dataclass(frozen=True)
class Plan:
    """How the blocks of a job are evaluated: on lattices, one a period, or by runs."""

    job: Job
    data_set: DataSet
    baseline: FloatArray
    lattices: tuple[Lattice, ...] | None

    def sums(self, levels: IntArray) -> FloatArray:
        """Return own units, all units and own profit of some combinations, (S, 3); NaN where prices fail."""
        if self.lattices is not None:
            return np.asarray(sum(lattice.sums(levels) for lattice in self.lattices))
        found = np.full((len(levels), 3), np.nan)
        for place, row in enumerate(levels):
            try:
                found[place] = sums_of(run(self.job.at(row), self.data_set, search_again=False))
            except ConvergenceError:
                continue
        return found


def _plan(job: Job, data_set: DataSet) -> Plan:
    """Pull every level of every axis once, so that one that cannot be pulled is found before the work begins."""
    first = run(job.at([0] * len(job.axes)), data_set, search_again=False)
    ends = [len(axis.moves) - 1 for axis in job.axes]
    run(job.at(ends), data_set, search_again=False)
    baseline = measures_of(sums_of(run(replace(job.scenario, levers=()), data_set)))
    return Plan(job, data_set, baseline, _lattices(job, first))


def _lattices(job: Job, first: Result) -> tuple[Lattice, ...] | None:
    """Prepare every period; None where combinations must be run one by one."""
    if not stands_alone(first):
        return None
    found = []
    for item in first.periods:
        base = item.base
        states = [
            [
                Cells.of(compose(scenario, base, first.own_firm), base)
                for scenario in _alone(job, axis)
            ]
            for axis in range(len(job.axes))
        ]
        start = states[0][0]
        if any(
            (state.market_sizes != start.market_sizes).any() for axis in states for state in axis
        ):
            return None
        touched = [
            np.unique(np.concatenate([start.touched(state) for state in axis])) for axis in states
        ]
        if len(np.unique(np.concatenate(touched))) < sum(map(len, touched)):
            return None
        own = [j for j, firm in enumerate(base.market.firms) if firm == first.own_firm]
        lattice = Lattice.of(base.market.demand, states, touched, own)
        if lattice is None:
            return None
        found.append(lattice)
    return tuple(found)


def _alone(job: Job, axis: int) -> list[Scenario]:
    """Return one axis at each of its levels, the others at their first."""
    zeros = [0] * len(job.axes)
    return [
        job.at([*zeros[:axis], level, *zeros[axis + 1 :]])
        for level in range(len(job.axes[axis].moves))
    ]


def evaluate(job: Job, levels: IntArray) -> FloatArray:
    """Evaluate a block on a worker, which opens the data set and prepares the job once.

    Raises
    ------
    InputError
        If the worker's data set is not the one of the job.
    """
    return _plan_here(job).sums(levels)


@lru_cache(maxsize=4)
def _plan_here(job: Job) -> Plan:
    data_set = open_data_set(job.scenario.data)
    if data_set.fingerprint != job.data_fingerprint:
        here, there = data_set.fingerprint[:12], job.data_fingerprint[:12]
        message = f"is another on this worker ({here}) than where the sweep began ({there}); copy it there."
        raise InputError([Fault(job.scenario.data, "", message)])
    return _plan(job, data_set)
