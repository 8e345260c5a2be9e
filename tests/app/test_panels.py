"""Panels are HTML made by hand: every word in them is text, whatever it holds."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandtable.app.formatting import MISSING, Format
from sandtable.app.panels import (
    Kpi,
    Rail,
    badge,
    headline,
    kpi_strip,
    kpis,
    lever_rail,
    piece_head,
    plain_table,
    titled,
)
from sandtable.app.text import Text
from sandtable.data.loading import DataSet
from sandtable.scenario.compare import KPIS
from sandtable.scenario.summary import Totals

HOSTILE = """<script>alert("x")</script><img src=x onerror='y'>&lt;"'"""
BEFORE = Totals(18_720.0, 0.078, 320_767.0, 0.0584, 4.58e9, 1.25e9)
NEUTRAL = Rail(0.0, 10.0, 2.0, 8.0, 5.0, 6.0)


class Reader(HTMLParser):
    """What a browser would make of it: the tags, the attributes, and the text."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.open: list[str] = []
        self.attributes: set[str] = set()
        self.values: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.open.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.values += [value or "" for _, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def pages(name: str) -> list[str]:
    """Every panel, with one text in every place that takes one."""
    cell = Kpi(name, name, name, name, True)
    return [
        kpi_strip([cell, cell], stale=True),
        headline(name, "bad", name),
        titled(name, name),
        piece_head(name, name, name, name, True, name, False),
        lever_rail(NEUTRAL, name, name, name, name),
        plain_table([name, name], [[name, name]], 0),
        badge(name, name),
    ]


def shape(page: str) -> tuple[list[str], set[str], int]:
    read = Reader(page)
    assert read.open == []
    return read.tags, read.attributes, len(read.values)


@pytest.mark.parametrize("place", range(len(pages(""))))
def test_markup_in_a_name_stays_text(place: int) -> None:
    assert "<script>" not in pages(HOSTILE)[place]
    assert shape(pages(HOSTILE)[place]) == shape(pages("N5")[place])
    assert HOSTILE in Reader(pages(HOSTILE)[place]).text


@given(name=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
def test_no_name_changes_the_structure_of_a_panel(name: str) -> None:
    for hostile, plain in zip(pages(name), pages("N5"), strict=True):
        assert shape(hostile) == shape(plain)
        assert name in Reader(hostile).text


def cells(data_set: DataSet, after: Totals, before: Totals = BEFORE) -> list[Kpi]:
    return kpis(before, after, "Nova", Text("en"), Format("en", data_set.metadata))


def test_no_change_is_shown_where_nothing_changed(data_sets: dict[str, DataSet]) -> None:
    for data_set in data_sets.values():
        shown = cells(data_set, BEFORE)
        assert len(shown) == len(KPIS)
        assert [cell.change for cell in shown] == [""] * len(KPIS)


def test_a_change_that_rounds_to_nothing_is_not_shown(data_sets: dict[str, DataSet]) -> None:
    after = Totals(18_720.4, 0.07804, 320_767.4, 0.058404, 4.58e9 + 0.4, 1.25e9 - 0.4)
    assert [cell.change for cell in cells(data_sets["premium_ev"], after)] == [""] * len(KPIS)


def test_a_change_carries_arrow_sign_and_tone(data_sets: dict[str, DataSet]) -> None:
    after = Totals(21_316.0, 0.088, 320_767.0, 0.0665, 4.99e9, 1.224e9)
    shown = [
        (cell.value, cell.change.replace("\u00a0", " "), cell.gains)
        for cell in cells(data_sets["premium_ev"], after)
    ]
    assert shown[0] == ("21,316", "▲ +2,596", True)
    assert shown[1] == ("8.8\u00a0%", "▲ +1.0 pt", True)
    assert shown[2][:2] == ("320,767", "")
    assert shown[5] == ("1.22\u00a0bn", "▼ −26 m", False)


def test_what_is_not_known_is_a_dash_and_says_so(data_sets: dict[str, DataSet]) -> None:
    bare = Totals(900.0, 0.1, None, None, 8_000.0, 2_000.0)
    shown = cells(data_sets["us_autos"], bare, bare)
    for place in (KPIS.index("leads"), KPIS.index("conversion")):
        assert (shown[place].value, shown[place].change) == (MISSING, "")
        assert shown[place].base == Text("en")("unknown_here")


@given(
    now=st.floats(-1e6, 1e6),
    base=st.floats(-1e6, 1e6),
    ends=st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)).map(sorted),
)
def test_nothing_on_a_rail_leaves_it(now: float, base: float, ends: list[float]) -> None:
    low, high = ends
    page = lever_rail(Rail(low, high, low, high, base, now), "", "", "judgement", "")
    for style in (value for value in Reader(page).values if value.startswith("left:")):
        parts = dict(part.split(":") for part in style.split(";"))
        left, width = float(parts["left"][:-1]), float(parts.get("width", "0%")[:-1])
        assert 0 <= left <= 100
        assert width >= 0
        assert left + width <= 100.02


def test_a_rail_says_when_the_lever_is_beyond_what_was_seen() -> None:
    outside = Rail(0.0, 10.0, 2.0, 8.0, 5.0, 9.0)
    assert outside.outside
    assert not NEUTRAL.outside
    assert "rail outside" in lever_rail(outside, "", "", "", "")
    assert "rail outside" not in lever_rail(NEUTRAL, "", "", "", "")
