"""Dealers of a region, or regions of the country: the rates of each, what is weak, cars lost."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from sandtable.app.formatting import MISSING
from sandtable.app.funnel_view.lane import Scale, lane, pooling_moved, scales
from sandtable.app.funnel_view.words import UNJUDGED, Row, Seen


def by_place(rows: Sequence[Row]) -> list[list[Row]]:
    """Return the rows of each place, by sure loss, then by name."""
    places: dict[str, list[Row]] = {}
    for row in rows:
        places.setdefault(row["place"], []).append(row)
    return [
        places[name] for name in sorted(places, key=lambda name: (-sure_cars(places[name]), name))
    ]


def sure_cars(rows: Sequence[Row]) -> float:
    """Return the cars a year that the sure links in a place cost; those of a region and of its dealers."""
    return float(sum(row["sure_units_lost"] for row in rows))


def unclear_cars(rows: Sequence[Row]) -> float:
    """Return the cars a year that the place's own links would cost that are not clear yet."""
    return float(sum(row["units_lost"] for row in rows if row["verdict"] == "not_clear"))


def place_table(seen: Seen) -> str:
    """Return the table of the dealers of a region, or of the regions of an area or the country."""
    text = seen.text
    level = "dealer" if seen.level == "region" else "region"
    rows, on = seen.inside(level), scales(seen)
    dealers = level == "dealer"
    head = [_title(text(f"funnel_{level}"))]
    head += [_title(text("funnel_tier"), "few")] if dealers else []
    head.append(_title(seen.stage(seen.found.counts.stages[0]), "n few"))
    for stage, scale in on.items():
        ends = (seen.write.percent(end, 0) for end in (scale.low, scale.high))
        limits = "".join(f"<span>{escape(end)}</span>" for end in ends)
        title = text("funnel_rate_into", stage=text(f"funnel_one_{stage}"))
        head.append(f'<th class="rate"><b>{escape(title)}</b><small>{limits}</small></th>')
    head.append(_title(text("funnel_lost_year"), "n few"))
    body = "".join(_line(place, on, seen, dealers=dealers) for place in by_place(rows))
    return f'<table class="places"><thead><tr>{"".join(head)}</tr></thead><tbody>{body}</tbody></table>'


def _title(title: str, kind: str = "") -> str:
    return f'<th class="{kind}">{escape(title)}</th>'


def _line(rows: Sequence[Row], on: dict[str, Scale], seen: Seen, *, dealers: bool) -> str:
    first = rows[0]
    loss = _loss(rows, seen)
    cells = [
        f'<td>{escape(seen.text.name(first["place"]))}<small class="phone">{loss}</small></td>'
    ]
    if dealers:
        cells.append(f'<td class="few">{escape(_tier(first["city_tier"], seen))}</td>')
    cells.append(f'<td class="n few">{escape(seen.cars(first["n"]))}</td>')
    cells += [_rate(row, on[row["stage"]], seen) for row in rows]
    cells.append(f'<td class="n few">{loss}</td>')
    return f"<tr>{''.join(cells)}</tr>"


def _tier(tier: str | None, seen: Seen) -> str:
    return MISSING if tier is None else seen.text.name(f"tier {tier}").removeprefix("tier ")


def _rate(row: Row, scale: Scale, seen: Seen) -> str:
    """Return a rate with its lane; a dash and a sentence where the sample does not suffice."""
    text = seen.text
    if row["verdict"] in UNJUDGED or row["pooled_rate"] is None:
        return f'<td class="rate mut">{MISSING}<small>{escape(seen.verdict(row))}</small></td>'
    sure = row["verdict"] == "sure"
    raw = ""
    if pooling_moved(row):
        said = text("funnel_raw", rate=seen.write.percent(row["rate"]))
        raw = f"<small>○ {escape(said)}</small>"
    said = seen.write.percent(row["pooled_rate"])
    figure = f'<b class="loss">▼ {said}</b>' if sure else said
    return f'<td class="rate"><div>{lane(row, scale, seen)}<span>{figure}{raw}</span></div></td>'


def _loss(rows: Sequence[Row], seen: Seen) -> str:
    text = seen.text
    sure, unclear = sure_cars(rows), unclear_cars(rows)
    if sure:
        return f'<b class="loss">{escape(seen.cars(sure))}</b>'
    if all(row["verdict"] in UNJUDGED for row in rows):
        return MISSING
    if unclear:
        said = text("funnel_cars_not_clear", cars=seen.cars(unclear))
        return f'<span class="mut">{escape(said)}</span>'
    return "0"
