"""Absorbing effects exactly: what is left of a column when the means of all groups are free."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sandtable.market.primitives import FloatArray, IntArray


class Absorber:
    """The projection off the dummies of several groupings.

    Parameters
    ----------
    groups : sequence of ndarray of int, each shape (N,)
        One code an observation, from 0; none leaves columns as they are.

    Attributes
    ----------
    rank : int
        Independent dummies: the degrees of freedom that the effects take.
    """

    def __init__(self, groups: Sequence[IntArray]) -> None:
        self._groups = [np.unique(codes, return_inverse=True)[1] for codes in groups]
        self.rank = 0
        if not self._groups:
            return
        from scipy.sparse import csr_array, hstack

        n = len(self._groups[0])
        rows = np.arange(n)
        dummies = [csr_array((np.ones(n), (rows, codes))) for codes in self._groups]
        self._dummies = csr_array(hstack(dummies))
        gram = (self._dummies.T @ self._dummies).toarray()
        # several groupings always overlap (each holds the constant), so the inverse is a pseudo-inverse
        scale = 1 / np.sqrt(np.diag(gram))
        values, vectors = np.linalg.eigh(gram * scale[:, None] * scale)
        kept = values > 1e-9
        self.rank = int(kept.sum())
        self._half = scale[:, None] * vectors[:, kept] / np.sqrt(values[kept])

    def residuals(self, columns: FloatArray) -> FloatArray:
        """What the groups do not explain; equal shape, one or two dimensions."""
        if not self._groups:
            return columns
        left = columns
        for _ in range(2):  # the second pass takes the rounding of the first
            left = left - self._dummies @ (self._half @ (self._half.T @ (self._dummies.T @ left)))
        return np.asarray(left)

    def free_rank(self, clusters: IntArray) -> int:
        """Rank less the groupings that lie within the clusters: what clustered errors must pay for."""
        within = [codes for codes in self._groups if _nested(codes, clusters)]
        return self.rank - Absorber(within).rank


def _nested(codes: IntArray, clusters: IntArray) -> bool:
    names = np.unique(clusters, return_inverse=True)[1]
    pairs = codes.astype(np.int64) * (int(names.max()) + 1) + names
    return len(np.unique(pairs)) == len(np.unique(codes))


def independent_columns(columns: FloatArray, *, tolerance: float = 1e-9) -> IntArray:
    """Places of columns that are not linear combinations of earlier ones, in order.

    Parameters
    ----------
    columns : ndarray, shape (N, L)
        Of any scale.
    tolerance : float
        Part of a column's length that must be its own.
    """
    kept: list[int] = []
    basis = np.empty((len(columns), 0))
    for place in range(columns.shape[1]):
        column = columns[:, place]
        length = np.linalg.norm(column)
        if length == 0:
            continue
        own = column / length
        for _ in range(2):
            own = own - basis @ (basis.T @ own)
        if np.linalg.norm(own) > tolerance:
            kept.append(place)
            basis = np.column_stack([basis, own / np.linalg.norm(own)])
    return np.array(kept, dtype=np.int64)
