"""Which rows count: small conditions written as data, never as code."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import Field, model_validator

from sandtable.data.metadata import StrictModel, Text
from sandtable.indicators.tables import NUMERIC, ResolvedColumn

Setting: TypeAlias = Literal["own_firm"]
Scalar: TypeAlias = str | int | float | bool
Operator: TypeAlias = Literal[
    "is", "is_not", "in", "not_in", "above", "at_least", "below", "at_most", "missing", "present"
]
ORDERED: tuple[Operator, ...] = ("above", "at_least", "below", "at_most")
WITHOUT_VALUE: tuple[Operator, ...] = ("missing", "present")
OF_A_LIST: tuple[Operator, ...] = ("in", "not_in")


class SettingValue(StrictModel):
    """A value that the data set states in its metadata."""

    setting: Setting


class Condition(StrictModel):
    """One condition on a column; a missing value fulfils ``missing`` and nothing else.

    Attributes
    ----------
    column : str
        Path of a column, such as ``product.firm``.
    value : scalar, list or SettingValue
        None for ``missing`` and ``present``.
    """

    column: Text
    op: Operator
    value: Scalar | list[Scalar] | SettingValue | None = Field(default=None)

    @model_validator(mode="after")
    def _value_fits(self) -> Condition:
        if self.op in WITHOUT_VALUE and self.value is not None:
            raise ValueError(f"'{self.op}' takes no value; delete it.")
        if self.op in OF_A_LIST and (not isinstance(self.value, list) or not self.value):
            raise ValueError(f"'{self.op}' takes a list of values.")
        if self.op not in (*WITHOUT_VALUE, *OF_A_LIST) and (
            self.value is None or isinstance(self.value, list)
        ):
            raise ValueError(f"'{self.op}' takes one value.")
        return self

    def meaning(self) -> str:
        """Write the condition so that equal conditions come out equal."""
        if isinstance(self.value, list):
            return f"{self.column} {self.op} {sorted(map(repr, self.value))}"
        if isinstance(self.value, SettingValue):
            return f"{self.column} {self.op} setting {self.value.setting}"
        return f"{self.column} {self.op} {self.value!r}"

    def sentence(self) -> str:
        """Write the condition for a reader: ``kind is test_drive``."""
        if self.value is None:
            return f"{self.column} is {self.op}"
        if isinstance(self.value, SettingValue):
            return (
                f"{self.column} {self.op.replace('_', ' ')} {self.value.setting.replace('_', ' ')}"
            )
        shown = self.value if not isinstance(self.value, list) else ", ".join(map(str, self.value))
        return f"{self.column} {self.op.replace('_', ' ')} {shown}"


def misfit(condition: Condition, column: ResolvedColumn) -> str:
    """Say why a condition does not fit the type of its column; empty when it does."""
    if condition.op in WITHOUT_VALUE:
        return ""
    if condition.op in ORDERED and column.type not in NUMERIC:
        return (
            f"'{condition.column}' is of type {column.type}; '{condition.op}' orders only numbers."
        )
    values = condition.value if isinstance(condition.value, list) else [condition.value]
    for value in values:
        if not _fits(value, column.type):
            shown = "a setting" if isinstance(value, SettingValue) else repr(value)
            return f"'{condition.column}' is of type {column.type}; {shown} can never be its value."
    return ""


def _fits(value: object, kind: str) -> bool:
    if kind == "boolean":
        return isinstance(value, bool)
    if kind in NUMERIC:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, (str, SettingValue)) and kind in ("text", "period")
