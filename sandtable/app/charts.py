"""Charts as Vega-Lite specifications that are built once; on a rerun their data alone change."""

from __future__ import annotations

from functools import cache
from typing import Any

BAR_STEP = 22


@cache
def signed_bars(label_width: int = 96) -> dict[str, Any]:
    """Return horizontal bars around zero with a label before and a number behind each.

    Returns
    -------
    dict
        A specification for rows of ``label``, ``value`` (number), ``text`` (the number as printed) and ``order``.
    """
    import altair as alt

    y = alt.Y("label:N", sort=alt.EncodingSortField("order"), title=None).axis(
        domain=False, ticks=False, labelLimit=label_width, labelPadding=8, minExtent=label_width
    )
    base = alt.Chart(alt.NamedData("rows")).encode(y=y)
    bars = base.mark_bar(height=12).encode(
        x=alt.X("value:Q", title=None, axis=None),
        color=alt.condition("datum.value < 0", alt.value("#D55E00"), alt.value("#0072B2")),
        tooltip=[alt.Tooltip("label:N", title=" "), alt.Tooltip("text:N", title=" ")],
    )
    zero = alt.Chart(alt.NamedData("rows")).mark_rule(color="#98A2B3").encode(x=alt.datum(0))
    numbers = base.mark_text(align="right", dx=52).encode(x=alt.value("width"), text="text:N")
    chart = (bars + zero + numbers).properties(height=alt.Step(BAR_STEP))
    spec: dict[str, Any] = chart.to_dict()
    return spec
