"""The rolling back-test: what each method would have said at past origins, against what came."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sandtable.data.kept import Kept
from sandtable.data.loading import DataSet
from sandtable.errors import Fault, InputError
from sandtable.forecast.judging import (
    Case,
    Choice,
    Verdict,
    case_of,
    choose,
    judge,
    other_products,
    unjudged,
)
from sandtable.forecast.levels import LEVELS, Level
from sandtable.forecast.measures import MEASURES
from sandtable.forecast.panel import panel_of
from sandtable.forecast.rolling import FEWEST_ORIGINS, HORIZON, Rolling, roll

FURTHEST = 120  # periods that anybody may ask for
ALL_HORIZONS = 0  # stands for all horizons together in the table
COLUMNS = ("level", "method", "horizon", "used", *MEASURES, "n", "n_interval", "origins")

_rollings: Kept[Hashable, Rolling] = Kept(2)
_back_tests: Kept[Hashable, BackTest] = Kept(8)


@dataclass(frozen=True)
class BackTest:
    """What the back-test found.

    Attributes
    ----------
    origins : tuple of str
        Last known period of each judged origin.
    market_size, shares : Choice
        The methods of the base path and why.
    table : DataFrame
        One row for each level, method and horizon; horizon 0 is all together. ``used`` marks the method of
        the verdict. WAPE and bias are rates of what came, pinball losses of its mean; NaN where unknown.
    verdicts : mapping
        By level.
    """

    data_set: str
    sha256: str
    horizons: tuple[int, ...]
    origins: tuple[str, ...]
    market_size: Choice
    shares: Choice
    table: pd.DataFrame
    verdicts: Mapping[Level, Verdict]

    def to_dict(self) -> dict[str, Any]:
        """Return the whole as plain values, for JSON; what is unknown is None."""
        return {
            "schema": 1,
            "data_set": self.data_set,
            "sha256": self.sha256,
            "horizons": list(self.horizons),
            "origins": list(self.origins),
            "market_size": choice_dict(self.market_size),
            "shares": choice_dict(self.shares),
            "verdicts": [verdict_dict(one) for one in self.verdicts.values()],
            "table": [
                {name: plain(value) for name, value in row.items()}
                for row in self.table.to_dict("records")
            ],
        }


def plain(value: Any) -> Any:
    """Return a number that JSON knows; None for one that is not finite."""
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    return value


def choice_dict(choice: Choice) -> dict[str, Any]:
    """Return a choice as plain values."""
    return {"method": choice.method, "reason": choice.reason.model_dump()}


def verdict_dict(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as plain values."""
    return {
        "level": verdict.level,
        "method": verdict.method,
        "path_method": verdict.path_method,
        "grade": verdict.grade,
        "sentence": verdict.sentence.model_dump(),
        "benchmark": verdict.benchmark,
        "skills": dict(verdict.skills),
        "origins": verdict.origins,
    }


def check_count(data_set: DataSet, place: str, count: int) -> None:
    """Refuse a number of periods that nobody can mean.

    Raises
    ------
    InputError
        If it is below 1 or above 120.
    """
    if not 1 <= count <= FURTHEST:
        message = f"is {count}; write a number of periods from 1 to {FURTHEST}."
        raise InputError([Fault(data_set.name, place, message)])


def back_test(
    data_set: DataSet,
    horizons: Sequence[int] = range(1, HORIZON + 1),
    *,
    fewest_origins: int = FEWEST_ORIGINS,
) -> BackTest:
    """Back-test the base path of a data set; kept in memory for the next call.

    Parameters
    ----------
    data_set : DataSet
        With products, sales and market.
    horizons : sequence of int
        Periods ahead.
    fewest_origins : int
        Origins below which the verdict is that there is too little history.

    Raises
    ------
    InputError
        If a horizon is below 1 or above 120, or there is none.
    """
    asked = tuple(sorted(set(horizons)))
    for horizon in asked or (0,):
        check_count(data_set, "horizon", horizon)
    key = (data_set.fingerprint, asked, fewest_origins)
    return _back_tests.get(key, lambda: _back_test(data_set, asked, fewest_origins))


def rolling_of(data_set: DataSet, horizon: int) -> Rolling:
    """Return the forecasts from all origins; kept in memory for the next call."""
    return _rollings.get((data_set.fingerprint, horizon), lambda: roll(panel_of(data_set), horizon))


def _back_test(data_set: DataSet, horizons: tuple[int, ...], fewest_origins: int) -> BackTest:
    rolling = rolling_of(data_set, max(horizons))
    size, share = choose(rolling, horizons, fewest_origins)
    verdicts: dict[Level, Verdict] = {}
    rows: list[dict[str, Any]] = []
    for level in LEVELS:
        path_method = size.method if level == "market_size" else share.method
        refused = other_products(rolling, level, path_method)
        if refused is not None:
            verdicts[level] = refused
        elif rolling.n_judged == 0:
            verdicts[level] = unjudged(level, path_method, 0, fewest_origins)
        else:
            case = case_of(level, rolling, size.method, horizons)
            verdicts[level], more = _judged(case, path_method, horizons, fewest_origins)
            rows += more
    origins = rolling.origins[rolling.n_warm_up :]
    return BackTest(
        data_set=data_set.name,
        sha256=data_set.sha256,
        horizons=horizons,
        origins=tuple(rolling.panel.periods[origin - 1] for origin in origins),
        market_size=size,
        shares=share,
        table=pd.DataFrame(rows, columns=list(COLUMNS)),
        verdicts=verdicts,
    )


def _judged(
    case: Case, path_method: str, horizons: tuple[int, ...], fewest_origins: int
) -> tuple[Verdict, list[dict[str, Any]]]:
    measured = {method: case.measure(method) for method in case.forecasts}
    verdict = judge(case, path_method, fewest_origins, measured[path_method][0])
    rows = [
        {
            "level": case.level,
            "method": method,
            "horizon": horizon,
            "used": method == verdict.method,
            **measured[method][horizon],
        }
        for method in measured
        for horizon in (ALL_HORIZONS, *horizons)
    ]
    return verdict, rows
