"""An explanation: a number on the screen, followed down to the columns of the files; plain data."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeAlias

import pandas as pd

Side: TypeAlias = Literal["source", "baseline", "scenario"]


@dataclass(frozen=True)
class Named:
    """A text in both languages."""

    en: str
    zh: str


@dataclass(frozen=True)
class Defined:
    """The definition behind a figure.

    Attributes
    ----------
    file : str
        The file of the layer it was read from.
    replaces : str or None
        The file whose definition this one stands in place of.
    """

    code: str
    label: Named
    definition: Named
    kind: str
    unit: str
    formula: str | None
    status: str
    version: int
    definition_hash: str
    file: str
    replaces: str | None


@dataclass(frozen=True)
class Leaf:
    """What is counted, and in which rows.

    Attributes
    ----------
    says : str
        Such as ``sum of units * net_price of sales where product.firm is own firm``.
    table : str
    columns : tuple of str
        ``table.column`` of every column that is read.
    fed_by : tuple of str
        Inputs of the model that the baseline of these columns was calibrated on.
    file : str or None
        The file of the data set that holds the table; None where only a result holds it.
    source_rows : int or None
        Rows of that file under these conditions, in the periods and regions of the figure; None where there are none
        to count: a coming period, or a table that only a result holds.
    result_rows : int
        Rows of the result that the figure of the scenario counts.
    """

    says: str
    table: str
    columns: tuple[str, ...]
    fed_by: tuple[str, ...]
    file: str | None
    source_rows: int | None
    result_rows: int


@dataclass(frozen=True)
class Part:
    """One node of the formula: a definition, its figures on both sides, and what it is made of.

    Attributes
    ----------
    baseline, scenario : float or None
        None where unknown.
    parts : tuple of Part
        What a formula is made of; empty for a figure that is counted from rows.
    leaf : Leaf or None
        What is counted, for an atomic or a derived definition.
    base : Defined or None
        The definition that a derived one narrows.
    """

    defined: Defined
    baseline: float | None
    scenario: float | None
    parts: tuple[Part, ...] = ()
    leaf: Leaf | None = None
    base: Defined | None = None


@dataclass(frozen=True)
class Calibrated:
    """One input that the market was calibrated on.

    Attributes
    ----------
    column : str
        ``table.column`` of the data set that the indicator stands in.
    by : tuple of str
        Grain at which it was computed.
    changed_rows : int
        Rows where the indicator differs from the column as it stands in the file.
    kept_rows : int
        Rows without a figure, where the column of the file stands: nothing was sold there.
    columns : tuple of str
        ``table.column`` that the indicator reads.
    parts_replaced : tuple of str
        Sentences on every definition of it that a later layer put in place of an earlier one.
    """

    input: str
    label: Named
    part: str
    column: str
    by: tuple[str, ...]
    defined: Defined
    rows: int
    changed_rows: int
    kept_rows: int
    columns: tuple[str, ...]
    file: str
    parts_replaced: tuple[str, ...]


@dataclass(frozen=True)
class Explanation:
    """The way of one number from the screen to the source.

    Attributes
    ----------
    kpi : str
        Name of a figure of `Totals`.
    periods, regions : tuple of str
        What it adds up.
    data_set : str
        Name of the data set.
    observed : bool
        Whether all periods were observed; else the baseline is a projection.
    calibrated : tuple of Calibrated
        What the market was calibrated on.
    unfed : tuple of str
        Sentences on inputs that no indicator feeds.
    sentences : tuple of str
        The same as English sentences, from the screen to the source.
    """

    kpi: str
    label: Named
    firm: str
    data_set: str
    periods: tuple[str, ...]
    regions: tuple[str, ...]
    observed: bool
    baseline: float | None
    scenario: float | None
    money_unit: str
    indicator: Part
    calibrated: tuple[Calibrated, ...]
    unfed: tuple[str, ...] = ()
    sentences: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the explanation as plain values, for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class SourceRows:
    """Rows behind one leaf of a figure.

    Attributes
    ----------
    leaf : str
        Code of the indicator that counts them.
    side : str
        ``source``: rows of the data set's file; ``baseline`` and ``scenario``: rows of the result.
    place : str
        The file, or ``result of the scenario``.
    count : int
        How many there are.
    rows : DataFrame
        The first of them, whole rows in the order of the key.
    """

    leaf: str
    table: str
    side: Side
    place: str
    count: int
    rows: pd.DataFrame = field(compare=False)
