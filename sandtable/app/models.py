"""The same question under every parameter set of the data set, side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from sandtable.app import session
from sandtable.app.formatting import MISSING
from sandtable.app.panels import plain_table
from sandtable.app.state import TableState
from sandtable.app.view import Scope
from sandtable.scenario.base import open_parameters
from sandtable.scenario.run import PeriodResult, Result
from sandtable.scenario.summary import totals


def model_table(
    state: TableState, scope: Scope, period_of: Callable[[Result], PeriodResult]
) -> str:
    """Return the table of answers, the parameter set on the table marked."""
    text, write, data_set = session.text(), session.writer(), session.data_set()
    chosen = open_parameters(state.scenario, data_set).name
    rows = []
    for name, parameters in data_set.parameter_sets.items():
        title = getattr(parameters.title, text.language)
        result = session.try_result(replace(state.scenario, parameters=name))
        if result is None:
            rows.append([title, text("model_failed"), MISSING, MISSING, MISSING])
            continue
        item = period_of(result)
        before, after = totals(item, state.own_firm, scope.regions)
        rows.append(
            [
                title,
                write.signed_count(after.units - before.units),
                write.points(after.share_of_sales - before.share_of_sales, 2),
                write.money(after.contribution_profit - before.contribution_profit, signed=True),
                write.decimal(own_elasticity(item, state.selected, scope)),
            ]
        )
    columns = [
        text("model"),
        text("model_units", firm=state.own_firm),
        text("model_share"),
        text("model_profit"),
        text("model_elasticity", product=state.selected or ""),
    ]
    return plain_table(columns, rows, list(data_set.parameter_sets).index(chosen))


def own_elasticity(item: PeriodResult, product: str | None, scope: Scope) -> float | None:
    """Return the own price elasticity of a product at the base, over the regions in view."""
    market = item.base.market
    if product not in market.products:
        return None
    column = market.products.index(product)
    units = market.units[scope.rows, column]
    if not units.sum() > 0:
        return None
    slopes = market.price_jacobian[scope.rows, column, column]
    slope = float(market.market_sizes[scope.rows] @ slopes)
    return (
        slope
        * float(np.average(market.prices[scope.rows, column], weights=units))
        / float(units.sum())
    )
