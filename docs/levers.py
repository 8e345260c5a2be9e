"""``python -m docs.levers`` writes docs/levers.md from the table of levers, so that the two cannot differ."""

from __future__ import annotations

from pathlib import Path

from sandtable.scenario.levers import Lever, Term, lever_table

PAGE = Path(__file__).parent / "levers.md"
GROUPS = {
    "price": "Price",
    "offer": "Cash and finance",
    "media": "Media",
    "network": "Dealers",
    "funnel": "Funnel",
    "product": "Product",
    "supply": "Supply",
    "rules": "Taxes and rules",
    "market": "Market",
}
HEAD = """# Levers

What may be pulled, from the table that validation, the inspector of the app and `sandtable levers` read
(`sandtable/scenario/levers.yaml`); `python -m docs.levers` writes this page. How to write a lever in a file:
[scenarios/README.md](../scenarios/README.md). Every lever moved by nothing does exactly nothing. A move beyond its
guard-rail is marked, not refused.
"""


def page() -> str:
    """Return the text of the page."""
    parts = [HEAD]
    for group, title in GROUPS.items():
        parts.append(f"\n## {title}\n")
        parts += [_entry(name, it) for name, it in lever_table().items() if it.group == group]
    return "".join(parts)


def _entry(name: str, lever: Lever) -> str:
    fields = [f"`{field}` ({need})" for field, need in lever.fields.items()]
    facts = [
        f"acts on: {lever.scope.replace('_', ' ')}, {lever.products}",
        f"amount: {', '.join(lever.change) or 'none'}{_unit(lever)}",
        f"guard-rail: {lever.usual_range}",
        f"evidence: {lever.evidence.grade} ({lever.evidence.source})",
    ]
    if fields:
        facts.insert(1, f"names: {', '.join(fields)}")
    lines = [f"\n### `{name}`: {lever.label.en} · {lever.label.zh}\n\n{lever.help.en}\n\n"]
    lines += [f"- {fact}\n" for fact in facts]
    if lever.terms:
        lines.append(
            "\n| term | meaning | lowest | highest | left out |\n| --- | --- | --- | --- | --- |\n"
        )
        lines += [_term(term, it) for term, it in lever.terms.items()]
    return "".join(lines)


def _unit(lever: Lever) -> str:
    units = {"money": " in money", "characteristic": " in the unit of the characteristic", "": ""}
    return units.get(lever.unit, f" in {lever.unit}")


def _term(name: str, term: Term) -> str:
    def shown(value: float | str | None) -> str:
        if value is None:
            return "must be given"
        if isinstance(value, str):
            return "no limit"
        return f"{value * 100:g} %" if term.kind == "share" else f"{value:g}"

    cells = [shown(value) for value in (term.low, term.high, term.default)]
    return f"| `{name}` | {term.label.en} | {' | '.join(cells)} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
