"""Two hundred paired draws behind a lever, and exact attribution against running every subset."""

from __future__ import annotations

import itertools
import time
from dataclasses import replace

import numpy as np
import pandas as pd

from sandtable.data.loading import DataSet
from sandtable.data.parameters import Parameter, ParameterSet
from sandtable.errors import InputError
from sandtable.planning.measures import measures_of, sums_of
from sandtable.planning.sweeps.axes import axis
from sandtable.planning.sweeps.sweeping import SweepResult, sweep
from sandtable.planning.uncertain.uncertainty import PairedResult, paired_runs
from sandtable.planning.why.attribution import Attribution, attribute
from sandtable.scenario.base import open_data_set
from sandtable.scenario.calendar import coming_periods
from sandtable.scenario.model import LeverMove, Scenario
from sandtable.scenario.run import run
from sandtable.scenario.summary import totals
from sandtable.units import Change
from tests.bench.measure import Row, ratio, side_by_side

DATA, MONTHS, DRAWS, SWEPT = "premium_ev", 12, 200, 100_000
OWN = "N5"
# ten levers of many kinds, some on the same product
LEVERS = (
    LeverMove("list_price", product="N3", change=Change("relative", -0.03)),
    LeverMove("customer_cash", product="N3", value=3000.0),
    LeverMove("list_price", product=OWN, change=Change("relative", -0.02)),
    LeverMove("rival_price", firm="Orion", change=Change("relative", 0.02)),
    LeverMove("lead_volume", product="N3", change=Change("relative", 0.1)),
    LeverMove("conversion", product=OWN, change=Change("relative", 0.1)),
    LeverMove("market_size", change=Change("relative", 0.02)),
    LeverMove("unit_cost", product="N3", change=Change("relative", -0.03)),
    LeverMove("subsidy", product="N7", value=3000.0),
    LeverMove("list_price", product="N7", region="East", change=Change("relative", -0.05)),
)


def rows() -> list[Row]:
    """Measure, or say why not."""
    try:
        data_set = open_data_set(DATA)
    except InputError as error:
        return [Row("planning", remark=f"Skipped, because the data set cannot be opened: {error}")]
    return [*_draws(data_set), _attribution(data_set), _sweep(data_set)]


def _sweep(data_set: DataSet) -> Row:
    """Prices of the four own products at 21 levels each, a sample of their combinations, one core."""
    changes = np.linspace(-0.1, 0.1, 21).tolist()
    moves = [
        LeverMove("list_price", product=product, change=Change("relative", 0.0))
        for product in ("N3", "N5", "N7", "N9")
    ]
    axes = [axis(move, changes) for move in moves]
    scenario = Scenario("A sweep of prices", DATA)

    def swept() -> SweepResult:
        return sweep(scenario, axes, data_set, sample=SWEPT)

    found = swept()
    for place in (0, SWEPT // 3, SWEPT - 1):
        alone = run(found.job.at(found.levels[place]), data_set)
        np.testing.assert_allclose(found.measures[place], measures_of(sums_of(alone)), rtol=1e-10)
    times = side_by_side({"sandtable": swept}, rounds=5)
    return Row(
        f"sweep of {SWEPT:,} price scenarios, {DATA}, one month, 12 regions: scenarios a second",
        SWEPT / times["sandtable"].median,
        10_000.0,
        unit="/s",
        times=times,
        remark="preparing the levels counts; rows equal to runs of their own",
    )


def _draws(data_set: DataSet) -> list[Row]:
    parameters = with_errors(data_set.parameter_sets["random_coefficient"])
    data_set = replace(
        data_set, parameter_sets={**data_set.parameter_sets, parameters.name: parameters}
    )
    scenario = Scenario(
        "A price moves",
        DATA,
        parameters=parameters.name,
        periods=coming_periods(data_set)[:MONTHS],
    )
    run(scenario, data_set)
    start = time.perf_counter()
    still = paired_runs(scenario, data_set, DRAWS)
    calibrated = time.perf_counter() - start
    assert not still.changes().any()
    steps = itertools.count(1)

    def moved() -> tuple[PairedResult, pd.DataFrame]:
        # another price each time, so that nothing is remembered
        change = Change("relative", -0.001 * (next(steps) % 100 + 1))
        found = paired_runs(
            scenario.with_lever(LeverMove("list_price", product=OWN, change=change)),
            data_set,
            DRAWS,
        )
        return found, found.summary()

    found, summary = moved()
    assert (found.changes() > 0).all()
    assert len(found.changes()) == DRAWS
    change = sum(
        after.units - before.units
        for before, after in (totals(item, found.firms[0]) for item in found.result.periods)
    )
    np.testing.assert_allclose(summary.loc[summary["period"] == "total", "change"].iloc[0], change)
    times = side_by_side({"sandtable": moved}, rounds=21, clock=time.perf_counter)
    size = f"{DATA}, {MONTHS} months, 12 regions"
    return [
        Row(
            f"lever moved -> numbers ready with {DRAWS} paired draws, {size}",
            times["sandtable"].fastest,
            0.5,
            at_least=False,
            unit=" s",
            times=times,
            remark="no lever, no change in any draw; a lower price sells more in all; the fastest counts",
        ),
        Row(
            f"the bases of {DRAWS} draws calibrated, once for a parameter set, {size}",
            calibrated,
            unit=" s",
            remark="one run of the clock",
        ),
    ]


def with_errors(parameters: ParameterSet) -> ParameterSet:
    """Give a parameter set standard errors of the size that an estimate has."""

    def known(parameter: Parameter, error: float) -> Parameter:
        return parameter.model_copy(update={"standard_error": error})

    assert parameters.price_spread is not None
    alpha = parameters.price_coefficient
    return parameters.model_copy(
        update={
            "name": f"{parameters.name}_with_errors",
            "price_coefficient": known(alpha, 0.1 * alpha.value),
            "price_spread": known(parameters.price_spread, 0.05),
            "sigmas": [known(sigma, 0.05) for sigma in parameters.sigmas],
        }
    )


def _attribution(data_set: DataSet) -> Row:
    scenario = Scenario("Ten levers", DATA, levers=LEVERS)
    n_subsets = 2 ** len(LEVERS)

    def exact() -> Attribution:
        return attribute(scenario, data_set)

    def one_by_one() -> np.ndarray:
        units = []
        for mask in range(n_subsets):
            levers = tuple(move for place, move in enumerate(LEVERS) if mask >> place & 1)
            result = run(replace(scenario, levers=levers), data_set)
            units.append(totals(result.periods[0], result.own_firm)[1].units)
        return np.array(units)

    found, units = exact(), one_by_one()
    np.testing.assert_allclose(found.bars.sum(axis=0), found.total, rtol=1e-9)
    np.testing.assert_allclose(found.total[0], units[-1] - units[0], rtol=1e-9)
    times = side_by_side(
        {"exact Shapley": exact, f"{n_subsets:,} runs": one_by_one}, rounds=5, enough=4.0
    )
    return Row(
        f"exact Shapley, {len(LEVERS)} levers, {DATA}, one month: over {n_subsets:,} runs",
        ratio(times, "exact Shapley", f"{n_subsets:,} runs"),
        0.2,
        at_least=False,
        times=times,
        remark="the bars sum to the total, and the total is that of the runs",
    )
