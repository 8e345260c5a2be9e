"""One period of a sweep while its axes act on different products: a sum per nest instead of a run per combination.

What a product adds to the sums of its nest depends on the level of its own axis alone. So the exponentials are taken
once a level, everything that no axis touches once for all, and a combination costs the nests that its products lie in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sandtable.market.demand import Demand
from sandtable.market.primitives import FloatArray, IntArray
from sandtable.planning.uncertain.blocks import WIDEST
from sandtable.scenario.base import Base
from sandtable.scenario.compose import Composed


@dataclass(frozen=True)
class Cells:
    """A period after some levers, rivals held, (R, J) each.

    Attributes
    ----------
    deltas, prices : ndarray
        Mean utilities without price, ``-inf`` where not offered; what the customer pays.
    margins : ndarray
        What the firm keeps of each vehicle, net of value added tax, in money units; 0 where unknown.
    spending : ndarray
        What the firm spends whatever it sells, in money units.
    market_sizes : ndarray, shape (R,)
    """

    deltas: FloatArray
    prices: FloatArray
    margins: FloatArray
    spending: FloatArray
    market_sizes: FloatArray

    @classmethod
    def of(cls, composed: Composed, base: Base) -> Cells:
        """Return the cells of a composed period."""
        market, supply = composed.market, composed.supply
        kept = supply.asked(market.prices) - composed.cash_kept - np.nan_to_num(supply.costs)
        tax = 1 + base.data_set.metadata.value_added_tax
        offered = np.isfinite(market.deltas)
        return cls(
            market.deltas,
            np.where(offered, market.prices, 0.0),
            np.where(offered, kept / tax, 0.0),
            composed.spending,
            market.market_sizes,
        )

    def touched(self, other: Cells) -> IntArray:
        """Return the products in which two states of a period differ."""
        pairs = [
            (getattr(self, name), getattr(other, name))
            for name in ("deltas", "prices", "margins", "spending")
        ]
        return np.flatnonzero(np.any([(one != two).any(axis=0) for one, two in pairs], axis=0))


@dataclass(frozen=True)
class _Levels:
    """One product at each level of its axis, or at its one state without an axis.

    Attributes
    ----------
    axis : int or None
    terms : ndarray, shape (L, R, K)
        What it adds to the sum of its inner nest.
    margins : ndarray, shape (L, R)
    spending : ndarray, shape (L,)
    inner : int
        Its nest, as a place among those touched.
    own : bool
    """

    axis: int | None
    terms: FloatArray
    margins: FloatArray
    spending: FloatArray
    inner: int
    own: bool


@dataclass(frozen=True)
class Lattice:
    """One period, ready for any combination of levels.

    Attributes
    ----------
    products : tuple of _Levels
        Those that an axis touches, and the own ones.
    inner_rest : ndarray, shape (T, R, K)
        Sums of the touched inner nests without these products.
    outer_of_inner : ndarray of int, shape (T,)
    outer_rest : ndarray, shape (O, R, K)
        Sums of the touched outer nests without the touched inner ones.
    rest : ndarray, shape (R, K)
        The outside good and the outer nests that nothing touches.
    """

    products: tuple[_Levels, ...]
    inner_rest: FloatArray
    outer_of_inner: IntArray
    outer_rest: FloatArray
    rest: FloatArray
    ratio: float
    outer_power: float
    weights: FloatArray
    market_sizes: FloatArray

    @classmethod
    def of(
        cls,
        demand: Demand,
        states: Sequence[Sequence[Cells]],
        touched: Sequence[IntArray],
        own: Sequence[int],
    ) -> Lattice | None:
        """Prepare a period; None where plain exponentials would leave the range of a double.

        Parameters
        ----------
        demand : Demand
        states : sequence of sequence of Cells
            Of each axis, its levels with the other axes at their first level.
        touched : sequence of ndarray of int
            Products that each axis touches; no product twice.
        own : sequence of int
            Products of the own firm.
        """
        first = states[0][0]
        nests = demand.nests
        n_products = first.deltas.shape[1]
        inner = np.zeros(n_products, dtype=np.int64) if nests is None else nests.inner
        outer_of = np.zeros(1, dtype=np.int64) if nests is None else nests.outer_of_inner
        sigmas = (0.0, 0.0) if nests is None else (nests.sigma_inner, nests.sigma_outer)
        axis_of = {int(j): axis for axis, columns in enumerate(touched) for j in columns}
        moving = sorted({*axis_of, *own})
        tables = [_utilities(demand, [first], range(n_products), 1 - sigmas[0])]
        tables += [
            _utilities(demand, levels, columns, 1 - sigmas[0])
            for levels, columns in zip(states, touched, strict=True)
        ]
        if any(np.abs(table[np.isfinite(table)]).max(initial=0.0) > WIDEST for table in tables):
            return None
        terms = [np.exp(table) for table in tables]
        found = sorted({int(inner[j]) for j in moving})
        still = np.setdiff1d(np.arange(n_products), moving)
        sums = np.zeros((len(outer_of), *terms[0].shape[2:]))
        np.add.at(sums, inner[still], terms[0][0][still])
        ratio, outer_power = (1 - sigmas[0]) / (1 - sigmas[1]), 1 - sigmas[1]
        whole = [place for place in range(len(outer_of)) if place not in found]
        of_outer = np.zeros((int(outer_of.max()) + 1, *sums.shape[1:]))
        np.add.at(of_outer, outer_of[whole], sums[whole] ** ratio)
        outers = sorted({int(outer_of[place]) for place in found})
        others = [place for place in range(len(of_outer)) if place not in outers]
        products = []
        for j in moving:
            axis = axis_of.get(j)
            levels = [first] if axis is None else states[axis]
            column = j if axis is None else int(np.flatnonzero(touched[axis] == j)[0])
            products.append(
                _Levels(
                    axis,
                    terms[0 if axis is None else axis + 1][:, column],
                    np.stack([level.margins[:, j] for level in levels]),
                    np.array([level.spending[:, j].sum() for level in levels]),
                    found.index(int(inner[j])),
                    j in own,
                )
            )
        return cls(
            tuple(products),
            sums[found],
            np.array([outers.index(int(outer_of[place])) for place in found]),
            of_outer[outers],
            1 + (of_outer[others] ** outer_power).sum(axis=0),
            ratio,
            outer_power,
            demand.tastes.weights,
            first.market_sizes,
        )

    def sums(self, levels: IntArray) -> FloatArray:
        """Return own units, all units and own profit of each combination, (S, 3).

        Parameters
        ----------
        levels : ndarray of int, shape (S, A)
        """
        n = len(levels)
        at = [
            np.zeros(n, dtype=np.int64) if p.axis is None else levels[:, p.axis]
            for p in self.products
        ]
        inner = np.repeat(self.inner_rest[:, None], n, axis=1)
        for product, places in zip(self.products, at, strict=True):
            inner[product.inner] += product.terms[places]
        inclusive = inner**self.ratio if self.ratio != 1 else inner.copy()
        outer = np.repeat(self.outer_rest[:, None], n, axis=1)
        for place, of in enumerate(self.outer_of_inner):
            outer[of] += inclusive[place]
        factors = outer**self.outer_power if self.outer_power != 1 else outer.copy()
        denominators = self.rest + factors.sum(axis=0)
        np.divide(factors, outer, out=factors, where=outer > 0)
        factors *= self.weights / denominators
        np.divide(inclusive, inner, out=inclusive, where=inner > 0)
        for place, of in enumerate(self.outer_of_inner):
            inclusive[place] *= factors[of]
        found = np.zeros((n, 3))
        found[:, 1] = ((1 - 1 / denominators) @ self.weights) @ self.market_sizes
        for product, places in zip(self.products, at, strict=True):
            if not product.own:
                continue
            shares = np.einsum("srk,srk->sr", product.terms[places], inclusive[product.inner])
            units = shares * self.market_sizes
            found[:, 0] += units.sum(axis=1)
            found[:, 2] += (units * product.margins[places]).sum(axis=1) - product.spending[places]
        return found


def _utilities(
    demand: Demand, states: Sequence[Cells], columns: Sequence[int] | IntArray, room: float
) -> FloatArray:
    """Return utilities of some products over one less the inner nesting parameter, (L, J, R, K)."""
    columns = np.asarray(columns)
    deltas = np.stack([state.deltas[:, columns].T for state in states])
    prices = np.stack([state.prices[:, columns].T for state in states])
    values = deltas[..., None] - prices[..., None] * demand.tastes.price_coefficients
    if demand.tastes.deviations is not None:
        values = values + demand.tastes.deviations[columns][:, None, :]
    return np.asarray(values / room)
