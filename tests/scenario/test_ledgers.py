"""Numbers that must add up: dealers to regions, regions to the market, stages to sales, orders to deliveries."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from sandtable.scenario.funnel_base import funnel_table
from sandtable.scenario.periods import PeriodResult
from sandtable.scenario.summary import change_by_firm, stage_totals, totals
from tests.golden import SCENARIOS, result_of
from tests.scenario.observed import data_set

CLOSE = 1e-9


def test_dealers_sum_to_regions_and_regions_to_the_market_in_whole_numbers() -> None:
    data = data_set("premium_ev")
    table = funnel_table(data)
    assert table is not None
    sales, market = data.tables["sales"], data.tables["market"]
    delivered = table.by_region[table.stages.index("deliveries")]
    own = sales[sales["product"].isin(table.products)]
    sold = own.groupby(["period", "region", "product"])["units"].sum()
    for (period, region, product), units in sold.items():
        place = (
            table.periods.index(period),
            table.regions.index(region),
            table.products.index(product),
        )
        assert delivered[place] == units
    by_region = sales.groupby(["period", "region"])["units"].sum()
    assert by_region.eq(market.set_index(["period", "region"])["total_units"]).all()
    counts = table.counts
    for before, after in pairwise(counts):
        assert (before >= after).all()


def _close(found: object, expected: object) -> None:
    np.testing.assert_allclose(found, expected, rtol=CLOSE, atol=CLOSE)  # type: ignore[arg-type]


def _check_market(item: PeriodResult) -> None:
    """Shares and the outside good fill the market; regions and firms sum to it."""
    market = item.market
    for side, sizes in (
        (item.baseline, item.base.market.market_sizes),
        (item.scenario, market.market_sizes),
    ):
        _close(side.share * sizes[:, None], side.units)
        assert (side.units.sum(axis=1) < sizes).all()
    firms = sorted(set(item.base.market.firms))
    for place in (0, 1):
        _close(sum(totals(item, firm)[place].units for firm in firms), _units(item, place).sum())
        by_region = [
            totals(item, firms[0], (region,))[place].units for region in item.base.market.regions
        ]
        _close(sum(by_region), totals(item, firms[0])[place].units)


def _units(item: PeriodResult, place: int) -> np.ndarray:
    return (item.baseline, item.scenario)[place].units


def _check_funnel(item: PeriodResult) -> None:
    """Stages multiply to what is sold, and no stage is smaller than the next up to the orders."""
    for counts, side in ((item.base.stages, item.baseline), (item.stages, item.scenario)):
        if not len(counts):
            continue
        known = np.isfinite(counts).all(axis=0) & (counts > 0).all(axis=0)
        assert known.any()
        rates = counts[1:][:, known] / counts[:-1][:, known]
        product = side.leads[known] * rates.prod(axis=0)
        _close(product, side.units[known])
        _close(side.leads[known] * side.conversion[known], side.units[known])
        assert (rates[:-1] <= 1 + CLOSE).all()
        per_stage = stage_totals(item, "Nova")
        column = [firm == "Nova" for firm in item.base.market.firms]
        delivered = np.nansum(counts[-1][:, column])
        _close(per_stage["deliveries"][int(side is item.scenario)], delivered)


def _check_queue(item: PeriodResult, waiting: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What waited and came in is delivered, cancelled or waits; nothing is lost between periods."""
    found = item.queue
    if found is None:
        assert not waiting
        return {}
    for place, code in enumerate(item.base.market.products):
        before = waiting.get(code, np.zeros(len(item.base.market.regions)))
        _close(found.before[:, place], before)
    _close(found.before + found.orders, found.deliveries + found.cancellations + found.backlog)
    _close(found.deliveries, item.scenario.units)
    return found.waiting(item.market)


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_every_ledger_closes_in_every_scenario_that_is_shipped(path: Path) -> None:
    result = result_of(path)
    waiting: dict[str, np.ndarray] = {}
    for item in result.periods:
        _check_market(item)
        _check_funnel(item)
        waiting = _check_queue(item, waiting)
    changes = change_by_firm(result.periods)
    whole = sum(float((i.scenario.units - i.baseline.units).sum()) for i in result.periods)
    np.testing.assert_allclose(sum(changes.values()), whole, rtol=CLOSE, atol=1e-6)
