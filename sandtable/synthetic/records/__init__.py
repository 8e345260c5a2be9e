"""Record tables of the synthetic market: prospects, leads, events, owners; they agree with its aggregates."""

from sandtable.synthetic.records.basis import Basis
from sandtable.synthetic.records.drawing import draw_records
from sandtable.synthetic.records.tables import SCHEMAS
from sandtable.synthetic.records.writing import (
    SAMPLE_SCALE,
    Written,
    fill,
    holds_records,
    write_records,
)

__all__ = [
    "SAMPLE_SCALE",
    "SCHEMAS",
    "Basis",
    "Written",
    "draw_records",
    "fill",
    "holds_records",
    "write_records",
]
