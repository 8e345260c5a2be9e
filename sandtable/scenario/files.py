"""Scenario files: strict YAML -> `Scenario`, held against its data set, with all faults at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError

from sandtable.data.catalogue import data_set_names, find_data_set
from sandtable.data.loading import DataSet
from sandtable.data.metadata import StrictModel
from sandtable.documents import Document, ModelT, parse_document, read_document, understand
from sandtable.errors import Fault, InputError, did_you_mean
from sandtable.scenario.base import open_data_set
from sandtable.scenario.checking import Checker
from sandtable.scenario.model import Scenario
from sandtable.scenario.supplying import read_assumptions

DEEPEST = 8
CHECKED_AGAIN = ("horizon", "own_firm")  # what a file may change under the levers that it inherits


def _amount(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError("must be an amount such as -5 % or 255,400.")
    return value


def _period(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise ValueError("must be a period such as 2026-06 or 1990.")
    return value


# One sentence, where a union of types would give one for each of its members.
Amount = Annotated[str | int | float, BeforeValidator(_amount)]
Period = Annotated[str | int, BeforeValidator(_period)]
Text = Annotated[str, Field(max_length=2000)]
Name = Annotated[str, Field(min_length=1, max_length=200)]


class Horizon(StrictModel):
    """Periods to run: from one to another, or so many."""

    first: Annotated[Period, Field(alias="from")]
    last: Annotated[Period | None, Field(alias="to")] = None
    periods: Annotated[int, Field(ge=1)] | None = None


class LeverEntry(StrictModel):
    """One item of ``levers:``."""

    lever: Name
    product: Name | None = None
    firm: Name | None = None
    region: Name | None = None
    change: Amount | None = None
    value: Amount | None = None
    owner: Name | None = None
    channel: Name | None = None
    stage: Name | None = None
    dealer: Name | None = None
    powertrain: Name | None = None
    characteristic: Name | None = None
    like: Name | list[Name] | None = None
    characteristics: dict[str, str | int | float] | None = None
    terms: dict[str, str | int | float] | None = None
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
    rivals: Annotated[dict[str, Any], Field(default_factory=dict)]  # held against the firms later
    supply: Annotated[dict[str, Any], Field(default_factory=dict)]
    backlog: Annotated[dict[str, Any], Field(default_factory=dict)]
    not_modelled: Annotated[list[Text], Field(default_factory=list)]


@dataclass(frozen=True)
class _Layer:
    """One file of a chain of ``extends``; `fields` is None when its structure has faults."""

    document: Document
    fields: ScenarioFile | None


def read_scenario(path: Path, folders: Sequence[Path] = ()) -> tuple[Scenario, DataSet]:
    """Read a scenario file and the files it extends, and hold them against their data set.

    Parameters
    ----------
    path : Path
        A ``.yaml`` file.
    folders : sequence of Path
        Further folders of indicators that the market stands on.

    Returns
    -------
    scenario : Scenario
    data_set : DataSet
        The data set that it names, loaded and fed from its indicators.

    Raises
    ------
    InputError
        With all faults of the file and of those it extends.
    """
    return _read(read_document(path), path, tuple(folders))


def parse_scenario(raw: bytes, *, file: str) -> tuple[Scenario, DataSet]:
    """Read a scenario from bytes, for instance an uploaded file; it cannot extend another.

    Raises
    ------
    InputError
        With all faults.
    """
    return _read(parse_document(raw, file=file), None)


def _read(
    document: Document, path: Path | None, folders: tuple[Path, ...] = ()
) -> tuple[Scenario, DataSet]:
    layers, faults = _layers(document, path)
    data_set = _data_set(layers, folders)
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


def _layers(document: Document, path: Path | None) -> tuple[list[_Layer], list[Fault]]:
    """Follow ``extends``; the deepest layer first, and the faults of a file that cannot be read."""
    layers: list[_Layer] = []
    seen: list[Path] = []
    while True:
        fields = understand(document, ScenarioFile)
        layers.insert(0, _Layer(document, fields))
        parent = _extends(document)
        if parent is None:
            return layers, []
        if path is None:
            document.fault(
                ("extends",),
                "a file opened on its own cannot extend another; run it from its folder.",
            )
            return layers, []
        seen.append(path.resolve())
        path = path.parent / parent
        refusal = _refusal(path, seen)
        if refusal:
            document.fault(("extends",), refusal)
            return layers, []
        try:
            document = read_document(path)
        except InputError as error:
            return layers, list(error.faults)


def _refusal(path: Path, seen: list[Path]) -> str | None:
    """Say why a file cannot be extended; None when it can."""
    if not path.is_file():
        beside = sorted(item.name for item in path.parent.glob("*.yaml"))
        return f"there is no file '{path.name}' in {path.parent}{did_you_mean(path.name, beside)}"
    if path.resolve() in seen:
        return f"'{path.name}' is itself built on this file; a file cannot extend itself."
    if len(seen) >= DEEPEST:
        return f"more than {DEEPEST} files extend each other; write the levers into one of them."
    return None


def _extends(document: Document) -> str | None:
    value = document.value.get("extends") if isinstance(document.value, dict) else None
    return value if isinstance(value, str) and value else None


def _data_set(layers: list[_Layer], folders: tuple[Path, ...]) -> DataSet | None:
    """Load the data set that the chain names; note a fault where it is missing, unknown or named twice."""
    named = [
        (layer, value)
        for layer in layers
        if isinstance(layer.document.value, dict)
        and isinstance(value := layer.document.value.get("data"), str)
        and value
    ]
    if not named:
        top = layers[-1].document
        given = isinstance(top.value, dict) and top.value.get("data") is not None
        # where the chain of files is broken, the missing one may name it
        if isinstance(top.value, dict) and not given and _extends(layers[0].document) is None:
            known = ", ".join(data_set_names())
            top.fault(("data",), f"is missing; name a data set ({known}).")
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
    return open_data_set(name, folders)


def _merge(layers: list[_Layer], data_set: DataSet) -> Scenario:
    """Lay the files over each other; what does not hold is noted on its own document."""
    scenario = Scenario(title="", data=data_set.name)
    for layer in layers:
        document = layer.document
        # a file with faults is still checked as far as it can be read, so that one pass shows all of them
        raw = document.value if isinstance(document.value, dict) else {}
        checker = Checker(document, data_set)
        texts = {name: value for name, value in raw.items() if isinstance(value, str) and value}
        own_firm = checker.own_firm(texts.get("own_firm"))
        checker.check_parameters(texts.get("parameters"))
        rivals = checker.rivals(raw.get("rivals", {}), scenario.rivals)
        scenario = replace(
            scenario,
            title=texts.get("title", ""),
            question=texts.get("question", scenario.question),
            author=texts.get("author", scenario.author),
            parameters=texts.get("parameters", scenario.parameters),
            own_firm=own_firm or scenario.own_firm,
            periods=_horizon(raw.get("horizon"), checker) or scenario.periods,
            rivals=rivals,
            supply=read_assumptions(document, "supply", raw.get("supply"), scenario.supply),
            backlog=read_assumptions(document, "backlog", raw.get("backlog"), scenario.backlog),
            not_modelled=(
                *scenario.not_modelled,
                *(layer.fields.not_modelled if layer.fields else ()),
            ),
        )
        checker.check_inherited(scenario, [name for name in CHECKED_AGAIN if name in raw])
        entries = raw.get("levers")
        for index, item in enumerate(entries if isinstance(entries, list) else []):
            entry = _part(item, LeverEntry)
            if entry is None:
                checker.check_given(index, item if isinstance(item, dict) else {})
            else:
                move = checker.move(index, entry.model_dump(), scenario)
                scenario = scenario if move is None else scenario.with_lever(move)
    return scenario


def _horizon(value: object, checker: Checker) -> tuple[str, ...]:
    if value is None:
        return ()
    horizon = _part(value, Horizon)
    # what is wrong with the horizon must not look like faults of the levers
    return (
        checker.horizon(horizon.first, horizon.last, horizon.periods)
        if horizon
        else checker.known.periods
    )


def _part(value: object, model: type[ModelT]) -> ModelT | None:
    try:
        return model.model_validate(value)
    except ValidationError:
        return None
