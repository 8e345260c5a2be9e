"""Price by share of sales: one specification, built once; the rows of a period alone change."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any, cast

import numpy as np
import pandas as pd

from sandtable.app.competition.findings import Question
from sandtable.app.competition.marks import colours, place_of, shape_of
from sandtable.app.formatting import Format

FONT = "Source Sans, Noto Sans SC, Noto Sans CJK SC, PingFang SC, Microsoft YaHei"  # the page's
HEIGHT = 460
WIDTH = 880  # pixels for which labels are kept apart
NARROW = 560  # below it only the own firm and the close rivals carry names
MOST_TICKS = 6
MOST_SALES, FAR_OUT = 0.98, 1.5  # where the price axis may end before the dearest product
NAMED_POINTS = 24
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Frame:
    """What stays the same through all periods.

    Attributes
    ----------
    products : tuple of str
        What is drawn, the own firm last.
    order : list of str
        The own firm, then the named ones.
    prices, shares : tuple of float
        Ticks of both axes, money units and 0 to 1.
    bounds : tuple of float
        Lowest and highest price, highest share.
    """

    products: tuple[str, ...]
    order: list[str]
    prices: tuple[float, ...]
    shares: tuple[float, ...]
    bounds: tuple[float, float, float]


def frame_of(question: Question, order: list[str], drawn: set[str]) -> Frame:
    """Fix the axes to all periods of the trail, so that months compare.

    Parameters
    ----------
    question : Question
    order : list of str
        The own firm, then the named ones.
    drawn : set of str
        Products in view.
    """
    trail, firms = question.trail, question.firms
    known = [code for code in trail.shares.columns if code in drawn]
    focus = {question.product, *question.rivals}
    products = sorted(
        known,
        key=lambda code: (
            firms[code] == order[0],
            code in focus,
            firms[code] in order,
            code == question.product,
        ),
    )
    prices = trail.prices[question.basis][products]
    near = [code for code in products if code in focus or firms[code] == order[0]]
    low, high = float(prices.min().min()), _dearest(prices, trail.shares[products], near)
    room = 0.05 * (high - low or high)
    top = 1.08 * float(trail.shares[products].max().max())
    bounds = (max(0.0, low - room), high + room, top)
    return Frame(
        tuple(str(code) for code in products),
        order,
        tuple(ticks(bounds[0], bounds[1])),
        tuple(ticks(0.0, top)),
        bounds,
    )


def _dearest(prices: pd.DataFrame, shares: pd.DataFrame, near: list[str]) -> float:
    """Return the end of the price axis: few sales far out must not press all others together."""
    cells = np.isfinite(prices.to_numpy())
    values, weights = prices.to_numpy()[cells], shares.to_numpy()[cells]
    place = np.argsort(values)
    reached = np.cumsum(weights[place]) / weights.sum()
    most = float(values[place][np.searchsorted(reached, MOST_SALES)])
    highest = float(values.max())
    if highest <= FAR_OUT * most:
        return highest
    return max(most, float(prices[near].max().max())) if near else most


def ticks(low: float, high: float) -> list[float]:
    """Return round numbers between two ends, at most six."""
    span = high - low
    power = 10 ** math.floor(math.log10(span / MOST_TICKS))
    step = next(
        power * factor for factor in (1, 2, 2.5, 5, 10, 20) if span / (power * factor) <= MOST_TICKS
    )
    first = math.ceil(low / step - 1e-9)
    return [
        float(f"{place * step:.12g}") for place in range(first, math.floor(high / step + 1e-9) + 1)
    ]


def rows_of(
    question: Question, frame: Frame, period: str, write: Format, *, dark: bool
) -> dict[str, Rows]:
    """Return the rows of every layer in one period, money in money units."""
    paint = colours(dark=dark)
    x_low, x_high, top = frame.bounds
    shown = question.trail.periods[: question.trail.periods.index(period) + 1]
    trails = _trails(question, frame, shown, paint)
    points = _points(question, frame, period, write, paint)
    _place_labels(points, trails, frame)
    edges = _bands(frame, write)
    return {
        "corners": [{"x": x_low, "y": 0.0}, {"x": x_high, "y": top}],
        "bands": [{"x": low, "x2": high, "y": 0.0, "y2": top} for low, high in edges],
        "prices": [{"x": value, "y": 0.0, "label": write.tick(value)} for value in frame.prices],
        "shares": [
            {"y": value, "x": x_low, "label": write.percent(value, _share_decimals(frame))}
            for value in frame.shares
        ],
        "trails": trails,
        "starts": [row for row in trails if row["start"]],
        "points": points,
    }


def _share_decimals(frame: Frame) -> int:
    return 0 if all(abs(value * 100 - round(value * 100)) < 1e-9 for value in frame.shares) else 1


def _bands(frame: Frame, write: Format) -> list[tuple[float, float]]:
    """Return every second price band inside the axis."""
    low, high, _ = frame.bounds
    edges = [*write.metadata.price_bands, high]
    bands = [
        (max(low, start), min(high, end))
        for place, (start, end) in enumerate(pairwise(edges))
        if place % 2 == 0
    ]
    return [(start, end) for start, end in bands if start < end]


def _points(
    question: Question, frame: Frame, period: str, write: Format, paint: tuple[str, ...]
) -> Rows:
    trail, firms, names = question.trail, question.firms, question.names
    focus = {question.product, *question.rivals}
    points: Rows = []
    in_order = sorted(
        (trail.share(code, period) for code in frame.products if firms[code] in frame.order),
        key=lambda share: -np.nan_to_num(share),
    )
    smallest = in_order[min(NAMED_POINTS, len(in_order)) - 1] if in_order else 0.0
    for code in frame.products:
        price, share = (
            trail.price(code, period, question.basis),
            trail.share(code, period),
        )
        if not (math.isfinite(price) and math.isfinite(share)) or price > frame.bounds[1]:
            continue
        place = place_of(firms[code], frame.order)
        own, near, named = place == 0, code in focus, place < len(frame.order)
        size = 130 if own and near else 80 if own else 170 if near else 85 if named else 24
        points.append(
            {
                "product": names[code],
                "firm": firms[code],
                "x": price,
                "y": share,
                "colour": paint[place if named else -1],
                "shape": shape_of(place),
                "size": size,
                "ring": 400 if own and near else 280 if own else 0,
                "opacity": 1.0 if own or near else 0.6 if named else 0.5,
                "weight": 2 if code == question.product else 1 if own or near else 0,
                "label": names[code] if near or (named and (own or share >= smallest)) else "",
                "price": write.price(price),
                "share": write.percent(share, 2),
            }
        )
        if near:
            points[-1]["label"] += f" {write.percent(share)}"
    return points


def _place_labels(points: Rows, trails: Rows, frame: Frame) -> None:
    """Put each label where it is free, the important ones first; one without a free place is left out."""
    low, high, top = frame.bounds

    def at(point: dict[str, Any]) -> tuple[float, float]:
        across = (point["x"] - low) / (high - low) * WIDTH
        return across, HEIGHT - point["y"] / top * HEIGHT

    taken = []
    for point in points:
        x, y = at(point)
        radius = math.sqrt(max(point["size"], point["ring"]) / math.pi)
        taken.append((x - radius, y - radius, x + radius, y + radius))
    for row in trails:
        x, y = at(row)
        taken.append((x - 3, y - 3, x + 3, y + 3))
    for point in sorted(points, key=lambda point: -point["weight"]):
        x, y = at(point)
        radius = math.sqrt(max(point["size"], point["ring"]) / math.pi) + 4
        long, tall = 6.8 * len(point["label"]), 7
        point |= {"dx": 0.0, "dy": 0.0, "align": "left"}
        places = [
            ("left", radius, 0.0, x + radius),
            ("right", -radius, 0.0, x - radius - long),
            ("center", 0.0, -radius - 6, x - long / 2),
            ("center", 0.0, radius + 7, x - long / 2),
            ("left", radius - 2, -radius + 1, x + radius - 2),
            ("left", radius - 2, radius - 1, x + radius - 2),
            ("right", -radius + 2, -radius + 1, x - radius + 2 - long),
            ("right", -radius + 2, radius - 1, x - radius + 2 - long),
        ]
        if point["weight"]:
            # far enough from a crowd, in steps of a line
            for step in (18, 32, 46):
                for rise in (-step, step):
                    places += [
                        ("left", radius, rise, x + radius),
                        ("right", -radius, rise, x - radius - long),
                    ]
        for align, dx, dy, left in places:
            box = (left, y + dy - tall, left + long, y + dy + tall)
            inside = box[0] >= 0 and box[2] <= WIDTH and box[1] >= 0 and box[3] <= HEIGHT
            if inside and not any(_overlap(box, other) for other in taken):
                point |= {"align": align, "dx": dx, "dy": dy}
                taken.append(box)
                break
        else:
            # a product in question keeps its name even where it is crowded
            if point["weight"] < 1:
                point["label"] = ""
            else:
                point |= {"align": "left", "dx": radius}


Box = tuple[float, float, float, float]


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _trails(
    question: Question, frame: Frame, periods: tuple[str, ...], paint: tuple[str, ...]
) -> Rows:
    trail, firms = question.trail, question.firms
    rows: Rows = []
    for code in frame.products:
        if code not in {question.product, *question.rivals}:
            continue
        place = place_of(firms[code], frame.order)
        start = True
        for step, period in enumerate(periods):
            x, y = trail.price(code, period, question.basis), trail.share(code, period)
            if math.isfinite(x) and math.isfinite(y) and x <= frame.bounds[1]:
                colour = paint[place if place < len(frame.order) else -1]
                point = {"product": question.names[code], "step": step, "x": x, "y": y}
                rows.append({**point, "colour": colour, "start": start})
                start = False
    return rows


def price_map(rows: dict[str, Rows], *, dark: bool) -> dict[str, Any]:
    """Return the map with its data."""
    return {**map_spec(dark=dark), "datasets": rows}


@cache
def map_spec(*, dark: bool) -> dict[str, Any]:
    """Return the map without data; the corners fix its axes, ticks are rows like all else."""
    import altair as alt

    ink, muted, line, panel, paper = (
        ("#E6EAF0", "#93A0B0", "#2A323C", "#171D24", "#0F1419")
        if dark
        else ("#1B1F24", "#667085", "#E4E7EC", "#F7F8FA", "#FFFFFF")
    )
    free = alt.Scale(zero=False, nice=False, padding=0)
    x = alt.X("x:Q", axis=None, scale=free)
    y = alt.Y("y:Q", axis=None, scale=free)

    def layer(name: str) -> alt.Chart:
        return alt.Chart(alt.NamedData(name))

    def own(field: str) -> dict[str, Any]:
        return {"field": field, "type": "nominal", "scale": None}

    def number(field: str) -> dict[str, Any]:
        return {"field": field, "type": "quantitative", "scale": None}

    def datum(field: str) -> alt.ExprRef:
        return alt.ExprRef(f"datum.{field}")

    named = f"width < {NARROW} && datum.weight == 0 ? 0 : 1"
    text: dict[str, Any] = {
        "align": datum("align"),
        "dx": datum("dx"),
        "dy": datum("dy"),
        "baseline": "middle",
        "fontSize": 12,
        "fontWeight": alt.ExprRef("datum.weight ? 600 : 400"),
        "opacity": alt.ExprRef(named),
    }
    points = layer("points")
    labelled = points.encode(x=x, y=y, text="label:N")
    hover = [
        alt.Tooltip(f"{field}:N", title=" ") for field in ("product", "firm", "price", "share")
    ]
    chart = alt.layer(
        layer("corners").mark_point(opacity=0).encode(x=x, y=y),
        layer("bands").mark_rect(color=panel).encode(x=x, x2="x2:Q", y=y, y2="y2:Q"),
        layer("shares").mark_rule(color=line).encode(y=y),
        layer("shares")
        .mark_text(align="right", dx=-8, color=muted, fontSize=12)
        .encode(x=alt.value(0), y=y, text="label:N"),
        layer("prices")
        .mark_text(baseline="top", dy=8, color=muted, fontSize=12)
        .encode(x=x, y=alt.value("height"), text="label:N"),
        layer("trails")
        .mark_line(strokeWidth=2, opacity=0.75)
        .encode(x=x, y=y, detail="product:N", order="step:Q", color=own("colour")),
        layer("starts")
        .mark_point(filled=True, fill=paper, size=40, strokeWidth=1.5, opacity=1)
        .encode(x=x, y=y, stroke=own("colour")),
        points.mark_point(strokeWidth=1.5, fill=paper, opacity=1)
        .encode(x=x, y=y, size=number("ring"), stroke=own("colour"))
        .transform_filter("datum.ring > 0"),
        points.mark_point(filled=True, stroke=paper, strokeWidth=1).encode(
            x=x,
            y=y,
            size=number("size"),
            shape=own("shape"),
            fill=own("colour"),
            opacity=number("opacity"),
            tooltip=hover,
        ),
        labelled.mark_text(**text, stroke=paper, strokeWidth=3, strokeJoin="round", fill=paper),
        labelled.mark_text(
            **text,
            fill=alt.ExprRef(f"datum.ring ? datum.colour : datum.weight ? '{ink}' : '{muted}'"),
        ),
    ).properties(height=HEIGHT, padding={"left": 44, "right": 12, "top": 6, "bottom": 28})
    spec = cast("dict[str, Any]", chart.configure(font=FONT).configure_view(stroke=None).to_dict())
    spec["autosize"] = {"type": "fit", "contains": "padding"}
    return spec
