"""Two Vega-Lite specifications, built once: own elasticities as bars, errors by horizon as lines."""

from __future__ import annotations

from functools import cache
from typing import Any, cast

from sandtable.app.formatting import Format
from sandtable.app.health.implied import Implied, binned
from sandtable.app.text import Text

BARS_HIGH, LINES_HIGH = 120, 240
LABEL_GAP = 15  # pixels between the labels at the ends of the lines
ROOM = "(width < 450 ? 112 : 152)"  # pixels for these labels
DASHES = {"path": [1, 0], "last": [1, 0], "seasonal_naive": [6, 3], "ets": [2, 3]}
COLOURS = {  # own, loss, ink, muted, hairline
    False: ("#0072B2", "#D55E00", "#1B1F24", "#667085", "#E4E7EC"),
    True: ("#4DA3DC", "#E8833A", "#E6EAF0", "#93A0B0", "#2A323C"),
}
Rows = list[dict[str, Any]]


def elasticity_bars(implied: Implied, text: Text, write: Format, *, dark: bool) -> dict[str, Any]:
    """Return the distribution of own elasticities; bars right of -1 are those that no firm would choose."""
    bins: Rows = [
        {
            "low": one.low,
            "high": one.high,
            "count": one.count,
            "inelastic": one.low >= -1,
            "text": text(
                "health_bin",
                count=write.count(one.count),
                low=write.decimal(one.low),
                high=write.decimal(one.high),
            ),
        }
        for one in binned(implied.own_elasticities)
    ]
    marks: Rows = [
        {"at": -1.0, "label": text("health_mark_one")},
        {
            "at": implied.median,
            "label": text("health_mark_median", value=write.decimal(implied.median)),
        },
    ]
    near = abs(implied.median + 1) < 0.25 * abs(bins[0]["low"])
    marks[0]["row"], marks[1]["row"] = 0, int(near)
    return {**_bars(dark=dark), "datasets": {"bins": bins, "marks": marks}}


@cache
def _bars(*, dark: bool) -> dict[str, Any]:
    import altair as alt

    own, loss, ink, muted, line = COLOURS[dark]
    axis = alt.Axis(
        tickCount=5,
        grid=False,
        labelColor=muted,
        domainColor=line,
        tickColor=line,
        title=None,
        labelExpr="replace(datum.label, '-', '−')",
    )
    bars = (
        alt.Chart(alt.NamedData("bins"))
        .mark_bar(binSpacing=1)
        .encode(
            x=alt.X("low:Q", bin="binned", axis=axis),
            x2="high:Q",
            y=alt.Y("count:Q", axis=None),
            color=alt.condition("datum.inelastic", alt.value(loss), alt.value(own)),
            tooltip=[alt.Tooltip("text:N", title=" ")],
        )
    )
    marks = alt.Chart(alt.NamedData("marks"))
    rules = marks.mark_rule(color=ink, strokeDash=[3, 3]).encode(x="at:Q")
    labels = marks.mark_text(align="right", baseline="top", dx=-5, color=ink, fontSize=12).encode(
        x="at:Q", y=alt.value(alt.ExprRef("datum.row * 16 - 2")), text="label:N"
    )
    chart = (bars + rules + labels).properties(height=BARS_HIGH)
    return _transparent(chart)


def error_chart(points: Rows, *, dark: bool) -> dict[str, Any]:
    """Return errors by horizon as lines with their names at the end."""
    top = max((one["error"] for one in points), default=0.1) * 1.08
    ends: Rows = []
    for series in dict.fromkeys(one["series"] for one in points):
        last = [one for one in points if one["series"] == series][-1]
        ends.append({**last, "wanted": LINES_HIGH * (1 - last["error"] / top), "dx": 10})
    furthest = max((one["horizon"] for one in points), default=1)
    early = [one for one in ends if one["horizon"] < furthest]
    for one in early:  # above its last point, where no other name stands
        one |= {"y": one["wanted"] - 6, "dx": 8}
    _spread([one for one in ends if one not in early])
    shown = [{**one, "kind": _kind(one["series"])} for one in points]
    ends = [{**one, "kind": _kind(one["series"])} for one in ends]
    corners = [{"horizon": 1, "error": 0}, {"horizon": 1, "error": top}]
    return {
        **_lines(dark=dark),
        "datasets": {"points": shown, "ends": ends, "corners": corners},
    }


def _kind(series: str) -> str:
    if series.startswith("last"):
        return "last"
    return "ets" if series.startswith("ets") else series


def _spread(ends: Rows) -> None:
    """Keep labels apart: from the top down each at least a line below the one before, then up again from the bottom."""
    lowest = float(LINES_HIGH)
    ordered = sorted(ends, key=lambda one: one["wanted"])
    place = -float(LABEL_GAP)
    for one in ordered:
        place = max(one["wanted"], place + LABEL_GAP)
        one["y"] = place
    for one in reversed(ordered):
        one["y"] = min(one["y"], lowest)
        lowest = one["y"] - LABEL_GAP


@cache
def _lines(*, dark: bool) -> dict[str, Any]:
    import altair as alt

    own, _, ink, muted, line = COLOURS[dark]
    x = alt.X(
        "horizon:Q",
        scale=alt.Scale(nice=False, zero=False, range=[8, alt.ExprRef(f"width - {ROOM}")]),
        axis=alt.Axis(
            tickMinStep=1,
            tickCount=6,
            grid=False,
            labelColor=muted,
            domainColor=line,
            tickColor=line,
            title=None,
            format="d",
        ),
    )
    y = alt.Y(
        "error:Q",
        scale=alt.Scale(nice=False, zero=True),
        axis=alt.Axis(
            tickCount=4,
            gridColor=line,
            labelColor=muted,
            domain=False,
            ticks=False,
            title=None,
            format=".0%",
        ),
    )
    is_path = "datum.series == 'path'"
    colour = alt.condition(is_path, alt.value(own), alt.value(muted))
    dash = alt.StrokeDash(
        "kind:N", scale=alt.Scale(domain=list(DASHES), range=list(DASHES.values())), legend=None
    )
    points = alt.Chart(alt.NamedData("points")).encode(x=x, y=y)
    hover = [alt.Tooltip("label:N", title=" "), alt.Tooltip("text:N", title=" ")]
    lines = points.mark_line().encode(
        color=colour,
        strokeDash=dash,
        detail="series:N",
        strokeWidth=alt.condition(is_path, alt.value(2.5), alt.value(1.5)),
    )
    dots = points.mark_point(filled=True, size=28, opacity=1).encode(color=colour, tooltip=hover)
    names = (
        alt.Chart(alt.NamedData("ends"))
        .mark_text(
            align="left",
            baseline="middle",
            dx=alt.ExprRef("datum.dx"),
            fontSize=12,
            y=alt.ExprRef("datum.y"),
        )
        .encode(
            x=x,
            text="label:N",
            color=alt.condition(is_path, alt.value(own), alt.value(ink)),
        )
    )
    corners = alt.Chart(alt.NamedData("corners")).mark_point(opacity=0).encode(x=x, y=y)
    chart = (corners + lines + dots + names).properties(height=LINES_HIGH)
    return _transparent(chart)


def _transparent(chart: Any) -> dict[str, Any]:
    face = "Source Sans, Noto Sans SC, Noto Sans CJK SC, PingFang SC, Microsoft YaHei, sans-serif"
    styled = chart.properties(width="container", background="transparent").configure(font=face)
    spec = cast("dict[str, Any]", styled.configure_view(stroke=None).to_dict())
    spec["autosize"] = {"type": "fit", "contains": "padding"}
    return spec
