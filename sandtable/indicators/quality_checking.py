"""What the quality tests of a definition name, held against definitions and tables; each fault a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sandtable.documents import Document
from sandtable.errors import did_you_mean
from sandtable.indicators.definition import Definition
from sandtable.indicators.leaf import Leaf
from sandtable.indicators.tables import DIMENSIONS, Tables, resolve


def note_tests(
    document: Document,
    definition: Definition,
    definitions: Mapping[str, Definition],
    leaves: Sequence[Leaf],
    tables: Tables,
) -> None:
    """Note what tests name that does not exist.

    Parameters
    ----------
    leaves : sequence of Leaf
        What the indicator is aggregated from in the end.
    """
    for index, test in enumerate(definition.tests):
        here = ("tests", index)
        other = test.reconcile
        if other == definition.code:
            document.fault((*here, "reconcile"), "an indicator agrees with itself; name another.")
        elif other is not None and other not in definitions:
            hint = did_you_mean(other, definitions)
            document.fault((*here, "reconcile"), f"no indicator is called '{other}'{hint}")
        if test.complete in DIMENSIONS:
            if test.complete not in definition.dimensions:
                allowed = ", ".join(definition.dimensions)
                document.fault(
                    (*here, "complete"),
                    f"it is not defined by {test.complete}; it is defined by {allowed}.",
                )
            continue
        paths = [("complete", test.complete)] if test.complete is not None else []
        if isinstance(test.unique, list):
            paths += [("unique", path) for path in test.unique]
        for part, path in paths:
            for sentence in dict.fromkeys(_path_fault(leaf, tables, path) for leaf in leaves):
                if sentence:
                    document.fault((*here, part), sentence)


def _path_fault(leaf: Leaf, tables: Tables, path: str) -> str:
    try:
        resolve(tables, leaf.table, path)
    except ValueError as error:
        return str(error)
    return ""
