"""Times of records: whole ticks since 1970, UTC; the day of business in China lies within one UTC day."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sandtable.market.primitives import FloatArray, IntArray

# 2**26 microseconds, about 67 seconds: the low three bytes of every time are zero, which halves the files.
TICK = 2**26
HOUR = 3_600_000_000
DAY = 24 * HOUR
WEEKEND_PULL = 1.35  # leads of a day at the weekend, against one in the week
FIRST_HOUR, OPEN_HOURS = 1, 9  # dealers open from 9 to 18 hours in China, 1 to 10 UTC
LEAD_HOURS = 15  # leads come from 8 to 23 hours in China, 0 to 15 UTC: the same date in both


def month_bounds(period: str) -> tuple[int, int]:
    """Return the first tick of a month and the first one after it, in microseconds."""
    start = pd.Timestamp(f"{period}-01")
    after = start + pd.offsets.MonthBegin(1)
    return _tick_from(start), _tick_from(after)


def _tick_from(moment: pd.Timestamp) -> int:
    microseconds = moment.value // 1000
    return int(-(-microseconds // TICK) * TICK)


def on_tick(microseconds: FloatArray) -> IntArray:
    """Round times down to whole ticks."""
    return np.asarray(np.floor(microseconds / TICK), dtype=np.int64) * TICK


def moments_in_month(random: np.random.Generator, period: str, count: int) -> IntArray:
    """Draw the moments of leads within a month: more at weekends, most in the afternoon."""
    start, after = month_bounds(period)
    days = pd.date_range(f"{period}-01", periods=pd.Period(period).days_in_month)
    pull = np.where(days.day_of_week >= 5, WEEKEND_PULL, 1.0)
    day = random.choice(len(days), count, p=pull / pull.sum())
    hour = LEAD_HOURS * random.beta(2, 2, count)
    first = pd.Timestamp(f"{period}-01").value // 1000
    return np.clip(on_tick(first + day * float(DAY) + hour * HOUR), start, after - TICK)


def in_opening_hours(random: np.random.Generator, microseconds: FloatArray) -> FloatArray:
    """Move moments to a random one of the same day at which dealers are open."""
    days = np.floor(microseconds / DAY)
    hours = FIRST_HOUR + OPEN_HOURS * random.random(len(microseconds))
    return np.asarray(days * DAY + hours * HOUR)
