"""One spelling for each phone, e-mail address and device, and None where a value says nothing."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from sandtable.oneid import normal_device, normal_email, normal_phone

DIGITS = st.text("0123456789", min_size=8, max_size=8).map("120{}".format)
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


@given(DIGITS)
def test_every_typing_of_a_mobile_is_one_phone(phone: str) -> None:
    spellings = [
        phone,
        f" {phone} ",
        f"+86 {phone}",
        f"+86-{phone[:3]}-{phone[3:7]}-{phone[7:]}",
        f"0086{phone}",
        f"86{phone}",
        f"{phone[:3]} {phone[3:7]} {phone[7:]}",
        phone.translate(FULL_WIDTH),
        f"＋８６{phone.translate(FULL_WIDTH)}",
        f"({phone[:3]}) {phone[3:]}",
    ]
    assert {normal_phone(text) for text in spellings} == {phone}


@given(DIGITS, DIGITS)
def test_different_mobiles_stay_different(one: str, other: str) -> None:
    assert (normal_phone(f"+86 {one}") == normal_phone(other)) == (one == other)


@given(st.text())
def test_any_text_is_normalised_without_an_error_and_once_is_enough(text: str) -> None:
    for rule in (normal_phone, normal_email, normal_device):
        value = rule(text)
        assert value is None or rule(value) == value


@pytest.mark.parametrize("text", ["", "无", "123456", "00000000000", "1" * 11, "-", "9" * 20])
def test_what_cannot_be_a_phone_is_none(text: str) -> None:
    assert normal_phone(text) is None


def test_a_phone_of_another_country_is_not_one_of_china() -> None:
    assert normal_phone("+1 415 555 0100") == "+14155550100"
    assert normal_phone("14155550100") == "14155550100"


def test_case_and_plus_tags_of_an_address_do_not_count_but_dots_do() -> None:
    assert normal_email(" Wei.Li@Mail.Example ") == "wei.li@mail.example"
    assert normal_email("wei.li+car@mail.example") == "wei.li@mail.example"
    assert normal_email("wei.li+car@mail.example", strip_tags=False) == "wei.li+car@mail.example"
    assert normal_email("weili@mail.example") != normal_email("wei.li@mail.example")


@pytest.mark.parametrize(
    "text", ["", "none", "@mail.example", "wei@mail", "a@b@c.example", "+car@x.example"]
)
def test_what_cannot_be_an_address_is_none(text: str) -> None:
    assert normal_email(text) is None


def test_a_device_is_compared_without_case() -> None:
    assert normal_device(" DV-0AF3 ") == "dv-0af3"
    assert normal_device("  ") is None
