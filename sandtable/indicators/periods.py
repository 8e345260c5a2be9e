"""Periods of a data set as whole numbers, so that the one before is one less."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from sandtable.data.metadata import Frequency

_PER_YEAR = {"month": 12, "quarter": 4, "year": 1}
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_FORMS = {
    "month": re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII),
    "quarter": re.compile(r"(\d{4})-Q([1-4])", re.ASCII),
    "year": re.compile(r"(\d{4})", re.ASCII),
}


def ordinal(label: str, frequency: Frequency) -> int:
    """Return the number of a period.

    Raises
    ------
    ValueError
        If the text is no period of this frequency; a sentence.

    Examples
    --------
    >>> ordinal("2026-06", "month") - ordinal("2025-12", "month")
    6
    """
    match = _FORMS[frequency].fullmatch(label)
    if match is None:
        raise ValueError(f"'{label}' is no {frequency}; write for instance {_example(frequency)}.")
    part = int(match[2]) - 1 if frequency != "year" else 0
    return int(match[1]) * _PER_YEAR[frequency] + part


def _example(frequency: Frequency) -> str:
    return {"month": "2026-06", "quarter": "2026-Q2", "year": "1990"}[frequency]


def label_of(number: int, frequency: Frequency) -> str:
    """Return the text of a numbered period; the inverse of `ordinal`."""
    year, part = divmod(number, _PER_YEAR[frequency])
    if frequency == "month":
        return f"{year:04d}-{part + 1:02d}"
    return f"{year:04d}-Q{part + 1}" if frequency == "quarter" else f"{year:04d}"


def start_of(number: int, frequency: Frequency) -> datetime:
    """Return the first moment of a numbered period, in UTC."""
    year, part = divmod(number, _PER_YEAR[frequency])
    month = 1 + part * (12 // _PER_YEAR[frequency])
    return datetime(year, month, 1, tzinfo=UTC)


def period_of(moment: datetime, frequency: Frequency) -> int:
    """Return the number of the period that holds a moment."""
    per_year = _PER_YEAR[frequency]
    return moment.year * per_year + (moment.month - 1) * per_year // 12


def end_of(text: str) -> datetime:
    """Return the first moment after a day, month, quarter or year, in UTC.

    Raises
    ------
    ValueError
        If the text is none of these; a sentence.

    Examples
    --------
    >>> end_of("2026-06").isoformat()
    '2026-07-01T00:00:00+00:00'
    """
    try:
        if _DAY.fullmatch(text):
            day = datetime.fromisoformat(text).replace(tzinfo=UTC)
            return day + timedelta(days=1)
        for frequency in ("month", "quarter", "year"):
            if _FORMS[frequency].fullmatch(text):
                return start_of(ordinal(text, frequency) + 1, frequency)
    except (ValueError, OverflowError):
        pass
    raise ValueError(f"'{text}' is no date; write for instance 2026-06-30 or 2026-06.")
