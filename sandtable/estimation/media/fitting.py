"""The fit: posterior mode under priors by Gauss-Newton, effects absorbed, errors of a series freed of their memory.

Minimised is ``sum of (projected residual)^2 / s^2 + sum of (distance from a prior)^2`` over transformed numbers.
Outcomes and columns are first made ``y_t - memory * y_(t-1)`` within each series, which leaves the groups of effects
as they are (Cochrane and Orcutt 1949).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sandtable.errors import ConvergenceError
from sandtable.estimation.media.absorbing import Effects
from sandtable.estimation.media.panel import ResponsePanel
from sandtable.estimation.media.priors import Beliefs
from sandtable.estimation.media.shape import N_NUMBERS, Signals, signals_of
from sandtable.market.primitives import FloatArray

ROUNDS = 6  # of error variance and memory
SETTLED = 2e-3  # change of the memory, and relative change of the variance
STEPS = 200  # of Gauss-Newton in one round
HIGHEST_MEMORY = 0.98


@dataclass(frozen=True)
class Mode:
    """Where the posterior is highest, and how sharply.

    Attributes
    ----------
    point : ndarray, shape (4C + P + K,)
        Transformed numbers of channels, logarithms of positive coefficients, coefficients of controls.
    covariance : ndarray
        Of `point`: sandwich over clusters with the prior, no variance below that of the posterior; without clusters,
        that of the posterior.
    posterior_covariance : ndarray
        Inverse Hessian.
    variance, memory : float
        Of the errors.
    n : int
        Outcomes used: those with one before them in their series.
    """

    point: FloatArray
    covariance: FloatArray
    posterior_covariance: FloatArray
    variance: float
    memory: float
    n: int
    n_clusters: int | None
    degrees: int


class Fitter:
    """The least-squares problem of one panel.

    Parameters
    ----------
    panel : ResponsePanel
    beliefs : Beliefs
    autocorrelated : bool
        Whether errors of a series may remember the period before.
    """

    def __init__(self, panel: ResponsePanel, beliefs: Beliefs, *, autocorrelated: bool) -> None:
        self.panel = panel
        self.beliefs = beliefs
        self._autocorrelated = autocorrelated
        previous = panel.previous()
        self._rows = np.flatnonzero(previous >= 0) if autocorrelated else np.arange(len(panel))
        self._previous = previous[self._rows]
        self._effects = Effects([codes[self._rows] for codes in panel.effects])
        columns = [values for values, _ in panel.positives.values()]
        self._positives = self._columns(columns)
        self._controls = self._columns(list(panel.controls.values()))
        self._last: tuple[bytes, FloatArray, FloatArray] | None = None

    def _columns(self, columns: list[FloatArray]) -> FloatArray:
        return np.column_stack([np.empty((len(self.panel), 0)), *columns])

    @property
    def n_channel_numbers(self) -> int:
        """Transformed numbers of all channels."""
        return N_NUMBERS * len(self.panel.channels)

    @property
    def degrees(self) -> int:
        """Observations less free effects and coefficients."""
        return max(len(self._rows) - self._effects.rank - len(self._start), 1)

    def signals(self, point: FloatArray) -> Signals:
        """What the spend of the panel adds up to."""
        numbers = point[: self.n_channel_numbers]
        return signals_of(numbers, self.panel.spend, self.panel.past)

    def whitened(self, columns: FloatArray, memory: float) -> FloatArray:
        """Free columns of all outcomes of the memory of their series and of effects."""
        kept = columns[self._rows]
        if memory:
            kept = kept - memory * columns[self._previous]
        return self._effects.residuals(kept)

    def _all(self, point: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Residuals of all outcomes, and their derivatives: (N,), (N, 4C + P + K)."""
        signals = self.signals(point)
        n_channel, n_positive = self.n_channel_numbers, self._positives.shape[1]
        weighed = self._positives * np.exp(point[n_channel : n_channel + n_positive])
        explained = self.panel.spread(signals.worth) + weighed.sum(axis=1)
        explained = explained + self._controls @ point[n_channel + n_positive :]
        slopes = [self.panel.spread(signals.derivatives), weighed, self._controls]
        return self.panel.outcomes - explained, -np.column_stack(slopes)

    def whitened_at(self, point: FloatArray, memory: float) -> tuple[FloatArray, FloatArray]:
        """Whitened residuals and their derivatives; kept until another point is asked for."""
        key = point.tobytes() + np.float64(memory).tobytes()
        if self._last is None or self._last[0] != key:
            residuals, slopes = self._all(point)
            both = self.whitened(np.column_stack([residuals, slopes]), memory)
            self._last = key, np.ascontiguousarray(both[:, 0]), np.ascontiguousarray(both[:, 1:])
        return self._last[1], self._last[2]

    @cached_property
    def _start(self) -> FloatArray:
        return np.append(self.beliefs.start, np.zeros(self._controls.shape[1]))

    def _search(self, start: FloatArray, variance: float, memory: float) -> FloatArray:
        from scipy.optimize import least_squares

        n_believed, scale = len(self.beliefs.start), np.sqrt(variance)

        def misses(point: FloatArray) -> FloatArray:
            believed = self.beliefs.misses(point[:n_believed])[0]
            return np.append(self.whitened_at(point, memory)[0] / scale, believed)

        def slopes(point: FloatArray) -> FloatArray:
            believed = np.zeros((n_believed, len(point)))
            believed[:, :n_believed] = self.beliefs.misses(point[:n_believed])[1]
            return np.vstack([self.whitened_at(point, memory)[1] / scale, believed])

        found = least_squares(misses, start, jac=slopes, x_scale="jac", method="lm", max_nfev=STEPS)
        if not found.success or not np.isfinite(found.x).all():
            message = (
                f"the response was not found within {STEPS} steps; use fewer channels, or narrower "
                "priors."
            )
            raise ConvergenceError("iterations", message)
        return np.asarray(found.x, dtype=np.float64)

    def fit(self) -> Mode:
        """Find the mode, and with it the variance and the memory of the errors.

        Raises
        ------
        ConvergenceError
            Reason ``"iterations"``.
        """
        point, memory = self._start, 0.0
        variance = self._spread_without_media()
        for _ in range(ROUNDS):
            point = self._search(point, variance, memory)
            was = memory, variance
            memory = self._memory_at(point) if self._autocorrelated else 0.0
            variance = self._variance_at(point, memory)
            moved = max(abs(memory - was[0]), abs(variance / was[1] - 1))
            if moved < SETTLED:
                break
        return self._mode(point, variance, memory)

    def _spread_without_media(self) -> float:
        columns = np.column_stack([self.panel.outcomes, self._controls])
        left = self.whitened(columns, 0.0)
        fitted = np.linalg.lstsq(left[:, 1:], left[:, 0], rcond=None)[0]
        return self._mean_square(left[:, 0] - left[:, 1:] @ fitted)

    def _variance_at(self, point: FloatArray, memory: float) -> float:
        return self._mean_square(self.whitened_at(point, memory)[0])

    def _mean_square(self, residuals: FloatArray) -> float:
        return float(residuals @ residuals) / self.degrees

    def _memory_at(self, point: FloatArray) -> float:
        """Correlation of neighbouring errors, freed of what absorbed means take from it."""
        errors = np.full(len(self.panel), np.nan)
        errors[self._rows] = self.whitened_at(point, 0.0)[0]
        now, before = errors[self._rows], errors[self._previous]
        both = np.isfinite(before)
        found = float(now[both] @ before[both]) / float(before[both] @ before[both])
        periods = len(self._rows) / len(np.unique(self.panel.series[self._rows]))
        # a mean over n periods takes (1 + memory) / n from the correlation (Nickell 1981)
        corrected = (periods * found + 1) / max(periods - 1, 1.0)
        return float(np.clip(corrected, 0.0, HIGHEST_MEMORY))

    def _mode(self, point: FloatArray, variance: float, memory: float) -> Mode:
        residuals, slopes = self.whitened_at(point, memory)
        n_believed = len(self.beliefs.start)
        believed = np.zeros((len(point), len(point)))
        steep = self.beliefs.misses(point[:n_believed])[1]
        believed[:n_believed, :n_believed] = steep.T @ steep
        bread: FloatArray = np.asarray(np.linalg.inv(slopes.T @ slopes / variance + believed))
        covariance, n_clusters = bread, None
        if self.panel.clusters is not None:
            names, codes = np.unique(self.panel.clusters[self._rows], return_inverse=True)
            n_clusters = len(names)
            scores = np.zeros((n_clusters, len(point)))
            np.add.at(scores, codes, slopes * (residuals / variance)[:, None])
            factor = n_clusters / (n_clusters - 1) * len(self._rows) / self.degrees
            sandwich = bread @ (factor * scores.T @ scores + believed) @ bread
            # few clusters that say much of a number make its sandwich too small: never below the posterior
            raised = np.sqrt(np.maximum(np.diag(bread) / np.diag(sandwich), 1.0))
            covariance = np.asarray(sandwich * raised * raised[:, None])
        return Mode(
            point,
            covariance,
            bread,
            variance,
            memory,
            len(self._rows),
            n_clusters,
            self.degrees,
        )
