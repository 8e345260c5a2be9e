"""A lever moved -> numbers ready, in the model, without a page."""

from __future__ import annotations

import itertools
import time

from sandtable.data.loading import DataSet
from sandtable.errors import InputError
from sandtable.scenario.base import coming_periods, open_data_set
from sandtable.scenario.model import LeverMove, Scenario
from sandtable.scenario.run import Result, run
from sandtable.units import Change
from tests.bench.measure import Row, side_by_side

DATA = "premium_ev"
WORK = f"lever moved -> numbers ready, {DATA}"
MONTHS = 12


def rows() -> list[Row]:
    """Measure, or say why not."""
    try:
        data_set = open_data_set(DATA)
    except InputError as error:
        return [Row(WORK, remark=f"Skipped, because the data set cannot be opened: {error}")]
    return [
        _row(data_set, coming_periods(data_set)[:MONTHS], f"{MONTHS} months"),
        _row(data_set, (), "one month"),
    ]


def _row(data_set: DataSet, periods: tuple[str, ...], horizon: str) -> Row:
    scenario = Scenario("A price moves", DATA, periods=periods)
    still = run(scenario, data_set)
    market = still.periods[0].base.market
    own = market.products[market.firms.index(data_set.metadata.own_firm)]
    steps = itertools.count(1)

    def moved() -> Result:
        # another price each time, so that nothing is remembered
        change = Change("relative", -0.001 * (next(steps) % 100 + 1))
        return run(
            scenario.with_lever(LeverMove("list_price", product=own, change=change)), data_set
        )

    def told() -> Result:
        result = moved()
        assert len(result.rows) > 0
        return result

    place = market.products.index(own)
    for before, after in zip(still.periods, told().periods, strict=True):
        assert (before.scenario.units == before.baseline.units).all()
        assert (after.scenario.units[:, place] >= before.baseline.units[:, place]).all()
    times = side_by_side(
        {"sandtable": told, "without the table of all rows": moved},
        rounds=51,
        clock=time.perf_counter,
    )
    return Row(
        f"{WORK}, {horizon}, {len(market.regions)} regions",
        1000 * times["sandtable"].fastest,
        20.0,
        at_least=False,
        unit=" ms",
        times=times,
        remark="no lever, no change; a lower price sells no less; the fastest counts",
    )
