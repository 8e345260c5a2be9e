"""The words that names of indicators are made of: `roots.yaml`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from sandtable.data.metadata import StrictModel, Text
from sandtable.documents import Document, understand
from sandtable.indicators.conditions import Condition

TokenType: TypeAlias = Literal["domain", "object", "measure", "qualifier", "period"]
Unit: TypeAlias = Literal["count", "money", "ratio", "day", "hour", "index", "score"]
PERIOD_FORM = re.compile(r"([1-9][0-9]{0,3})d")


class Token(StrictModel):
    """One word of the naming standard.

    Attributes
    ----------
    unit : str, optional
        Unit of the figures that a measure token names.
    where : dict
        What a qualifier means: table -> conditions on its rows.
    """

    token: Annotated[str, Field(pattern=r"^[a-z0-9]{1,16}$")]
    meaning: Text
    zh: Text
    type: TokenType
    unit: Unit | None = None
    where: dict[str, Annotated[list[Condition], Field(min_length=1)]] = Field(default_factory=dict)


class RootsFile(StrictModel):
    """All of `roots.yaml`."""

    schema_version: Annotated[int, Field(alias="schema", ge=1, le=1)]
    tokens: list[Token]


Roots: TypeAlias = Mapping[str, Token]


def understand_roots(document: Document) -> dict[str, tuple[Token, int]]:
    """Understand one `roots.yaml`: token -> (token, place in the list); note its faults."""
    file = understand(document, RootsFile)
    found: dict[str, tuple[Token, int]] = {}
    for index, token in enumerate(file.tokens if file else ()):
        here = ("tokens", index)
        if token.token in found:
            document.fault(
                (*here, "token"), f"the token '{token.token}' stands twice; keep one of them."
            )
        if (token.unit is not None) != (token.type == "measure"):
            document.fault(
                here,
                f"the token '{token.token}' is of the type {token.type}; a measure has a unit, and only a measure.",
            )
        if token.where and token.type != "qualifier":
            document.fault(
                (*here, "where"),
                f"the token '{token.token}' is of the type {token.type}; only a qualifier chooses rows.",
            )
        if token.type == "period" and PERIOD_FORM.fullmatch(token.token) is None:
            document.fault(
                (*here, "token"),
                f"the period '{token.token}' must be a number of days such as 30d.",
            )
        if not token.token[0].isalpha() and token.type != "period":
            document.fault((*here, "token"), f"the token '{token.token}' must begin with a letter.")
        found.setdefault(token.token, (token, index))
    return found
