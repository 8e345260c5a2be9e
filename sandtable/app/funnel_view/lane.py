"""A rate on its scale: where ordinary places lie, the benchmark, the interval, the rate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from sandtable.app.funnel_view.words import Row, Seen

WIDTH = 0.16  # of every scale, so that lengths compare between stages
MOVED = 0.01  # pooling that moved a rate by more is shown


@dataclass(frozen=True)
class Scale:
    """The part of the rates that a lane shows; fixed for a stage, so that places compare."""

    low: float

    @classmethod
    def of(cls, rate: float | None) -> Scale:
        """Return the scale about the country's rate, inside 0 to 1."""
        middle = round(0.5 if rate is None else rate, 2)
        return cls(min(max(0.0, middle - WIDTH / 2), 1.0 - WIDTH))

    @property
    def high(self) -> float:
        """The highest rate that is shown."""
        return self.low + WIDTH

    def place(self, rate: float) -> float:
        """Return where a rate stands, 0 to 100; beyond the ends it stands at the end."""
        return 100 * min(1.0, max(0.0, (rate - self.low) / WIDTH))

    def shows(self, rate: float) -> bool:
        """Whether a rate lies on the scale."""
        return self.low <= rate <= self.high


def scales(seen: Seen) -> dict[str, Scale]:
    """Return the scale of each stage."""
    country = Seen(seen.found, None, seen.text, seen.write)
    return {row["stage"]: Scale.of(row["rate"]) for row in country.rows()}


def lane(row: Row, scale: Scale, seen: Seen, *, labels: bool = False) -> str:
    """Return the lane of one link; empty where there is no rate.

    Parameters
    ----------
    row : dict
    scale : Scale
    seen : Seen
    labels : bool
        Print the benchmark and, of a sure link, the gap.
    """
    rate = row["pooled_rate"]
    if rate is None:
        return ""
    parts = []
    if row["usual_low"] is not None:
        parts.append(_bar("usual", row["usual_low"], row["usual_high"], scale))
    parts.append(_bar("span", row["low_95"], row["high_95"], scale))
    benchmark = row["benchmark"]
    if benchmark is not None:
        parts.append(f'<i class="tick" style="left:{scale.place(benchmark):.2f}%"></i>')
        if labels:
            parts.append(_label("under", benchmark, seen.write.percent(benchmark), scale))
            if row["verdict"] == "sure":
                parts.append(_label("over", rate, seen.write.points(rate - benchmark), scale))
    if pooling_moved(row):
        parts.append(f'<i class="raw" style="left:{scale.place(row["rate"]):.2f}%"></i>')
    parts.append(_dot(rate, scale))
    kind = "rate-lane sure" if row["verdict"] == "sure" else "rate-lane"
    return f'<div class="{kind}" role="img" aria-label="{escape(_said(row, seen))}">{"".join(parts)}</div>'


def regions_lane(rows: Sequence[Row], scale: Scale, seen: Seen) -> str:
    """Return the lane of an area or the country: a dot for each of its regions, the weak ones in front."""
    known = [row for row in rows if row["pooled_rate"] is not None]
    ordered = sorted(known, key=lambda row: row["verdict"] == "sure")
    dots = "".join(_dot(row["pooled_rate"], scale, row["verdict"] == "sure") for row in ordered)
    said = ", ".join(
        f"{seen.text.name(row['place'])} {seen.write.percent(row['pooled_rate'])}" for row in known
    )
    return f'<div class="rate-lane regions" role="img" aria-label="{escape(said)}">{dots}</div>'


def pooling_moved(row: Row) -> bool:
    """Whether pooling moved the rate by more than a point."""
    raw, pooled = row["rate"], row["pooled_rate"]
    return raw is not None and pooled is not None and abs(raw - pooled) > MOVED


def _bar(kind: str, low: float, high: float, scale: Scale) -> str:
    start, end = scale.place(low), scale.place(high)
    return f'<i class="{kind}" style="left:{start:.2f}%;width:{end - start:.2f}%"></i>'


def _dot(rate: float, scale: Scale, sure: bool = False) -> str:
    kind = "dot sure" if sure else "dot"
    beyond = "" if scale.shows(rate) else " beyond"
    return f'<i class="{kind}{beyond}" style="left:{scale.place(rate):.2f}%"></i>'


def _label(kind: str, rate: float, said: str, scale: Scale) -> str:
    # not so near an end that the figure would run out of the lane
    at = math.floor(min(92.0, max(8.0, scale.place(rate))) * 100) / 100
    return f'<span class="{kind}" style="left:{at:.2f}%">{escape(said)}</span>'


def _said(row: Row, seen: Seen) -> str:
    text = seen.text
    write = seen.write
    said = text(
        "funnel_lane",
        rate=write.percent(row["pooled_rate"]),
        low=write.percent(row["low_95"]),
        high=write.percent(row["high_95"]),
    )
    if row["benchmark"] is None or row["usual_low"] is None:
        return said
    against = text(
        "funnel_lane_against",
        benchmark=write.percent(row["benchmark"]),
        low=write.percent(row["usual_low"]),
        high=write.percent(row["usual_high"]),
    )
    return f"{said} {against}"
