"""Ten million events of the funnel of 400 dealers over 24 months, as a data set on disk."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import parquet

from sandtable.data.catalogue import find_data_set

DATA = "premium_ev"
N_EVENTS, N_LEADS, N_DEALERS = 10_000_000, 1_900_000, 400
FIRST, END = np.datetime64("2024-07-01", "us"), np.datetime64("2026-07-01", "us")
LONGEST = 60 * 86_400_000_000  # microseconds from a lead to its last event
KINDS = {
    "response": 0.315,
    "card": 0.297,
    "visit": 0.118,
    "test_drive_booked": 0.092,
    "test_drive": 0.074,
    "configured": 0.047,
    "order": 0.021,
    "delivery": 0.0175,
    "no_show": 0.0165,
    "cancel": 0.002,
}
MOMENT = pa.timestamp("us", tz="UTC")


def write_events(folder: Path) -> Path:
    """Write the data set and return its folder.

    Products, sales and metadata are those of the demo market. An event of a kind can come twice for a lead, so that
    counting leads needs the deduping.
    """
    place = folder / DATA
    (place / "records").mkdir(parents=True)
    source = find_data_set(DATA)
    for name in ("metadata.yaml", "products.csv", "sales.csv"):
        shutil.copy(source / name, place / name)
    generator = np.random.default_rng(10)
    span = int((END - FIRST).astype(np.int64))
    created = np.sort(generator.integers(0, span, N_LEADS))
    dealer = generator.integers(0, N_DEALERS, N_LEADS)
    _write_leads(place, generator, created, dealer)
    lead = generator.integers(0, N_LEADS, N_EVENTS)
    moment = created[lead] + generator.integers(0, LONGEST, N_EVENTS)
    # an event behind the end moves to its lead's day, so that there are as many as said
    moment = np.where(moment < span, moment, created[lead])
    order = np.argsort(moment, kind="stable")
    lead, moment = lead[order], moment[order]
    kinds = generator.choice(len(KINDS), N_EVENTS, p=np.array([*KINDS.values()]))
    events = {
        "event": _codes("E", np.arange(N_EVENTS)),
        "lead": _codes("L", lead),
        "kind": _texts(kinds, [*KINDS]),
        "at": pa.array(FIRST + moment, type=MOMENT),
        "dealer": _codes("D", dealer[lead]),
    }
    parquet.write_table(pa.table(events), place / "records" / "lead_events.parquet")
    return place


def _write_leads(
    place: Path,
    generator: np.random.Generator,
    created: NDArray[np.int64],
    dealer: NDArray[np.int64],
) -> None:
    regions = sorted(pd.read_csv(find_data_set(DATA) / "market.csv")["region"].unique())
    own = pd.read_csv(place / "products.csv").query("firm == 'Nova'")["product"].to_list()
    numbers = np.arange(N_DEALERS)
    region = numbers % len(regions)
    dealers = {
        "dealer": _codes("D", numbers).to_pylist(),
        "region": [regions[one] for one in region],
        "brand": "Nova",
    }
    pd.DataFrame(dealers).to_csv(place / "dealers.csv", index=False)
    people = np.arange(N_LEADS)
    shared = {
        "prospect": _codes("P", people),
        "created_at": pa.array(FIRST + created, type=MOMENT),
        "region": _texts(region[dealer], regions),
        "channel": _texts(generator.integers(0, 2, N_LEADS), ["digital", "store"]),
    }
    empty = pa.nulls(N_LEADS, pa.string())
    prospects = {**shared, "phone": empty, "email": empty, "device": empty}
    leads = {
        "lead": _codes("L", people),
        **shared,
        "dealer": _codes("D", dealer),
        "product": _texts(generator.integers(0, len(own), N_LEADS), own),
        "valid": pa.array(generator.random(N_LEADS) < 0.8),
        "referrer": empty,
    }
    parquet.write_table(pa.table(prospects), place / "records" / "prospects.parquet")
    parquet.write_table(pa.table(leads), place / "records" / "leads.parquet")


def _codes(letter: str, numbers: NDArray[np.int64]) -> pa.Array:
    """Write numbers as codes: L00000017."""
    known, places = np.unique(numbers, return_inverse=True)
    return _texts(places, [f"{letter}{number:08d}" for number in known])


def _texts(places: NDArray[np.int64], names: list[str]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(places, pa.int32()), pa.array(names)).cast(
        pa.string()
    )
