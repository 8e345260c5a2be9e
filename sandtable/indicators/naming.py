"""The naming standard: ``<domain>_<object>[_<sub>]_<measure>[_<qualifier>...][_<period>]``."""

from __future__ import annotations

from collections.abc import Sequence

from sandtable.errors import did_you_mean
from sandtable.indicators.roots import PERIOD_FORM, Roots, Token

MAXIMUM_OBJECTS = 2
STANDARD = "<domain>_<object>[_<sub>]_<measure>[_<qualifier>...][_<period>]"


def generated_code(base: str, qualifiers: Sequence[str], period: str | None) -> str:
    """Return the name of a derived indicator.

    Examples
    --------
    >>> generated_code("sal_lead_cnt", ["web"], "30d")
    'sal_lead_cnt_web_30d'
    """
    return "_".join([base, *qualifiers, *([period] if period else [])])


def days_of(period: str) -> int:
    """Return the days of a period token such as ``30d``."""
    match = PERIOD_FORM.fullmatch(period)
    assert match is not None
    return int(match[1])


def name_faults(code: str, unit: str, roots: Roots) -> list[str]:
    """Say what in a code breaks the naming standard, each as a sentence."""
    words = code.split("_")
    faults = [
        f"the token '{word}' does not stand in roots.yaml{did_you_mean(word, roots)}"
        for word in dict.fromkeys(words)
        if word not in roots
    ]
    if faults:
        return faults
    tokens = [roots[word] for word in words]
    kinds = [token.type for token in tokens]
    broken = _order_fault(kinds, words)
    if broken:
        return [f"{broken}; the form is {STANDARD}."]
    return _unit_faults(tokens, unit)


def _order_fault(kinds: Sequence[str], words: Sequence[str]) -> str:
    if kinds[0] != "domain":
        return f"it must begin with a domain, and '{words[0]}' is of the type {kinds[0]}"
    measures = [place for place, kind in enumerate(kinds) if kind == "measure"]
    if not measures:
        return "it names no measure"
    if len(measures) > 1:
        return f"it names two measures, '{words[measures[0]]}' and '{words[measures[1]]}'"
    objects = kinds[1 : measures[0]]
    if not 1 <= len(objects) <= MAXIMUM_OBJECTS or set(objects) - {"object"}:
        return "one or two objects must stand between the domain and the measure"
    tail = kinds[measures[0] + 1 :]
    if set(tail[:-1]) - {"qualifier"} or set(tail[-1:]) - {"qualifier", "period"}:
        return "qualifiers, and at the end a period, must follow the measure"
    return ""


def _unit_faults(tokens: Sequence[Token], unit: str) -> list[str]:
    measure = next(token for token in tokens if token.type == "measure")
    if measure.unit in (unit, None):  # one without a unit is a fault of roots.yaml
        return []
    return [f"the measure '{measure.token}' counts in {measure.unit}, but the unit is {unit}."]
