"""Charts are valid Vega-Lite, built once, and never share their data."""

from __future__ import annotations

import json

import pytest
from altair import LayerChart

from sandtable.app.charts import signed_bars, with_rows

ROWS = [
    {"label": "Nova", "value": 12.0, "text": "+12"},
    {"label": "Orion", "value": -3.5, "text": "−4"},
]


@pytest.mark.parametrize("dark", [False, True])
def test_the_chart_is_valid_vega_lite(dark: bool) -> None:
    spec = with_rows(ROWS, dark=dark)
    LayerChart.from_dict(spec)  # raises when the schema is broken
    assert spec["datasets"] == {"rows": ROWS}
    json.dumps(spec, allow_nan=False)


def test_the_schema_check_would_find_a_fault() -> None:
    with pytest.raises(Exception, match="'tall' is not"):
        LayerChart.from_dict({**with_rows(ROWS, dark=False), "height": "tall"})


def test_a_chart_is_built_once_and_keeps_no_data() -> None:
    with_rows(ROWS, dark=False)
    assert signed_bars(dark=False) is signed_bars(dark=False)
    assert "datasets" not in signed_bars(dark=False)
    assert with_rows(ROWS[:1], dark=False)["datasets"]["rows"] == ROWS[:1]


def test_a_dark_page_has_colours_of_its_own() -> None:
    light, dark = (json.dumps(signed_bars(dark=dark)) for dark in (False, True))
    assert light != dark
