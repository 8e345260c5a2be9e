"""Utilities -> choice probabilities -> shares, fast where tastes factor and safe everywhere.

With ``E = exp(tastes)`` (J x K) and ``e = exp(deltas)`` (R x J) the shares of a mixed logit are
``D = 1 + e @ E`` and ``s = e * ((w / D) @ E.T)``: two matrix products instead of R*J*K exponentials.
Rows are scaled by their maxima, the outside good included; where the range of utilities is too wide for
that, the same shares come from `choice_probabilities`, which works with logarithms throughout.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sandtable.market.primitives import FloatArray, Nests

WIDEST = 600.0  # exp(-600) still leaves 1e47 of room above the smallest double
BLOCK = 2_000_000  # utilities evaluated at once where tastes do not factor


@dataclass(frozen=True)
class Choice:
    """Choice probabilities of each consumer type.

    Attributes
    ----------
    probabilities : ndarray, shape (R, J, K)
        Probability that type k in cell r chooses product j.
    within_outer, within_inner : ndarray, shape (R, J, K), or None
        Probability of j given its outer or inner nest; None without nests.
    log_denominator : ndarray, shape (R, K)
        Logarithm of the sum over all alternatives, the outside good included: the expected utility of
        the best choice (the inclusive value).
    """

    probabilities: FloatArray
    within_outer: FloatArray | None
    within_inner: FloatArray | None
    log_denominator: FloatArray


def choice_probabilities(
    utilities: FloatArray, nests: Nests | None = None, *, overwrite_utilities: bool = False
) -> Choice:
    """Choice probabilities by type, safe for any finite utilities.

    Parameters
    ----------
    utilities : ndarray, shape (R, J, K)
        Utility of each product to each type in each cell; the outside good has 0. ``-inf`` marks a
        product that is not offered in that cell.
    nests : Nests, optional
        Two-level nesting; without it a plain logit per type.
    overwrite_utilities : bool
        Work in the memory of ``utilities``, which hold something else afterwards.

    Returns
    -------
    Choice

    Notes
    -----
    Two-level nested logit: Verboven (1996), with ``sigma_inner`` correlating products within an inner nest and
    ``sigma_outer`` the inner nests within an outer nest.
    """
    if nests is None:
        terms = utilities if overwrite_utilities else utilities.copy()
        top = np.zeros((1, 1))
        if terms.max(initial=0.0) > WIDEST:  # the outside good's 1 keeps all else in range
            top = terms.max(axis=1, initial=0.0)
            terms -= top[:, None, :]
        np.exp(terms, out=terms)
        total = terms.sum(axis=1) + np.exp(-top)
        terms *= (1 / total)[:, None, :]
        return Choice(terms, None, None, top + np.log(total))
    inner, outer = nests.inner, nests.outer
    scaled = utilities / (1 - nests.sigma_inner)
    n_inner = len(nests.members)
    tops = np.empty((utilities.shape[0], n_inner, utilities.shape[2]))
    for h, members in enumerate(nests.members):
        tops[:, h] = scaled[:, members].max(axis=1)
    tops = np.where(np.isfinite(tops), tops, 0.0)
    terms = np.exp(scaled - tops[:, inner])
    sums = np.empty_like(tops)
    for h, members in enumerate(nests.members):
        sums[:, h] = terms[:, members].sum(axis=1)
    inclusive = (1 - nests.sigma_inner) * (tops + _log(sums))
    nest_given_outer, outer_probabilities, log_denominator = _nest_probabilities(inclusive, nests)
    within_inner = terms / np.where(sums > 0, sums, 1.0)[:, inner]
    within_outer = within_inner * nest_given_outer[:, inner]
    return Choice(
        within_outer * outer_probabilities[:, outer], within_outer, within_inner, log_denominator
    )


def _log(sums: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(sums))


def _nest_probabilities(
    inclusive: FloatArray, nests: Nests
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Inner nest given its outer nest, outer nests, and log of the denominator; ``inclusive`` is (R, H, K)."""
    starts, outer_of_inner = nests.outer_starts, nests.outer_of_inner
    scaled = inclusive / (1 - nests.sigma_outer)
    tops = np.maximum.reduceat(scaled, starts, axis=1)
    tops = np.where(np.isfinite(tops), tops, 0.0)
    terms = np.exp(scaled - tops[:, outer_of_inner])
    sums = np.add.reduceat(terms, starts, axis=1)
    given_outer = terms / np.where(sums > 0, sums, 1.0)[:, outer_of_inner]
    log_outer = (1 - nests.sigma_outer) * (tops + _log(sums))
    top = np.maximum(log_outer.max(axis=1), 0.0)
    exponentials = np.exp(log_outer - top[:, None])
    total = exponentials.sum(axis=1) + np.exp(-top)
    return given_outer, exponentials / total[:, None], top + np.log(total)


class ShareKernel:
    """Shares for many cells that share (or do not share) their tastes, prepared once.

    Parameters
    ----------
    tastes : ndarray, shape (J, K) or (R, J, K)
        What each type likes beyond the mean utility, price included. Two dimensions when all cells share it: the
        fast case.
    weights : ndarray, shape (K,)
        Share of each type; sums to one.
    nests : Nests, optional
        Two-level nesting.
    overwrite_tastes : bool
        Work in the memory of ``tastes``, which hold something else afterwards: half the time for large ones.
    """

    def __init__(
        self,
        tastes: FloatArray,
        weights: FloatArray,
        nests: Nests | None = None,
        *,
        overwrite_tastes: bool = False,
    ) -> None:
        self.weights = weights
        self.nests = nests
        self._scale = 1.0 if nests is None else 1 - nests.sigma_inner
        self._row_maxima = tastes.max(axis=-1)
        # below the row maxima, so zero or less
        shifted = np.subtract(
            tastes, self._row_maxima[..., None], out=tastes if overwrite_tastes else None
        )
        if nests is not None:
            shifted /= self._scale
        self._is_wide = bool(shifted.size) and float(shifted.min()) < -WIDEST
        # too wide to be had back from the exponentials, which may be zero
        self._shifted = shifted.copy() if self._is_wide else None
        self._exponentials = np.exp(shifted, out=shifted)

    def shares(self, deltas: FloatArray) -> FloatArray:
        """Shares of the whole market, outside good included.

        Parameters
        ----------
        deltas : ndarray, shape (R, J)
            Mean utility of each product in each cell, without what is in the tastes; ``-inf`` marks a product that
            is not offered.

        Returns
        -------
        ndarray, shape (R, J)
            Each in [0, 1); rows sum to less than one.
        """
        scaled = deltas + self._row_maxima
        if self.nests is not None:
            return self._safe(deltas) if self._is_wide else self._nested(scaled, self.nests)
        top = np.maximum(scaled.max(axis=1, initial=0.0), 0.0)
        if top.size and top.max() > WIDEST:
            return self._safe(deltas)
        terms = np.exp(scaled - top[:, None])
        denominators = _times(terms, self._exponentials)
        denominators += np.exp(-top)[:, None]
        return np.asarray(
            terms * _times_transposed(self.weights / denominators, self._exponentials)
        )

    def _nested(self, scaled: FloatArray, nests: Nests) -> FloatArray:
        n_cells = scaled.shape[0]
        tops = np.empty((n_cells, len(nests.members)))
        sums = np.empty((*tops.shape, len(self.weights)))
        terms = []
        for h, members in enumerate(nests.members):
            inside = scaled[:, members]
            top = inside.max(axis=1)
            tops[:, h] = np.where(np.isfinite(top), top, 0.0)
            terms.append(np.exp((inside - tops[:, h, None]) / self._scale))
            sums[:, h] = _times(terms[h], self._exponentials[..., members, :])
        inclusive = tops[..., None] + self._scale * _log(sums)
        given_outer, outer, _ = _nest_probabilities(inclusive, nests)
        factors = self.weights * given_outer * outer[:, nests.outer_of_inner]
        factors /= np.where(sums > 0, sums, 1.0)
        shares = np.empty_like(scaled)
        for h, members in enumerate(nests.members):
            exponentials = self._exponentials[..., members, :]
            shares[:, members] = terms[h] * _times_transposed(factors[:, h], exponentials)
        return shares

    def _safe(self, deltas: FloatArray) -> FloatArray:
        n_cells, n_products = deltas.shape
        shifted = np.log(self._exponentials) if self._shifted is None else self._shifted
        tastes = shifted * self._scale + self._row_maxima[..., None]
        tastes = np.broadcast_to(tastes, (n_cells, n_products, len(self.weights)))
        shares = np.zeros_like(deltas)
        step = max(1, BLOCK // max(1, deltas.size))
        for start in range(0, len(self.weights), step):
            block = slice(start, start + step)
            utilities = deltas[:, :, None] + tastes[:, :, block]
            choice = choice_probabilities(utilities, self.nests)
            shares += choice.probabilities @ self.weights[block]
        return shares


def _times(rows: FloatArray, matrix: FloatArray) -> FloatArray:
    """``rows @ matrix``, cell by cell when each cell has its own matrix."""
    if matrix.ndim == 2:
        return np.asarray(rows @ matrix)
    return np.asarray((rows[:, None, :] @ matrix)[:, 0])


def _times_transposed(rows: FloatArray, matrix: FloatArray) -> FloatArray:
    if matrix.ndim == 2:
        return np.asarray(rows @ matrix.T)
    return np.asarray((matrix @ rows[:, :, None])[:, :, 0])
