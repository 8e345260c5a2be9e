"""Plain values held against pydantic models; each misfit a sentence at its own place."""

from __future__ import annotations

from collections.abc import Sequence
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from sandtable.documents.parsing import Document, Place
from sandtable.errors import did_you_mean

ModelT = TypeVar("ModelT", bound=BaseModel)

SENTENCES = {
    "missing": "is missing; it must be given.",
    "string_type": "must be text, not {input}.",
    "int_type": "must be a whole number, not {input}.",
    "int_parsing": "must be a whole number, not {input}.",
    "int_from_float": "must be a whole number, not {input}.",
    "float_type": "must be a number, not {input}.",
    "float_parsing": "must be a number, not {input}.",
    "finite_number": "must be a finite number, not {input}.",
    "bool_type": "must be true or false, not {input}.",
    "list_type": "must be a list, not {input}.",
    "tuple_type": "must be a list, not {input}.",
    "dict_type": "must be a mapping of names to values, not {input}.",
    "model_type": "must be a mapping of names to values, not {input}.",
    "model_attributes_type": "must be a mapping of names to values, not {input}.",
    "literal_error": "must be {expected}, not {input}.",
    "string_too_short": "must not be empty.",
    "string_too_long": "is longer than {max_length} characters; shorten it.",
    "string_pattern_mismatch": "does not have the expected form ({pattern}): {input}.",
    "too_short": "must hold at least {min_length} item(s).",
    "too_long": "must hold at most {max_length} item(s).",
    "greater_than": "must be above {gt}, not {input}.",
    "greater_than_equal": "must be at least {ge}, not {input}.",
    "less_than": "must be below {lt}, not {input}.",
    "less_than_equal": "must be at most {le}, not {input}.",
}


def understand(document: Document, model: type[ModelT], *, place: Place = ()) -> ModelT | None:
    """Hold a document (or a part of it) against a pydantic model; note each fault as a sentence.

    Parameters
    ----------
    document : Document
        Read by `read_document`.
    model : type
        A pydantic model with ``extra="forbid"``.
    place : tuple
        The part of the document to understand; empty for all of it.

    Returns
    -------
    model or None
        None when faults were noted; `Document.finish` raises them.
    """
    value = document.value
    for step in place:
        value = value[step]
    if not isinstance(value, dict):
        shown = "empty" if value is None else f"{_shown(value)}"
        document.fault(place, f"must be a mapping of names to values, but is {shown}.")
        return None
    try:
        return model.model_validate(value)
    except ValidationError as error:
        for item in error.errors():
            _note(document, model, place, dict(item))
        return None


def _note(document: Document, model: type[BaseModel], place: Place, item: dict[str, Any]) -> None:
    location = _walk(document, (*place, *item["loc"]))
    context = item.get("ctx", {})
    if item["type"] == "extra_forbidden":
        name = str(location[-1])
        known = _fields(model, item["loc"][:-1])
        document.fault(location, f"unknown field '{name}'{did_you_mean(name, known)}")
        return
    if item["type"] == "value_error":
        document.fault(location, str(context.get("error", item["msg"])))
        return
    template = SENTENCES.get(item["type"], f"{item['msg']}.")
    slots = {**context, "input": _shown(item["input"])}
    document.fault(location, template.format_map(slots))


def _walk(document: Document, location: Sequence[str | int]) -> Place:
    """Drop the steps that pydantic adds for unions; keep those that exist in the document."""
    place: Place = ()
    value = document.value
    for index, step in enumerate(location):
        inside = (isinstance(value, dict) and step in value) or (
            isinstance(value, list) and isinstance(step, int) and step < len(value)
        )
        if inside:
            value = value[step]
            place = (*place, step)
        elif index == len(location) - 1 and isinstance(value, dict):
            place = (*place, step)
    return place


def _fields(model: type[BaseModel], location: Sequence[str | int]) -> list[str]:
    kind: Any = model
    for step in location:
        candidates = _models(kind)
        if isinstance(step, int):
            continue
        kind = next(
            (m.model_fields[step].annotation for m in candidates if step in m.model_fields), kind
        )
    names: list[str] = []
    for candidate in _models(kind):
        names += [info.alias or name for name, info in candidate.model_fields.items()]
    return list(dict.fromkeys(names))


def _models(kind: Any) -> list[type[BaseModel]]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return [kind]
    if get_origin(kind) in (Union, UnionType, list, tuple, dict) or get_args(kind):
        return [model for part in get_args(kind) for model in _models(part)]
    return []


def _shown(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
