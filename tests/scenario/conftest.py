"""Scenario files name their data set; loading it anew for each of hundreds of files would take minutes."""

from collections.abc import Iterator

import pytest

from sandtable.scenario import files
from tests.scenario.observed import data_set


@pytest.fixture(autouse=True, scope="package")
def _loaded_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "open_data_set", data_set)
        yield
