"""SQUAREM: acceleration of a fixed-point iteration (Varadhan and Roland 2008, scheme S3)."""

from __future__ import annotations

import numpy as np

from sandtable.market.primitives import FloatArray


def squarem_step(first: FloatArray, second: FloatArray) -> FloatArray:
    """Accelerated step from two successive steps of a fixed-point iteration.

    Parameters
    ----------
    first, second : ndarray
        ``F(x) - x`` and ``F(F(x)) - F(x)``; a leading axis of cells is accelerated cell by cell.

    Returns
    -------
    ndarray
        The step from ``x``; never shorter than the two plain steps.
    """
    change = second - first
    axes = tuple(range(1, first.ndim))
    numerator = np.sqrt((first**2).sum(axis=axes, keepdims=True))
    denominator = np.sqrt((change**2).sum(axis=axes, keepdims=True))
    length = np.maximum(numerator / np.where(denominator > 0, denominator, np.inf), 1.0)
    return np.asarray(2 * length * first + length**2 * change)
