"""Numbers as each language writes them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandtable.app.formatting import MINUS, MISSING, NO_BREAK, Format, arrow
from sandtable.app.text import Language
from sandtable.data.loading import DataSet

Writers = dict[str, Format]
LANGUAGES: tuple[Language, ...] = ("en", "zh")


@pytest.fixture(scope="module")
def writers(data_sets: dict[str, DataSet]) -> Writers:
    return {
        f"{language} {name}": Format(language, data_set.metadata)
        for language in LANGUAGES
        for name, data_set in data_sets.items()
    }


numbers = st.floats(-1e12, 1e12)


@given(value=numbers)
def test_minus_is_the_typographic_one_and_nothing_breaks_across_lines(
    writers: Writers, value: float
) -> None:
    for write in writers.values():
        for text in (
            write.count(value),
            write.signed_count(value),
            write.percent(value),
            write.signed_percent(value),
            write.points(value),
            write.decimal(value),
            write.price(value),
            write.money(value),
            write.money(value, signed=True),
            write.amount(value),
        ):
            assert "-" not in text
            assert " " not in text
            assert text.count(MINUS) <= 1
            assert (MINUS in text) <= (value < 0)


@given(value=st.floats(-0.49, 0.49))
def test_what_rounds_to_nothing_has_no_sign(writers: Writers, value: float) -> None:
    for write in writers.values():
        assert write.count(value) == write.signed_count(value) == "0"
        assert write.points(value / 1e4).startswith("0.0")


@given(value=st.floats(1, 1e12))
def test_a_gain_carries_its_plus_and_a_loss_the_same_digits_with_minus(
    writers: Writers, value: float
) -> None:
    for write in writers.values():
        assert write.signed_count(value) == f"+{write.count(value)}"
        assert write.signed_count(-value) == f"{MINUS}{write.count(value)}"
        assert write.money(-value, signed=True)[1:] == write.money(value, signed=True)[1:]


@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf])
def test_what_is_missing_is_a_dash_and_never_zero(writers: Writers, value: float | None) -> None:
    for write in writers.values():
        for method in (
            write.count,
            write.percent,
            write.decimal,
            write.price,
            write.money,
            write.amount,
        ):
            assert method(value) == MISSING


@pytest.mark.parametrize(
    ("writer", "method", "value", "expected"),
    [
        ("en premium_ev", "price", 255_400.0, "255,400"),
        ("zh premium_ev", "price", 255_400.0, "25.54~万"),
        ("en us_autos", "price", 9.25, "9.2"),
        ("zh us_autos", "price", 9.35, "9.3"),
        ("en premium_ev", "money", 4.924e9, "4.92~bn"),
        ("en premium_ev", "money", -46.4e6, "−46~m"),
        ("en premium_ev", "money", 2.64e6, "2.6~m"),
        ("en premium_ev", "money", 29_649.0, "29,600"),
        ("en premium_ev", "money", 9_649.0, "9,649"),
        ("zh premium_ev", "money", 4.924e9, "49.24~亿元"),
        ("zh premium_ev", "money", -46.4e6, "−4,640~万元"),
        ("zh premium_ev", "money", 812.0, "812~元"),
        ("en us_autos", "money", 1_500.0, "1.5~m"),
        ("zh us_autos", "money", 1_500_000.0, "15.00~亿美元"),
        ("en premium_ev", "amount", 29_600.0, "29,600~CNY"),
        ("en us_autos", "amount", 5.0, "5,000~USD"),
        ("zh premium_ev", "amount", 29_600.0, "2.96~万元"),
        ("en premium_ev", "percent", 0.0844, "8.4~%"),
        ("zh premium_ev", "percent", 0.0844, "8.4%"),
        ("en premium_ev", "signed_percent", -0.05, "−5.0~%"),
        ("en premium_ev", "points", 0.0061, "+0.6~pt"),
        ("zh premium_ev", "points", 0.0061, "+0.6~个百分点"),
        ("en premium_ev", "period", "2026-06", "Jun 2026"),
        ("zh premium_ev", "period", "2026-06", "2026 年 6 月"),
        ("en premium_ev", "period", "2026-Q3", "Q3 2026"),
        ("zh premium_ev", "period", "2026-Q3", "2026 年 3 季度"),
        ("en us_autos", "period", "1990", "1990"),
        ("zh us_autos", "period", "1990", "1990 年"),
    ],
)
def test_as_it_stands_in_print(
    writers: Writers, writer: str, method: str, value: object, expected: str
) -> None:
    assert getattr(writers[writer], method)(value) == expected.replace("~", NO_BREAK)


def test_a_price_shows_one_step_of_its_lever(writers: Writers) -> None:
    for write in writers.values():
        step = write.metadata.price_step
        assert write.price(100 * step) != write.price(101 * step)


def test_an_arrow_points_where_the_number_goes() -> None:
    assert (arrow(3.0), arrow(-3.0)) == ("▲", "▼")
