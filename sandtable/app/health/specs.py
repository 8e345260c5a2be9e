"""What can be estimated: every spec of a data set, with the command that runs it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sandtable.documents import read_document
from sandtable.errors import InputError

COMMANDS = {"estimates": "estimate", "calibrations": "calibrate", "posteriors": "posterior"}


@dataclass(frozen=True)
class SpecFile:
    """A spec with its command.

    Attributes
    ----------
    folder : str
        ``estimates``, ``calibrations`` or ``posteriors``.
    titles : mapping of str to str
        By language; the name of the file where it says none.
    command : str
        To be run in the folder that holds `market_data`.
    """

    folder: str
    titles: dict[str, str]
    command: str


def spec_files(data_set_folder: Path, home: Path) -> list[SpecFile]:
    """Return the specs of a data set, estimates first, in order of name."""
    return list(_specs(data_set_folder, home))


def _specs(data_set_folder: Path, home: Path) -> Iterator[SpecFile]:
    for folder, command in COMMANDS.items():
        for path in sorted((data_set_folder / folder).glob("*.yaml")):
            shown = path.relative_to(home) if path.is_relative_to(home) else path
            words = ["sandtable", command, data_set_folder.name, "--spec", shown.as_posix()]
            yield SpecFile(folder, _titles(path), shlex.join(words))


def _titles(path: Path) -> dict[str, str]:
    """Read the titles; a spec with faults is listed too, the command tells them all."""
    try:
        value = read_document(path).value
    except InputError:
        value = None
    title = value.get("title") if isinstance(value, dict) else None
    found = title if isinstance(title, dict) else {}
    return {language: str(found.get(language, path.stem)) for language in ("en", "zh")}
