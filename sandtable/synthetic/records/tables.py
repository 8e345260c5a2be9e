"""The record tables: their columns and how the drawn arrays become rows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from sandtable.market.primitives import IntArray
from sandtable.synthetic.records.basis import Basis
from sandtable.synthetic.records.cohorts import Leads
from sandtable.synthetic.records.contacts import Contacts, ids, written
from sandtable.synthetic.records.journeys import KINDS, Journeys
from sandtable.synthetic.records.owners import STILL_HERE, OwnerMonth, Owners

_ID, _TEXT, _COUNT, _YES = pa.string(), pa.string(), pa.int64(), pa.bool_()
_TIME = pa.timestamp("us", tz="UTC")
_MONTH = pa.string()

SCHEMAS: Mapping[str, pa.Schema] = {
    "prospects": pa.schema(
        {
            "prospect": _ID,
            "created_at": _TIME,
            "phone": _TEXT,
            "email": _TEXT,
            "device": _TEXT,
            "region": _TEXT,
            "channel": _TEXT,
        }
    ),
    "leads": pa.schema(
        {
            "lead": _ID,
            "prospect": _ID,
            "created_at": _TIME,
            "dealer": _TEXT,
            "region": _TEXT,
            "product": _TEXT,
            "channel": _TEXT,
            "valid": _YES,
            "referrer": _ID,
        }
    ),
    "lead_events": pa.schema(
        {"event": _ID, "lead": _ID, "kind": _TEXT, "at": _TIME, "dealer": _TEXT}
    ),
    "exposures": pa.schema(
        {
            "month": _MONTH,
            "region": _TEXT,
            "channel": _TEXT,
            "impressions": _COUNT,
            "clicks": _COUNT,
            "spend": _COUNT,
        }
    ),
    "offers": pa.schema(
        {
            "lead": _ID,
            "product": _TEXT,
            "region": _TEXT,
            "dealer": _TEXT,
            "at": _TIME,
            "list_price": _COUNT,
            "net_price": _COUNT,
            "options": _COUNT,
            "options_offered": _COUNT,
        }
    ),
    "stock": pa.schema(
        {"month": _MONTH, "dealer": _TEXT, "product": _TEXT, "units_in_stock": _COUNT}
    ),
    "owners": pa.schema(
        {
            "owner": _ID,
            "prospect": _ID,
            "product": _TEXT,
            "region": _TEXT,
            "dealer": _TEXT,
            "delivered_at": _TIME,
            "left_at": _TIME,
            "left_to": _TEXT,
        }
    ),
    "owner_activity": pa.schema({"owner": _ID, "month": _MONTH, "active_days": _COUNT}),
    "service_visits": pa.schema(
        {
            "visit": _ID,
            "owner": _ID,
            "dealer": _TEXT,
            "at": _TIME,
            "kind": _TEXT,
            "own_network": _YES,
        }
    ),
    "surveys": pa.schema({"survey": _ID, "owner": _ID, "at": _TIME, "score": _COUNT}),
    "targets": pa.schema(
        {"month": _MONTH, "region": _TEXT, "product": _TEXT, "target_units": _COUNT}
    ),
}
TRUTH = "people"
TRUTH_SCHEMA = pa.schema({"prospect": _ID, "person": _ID})
WHOLE_TABLES = ("exposures", "stock", "targets")
PREFIXED_COLUMNS = frozenset(
    {"prospect", "lead", "event", "owner", "visit", "survey", "person", "referrer"}
)


def prospect_rows(
    basis: Basis,
    seed: int,
    numbers: IntArray,
    created: IntArray,
    contacts: Contacts,
    places: tuple[IntArray, IntArray],
) -> pa.Table:
    """Rows of prospects; `places` of region and channel."""
    regions, channels = places
    return _table(
        "prospects",
        ids("P", numbers),
        _times(created),
        *written(contacts, seed, basis.dealers),
        _names(basis.regions, regions),
        _names(basis.channels, channels),
    )


def truth_rows(prospects: IntArray, people: IntArray) -> pa.Table:
    """Rows of the answer key: who each prospect is."""
    return pa.Table.from_arrays([ids("P", prospects), ids("T", people)], schema=TRUTH_SCHEMA)


def lead_rows(basis: Basis, leads: Leads) -> pa.Table:
    """Rows of leads."""
    return _table(
        "leads",
        ids("L", leads.numbers),
        ids("P", leads.prospects),
        _times(leads.created),
        _names(basis.dealers, leads.dealers),
        _names(basis.regions, leads.regions),
        _names(basis.products, leads.products),
        _names(basis.channels, leads.channels),
        pa.array(leads.valid),
        ids("O", leads.referrers),
    )


def event_rows(basis: Basis, leads: Leads, journeys: Journeys, first: int) -> pa.Table:
    """Rows of events; `first` is the number of the first one."""
    return _table(
        "lead_events",
        ids("E", first + np.arange(len(journeys.leads))),
        ids("L", leads.first + journeys.leads),
        _names(KINDS, journeys.kinds),
        _times(journeys.times),
        _names(basis.dealers, leads.dealers[journeys.leads]),
    )


def offer_rows(basis: Basis, leads: Leads, journeys: Journeys) -> pa.Table:
    """Rows of offers, by lead."""
    order = np.argsort(journeys.offered)
    rows = journeys.offered[order]
    figures = (
        *(journeys.list_prices, journeys.net_prices),
        *(journeys.options, journeys.options_offered),
    )
    return _table(
        "offers",
        ids("L", leads.first + rows),
        _names(basis.products, leads.products[rows]),
        _names(basis.regions, leads.regions[rows]),
        _names(basis.dealers, leads.dealers[rows]),
        _times(journeys.offer_times[order]),
        *(pa.array(values[order]) for values in figures),
    )


def owner_rows(basis: Basis, owners: Owners) -> pa.Table:
    """Rows of the owners whose car was delivered before the records end, as they stand then."""
    rows = np.flatnonzero(owners.delivered < basis.end)
    left, to = owners.left[rows], owners.left_to[rows]
    gone = left < basis.end
    destinations = np.array(["own", *basis.rivals[0]], dtype=object)[np.maximum(to, 0)]
    return _table(
        "owners",
        ids("O", rows),
        ids("P", owners.prospects[rows]),
        _names(basis.products, owners.products[rows]),
        _names(basis.regions, owners.regions[rows]),
        _names(basis.dealers, owners.dealers[rows]),
        _times(owners.delivered[rows]),
        pa.array(np.where(left == STILL_HERE, 0, left), mask=~gone).cast(_TIME),
        pa.array(destinations, _TEXT, mask=~gone),
    )


def owner_month_rows(
    basis: Basis, owners: Owners, month: OwnerMonth, period: str, first: tuple[int, int]
) -> dict[str, pa.Table]:
    """Rows of what owners did in a month; `first` are the numbers of the first visit and survey."""
    visits, surveys = month.visit_owners, month.survey_owners
    return {
        "owner_activity": _table(
            "owner_activity",
            ids("O", month.active_owners),
            _names((period,), np.zeros_like(month.active_owners)),
            pa.array(month.active_days),
        ),
        "service_visits": _table(
            "service_visits",
            ids("V", first[0] + np.arange(len(visits))),
            ids("O", visits),
            _names(basis.dealers, owners.dealers[visits]),
            _times(month.visit_times),
            _names(("maintenance", "repair"), month.visit_repairs.astype(np.int64)),
            pa.array(month.visit_own),
        ),
        "surveys": _table(
            "surveys",
            ids("S", first[1] + np.arange(len(surveys))),
            ids("O", surveys),
            _times(month.survey_times),
            pa.array(month.scores),
        ),
    }


def whole_rows(name: str, frame: pd.DataFrame) -> pa.Table:
    """Rows of a table that is whole at any scale."""
    return pa.Table.from_pandas(frame, schema=SCHEMAS[name], preserve_index=False)


def _table(name: str, *columns: pa.Array) -> pa.Table:
    schema = SCHEMAS[name]
    arrays = [column.cast(field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)


def _names(known: tuple[str, ...], places: IntArray) -> pa.Array:
    return pa.array(list(known), _TEXT).take(pa.array(places))


def _times(values: IntArray) -> pa.Array:
    return pa.array(values).cast(_TIME)
