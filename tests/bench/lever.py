"""A lever moved -> numbers ready, in the model, without a page."""

from __future__ import annotations

import itertools
import time

from sandtable.errors import InputError
from sandtable.scenario.base import open_data_set
from sandtable.scenario.model import LeverMove, Scenario
from sandtable.scenario.run import Result, run
from sandtable.units import Change
from tests.bench.measure import Row, side_by_side

DATA = "premium_ev"
WORK = f"lever moved -> numbers ready, {DATA}, one month"


def rows() -> list[Row]:
    """Measure, or say why not."""
    try:
        data_set = open_data_set(DATA)
    except InputError as error:
        return [Row(WORK, remark=f"Skipped, because the data set cannot be opened: {error}")]
    own_firm = data_set.metadata.own_firm
    scenario = Scenario("A price moves", DATA)
    still = run(scenario, data_set)
    (item,) = still.periods
    market = item.base.market
    own = next(
        product
        for product, firm in zip(market.products, market.firms, strict=True)
        if firm == own_firm
    )
    steps = itertools.count(1)

    def moved() -> Result:
        # another price each time, so that nothing is remembered
        change = Change("relative", -0.001 * (next(steps) % 100 + 1))
        result = run(
            scenario.with_lever(LeverMove("list_price", product=own, change=change)), data_set
        )
        assert len(result.rows) > 0
        return result

    place = market.products.index(own)
    assert (still.periods[0].scenario.units == still.periods[0].baseline.units).all()
    assert (moved().periods[0].scenario.units[:, place] >= item.baseline.units[:, place]).all()
    times = side_by_side({"sandtable": moved}, rounds=51, clock=time.perf_counter)
    return [
        Row(
            f"{WORK}, {len(market.regions)} regions",
            1000 * times["sandtable"].median,
            20.0,
            at_least=False,
            unit=" ms",
            times=times,
            remark="no lever, no change; a lower price sells no less",
        )
    ]
