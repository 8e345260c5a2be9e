"""What stands on record about an indicator: its tests, its engines, its history, and the columns it reads."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from sandtable.app.dictionary.writing import joined
from sandtable.app.formatting import MISSING
from sandtable.app.health.tables import Cell, Row, cards
from sandtable.app.panels import titled
from sandtable.app.text import Text
from sandtable.indicators import Catalogue, lineage
from sandtable.indicators.certificate import Certificate
from sandtable.indicators.outcomes import Outcome

GOOD, BAD, OPEN = "ok", "bad", "mut"
MOST_CHANGES = 4


def tests(outcomes: Sequence[Outcome], text: Text) -> str:
    """Return the tests with what was expected and seen; the title counts them."""
    if all(one.passed is None for one in outcomes):
        return f"<h2>{escape(text('tests_none'))}</h2>"
    passed = sum(one.passed is True for one in outcomes)
    failed = sum(one.passed is False for one in outcomes)
    if failed:
        title = text("tests_failed", passed=passed, failed=failed)
    else:
        title = text("tests_passed", passed=passed, count=len(outcomes))
    rows = [_test(one, text) for one in outcomes]
    columns = [text("test"), text("test_expected"), text("test_seen")]
    return f"<h2>{escape(title)}</h2>{_table(columns, rows)}"


def _test(one: Outcome, text: Text) -> list[str]:
    mark, kind = {True: ("✓", GOOD), False: ("!", BAD), None: ("–", OPEN)}[one.passed]
    seen = one.seen if one.seen.strip("✓✗—") else ""
    said = f'<b class="{kind}" title="{escape(one.sentence)}">{mark} {escape(seen)}</b>'
    return [escape(text(f"test_{one.kind}")), escape(one.expected), said]


def engines(certificates: Sequence[Certificate], text: Text) -> str:
    """Return which engines gave the figures of the golden rows."""
    agree = all(one.passed for one in certificates)
    title = text("engines_agree" if agree else "engines_open")
    columns = [text("engine"), text("engine_certificate"), text("engine_run")]
    return (
        f"<h2>{escape(title)}</h2>{_table(columns, [_engine(one, text) for one in certificates])}"
    )


def _engine(one: Certificate, text: Text) -> list[str]:
    mark, kind = {True: ("✓", GOOD), False: ("!", BAD), None: ("–", OPEN)}[one.passed]
    word = {True: "engine_same", False: "engine_differs", None: "engine_not_run"}[one.passed]
    why = escape(" ".join(one.faults))
    said = f'<b class="{kind}" title="{why}">{mark} {escape(text(word))}</b>'
    name = {"duckdb": "DuckDB"}.get(one.engine, one.engine)
    return [escape(f"{name} {one.engine_version}"), said, escape(one.on)]


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table of cells that are escaped already."""
    heads = "".join(f"<th>{escape(column)}</th>" for column in columns)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f'<table class="record"><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>'


def history(rows: Sequence[Mapping[str, Any]], version: int, text: Text) -> str:
    """Return who changed a definition, when, why, and which lines."""
    if not rows:
        said = text("history_none", version=version)
        return f'<h2>{escape(text("history"))}</h2><p class="footnote">{escape(said)}</p>'
    lines = "".join(_step(row, text) for row in reversed(rows))
    title = text("history_steps", count=len(rows))
    return f'<h2>{escape(title)}</h2><ol class="history">{lines}</ol>'


def _step(row: Mapping[str, Any], text: Text) -> str:
    at = dt.datetime.fromisoformat(str(row["at"])).strftime("%Y-%m-%d %H:%M")
    what = text(f"history_{row['action']}")
    changes = list(json.loads(row["changes"]))
    shown = "".join(
        f'<li class="{"gone" if line.startswith("-") else "new"}">{escape(line)}</li>'
        for line in changes[:MOST_CHANGES]
    )
    more = len(changes) - MOST_CHANGES
    if more > 0:
        shown += f"<li>{escape(text('lineage_more', count=more))}</li>"
    reason = f"<span>{escape(str(row['reason']))}</span>" if row["reason"] else ""
    return (
        f'<li><b>{escape(what)}</b> {escape(str(row["who"]))} <time class="mut">{at}</time>{reason}'
        f"{f'<ul>{shown}</ul>' if shown else ''}</li>"
    )


def reasons(
    outcomes: Sequence[Outcome], broken_parts: Sequence[str], absent: bool, text: Text
) -> str:
    """Say why an indicator is not to be relied on here."""
    wrong = [one for one in outcomes if one.passed is not True and one.kind == "binding"]
    wrong += [one for one in outcomes if one.passed is False and one.kind != "binding"]
    title = text("indicator_absent_why" if absent else "indicator_broken_why")
    said: dict[str, list[str]] = {}
    for one in wrong:
        head = f"{text(f'test_{one.kind}')}: {one.expected} → {one.seen}"
        said.setdefault(head, []).append(f'<small lang="en">{escape(one.sentence)}</small>')
    lines = [f"<li>{escape(head)}{''.join(why)}</li>" for head, why in said.items()]
    lines += [
        f"<li>{escape(text('indicator_part_broken', part=part))}</li>" for part in broken_parts
    ]
    return f'<div class="finding bad indicator-why"><b>{escape(title)}</b><ul>{"".join(lines)}</ul></div>'


def columns_read(found: Catalogue, code: str, text: Text) -> str:
    """Return every column that an indicator reads, those included that only split it or lead to others."""
    uses: dict[tuple[str, str], dict[str, list[str]]] = {}
    for use in lineage(found, code).columns:
        uses.setdefault((use.table, use.column), {}).setdefault(use.use, []).append(use.leaf)
    rows: list[Row] = []
    for (table, column), leaves in sorted(uses.items()):
        declared = found.tables[table]
        detail = declared.columns[column]
        kinds = joined((text(f"use_{use.replace(' ', '_')}") for use in leaves), text)
        rows.append(
            [
                Cell(f"{table}.{column}", getattr(declared.label, text.language)),
                text(f"column_{detail.type}"),
                kinds,
                text(f"sensitivity_{declared.sensitivity}"),
            ]
        )
    columns = [text(f"columns_{name}") for name in ("column", "type", "use", "sensitivity")]
    about = titled(text("columns_title", count=len(rows)), text("columns_caption"))
    return about + cards(columns, rows, phone=(0, 2, 3))


def usage(count: int | None, text: Text, days: int) -> str:
    """Say how often an indicator was asked for; a dash where nobody counts."""
    if count is None:
        return f"{MISSING} {text('usage_uncounted')}"
    return text("usage_count" if count != 1 else "usage_once", count=count, days=days)
