"""The sentence over the table says what was done, which way the share went, and what it costs."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandtable.app.finding import finding
from sandtable.app.formatting import Format
from sandtable.app.text import LANGUAGES, Language, Text
from sandtable.data.loading import DataSet
from sandtable.scenario.levers import lever_table
from sandtable.scenario.model import LeverMove, Scenario
from sandtable.scenario.summary import Totals
from sandtable.units import Change

LONGEST = 112
BEFORE = Totals(18_720.0, 0.078, 320_767.0, 0.0584, 4.58e9, 1.25e9)
CUT = LeverMove("list_price", product="N5", value=255_400.0)
OTHER = LeverMove("lead_volume", product="N3", change=Change("relative", 0.1))
PRICES = {"N5": 255_400.0, "N3": 219_800.0}


def sentence(
    data_set: DataSet,
    *levers: LeverMove,
    share: float = 0.078,
    units: float = 18_720.0,
    profit: float = 1.25e9,
    answered: bool = False,
    language: Language = "en",
) -> str:
    after = replace(BEFORE, share_of_sales=share, units=units, contribution_profit=profit)
    return finding(
        Scenario("", data_set.name, levers=levers),
        BEFORE,
        after,
        "Nova",
        PRICES,
        answered=answered,
        text=Text(language),
        write=Format(language, data_set.metadata),
    ).replace("\u00a0", "~")


@pytest.mark.parametrize(
    ("share", "units", "profit", "expected"),
    [
        (
            0.088,
            21_316.0,
            1.224e9,
            "N5 at 255,400 lifts Nova to 8.8~% of sales; an extra car costs 10,000~CNY of profit",
        ),
        (
            0.088,
            21_316.0,
            1.276e9,
            "N5 at 255,400 lifts Nova to 8.8~% of sales; contribution rises by 26~m~CNY",
        ),
        (
            0.07,
            16_000.0,
            1.2e9,
            "N5 at 255,400 lowers Nova to 7.0~% of sales; contribution falls by 50~m~CNY",
        ),
        (
            0.07801,
            18_720.0,
            1.25e9,
            "N5 at 255,400 leaves Nova at 7.8~% of sales; contribution stays as it was",
        ),
    ],
)
def test_each_direction_has_its_words(
    data_sets: dict[str, DataSet], share: float, units: float, profit: float, expected: str
) -> None:
    said = sentence(data_sets["premium_ev"], CUT, share=share, units=units, profit=profit)
    assert said == expected


def test_nothing_moved_is_an_invitation(data_sets: dict[str, DataSet]) -> None:
    assert sentence(data_sets["premium_ev"]) == Text("en")("empty_finding")


def test_an_answer_and_several_changes_are_said(data_sets: dict[str, DataSet]) -> None:
    said = sentence(data_sets["premium_ev"], CUT, OTHER, share=0.088, answered=True)
    assert said.startswith("2 changes lift Nova to 8.8~% of sales after rivals answer; ")


def test_a_lever_of_the_whole_market_needs_no_target(data_sets: dict[str, DataSet]) -> None:
    market = LeverMove("market_size", change=Change("relative", 0.1))
    assert sentence(data_sets["premium_ev"], market).startswith("Market size leaves Nova at ")


MOVES = [
    LeverMove(name, product="N5", owner="Orion" if name == "ownership" else None)
    if lever.scope != "market"
    else LeverMove(name)
    for name, lever in lever_table().items()
]


@given(
    share=st.floats(0, 0.999),
    units=st.floats(0, 1e6),
    profit=st.floats(-9e11, 9e11),
    move=st.sampled_from(MOVES),
    many=st.booleans(),
)
def test_the_finding_is_complete_and_fits_in_one_line(
    data_sets: dict[str, DataSet],
    share: float,
    units: float,
    profit: float,
    move: LeverMove,
    many: bool,
) -> None:
    levers = (move, OTHER) if many else (move,)
    for language, answered, data_set in itertools.product(
        LANGUAGES, (False, True), data_sets.values()
    ):
        said = sentence(
            data_set,
            *levers,
            share=share,
            units=units,
            profit=profit / data_set.metadata.money_scale,
            answered=answered,
            language=language,
        )
        assert len(said) <= LONGEST
        assert not re.search(r"[{}]|None|\bnan\b|-\d", said)
