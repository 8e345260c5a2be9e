"""Names and numbers of periods: what comes after the last one, how many make a season."""

from __future__ import annotations

from collections.abc import Mapping

from sandtable.data.contracts import PERIOD_FORMS
from sandtable.data.metadata import Frequency

SEASON_LENGTH: Mapping[Frequency, int] = {"month": 12, "quarter": 4, "year": 1}


def period_number(period: str, frequency: Frequency) -> int:
    """Return the number of a period, such that neighbours differ by one.

    Examples
    --------
    >>> period_number("2026-07", "month") - period_number("2026-06", "month")
    1
    """
    pattern, expected = PERIOD_FORMS[frequency]
    if not pattern.fullmatch(period):
        raise ValueError(f"'{period}' is no {frequency}; write {expected}.")
    part = int(period[4:].lstrip("-Q") or 1) - 1
    return SEASON_LENGTH[frequency] * int(period[:4]) + part


def period_name(number: int, frequency: Frequency) -> str:
    """Return the name of a numbered period; the inverse of `period_number`.

    Examples
    --------
    >>> period_name(period_number("2026-Q4", "quarter") + 1, "quarter")
    '2027-Q1'
    """
    year, part = divmod(number, SEASON_LENGTH[frequency])
    if frequency == "year":
        return f"{year:04d}"
    return f"{year:04d}-{part + 1:02d}" if frequency == "month" else f"{year:04d}-Q{part + 1}"


def periods_after(last: str, frequency: Frequency, n: int) -> tuple[str, ...]:
    """Name the periods that follow one.

    Parameters
    ----------
    last : str
        ``2026-06``, ``2026-Q2`` or ``1990``.
    frequency : str
        ``month``, ``quarter`` or ``year``.
    n : int
        How many, 0 or more.

    Raises
    ------
    ValueError
        If `last` is not written as the frequency asks, or the calendar of four digits ends.

    Examples
    --------
    >>> periods_after("2026-11", "month", 3)
    ('2026-12', '2027-01', '2027-02')
    """
    start = period_number(last, frequency)
    names = tuple(period_name(start + step, frequency) for step in range(1, n + 1))
    if names and not PERIOD_FORMS[frequency][0].fullmatch(names[-1]):
        raise ValueError(f"{n} periods after {last} lie beyond the year 2999; ask for fewer.")
    return names
