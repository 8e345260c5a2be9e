from pathlib import Path

import pytest

from sandtable.data import DataSet, load_data_set
from sandtable.estimation.media import MediaFit, fit_media
from sandtable.estimation.media.observing import TABLES

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def media_set() -> DataSet:
    return load_data_set(ROOT / "market_data" / "premium_ev", tables=set(TABLES))


@pytest.fixture(scope="session")
def media_fit(media_set: DataSet) -> MediaFit:
    """The response under the demand that was planted."""
    return fit_media(media_set, media_set.parameter_sets["random_coefficient"])
