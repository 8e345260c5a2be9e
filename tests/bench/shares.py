"""Shares of a large market: the public call, its kernel, and the peers."""

from __future__ import annotations

import numpy as np
import pyblp

from sandtable.market.primitives import FloatArray
from tests.bench.measure import Row, ratio, side_by_side
from tests.bench.peers import LargeMarket

SIZE = "300 products, 34 regions, 1,000 draws"


def rows() -> list[Row]:
    """Measure."""
    large = LargeMarket(300, 34, 1000)
    demand, deltas, weights = large.demand, large.deltas, large.weights
    prices = np.broadcast_to(large.costs * 1.2, deltas.shape).copy()
    alphas, deviations = demand.tastes.price_coefficients, demand.tastes.deviations
    kernel = demand.kernel(prices[0])
    assert deviations is not None
    tastes = deviations - prices[0, :, None] * alphas
    left, right = np.exp(deltas), np.exp(tastes)
    back = np.full((len(deltas), len(weights)), 1e-3)

    def broadcast() -> FloatArray:
        utilities = deltas[:, :, None] + tastes
        top = np.maximum(utilities.max(axis=1, keepdims=True), 0)
        terms = np.exp(utilities - top)
        return np.asarray((terms / (np.exp(-top) + terms.sum(axis=1, keepdims=True))) @ weights)

    shares = demand.shares(deltas, prices)
    peer = large.simulation(prices, shares).replace_endogenous(
        costs=np.tile(large.costs, len(deltas)),
        prices=prices.ravel(),
        iteration=pyblp.Iteration("return"),
        compute_gradients=False,
        compute_hessians=False,
    )

    def pyblp_shares() -> FloatArray:
        return np.asarray(peer.compute_shares(delta=deltas.ravel())).reshape(shares.shape)

    for other in (kernel.shares(deltas), broadcast(), pyblp_shares()):
        np.testing.assert_allclose(other, shares, rtol=1e-10)
    times = side_by_side(
        {
            "public call": lambda: demand.shares(deltas, prices),
            "kernel": lambda: kernel.shares(deltas),
            "two matrix products": lambda: (left @ right, back @ right.T),
            "numpy broadcast": broadcast,
            "pyblp": pyblp_shares,
        },
        rounds=31,
    )
    remark = "shares equal to 1e-10"
    return [
        Row(
            f"shares, {SIZE}: public call over its kernel",
            ratio(times, "public call", "kernel"),
            2.0,
            at_least=False,
            times=times,
            remark=remark,
        ),
        Row(
            "shares: kernel over its two matrix products",
            ratio(times, "kernel", "two matrix products"),
            1.5,
            at_least=False,
        ),
        Row(
            "shares: numpy broadcast over kernel",
            ratio(times, "numpy broadcast", "kernel"),
            40.0,
            remark="both from prepared tastes",
        ),
        Row(
            "shares: numpy broadcast over public call",
            ratio(times, "numpy broadcast", "public call"),
            remark="the public call prepares the tastes, the broadcast has them",
        ),
        Row("shares: pyblp over public call", ratio(times, "pyblp", "public call"), 40.0),
    ]
