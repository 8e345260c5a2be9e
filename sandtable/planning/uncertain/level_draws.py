"""Draws of how far the forecast of the coming periods is off: the size of all sales, and the own firm's share of them.

Each period's error is normal in logarithms, as wide as the forecast's own 80 % interval, which the back-test gave.
Errors of neighbouring periods, and of the two levels, move together as they did in the back-test. Observed periods have
no error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sandtable.data.kept import Kept
from sandtable.data.loading import DataSet
from sandtable.forecast.back_testing import rolling_of
from sandtable.forecast.base_paths import BasePath
from sandtable.forecast.intervals import log_errors
from sandtable.forecast.judging import case_of
from sandtable.forecast.levels import Level
from sandtable.forecast.rolling import HORIZON
from sandtable.market.primitives import FloatArray
from sandtable.planning.uncertain.assumed import POINT
from sandtable.scenario.calendar import COMING, path_of, periods_of

STREAM = 2  # of the random numbers
LEVELS: tuple[Level, Level] = ("total_units", "own_firm_share")
MOST_SHARE = 0.99
MOST_CORRELATED = 0.99


@dataclass(frozen=True)
class LevelDraws:
    """Draws of the level of some periods.

    Attributes
    ----------
    sales, own_share : ndarray, shape (D, T)
        Logarithm of the factor on all sales, and on the own firm's share of them; 0 for observed periods.
    sentences : tuple of str
        What a reader of the intervals must know.
    """

    sales: FloatArray
    own_share: FloatArray
    sentences: tuple[str, ...] = ()

    def some(self, draws: slice) -> LevelDraws:
        """Return some of the draws."""
        return replace(self, sales=self.sales[draws], own_share=self.own_share[draws])

    def factors(self, own_share: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the factors on units of the own firm and of the others, (D, T) each.

        Parameters
        ----------
        own_share : ndarray, shape (T,)
            Share of sales in the baseline, 0 to 1.
        """
        drawn = np.minimum(own_share * np.exp(self.own_share), np.maximum(own_share, MOST_SHARE))
        others = np.divide(
            1 - drawn, 1 - own_share, out=np.ones_like(drawn), where=(own_share < 1)[None]
        )
        own = np.divide(drawn, own_share, out=np.ones_like(drawn), where=(own_share > 0)[None])
        sales = np.exp(self.sales)
        return sales * own, sales * others


@dataclass(frozen=True)
class LevelErrors:
    """What the back-test says of the errors of the two levels.

    Attributes
    ----------
    lag_one : tuple of float
        Correlation of a level's errors in neighbouring periods, 0 to below 1.
    between : float
        Correlation of the two levels' errors in the same period.
    """

    lag_one: tuple[float, float]
    between: float


def draw_levels(
    data_set: DataSet, periods: Sequence[str], n_draws: int, *, seed: int
) -> LevelDraws:
    """Draw the level of coming periods; the first draws of many are those of few.

    Parameters
    ----------
    data_set : DataSet
    periods : sequence of str
        Those that are run, oldest first.
    n_draws : int
    seed : int
    """
    shape = (n_draws, len(periods))
    widths = level_deviations(data_set, periods)
    if not widths.any():
        return LevelDraws(np.zeros(shape), np.zeros(shape))
    if np.isnan(widths).any():
        said = "the forecast has too little history for an interval; its level is taken as known."
        return LevelDraws(np.zeros(shape), np.zeros(shape), (said,))
    path = path_of(data_set, periods[-1])
    reach = path.periods.index(periods[-1]) + 1
    coming = [place for place, period in enumerate(periods) if period in path.periods]
    steps = [path.periods.index(periods[place]) for place in coming]
    found = np.zeros((2, *shape))
    found[:, :, coming] = _scores(_errors_of(data_set, path), n_draws, reach, seed)[:, :, steps]
    return LevelDraws(*(found * widths[:, None]))


def level_deviations(data_set: DataSet, periods: Sequence[str]) -> FloatArray:
    """Return the standard deviations of the logarithms of all sales and of the own share of them, (2, T).

    They are 0 for observed periods, and NaN where the forecast has too little history for an interval.
    """
    widths = np.zeros((2, len(periods)))
    observed = periods_of(data_set)
    if all(period in observed for period in periods):
        return widths
    path = path_of(data_set, periods[-1])
    for row, level in enumerate((path.total_units, path.own_firm_share)):
        deviations = np.log(level.high_80 / level.median) / POINT
        for place, period in enumerate(periods):
            if period in path.periods:
                widths[row, place] = deviations[path.periods.index(period)]
    return widths


def _scores(errors: LevelErrors, n_draws: int, reach: int, seed: int) -> FloatArray:
    """Standard normals (2, D, H) that move together as errors do: each level a first-order autoregression."""
    generator = np.random.default_rng([seed, STREAM])
    # as many for every reach, so that the first periods of a long run are those of a short one
    fresh = generator.standard_normal((n_draws, COMING, 2))[:, :reach]
    lag = np.array(errors.lag_one)
    # of the news: what two autoregressions of unlike memory need to be as close as the errors are
    together = errors.between * (1 - lag.prod()) / np.sqrt((1 - lag**2).prod())
    together = float(np.clip(together, -MOST_CORRELATED, MOST_CORRELATED))
    fresh[..., 1] = together * fresh[..., 0] + np.sqrt(1 - together**2) * fresh[..., 1]
    scores = fresh.copy()
    for step in range(1, reach):
        scores[:, step] = lag * scores[:, step - 1] + np.sqrt(1 - lag**2) * fresh[:, step]
    return np.moveaxis(scores, 2, 0)


_errors: Kept[tuple[str, str], LevelErrors] = Kept(8)


def _errors_of(data_set: DataSet, path: BasePath) -> LevelErrors:
    method = path.market_size_method.method
    return _errors.get((data_set.fingerprint, method), lambda: _measured(data_set, path, method))


def _measured(data_set: DataSet, path: BasePath, size_method: str) -> LevelErrors:
    rolling = rolling_of(data_set, HORIZON)
    horizons = tuple(range(1, HORIZON + 1))
    found = []
    for level, known in zip(LEVELS, (path.total_units, path.own_firm_share), strict=True):
        case = case_of(level, rolling, size_method, horizons)
        found.append(log_errors(case.actual, case.forecasts[known.verdict.method])[..., 0])
    lags = [_correlation(one[:, :-1], one[:, 1:]) for one in found]
    between = _correlation(found[0], found[1])
    return LevelErrors((max(lags[0], 0.0), max(lags[1], 0.0)), between)


def _correlation(one: FloatArray, other: FloatArray) -> float:
    """Correlation around 0, over what is known of both; 0 where nothing is."""
    known = np.isfinite(one + other)
    scale = float(np.sqrt((one[known] ** 2).sum() * (other[known] ** 2).sum()))
    found = float((one[known] * other[known]).sum()) / scale if scale else 0.0
    return float(np.clip(found, -MOST_CORRELATED, MOST_CORRELATED))
