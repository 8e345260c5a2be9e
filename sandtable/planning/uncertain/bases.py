"""The base of every draw: a period calibrated anew under each drawn parameter set, so that its shares stay observed."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from threading import Lock

import numpy as np

from sandtable.data.cells import nest_codes
from sandtable.data.loading import DataSet
from sandtable.errors import ConvergenceError
from sandtable.market.demand import Demand
from sandtable.market.inversion import invert_shares
from sandtable.market.primitives import FloatArray
from sandtable.planning.uncertain.blocks import block_shares
from sandtable.planning.uncertain.draws import ParameterDraws
from sandtable.scenario.base import Base, base_of, supplied
from sandtable.scenario.model import Supply

Key = tuple[str, bool, str, str, Supply, tuple[str, ...]]

BYTES_KEPT = 400_000_000
_kept: OrderedDict[Key, DrawnPeriod] = OrderedDict()
_lock = Lock()  # each session of the app runs in a thread of its own


@dataclass(frozen=True)
class DrawnPeriod:
    """One period under every draw of the parameters.

    Attributes
    ----------
    base : Base
        Under the parameters themselves.
    draws : ParameterDraws
    demands : tuple of Demand
        One a draw.
    deltas, shares : ndarray, shape (D, R, J)
        Mean utilities that give the observed shares, and these shares as the model gives them back.
    costs : ndarray, shape (D, R, J) or (D, 1, J)
        Marginal costs; one row where they are equal everywhere.
    failures : dict of int to str
        Draws that could not be calibrated, and why; their numbers are those of the parameters themselves and must
        not be used.
    """

    base: Base
    draws: ParameterDraws
    demands: tuple[Demand, ...]
    deltas: FloatArray
    shares: FloatArray
    costs: FloatArray
    supply: Supply
    failures: dict[int, str] = field(default_factory=dict)

    @property
    def nbytes(self) -> int:
        """Memory of the arrays."""
        return self.deltas.nbytes + self.shares.nbytes + self.costs.nbytes

    def totals(
        self,
        shares: FloatArray,
        market_sizes: FloatArray,
        asked: FloatArray,
        costs: FloatArray,
    ) -> tuple[FloatArray, FloatArray]:
        """Return units and contribution profit of each product over all regions, (D, J) each.

        Parameters
        ----------
        shares : ndarray, shape (D, R, J)
        market_sizes : ndarray, shape (R,)
        asked : ndarray, shape (R, J), (1, R, J) or (D, R, J)
            What the firm gets for each vehicle, value added tax included.
        costs : ndarray, shape (D, R, J) or (D, 1, J)
        """
        units = market_sizes @ shares
        if asked.ndim == 3 and len(asked) > 1:
            weighted = np.einsum("drj,drj->dj", shares, market_sizes[:, None] * asked)
        else:
            asked = asked.reshape(asked.shape[-2:])
            weighted = np.einsum("drj,rj->dj", shares, market_sizes[:, None] * asked)
        if costs.shape[1] == 1:
            spent = units * np.nan_to_num(costs[:, 0])
        else:
            spent = np.einsum("drj,drj,r->dj", shares, np.nan_to_num(costs), market_sizes)
        return units, (weighted - spent) / (1 + self.base.data_set.metadata.value_added_tax)

    @cached_property
    def baseline(self) -> tuple[FloatArray, FloatArray]:
        """Units and contribution profit of each product before any lever, (D, J) each."""
        market = self.base.market
        return self.totals(self.shares, market.market_sizes, market.prices, self.costs)

    def repeated(self, n_draws: int) -> DrawnPeriod:
        """Return the only draw so many times, for draws of something else."""

        def again(values: FloatArray) -> FloatArray:
            return np.broadcast_to(values, (n_draws, *values.shape[1:]))

        return replace(
            self,
            demands=self.demands * n_draws,
            deltas=again(self.deltas),
            shares=again(self.shares),
            costs=again(self.costs),
        )

    def base_of_draw(self, draw: int) -> Base:
        """Return the period calibrated under one draw."""
        parameters = self.draws.parameter_set(draw)
        return _under(
            self.base, replace(self.base, parameters=parameters), self.demands[draw],
            self.deltas[draw], self.supply,
        )  # fmt: skip


def _under(centre: Base, base: Base, demand: Demand, deltas: FloatArray, supply: Supply) -> Base:
    """Return a base with another demand; what is assumed of supply is looked at again."""
    market = replace(centre.market, demand=demand, deltas=deltas, conduct=0.0, markup_ratios=1.0)
    base = replace(base, market=market)
    return base if supply == Supply() else supplied(base, supply)


def drawn_periods(
    data_set: DataSet,
    draws: ParameterDraws,
    periods: Sequence[str],
    supply: Supply,
    *,
    tick: Callable[[int], None] = lambda done: None,
) -> tuple[DrawnPeriod, ...]:
    """Calibrate periods under every draw; kept in memory for the next call.

    The first call takes about a second for every 20 draws of a year of the demonstration market.

    Parameters
    ----------
    data_set : DataSet
    draws : ParameterDraws
    periods : sequence of str
        Observed or coming.
    supply : Supply
        What is assumed of costs and pricing.
    tick : callable
        Called before each draw that is calibrated, with how many are done; it may raise to stop.
    """
    content = f"{draws.parameters.fingerprint}{draws.names}".encode() + draws.values.tobytes()
    identity = hashlib.sha256(content).hexdigest()
    keys: list[Key] = [
        (
            data_set.fingerprint,
            "funnel" in data_set.tables,
            identity,
            period,
            supply,
            tuple(periods),
        )
        for period in periods
    ]
    # periods are calibrated together, to the last bit alike only with the same ones: all are kept, or none
    with _lock:
        whole = all(key in _kept for key in keys)
        found = {key: _kept[key] for key in keys} if whole else {}
        for key in found:
            _kept.move_to_end(key)
    missing: dict[tuple[str, ...], list[tuple[Key, Base]]] = {}
    for key, period in zip(keys, periods, strict=True):
        if key not in found:
            base = base_of(data_set, draws.parameters, period, supply)
            missing.setdefault(base.market.products, []).append((key, base))
    for alike in missing.values():
        calibrated = _calibrated([base for _, base in alike], draws, supply, tick)
        found |= {key: item for (key, _), item in zip(alike, calibrated, strict=True)}
    with _lock:
        _kept.update(found)
        # one horizon is always kept, however large
        while len(_kept) > len(found) and sum(item.nbytes for item in _kept.values()) > BYTES_KEPT:
            _kept.popitem(last=False)
    return tuple(found[key] for key in keys)


def _calibrated(
    bases: Sequence[Base], draws: ParameterDraws, supply: Supply, tick: Callable[[int], None]
) -> list[DrawnPeriod]:
    """Calibrate periods with the same products under every draw, all periods of a draw in one inversion."""
    first = bases[0]
    codes = nest_codes(first.data_set, draws.parameters.nests, first.market.products)
    n_rows = np.cumsum([0, *(len(base.market.regions) for base in bases)])
    parts = [slice(*ends) for ends in pairwise(n_rows.tolist())]
    shares = np.concatenate([base.market.shares for base in bases])
    prices = np.concatenate([base.market.prices for base in bases])
    centre = np.concatenate([base.market.deltas for base in bases])
    deltas = np.empty((len(draws), *centre.shape))
    # national prices mean one cost for all regions
    costs = [
        np.empty((len(draws), *base.market.prices[: 1 if base.market.national else None].shape))
        for base in bases
    ]
    demands = []
    failures: list[dict[int, str]] = [{} for _ in bases]
    for draw in range(len(draws)):
        tick(draw)
        demand = _demand(draws, draw, codes)
        deltas[draw] = centre
        for place, error in _inverted(demand, shares, prices, parts, deltas[draw]):
            failures[place][draw] = str(error)
        for base, rows, found in zip(bases, parts, costs, strict=True):
            under = _under(base, base, demand, deltas[draw, rows], supply)
            found[draw] = under.market.costs[: found.shape[1]]
        demands.append(demand)
    modelled = block_shares(demands, deltas, prices)
    kept = tuple(demands)
    return [
        DrawnPeriod(base, draws, kept, deltas[:, rows], modelled[:, rows], found, supply, failed)
        for base, rows, found, failed in zip(bases, parts, costs, failures, strict=True)
    ]


def _demand(draws: ParameterDraws, draw: int, codes: Sequence[np.ndarray]) -> Demand:
    parameters = draws.parameter_set(draw)
    return Demand.lognormal(
        parameters.price_coefficient.value,
        parameters.price_spread.value if parameters.price_spread else 0.0,
        parameters.quadrature_nodes,
        nests=codes,
        sigmas=[sigma.value for sigma in parameters.sigmas],
    )


def _inverted(
    demand: Demand,
    shares: FloatArray,
    prices: FloatArray,
    parts: Sequence[slice],
    deltas: FloatArray,
) -> list[tuple[int, ConvergenceError]]:
    """Write mean utilities into `deltas`; return which parts could not be inverted, and why."""
    try:
        deltas[:] = invert_shares(demand, shares, prices)
    except ConvergenceError:
        pass
    else:
        return []
    failed = []
    for place, rows in enumerate(parts):
        try:
            deltas[rows] = invert_shares(demand, shares[rows], prices[rows])
        except ConvergenceError as error:
            failed.append((place, error))
    return failed
