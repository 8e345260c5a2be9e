"""How old the data are on the day they are looked at."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date
from typing import Literal

from sandtable.data.metadata import Frequency, Metadata

AgeState = Literal["fresh", "ageing", "stale", "history", "invented"]
FRESH_MONTHS: dict[Frequency, int] = {"month": 3, "quarter": 6, "year": 18}
STALE_MONTHS: dict[Frequency, int] = {"month": 6, "quarter": 12, "year": 30}
HISTORY_MONTHS = (
    24  # figures that were this old when they were taken up were never meant to be current
)


@dataclass(frozen=True)
class Age:
    """The last period and how long ago it ended.

    Attributes
    ----------
    months : int
        Whole months from the end of the last period; 0 when it has not ended.
    state : str
        ``history`` for real figures that were old when they were taken up; ``invented`` for synthetic ones, which do
        not age.
    """

    period: str
    months: int
    state: AgeState


def data_age(metadata: Metadata, last_period: str, today: date) -> Age:
    """Say how old a data set is.

    Parameters
    ----------
    metadata : Metadata
    last_period : str
        The last observed one: ``2026-06``, ``2026-Q2`` or ``2026``.
    today : date
        The day of looking.
    """
    end = period_end(last_period)
    months = max(0, _months(end, today))
    state: AgeState = "fresh"
    if metadata.kind == "synthetic":
        state = "invented"
    elif _months(end, _day(metadata.retrieved) or end) >= HISTORY_MONTHS:
        state = "history"
    elif months > STALE_MONTHS[metadata.frequency]:
        state = "stale"
    elif months > FRESH_MONTHS[metadata.frequency]:
        state = "ageing"
    return Age(last_period, months, state)


def period_end(period: str) -> date:
    """Return the last day of a period.

    Examples
    --------
    >>> period_end("2026-06"), period_end("2026-Q1"), period_end("1990")
    (datetime.date(2026, 6, 30), datetime.date(2026, 3, 31), datetime.date(1990, 12, 31))
    """
    year, _, rest = period.partition("-")
    month = 12 if not rest else 3 * int(rest[1:]) if rest.startswith("Q") else int(rest)
    return date(int(year), month, calendar.monthrange(int(year), month)[1])


def _months(start: date, end: date) -> int:
    """Whole months from a last day of a month to another day."""
    whole = 12 * (end.year - start.year) + end.month - start.month
    last = calendar.monthrange(end.year, end.month)[1]
    return whole if end.day == last or whole <= 0 else whole - 1


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
