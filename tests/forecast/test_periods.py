"""Periods are named as the contract of the tables writes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandtable.data.contracts import PERIOD_FORMS
from sandtable.data.metadata import Frequency
from sandtable.forecast import periods_after
from sandtable.forecast.periods import period_name, period_number

FREQUENCIES: list[Frequency] = ["month", "quarter", "year"]


@pytest.mark.parametrize(
    ("last", "frequency", "expected"),
    [
        ("2026-11", "month", ("2026-12", "2027-01")),
        ("2026-Q3", "quarter", ("2026-Q4", "2027-Q1")),
        ("1990", "year", ("1991", "1992")),
    ],
)
def test_the_next_periods_follow_the_last(
    last: str, frequency: Frequency, expected: tuple[str, ...]
) -> None:
    assert periods_after(last, frequency, 2) == expected


@given(
    st.sampled_from(FREQUENCIES), st.integers(1100, 2800), st.integers(0, 11), st.integers(1, 60)
)
def test_every_name_keeps_its_contract_and_leads_back_to_its_number(
    frequency: Frequency, year: int, part: int, n: int
) -> None:
    season = {"month": 12, "quarter": 4, "year": 1}[frequency]
    last = period_name(year * season + part % season, frequency)
    names = periods_after(last, frequency, n)
    assert all(PERIOD_FORMS[frequency][0].fullmatch(name) for name in names)
    numbers = [period_number(name, frequency) for name in (last, *names)]
    assert numbers == list(range(numbers[0], numbers[0] + n + 1))


def test_a_period_of_another_frequency_is_refused() -> None:
    with pytest.raises(ValueError, match="'1990' is no month; write a month such as 2026-06"):
        periods_after("1990", "month", 1)


def test_the_calendar_ends() -> None:
    with pytest.raises(ValueError, match="lie beyond the year 2999"):
        periods_after("2999", "year", 1)
