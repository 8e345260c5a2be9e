"""The same market in pyblp: same nodes, weights, nests and parameters, nothing estimated."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyblp

from sandtable.market.market import Market
from sandtable.market.primitives import BoolArray, FloatArray

pyblp.options.verbose = False
AS_GIVEN = pyblp.Iteration("return")  # prices stay where they are


def simulation(
    market: Market,
    *,
    cell: int = 0,
    deltas: FloatArray | None = None,
    prices: FloatArray | None = None,
    shares: FloatArray | None = None,
    firms: tuple[str, ...] | None = None,
) -> Any:
    """Build one cell of a market as a `pyblp.Simulation`; what is given, (J,) each, replaces the market's own."""
    tastes, nests = market.demand.tastes, market.demand.nests
    assert tastes.deviations is None
    n_products, n_types = len(market.products), len(tastes.weights)
    data = {
        "market_ids": np.repeat("all", n_products),
        "firm_ids": np.array(firms or market.firms),
        "prices": market.prices[cell] if prices is None else prices,
        "shares": market.shares[cell] if shares is None else shares,
        "shift": np.zeros(n_products),
    }
    options: dict[str, Any] = {"xi": market.deltas[cell] if deltas is None else deltas}
    if nests is not None:
        assert (nests.inner == nests.outer).all(), "pyblp has one level of nests"
        data["nesting_ids"] = nests.inner.astype(str)
        options["rho"] = nests.sigma_inner
    if n_types == 1:
        formula = pyblp.Formulation("0 + prices + shift")
        return pyblp.Simulation(formula, data, beta=[-tastes.price_coefficients[0], 1], **options)
    # exp(node) on minus price: a node is the logarithm of a price coefficient
    agents = {
        "market_ids": np.repeat("all", n_types),
        "weights": tastes.weights,
        "nodes": np.log(tastes.price_coefficients),
    }
    formulas = (pyblp.Formulation("0 + shift"), pyblp.Formulation("0 + I(-prices)"))
    return pyblp.Simulation(
        formulas, data, beta=[1], sigma=[[1]], rc_types=["log"], agent_data=agents, **options
    )


def at_given_prices(built: Any, costs: FloatArray) -> Any:
    """Results of a simulation at its own prices."""
    return built.replace_endogenous(
        costs=costs,
        prices=built.products.prices,
        iteration=AS_GIVEN,
        compute_gradients=False,
        compute_hessians=False,
    )


def mean_utilities(market: Market, shares: FloatArray, *, tolerance: float = 1e-13) -> FloatArray:
    """Mean utilities without price that pyblp finds for the first cell from observed shares, (J,)."""
    inverted = simulation(market, shares=shares).replace_exogenous(
        "shift", iteration=pyblp.Iteration("squarem", {"atol": tolerance})
    )
    delta = np.array(inverted.delta[:, 0])
    tastes = market.demand.tastes
    if len(tastes.weights) == 1:  # then price is a part of pyblp's mean utility
        delta += tastes.price_coefficients[0] * market.prices[0]
    return delta


def answered_prices(
    market: Market,
    deltas: FloatArray,
    costs: FloatArray,
    responding: BoolArray,
    *,
    tolerance: float = 1e-12,
) -> FloatArray:
    """Prices at which the responding products earn pyblp's own markups, the others held, (J,).

    pyblp has no game in which only some firms answer, so its markups are iterated here.
    """
    prices = np.array(market.prices[0])
    for _ in range(500):
        built = simulation(market, deltas=deltas, prices=prices)
        results = at_given_prices(built, costs)
        markups = prices - results.compute_costs()[:, 0]
        change = np.where(responding, costs + markups - prices, 0.0)
        prices = prices + change
        if np.abs(change).max() <= tolerance:
            return prices
    raise AssertionError("pyblp's markups did not settle")
