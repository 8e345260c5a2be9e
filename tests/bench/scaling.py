"""How time and memory grow with products, regions, draws and scenarios."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from sandtable.errors import InputError
from sandtable.planning.uncertain.blocks import block_shares
from sandtable.scenario.base import base_of, open_data_set
from sandtable.scenario.calendar import periods_of
from tests.bench.measure import Row, peak_bytes, side_by_side
from tests.bench.peers import LargeMarket

PRODUCTS, REGIONS, DRAWS = 300, 34, 1000  # what the others are held at
SIZES = {
    "products": (30, 100, 300, 1000),
    "regions": (1, 12, 34, 100),
    "draws": (100, 500, 1000, 2000),
}
SCENARIOS = (1, 10, 100, 700)
DATA = "premium_ev"


def rows() -> list[Row]:
    """Measure."""
    found = []
    for grows, sizes in SIZES.items():
        for size in sizes:
            at = {"products": PRODUCTS, "regions": REGIONS, "draws": DRAWS, grows: size}
            found.append(_shares(grows, at["products"], at["regions"], at["draws"]))
    return [*found, *_scenarios()]


def _shares(grows: str, n_products: int, n_regions: int, n_draws: int) -> Row:
    large = LargeMarket(n_products, n_regions, n_draws)
    deltas = large.deltas
    prices = np.broadcast_to(large.costs * 1.2, deltas.shape).copy()
    left = np.exp(deltas)
    right = np.exp(large.draws[:, 0] * np.ones((n_products, 1)))
    back = np.full((n_regions, n_draws), 1e-3)

    def call() -> object:
        return large.demand.shares(deltas, prices)

    return _row(
        f"{grows}: shares, {n_products:,} products, {n_regions} regions, {n_draws:,} draws",
        call,
        n_products * n_regions * n_draws,
        floor=lambda: (left @ right, back @ right.T),
    )


def _scenarios() -> list[Row]:
    """Scenarios of one month of the demonstration market, each with prices of its own."""
    try:
        data_set = open_data_set(DATA)
    except InputError as error:
        return [Row("scenarios", remark=f"Skipped, because the data set cannot be opened: {error}")]
    market = base_of(data_set, data_set.default_parameters, periods_of(data_set)[-1]).market
    n_types = len(market.demand.tastes.weights)
    found = []
    for n_scenarios in SCENARIOS:
        factors = 1 - 0.1 * np.arange(n_scenarios) / n_scenarios
        prices = (market.prices * factors[:, None, None]).reshape(-1, len(market.products))
        deltas = np.tile(market.deltas, (n_scenarios, 1))[None]
        np.testing.assert_allclose(
            block_shares([market.demand], deltas, prices)[0, : len(market.regions)],
            market.shares,
            rtol=1e-10,
        )
        found.append(
            _row(
                f"scenarios: shares of {n_scenarios} at once, {DATA}, one month",
                partial(block_shares, [market.demand], deltas, prices),
                prices.size * n_types,
            )
        )
    return found


def _row(
    work: str,
    call: Callable[[], object],
    n_utilities: int,
    *,
    floor: Callable[[], object] | None = None,
) -> Row:
    pieces = {"sandtable": call, **({"two matrix products": floor} if floor else {})}
    times = side_by_side(pieces, rounds=9, enough=1.0)
    return Row(
        work,
        1e9 * times["sandtable"].fastest / n_utilities,
        unit=" ns a utility",
        times=times,
        peak=peak_bytes(call),
        remark=f"{n_utilities:,} utilities",
    )
