"""Made-up distributions, verdicts and back-tests for the tests of data and model health."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from sandtable.app.health.implied import Implied
from sandtable.data.metadata import BilingualText
from sandtable.forecast import BackTest
from sandtable.forecast.judging import Choice, Grade, Verdict
from sandtable.forecast.levels import LEVELS, Level


def implied(*, median: float = -3.0, inelastic: float = 0.0, negative: float = 0.0) -> Implied:
    count = round(100 * inelastic)
    values = np.concatenate([np.full(100 - count, median), np.full(count, -0.5)])
    return Implied(np.sort(values), negative)


def verdicts(**grades: Grade) -> dict[Level, Verdict]:
    said = BilingualText(en="Said.", zh="说。")
    return {
        level: Verdict(
            level, "lifecycle", "lifecycle", grades.get(level, "usable"), said, "ets", {}, 19
        )
        for level in LEVELS
    }


def back_test_of(origins: int = 19, **grades: Grade) -> BackTest:
    """Product units with made-up errors: the path at 5 % a horizon, the last share at 10 %, ETS seen once."""
    rows = [
        {
            "level": "product_units",
            "method": method,
            "horizon": horizon,
            "used": method == "lifecycle",
            "wape": size * max(horizon, 1),
            "mase": 0.5,
            "bias": 0.01,
            "coverage_80": 0.8,
            "n": 100,
            "origins": seen,
        }
        for method, size, seen in (
            ("lifecycle", 0.05, 19),
            ("last_share", 0.1, 19),
            ("ets", 0.2, 1),
        )
        for horizon in (0, 1, 2)
    ]
    choice = Choice("lifecycle", BilingualText(en="Why.", zh="因为。"))
    found = {
        level: replace(one, benchmark="last_share", skills={"last_share": 0.5, "ets": None})
        for level, one in verdicts(**grades).items()
    }
    periods = tuple(f"20{10 + one // 12:02d}-{one % 12 + 1:02d}" for one in range(origins))
    return BackTest("set", "0" * 64, (1, 2), periods, choice, choice, pd.DataFrame(rows), found)
