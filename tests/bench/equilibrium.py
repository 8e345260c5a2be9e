"""Price equilibrium of a large market against pyblp, from costs, at equal tolerance."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyblp

from sandtable.market.equilibrium import Equilibrium, equilibrium
from sandtable.market.game import PricingGame
from tests.bench.measure import Row, ratio, side_by_side
from tests.bench.peers import ALPHA, LargeMarket

STEP = 1e-12  # pyblp's default: the last step of a price, in thousands


def rows() -> list[Row]:
    """Measure."""
    large = LargeMarket(300, 1, 500)
    start = large.costs[None]
    game = PricingGame(
        demand=large.demand,
        deltas=large.deltas,
        market_sizes=np.ones(1),
        costs=start,
        firms=large.firms,
        responding=np.ones(len(large.firms), dtype=bool),
        national=True,
    )

    def ours(*, check: bool) -> Equilibrium:
        # a residual is a step of a price times a price coefficient
        return equilibrium(game, start, tolerance=STEP * ALPHA, check_maximum=check)

    shares = large.demand.shares(large.deltas, start)
    built = large.simulation(start, shares)

    def theirs(*, check: bool) -> Any:
        return built.replace_endogenous(
            costs=large.costs,
            prices=large.costs,
            iteration=pyblp.Iteration("simple", {"atol": STEP}),
            compute_gradients=check,
            compute_hessians=check,
        )

    expected = theirs(check=False).product_data.prices[:, 0]
    np.testing.assert_allclose(ours(check=True).require()[0], expected, rtol=1e-8)
    np.testing.assert_allclose(ours(check=False).require()[0], expected, rtol=1e-8)
    checked = side_by_side(
        {"sandtable": lambda: ours(check=True), "pyblp": lambda: theirs(check=True)}, rounds=15
    )
    bare = side_by_side(
        {"sandtable": lambda: ours(check=False), "pyblp": lambda: theirs(check=False)}, rounds=15
    )
    remark = "prices equal to 1e-8"
    return [
        Row(
            "price equilibrium, 300 products, 500 draws: pyblp over sandtable, "
            "second-order conditions checked (both sides' default)",
            ratio(checked, "pyblp", "sandtable"),
            15.0,
            times=checked,
            remark=remark,
        ),
        Row(
            "price equilibrium, the same without the check: pyblp over sandtable",
            ratio(bare, "pyblp", "sandtable"),
            times=bare,
            remark=f"{remark}; the check is most of pyblp's time, so here is the fixed point alone",
        ),
    ]
