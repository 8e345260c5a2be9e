"""The gate: which method is used, at each level, and the sentence that says why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from sandtable.data.metadata import BilingualText
from sandtable.forecast import wording
from sandtable.forecast.intervals import rolling_half_widths
from sandtable.forecast.levels import (
    BY_PRODUCT,
    Level,
    actual_at,
    forecasts_at,
    history_of,
    seen_again,
)
from sandtable.forecast.market_sizes import MARKET_METHODS
from sandtable.forecast.measures import measures, naive_scale, skill, surely_better
from sandtable.forecast.panel import FloatArray
from sandtable.forecast.rolling import Rolling
from sandtable.forecast.shares import SHARE_METHODS

Grade = Literal["usable", "with_care", "no_skill", "too_little_history"]
HELD_AT_LEAST, HELD_AT_MOST = 0.65, 0.95  # of nominal 80 % intervals, for a verdict of usable
MOST_BIAS = 0.10
SEEN_AT_LEAST = 0.5  # of the products, at origin and target, for products to be judged
SIMPLE_SIZES = ("last_value", "seasonal_naive")


@dataclass(frozen=True)
class Choice:
    """The method of one part of the path, and the reason in words."""

    method: str
    reason: BilingualText


@dataclass(frozen=True)
class Verdict:
    """What the back-test says of one level.

    Attributes
    ----------
    method : str
        What is used for this level: the method of the base path, or the benchmark that it did not beat.
    path_method : str
        What the base path is made by, whether used for this level or not.
    benchmark : str or None
        The best of last share (last value), seasonal naive and plain ETS; None where not judged.
    skills : mapping
        1 - WAPE / WAPE of each benchmark, over the cases that both forecast; None where unknown.
    origins : int
        Judged origins.
    """

    level: Level
    method: str
    path_method: str
    grade: Grade
    sentence: BilingualText
    benchmark: str | None
    skills: Mapping[str, float | None]
    origins: int


@dataclass(frozen=True)
class Case:
    """Forecasts of one level at the judged horizons, warm-up included, and what came; each (O, H, K)."""

    rolling: Rolling
    level: Level
    actual: FloatArray
    forecasts: Mapping[str, FloatArray]

    def judged(self, values: FloatArray) -> FloatArray:
        """Drop the origins that only warm up."""
        return values[self.rolling.n_warm_up :]

    def skill(self, method: str, benchmark: str) -> float:
        """Skill of one method over another."""
        return skill(*(self.judged(values) for values in self._triple(method, benchmark)))

    def surely_better(self, method: str, benchmark: str) -> bool:
        """Whether one method is better than another beyond chance."""
        return surely_better(*(self.judged(values) for values in self._triple(method, benchmark)))

    def origins(self, method: str, benchmark: str) -> int:
        """Count the judged origins at which both forecast."""
        actual, one, other = (self.judged(values) for values in self._triple(method, benchmark))
        return int(np.isfinite(actual + one + other).any(axis=(1, 2)).sum())

    def _triple(self, method: str, benchmark: str) -> tuple[FloatArray, FloatArray, FloatArray]:
        return self.actual, self.forecasts[method], self.forecasts[benchmark]

    def measure(self, method: str) -> list[dict[str, float]]:
        """Return the measures over all horizons and then at each."""
        rolling, forecast = self.rolling, self.forecasts[method]
        widths = rolling_half_widths(self.actual, forecast, rolling.origins)
        known = (rolling.panel.until(origin) for origin in rolling.origins)
        scales = [
            naive_scale(np.nan_to_num(history_of(self.level, one)), one.season_length)
            for one in known
        ]
        arrays = [
            self.judged(values)
            for values in (self.actual, forecast, widths, np.array(scales)[:, None, :])
        ]
        rows = [measures(*arrays)]
        for step in range(rolling.horizon):
            one = [values[:, step : step + 1] for values in arrays[:3]]
            rows.append(measures(one[0], one[1], one[2], arrays[3]))
        return rows


def case_of(
    level: Level,
    rolling: Rolling,
    market_method: str,
    horizons: tuple[int, ...],
    *,
    with_ets: bool = True,
) -> Case:
    """Gather the forecasts of a level; horizons that are not asked for are blanked out."""
    asked = np.isin(np.arange(1, rolling.horizon + 1), horizons)[None, :, None]
    actual = np.where(asked, actual_at(level, rolling), np.nan)
    return Case(
        rolling, level, actual, forecasts_at(level, rolling, market_method, with_ets=with_ets)
    )


def choose(
    rolling: Rolling, horizons: tuple[int, ...], fewest_origins: int
) -> tuple[Choice, Choice]:
    """Choose the methods of market size and of shares; a more complex one must be surely better."""
    if rolling.n_judged < fewest_origins:
        panel = rolling.panel
        seasonal = panel.season_length > 1 and len(panel) >= panel.season_length
        reason = wording.both(*wording.TOO_FEW, origins=rolling.n_judged)
        return Choice(SIMPLE_SIZES[seasonal], reason), Choice("last_share", reason)
    case = case_of("market_size", rolling, "last_value", horizons)
    size = _climb(case, list(MARKET_METHODS), "last_value")
    level: Level = "product_units" if seen_again(rolling) >= SEEN_AT_LEAST else "firm_units"
    case = case_of(level, rolling, size.method, horizons, with_ets=False)
    return size, _climb(case, list(SHARE_METHODS), "last_share")


def _climb(case: Case, names: list[str], simplest: str) -> Choice:
    used = simplest
    for name in names:
        if name != used and case.surely_better(name, used):
            used = name
    origins = case.rolling.n_judged
    if used == simplest:
        return Choice(used, wording.both(*wording.SIMPLEST, origins=origins))
    gain, against = case.skill(used, simplest), wording.METHODS[simplest]
    en, zh = wording.TESTED
    return Choice(
        used,
        BilingualText(
            en=en.format(skill=gain, benchmark=against.en, origins=origins),
            zh=zh.format(skill=gain, benchmark=against.zh, origins=origins),
        ),
    )


def benchmarks_of(level: Level) -> tuple[str, ...]:
    """Name the benchmarks of a level.

    ETS of the market size is a candidate for the path itself: had it been surely better, it would be used.
    """
    if level == "market_size":
        return (*SIMPLE_SIZES, "ets_total")
    return ("last_share", "seasonal_naive", "ets")


def judge(case: Case, path_method: str, fewest_origins: int, overall: dict[str, float]) -> Verdict:
    """Judge the path at one level.

    Parameters
    ----------
    case : Case
    path_method : str
        The method of the base path.
    fewest_origins : int
        Below it nothing is judged.
    overall : dict
        Measures of `path_method` over all horizons.
    """
    origins = case.rolling.n_judged
    if origins < fewest_origins:
        return unjudged(case.level, path_method, origins, fewest_origins)
    skills = {name: case.skill(path_method, name) for name in benchmarks_of(case.level)}
    gates = SIMPLE_SIZES if case.level == "market_size" else benchmarks_of(case.level)
    others = {
        name: skills[name]
        for name in gates
        if name != path_method and case.origins(path_method, name) >= fewest_origins
    }
    if not others:  # the own firm may be gone
        return unjudged(case.level, path_method, 0, fewest_origins)
    simple = path_method in gates
    best = min(others, key=lambda name: others[name])
    gain = others[best]
    used = path_method
    grade: Grade = "no_skill"
    if simple:
        if case.surely_better(best, path_method):
            used, words = best, wording.WORSE
        else:
            words = wording.SIMPLE
    elif not case.surely_better(path_method, best):
        used, words = best, wording.WORSE if gain <= 0 else wording.WITHIN_NOISE
    else:
        grade, words = _quality(overall)
    sentence = _sentence(
        words,
        case.level,
        {"method": path_method, "benchmark": best, "used": used},
        {
            "skill": gain,
            "origins": case.origins(path_method, best),
            "coverage": overall["coverage_80"],
            "bias": overall["bias"],
        },
    )
    kept = {name: float(one) if np.isfinite(one) else None for name, one in skills.items()}
    return Verdict(case.level, used, path_method, grade, sentence, best, kept, origins)


def _quality(overall: dict[str, float]) -> tuple[Grade, tuple[str, str]]:
    if not HELD_AT_LEAST <= overall["coverage_80"] <= HELD_AT_MOST:
        return "with_care", wording.SURE_BUT_WIDE_OR_NARROW
    if abs(overall["bias"]) > MOST_BIAS:
        return "with_care", wording.SURE_BUT_BIASED
    return "usable", wording.SURE


def unjudged(level: Level, path_method: str, origins: int, fewest: int) -> Verdict:
    """Say that there is too little history."""
    values = {"origins": origins, "fewest": fewest}
    sentence = _sentence(wording.TOO_LITTLE, level, {"method": path_method}, values)
    return Verdict(
        level, path_method, path_method, "too_little_history", sentence, None, {}, origins
    )


def other_products(rolling: Rolling, level: Level, path_method: str) -> Verdict | None:
    """Say that products cannot be judged where most codes are gone at the target; else None."""
    rate = seen_again(rolling)
    if level not in BY_PRODUCT or rate >= SEEN_AT_LEAST:
        return None
    sentence = _sentence(wording.OTHER_PRODUCTS, level, {"method": path_method}, {"rate": rate})
    return Verdict(
        level, path_method, path_method, "too_little_history", sentence, None, {}, rolling.n_judged
    )


def _sentence(
    words: tuple[str, str], level: Level, methods: dict[str, str], values: Mapping[str, float]
) -> BilingualText:
    name = wording.LEVEL_NAMES[level]
    named = {key: wording.METHODS[method] for key, method in methods.items()}
    return BilingualText(
        en=words[0].format(level=name.en, **{key: one.en for key, one in named.items()}, **values),
        zh=words[1].format(level=name.zh, **{key: one.zh for key, one in named.items()}, **values),
    )
