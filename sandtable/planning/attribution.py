"""Why a number moved: the exact Shapley value of each lever.

A lever's bar is its mean contribution over all orders in which the levers could be pulled. So the bars sum to the
total, equal levers have equal bars, and a lever that never changes anything has none. Pulling one lever at a time gives
no decomposition: its bars miss the total by whatever the levers do to each other.

Up to `EXACT` levers all subsets are evaluated. Above, orders are drawn at random, each with its reverse (antithetic),
and every bar has a standard error. While rivals hold and no period hands anything to the next, subsets are evaluated
together, through arrays; else each by one run, which takes as long as that many runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, chain
from math import comb

import numpy as np
import pandas as pd

from sandtable.data.loading import DataSet
from sandtable.market.primitives import FloatArray, IntArray
from sandtable.planning.blocks import block_shares
from sandtable.planning.measures import MEASURES, measures_of, stands_alone, sums_of
from sandtable.scenario.base import Base, open_data_set
from sandtable.scenario.compose import Subset, compose_subsets
from sandtable.scenario.draft import cells_moved
from sandtable.scenario.model import LeverMove, Scenario
from sandtable.scenario.run import Result, run

EXACT = 12  # levers whose subsets are all evaluated
N_ORDERS = 200
SEED = 20260701
AT_ONCE = 64  # subsets evaluated in one step


@dataclass(frozen=True)
class Attribution:
    """What each lever adds to the change of the own firm's numbers, all periods together.

    Attributes
    ----------
    result : Result
        The run with all levers.
    levers : tuple of LeverMove
        In the scenario's order.
    baseline, total : ndarray, shape (3,)
        Units, share of sales (0 to 1, without the outside good) and contribution profit of the own firm before any
        lever, and their change by all levers.
    bars : ndarray, shape (L, 3)
        Contribution of each lever; the columns sum to `total`.
    errors : ndarray, shape (L, 3)
        Standard error of each bar from drawing orders; 0 where exact.
    exact : bool
        Whether all orders were counted.
    """

    result: Result
    levers: tuple[LeverMove, ...]
    baseline: FloatArray
    total: FloatArray
    bars: FloatArray
    errors: FloatArray
    exact: bool

    def table(self) -> pd.DataFrame:
        """Return one row a lever: its place in the scenario, what it acts on, and each measure with its error."""
        columns: dict[str, object] = {
            "place": range(len(self.levers)),
            "lever": [move.lever for move in self.levers],
            "product": [move.product for move in self.levers],
            "firm": [move.firm for move in self.levers],
            "region": [move.region for move in self.levers],
        }
        for place, measure in enumerate(MEASURES):
            columns[measure] = self.bars[:, place]
            columns[f"{measure}_error"] = self.errors[:, place]
        return pd.DataFrame(columns)


def attribute(
    scenario: Scenario,
    data_set: DataSet | None = None,
    *,
    n_orders: int = N_ORDERS,
    seed: int = SEED,
) -> Attribution:
    """Divide the change of the own firm's units, share of sales and contribution profit among the levers.

    Parameters
    ----------
    scenario : Scenario
        Each of its moves is one lever.
    data_set : DataSet, optional
        The loaded data set, when it is at hand.
    n_orders : int
        Orders drawn when there are more than `EXACT` levers, an even number of 4 or more.
    seed : int
        Of these orders.

    Returns
    -------
    Attribution

    Raises
    ------
    ValueError
        If ``n_orders`` is odd or below 4.
    InputError
        As `run` does, also if only some of the levers together leave a price of zero or less.
    ConvergenceError
        If prices do not converge with some subset of the levers: no bar is right without it.
    """
    if n_orders < 4 or n_orders % 2:
        raise ValueError(f"n_orders is {n_orders}; it must be an even number of 4 or more.")
    data_set = data_set or open_data_set(scenario.data)
    result = run(scenario, data_set)
    n_levers = len(scenario.levers)
    exact = n_levers <= EXACT
    orders = [] if exact else _orders(n_levers, n_orders, seed)
    masks = list(range(2**n_levers)) if exact else sorted(set(chain(*map(_along, orders))))
    sums = _together(result, masks) if stands_alone(result) else _by_runs(result, data_set, masks)
    values = measures_of(sums)
    if exact:
        bars = shapley_values(values)
        errors = np.zeros_like(bars)
    else:
        bars, errors = _sampled(dict(zip(masks, values, strict=True)), orders)
    # no lever and all levers are the first and the last subset
    total = values[-1] - values[0]
    return Attribution(result, scenario.levers, values[0], total, bars, errors, exact)


def shapley_values(values: FloatArray) -> FloatArray:
    """Shapley values of a game from the values of all its subsets.

    Parameters
    ----------
    values : ndarray, shape (2 ** n, ...)
        Value of each subset; bit i of its place says whether player i takes part.

    Returns
    -------
    ndarray, shape (n, ...)
        They sum to the last value less the first.

    Examples
    --------
    >>> shapley_values(np.array([0.0, 1.0, 2.0, 5.0]))
    array([2., 3.])
    """
    n_players = len(values).bit_length() - 1
    masks = np.arange(len(values))
    sizes = np.bitwise_count(masks)
    weights = np.array([1 / (n_players * comb(n_players - 1, size)) for size in range(n_players)])
    # values around their mean, so that large baselines do not cost digits
    centred = values - values.mean(axis=0)
    found = np.empty((n_players, *values.shape[1:]))
    for player in range(n_players):
        without = masks[masks >> player & 1 == 0]
        gains = centred[without | 1 << player] - centred[without]
        found[player] = np.tensordot(weights[sizes[without]], gains, axes=1)
    return found


def _together(result: Result, masks: Sequence[int]) -> FloatArray:
    """Own units, all units and own profit of each subset of the levers, (S, 3)."""
    levers = result.scenario.levers
    total = np.zeros((len(masks), 3))
    for item in result.periods:
        base = item.base
        acting = sum(
            1 << index for index, move in enumerate(levers) if all(cells_moved(move, base))
        )
        known: dict[int, FloatArray] = {}
        for some in _some_at_once(
            compose_subsets(result.scenario, base, sorted({mask & acting for mask in masks}))
        ):
            found = _sums(some, base, result.own_firm)
            known |= {subset.mask: sums for subset, sums in zip(some, found, strict=True)}
        total += [known[mask & acting] for mask in masks]
    return total


def _some_at_once(subsets: Iterator[Subset]) -> Iterator[list[Subset]]:
    some: list[Subset] = []
    for subset in subsets:
        some.append(subset)
        if len(some) == AT_ONCE:
            yield some
            some = []
    if some:
        yield some


def _sums(subsets: Sequence[Subset], base: Base, own_firm: str) -> FloatArray:
    """Own units, all units and own profit of some subsets in one period, (S, 3)."""
    markets = [subset.market for subset in subsets]
    n_products = len(base.market.products)
    deltas = np.concatenate([market.deltas for market in markets])
    prices = np.concatenate([market.prices for market in markets])
    shares = block_shares([base.market.demand], deltas[None], prices)[0]
    sizes = np.concatenate([market.market_sizes for market in markets])
    units = (shares * sizes[:, None]).reshape(len(subsets), -1, n_products)
    owned = np.flatnonzero([firm == own_firm for firm in base.market.firms])
    margins = np.stack(
        [
            subset.supply.asked(subset.market.prices)[:, owned]
            - subset.cash_kept[:, owned]
            - np.nan_to_num(subset.supply.costs[:, owned])
            for subset in subsets
        ]
    )
    own = units[:, :, owned]
    profits = (own * margins).sum(axis=(1, 2)) / (1 + base.data_set.metadata.value_added_tax)
    profits -= [subset.spending[:, owned].sum() for subset in subsets]
    return np.stack([own.sum(axis=(1, 2)), units.sum(axis=(1, 2)), profits], axis=1)


def _by_runs(result: Result, data_set: DataSet, masks: Sequence[int]) -> FloatArray:
    """Own units, all units and own profit of each subset of the levers by a run of its own, (S, 3)."""
    scenario = result.scenario
    sums = np.empty((len(masks), 3))
    for place, mask in enumerate(masks):
        levers = tuple(move for index, move in enumerate(scenario.levers) if mask >> index & 1)
        sums[place] = sums_of(run(replace(scenario, levers=levers), data_set))
    return sums


def _orders(n_levers: int, n_orders: int, seed: int) -> list[IntArray]:
    """Random orders, each followed by its reverse."""
    generator = np.random.default_rng(seed)
    drawn = [generator.permutation(n_levers) for _ in range(n_orders // 2)]
    return [order for one in drawn for order in (one, one[::-1])]


def _along(order: IntArray) -> list[int]:
    """The subsets that grow as levers are pulled in an order, from none to all."""
    return list(accumulate((1 << int(place) for place in order), initial=0))


def _sampled(
    values: Mapping[int, FloatArray], orders: Sequence[IntArray]
) -> tuple[FloatArray, FloatArray]:
    """Mean contributions over orders and their reverses, with standard errors, (L, 3) each."""
    contributions = []
    for order in orders:
        steps: FloatArray = np.diff([values[mask] for mask in _along(order)], axis=0)
        found = np.empty_like(steps)
        found[order] = steps
        contributions.append(found)
    pairs = (np.array(contributions[::2]) + np.array(contributions[1::2])) / 2
    return pairs.mean(axis=0), pairs.std(axis=0, ddof=1) / np.sqrt(len(pairs))
