"""The funnel of premium_ev drawn again with other seeds, over the same units sold."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from sandtable.data import DataSet, load_data_set
from sandtable.diagnosis import Diagnosis
from sandtable.market.primitives import FloatArray
from sandtable.synthetic import Plan, premium_ev_plan
from sandtable.synthetic.funnel import make_dealers, make_funnel

FOLDER = Path(__file__).resolve().parents[2] / "market_data" / "premium_ev"
STAGE = {"test_drive_rate": "test_drives", "order_rate": "orders", "delivery_rate": "deliveries"}
Link = tuple[str, str, str]


@cache
def premium_ev() -> DataSet:
    return load_data_set(FOLDER, tables={"funnel", "sales"})


@cache
def plan() -> Plan:
    return premium_ev_plan()


@cache
def units() -> FloatArray:
    """Own units of the last year, shape (T, R, J); NaN elsewhere, where no funnel is drawn."""
    sales = premium_ev().tables["sales"]
    table = np.full((len(plan().periods), len(plan().regions), len(plan().products)), np.nan)
    places = [
        [names.index(name) for name in sales[column]]
        for column, names in (
            ("period", plan().periods),
            ("region", plan().regions),
            ("product", plan().products),
        )
    ]
    table[tuple(places)] = sales["units"]
    table[:-12] = np.nan
    return table


def planted() -> set[Link]:
    """Level, place and stage of the links that the plan spoils."""
    return {
        ("dealer", link.dealer, STAGE[link.stage])
        if link.dealer
        else ("region", str(link.region), STAGE[link.stage])
        for link in plan().file.funnel.weak_links
    }


def drawn(seed: int, *, spoilt: bool = True) -> DataSet:
    """The data set with dealers and funnel of another seed; without weak links if not spoilt."""
    chosen = plan()
    if not spoilt:
        truth = chosen.file.funnel.model_copy(update={"weak_links": []})
        chosen = replace(chosen, file=chosen.file.model_copy(update={"funnel": truth}))
    dealers = make_dealers(chosen, seed)
    tables = {
        **premium_ev().tables,
        "dealers": dealers.table,
        "funnel": make_funnel(chosen, dealers, units(), seed),
    }
    return replace(premium_ev(), tables=tables)


def sure_links(diagnosis: Diagnosis) -> set[Link]:
    links = diagnosis.links()
    sure = links[links["verdict"] == "sure"]
    return set(zip(sure["level"], sure["place"], sure["stage"], strict=True))
