"""The shipped data set as an engine and as pandas, each opened once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from sandtable.data.catalogue import market_data_folder
from sandtable.indicators import Catalogue, DuckDBEngine, opened
from tests.indicators.world import World

PREMIUM_EV = market_data_folder() / "premium_ev"
CSV = ("sales", "media", "competitor_indicators", "funnel", "dealers", "products")
RECORDS = (
    "persons",
    "leads",
    "lead_events",
    "exposures",
    "offers",
    "stock",
    "owners",
    "owner_activity",
    "service_visits",
    "surveys",
    "targets",
)


@pytest.fixture(scope="package")
def shipped() -> Iterator[tuple[Catalogue, DuckDBEngine]]:
    with opened("premium_ev") as pair:
        yield pair


def world_of(folder: Path, engine: DuckDBEngine) -> World:
    tables = {name: pd.read_csv(folder / f"{name}.csv") for name in CSV}
    for name in RECORDS:
        tables[name] = pd.read_parquet(folder / "records" / f"{name}.parquet")
    metadata = engine.metadata
    end = pd.Timestamp(engine.end)
    return World(tables, metadata.own_firm, metadata.price_bands, engine.sample, end)


@pytest.fixture(scope="package")
def world(shipped: tuple[Catalogue, DuckDBEngine]) -> World:
    return world_of(PREMIUM_EV, shipped[1])
