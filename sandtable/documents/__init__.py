"""Strict YAML 1.2: text -> plain values, with the line of each, and every fault at once."""

from sandtable.documents.parsing import (
    MAXIMUM_BYTES,
    MAXIMUM_DEPTH,
    Document,
    Place,
    parse_document,
    place_text,
    read_document,
)
from sandtable.documents.understanding import SENTENCES, ModelT, understand

__all__ = [
    "MAXIMUM_BYTES",
    "MAXIMUM_DEPTH",
    "SENTENCES",
    "Document",
    "ModelT",
    "Place",
    "parse_document",
    "place_text",
    "read_document",
    "understand",
]
