"""The engine certificate: golden rows run through the same compiler on each engine, held against known answers.

The rows stand in ``golden/``, the answers in ``golden/answers.yaml``, worked out without any engine. An engine passes
an indicator when it gives every answer of every capability that the indicator needs.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Literal, TypeAlias, get_args

import pandas as pd
from pydantic import Field

from sandtable.data.metadata import StrictModel, Text
from sandtable.documents import read_document, understand
from sandtable.errors import Fault, InputError, did_you_mean
from sandtable.indicators.binding import CAPABILITY
from sandtable.indicators.catalogue import PACKAGE_FOLDER, Catalogue, load_layers
from sandtable.indicators.computing import compute_with
from sandtable.indicators.definition import Elapsed
from sandtable.indicators.engine import DuckDBEngine
from sandtable.indicators.formulas import Formula, Negative, Operation, names_of
from sandtable.indicators.leaf import Leaf, paths_of
from sandtable.indicators.tables import Dimension

GOLDEN = PACKAGE_FOLDER / "golden"
ANSWERS = "answers.yaml"
ENGINES: Mapping[str, type[DuckDBEngine]] = {DuckDBEngine.name: DuckDBEngine}
# Figures agree to the digits that a float can carry.
TOLERANCE = 1e-15

Capability: TypeAlias = Literal[
    "calendar", "cohort", "collation", "condition", "count", "distinct", "elapsed", "fan_out", "first_row", "join",
    "max", "mean", "median", "min", "nulls", "stock", "sum", "time_zone", "trailing", "whole", "zero_divisor",
]  # fmt: skip
CAPABILITIES: tuple[Capability, ...] = get_args(Capability)


class Case(StrictModel):
    """One question to an engine, and the answer.

    Attributes
    ----------
    proves : list of Capability
        What an engine can do that gives this answer.
    rows : list
        The cells in order, each with its figure as a fraction, or empty where there is none.
    """

    proves: Annotated[list[Capability], Field(min_length=1)]
    code: Text
    by: list[Dimension]
    rows: Annotated[list[list[str | None]], Field(min_length=1)]


class AnswersFile(StrictModel):
    """All of `answers.yaml`."""

    schema_version: Annotated[int, Field(alias="schema", ge=1, le=1)]
    cases: Annotated[list[Case], Field(min_length=1)]


@dataclass(frozen=True)
class Certificate:
    """Whether an engine computes one indicator as it must.

    Attributes
    ----------
    passed : bool or None
        None when the engine lacks a capability or no golden case proves one that is needed.
    on : str
        The day the golden rows were run.
    definition_hash : str
        Fingerprint of the definition that was certified.
    engine_version, golden_hash : str
        What was run, and on which rows and answers.
    needs : tuple of str
        Capabilities that the indicator needs.
    faults : tuple of str
        Each wrong answer, or capability without proof, as a sentence.
    """

    code: str
    engine: str
    passed: bool | None
    on: str
    definition_hash: str
    engine_version: str
    golden_hash: str
    needs: tuple[Capability, ...]
    faults: tuple[str, ...]


def certificates(
    found: Catalogue,
    codes: tuple[str, ...] | None = None,
    *,
    engine: str = DuckDBEngine.name,
    on: dt.date | None = None,
) -> dict[str, Certificate]:
    """Certify indicators on one engine; the golden cases run once in a process.

    Parameters
    ----------
    found : Catalogue
    codes : tuple of str, optional
        Which; all of the catalogue by default.
    engine : str
        One of `ENGINES`.
    on : date, optional
        The day to write on the certificate; today by default.

    Raises
    ------
    InputError
        If no engine or indicator has this name.
    """
    if engine not in ENGINES:
        hint = did_you_mean(engine, ENGINES)
        raise InputError([Fault("certify", "engine", f"no engine is called '{engine}'{hint}")])
    day = (on or dt.datetime.now(dt.UTC).date()).isoformat()
    asked = tuple(found.definitions) if codes is None else codes
    return {code: _certificate(found, code, engine, day) for code in asked}


def _certificate(found: Catalogue, code: str, engine: str, day: str) -> Certificate:
    needs = capabilities_of(found, code)
    lacking = [
        f"The engine {engine} has no {CAPABILITY[leaf.agg]}, which {leaf.code} needs."
        for leaf in _leaves(found, code)
        if leaf.agg in CAPABILITY and CAPABILITY[leaf.agg] not in ENGINES[engine].capabilities
    ]
    proven = {one for case in golden_cases() for one in case.proves}
    lacking += [f"No golden case proves {need}." for need in needs if need not in proven]
    wrong: dict[str, None] = {}
    if not lacking:
        for index, case in enumerate(golden_cases()):
            if set(case.proves) & set(needs):
                wrong.update(dict.fromkeys(golden_faults(engine, index)))
    return Certificate(
        code=code,
        engine=engine,
        passed=None if lacking else not wrong,
        on=day,
        definition_hash=found.definition(code).definition_hash,
        engine_version=version(engine),
        golden_hash=golden_hash(),
        needs=needs,
        faults=(*lacking, *wrong),
    )


def _leaves(found: Catalogue, code: str) -> list[Leaf]:
    return [found.leaf(name) for name in names_of(found.formula(code))]


def capabilities_of(found: Catalogue, code: str) -> tuple[Capability, ...]:
    """Return what an engine must be able to do to compute an indicator.

    Raises
    ------
    InputError
        If no indicator has this code.
    """
    definition = found.definition(code)
    leaves = _leaves(found, code)
    needs: set[Capability] = {"collation", "nulls"}
    if "month" in definition.dimensions:
        needs.add("calendar")
    if _divides(found.formula(code)):
        needs.add("zero_divisor")
    if len({leaf.table for leaf in leaves}) > 1:
        needs.add("fan_out")
    for leaf in leaves:
        needs |= _needs(found, leaf, tuple(definition.dimensions))
    return tuple(sorted(needs))


def _needs(found: Catalogue, leaf: Leaf, dimensions: tuple[Dimension, ...]) -> set[Capability]:
    aggregate: dict[str, Capability] = {"count_distinct": "distinct"}
    needs: set[Capability] = {one for one in CAPABILITIES if one == leaf.agg}
    needs |= {aggregate[leaf.agg]} if leaf.agg in aggregate else set()
    paths = [
        *paths_of(leaf, found.tables),
        *(leaf.dimension_path(found.tables, one) for one in dimensions),
    ]
    marks: dict[Capability, bool] = {
        "condition": bool(leaf.where),
        "cohort": leaf.cohort is not None,
        "elapsed": isinstance(leaf.measure, Elapsed),
        "first_row": leaf.first_per is not None,
        "join": any("." in path for path in paths if path is not None),
        "stock": leaf.over_time is not None,
        "time_zone": _timestamped(found, leaf),
        "trailing": leaf.trailing_days is not None,
        "whole": bool(leaf.fixed_over),
    }
    return needs | {name for name, needed in marks.items() if needed}


def _timestamped(found: Catalogue, leaf: Leaf) -> bool:
    from sandtable.indicators.tables import resolve

    path = leaf.time_path(found.tables)
    return path is not None and resolve(found.tables, leaf.table, path).type == "timestamp"


def _divides(formula: Formula) -> bool:
    if isinstance(formula, Negative):
        return _divides(formula.operand)
    if isinstance(formula, Operation):
        return formula.sign == "/" or _divides(formula.left) or _divides(formula.right)
    return False


@lru_cache(maxsize=1)
def golden_cases() -> tuple[Case, ...]:
    """Return the golden questions with their answers."""
    document = read_document(GOLDEN / ANSWERS, shown_as=f"golden/{ANSWERS}")
    file = understand(document, AnswersFile)
    document.finish()
    assert file is not None
    return tuple(file.cases)


@lru_cache(maxsize=1)
def golden_hash() -> str:
    """Return the fingerprint of the golden rows, definitions and answers."""
    digest = hashlib.sha256()
    for path in sorted(
        path for path in Path(GOLDEN).rglob("*") if path.suffix in (".csv", ".yaml")
    ):
        digest.update(path.relative_to(GOLDEN).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


@lru_cache(maxsize=1)
def _golden_catalogue() -> Catalogue:
    return load_layers([GOLDEN])


@lru_cache(maxsize=256)
def golden_faults(engine: str, index: int) -> tuple[str, ...]:
    """Run one golden case on an engine; return a sentence for each wrong answer."""
    case, found = golden_cases()[index], _golden_catalogue()
    opened = ENGINES[engine](GOLDEN, found.tables)
    try:
        frame = compute_with(found, opened, [case.code], by=case.by)
    finally:
        opened.close()
    return wrong_answers(case, frame, engine)


def wrong_answers(case: Case, frame: pd.DataFrame, engine: str) -> tuple[str, ...]:
    """Hold a table against the answers of a case: cells, their order, and each figure."""
    what = f"{engine}: {case.code} by {', '.join(case.by) or 'nothing'}"
    cells = [tuple(str(part) for part in row[:-1]) for row in case.rows]
    given = [tuple(row) for row in frame[case.by].itertuples(index=False, name=None)]
    if given != cells:
        same = "in another order" if sorted(given) == sorted(cells) else f"as {given}"
        return (f"{what} must have the cells {cells}, but has them {same}.",)
    faults = []
    for cell, row, value in zip(cells, case.rows, frame[case.code].tolist(), strict=True):
        wanted = None if row[-1] is None else float(Fraction(row[-1]))
        right = (
            math.isnan(value) if wanted is None else math.isclose(value, wanted, rel_tol=TOLERANCE)
        )
        if not right:
            faults.append(
                f"{what} must be {row[-1]} at {', '.join(cell) or 'the total'}, but is {value!r}."
            )
    return tuple(faults)
