"""Berry inversion of a large market against pyblp, at equal data and tolerance."""

from __future__ import annotations

import numpy as np
import pyblp

from sandtable.market.inversion import invert_shares
from sandtable.market.primitives import FloatArray
from tests.bench.measure import Row, ratio, side_by_side
from tests.bench.peers import LargeMarket

TOLERANCE = 1e-13  # of a mean utility, which is that of a log share


def rows() -> list[Row]:
    """Measure."""
    # with one region each pass over the draws serves one row only, which leaves less to save
    return [_row(34, gate=15.0), _row(1, gate=None)]


def _row(n_cells: int, *, gate: float | None) -> Row:
    large = LargeMarket(300, n_cells, 500)
    prices = np.broadcast_to(large.costs * 1.2, large.deltas.shape).copy()
    shares = large.demand.shares(large.deltas, prices)
    built = large.simulation(prices, shares)

    def ours() -> FloatArray:
        return invert_shares(large.demand, shares, prices, tolerance=TOLERANCE)

    def theirs() -> FloatArray:
        inverted = built.replace_exogenous(
            "shift", iteration=pyblp.Iteration("squarem", {"atol": TOLERANCE})
        )
        return np.asarray(inverted.delta).reshape(shares.shape)

    np.testing.assert_allclose(ours(), large.deltas, rtol=0, atol=1e-10)
    np.testing.assert_allclose(ours(), theirs(), rtol=0, atol=1e-10)
    times = side_by_side({"sandtable": ours, "pyblp": theirs}, rounds=21)
    regions = "1 region" if n_cells == 1 else f"{n_cells} regions"
    return Row(
        f"inversion, 300 products, {regions}, 500 draws: pyblp over sandtable",
        ratio(times, "pyblp", "sandtable"),
        gate,
        times=times,
        remark="mean utilities equal to 1e-10",
    )
