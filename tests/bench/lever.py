"""A lever moved -> numbers ready, in the model, without a page."""

from __future__ import annotations

import itertools
import time
from dataclasses import replace

from sandtable.data.loading import DataSet
from sandtable.errors import InputError
from sandtable.scenario.base import open_data_set
from sandtable.scenario.calendar import coming_periods
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
    months = coming_periods(data_set)[:MONTHS]
    return [
        _row(data_set, months, f"{MONTHS} months"),
        _row(data_set, (), "one month"),
        _ten(data_set, months),
    ]


def _ten(data_set: DataSet, periods: tuple[str, ...]) -> Row:
    """Ten levers of all kinds over a year: the model's time, against one pass of the share kernel over it."""
    scenario = Scenario("Ten levers", DATA, periods=periods, levers=_levers(0.0))
    still = run(scenario, data_set)
    for item in still.periods:
        assert (item.scenario.units == item.baseline.units).all()
    markets = [item.base.market for item in still.periods]
    steps = itertools.count(1)

    def moved() -> Result:
        # other amounts each time, so that nothing is remembered
        return run(replace(scenario, levers=_levers(0.001 * (next(steps) % 100 + 1))), data_set)

    def kernel() -> None:
        for market in markets:
            market.demand.shares(market.deltas, market.prices)

    assert len({move.lever for move in _levers(0.1)}) >= 9
    for before, after in zip(still.periods, moved().periods, strict=True):
        assert (before.scenario.units != after.scenario.units).any()
    times = side_by_side(
        {"sandtable": moved, "one pass of the share kernel": kernel},
        rounds=51,
        clock=time.perf_counter,
    )
    ratio = times["sandtable"].fastest / times["one pass of the share kernel"].fastest
    return Row(
        f"ten levers, {len(periods)} months, {len(markets[0].regions)} regions, "
        f"{len(markets[0].products)} products: model",
        1000 * times["sandtable"].fastest,
        20.0,
        at_least=False,
        unit=" ms",
        times=times,
        remark=f"{ratio:.1f} times one pass of the share kernel over the same months; the fastest counts",
    )


def _levers(amount: float) -> tuple[LeverMove, ...]:
    change = Change("relative", amount)
    return (
        LeverMove("list_price", product="N5", change=Change("relative", -amount)),
        LeverMove("customer_cash", product="N9", value=20_000 * amount),
        LeverMove("finance", product="N7", terms=(("rate", 0.045 * (1 - amount)),)),
        LeverMove("media", firm="Nova", channel="digital", change=change),
        LeverMove("media", firm="Orion", change=change),
        LeverMove("dealers", firm="Nova", region="South", change=change),
        LeverMove("stage_rate", firm="Nova", stage="test_drives", change=change),
        LeverMove("referral_reward", firm="Nova", change=change),
        LeverMove("spec", product="N3", characteristic="electric_range_km", change=change),
        LeverMove("purchase_tax", powertrain="PHEV", change=change),
    )


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
