"""What must hold between definitions, words and tables; each fault a sentence at its own place."""

from __future__ import annotations

from collections.abc import Mapping

from sandtable.documents import Document
from sandtable.errors import did_you_mean
from sandtable.indicators.definition import (
    ALL_PARTS,
    PARTS_OF_KIND,
    Cohort,
    Definition,
)
from sandtable.indicators.formulas import (
    Formula,
    FormulaError,
    Name,
    names_of,
    normal_form,
    parse_formula,
    substituted,
)
from sandtable.indicators.inputs import note_feed_faults
from sandtable.indicators.leaf import Leaf, check_paths, resolve_leaf
from sandtable.indicators.naming import generated_code, name_faults
from sandtable.indicators.quality_checking import note_tests
from sandtable.indicators.roots import Roots
from sandtable.indicators.source_checking import note_source
from sandtable.indicators.tables import Tables

Definitions = dict[str, Definition]


def note_definition_faults(
    documents: Mapping[str, Document],
    definitions: Definitions,
    roots: Roots | None,
    tables: Tables | None,
    broken: set[str],
) -> None:
    """Note every fault of every definition in its document.

    Parameters
    ----------
    tables : mapping, optional
        None when the tables themselves are faulty: then nothing is said about columns.
    roots : mapping, optional
        None when they cannot be read: then nothing is said about names.
    broken : set of str
        Codes whose files could not be understood; naming them is no second fault.
    """
    for code, definition in definitions.items():
        document = documents[code]
        _note_kind(document, definition)
        for sentence in name_faults(code, definition.unit, roots) if roots is not None else ():
            document.fault(("code",), sentence)
        _note_references(document, definition, definitions, broken)
        if definition.kind == "derived" and roots is not None:
            _note_derived(document, definition, definitions, roots, broken)
        if definition.source is not None and tables is not None:
            note_source(document, definition, tables)
    _note_cycles(documents, definitions)
    feeding = {code: item for code, item in definitions.items() if item.feeds}
    note_feed_faults(
        documents, {code: (one.feeds, one.dimensions, one.unit) for code, one in feeding.items()}
    )
    if tables is None or roots is None:
        return
    sound = _sound(documents, definitions)
    leaves = {code: _leaf(code, sound, roots) for code in sound}
    for code, definition in sound.items():
        leaf = leaves[code]
        if leaf is not None:
            _note_leaf(documents[code], definition, leaf, tables)
        else:
            _note_composite(documents[code], definition, sound)
    sound = _sound(documents, sound)
    for code, definition in sound.items():
        _note_dimensions(documents[code], definition, sound, leaves, tables)
        reached = [leaf for one in _reached(code, sound, leaves) if (leaf := leaves[one])]
        note_tests(documents[code], definition, definitions, reached, tables)
    _note_duplicates(documents, _sound(documents, sound), leaves)


def _leaf(code: str, definitions: Definitions, roots: Roots) -> Leaf | None:
    if definitions[code].kind == "composite":
        return None
    return resolve_leaf(code, definitions, roots)


def _parts(definition: Definition) -> tuple[str, ...]:
    if definition.formula is None:
        return (definition.base,) if definition.base else ()
    try:
        return names_of(parse_formula(definition.formula))
    except FormulaError:
        return ()


def _sound(documents: Mapping[str, Document], definitions: Definitions) -> Definitions:
    """Return the definitions without a fault whose parts have none either."""
    kept = {code: item for code, item in definitions.items() if not documents[code].faults}
    while True:
        lost = [code for code, item in kept.items() if any(p not in kept for p in _parts(item))]
        if not lost:
            return kept
        kept = {code: item for code, item in kept.items() if code not in lost}


def _note_kind(document: Document, definition: Definition) -> None:
    needed, allowed = PARTS_OF_KIND[definition.kind]
    article = "an" if definition.kind == "atomic" else "a"
    for part in ALL_PARTS:
        given = getattr(definition, part) not in (None, [])
        if part in needed and not given:
            document.fault((part,), f"is missing; {article} {definition.kind} indicator has one.")
        elif given and part not in (*needed, *allowed):
            document.fault((part,), f"{article} {definition.kind} indicator has none; delete it.")
    if definition.kind == "composite" and isinstance(definition.basis, Cohort):
        document.fault(
            ("basis",), "a composite indicator takes the basis of its leaves; delete it."
        )
    if (definition.additivity == "semi(time)") != (definition.over_time is not None) and (
        definition.kind != "composite"
    ):
        document.fault(
            ("additivity",),
            "semi(time) and over_time (last or mean) stand together; give both or none.",
        )
    if definition.status == "deprecated" and definition.replaced_by is None:
        document.fault(
            ("replaced_by",), "is missing; say what stands in place of a deprecated one."
        )
    if definition.status != "deprecated" and (definition.replaced_by or definition.sunset):
        here = "replaced_by" if definition.replaced_by else "sunset"
        document.fault(
            (here,), f"the status is {definition.status}; only a deprecated one has this."
        )


def _note_references(
    document: Document,
    definition: Definition,
    definitions: Definitions,
    broken: set[str],
) -> None:
    known = [code for code in definitions if code != definition.code]
    if definition.replaced_by is not None and definition.replaced_by not in definitions:
        hint = did_you_mean(definition.replaced_by, known)
        document.fault(("replaced_by",), f"no indicator is called '{definition.replaced_by}'{hint}")
    if definition.formula is not None and definition.kind == "composite":
        try:
            formula = parse_formula(definition.formula)
            normal_form(formula)
        except FormulaError as error:
            document.fault(("formula",), str(error))
            return
        names = names_of(formula)
        if not names:
            document.fault(("formula",), "names no indicator; a constant is no indicator.")
        for name in names:
            if name not in definitions and name not in broken:
                hint = did_you_mean(name, known)
                document.fault(("formula",), f"no indicator is called '{name}'{hint}")


def _note_derived(
    document: Document,
    definition: Definition,
    definitions: Definitions,
    roots: Roots,
    broken: set[str],
) -> None:
    if definition.base is None:
        return
    base = definitions.get(definition.base)
    if base is None:
        if definition.base not in broken:
            hint = did_you_mean(definition.base, definitions)
            document.fault(("base",), f"no indicator is called '{definition.base}'{hint}")
        return
    if base.kind == "composite":
        document.fault(
            ("base",), f"'{base.code}' is composite; derive from an atomic one, and compose after."
        )
    faults = 0
    words = [(("qualifiers", place), word) for place, word in enumerate(definition.qualifiers)]
    for here, word in words:
        if word not in roots or roots[word].type != "qualifier":
            known = [name for name, token in roots.items() if token.type == "qualifier"]
            document.fault(here, f"no qualifier is called '{word}'{did_you_mean(word, known)}")
            faults += 1
        elif roots[word].where and base.source and base.source.table not in roots[word].where:
            tables = ", ".join(roots[word].where)
            document.fault(
                here,
                f"the qualifier '{word}' says nothing about the table {base.source.table}; "
                f"it knows {tables}.",
            )
    period = definition.period
    if period is not None and (period not in roots or roots[period].type != "period"):
        known = [name for name, token in roots.items() if token.type == "period"]
        document.fault(("period",), f"no period is called '{period}'{did_you_mean(period, known)}")
        faults += 1
    name = generated_code(definition.base, definition.qualifiers, definition.period)
    if not faults and name != definition.code:
        document.fault(("code",), f"must be '{name}', as base, qualifiers and period say.")
    if isinstance(definition.basis, Cohort) and definition.basis.within != period:
        document.fault(
            ("period",),
            f"must be '{definition.basis.within}', the window of the cohort.",
        )


def _note_leaf(document: Document, definition: Definition, leaf: Leaf, tables: Tables) -> None:
    try:
        leaf.anchor_path(tables)
    except ValueError as error:
        document.fault(("basis", "anchor"), str(error))
        return
    for sentence in check_paths(leaf, tables):
        document.fault(("source",), sentence)
    if definition.additivity == "full" and not leaf.additive_over_rows:
        document.fault(
            ("additivity",), f"figures of {leaf.agg} do not add up; write none or semi(time)."
        )
    if leaf.over_time is not None and not leaf.zero_when_empty:
        document.fault(
            ("over_time",), f"{leaf.agg} has no {leaf.over_time} over months; delete it."
        )
    cohort = leaf.cohort
    if cohort and cohort.after and int(cohort.after[:-1]) >= int(cohort.within[:-1]):
        document.fault(("basis", "after"), f"must be less than within ({cohort.within}).")
    for index, dimension in enumerate(definition.fixed_over):
        if dimension == "month" or dimension not in definition.dimensions:
            document.fault(
                ("fixed_over", index), f"'{dimension}' must be a dimension of it, and not month."
            )


def _note_composite(document: Document, definition: Definition, definitions: Definitions) -> None:
    assert definition.formula is not None
    divides = " / " in normal_form(parse_formula(definition.formula))
    if divides and definition.additivity != "none":
        document.fault(("additivity",), "a quotient does not add up; write none.")
    parts = {definitions[name].additivity for name in _parts(definition)}
    if definition.additivity == "full" and parts != {"full"}:
        document.fault(("additivity",), "not all of its parts add up; write none.")


def _note_dimensions(
    document: Document,
    definition: Definition,
    definitions: Definitions,
    leaves: Mapping[str, Leaf | None],
    tables: Tables,
) -> None:
    reached = _reached(definition.code, definitions, leaves)
    for index, dimension in enumerate(definition.dimensions):
        for code in reached:
            leaf = leaves[code]
            if leaf is not None and not leaf.supports(tables, dimension):
                whom = "it" if code == definition.code else f"its leaf {code}"
                document.fault(
                    ("dimensions", index),
                    f"{whom} cannot be split by '{dimension}': {_why_not(leaf, dimension)}.",
                )


def _reached(code: str, definitions: Definitions, leaves: Mapping[str, Leaf | None]) -> list[str]:
    """Return the leaves that an indicator is aggregated from in the end."""
    waiting, reached = [code], set[str]()
    while waiting:
        one = waiting.pop()
        if leaves[one] is not None:
            reached.add(one)
        else:
            waiting += _parts(definitions[one])
    return sorted(reached)


def _why_not(leaf: Leaf, dimension: str) -> str:
    if dimension == "month" and leaf.trailing_days is not None:
        return f"it counts the last {leaf.trailing_days} days"
    return f"the table {leaf.table} does not tell it"


def _note_cycles(documents: Mapping[str, Document], definitions: Definitions) -> None:
    for code, definition in definitions.items():
        seen, waiting = set[str](), list(_parts(definition))
        while waiting:
            one = waiting.pop()
            if one == code:
                here = ("formula",) if definition.formula else ("base",)
                documents[code].fault(here, f"'{code}' is made of itself; break the circle.")
                break
            if one not in seen and one in definitions:
                seen.add(one)
                waiting += _parts(definitions[one])


def _note_duplicates(
    documents: Mapping[str, Document], definitions: Definitions, leaves: Mapping[str, Leaf | None]
) -> None:
    def expanded(code: str) -> Formula:
        formula = definitions[code].formula
        return Name(code) if formula is None else substituted(parse_formula(formula), expanded)

    def meaning(code: str) -> str:
        leaf = leaves[code]
        assert leaf is not None
        return leaf.meaning()

    first: dict[str, str] = {}
    for code in sorted(definitions):
        written = normal_form(expanded(code), meaning)
        if written in first:
            documents[code].fault(
                (), f"says the same as '{first[written]}'; keep one name for one figure."
            )
        first.setdefault(written, code)
