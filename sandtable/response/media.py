"""Media: spend that lasts (adstock) and wears out (saturation)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def adstock(
    spend: FloatArray, carry_over: float, *, before: FloatArray | float = 0.0
) -> FloatArray:
    """Spend that is still at work: each period's own, and what is carried over from those before.

    Parameters
    ----------
    spend : ndarray, shape (T, ...)
        Spend by period, oldest first, 0 or more.
    carry_over : float
        Part that is still at work a period later, 0 to below 1.
    before : ndarray, shape (...), or float
        Adstock of the period before the first: the past carried in.

    Returns
    -------
    ndarray, shape (T, ...)

    Raises
    ------
    ValueError
        If the carry-over is out of range.

    Notes
    -----
    ``a_t = x_t + carry_over * a_(t-1)`` (Broadbent 1979).

    Examples
    --------
    >>> adstock(np.array([1.0, 0.0, 0.0]), 0.5).tolist()
    [1.0, 0.5, 0.25]
    """
    if not 0 <= carry_over < 1:
        raise ValueError(f"carry_over is {carry_over:g}; it must lie in [0, 1).")
    stock = np.empty(spend.shape, dtype=np.float64)
    last = np.broadcast_to(np.asarray(before, dtype=np.float64), spend.shape[1:])
    for period, amount in enumerate(spend):
        last = amount + carry_over * last
        stock[period] = last
    return stock


def steady_stock(spend: FloatArray | float, carry_over: float) -> FloatArray:
    """Adstock when every period before was like this one: ``x / (1 - carry_over)``.

    Raises
    ------
    ValueError
        If the carry-over is out of range.
    """
    if not 0 <= carry_over < 1:
        raise ValueError(f"carry_over is {carry_over:g}; it must lie in [0, 1).")
    return np.asarray(spend / (1 - carry_over))


def hill(stock: FloatArray, half: FloatArray | float, slope: FloatArray | float) -> FloatArray:
    """Saturation: the part of its largest effect that a channel has reached.

    Parameters
    ----------
    stock : ndarray
        Adstock, 0 or more.
    half : float or ndarray
        Adstock at which half of the effect is reached, above 0.
    slope : float or ndarray
        Steepness, above 0; above 1 the curve is S-shaped.

    Returns
    -------
    ndarray
        0 at no spend, rising to 1.

    Raises
    ------
    ValueError
        If `half` or `slope` is not above 0.

    Notes
    -----
    ``a^h / (a^h + c^h)`` (Hill 1910).

    Examples
    --------
    >>> hill(np.array([0.0, 2.0, 1e9]), 2.0, 1.0).round(3).tolist()
    [0.0, 0.5, 1.0]
    """
    if not (np.asarray(half) > 0).all():
        raise ValueError("half must be above 0.")
    if not (np.asarray(slope) > 0).all():
        raise ValueError("slope must be above 0.")
    with np.errstate(divide="ignore", over="ignore"):
        # as 1 / (1 + (c/a)^h) it neither overflows nor loses small values
        return np.asarray(1 / (1 + (half / np.maximum(stock, 0.0)) ** slope))


def hill_slope(
    stock: FloatArray, half: FloatArray | float, slope: FloatArray | float
) -> FloatArray:
    """Derivative of `hill` by the adstock; without spend 0, 1 / half or infinite for slopes above, at and below 1."""
    reached = hill(stock, half, slope)
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = slope * reached * (1 - reached) / stock
    at_zero = np.where(
        np.asarray(slope) > 1, 0.0, np.where(np.asarray(slope) == 1, 1 / np.asarray(half), np.inf)
    )
    return np.asarray(np.where(np.asarray(stock) > 0, rate, at_zero))
