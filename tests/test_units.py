"""Amounts and changes, as people write them."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sandtable.units import Change, parse_amount, parse_change, parse_value

FINITE = st.floats(min_value=-1e12, max_value=1e12, allow_nan=False)
# Signs that amounts are made of, so that the search comes near the grammar; and anything at all.
NEARLY_AMOUNTS = st.text(
    alphabet="0123456789.,+-−––eE %kmbn万亿CNY元\u00a0\u202f\t\n０３％ⅫΩ²", max_size=24
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-5 %", (-5.0, "%", True)),
        ("−5%", (-5.0, "%", True)),
        ("–5 %", (-5.0, "%", True)),
        ("+2,000,000 CNY", (2_000_000.0, "CNY", True)),
        ("26.88 万", (268_800.0, "", False)),
        ("26.88万元", (268_800.0, "元", False)),
        ("1.2 亿", (120_000_000.0, "", False)),
        ("882 m", (882e6, "", False)),
        ("4.92 bn CNY", (4.92e9, "CNY", False)),
        ("12.5", (12.5, "", False)),
        ("３", (3.0, "", False)),
        ("－３％", (-3.0, "%", True)),
        ("1\u202f234\u00a0567", (1_234_567.0, "", False)),
        ("12 months", (12.0, "months", False)),
        ("3 bnx", (3.0, "bnx", False)),
        ("2k元", (2000.0, "元", False)),
        ("1e3", (1000.0, "", False)),
        ("0", (0.0, "", False)),
        (13_400, (13_400.0, "", False)),
        (-0.5, (-0.5, "", False)),
    ],
)
def test_an_amount_is_read_as_it_is_written(
    text: str | float, expected: tuple[float, str, bool]
) -> None:
    amount = parse_amount(text)
    assert (amount.number, amount.unit, amount.signed) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "five",
        "5 %%",
        "--5",
        "+-5",
        "1,23",
        "1,2345",
        "12,34,567",
        "1.2.3",
        "1..2",
        ".",
        "%",
        "nan",
        "inf",
        "1e999",
        "5 % off",
        "5\x00",
        "5 CNY 6",
        "0x10",
        "5²",
        "①",
        "½",
        "⒈5",
        "1,234 567",
        "1_000",
    ],
)
def test_a_text_that_is_not_wholly_understood_is_refused_with_the_text(text: str) -> None:
    with pytest.raises(ValueError, match="is not a"):
        parse_amount(text)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, True, False])
def test_what_is_no_finite_number_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match="is not a"):
        parse_amount(number)


@given(NEARLY_AMOUNTS | st.text())
def test_hostile_text_gives_a_finite_amount_or_a_value_error(text: str) -> None:
    try:
        amount = parse_amount(text)
    except ValueError:
        return
    assert math.isfinite(amount.number)


@given(st.integers() | st.floats())
@example(10**400)
@example(-(10**400))
def test_any_number_gives_itself_or_a_value_error(number: float) -> None:
    try:
        amount = parse_amount(number)
    except ValueError:
        return
    assert amount.number == float(number)


@given(
    FINITE,
    st.integers(0, 6),
    st.sampled_from(["", " ", "\u00a0"]),
    st.sampled_from(["", "%", "CNY"]),
)
def test_a_printed_number_is_read_back(number: float, digits: int, space: str, unit: str) -> None:
    text = f"{number:,.{digits}f}{space}{unit}"
    amount = parse_amount(text)
    assert amount.number == round(number, digits)
    assert amount.unit == unit


@given(FINITE.map(lambda number: round(number, 2)))
def test_the_typographic_minus_and_full_width_digits_mean_the_same(number: float) -> None:
    plain = f"{number:+,.2f} %"
    wide = plain.translate({ord(str(digit)): 0xFF10 + digit for digit in range(10)})
    assert parse_amount(plain) == parse_amount(plain.replace("-", "−")) == parse_amount(wide)


def test_per_cent_is_a_relative_change_and_money_an_absolute_one() -> None:
    assert parse_change("-5 %", unit="CNY") == Change("relative", -0.05)
    assert parse_change("-13,400 CNY", unit="CNY") == Change("absolute", -13_400.0)
    assert parse_change(-13_400, unit="CNY") == Change("absolute", -13_400.0)
    assert parse_change("-1.34 万元", unit="CNY") == Change("absolute", -13_400.0)


@given(st.floats(-99, 500), st.floats(1, 1e7))
def test_a_relative_change_and_its_amount_lead_to_the_same_value(
    per_cent: float, value: float
) -> None:
    relative = Change("relative", per_cent / 100)
    absolute = Change("absolute", value * per_cent / 100)
    assert relative.applied_to(value) == pytest.approx(
        absolute.applied_to(value), rel=1e-9, abs=1e-6
    )


def test_a_value_may_carry_its_own_unit_in_any_case_and_no_other() -> None:
    assert parse_value("255,400 cny", unit="CNY") == 255_400.0
    assert parse_value("255,400", unit="CNY") == 255_400.0
    with pytest.raises(ValueError, match="'12 months' carries the unit 'months'; expected CNY"):
        parse_value("12 months", unit="CNY")
    with pytest.raises(ValueError, match="carries the unit '%'; expected CNY"):
        parse_value("5 %", unit="CNY")
    with pytest.raises(ValueError, match="carries the unit 'USD'; expected CNY"):
        parse_change("100 USD", unit="CNY")
