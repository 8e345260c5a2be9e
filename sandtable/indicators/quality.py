"""The tests of indicators, run on the tables of a data set: range, freshness, reconciliation, keys, completeness."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sandtable.indicators.binding import Binding, broken_reasons, check_bindings, tables_of
from sandtable.indicators.catalogue import Catalogue
from sandtable.indicators.definition import QualityTest
from sandtable.indicators.engine import DuckDBEngine
from sandtable.indicators.outcomes import Outcome, OutcomeKind
from sandtable.indicators.quality_figures import Figures
from sandtable.indicators.quality_rules import (
    completeness,
    freshness,
    in_range,
    reconciliation,
    uniqueness,
)

__all__ = ["Outcome", "check_quality"]

Rule = Callable[[Figures, str, QualityTest], Outcome]
RULES: dict[OutcomeKind, Rule] = {
    "range": in_range,
    "freshness": freshness,
    "reconcile": reconciliation,
    "unique": uniqueness,
    "complete": completeness,
}


def check_quality(
    found: Catalogue, engine: DuckDBEngine, codes: Sequence[str] | None = None
) -> dict[str, tuple[Outcome, ...]]:
    """Run the tests of indicators on the tables of a data set.

    Parameters
    ----------
    found : Catalogue
    engine : DuckDBEngine
        Open on the data set.
    codes : sequence of str, optional
        Which to test; all of the catalogue by default. Their parts are not tested with them.

    Returns
    -------
    dict
        Code -> outcomes: first how its tables are bound, then its tests, in the order of the definition.
    """
    asked = tuple(found.definitions) if codes is None else tuple(dict.fromkeys(codes))
    bindings = check_bindings(found, engine, asked)
    figures = Figures(found, engine)
    sound = {one.code for one in bindings if not _reasons(found, engine, one)}
    ranged = [code for code in asked if code in sound and _ranges_hold_zero(found, code)]
    figures.prepare(ranged)
    return {
        one.code: (*_bound(found, one), *_tested(figures, one, computable=one.code in sound))
        for one in bindings
    }


def _reasons(found: Catalogue, engine: DuckDBEngine, binding: Binding) -> list[str]:
    """Say why an indicator cannot even be computed; a table may be faulty in what it does not read."""
    if binding.state == "sound":
        return []
    return broken_reasons(found, engine, binding.code)


def _ranges_hold_zero(found: Catalogue, code: str) -> bool:
    """Whether an indicator can share a query: cells that only its neighbours fill are zero for it."""
    ranges = [test.range for test in found.definition(code).tests if test.range is not None]
    return bool(ranges) and all(
        (low is None or low <= 0) and (high is None or high >= 0) for low, high in ranges
    )


def _bound(found: Catalogue, binding: Binding) -> list[Outcome]:
    expected = ", ".join(tables_of(found, binding.code))
    if binding.state == "sound":
        said = f"Its tables ({expected}) are as declared."
        return [Outcome("binding", expected, "✓", True, said)]
    passed = None if binding.state == "absent" else False
    return [Outcome("binding", expected, "✗", passed, reason) for reason in binding.reasons]


def _tested(figures: Figures, binding: Binding, *, computable: bool) -> list[Outcome]:
    outcomes = []
    for test in figures.found.definition(binding.code).tests:
        kind = next(one for one in RULES if getattr(test, one) is not None)
        if computable:
            outcomes.append(RULES[kind](figures, binding.code, test))
            continue
        said = f"The test {kind} was not run: {binding.reasons[0]}"
        outcomes.append(Outcome(kind, str(getattr(test, kind)), "—", None, said))
    return outcomes
