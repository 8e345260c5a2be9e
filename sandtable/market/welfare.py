"""Concentration and what consumers gain."""

from __future__ import annotations

import numpy as np

from sandtable.market.demand import Demand
from sandtable.market.primitives import FloatArray, IntArray


def herfindahl_hirschman_index(units: FloatArray, firms: IntArray) -> float:
    """Concentration of the sales among firms.

    Parameters
    ----------
    units : ndarray, shape (J,)
        Units of each product; zero or more, not all zero.
    firms : ndarray of int, shape (J,)
        Owner of each product.

    Returns
    -------
    float
        Sum of squared percentage shares of sales, 0 to 10,000.

    Examples
    --------
    >>> herfindahl_hirschman_index(np.array([50.0, 50.0]), np.array([0, 1]))
    5000.0
    """
    _, codes = np.unique(firms, return_inverse=True)
    percentages = 100 * np.bincount(codes, weights=units) / units.sum()
    return float(percentages @ percentages)


def consumer_surplus(
    demand: Demand, deltas: FloatArray, prices: FloatArray, market_sizes: FloatArray
) -> float:
    """Consumer surplus of all consumers, in money, up to a constant: only differences mean anything.

    Parameters
    ----------
    demand : Demand
        Consumer types and nests.
    deltas, prices : ndarray, shape (R, J)
        Mean utilities without price, and what the customer pays.
    market_sizes : ndarray, shape (R,)
        Consumers in each cell.

    Returns
    -------
    float
        ``sum over cells and types of M_r w_k ln(1 + sum_j exp V_jrk) / alpha_k`` (Small and Rosen 1981).
    """
    tastes = demand.tastes
    inclusive = demand.choice(deltas, prices).log_denominator
    return float(market_sizes @ (inclusive @ (tastes.weights / tastes.price_coefficients)))
