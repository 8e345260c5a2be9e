"""Who wins, who loses, where volume comes from: the rows add up and the titles say what the rows show."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandtable.app.formatting import Format
from sandtable.app.sources import SHOWN, change_rows, source_rows, source_title, winners_title
from sandtable.app.text import Text
from sandtable.data.loading import DataSet
from sandtable.scenario.model import LeverMove, Scenario
from sandtable.scenario.run import run
from sandtable.scenario.summary import VolumeSource, change_by_firm, volume_source
from sandtable.units import Change

ENGLISH = Text("en")
NESTED = "\u2003"  # rows that are a part of the row above them
firms = st.dictionaries(
    st.text("ABCDEFGH", min_size=1, max_size=3), st.floats(-1e5, 1e5), min_size=1, max_size=20
).map(lambda changes: dict(sorted(changes.items(), key=lambda pair: -pair[1])))


@pytest.fixture(scope="module")
def write(data_sets: dict[str, DataSet]) -> Format:
    return Format("en", data_sets["premium_ev"].metadata)


def values(rows: list[dict[str, Any]]) -> dict[str, float]:
    assert len({row["label"] for row in rows}) == len(rows)
    return {row["label"]: row["value"] for row in rows}


@given(changes=firms)
def test_the_rows_of_the_firms_sum_to_the_change_of_the_market(
    write: Format, changes: dict[str, float]
) -> None:
    own = next(iter(changes))
    rows = values(change_rows(changes, own, ENGLISH, write))
    assert own in rows
    assert len(rows) <= SHOWN + 1
    assert sum(rows.values()) == pytest.approx(sum(changes.values()), abs=1e-6)


@given(
    rivals=st.dictionaries(
        st.text("ABCDEFGH", min_size=1, max_size=3), st.floats(-1e5, 1e5), max_size=20
    ),
    own=st.floats(-1e5, 1e5),
    outside=st.floats(-1e5, 1e5),
)
def test_the_three_sources_sum_to_the_gain_and_the_rivals_to_their_row(
    write: Format, rivals: dict[str, float], own: float, outside: float
) -> None:
    gain = sum(rivals.values()) + own + outside
    rows = values(source_rows(VolumeSource(gain, rivals, own, outside), ENGLISH, write))
    nested = {label: value for label, value in rows.items() if label.startswith(NESTED)}
    whole = {label: value for label, value in rows.items() if label not in nested}
    assert sum(whole.values()) == pytest.approx(gain, abs=1e-6)
    assert sum(nested.values()) == pytest.approx(rows[ENGLISH("source_rivals")], abs=1e-6)
    assert len(rows) <= SHOWN + 1


@pytest.mark.parametrize("region", [None, "East"])
def test_the_rows_of_a_real_result_add_up(
    data_sets: dict[str, DataSet], write: Format, region: str | None
) -> None:
    cut = LeverMove("list_price", product="N5", change=Change("relative", -0.05), region=region)
    item = run(Scenario("", "premium_ev", levers=(cut,)), data_sets["premium_ev"]).periods[-1]
    source = volume_source(item, "N5")
    assert source.gain > 0
    rows = values(source_rows(source, ENGLISH, write))
    parts = [rows[ENGLISH(f"source_{part}")] for part in ("rivals", "own", "outside")]
    assert sum(parts) == pytest.approx(source.gain)
    changes = change_by_firm(item)
    assert sum(changes.values()) == pytest.approx(rows[ENGLISH("source_outside")])
    assert winners_title(changes, ENGLISH, write).startswith("Nova gains ")


def test_a_title_counts_of_a_hundred_cars(write: Format) -> None:
    gain = VolumeSource(100.0, {"Orion": 50.0, "Lyra": 12.0}, 8.0, 30.0)
    said = source_title(gain, "N5", ENGLISH, write)
    assert said == "62 of 100 extra N5 come from rivals, 30 are new to the market"
    loss = VolumeSource(-100.0, {"Orion": -62.0}, -8.0, -30.0)
    said = source_title(loss, "N5", ENGLISH, write)
    assert said == "62 of 100 lost N5 go to rivals, 30 leave the market"


def test_a_title_claims_nothing_that_the_numbers_do_not_say(write: Format) -> None:
    mixed = VolumeSource(10.0, {"Orion": 50.0}, 0.0, -40.0)
    assert source_title(mixed, "N5", ENGLISH, write) == "Where the change of N5 comes from"
    nothing = VolumeSource(0.3, {"Orion": 0.2}, 0.0, 0.1)
    assert source_title(nothing, "N5", ENGLISH, write) == "N5 sells what it sold"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"Nova": 12.4, "Orion": -20.0}, "Nova gains 12 cars; Orion loses most, 20"),
        ({"Nova": 12.4, "Orion": 0.2}, "Nova gains most, 12 cars; no firm loses"),
        ({"Nova": -0.4, "Orion": -20.0}, "Orion loses most, 20 cars; no firm gains"),
        ({"Nova": 0.3, "Orion": -0.3}, "No firm gains or loses"),
        ({"Nova": 0.0}, "No firm gains or loses"),
    ],
)
def test_the_winner_and_the_loser_are_named(
    write: Format, changes: dict[str, float], expected: str
) -> None:
    assert winners_title(changes, ENGLISH, write) == expected


@given(changes=firms)
def test_no_firm_is_said_to_gain_or_lose_nothing(write: Format, changes: dict[str, float]) -> None:
    said = winners_title(changes, ENGLISH, write)
    assert not re.search(r"\b0( |$)", said)
