"""Salted hashes: values are compared and stored as HMAC-SHA256, so that a table of people holds no phone."""

from __future__ import annotations

import hmac
from pathlib import Path

from sandtable.errors import Fault, InputError

SAMPLE_SALT = b"sandtable sample salt, synthetic data only"
SHORTEST_SALT = 16
HASH_CHARACTERS = 32
PERSON_CHARACTERS = 16


def read_salt(path: Path) -> bytes:
    """Read a salt from a file; white space around it is not part of it.

    Raises
    ------
    InputError
        If the file cannot be read or the salt is too short.
    """
    try:
        salt = path.read_bytes().strip()
    except OSError as error:
        message = (
            f"cannot be read ({error.strerror}); give a file of {SHORTEST_SALT} bytes or more."
        )
        raise InputError([Fault(str(path), "", message)]) from error
    return checked_salt(salt, synthetic=True, file=str(path))


def checked_salt(salt: bytes, *, synthetic: bool, file: str = "oneid") -> bytes:
    """Refuse a short salt, and for real people the sample salt, which everybody knows.

    Raises
    ------
    InputError
        In one sentence.
    """
    if len(salt) < SHORTEST_SALT:
        message = f"has {len(salt)} bytes; give {SHORTEST_SALT} or more, drawn at random."
        raise InputError([Fault(file, "salt", message)])
    if salt == SAMPLE_SALT and not synthetic:
        message = (
            "is the sample salt, which everybody knows; real people need a secret one "
            "(openssl rand -hex 32 > FILE, then --salt-file FILE)."
        )
        raise InputError([Fault(file, "salt", message)])
    return salt


def hashed(salt: bytes, kind: str, value: str) -> str:
    """Hash a normalised value; equal values of two kinds differ."""
    return _digest(salt, f"{kind}:{value}")[:HASH_CHARACTERS]


def person_id(salt: bytes, prospect: str, attempt: int) -> str:
    """Name a person after a record; `attempt` counts names that are taken."""
    return "H" + _digest(salt, f"person:{attempt}:{prospect}")[:PERSON_CHARACTERS]


def _digest(salt: bytes, text: str) -> str:
    return hmac.digest(salt, text.encode(), "sha256").hex()
