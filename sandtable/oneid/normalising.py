"""Phone, e-mail address and device as they are compared: one spelling for each, None where a value says nothing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import partial

import pandas as pd

KINDS = ("phone", "email", "device")
SHORTEST_PHONE, LONGEST_PHONE = 7, 15
NOT_A_DIGIT = re.compile("[^0-9]+")
CHINA, MOBILE_DIGITS = "86", 11


def normal_phone(text: str) -> str | None:
    """Return the digits of a phone, without the prefix of China; None where it cannot be one.

    Examples
    --------
    >>> normal_phone("+86 120-1234 5678"), normal_phone("１２０１２３４５６７８"), normal_phone("none")
    ('12012345678', '12012345678', None)
    """
    plain = _plain(text)
    digits = plain if plain.isdigit() else NOT_A_DIGIT.sub("", plain)
    if not SHORTEST_PHONE <= len(digits) <= LONGEST_PHONE or len(set(digits)) == 1:
        return None
    if plain.startswith("+") or digits.startswith("00"):
        abroad = digits.removeprefix("00")
        national = abroad.removeprefix(CHINA)
        return national if abroad.startswith(CHINA) else f"+{abroad}"
    if len(digits) == MOBILE_DIGITS + len(CHINA) and digits.startswith(f"{CHINA}1"):
        return digits.removeprefix(CHINA)
    return digits


def normal_email(text: str, *, strip_tags: bool = True) -> str | None:
    """Return an e-mail address in small letters; None where it cannot be one.

    Parameters
    ----------
    text : str
        As it was typed.
    strip_tags : bool
        Whether ``wei+car@mail.example`` is ``wei@mail.example``. Dots are kept: few hosts ignore them.
    """
    local, _, domain = _plain(text).lower().rpartition("@")
    if strip_tags:
        local = local.partition("+")[0]
    if not local or "@" in local or "." not in domain.strip(".") or " " in local + domain:
        return None
    return f"{local}@{domain}"


def normal_device(text: str) -> str | None:
    """Return a device id in small letters; None where it is empty."""
    return _plain(text).lower() or None


def normalised(prospects: pd.DataFrame, *, strip_tags: bool) -> pd.DataFrame:
    """Normalise the three kinds of value of each record; a kind without a column is missing everywhere."""
    rules: Mapping[str, Callable[[str], str | None]] = {
        "phone": normal_phone,
        "email": partial(normal_email, strip_tags=strip_tags),
        "device": normal_device,
    }
    return pd.DataFrame(
        {
            kind: _each(prospects[kind], rule) if kind in prospects else None
            for kind, rule in rules.items()
        },
        index=prospects.index,
        dtype=object,
    )


def _each(column: pd.Series, rule: Callable[[str], str | None]) -> list[str | None]:
    return [
        None if missing else rule(str(value))
        for value, missing in zip(column.tolist(), column.isna().tolist(), strict=True)
    ]


def _plain(text: str) -> str:
    """Full-width signs as usual ones, nothing around."""
    return (text if text.isascii() else unicodedata.normalize("NFKC", text)).strip()
