"""What the market model is calibrated on, as data (`feeds.yaml`): each input, its column, its grain."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from sandtable.data.metadata import BilingualText, Code, StrictModel
from sandtable.documents import Document, read_document, understand
from sandtable.errors import did_you_mean
from sandtable.indicators.roots import Unit
from sandtable.indicators.tables import Dimension

FILE = Path(__file__).parent / "feeds.yaml"
ModelPart: TypeAlias = Literal["level", "demand", "conversion", "media_response"]
InputName: TypeAlias = Annotated[str, Field(pattern=r"^sandtable\.[a-z_]+$")]


class ModelInput(StrictModel):
    """One number that the market model reads.

    Attributes
    ----------
    part : str
        Part of the model that it drives.
    table, column : str
        Where the model reads it; the indicator takes the place of that column.
    by : list of Dimension
        Grain: together they are the key of the table.
    unless_zero : str, optional
        A column of the table; where it is zero, the indicator may have no figure.
    """

    part: ModelPart
    label: BilingualText
    unit: Unit
    table: Code
    column: Code
    by: Annotated[list[Dimension], Field(min_length=1)]
    unless_zero: Code | None = None


class InputsFile(StrictModel):
    """All of `feeds.yaml`."""

    schema_version: Annotated[int, Field(alias="schema", ge=1, le=1)]
    inputs: dict[InputName, ModelInput]


@lru_cache(maxsize=1)
def model_inputs() -> Mapping[str, ModelInput]:
    """Return every input of the model, in the order of the file."""
    document = read_document(FILE, shown_as="indicators/feeds.yaml")
    file = understand(document, InputsFile)
    document.finish()
    assert file is not None
    return file.inputs


def note_feed_faults(documents: Mapping[str, Document], feeds: Mapping[str, Feeding]) -> None:
    """Note what is wrong with what definitions feed, each at its own place."""
    inputs = model_inputs()
    feeders: dict[str, list[str]] = {}
    for code, (names, dimensions, unit) in feeds.items():
        for index, name in enumerate(names):
            here = ("feeds", index)
            if name not in inputs:
                hint = did_you_mean(name, inputs)
                documents[code].fault(here, f"the model has no input '{name}'{hint}")
                continue
            feeders.setdefault(name, []).append(code)
            item = inputs[name]
            missing = [one for one in item.by if one not in dimensions]
            if missing:
                documents[code].fault(
                    here,
                    f"the model reads '{name}' by {', '.join(item.by)}, and the indicator is not defined by "
                    f"{', '.join(missing)}; add the dimension, or feed it from another indicator.",
                )
            if unit != item.unit:
                documents[code].fault(
                    here, f"the input '{name}' is of the unit {item.unit}, the indicator of {unit}."
                )
    for name, codes in feeders.items():
        for code in codes if len(codes) > 1 else ():
            others = ", ".join(f"'{other}'" for other in codes if other != code)
            names = feeds[code][0]
            documents[code].fault(
                ("feeds", names.index(name)),
                f"{others} feeds '{name}' as well; let one indicator feed an input, and take the line "
                "out of the other.",
            )


Feeding: TypeAlias = tuple[list[str], list[Dimension], Unit]
