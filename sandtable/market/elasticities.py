"""What shares answer to prices: elasticities and diversion ratios."""

from __future__ import annotations

import numpy as np

from sandtable.market.primitives import FloatArray


def price_elasticities(
    price_jacobian: FloatArray, shares: FloatArray, prices: FloatArray
) -> FloatArray:
    """Own and cross price elasticities.

    Parameters
    ----------
    price_jacobian : ndarray, shape (R, J, J)
        Derivative of each share (second axis) by each price (third axis).
    shares, prices : ndarray, shape (R, J)
        Shares of the whole market and what the customer pays.

    Returns
    -------
    ndarray, shape (R, J, J)
        Per cent change of the share of the second axis for one per cent change of the price of the third;
        NaN in the rows of products that are not offered.

    Examples
    --------
    >>> price_elasticities(np.array([[[-0.1]]]), np.array([[0.2]]), np.array([[4.0]]))
    array([[[-2.]]])
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(price_jacobian * prices[:, None, :] / shares[:, :, None])


def diversion_ratios(price_jacobian: FloatArray) -> FloatArray:
    """Where the buyers go that a product loses when its price rises.

    Parameters
    ----------
    price_jacobian : ndarray, shape (R, J, J)
        Derivative of each share (second axis) by each price (third axis).

    Returns
    -------
    ndarray, shape (R, J, J + 1)
        Row: the product whose price rises; column: the product that gains, the last column the outside good. The
        product itself has 0; every row sums to one (NaN when it is not offered).

    Notes
    -----
    ``D_jl = -(ds_l/dp_j) / (ds_j/dp_j)``: Conlon and Mortimer (2021).
    """
    own = np.diagonal(price_jacobian, axis1=1, axis2=2)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = -np.swapaxes(price_jacobian, 1, 2) / own[:, :, None]
    # each row sums to -1 (the product itself) plus what the others gain: the rest left the market
    outside = -ratios.sum(axis=2, keepdims=True)
    diagonal = np.arange(ratios.shape[1])
    ratios[:, diagonal, diagonal] = 0.0
    return np.concatenate([ratios, outside], axis=2)
