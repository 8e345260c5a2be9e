"""What demand is made of: consumer types and nests; frozen, checked once."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


def price_coefficient_nodes(
    price_coefficient: float, spread: float, n_nodes: int = 7
) -> tuple[FloatArray, FloatArray]:
    """Quadrature nodes of a lognormal price coefficient.

    Parameters
    ----------
    price_coefficient : float
        Utility lost per unit of money by the median consumer; positive.
    spread : float
        Standard deviation of the logarithm of the price coefficient; zero or more.
    n_nodes : int
        Gauss-Hermite nodes, 1 or more; one node when the spread is zero.

    Returns
    -------
    price_coefficients, weights : ndarray, shape (K,)
        Positive; the weights sum to one.

    Raises
    ------
    ValueError
        If a value is out of range.

    Notes
    -----
    ``alpha_k = exp(ln alpha + spread * z_k)`` with the probabilists' Gauss-Hermite rule.
    """
    if not (np.isfinite(price_coefficient) and price_coefficient > 0):
        raise ValueError(f"price_coefficient is {price_coefficient}; it must be above 0.")
    if not (np.isfinite(spread) and spread >= 0):
        raise ValueError(f"spread is {spread}; it must be 0 or more.")
    if n_nodes < 1:
        raise ValueError(f"n_nodes is {n_nodes}; it must be 1 or more.")
    if spread == 0:
        n_nodes = 1
    nodes, weights = np.polynomial.hermite_e.hermegauss(n_nodes)
    return price_coefficient * np.exp(spread * nodes), weights / weights.sum()


@dataclass(frozen=True)
class Nests:
    """Two-level nesting of products: outer nests that contain inner nests.

    Parameters
    ----------
    outer, inner : array_like of int, shape (J,)
        Nest of each product; products of one inner nest must share their outer nest. For one level
        give the same codes twice (`Nests.one_level`).
    sigma_outer, sigma_inner : float
        Nesting parameters, ``0 <= sigma_outer <= sigma_inner < 1``; zero is no nesting.

    Raises
    ------
    ValueError
        If the parameters are out of order or an inner nest spans two outer ones.
    """

    outer: IntArray
    inner: IntArray
    sigma_outer: float
    sigma_inner: float

    def __post_init__(self) -> None:
        if not 0 <= self.sigma_outer <= self.sigma_inner < 1:
            raise ValueError(
                f"sigma_outer is {self.sigma_outer} and sigma_inner {self.sigma_inner}; "
                "expected 0 <= sigma_outer <= sigma_inner < 1."
            )
        outer, inner = np.asarray(self.outer), np.asarray(self.inner)
        if outer.shape != inner.shape or outer.ndim != 1:
            raise ValueError("outer and inner must be one code per product each.")
        _, outer_codes = np.unique(outer, return_inverse=True)
        inner_names, first, inner_codes = np.unique(inner, return_index=True, return_inverse=True)
        spanning = np.flatnonzero(outer_codes != outer_codes[first][inner_codes])
        if spanning.size:
            raise ValueError(
                f"product {spanning[0]} lies in inner nest {inner[spanning[0]]} "
                "that belongs to two outer nests; an inner nest must lie within one outer nest."
            )
        # renumber so that inner nests of one outer nest stand together
        order = np.argsort(outer_codes[first], kind="stable")
        rank = np.empty(len(inner_names), dtype=np.int64)
        rank[order] = np.arange(len(inner_names))
        object.__setattr__(self, "outer", outer_codes.astype(np.int64))
        object.__setattr__(self, "inner", rank[inner_codes])

    @classmethod
    def one_level(cls, codes: ArrayLike, sigma: float) -> Nests:
        """Nests of one level with one nesting parameter."""
        array = np.asarray(codes)
        return cls(array, array, sigma, sigma)

    @cached_property
    def outer_of_inner(self) -> IntArray:
        """Outer nest of each inner nest, shape (H,), not decreasing."""
        codes = np.zeros(int(self.inner.max()) + 1, dtype=np.int64)
        codes[self.inner] = self.outer
        return codes

    @cached_property
    def members(self) -> tuple[IntArray, ...]:
        """Products of each inner nest."""
        return tuple(np.flatnonzero(self.inner == h) for h in range(len(self.outer_of_inner)))

    @cached_property
    def outer_starts(self) -> IntArray:
        """First inner nest of each outer nest, for ``reduceat``."""
        return np.flatnonzero(np.diff(self.outer_of_inner, prepend=-1)).astype(np.int64)


@dataclass(frozen=True)
class Tastes:
    """Consumer types: how much each dislikes price and likes each product.

    Parameters
    ----------
    price_coefficients : ndarray, shape (K,)
        Utility lost per unit of money by each type; positive.
    weights : ndarray, shape (K,)
        Share of each type among consumers; positive, summing to one.
    deviations : ndarray, shape (J, K), optional
        What each type likes beyond the mean utility, apart from price (the general form).

    Raises
    ------
    ValueError
        If shapes disagree or a value is out of range.
    """

    price_coefficients: FloatArray
    weights: FloatArray
    deviations: FloatArray | None = field(default=None)

    def __post_init__(self) -> None:
        alphas = np.asarray(self.price_coefficients, dtype=np.float64)
        weights = np.asarray(self.weights, dtype=np.float64)
        if alphas.ndim != 1 or alphas.shape != weights.shape or alphas.size == 0:
            raise ValueError("price_coefficients and weights must be two lists of equal length.")
        if not (np.all(np.isfinite(alphas)) and np.all(alphas > 0)):
            raise ValueError("every price coefficient must be finite and above 0.")
        if not (np.all(weights > 0) and abs(weights.sum() - 1) < 1e-9):
            raise ValueError("the weights must be above 0 and sum to 1.")
        object.__setattr__(self, "price_coefficients", alphas)
        object.__setattr__(self, "weights", weights)
        if self.deviations is not None:
            deviations = np.asarray(self.deviations, dtype=np.float64)
            if deviations.ndim != 2 or deviations.shape[1] != alphas.size:
                raise ValueError("deviations must have one row a product and one column a type.")
            if not np.all(np.isfinite(deviations)):
                raise ValueError("deviations must be finite.")
            object.__setattr__(self, "deviations", deviations)

    @classmethod
    def common(cls, price_coefficient: float) -> Tastes:
        """One type: everybody dislikes price alike."""
        return cls(np.array([price_coefficient]), np.array([1.0]))

    @classmethod
    def lognormal(cls, price_coefficient: float, spread: float, n_nodes: int = 7) -> Tastes:
        """A lognormal price coefficient on quadrature nodes (see `price_coefficient_nodes`)."""
        return cls(*price_coefficient_nodes(price_coefficient, spread, n_nodes))
