"""Strict YAML 1.2: text -> plain values, with the line of each, and every fault at once.

Refused: duplicate keys, anchors and aliases (the "billion laughs"), tags, directives, several
documents in one file, keys that are not text, more than 40 levels, more than one megabyte, anything
but UTF-8.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from sandtable.errors import Fault, InputError, did_you_mean

MAXIMUM_BYTES = 1_000_000
MAXIMUM_DEPTH = 40

Place = tuple[str | int, ...]
ModelT = TypeVar("ModelT", bound=BaseModel)


def place_text(place: Place) -> str:
    """Write a place as a user reads it: ``levers[0].product``."""
    text = ""
    for step in place:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text


@dataclass
class Document:
    """One YAML file, read and not yet understood.

    Attributes
    ----------
    file : str
        The name shown in faults.
    value : Any
        Mappings, sequences, text, numbers, booleans, None.
    lines : dict
        Line (from 1) of each place, for the order of the faults.
    faults : dict with keys (Place, str)
        What was found wrong so far, each once; `finish` raises them all, in file order.
    sha256 : str
        Hash of the text as it was read.
    """

    file: str
    value: Any
    lines: dict[Place, int]
    sha256: str
    faults: dict[tuple[Place, str], None] = field(default_factory=dict)

    def fault(self, place: Place, message: str) -> None:
        """Note a fault at a place."""
        self.faults[(place, message)] = None

    def finish(self) -> None:
        """Raise all noted faults as one `InputError`, in file order; do nothing when there are none."""
        if self.faults:
            ordered = sorted(self.faults, key=lambda item: self._line(item[0]))
            raise InputError(Fault(self.file, place_text(place), text) for place, text in ordered)

    def _line(self, place: Place) -> int:
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 0)


def read_document(path: Path, *, shown_as: str | None = None) -> Document:
    """Read one YAML file strictly.

    Raises
    ------
    InputError
        If the file cannot be read or is not strict YAML.
    """
    name = shown_as or str(path)
    try:
        if path.stat().st_size > MAXIMUM_BYTES:
            raise InputError([_fault(name, "is larger than 1 MB; such a file should be a few kB.")])
        raw = path.read_bytes()
    except FileNotFoundError:
        raise InputError([_fault(name, "no such file; check the path.")]) from None
    except OSError as error:
        raise InputError([_fault(name, f"cannot be read ({error.strerror}).")]) from error
    return parse_document(raw, file=name)


def parse_document(raw: bytes, *, file: str) -> Document:
    """Parse strict YAML from bytes; see the module's first lines for what is refused.

    Parameters
    ----------
    raw : bytes
        UTF-8, with or without a byte order mark.
    file : str
        The name shown in faults.

    Raises
    ------
    InputError
        With every structural fault that the parser can tell apart.
    """
    if len(raw) > MAXIMUM_BYTES:
        raise InputError([_fault(file, "is larger than 1 MB; such a file should be a few kB.")])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            [_fault(file, f"is not UTF-8 (byte {error.start}); save it as UTF-8.")]
        ) from None
    yaml = YAML(typ="safe", pure=True)
    try:
        _refuse_unsafe(yaml, text, file)
        documents = list(yaml.compose_all(text))
    except InputError:
        raise
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        what = str(error.problem or error.context or "cannot be parsed")
        raise InputError([Fault(file, where, f"not valid YAML: {what}.")]) from None
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        what = f"the sign U+{ord(text[error.position]):04X} is not allowed; delete it."
        raise InputError([Fault(file, f"line {line}", what)]) from None
    except (YAMLError, ValueError, RecursionError) as error:
        raise InputError([_fault(file, f"not valid YAML: {error}")]) from None
    if len(documents) > 1:
        raise InputError([_fault(file, "holds several YAML documents; keep one per file.")])
    document = Document(file, None, {}, hashlib.sha256(raw).hexdigest())
    if documents and documents[0] is not None:
        document.value = _value(documents[0], (), document)
    document.finish()
    return document


def _fault(file: str, message: str) -> Fault:
    return Fault(file, "", message)


def _refuse_unsafe(yaml: YAML, text: str, file: str) -> None:
    faults = []
    depth = 0
    for event in yaml.parse(text):
        kind = type(event).__name__
        depth += kind in ("MappingStartEvent", "SequenceStartEvent")
        depth -= kind in ("MappingEndEvent", "SequenceEndEvent")
        line = f"line {event.start_mark.line + 1}"
        if depth > MAXIMUM_DEPTH:
            raise InputError([Fault(file, line, f"nested deeper than {MAXIMUM_DEPTH} levels.")])
        if getattr(event, "anchor", None):
            faults.append(
                Fault(file, line, "anchors (&) and aliases (*) are not allowed; write it out.")
            )
        tag = getattr(event, "tag", None)
        if tag:
            faults.append(Fault(file, line, f"tags ({tag}) are not allowed; write plain values."))
        if getattr(event, "version", None) or getattr(event, "tags", None):
            # %YAML 1.1 would turn `no` into false and 010 into 8.
            faults.append(Fault(file, line, "directives (%) are not allowed; delete the line."))
        if any("\ud800" <= sign <= "\udfff" for sign in getattr(event, "value", None) or ""):
            faults.append(Fault(file, line, "holds half a sign (\\ud800 to \\udfff); delete it."))
    if faults:
        raise InputError(faults)


def _value(node: Node, place: Place, document: Document) -> Any:
    document.lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, ScalarNode):
        return _scalar(node)
    if isinstance(node, SequenceNode):
        return [_value(item, (*place, index), document) for index, item in enumerate(node.value)]
    assert isinstance(node, MappingNode)
    values: dict[str, Any] = {}
    for key_node, item in node.value:
        key = key_node.value
        line = f"(line {key_node.start_mark.line + 1})"
        if not isinstance(key_node, ScalarNode):
            document.fault(place, f"a key must be text {line}.")
            continue
        here = (*place, str(key))
        if key in values:
            document.fault(here, f"the key '{key}' stands twice {line}; keep one of them.")
            continue
        document.lines[here] = key_node.start_mark.line + 1
        values[str(key)] = _value(item, here, document)
    return values


def _scalar(node: ScalarNode) -> Any:
    tag, text = str(node.tag).rsplit(":", 1)[-1], node.value
    if tag == "null":
        return None
    if tag == "bool":
        return text.lower() == "true"
    if tag in ("int", "float"):
        try:
            return _whole(text) if tag == "int" else _decimal(text)
        except ValueError:  # what YAML 1.2 does not count among the numbers, such as 0b11
            return text
    return text


def _whole(text: str) -> int:
    based = text.lower().startswith(("0x", "0o"))
    return int(text.replace("_", ""), 0) if based else int(text)


def _decimal(text: str) -> float:
    return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))


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
