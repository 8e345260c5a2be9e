"""Absorbing several large groupings: the finest by its means, the others by their exact normal equations.

What `sandtable.estimation.effects.Absorber` does with one matrix over all dummies costs the cube of their number. Where
one grouping has thousands (product by period), sweeping that one first leaves a few hundred to a thousand.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sandtable.market.primitives import FloatArray, IntArray


class Effects:
    """The projection off the dummies of several groupings.

    Parameters
    ----------
    groups : sequence of ndarray of int, each shape (N,)
        One code an observation; none leaves columns as they are.

    Attributes
    ----------
    rank : int
        Independent dummies: the degrees of freedom that the effects take.
    """

    def __init__(self, groups: Sequence[IntArray]) -> None:
        codes = [np.unique(group, return_inverse=True)[1] for group in groups]
        codes.sort(key=lambda group: -int(group.max(initial=-1)))
        self.rank = 0
        self._first = codes[0] if codes else None
        self._half: FloatArray | None = None
        if self._first is None:
            return
        from scipy.sparse import csr_array

        n = len(self._first)
        self._counts = np.bincount(self._first).astype(np.float64)
        self._where = csr_array((np.ones(n), (self._first, np.arange(n))))
        self.rank = len(self._counts)
        if len(codes) > 1:
            self._sweep_others(codes[1:])

    def _sweep_others(self, codes: Sequence[IntArray]) -> None:
        from scipy.sparse import csr_array, hstack

        assert self._first is not None
        rows = np.arange(len(self._first))
        ones = np.ones(len(rows))
        self._dummies = csr_array(hstack([csr_array((ones, (rows, group))) for group in codes]))
        crossed = (self._where @ self._dummies).toarray()
        gram = (self._dummies.T @ self._dummies).toarray()
        gram -= crossed.T @ (crossed / self._counts[:, None])
        scale = 1 / np.sqrt(np.maximum(np.asarray(self._dummies.sum(axis=0)).ravel(), 1.0))
        values, vectors = np.linalg.eigh(gram * scale[:, None] * scale)
        kept = values > 1e-9
        self.rank += int(kept.sum())
        self._half = scale[:, None] * vectors[:, kept] / np.sqrt(values[kept])

    def residuals(self, columns: FloatArray) -> FloatArray:
        """What the groups do not explain, shape (N, K)."""
        if self._first is None:
            return columns
        left = self._off_means(columns)
        if self._half is None:
            return left
        for _ in range(2):  # the second pass takes the rounding of the first
            explained = self._half @ (self._half.T @ np.asarray(self._dummies.T @ left))
            left = left - self._off_means(np.asarray(self._dummies @ explained))
        return left

    def _off_means(self, columns: FloatArray) -> FloatArray:
        assert self._first is not None
        means: FloatArray = np.asarray(self._where @ columns) / self._counts[:, None]
        return np.asarray(columns - means[self._first])
