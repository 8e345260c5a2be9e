"""The dictionary of indicators: definitions, words and tables of all layers, checked as one."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from sandtable.documents import Document, Place, read_document, understand
from sandtable.errors import Fault, InputError, did_you_mean
from sandtable.indicators.checking import note_definition_faults
from sandtable.indicators.definition import Definition
from sandtable.indicators.formulas import Formula, Name, parse_formula, substituted
from sandtable.indicators.leaf import Leaf, resolve_leaf
from sandtable.indicators.roots import Token, understand_roots
from sandtable.indicators.tables import IndicatorTable, note_table_faults, understand_tables

PACKAGE_FOLDER = Path(__file__).parent
ROOTS_FILE, TABLES_FILE, DEFINITIONS = "roots.yaml", "tables.yaml", "definitions"
LAYER_FOLDER = "indicators"
FOLDERS_VARIABLE = "SANDTABLE_INDICATORS"


@dataclass(frozen=True)
class Conflict:
    """A name that a later layer took from an earlier one."""

    kind: str
    name: str
    earlier: str
    later: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}: {self.later} stands in place of {self.earlier}."


@dataclass(frozen=True)
class Catalogue:
    """All indicators of one set of layers.

    Attributes
    ----------
    definitions : mapping of str to Definition
        By code, in order of code.
    roots : mapping of str to Token
    tables : mapping of str to IndicatorTable
    files : mapping of str to str
        The file that each code was read from.
    conflicts : tuple of Conflict
        What later layers replaced.
    """

    definitions: Mapping[str, Definition]
    roots: Mapping[str, Token]
    tables: Mapping[str, IndicatorTable]
    files: Mapping[str, str]
    conflicts: tuple[Conflict, ...]

    def definition(self, code: str, *, place: str = "code") -> Definition:
        """Return one definition.

        Raises
        ------
        InputError
            If no indicator has this code.
        """
        if code not in self.definitions:
            hint = did_you_mean(code, self.definitions)
            raise InputError([Fault("indicators", place, f"no indicator is called '{code}'{hint}")])
        return self.definitions[code]

    @cached_property
    def sha256(self) -> str:
        """Hash of what all figures mean: definitions, words and tables; not of labels and approvals."""
        parts = [f"{code} {item.definition_hash}" for code, item in self.definitions.items()]
        parts += [token.model_dump_json() for token in self.roots.values()]
        parts += [f"{name} {table.model_dump_json()}" for name, table in self.tables.items()]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    @cached_property
    def identity(self) -> str:
        """Hash of all that the dictionary says, with labels, approvals and files."""
        parts = [self.sha256, *map(str, self.conflicts)]
        parts += [
            f"{self.files[code]} {item.model_dump_json()}"
            for code, item in self.definitions.items()
        ]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def replaced(self, code: str) -> tuple[str, ...]:
        """Say which definitions of an indicator and its parts a later layer put in place of an earlier one."""
        from sandtable.indicators.lineage import lineage

        names = {code, *(name for parts in lineage(self, code).parts.values() for name in parts)}
        return tuple(
            f"{one.later} stands in place of {one.earlier}."
            for one in self.conflicts
            if one.kind == "indicator" and one.name in names
        )

    @property
    def headlines(self) -> tuple[str, ...]:
        """Codes of the indicators that people read, in order of code."""
        return tuple(code for code, item in self.definitions.items() if item.role == "headline")

    def formula(self, code: str) -> Formula:
        """Return an indicator as a formula over its leaves; a leaf is its own formula."""
        definition = self.definition(code)
        if definition.formula is None:
            return Name(code)
        return substituted(parse_formula(definition.formula), self.formula)

    def leaf(self, code: str) -> Leaf:
        """Return an atomic or derived indicator as what is aggregated from rows."""
        return resolve_leaf(code, dict(self.definitions), self.roots)

    def used_by(self, code: str) -> tuple[str, ...]:
        """Return the indicators that read this one, directly or through others."""
        from sandtable.indicators.lineage import direct_parts

        found: list[str] = []
        for other, definition in self.definitions.items():
            parts = direct_parts(definition)
            if code in parts:
                found += [other, *self.used_by(other)]
        return tuple(sorted(set(found)))


def catalogue(data_set: str | Path | None = None, folders: Sequence[str | Path] = ()) -> Catalogue:
    """Load the indicators: those of the package, of a data set, and of further folders, later ones winning.

    Parameters
    ----------
    data_set : str or Path, optional
        Name or folder of a data set; its folder ``indicators/`` is the second layer.
    folders : sequence of path
        Further layers, such as a company's own; those that the environment variable SANDTABLE_INDICATORS names
        (separated as in PATH) stand before them.

    Raises
    ------
    InputError
        With every fault of every file.
    """
    layers = [PACKAGE_FOLDER]
    if data_set is not None:
        from sandtable.data.catalogue import find_data_set

        own = find_data_set(data_set) / LAYER_FOLDER
        layers += [own] if own.is_dir() else []
    for folder in (*company_folders(), *folders):
        if not Path(folder).is_dir():
            raise InputError([Fault(str(folder), "", "no such folder; check the path.")])
        layers.append(Path(folder))
    return _loaded(tuple(layers), _state(layers))


def company_folders() -> tuple[Path, ...]:
    """Return the folders of definitions that the environment names."""
    named = os.environ.get(FOLDERS_VARIABLE, "").split(os.pathsep)
    return tuple(Path(folder) for folder in named if folder)


def _state(layers: Sequence[Path]) -> tuple[tuple[str, int, int], ...]:
    """Return what must be unchanged for a loaded catalogue to be still the one on disk."""
    paths = [path for layer in layers for path in _definition_files(layer)]
    paths += [layer / name for layer in layers for name in (ROOTS_FILE, TABLES_FILE)]
    stats = [(path, path.stat()) for path in paths if path.is_file()]
    return tuple((str(path), stat.st_mtime_ns, stat.st_size) for path, stat in stats)


@lru_cache(maxsize=8)
def _loaded(layers: tuple[Path, ...], _: tuple[tuple[str, int, int], ...]) -> Catalogue:
    return load_layers(layers)


def _definition_files(layer: Path) -> list[Path]:
    return sorted((layer / DEFINITIONS).glob("*.yaml"))


class _Reading:
    """What is gathered while the layers are read."""

    def __init__(self) -> None:
        self.documents: list[Document] = []
        self.unread: list[Fault] = []
        self.definitions: dict[str, Definition] = {}
        self.roots: dict[str, Token] = {}
        self.tables: dict[str, IndicatorTable] = {}
        self.places: dict[tuple[str, str], tuple[Document, Place]] = {}
        self.broken: set[str] = set()
        self.conflicts: list[Conflict] = []

    def read(self, path: Path, shown: str) -> Document | None:
        try:
            document = read_document(path, shown_as=shown)
        except InputError as error:
            self.unread += error.faults
            return None
        self.documents.append(document)
        return document

    def place(self, kind: str, name: str, document: Document, place: Place) -> None:
        earlier = self.places.get((kind, name))
        if earlier is not None and earlier[0] is not document:
            self.conflicts.append(Conflict(kind, name, earlier[0].file, document.file))
        self.places[(kind, name)] = (document, place)

    def understood(self, name: str) -> bool:
        """Whether the files of this name have no fault, so that others can be held against them."""
        unread = any(fault.file.endswith(name) for fault in self.unread)
        faulty = any(one.faults for one in self.documents if one.file.endswith(name))
        return not (unread or faulty)

    def finish(self) -> None:
        faults = list(self.unread)
        for document in self.documents:
            try:
                document.finish()
            except InputError as error:
                faults += error.faults
        if faults:
            raise InputError(faults)


def load_layers(layers: Sequence[Path]) -> Catalogue:
    """Load folders with ``roots.yaml``, ``tables.yaml`` and ``definitions/*.yaml``, later ones winning.

    Raises
    ------
    InputError
        With every fault of every file.
    """
    reading = _Reading()
    for layer in layers:
        shown = LAYER_FOLDER if layer == PACKAGE_FOLDER else layer.name
        if layer.name == LAYER_FOLDER and layer != PACKAGE_FOLDER:
            shown = f"{layer.resolve().parent.name}/{LAYER_FOLDER}"
        _read_layer(reading, layer, shown)
    table_places = {name: reading.places[("table", name)] for name in reading.tables}
    note_table_faults(table_places, reading.tables)
    known_tables = reading.understood(TABLES_FILE)
    known_roots = reading.understood(ROOTS_FILE)
    if known_tables and known_roots:
        _note_qualifiers(reading)
    note_definition_faults(
        {code: reading.places[("indicator", code)][0] for code in reading.definitions},
        reading.definitions,
        reading.roots if known_roots else None,
        reading.tables if known_tables else None,
        reading.broken,
    )
    reading.finish()
    codes = sorted(reading.definitions)
    return Catalogue(
        definitions={code: reading.definitions[code] for code in codes},
        roots=reading.roots,
        tables=reading.tables,
        files={code: reading.places[("indicator", code)][0].file for code in codes},
        conflicts=tuple(reading.conflicts),
    )


def _read_layer(reading: _Reading, layer: Path, shown: str) -> None:
    if (layer / ROOTS_FILE).is_file():
        document = reading.read(layer / ROOTS_FILE, f"{shown}/{ROOTS_FILE}")
        for name, (token, index) in (understand_roots(document) if document else {}).items():
            reading.place("token", name, document, ("tokens", index))  # type: ignore[arg-type]
            reading.roots[name] = token
    if (layer / TABLES_FILE).is_file():
        document = reading.read(layer / TABLES_FILE, f"{shown}/{TABLES_FILE}")
        for name, table in (understand_tables(document) if document else {}).items():
            reading.place("table", name, document, ("tables", name))  # type: ignore[arg-type]
            reading.tables[name] = table
    for path in _definition_files(layer):
        document = reading.read(path, f"{shown}/{DEFINITIONS}/{path.name}")
        definition = understand(document, Definition) if document else None
        if document is None or definition is None:
            reading.broken.add(path.stem)
            continue
        if definition.code != path.stem:
            document.fault(
                ("code",),
                f"is '{definition.code}', but the file is '{path.name}'; make them equal.",
            )
        reading.place("indicator", definition.code, document, ())
        reading.definitions[definition.code] = definition
        reading.broken.discard(definition.code)


def _note_qualifiers(reading: _Reading) -> None:
    """Hold what qualifiers mean against the tables."""
    from sandtable.indicators.source_checking import condition_faults

    for name, token in reading.roots.items():
        document, place = reading.places[("token", name)]
        for table, conditions in token.where.items():
            here = (*place, "where", table)
            if table not in reading.tables:
                hint = did_you_mean(table, reading.tables)
                document.fault(here, f"no table is called '{table}'{hint}")
                continue
            for index, condition in enumerate(conditions):
                for sentence in condition_faults(condition, reading.tables, table):
                    document.fault((*here, index), sentence)
