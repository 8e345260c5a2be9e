"""A lever move as one line, and a title as the name of a file."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandtable.app.describe import describe
from sandtable.app.formatting import Format
from sandtable.app.shelf import file_stem
from sandtable.app.text import Language, Text
from sandtable.data.loading import DataSet
from sandtable.scenario.model import LeverMove
from sandtable.units import Change


@pytest.mark.parametrize(
    ("move", "language", "expected"),
    [
        (LeverMove("list_price", product="N5", value=255_400.0), "en", "List price N5 → 255,400"),
        (
            LeverMove("list_price", product="N5", region="East", change=Change("relative", -0.05)),
            "en",
            "List price N5 −5.0~% (East)",
        ),
        (
            LeverMove("list_price", product="N5", region="East", value=255_400.0),
            "zh",
            "指导价 N5 → 25.54~万 (华东)",
        ),
        (LeverMove("capacity", product="N5", value=7_600.0), "en", "Capacity N5 → 7,600"),
        (LeverMove("exit", product="O3"), "en", "Exit O3"),
        (LeverMove("ownership", firm="Lyra", owner="Orion"), "en", "Ownership Lyra → Orion"),
        (
            LeverMove("market_size", change=Change("relative", 0.1), first="2026-05"),
            "en",
            "Market size +10.0~% 2026-05 –",
        ),
        (
            LeverMove("exit", product="O3", first="2026-05", last="2026-05"),
            "en",
            "Exit O3 2026-05",
        ),
    ],
)
def test_a_move_says_what_by_how_much_and_where(
    data_sets: dict[str, DataSet], move: LeverMove, language: Language, expected: str
) -> None:
    write = Format(language, data_sets["premium_ev"].metadata)
    said = describe(move, Text(language), write).replace("\u00a0", "~")
    assert said == expected


@given(title=st.text(max_size=200))
def test_a_file_name_stays_inside_its_folder(title: str) -> None:
    stem = file_stem(title)
    assert len(stem) <= 80
    assert not set(stem) & set("/\\.: \0\n")


@pytest.mark.parametrize(
    ("title", "stem"),
    [
        ("Answer a rival's price cut", "answer-a-rival-s-price-cut"),
        ("N5 降价 5 %", "n5-降价-5"),
        ("../../etc/passwd", "etc-passwd"),
        (" ?! ", ""),
    ],
)
def test_a_title_becomes_a_file_name(title: str, stem: str) -> None:
    assert file_stem(title) == stem
