"""Scenario files: strict YAML -> `Scenario`, held against its data set, with all faults at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from sandtable.data.catalogue import find_data_set
from sandtable.data.loading import DataSet
from sandtable.data.metadata import StrictModel
from sandtable.documents import Document, ModelT, parse_document, read_document, understand
from sandtable.errors import Fault, InputError
from sandtable.scenario.base import open_data_set
from sandtable.scenario.checking import Checker
from sandtable.scenario.model import Scenario

DEEPEST = 8

Period = Annotated[str | int, Field(union_mode="left_to_right")]
Text = Annotated[str, Field(max_length=2000)]
Name = Annotated[str, Field(min_length=1, max_length=200)]


class Horizon(StrictModel):
    """First and last period to run."""

    first: Annotated[Period, Field(alias="from")]
    last: Annotated[Period | None, Field(alias="to")] = None


class LeverEntry(StrictModel):
    """One item of ``levers:``."""

    lever: Name
    product: Name | None = None
    firm: Name | None = None
    region: Name | None = None
    change: str | int | float | None = None
    value: str | int | float | None = None
    owner: Name | None = None
    first: Annotated[Period | None, Field(alias="from")] = None
    last: Annotated[Period | None, Field(alias="to")] = None


class ScenarioFile(StrictModel):
    """A scenario file as it stands, before its names are known to exist."""

    schema_version: Annotated[Literal[1], Field(alias="schema")]
    title: Name
    question: Text = ""
    author: Text = ""
    data: Name | None = None
    parameters: Name | None = None
    own_firm: Name | None = None
    extends: Name | None = None
    horizon: Horizon | None = None
    levers: Annotated[list[LeverEntry], Field(default_factory=list)]
    rivals: Annotated[dict[str, str], Field(default_factory=dict)]
    not_modelled: Annotated[list[Text], Field(default_factory=list)]


@dataclass(frozen=True)
class _Layer:
    """One file of a chain of ``extends``; `fields` is None when its structure has faults."""

    document: Document
    fields: ScenarioFile | None


def read_scenario(path: Path) -> tuple[Scenario, DataSet]:
    """Read a scenario file and the files it extends, and hold them against their data set.

    Parameters
    ----------
    path : Path
        A ``.yaml`` file.

    Returns
    -------
    scenario : Scenario
    data_set : DataSet
        The data set that it names, loaded.

    Raises
    ------
    InputError
        With all faults of the file and of those it extends.
    """
    return _read(read_document(path), path.parent)


def parse_scenario(raw: bytes, *, file: str) -> tuple[Scenario, DataSet]:
    """Read a scenario from bytes, for instance an uploaded file; it cannot extend another.

    Raises
    ------
    InputError
        With all faults.
    """
    return _read(parse_document(raw, file=file), None)


def _read(document: Document, folder: Path | None) -> tuple[Scenario, DataSet]:
    layers, faults = _layers(document, folder)
    data_set = _data_set(layers)
    scenario = None
    if data_set is not None:
        scenario = _merge(layers, data_set)
    for layer in layers:
        try:
            layer.document.finish()
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError(faults)
    assert scenario is not None
    assert data_set is not None
    return scenario, data_set


def _layers(document: Document, folder: Path | None) -> tuple[list[_Layer], list[Fault]]:
    """Follow ``extends``; the deepest layer first."""
    layers: list[_Layer] = []
    seen: list[Path] = []
    while True:
        fields = understand(document, ScenarioFile)
        layers.insert(0, _Layer(document, fields))
        parent = _extends(document)
        if parent is None:
            return layers, []
        if folder is None:
            document.fault(
                ("extends",),
                "a file opened on its own cannot extend another; run it from its folder.",
            )
            return layers, []
        path = (folder / parent).resolve()
        if path in seen or len(seen) >= DEEPEST:
            document.fault(
                ("extends",), f"'{parent}' leads back to itself or past {DEEPEST} layers."
            )
            return layers, []
        seen.append(path)
        try:
            document = read_document(path, shown_as=str(folder / parent))
        except InputError as error:
            return layers, list(error.faults)
        folder = path.parent


def _extends(document: Document) -> str | None:
    value = document.value.get("extends") if isinstance(document.value, dict) else None
    return value if isinstance(value, str) and value else None


def _data_set(layers: list[_Layer]) -> DataSet | None:
    """Load the data set that the chain names; note a fault where it is missing, unknown or named twice."""
    named = [
        (layer, value)
        for layer in layers
        if isinstance(layer.document.value, dict)
        and isinstance(value := layer.document.value.get("data"), str)
        and value
    ]
    if not named:
        if layers[-1].fields is not None:
            layers[-1].document.fault(("data",), "is missing; name a data set.")
        return None
    first_layer, name = named[0]
    for layer, other in named[1:]:
        if other != name:
            layer.document.fault(
                ("data",), f"is '{other}', but the file it extends uses '{name}'; use one data set."
            )
    try:
        find_data_set(name)
    except InputError as error:
        first_layer.document.fault(("data",), error.faults[0].message)
        return None
    return open_data_set(name)


def _merge(layers: list[_Layer], data_set: DataSet) -> Scenario:
    """Lay the files over each other; what does not hold is noted on its own document."""
    scenario = Scenario(title="", data=data_set.name)
    for layer in layers:
        document = layer.document
        # a file with faults is still checked as far as it can be read, so that one pass shows all of them
        raw = document.value if isinstance(document.value, dict) else {}
        checker = Checker(document, data_set)
        texts = {name: value for name, value in raw.items() if isinstance(value, str) and value}
        checker.check_names(texts.get("parameters"), texts.get("own_firm"))
        horizon = _part(raw.get("horizon"), Horizon)
        rivals = checker.rivals(raw.get("rivals", {}), scenario.rivals)
        scenario = replace(
            scenario,
            title=texts.get("title", ""),
            question=texts.get("question", scenario.question),
            author=texts.get("author", scenario.author),
            parameters=texts.get("parameters", scenario.parameters),
            own_firm=texts.get("own_firm", scenario.own_firm),
            periods=checker.horizon(horizon.first, horizon.last) if horizon else scenario.periods,
            rivals=rivals,
            not_modelled=(
                *scenario.not_modelled,
                *(layer.fields.not_modelled if layer.fields else ()),
            ),
        )
        entries = raw.get("levers")
        for index, item in enumerate(entries if isinstance(entries, list) else []):
            entry = _part(item, LeverEntry)
            if entry is not None:
                move = checker.move(index, entry.model_dump(), scenario)
                scenario = scenario if move is None else scenario.with_lever(move)
    return scenario


def _part(value: object, model: type[ModelT]) -> ModelT | None:
    try:
        return model.model_validate(value)
    except ValidationError:
        return None
