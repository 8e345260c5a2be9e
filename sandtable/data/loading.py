"""A folder -> a checked data set: metadata, tables, parameter sets, hash; or all faults at once."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pandas as pd
from pydantic import TypeAdapter, ValidationError

from sandtable.data import metadata as metadata_module
from sandtable.data import parameter_faults
from sandtable.data.checking import CheckedTable, check_table, limited
from sandtable.data.contracts import CONTRACTS, contract_of, tables_needed
from sandtable.data.fed import Fed
from sandtable.data.metadata import Attribute, Frequency, Metadata
from sandtable.data.parameters import ParameterSet
from sandtable.data.reading import read_table
from sandtable.data.relations import note_metadata_against_tables, note_nests, table_faults
from sandtable.documents import Document, parse_document, read_document, understand
from sandtable.errors import Fault, InputError, did_you_mean

METADATA_FILE = "metadata.yaml"
PARAMETER_FOLDER = "parameters"
TABLE_ENDINGS = (".csv", ".parquet")
MAXIMUM_TABLE_BYTES = 1_000_000_000


@dataclass(frozen=True)
class DataSet:
    """A data set that kept its contract.

    Attributes
    ----------
    tables : mapping of str to DataFrame
        Typed columns, sorted by key: those asked for and those they were checked against.
    parameter_sets : mapping of str to ParameterSet
        By name.
    sha256 : str
        Hash over the bytes of metadata, tables and parameters, asked for or not.
    notes : tuple of str
        Every conversion made while reading, as a sentence.
    fed : tuple of Fed
        Columns in which figures of indicators stand; empty for the tables as they are in the files.
    definitions : str
        Hash of the indicators that it was fed from; empty when it was not.
    dictionary : object
        The indicators themselves, for those above who know what they are; see `sandtable.indicators.feeding`.
    """

    name: str
    folder: Path
    metadata: Metadata
    tables: Mapping[str, pd.DataFrame]
    parameter_sets: Mapping[str, ParameterSet]
    sha256: str
    notes: tuple[str, ...]
    fed: tuple[Fed, ...] = ()
    definitions: str = ""
    dictionary: object = field(default=None, compare=False, repr=False)

    @cached_property
    def fingerprint(self) -> str:
        """Hash of all that a model reads: the files, and the definitions and figures that stand in their columns."""
        if not self.definitions:
            return self.sha256
        figures = [f"{one.input} {one.sha256}" for one in self.fed]
        return hashlib.sha256(
            "\n".join([self.sha256, self.definitions, *figures]).encode()
        ).hexdigest()

    @property
    def default_parameters(self) -> ParameterSet:
        """The parameter set that the metadata name as the default."""
        return self.parameter_sets[self.metadata.default_parameters]

    def tables_sha256(self, names: Collection[str]) -> str:
        """Hash the named tables; not the parameter sets, to which what is found in the tables will belong."""
        digest = hashlib.sha256()
        for name in names:
            digest.update(f"{name}\n".encode())
            digest.update(self.tables[name].to_csv(index=False).encode())
        return digest.hexdigest()


def load_data_set(folder: Path, *, tables: Collection[str] | None = None) -> DataSet:
    """Load and check a data set.

    Parameters
    ----------
    folder : Path
        A folder with ``metadata.yaml``, tables as CSV or Parquet and ``parameters/*.yaml``.
    tables : collection of str, optional
        Tables to load; by default all that are there.

    Returns
    -------
    DataSet

    Raises
    ------
    InputError
        With all faults of all files, in file order.
    ValueError
        If `tables` names a table that no contract knows.
    """
    unknown = sorted(set(tables or ()) - set(CONTRACTS))
    if unknown:
        raise ValueError(f"no table is called '{unknown[0]}'{did_you_mean(unknown[0], CONTRACTS)}")
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError([Fault(str(folder), "", "no such folder; check the path.")])
    files, faults = _table_files(folder)
    documents, raw, unread = _read_documents(folder)
    faults += unread
    metadata = _understand_metadata(documents.get(METADATA_FILE), folder.resolve().name)
    checked: dict[str, CheckedTable] = {}
    for path in files.values():
        raw[path.name] = path.read_bytes()
    rules = _reading_rules(metadata, documents.get(METADATA_FILE))
    if rules is not None:
        wanted = tables_needed(set(files if tables is None else tables) | {"products", "market"})
        faults += _missing(folder, wanted, files, tables)
        checked, refused = _check_tables(
            {name: raw[files[name].name] for name in sorted(wanted & set(files))},
            {name: _shown(folder, files[name]) for name in files},
            rules,
        )
        faults += refused
        between = table_faults(checked)
        if metadata is not None:
            note_metadata_against_tables(documents[METADATA_FILE], metadata, checked)
        faults += [fault for one in checked.values() for fault in _table_faults(one, between)]
    parameter_sets, refused = _understand_parameters(documents, metadata, checked)
    faults = refused + faults
    if faults or metadata is None:
        raise InputError(faults)
    frames = {
        name: table.frame.sort_values(list(table.contract.key), ignore_index=True)
        for name, table in checked.items()
    }
    notes = tuple(note for table in checked.values() for note in table.notes)
    return DataSet(metadata.name, folder, metadata, frames, parameter_sets, _hash(raw), notes)


def load_metadata(folder: Path) -> Metadata:
    """Read what a data set says of itself, without its tables.

    Raises
    ------
    InputError
        With all faults of `metadata.yaml`.
    """
    document = read_document(folder / METADATA_FILE)
    metadata = _understand_metadata(document, folder.resolve().name)
    document.finish()
    assert metadata is not None
    return metadata


def _shown(folder: Path, path: Path) -> str:
    return f"{folder.name}/{path.relative_to(folder).as_posix()}"


def _hash(raw: Mapping[str, bytes]) -> str:
    """Hash names and bytes in name order; lengths keep neighbours apart."""
    digest = hashlib.sha256()
    for name in sorted(raw):
        digest.update(f"{name}\n{len(raw[name])}\n".encode())
        digest.update(raw[name])
    return digest.hexdigest()


def _table_files(folder: Path) -> tuple[dict[str, Path], list[Fault]]:
    found: dict[str, Path] = {}
    faults = []
    for path in sorted(folder.iterdir()):
        if path.suffix not in TABLE_ENDINGS or not path.is_file():
            continue
        shown = _shown(folder, path)
        if path.stem not in CONTRACTS:
            hint = did_you_mean(path.stem, CONTRACTS)
            faults.append(Fault(shown, "", f"no table is called '{path.stem}'{hint}"))
        elif path.stem in found:
            other = found[path.stem].name
            faults.append(Fault(shown, "", f"the table also stands in {other}; keep one of them."))
        elif path.stat().st_size > MAXIMUM_TABLE_BYTES:
            faults.append(Fault(shown, "", "is larger than 1 GB; split the data set."))
        else:
            found[path.stem] = path
    return found, faults


def _read_documents(folder: Path) -> tuple[dict[str, Document], dict[str, bytes], list[Fault]]:
    documents: dict[str, Document] = {}
    raw: dict[str, bytes] = {}
    faults: list[Fault] = []
    paths = [folder / METADATA_FILE, *sorted((folder / PARAMETER_FOLDER).glob("*.yaml"))]
    for path in paths:
        name = path.relative_to(folder).as_posix()
        try:
            raw[name] = path.read_bytes()
            documents[name] = parse_document(raw[name], file=_shown(folder, path))
        except FileNotFoundError:
            message = "no such file; a data set must say what it is."
            faults.append(Fault(_shown(folder, path), "", message))
        except InputError as error:
            faults += error.faults
    if len(paths) == 1:
        message = "holds no parameter set (*.yaml); give at least one."
        faults.append(Fault(f"{folder.name}/{PARAMETER_FOLDER}", "", message))
    return documents, raw, faults


def _understand_metadata(document: Document | None, folder_name: str) -> Metadata | None:
    if document is None:
        return None
    metadata = understand(document, Metadata)
    if metadata is not None:
        metadata_module.note_inconsistencies(document, metadata, folder_name)
    return metadata


@dataclass(frozen=True)
class _Rules:
    """What must be known of the metadata to read a table."""

    frequency: Frequency
    attributes: Mapping[str, Attribute]


def _reading_rules(metadata: Metadata | None, document: Document | None) -> _Rules | None:
    """Return the rules, from broken metadata too: one fault there must not hide those of the tables."""
    if metadata is not None:
        return _Rules(metadata.frequency, metadata.attributes)
    if document is None or not isinstance(document.value, dict):
        return None
    try:
        frequency = TypeAdapter[Frequency](Frequency).validate_python(
            document.value.get("frequency")
        )
        attributes = TypeAdapter(dict[str, Attribute]).validate_python(
            document.value.get("attributes", {})
        )
    except ValidationError:
        return None
    return _Rules(frequency, attributes)


def _missing(
    folder: Path,
    wanted: set[str],
    files: Mapping[str, Path],
    asked: Collection[str] | None,
) -> list[Fault]:
    required = {name for name, contract in CONTRACTS.items() if contract.required}
    needed = (wanted if asked is not None else wanted | required) - set(files)
    return [
        Fault(f"{folder.name}/{name}.csv", "", "no such table; add it as CSV or Parquet.")
        for name in sorted(needed)
    ]


def _check_tables(
    raw: Mapping[str, bytes], shown: Mapping[str, str], rules: _Rules
) -> tuple[dict[str, CheckedTable], list[Fault]]:
    checked: dict[str, CheckedTable] = {}
    faults: list[Fault] = []
    for name, content in raw.items():
        try:
            text = read_table(content, file=shown[name])
        except InputError as error:
            faults += error.faults
            continue
        checked[name] = check_table(text, contract_of(name, rules.attributes), rules.frequency)
    return checked, faults


def _table_faults(table: CheckedTable, between: list[Fault]) -> list[Fault]:
    own = [*table.faults, *(fault for fault in between if fault.file == table.file)]
    return limited(sorted(own, key=_row), table.file)


def _row(fault: Fault) -> int:
    match = re.match(r"row (\d+)", fault.place)
    return int(match[1]) if match else 0


def _understand_parameters(
    documents: Mapping[str, Document],
    metadata: Metadata | None,
    tables: Mapping[str, CheckedTable],
) -> tuple[dict[str, ParameterSet], list[Fault]]:
    """Understand every parameter set; return the faults of all documents, metadata first."""
    sets: dict[str, ParameterSet] = {}
    for name, document in documents.items():
        if name == METADATA_FILE:
            continue
        stem = Path(name).stem
        parameters = understand(document, ParameterSet)
        if parameters is None:
            continue
        parameter_faults.note_inconsistencies(document, parameters, stem)
        if "products" in tables and tables["products"].frame.columns.size:
            note_nests(document, parameters.nests, tables["products"].frame)
        sets[stem] = parameters
    stems = [Path(name).stem for name in documents if name != METADATA_FILE]
    if metadata is not None and metadata.default_parameters not in stems:
        wanted = metadata.default_parameters
        documents[METADATA_FILE].fault(
            ("default_parameters",),
            f"no parameter set is called '{wanted}'{did_you_mean(wanted, stems)}",
        )
    faults: list[Fault] = []
    for document in documents.values():
        try:
            document.finish()
        except InputError as error:
            faults += error.faults
    return sets, faults
