"""How prices answer, as tidy tables: costs into prices, and the first round of answers against where it ends."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sandtable.market.pass_through import pass_through
from sandtable.scenario.answers import View
from sandtable.scenario.run import Result


def cost_pass_through(view: View) -> pd.DataFrame:
    """Return how much of a higher marginal cost reaches the net price of each product when all firms answer.

    Parameters
    ----------
    view : View
        One calibrated market; with regional prices the rates are those of the regions in view, weighted by units.

    Returns
    -------
    DataFrame
        product, firm, own: money units on its price for one money unit on its own cost; firm_wide: on the costs of all
        products of its firm; industry_wide: on all costs; largest_rival and rival_rate: whose price rises most with
        the product's cost, of other firms, and by how much.
    """
    market = view.market
    everybody = np.ones(len(market.products), dtype=bool)
    rates = pass_through(market.game(market.costs, everybody), market.prices)
    if market.national:
        matrix = rates[0]
    else:
        weights = market.units[view.rows] / np.maximum(view.units, 1e-300)
        matrix = np.einsum("rj,rji->ji", weights, rates[view.rows])
    firms = np.array(market.firms)
    rows = []
    for product in np.flatnonzero(view.units > 0):
        same = firms == firms[product]
        others = np.where(same | (view.units == 0), -np.inf, matrix[:, product])
        rival = int(np.argmax(others))
        rows.append(
            (
                market.products[product],
                market.firms[product],
                matrix[product, product],
                matrix[product, same].sum(),
                matrix[product].sum(),
                market.products[rival] if np.isfinite(others[rival]) else None,
                others[rival] if np.isfinite(others[rival]) else np.nan,
            )
        )
    columns = [
        "product",
        "firm",
        "own",
        "firm_wide",
        "industry_wide",
        "largest_rival",
        "rival_rate",
    ]
    return pd.DataFrame(rows, columns=columns)


def price_answers(result: Result) -> pd.DataFrame:
    """Return the net price of each product from the base over the levers and the first round to the equilibrium.

    Parameters
    ----------
    result : Result

    Returns
    -------
    DataFrame
        product, firm, period, response (mode of its firm), base, levered (after levers and firms that match),
        first_round (each firm in best response answers once), answered (where the answers end): mean net prices in
        money units, weighted by the units of the scenario. Without an answer the last three are equal.
    """
    rows = []
    for item in result.periods:
        market, levered = item.market, item.composed.market.prices
        once = item.first_round()
        stages = (item.base.market.prices, levered, levered if once is None else once)
        units = item.scenario.units
        for column in np.flatnonzero(units.sum(axis=0) > 0):
            firm = item.base.market.firms[column]
            response = result.scenario.rivals.response(firm, result.own_firm)
            means = [
                float(np.average(prices[:, column], weights=units[:, column]))
                for prices in (*stages, market.prices)
            ]
            code = market.products[column]
            rows.append((code, firm, item.base.period, str(response), *means))
    columns = [
        "product",
        "firm",
        "period",
        "response",
        "base",
        "levered",
        "first_round",
        "answered",
    ]
    return pd.DataFrame(rows, columns=columns)
