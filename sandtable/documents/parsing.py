"""Strict YAML 1.2: text -> plain values, with the line of each, and every fault at once.

Refused: duplicate keys, anchors and aliases (the "billion laughs"), tags, directives, several
documents in one file, keys that are not text, more than 40 levels, more than one megabyte, anything
but UTF-8.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from sandtable.documents.tokens import plain_tag, quick_yaml
from sandtable.errors import Fault, InputError

MAXIMUM_BYTES = 1_000_000
MAXIMUM_DEPTH = 40

Place = tuple[str | int, ...]


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
    document = Document(file, None, {}, hashlib.sha256(raw).hexdigest())
    events = _events(text, file)
    if len(events.starts) > 1:
        raise InputError([_fault(file, "holds several YAML documents; keep one per file.")])
    if events.starts:
        builder = _Builder(events.found, document)
        document.value = builder.value(events.starts[0] + 1, ())
    document.finish()
    return document


def _fault(file: str, message: str) -> Fault:
    return Fault(file, "", message)


@dataclass(frozen=True)
class _Events:
    """What the parser met, and the places of the starts of documents in it."""

    found: list[Any]
    starts: list[int]


def _events(text: str, file: str) -> _Events:
    """Parse once, from tokens read ahead; say what is wrong as the plain parser does, which meets it in file order."""
    try:
        return _safe_events(quick_yaml(), text, file)
    except YAMLError:
        pass
    try:
        return _safe_events(YAML(typ="safe", pure=True), text, file)
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


def _safe_events(yaml: YAML, text: str, file: str) -> _Events:
    faults: list[Fault] = []
    found: list[Any] = []
    starts: list[int] = []
    depth = 0
    for event in yaml.parse(text):
        kind = type(event)
        if kind in _OPENING:
            depth += 1
            if depth > MAXIMUM_DEPTH:
                place = f"line {event.start_mark.line + 1}"
                raise InputError(
                    [Fault(file, place, f"nested deeper than {MAXIMUM_DEPTH} levels.")]
                )
        elif kind in _CLOSING:
            depth -= 1
        elif kind is DocumentStartEvent:
            starts.append(len(found))
        faults += _unsafe(event, file)
        found.append(event)
    if faults:
        raise InputError(faults)
    return _Events(found, starts)


def _unsafe(event: Any, file: str) -> list[Fault]:
    faults = []
    line = f"line {event.start_mark.line + 1}"
    if getattr(event, "anchor", None):
        said = "anchors (&) and aliases (*) are not allowed; write it out."
        faults.append(Fault(file, line, said))
    tag = getattr(event, "tag", None)
    if tag:
        faults.append(Fault(file, line, f"tags ({tag}) are not allowed; write plain values."))
    if getattr(event, "version", None) or getattr(event, "tags", None):
        # %YAML 1.1 would turn `no` into false and 010 into 8.
        faults.append(Fault(file, line, "directives (%) are not allowed; delete the line."))
    value = getattr(event, "value", None)
    if value and not value.isascii() and any("\ud800" <= sign <= "\udfff" for sign in value):
        faults.append(Fault(file, line, "holds half a sign (\\ud800 to \\udfff); delete it."))
    return faults


_OPENING = (MappingStartEvent, SequenceStartEvent)
_CLOSING = (MappingEndEvent, SequenceEndEvent)


class _Builder:
    """Plain values from events, noting lines and faults in a document."""

    def __init__(self, events: list[Any], document: Document) -> None:
        self.events = events
        self.document = document
        self.next = 0

    def value(self, start: int, place: Place) -> Any:
        """Return the value that begins at an event; `next` stands behind it."""
        event = self.events[start]
        self.next = start + 1
        self.document.lines.setdefault(place, event.start_mark.line + 1)
        if isinstance(event, ScalarEvent):
            return _scalar(event)
        if isinstance(event, SequenceStartEvent):
            items: list[Any] = []
            while not isinstance(self.events[self.next], SequenceEndEvent):
                items.append(self.value(self.next, (*place, len(items))))
            self.next += 1
            return items
        return self._mapping(place)

    def _mapping(self, place: Place) -> dict[str, Any]:
        values: dict[str, Any] = {}
        document = self.document
        while not isinstance(self.events[self.next], MappingEndEvent):
            key = self.events[self.next]
            line = key.start_mark.line + 1
            if not isinstance(key, ScalarEvent):
                document.fault(place, f"a key must be text (line {line}).")
                self._skip(2)
                continue
            here = (*place, key.value)
            if key.value in values:
                said = f"the key '{key.value}' stands twice (line {line}); keep one of them."
                document.fault(here, said)
                self._skip(2)
                continue
            document.lines[here] = line
            values[key.value] = self.value(self.next + 1, here)
        self.next += 1
        return values

    def _skip(self, count: int) -> None:
        for _ in range(count):
            depth = 0
            while True:
                depth += isinstance(self.events[self.next], _OPENING)
                depth -= isinstance(self.events[self.next], _CLOSING)
                self.next += 1
                if depth == 0:
                    break


def _scalar(event: ScalarEvent) -> Any:
    text = event.value
    tag = plain_tag(text) if event.implicit[0] else "str"
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
