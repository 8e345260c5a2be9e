"""Does a lever act on something: a period that is run, a product that is sold, a price that stays above 0?"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from sandtable.data.loading import DataSet
from sandtable.scenario.calendar import periods_of, regions_of
from sandtable.scenario.levers import Lever
from sandtable.scenario.model import LeverMove, Scenario

PRICES = ("list_price", "net_price", "rival_price", "customer_cash", "dealer_cash", "subsidy")


def reach_fault(move: LeverMove, lever: Lever, scenario: Scenario, data_set: DataSet) -> str | None:
    """Say what is wrong with a move that acts on nothing that is sold, or leaves no price above 0.

    Parameters
    ----------
    move : LeverMove
    lever : Lever
        Its entry in the lever table.
    scenario : Scenario
        Its periods are those that are run.
    data_set : DataSet
        In coming periods the products of the last observed one are sold.
    """
    observed = periods_of(data_set)
    run = scenario.periods or observed[-1:]
    acting = [period for period in run if move.acts_in(period)]
    if not acting:
        return f"acts in no period that is run ({_span(run)}); change its dates or the horizon."
    everything = move.product is None and move.firm is None
    if lever.scope == "market" or "launch" in (move.lever, *_levers_of(move.product, scenario)):
        return None
    products = data_set.tables["products"]
    firm = products["firm"] == move.firm
    targets = (
        products["product"]
        if everything
        else [move.product]
        if move.product
        else products.loc[firm, "product"]
    )
    sales = data_set.tables["sales"]
    seen = {period if period in observed else observed[-1] for period in acting}
    sold = sales[
        sales["period"].isin(seen)
        & sales["region"].isin(regions_of(data_set, move.region))
        & sales["product"].isin(list(targets))
        & (sales["units"] > 0)
    ]
    where = f" in {move.region}" if move.region else ""
    if sold.empty:
        target = move.product or move.firm
        return f"{target} sells nothing{where} in {_span(acting)}; choose what is sold then."
    return _price_left(move, sold) if move.lever in PRICES else None


def _levers_of(product: str | None, scenario: Scenario) -> list[str]:
    """Name the levers that a scenario already pulls on a product."""
    return [
        item.lever for item in scenario.levers if product is not None and item.product == product
    ]


def _span(periods: Sequence[str]) -> str:
    return periods[0] if len(periods) == 1 else f"{periods[0]} to {periods[-1]}"


def _price_left(move: LeverMove, sold: pd.DataFrame) -> str | None:
    """Say where a move leaves a net price of 0 or less."""
    net, listed = sold["net_price"], sold["list_price"]
    if move.lever in ("customer_cash", "dealer_cash", "subsidy"):
        left = net - (move.value or 0.0)
    elif move.lever == "net_price":
        left = net if move.change is None else net.map(move.change.applied_to)
    else:
        moved = listed.map(move.change.applied_to) if move.change else (move.value or 0.0)
        left = net - listed + moved
    if not (left <= 0).any():
        return None
    row = sold.iloc[int(left.to_numpy().argmin())]
    return (
        f"would leave {row['product']} a net price of {left.min():,.6g} in {row['region']}; "
        "a price must stay above 0."
    )
