"""The stages of one place: count, rate, lane, cars lost."""

from __future__ import annotations

from html import escape

from sandtable.app.formatting import MISSING
from sandtable.app.funnel_view.lane import WIDTH, Scale, lane, regions_lane, scales
from sandtable.app.funnel_view.sentences import sure_inside
from sandtable.app.funnel_view.words import UNJUDGED, Row, Seen


def crumbs(seen: Seen) -> str:
    """Return the way from the country to the place, with the cars lost there."""
    text = seen.text
    names = [text("all_regions")]
    if seen.level == "region":
        area = next((row["area"] for row in seen.inside("region")), None)
        names += [seen.text.name(area)] if area else []
    if seen.place is not None:
        names.append(seen.name)
    steps = [*(f"<span>{escape(name)}</span>" for name in names[:-1]), _strong(names[-1])]
    return f'<div class="crumbs">{"<i>›</i>".join(steps)}</div>'


def legend(seen: Seen, *, judged: bool) -> str:
    """Return what the marks of the lanes mean: of places that are judged, or of the regions in a sum."""
    text = seen.text
    marks = [("dot", "funnel_legend_one_region")]
    if judged:
        marks = [
            ("span", "funnel_legend_rate"),
            ("tick", "funnel_legend_benchmark"),
            ("usual", "funnel_legend_usual"),
        ]
    marks.append(("dot sure", "funnel_legend_weak_region"))
    said = "".join(f'<span><i class="{kind}"></i>{escape(text(key))}</span>' for kind, key in marks)
    return f'<div class="lane-legend">{said}</div>'


def stage_rows(seen: Seen) -> str:
    """Return the table of stages."""
    text, rows, on = seen.text, seen.rows(), scales(seen)
    titles = [
        text("funnel_stage"),
        text("funnel_count"),
        text("funnel_rate", points=round(100 * WIDTH)),
        "",
        text("funnel_lost_year"),
    ]
    head = "".join(f"<span>{escape(title)}</span>" for title in titles)
    leads = (
        f'<div class="stage">{_named(seen.stage(seen.found.counts.stages[0]), "")}'
        f'<span class="n">{seen.cars(rows[0]["n"])}</span><span></span>'
        f'<span class="mut">{escape(text("funnel_starts"))}</span><span></span></div>'
    )
    body = "".join(_stage(row, on[row["stage"]], seen) for row in rows)
    return f'<div class="stages"><div class="stage head">{head}</div>{leads}{body}</div>'


def _stage(row: Row, scale: Scale, seen: Seen) -> str:
    text = seen.text
    before = text("funnel_of", before=seen.stage(seen.before(row["stage"])))
    sure = row["verdict"] == "sure"
    summed = row["verdict"] == "summed"
    tone = " loss" if sure else ""
    if summed:
        rate, drawn = row["rate"], regions_lane(_regions(row["stage"], seen), scale, seen)
    elif row["verdict"] in UNJUDGED:
        rate, drawn = None, ""
    else:
        rate, drawn = row["pooled_rate"], lane(row, scale, seen, labels=True)
    return (
        f'<div class="stage">{_named(seen.stage(row["stage"]), before)}'
        f'<span class="n">{seen.cars(row["passed"])}</span>'
        f'<b class="n{tone}">{seen.write.percent(rate)}</b>{drawn or "<span></span>"}'
        f"{_lost(row, seen)}</div>"
    )


def _regions(stage: str, seen: Seen) -> list[Row]:
    return [row for row in seen.inside("region") if row["stage"] == stage]


def _lost(row: Row, seen: Seen) -> str:
    """Return the cars lost: a sure loss in orange, one that is not clear muted, none as 0, unknown as a dash."""
    text = seen.text
    if row["verdict"] == "summed":
        links = len(sure_inside(seen, row["stage"]))
        lost = row["sure_units_lost"]
        key = (
            "funnel_links_none" if not links else f"funnel_links_{'one' if links == 1 else 'many'}"
        )
        note = text(key, count=links)
        return _loss(seen.cars(lost) if links else MISSING, note, "loss" if links else "mut")
    if row["verdict"] in UNJUDGED:
        return _loss(MISSING, seen.verdict(row), "mut")
    own = row["units_lost"] if row["verdict"] == "sure" else 0.0
    at_dealers = row["sure_units_lost"] - own
    note = seen.verdict(row)
    if at_dealers > 0:
        note = text("funnel_and_dealers", verdict=note, cars=seen.cars(at_dealers))
    tone = {"sure": "loss", "not_clear": "mut"}.get(row["verdict"], "")
    return _loss(seen.cars(row["units_lost"]), note, tone)


def _loss(cars: str, note: str, tone: str) -> str:
    return f'<span class="lost"><b class="{tone}">{escape(cars)}</b><small>{escape(note)}</small></span>'


def _named(stage: str, of: str) -> str:
    return f'<span class="what"><b>{escape(stage)}</b><small>{escape(of)}</small></span>'


def _strong(name: str) -> str:
    return f"<b>{escape(name)}</b>"
