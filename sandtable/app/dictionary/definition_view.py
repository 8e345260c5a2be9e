"""What an indicator is: its head, its sentence, its formula with names as links, and the facts about it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from sandtable.app.dictionary.links import link
from sandtable.app.dictionary.list_view import label_of, other_label
from sandtable.app.dictionary.writing import AFTER, joined, listed
from sandtable.app.health.tables import Cell, facts
from sandtable.app.panels import badge
from sandtable.app.text import Text
from sandtable.indicators import Catalogue
from sandtable.indicators.definition import Cohort, Definition, Elapsed
from sandtable.indicators.governing import Standing
from sandtable.indicators.inputs import model_inputs
from sandtable.indicators.lineage import direct_parts

SHORT_HASH = 12
_NAME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+")


def head(definition: Definition, standing: Standing, state: str, text: Text) -> str:
    """Return the title with badges, and the line of who answers for it."""
    broken = state != "sound"
    badges = [
        badge(text(f"indicator_status_{standing.status}"), standing.status),
        badge(text("indicator_version", number=definition.version), ""),
        badge(text(f"indicator_kind_{definition.kind}"), ""),
    ]
    if broken:
        kind = "refuse" if state == "broken" else ""
        badges.insert(0, badge(text(f"indicator_state_{state}"), kind))
    about = [
        (text("indicator_owner"), text.name(definition.owner)),
        (text("indicator_steward"), text.name(definition.steward)),
        (text("indicator_approved"), approved(definition, standing, text)),
    ]
    if definition.feeds:
        fed = [label_of(model_inputs()[one].label, text) for one in definition.feeds]
        about.append((text("indicator_feeds"), joined(fed, text)))
    if definition.informs:
        parts = [text(f"model_part_{one}") for one in definition.informs]
        about.append((text("indicator_informs"), joined(parts, text)))
    said = "".join(f"<span>{escape(name)} <b>{escape(value)}</b></span>" for name, value in about)
    other = "zh" if text.language == "en" else "en"
    return (
        f'<div class="indicator-head"><h1>{escape(label_of(definition.label, text))}</h1>'
        f'<span class="other" lang="{other}">{escape(other_label(definition.label, text))}</span>'
        f'{"".join(badges)}</div><p class="indicator-meta"><code>{escape(definition.code)}</code>{said}</p>'
    )


def approved(definition: Definition, standing: Standing, text: Text) -> str:
    """Say who approved the text that is in force; an approval of another text says nothing of it."""
    known = standing.known
    if known is not None and known.approved_by and known.approved_hash == known.hash:
        said = text("indicator_approved_by", who=known.approved_by)
        return text("indicator_approved_before", said=said) if standing.edited else said
    if definition.approved is not None:
        return f"{definition.approved.by}, {definition.approved.on}"
    return text("indicator_approved_shipped" if known is None else "indicator_approved_none")


def meaning(found: Catalogue, definition: Definition, text: Text) -> str:
    """Return the sentence in both languages, the formula, and how figures of several cells combine."""
    other = "zh" if text.language == "en" else "en"
    notes = [
        text("indicator_by", dimensions=_dimensions(definition, text)),
        text(f"indicator_add_{_additivity(definition)}"),
    ]
    if definition.kind == "composite":
        notes.append(text("indicator_no_divisor"))
    sentence, second = (
        label_of(definition.definition, text),
        other_label(definition.definition, text),
    )
    return (
        f'<div class="meaning"><h2>{escape(text("indicator_means"))}</h2><p>{escape(sentence)}</p>'
        f'<p class="mut" lang="{other}">{escape(second)}</p>'
        f"{formula(found, definition, text)}"
        f'<p class="footnote">{escape(AFTER[text.language].join(notes))}</p></div>'
    )


def _additivity(definition: Definition) -> str:
    return {"full": "full", "semi(time)": "semi", "none": "none"}[definition.additivity]


def _dimensions(definition: Definition, text: Text) -> str:
    return listed([text(f"dimension_{name}") for name in definition.dimensions], text)


def formula(found: Catalogue, definition: Definition, text: Text) -> str:
    """Return the formula as it is written, and again in words; every name is a link."""
    written = _written(found, definition)
    codes = [one for one in direct_parts(definition) if one in found.definitions]
    linked = _linked(written, {code: code for code in codes})
    words = ""
    if codes:
        labels = {code: label_of(found.definition(code).label, text) for code in codes}
        words = f"<small>{_linked(written, labels)}</small>"
    return f'<div class="formula"><code>{escape(definition.code)} = {linked}</code>{words}</div>'


def _linked(written: str, names: dict[str, str]) -> str:
    """Write a formula with some of its names as links, each under the name given for it."""
    parts: list[str] = []
    end = 0
    for match in _NAME.finditer(written):
        if match[0] in names:
            parts.append(escape(written[end : match.start()]))
            parts.append(link(f"indicator:{match[0]}", escape(names[match[0]])))
            end = match.end()
    return "".join([*parts, escape(written[end:])])


def _written(found: Catalogue, definition: Definition) -> str:
    """Write what an indicator is made of: its formula, its base with qualifiers, or the rows it counts."""
    if definition.formula is not None:
        return " ".join(definition.formula.split())
    if definition.source is not None:
        return source(definition)
    marks = [
        _qualifier(found, definition, name)
        for name in (*definition.qualifiers, definition.period)
        if name
    ]
    return f"{definition.base} [{', '.join(marks)}]" if marks else str(definition.base)


def _qualifier(found: Catalogue, definition: Definition, name: str) -> str:
    token = found.roots.get(name)
    table = found.leaf(definition.code).table
    conditions = token.where.get(table, []) if token is not None else []
    said = " and ".join(condition.sentence() for condition in conditions)
    return f"{name}: {said}" if said else name


def source(definition: Definition) -> str:
    """Write what an atomic indicator aggregates: ``sum(units * net_price) of sales``."""
    found = definition.source
    assert found is not None
    measure = found.measure
    if isinstance(measure, Elapsed):
        since = measure.since if isinstance(measure.since, str) else f"first {measure.since.per}"
        inside = f"{measure.unit}s since {since}"
    else:
        inside = measure or "*"
    where = " and ".join(condition.sentence() for condition in found.where)
    said = f"{found.agg}({inside}) of {found.table}"
    if found.first_per:
        said += f", first per {found.first_per}"
    return f"{said} where {where}" if where else said


def details(found: Catalogue, definition: Definition, usage: str, text: Text) -> str:
    """Return the facts: direction, unit, grain, how it adds up, basis, who may see it, fingerprint, usage."""
    basis = definition.basis
    if isinstance(basis, Cohort):
        anchor = found.roots.get(basis.anchor)
        name = basis.anchor if anchor is None or text.language == "en" else anchor.zh
        said = text("basis_cohort", anchor=name, within=basis.within.removesuffix("d"))
    else:
        said = text("basis_event_period")
    pairs: list[tuple[str, str | Cell]] = [
        (text("indicator_direction"), text(f"direction_{definition.direction}")),
        (text("indicator_unit"), text(f"indicator_unit_{definition.unit}")),
        (text("indicator_grain"), _dimensions(definition, text)),
        (text("indicator_additivity"), text(f"additivity_{_additivity(definition)}")),
        (text("indicator_basis"), said),
        (text("indicator_lifecycle"), text(f"lifecycle_{definition.lifecycle}")),
    ]
    if definition.access is not None:
        pairs.append((text("indicator_access"), text(f"access_{definition.access.row_policy}")))
    if definition.replaced_by:
        pairs.append((text("indicator_replaced"), definition.replaced_by))
    pairs.append((text("indicator_usage"), usage))
    pairs.append((text("indicator_hash"), definition.definition_hash[:SHORT_HASH]))
    return facts(pairs)


def relations(found: Catalogue, definition: Definition, text: Text) -> str:
    """Return what it is made of and what reads it, as links."""
    made = direct_parts(definition)
    readers = found.used_by(definition.code)
    lines = [
        _related(text("indicator_made_of"), made, found, text),
        _related(text("indicator_read_by"), readers, found, text),
    ]
    return f'<div class="relations">{"".join(lines)}</div>'


def _related(title: str, codes: Sequence[str], found: Catalogue, text: Text) -> str:
    links = [
        link(f"indicator:{code}", escape(label_of(found.definition(code).label, text)))
        for code in codes
    ]
    inside = (
        "".join(f"<li>{one}</li>" for one in links) or f"<li>{escape(text('indicator_none'))}</li>"
    )
    return f"<div><h3>{escape(title)}</h3><ul>{inside}</ul></div>"
