"""Phone, e-mail and device of invented people, and the ways in which dealers type them.

Every value is a function of the person's number, so that nobody has to be remembered: a number is sent through
``(a * number + b) mod prime``, which never maps two numbers to one value. Phones begin with 120, which no Chinese
mobile network uses; e-mail domains end in ``.example``: none of them can be anybody's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sandtable.market.primitives import IntArray
from sandtable.synthetic.plan import BoolArray

PHONE_PRIME, EMAIL_PRIME, DEVICE_PRIME = 99_999_989, 100_000_007, 268_435_399
FAMILY_NAMES = (
    *("wang", "li", "zhang", "liu", "chen", "yang", "huang", "zhao", "wu", "zhou"),
    *("xu", "sun", "ma", "zhu", "hu", "guo", "he", "lin", "gao", "luo"),
    *("zheng", "liang", "xie", "song", "tang", "deng", "han", "feng", "cao", "peng"),
)
GIVEN_NAMES = (
    *("wei", "fang", "na", "min", "jing", "lei", "qiang", "yan", "jun", "jie"),
    *("juan", "tao", "ming", "chao", "xia", "ping", "gang", "hui", "ying", "hua"),
    *("bin", "bo", "dan", "fei", "guang", "hao", "hong", "jian", "kai", "lan"),
    *("mei", "ning", "peng", "qing", "rui", "shan", "ting", "xin", "yu", "zhen"),
)
DOMAINS = ("mail.example", "post.example", "net.example", "home.example")
PLACEHOLDERS = ("00000000000", "12000000000", "12345678", "无")  # typed to get past a form
PLAIN, SPACED, DASHED, PREFIXED, ZEROS, FULL_WIDTH = range(6)
STYLE_PARTS = (0.64, 0.09, 0.07, 0.13, 0.03, 0.04)
FULL_WIDTH_DIGITS = str.maketrans("0123456789", "０１２３４５６７８９")
HAS_PHONE, HAS_SECOND_PHONE = 0.97, 0.03
HAS_EMAIL, UPPER_CASE, PLUS_TAG = 0.45, 0.12, 0.02
HAS_DEVICE, KEEPS_DEVICE = 0.66, 0.75
IS_PLACEHOLDER = 0.05  # of the phones of invalid leads
NO_VALUE = -1


@dataclass(frozen=True)
class Contacts:
    """What a form was given: a number behind each value, -1 for none, and how it was typed.

    Attributes
    ----------
    phones : ndarray of int
        Number of the phone; below -1 a placeholder.
    styles : ndarray of int
        How the phone was typed.
    emails : ndarray of int
        Number of the person whose e-mail address it is.
    cases : ndarray of int
        0 as it is, 1 in capitals, 2 with a plus tag.
    devices : ndarray of int
        Number of the device; below -1 a tablet of a dealer.
    """

    phones: IntArray
    styles: IntArray
    emails: IntArray
    cases: IntArray
    devices: IntArray

    def with_phones(self, rows: IntArray, phones: IntArray) -> Contacts:
        """Give some people another phone."""
        return replace(self, phones=_put(self.phones, rows, phones))

    def with_own(self, rows: IntArray, people: IntArray, devices: IntArray) -> Contacts:
        """Let some people give an e-mail address and a device of their own."""
        emails = _put(self.emails, rows, people)
        return replace(self, emails=emails, devices=_put(self.devices, rows, devices))

    def with_tablet(self, rows: IntArray, dealers: IntArray) -> Contacts:
        """Let some people sign up on a tablet of their dealer."""
        return replace(self, devices=_put(self.devices, rows, -2 - dealers))


def draw_contacts(
    random: np.random.Generator,
    people: IntArray,
    *,
    known: BoolArray,
    valid: BoolArray,
    in_person: BoolArray,
) -> Contacts:
    """Draw what people give when they sign up.

    Parameters
    ----------
    random : Generator
        Random numbers.
    people : ndarray of int
        Number of each person.
    known : ndarray of bool
        Whether they signed up before, perhaps on another device.
    valid : ndarray of bool
        Whether the lead is one; others may give a placeholder as phone.
    in_person : ndarray of bool
        Whether they came to the dealer, so that no device was seen.
    """
    count = len(people)
    chance = random.random((7, count))
    second = chance[0] < HAS_SECOND_PHONE
    phones = 2 * people + second
    junk = ~valid & (chance[1] < IS_PLACEHOLDER)
    phones = np.where(junk, -2 - random.integers(len(PLACEHOLDERS), size=count), phones)
    emails = np.where(chance[3] < HAS_EMAIL, people, NO_VALUE)
    phones = np.where((chance[2] < HAS_PHONE) | (emails < 0), phones, NO_VALUE)
    cases = np.select([chance[4] < UPPER_CASE, chance[4] < UPPER_CASE + PLUS_TAG], [1, 2], 0)
    newer = np.where(known & (chance[5] > KEEPS_DEVICE), random.integers(1, 4, size=count), 0)
    devices = np.where((chance[6] < HAS_DEVICE) & ~in_person, 4 * people + newer, NO_VALUE)
    styles = random.choice(len(STYLE_PARTS), count, p=STYLE_PARTS)
    return Contacts(phones, styles.astype(np.int64), emails, cases.astype(np.int64), devices)


def written(
    contacts: Contacts, seed: int, dealers: tuple[str, ...]
) -> tuple[pa.Array, pa.Array, pa.Array]:
    """Write phones, e-mail addresses and devices as they were typed; null where there is none."""
    spread = _Spread(seed)
    phones = [
        _phone(number, value, style)
        for number, value, style in zip(
            contacts.phones.tolist(),
            spread.phones(contacts.phones).tolist(),
            contacts.styles.tolist(),
            strict=True,
        )
    ]
    emails = [
        None if number < 0 else _email(value, case)
        for number, value, case in zip(
            contacts.emails.tolist(),
            spread.emails(contacts.emails).tolist(),
            contacts.cases.tolist(),
            strict=True,
        )
    ]
    devices = [
        f"dv-{value:07x}"
        if number >= 0
        else (None if number == NO_VALUE else f"tablet-{dealers[-2 - number]}")
        for number, value in zip(
            contacts.devices.tolist(), spread.devices(contacts.devices).tolist(), strict=True
        )
    ]
    return tuple(pa.array(values, pa.string()) for values in (phones, emails, devices))


def ids(letter: str, numbers: IntArray) -> pa.Array:
    """Write numbers as ids such as L00000012; null below 0."""
    digits = pc.utf8_lpad(pc.cast(pa.array(numbers), pa.string()), 8, "0")
    text = pc.binary_join_element_wise(letter, digits, "")
    return pc.if_else(pa.array(numbers >= 0), text, pa.scalar(None, pa.string()))


@dataclass(frozen=True)
class _Spread:
    """Send numbers to values that look random, two never to one."""

    seed: int

    def phones(self, numbers: IntArray) -> IntArray:
        return self._sent(numbers, 38_742_049, PHONE_PRIME)

    def emails(self, numbers: IntArray) -> IntArray:
        return self._sent(numbers, 48_828_125, EMAIL_PRIME)

    def devices(self, numbers: IntArray) -> IntArray:
        return self._sent(numbers, 122_070_313, DEVICE_PRIME)

    def _sent(self, numbers: IntArray, factor: int, prime: int) -> IntArray:
        offset = (self.seed * 7_919 + 104_729) % prime
        return np.asarray((np.maximum(numbers, 0) * factor + offset) % prime)


def _phone(number: int, value: int, style: int) -> str | None:
    if number == NO_VALUE:
        return None
    if number < 0:
        return PLACEHOLDERS[-2 - number]
    plain = f"120{value:08d}"
    parts = (plain[:3], plain[3:7], plain[7:])
    if style == FULL_WIDTH:
        return plain.translate(FULL_WIDTH_DIGITS)
    return {
        PLAIN: plain,
        SPACED: " ".join(parts),
        DASHED: "-".join(parts),
        PREFIXED: f"+86 {plain}",
        ZEROS: f"0086{plain}",
    }[style]


def _email(value: int, case: int) -> str:
    value, family = divmod(value, len(FAMILY_NAMES))
    value, given = divmod(value, len(GIVEN_NAMES))
    value, domain = divmod(value, len(DOMAINS))
    tag = "+car" if case == 2 else ""
    text = f"{GIVEN_NAMES[given]}.{FAMILY_NAMES[family]}{value}{tag}@{DOMAINS[domain]}"
    return text.upper() if case == 1 else text


def _put(values: IntArray, rows: IntArray, fresh: IntArray) -> IntArray:
    changed = values.copy()
    changed[rows] = fresh
    return changed
