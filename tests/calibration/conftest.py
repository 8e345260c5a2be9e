from pathlib import Path

import pytest

from sandtable.data import DataSet, load_data_set

ROOT = Path(__file__).resolve().parents[2]
TABLES = {"products", "sales", "market"}


@pytest.fixture(scope="session")
def us_autos() -> DataSet:
    return load_data_set(ROOT / "market_data" / "us_autos", tables=TABLES)


@pytest.fixture(scope="session")
def premium_ev() -> DataSet:
    return load_data_set(ROOT / "market_data" / "premium_ev", tables=TABLES)
