"""Entry by characteristics: a new product stands where its neighbours stand, at a price of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from sandtable.data.loading import DataSet
from sandtable.errors import Fault, InputError, did_you_mean
from sandtable.market.primitives import FloatArray
from sandtable.scenario.base import Base, demand_of
from sandtable.scenario.calendar import regions_of
from sandtable.scenario.model import LeverMove, Scenario

NEAR = 0.5  # distance, in standard deviations a characteristic, at which a neighbour's weight falls to 0.61


@dataclass(frozen=True)
class Entrant:
    """A new product in one period.

    Attributes
    ----------
    deltas : ndarray, shape (R,)
        Mean utility without price; ``-inf`` where it is not sold.
    net_prices, list_prices, costs : ndarray, shape (R,)
        In money units.
    neighbours : dict
        Weight of each product that it is like; the weights sum to 1.
    """

    deltas: FloatArray
    net_prices: FloatArray
    list_prices: FloatArray
    costs: FloatArray
    neighbours: dict[str, float]


def launched_firms(scenario: Scenario) -> dict[str, str]:
    """Return the firm of each product that a scenario launches."""
    return {
        move.product: move.firm
        for move in scenario.levers
        if move.lever == "launch" and move.product is not None and move.firm is not None
    }


def launch_faults(move: LeverMove, data_set: DataSet) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a launch: the field and a sentence."""
    products = data_set.tables["products"]
    codes = list(products["product"])
    if move.product is None:
        yield "product", "is missing; give the new product a code."
    elif move.product in codes:
        yield "product", f"'{move.product}' exists already; give the new product another code."
    if move.firm is None:
        yield "firm", "is missing; name the firm that launches it."
    for code in move.like:
        if code not in codes:
            yield "like", f"no product is called '{code}'{did_you_mean(code, codes)}"
    texts, numbers = _columns(data_set)
    given = dict(move.characteristics)
    for name, value in given.items():
        if name not in (*texts, *numbers):
            hint = did_you_mean(name, [*texts, *numbers])
            yield "characteristics", f"no characteristic is called '{name}'{hint}"
        elif name in numbers and not isinstance(value, (int, float)):
            yield "characteristics", f"{name} must be a number, not '{value}'."
        elif name in texts and value not in set(products[name]):
            known = sorted(products[name].unique())
            yield (
                "characteristics",
                f"no {name} is called '{value}'{did_you_mean(str(value), known)}",
            )
    if not move.like:
        missing = [name for name in texts if name not in given]
        if missing:
            yield (
                "characteristics",
                f"lacks {', '.join(missing)}; give them, or a product to be like.",
            )


def _columns(data_set: DataSet) -> tuple[list[str], list[str]]:
    """Return the text columns that place a product (segment, nests) and the numeric characteristics."""
    texts = list(dict.fromkeys(["segment", *data_set.metadata.nests]))
    return texts, list(data_set.metadata.attributes)


def with_launches(scenario: Scenario, base: Base) -> tuple[Base, dict[str, Entrant]]:
    """Return the base with the new products of this period in it, not yet sold, and what they will be.

    Raises
    ------
    InputError
        If a new product has no neighbour in this period.
    """
    moves = [
        (index, move)
        for index, move in enumerate(scenario.levers)
        if move.lever == "launch" and move.acts_in(base.period)
    ]
    entrants = {}
    for index, move in moves:
        base, entrant = _launched(move, base, f"levers[{index}]")
        entrants[str(move.product)] = entrant
    return base, entrants


def _launched(move: LeverMove, base: Base, place: str) -> tuple[Base, Entrant]:
    market = base.market
    weights = _neighbours(move, base)
    if not weights.any():
        message = f"no product sold in {base.period} is like {move.product}; name one to be like."
        raise InputError([Fault("scenario", place, message)])
    entrant = _entrant(move, base, weights)
    data_set = replace(
        base.data_set,
        tables={**base.data_set.tables, "products": _products(move, base, weights)},
    )
    products = (*market.products, str(move.product))
    shape = (len(market.regions), 1)

    def wider(values: FloatArray, column: FloatArray | float) -> FloatArray:
        return np.hstack([values, np.broadcast_to(np.reshape(column, (-1, 1)), shape)])

    ratios = np.broadcast_to(np.asarray(market.markup_ratios, dtype=np.float64), len(products) - 1)
    wider_market = replace(
        market,
        products=products,
        firms=(*market.firms, str(move.firm)),
        demand=demand_of(data_set, base.parameters, products),
        deltas=wider(market.deltas, -np.inf),
        prices=wider(market.prices, entrant.net_prices),
        markup_ratios=np.append(ratios, weights @ ratios),
    )
    extended = replace(
        base,
        data_set=data_set,
        market=wider_market,
        # where it will stand; the baseline does not offer it
        list_prices=wider(base.list_prices, entrant.list_prices),
        stages=np.concatenate([base.stages, np.full((*base.stages.shape[:2], 1), np.nan)], axis=2),
    )
    return extended, entrant


def _neighbours(move: LeverMove, base: Base) -> FloatArray:
    """Return the weight of each product of the base, (J,); they sum to 1, or are all 0."""
    codes = list(base.market.products)
    table = _characteristics(base).loc[codes]
    given = dict(move.characteristics)
    if move.like:
        weights = np.isin(codes, move.like).astype(np.float64)
    else:
        texts, _ = _columns(base.data_set)
        same = [table[name] == given[name] for name in texts]
        weights = np.logical_and.reduce(same).astype(np.float64)
    distance = np.zeros(len(codes))
    for name, value in given.items():
        if isinstance(value, (int, float)):
            values = table[name].to_numpy(dtype=np.float64)
            spread = float(np.nanstd(values))
            if spread:
                distance += np.nan_to_num(((values - value) / (NEAR * spread)) ** 2, nan=4.0)
    # only differences of distance count, so that far neighbours do not vanish all together
    near = weights > 0
    if near.any():
        weights *= np.exp(-(distance - distance[near].min()) / 2)
    return np.asarray(weights / weights.sum() if near.any() else weights)


def _characteristics(base: Base) -> pd.DataFrame:
    """Return the products table with the characteristics that stand in the sales of the period."""
    table = base.data_set.tables["products"].set_index("product")
    attributes = base.data_set.metadata.attributes
    of_sales = [name for name, item in attributes.items() if item.table == "sales"]
    if of_sales:
        sales = base.data_set.tables["sales"]
        seen = sales[sales["period"] == base.period].groupby("product")[of_sales].mean()
        table = table.join(seen)
    return table


def _entrant(move: LeverMove, base: Base, weights: FloatArray) -> Entrant:
    market = base.market
    regions = regions_of(base.data_set, move.region)
    sold = np.array([region in regions for region in market.regions])

    def mean(values: FloatArray) -> FloatArray:
        # a neighbour that is missing in a region says nothing there
        there = np.where(market.offered, weights, 0.0)
        total = there.sum(axis=1)
        sums = (there * np.where(market.offered, values, 0.0)).sum(axis=1)
        return np.asarray(np.divide(sums, total, where=total > 0, out=np.full(len(total), np.nan)))

    deltas = mean(market.deltas)
    sold &= np.isfinite(deltas)
    listed = np.full(len(sold), move.value or 0.0)
    ratio = mean(market.prices / np.where(market.offered, base.list_prices, 1.0))
    costs = mean(np.nan_to_num(market.costs))
    if market.national:
        costs = np.full_like(costs, np.nanmean(costs))
    codes = np.array(market.products)[weights > 0]
    return Entrant(
        deltas=np.where(sold, deltas, -np.inf),
        net_prices=listed * np.where(np.isfinite(ratio), ratio, 1.0),
        list_prices=listed,
        costs=costs,
        neighbours=dict(zip(codes.tolist(), weights[weights > 0].tolist(), strict=True)),
    )


def _products(move: LeverMove, base: Base, weights: FloatArray) -> pd.DataFrame:
    table = base.data_set.tables["products"]
    model = base.market.products[int(np.argmax(weights))]
    row: dict[str, Any] = dict.fromkeys(table.columns)
    like = table.set_index("product").loc[model]
    texts, numbers = _columns(base.data_set)
    row.update({name: like[name] for name in texts})
    row.update({name: value for name, value in move.characteristics if name in table.columns})
    own = table[table["firm"] == move.firm]
    row.update(
        product=move.product,
        name=move.product,
        firm=move.firm,
        brand=own["brand"].iloc[0] if len(own) else move.firm,
    )
    added = pd.DataFrame([row])
    for name in numbers:
        if name in added:
            added[name] = added[name].astype(np.float64)
    known = added.dropna(axis="columns", how="all")
    return pd.concat([table, known], ignore_index=True)
