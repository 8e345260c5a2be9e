"""Indicators: defined once as data, computed from any table of the same shape.

Definitions stand in ``definitions/*.yaml``, their words in ``roots.yaml``, the tables in ``tables.yaml``.
"""

from sandtable.indicators.binding import Binding, check_bindings
from sandtable.indicators.catalogue import Catalogue, Conflict, catalogue
from sandtable.indicators.computing import compute, compute_with, opened, sql
from sandtable.indicators.definition import Definition
from sandtable.indicators.engine import DuckDBEngine
from sandtable.indicators.lineage import Lineage, lineage

__all__ = [
    "Binding",
    "Catalogue",
    "Conflict",
    "Definition",
    "DuckDBEngine",
    "Lineage",
    "catalogue",
    "check_bindings",
    "compute",
    "compute_with",
    "lineage",
    "opened",
    "sql",
]
