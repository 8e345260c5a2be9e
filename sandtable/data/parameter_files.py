"""Files of parameter sets, read and written whole."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

from ruamel.yaml import YAML

from sandtable.data.parameter_faults import note_inconsistencies
from sandtable.data.parameters import ParameterSet
from sandtable.documents import read_document, understand
from sandtable.errors import Fault, InputError


def read_parameters(path: Path) -> ParameterSet:
    """Read one parameter set from a file that need not stand in a data set.

    Raises
    ------
    InputError
        With all faults of the file.
    """
    document = read_document(path)
    parameters = understand(document, ParameterSet)
    if parameters is not None:
        note_inconsistencies(document, parameters, path.stem)
    document.finish()
    assert parameters is not None
    return parameters


def write_parameters(parameters: ParameterSet, folder: Path) -> Path:
    """Write a parameter set as ``<name>.yaml`` into a folder of parameter sets.

    Parameters
    ----------
    parameters : ParameterSet
    folder : Path
        Usually ``market_data/<data set>/parameters``; made if it is not there.

    Returns
    -------
    Path
        The file, which `sandtable.data.load_data_set` reads.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    values = parameters.model_dump(mode="json", by_alias=True, exclude_none=True)
    for name in ("targets", "worth"):
        if not values[name]:
            del values[name]
    yaml = YAML()
    yaml.width = 1000  # no wrapped lines, so that a change is one line of a diff
    text = StringIO()
    yaml.dump(values, text)
    path = Path(folder) / f"{parameters.name}.yaml"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.getvalue(), encoding="utf-8", newline="\n")
    except OSError as error:
        message = f"cannot be written ({error.strerror}); check the path and its rights."
        raise InputError([Fault(str(path), "", message)]) from error
    return path
