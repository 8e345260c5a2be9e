"""Where data sets and scenarios live, and which data sets there are."""

from __future__ import annotations

import os
from pathlib import Path

from sandtable.data.loading import METADATA_FILE
from sandtable.errors import Fault, InputError, did_you_mean

HOME_VARIABLE = "SANDTABLE_HOME"
MARKET_DATA = "market_data"


def home() -> Path:
    """Return the folder that holds `market_data` and `scenarios`.

    Returns
    -------
    Path
        The environment variable SANDTABLE_HOME if set; else the current folder if it holds
        `market_data`; else the folder that holds the package.
    """
    named = os.environ.get(HOME_VARIABLE)
    if named:
        return Path(named)
    here = Path.cwd()
    return here if (here / MARKET_DATA).is_dir() else Path(__file__).resolve().parents[2]


def market_data_folder() -> Path:
    """Return the folder with one folder per data set."""
    return home() / MARKET_DATA


def data_set_names() -> list[str]:
    """Return the names of the data sets, in order of name."""
    folder = market_data_folder()
    if not folder.is_dir():
        return []
    return sorted(path.parent.name for path in folder.glob(f"*/{METADATA_FILE}"))


def find_data_set(name_or_path: str | Path) -> Path:
    """Find the folder of a data set by its name or its path.

    Parameters
    ----------
    name_or_path : str or Path
        ``premium_ev``, or a folder that holds a `metadata.yaml`.

    Raises
    ------
    InputError
        If there is no such data set.
    """
    if str(name_or_path) in data_set_names():
        return market_data_folder() / str(name_or_path)
    path = Path(name_or_path)
    if (path / METADATA_FILE).is_file():
        return path
    name = str(name_or_path)
    message = f"no data set is called '{name}'{did_you_mean(name, data_set_names())}"
    raise InputError([Fault(str(market_data_folder()), "", message)])
