"""Charts as Vega-Lite specifications that are built once; on a rerun their data alone change."""

from __future__ import annotations

from functools import cache
from typing import Any, cast

BAR_STEP = 22
LIGHT = ("#0072B2", "#D55E00", "#1B1F24", "#98A2B3")  # gain, loss, ink, muted
DARK = ("#4DA3DC", "#E8833A", "#E6EAF0", "#8792A2")


@cache
def signed_bars(dark: bool, label_width: int = 96) -> dict[str, Any]:
    """Return horizontal bars around zero with a label before and a number behind each.

    Parameters
    ----------
    dark : bool
        Colours for a dark page.
    label_width : int
        Pixels for the labels.

    Returns
    -------
    dict
        A specification for rows of ``label``, ``value`` (number) and ``text`` (the number as printed), drawn in
        their order.
    """
    import altair as alt

    gain, loss, ink, muted = DARK if dark else LIGHT
    base = alt.Chart(alt.NamedData("rows")).encode(
        y=alt.Y("label:N", sort=None, axis=None, scale=alt.Scale(paddingInner=0, paddingOuter=0))
    )
    bars = base.mark_bar(height=12).encode(
        x=alt.X("value:Q", axis=None),
        color=alt.condition("datum.value < 0", alt.value(loss), alt.value(gain)),
        tooltip=[alt.Tooltip("label:N", title=" "), alt.Tooltip("text:N", title=" ")],
    )
    labels = base.mark_text(align="left", baseline="middle", dx=-label_width, color=ink).encode(
        x=alt.value(0), text="label:N"
    )
    zero = alt.Chart(alt.NamedData("rows")).mark_rule(color=muted).encode(x=alt.datum(0))
    numbers = base.mark_text(align="right", baseline="middle", dx=52, color=ink).encode(
        x=alt.value("width"), text="text:N"
    )
    return cast("dict[str, Any]", (bars + zero + labels + numbers).to_dict())


def with_rows(rows: list[dict[str, Any]], *, dark: bool) -> dict[str, Any]:
    """Return the bars with their data, as high as the rows need."""
    return {**signed_bars(dark=dark), "height": BAR_STEP * len(rows), "datasets": {"rows": rows}}
