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

import numpy as np
import pandas as pd

from sandtable.data.loading import DataSet
from sandtable.market.primitives import FloatArray, IntArray
from sandtable.planning.measures import MEASURES, measures_of, stands_alone
from sandtable.planning.uncertain.bases import drawn_periods
from sandtable.planning.uncertain.blocks import block_shares
from sandtable.planning.uncertain.draws import draw_parameters
from sandtable.planning.why.games import owen_values, shapley_interactions, shapley_values
from sandtable.scenario.base import Base, open_data_set, open_parameters
from sandtable.scenario.compose import Subset, compose_subsets
from sandtable.scenario.draft import cells_moved
from sandtable.scenario.levers import lever_table
from sandtable.scenario.model import LeverMove, Scenario
from sandtable.scenario.run import Result, run

EXACT = 12  # levers whose subsets are all evaluated
N_ORDERS = 200
SEED = 20260701
AT_ONCE = 64  # subsets evaluated in one step
QUICK = 1024  # subsets times periods up to which bars are drawn
FEW_DRAWS = 50


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
    months : ndarray, shape (T, L, 3)
        Bars of each period by itself; its columns sum to the change in that period.
    regions : ndarray, shape (R, L, 3)
        Bars of each region by itself, all periods together; of the regions of `region_names`.
    region_names : tuple of str
    values : ndarray, shape (2 ** L, 3), or None
        Value of each subset of the levers; None where orders were drawn.
    """

    result: Result
    levers: tuple[LeverMove, ...]
    baseline: FloatArray
    total: FloatArray
    bars: FloatArray
    errors: FloatArray
    exact: bool
    months: FloatArray
    regions: FloatArray
    region_names: tuple[str, ...]
    values: FloatArray | None

    @property
    def groups(self) -> tuple[str, ...]:
        """Group of each lever in the lever table: price, offer, media ..."""
        return tuple(lever_table()[move.lever].group for move in self.levers)

    def owen(self) -> FloatArray | None:
        """Return bars in which the levers of a group are pulled together, (L, 3); None where orders were drawn.

        Those of a group sum to what the group adds, as if it were one lever.
        """
        if self.values is None:
            return None
        names = sorted(set(self.groups))
        return owen_values(self.values, [names.index(group) for group in self.groups])

    def interactions(self) -> pd.DataFrame | None:
        """Return what each pair of levers adds beyond what each adds alone, the largest first by units.

        Returns
        -------
        DataFrame or None
            first, second (places in the scenario) and each measure; None where orders were drawn.
        """
        if self.values is None:
            return None
        found = shapley_interactions(self.values)
        rows = [
            {"first": one, "second": other, **dict(zip(MEASURES, found[one, other], strict=True))}
            for one in range(len(self.levers))
            for other in range(one + 1, len(self.levers))
        ]
        table = pd.DataFrame(rows, columns=["first", "second", *MEASURES])
        return table.sort_values("units", key=abs, ascending=False, ignore_index=True)

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
    values = measures_of(sums.sum(axis=(1, 2)))
    # the whole, each period and each region are games of their own, side by side
    n_periods = sums.shape[1]
    games = [values[:, None], measures_of(sums.sum(axis=2)), measures_of(sums.sum(axis=1))]
    every = np.concatenate(games, axis=1)
    if exact:
        bars = shapley_values(every)
        errors = np.zeros_like(bars)
    else:
        bars, errors = _sampled(dict(zip(masks, every, strict=True)), orders)
    parts = np.moveaxis(bars, 1, 0)
    return Attribution(
        result=result,
        levers=scenario.levers,
        baseline=values[0],
        total=values[-1] - values[0],  # no lever and all levers are the first and the last subset
        bars=bars[:, 0],
        errors=errors[:, 0],
        exact=exact,
        months=parts[1 : 1 + n_periods],
        regions=parts[1 + n_periods :],
        region_names=_regions(result),
        values=values if exact else None,
    )


def bars_of_draws(
    found: Attribution, n_draws: int = FEW_DRAWS, *, seed: int = SEED
) -> FloatArray | None:
    """Return the bars under draws of the parameters, for an interval of each.

    Parameters
    ----------
    found : Attribution
    n_draws : int
    seed : int

    Returns
    -------
    ndarray, shape (D, L, 3), or None
        None where that would take long, or the parameters have no errors: more subsets times periods than `QUICK`,
        firms that answer, orders that were drawn.
    """
    result = found.result
    n_subsets = 2 ** len(found.levers)
    if not found.exact or not stands_alone(result) or n_subsets * len(result.periods) > QUICK:
        return None
    draws = draw_parameters(open_parameters(result.scenario, result.data_set), n_draws, seed=seed)
    if not draws.names:
        return None
    periods = [item.base.period for item in result.periods]
    drawn = drawn_periods(result.data_set, draws, periods, result.scenario.supply)
    failed = {draw for item in drawn for draw in item.failures}
    bars = []
    for draw in sorted(set(range(len(draws))) - failed):
        bases = [item.base_of_draw(draw) for item in drawn]
        sums = _together(result, range(n_subsets), bases)
        bars.append(shapley_values(measures_of(sums.sum(axis=(1, 2)))))
    return np.array(bars)


def _regions(result: Result) -> tuple[str, ...]:
    """All regions of a run, by name."""
    return tuple(sorted({name for item in result.periods for name in item.base.market.regions}))


def _together(
    result: Result, masks: Sequence[int], bases: Sequence[Base] | None = None
) -> FloatArray:
    """Own units, all units and own profit of each subset of the levers, (S, T, R, 3)."""
    levers, names = result.scenario.levers, _regions(result)
    total = np.zeros((len(masks), len(result.periods), len(names), 3))
    for place, base in enumerate(bases or [item.base for item in result.periods]):
        acting = sum(
            1 << index for index, move in enumerate(levers) if all(cells_moved(move, base))
        )
        known: dict[int, FloatArray] = {}
        for some in _some_at_once(
            compose_subsets(result.scenario, base, sorted({mask & acting for mask in masks}))
        ):
            found = _sums(some, base, result.own_firm)
            known |= {subset.mask: sums for subset, sums in zip(some, found, strict=True)}
        rows = [names.index(region) for region in base.market.regions]
        total[:, place, rows] = [known[mask & acting] for mask in masks]
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
    """Own units, all units and own profit of some subsets in one period, (S, R, 3)."""
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
    profits = (own * margins).sum(axis=2) / (1 + base.data_set.metadata.value_added_tax)
    profits -= [subset.spending[:, owned].sum(axis=1) for subset in subsets]
    return np.stack([own.sum(axis=2), units.sum(axis=2), profits], axis=2)


def _by_runs(result: Result, data_set: DataSet, masks: Sequence[int]) -> FloatArray:
    """Own units, all units and own profit of each subset of the levers by a run of its own, (S, T, R, 3)."""
    scenario, names = result.scenario, _regions(result)
    sums = np.zeros((len(masks), len(result.periods), len(names), 3))
    for at, mask in enumerate(masks):
        levers = tuple(move for index, move in enumerate(scenario.levers) if mask >> index & 1)
        for place, item in enumerate(run(replace(scenario, levers=levers), data_set).periods):
            owned = np.array([firm == result.own_firm for firm in item.base.market.firms])
            units, profit = item.scenario.units, item.scenario.contribution_profit
            own = units[:, owned].sum(axis=1), units.sum(axis=1), profit[:, owned].sum(axis=1)
            rows = [names.index(region) for region in item.base.market.regions]
            sums[at, place, rows] = np.stack(own, axis=1)
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
    """Mean contributions over orders and their reverses, with standard errors, (L, ...) each."""
    contributions = []
    for order in orders:
        steps: FloatArray = np.diff([values[mask] for mask in _along(order)], axis=0)
        found = np.empty_like(steps)
        found[order] = steps
        contributions.append(found)
    pairs = (np.array(contributions[::2]) + np.array(contributions[1::2])) / 2
    return pairs.mean(axis=0), pairs.std(axis=0, ddof=1) / np.sqrt(len(pairs))
