"""An indicator by month: the sentence that says where it stands, and the line that shows how it came there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from sandtable.app.dictionary.writing import Figures
from sandtable.app.text import Text
from sandtable.data.metadata import Frequency
from sandtable.indicators.periods import ordinal

HEIGHT, HEAD, FOOT = 188, 12, 28  # pixels: the whole, above the highest tick, below the lowest
SHOWN = 36  # periods
TICKS = 4
PER_YEAR = {"month": 12, "quarter": 4, "year": 1}
FONT = "Source Sans, Noto Sans SC, Noto Sans CJK SC, PingFang SC, Microsoft YaHei, sans-serif"
COLOURS = {  # own, ink, muted, hairline, paper
    False: ("#0072B2", "#1B1F24", "#667085", "#E4E7EC", "#FFFFFF"),
    True: ("#4DA3DC", "#E6EAF0", "#93A0B0", "#2A323C", "#0F1419"),
}
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Series:
    """An indicator by period, oldest first; not a number where it is missing.

    Attributes
    ----------
    refusal : str
        Why there are no figures.
    """

    periods: tuple[str, ...]
    values: tuple[float, ...]
    refusal: str = ""

    @property
    def last(self) -> tuple[str, float] | None:
        """The latest period that has a figure."""
        known = [pair for pair in zip(self.periods, self.values, strict=True) if is_known(pair[1])]
        return known[-1] if known else None

    def year_before(self, frequency: Frequency) -> tuple[str, float] | None:
        """Return the same period of the year before the latest one; none across a gap."""
        if self.last is None or not self.last[0]:
            return None
        wanted = ordinal(self.last[0], frequency) - PER_YEAR[frequency]
        for period, value in zip(self.periods, self.values, strict=True):
            if ordinal(period, frequency) == wanted and is_known(value):
                return period, value
        return None


def is_known(value: float) -> bool:
    """Whether there is a figure."""
    return math.isfinite(value)


def trend_title(series: Series, frequency: Frequency, figures: Figures, text: Text) -> str:
    """Say the latest figure, and how far it stands from the year before."""
    if series.last is None:
        return text("indicator_no_figure")
    period, value = series.last
    said = figures.write(value)
    if not period:
        return text("indicator_now", value=said)
    about = {"value": said, "period": figures.format.period(period)}
    before = series.year_before(frequency)
    if before is None:
        return text("indicator_now_in", **about)
    change = figures.change(value, before[1])
    if change == "":
        return text("indicator_now_same", **about)
    key = "indicator_now_up" if value > before[1] else "indicator_now_down"
    return text(key, change=change, **about)


def trend_chart(
    series: Series, frequency: Frequency, figures: Figures, text: Text, *, dark: bool
) -> dict[str, Any]:
    """Return the line of the last periods, its end and the year before with their figures."""
    format_ = figures.format
    points: Rows = [
        {
            "x": ordinal(period, frequency),
            "y": value if is_known(value) else None,
            "text": f"{format_.period(period)}: {figures.write(value)}",
        }
        for period, value in zip(series.periods, series.values, strict=True)
    ][-SHOWN:]
    known = [row["y"] for row in points if row["y"] is not None]
    ticks = _ticks(min(known), max(known))
    low, high = min(ticks[0], *known), max(ticks[-1], *known)
    marks: Rows = []
    for kind, pair in (("now", series.last), ("before", series.year_before(frequency))):
        if pair is not None and (x := ordinal(pair[0], frequency)) >= points[0]["x"]:
            near = [row["y"] for row in points if row["y"] is not None and abs(row["x"] - x) <= 2]
            above = 14 if sum(near) / len(near) > pair[1] else -14  # away from the line
            label = figures.write(pair[1])
            if (
                kind == "before"
            ):  # the title says it; beside the end of the line there is no room to say it again
                label = "" if frequency == "year" else text("indicator_year_before", value=label)
            marks.append({"x": x, "y": pair[1], "label": label, "kind": kind, "dy": above})
    first, last = points[0]["x"], points[-1]["x"]
    datasets = {
        "points": points,
        "marks": marks,
        "ticks": [{"y": tick, "label": figures.tick(tick)} for tick in ticks],
        "months": _named(series.periods[-SHOWN:], frequency, figures),
        "corners": [{"x": first, "y": low}, {"x": max(last, first + 1), "y": high}],
    }
    return {**_spec(dark=dark), "datasets": datasets}


def _ticks(low: float, high: float) -> list[float]:
    """Return a few round numbers from below the lowest figure to above the highest."""
    span = high - low or abs(high) or 1.0
    rough = span / (TICKS - 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * times for times in (1, 2, 2.5, 5, 10) if power * times >= rough)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [round(place * step, 12) for place in range(first, last + 1)]


def _named(periods: tuple[str, ...], frequency: Frequency, figures: Figures) -> Rows:
    """Return the periods that the axis names: at most five, the last one among them."""
    step = max(1, math.ceil(len(periods) / 4))
    named = list(reversed(periods))[::step]
    return [
        {"x": ordinal(period, frequency), "label": figures.format.short_period(period)}
        for period in named
    ]


@cache
def _spec(*, dark: bool) -> dict[str, Any]:
    """Return the chart without data; ticks are rows like all else, so that both languages write them."""
    import altair as alt

    own, ink, muted, line, paper = COLOURS[dark]
    free = alt.Scale(zero=False, nice=False, range=[60, alt.ExprRef("width - 40")])
    x = alt.X("x:Q", axis=None, scale=free)
    tall = alt.Scale(zero=False, nice=False, range=[HEIGHT - FOOT, HEAD])
    y = alt.Y("y:Q", axis=None, scale=tall)

    def layer(name: str) -> alt.Chart:
        return alt.Chart(alt.NamedData(name))

    small: dict[str, Any] = {"fontSize": 12, "color": muted}
    left, right = alt.value(52), alt.value(alt.ExprRef("width - 8"))
    is_now = "datum.kind == 'now'"
    chart = alt.layer(
        layer("corners").mark_point(opacity=0).encode(x=x, y=y),
        layer("ticks").mark_rule(color=line).encode(y=y, x=left, x2=right),
        layer("ticks")
        .mark_text(align="right", **small)
        .encode(y=y, x=alt.value(46), text="label:N"),
        layer("months")
        .mark_text(baseline="top", **small)
        .encode(x=x, y=alt.value(HEIGHT - FOOT + 10), text="label:N"),
        layer("points").mark_line(color=own, strokeWidth=2.5).encode(x=x, y=y),
        layer("points")
        .mark_point(filled=True, size=18, opacity=1, color=own)
        .encode(x=x, y=y, tooltip=[alt.Tooltip("text:N", title=" ")]),
        layer("marks")
        .mark_point(filled=True, size=64, opacity=1, strokeWidth=1.5)
        .encode(
            x=x,
            y=y,
            fill=alt.condition(is_now, alt.value(own), alt.value(paper)),
            stroke=alt.condition(is_now, alt.value(own), alt.value(muted)),
        ),
        layer("marks")
        .mark_text(
            dy=alt.ExprRef("datum.dy"), fontSize=12, fontWeight=600, stroke=paper, strokeWidth=4
        )
        .encode(x=x, y=y, text="label:N"),
        layer("marks")
        .mark_text(dy=alt.ExprRef("datum.dy"), fontSize=12, fontWeight=600)
        .encode(
            x=x,
            y=y,
            text="label:N",
            color=alt.condition(is_now, alt.value(own), alt.value(ink)),
        ),
    ).properties(height=HEIGHT, width="container", background="transparent")
    styled = chart.configure(font=FONT, padding=0)
    return cast("dict[str, Any]", styled.configure_view(stroke=None).to_dict())
