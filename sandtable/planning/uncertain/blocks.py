"""Shares of many cells under many demands at once: (draws x rows) in few large array operations.

The nested logit factors as in `sandtable.market.kernel`: for cells that see the same prices, terms of the mean
utilities times terms of the tastes, nest by nest. Here the nesting parameters may differ from draw to draw as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np

from sandtable.market.demand import Demand
from sandtable.market.primitives import FloatArray, IntArray

WIDEST = 250.0  # range of logarithms at which no product of the factors leaves that of a double
BLOCK = 100_000  # numbers in the largest array of one step, so that all stay near the processor


def block_shares(demands: Sequence[Demand], deltas: FloatArray, prices: FloatArray) -> FloatArray:
    """Shares of the whole market, for each demand and each row.

    Parameters
    ----------
    demands : sequence of Demand
        One a draw; all nest the same products alike.
    deltas : ndarray, shape (D, N, J)
        Mean utilities without price; ``-inf`` marks a product that is not offered.
    prices : ndarray, shape (N, J)
        What the customer pays, the same in all draws.

    Returns
    -------
    ndarray, shape (D, N, J)
        As `Demand.shares` gives them draw by draw.
    """
    shares = np.empty_like(deltas)
    if _factor(demands) and deltas.size:
        block = _Block.of(demands)
        groups = list(_rows_alike(prices))
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            if all(block.fill(shares, deltas, prices, rows) for rows in groups):
                return shares
    for draw, demand in enumerate(demands):
        shares[draw] = demand.shares(deltas[draw], prices)
    return shares


def _factor(demands: Sequence[Demand]) -> bool:
    """Whether the tastes of all demands have one shape and nothing in them but price."""
    return (
        len({len(demand.tastes.weights) for demand in demands}) == 1
        and len({demand.nests is None for demand in demands}) == 1
        and all(demand.tastes.deviations is None for demand in demands)
    )


def _rows_alike(prices: FloatArray) -> Iterator[IntArray]:
    """Yield rows that see the same prices: (G, n) each, G groups of n rows."""
    alike: dict[bytes, list[int]] = {}
    for row, values in enumerate(prices):
        alike.setdefault(values.tobytes(), []).append(row)
    sizes: dict[int, list[list[int]]] = {}
    for rows in alike.values():
        sizes.setdefault(len(rows), []).append(rows)
    for grouped in sizes.values():
        yield np.array(grouped, dtype=np.int64)


@dataclass(frozen=True)
class _Block:
    """Demands side by side; products stand nest by nest.

    Attributes
    ----------
    alphas, weights : ndarray, shape (D, K)
        Consumer types.
    inner, outer : ndarray, shape (D,)
        One less the nesting parameters.
    order : ndarray of int, shape (J,)
        Products in the order of their inner nests.
    nests : tuple of slice
        Of that order, one an inner nest.
    outer_of_inner, outer_starts : ndarray of int
        As in `Nests`.
    """

    alphas: FloatArray
    weights: FloatArray
    inner: FloatArray
    outer: FloatArray
    order: IntArray | slice
    nests: tuple[slice, ...]
    outer_of_inner: IntArray
    outer_starts: IntArray

    @classmethod
    def of(cls, demands: Sequence[Demand]) -> _Block:
        first = demands[0].nests
        zero = np.zeros(1, dtype=np.int64)
        sigmas = np.zeros((len(demands), 2))
        order: IntArray | slice = slice(None)
        slices: tuple[slice, ...] = (slice(None),)
        if first is not None:
            sigmas += [
                (demand.nests.sigma_inner, demand.nests.sigma_outer)
                for demand in demands
                if demand.nests is not None
            ]
            order = np.concatenate(first.members)
            ends = accumulate((len(members) for members in first.members), initial=0)
            slices = tuple(slice(*both) for both in pairwise(ends))
        return cls(
            alphas=np.stack([demand.tastes.price_coefficients for demand in demands]),
            weights=np.stack([demand.tastes.weights for demand in demands]),
            inner=1 - sigmas[:, 0],
            outer=1 - sigmas[:, 1],
            order=order,
            nests=slices,
            outer_of_inner=zero if first is None else first.outer_of_inner,
            outer_starts=zero if first is None else first.outer_starts,
        )

    def fill(
        self, shares: FloatArray, deltas: FloatArray, prices: FloatArray, rows: IntArray
    ) -> bool:
        """Fill in the shares of some rows, (G, n); False when utilities are too wide for plain exponentials."""
        n_groups, n_alike = rows.shape
        n_products = deltas.shape[2]
        n_types = self.alphas.shape[1]
        wide = max(n_alike * n_products, n_alike * len(self.nests) * n_types, n_products * n_types)
        groups_at_once = max(1, BLOCK // wide)
        draws_at_once = max(1, groups_at_once // n_groups)
        for first in range(0, len(deltas), draws_at_once):
            draws = slice(first, first + draws_at_once)
            for start in range(0, n_groups, groups_at_once):
                part = rows[start : start + groups_at_once]
                found = self._shares(
                    draws,
                    deltas[draws, part][..., self.order],
                    prices[part[:, 0]][:, self.order],
                )
                if found is None:
                    return False
                ordered = np.empty_like(found)
                ordered[..., self.order] = found
                shares[draws, part] = ordered
        return True

    def _shares(self, draws: slice, deltas: FloatArray, prices: FloatArray) -> FloatArray | None:
        """Shares of groups of rows, (D, G, n, J), at one row of prices a group, (G, J)."""
        inner = self.inner[draws, None, None, None]
        ratio = inner / self.outer[draws, None, None, None]
        tastes = prices[None, :, :, None] * (-self.alphas[draws, None, None, :] / inner)
        tops = tastes.max(axis=-1)
        tastes -= tops[..., None]
        terms = deltas / inner
        terms += tops[:, :, None, :]
        lowest = np.min(terms, where=np.isfinite(terms), initial=0.0) + tastes.min()
        if not (lowest > -WIDEST and terms.max() < WIDEST):
            return None
        exponentials = np.exp(tastes, out=tastes)
        np.exp(terms, out=terms)
        sums = np.stack([terms[..., nest] @ exponentials[..., nest, :] for nest in self.nests])
        # the inclusive value of an inner nest, in the terms of its outer nest
        inclusive = sums**ratio if (ratio != 1).any() else sums.copy()
        of_outer = np.add.reduceat(inclusive, self.outer_starts, axis=0)
        factors = of_outer ** self.outer[draws, None, None, None]
        denominators = 1 + factors.sum(axis=0)
        factors /= of_outer
        factors *= self.weights[draws, None, None, :] / denominators
        inclusive /= sums
        inclusive *= factors[self.outer_of_inner]
        np.nan_to_num(inclusive, copy=False)  # a nest in which nothing is offered
        for place, nest in enumerate(self.nests):
            terms[..., nest] *= inclusive[place] @ np.swapaxes(exponentials[..., nest, :], -1, -2)
        return terms
