"""A definition of the company changes what the app shows: the market under it is calibrated on that definition."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from sandtable.app.formatting import Format
from sandtable.scenario.base import open_data_set
from sandtable.scenario.model import Scenario
from sandtable.scenario.run import run
from sandtable.scenario.summary import Totals, totals
from tests.indicators.test_feeding import net_of

SCRIPT = Path(__file__).parents[2] / "streamlit_app.py"
FEE = 20_000


@pytest.fixture(autouse=True)
def fresh_caches() -> Iterator[None]:
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


def base_figures(folder: Path | None) -> tuple[Totals, Format]:
    data = open_data_set("premium_ev", [] if folder is None else [folder])
    return totals(run(Scenario("", "premium_ev"), data).periods, "Nova")[0], Format(
        "en", data.metadata
    )


def shown() -> str:
    app = AppTest.from_file(str(SCRIPT), default_timeout=60)
    app.session_state["data_set"] = "premium_ev"
    app.run()
    assert [item.value for item in app.exception] == []
    return "\n".join(str(item.proto.body) for item in app.get("html"))


def test_the_screen_shows_figures_of_the_definition_in_force(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = net_of(tmp_path, FEE)
    (plain, write), (changed, _) = base_figures(None), base_figures(folder)
    before = write.money(plain.contribution_profit)
    after = write.money(changed.contribution_profit)
    assert before != after
    first = shown()
    assert before in first
    assert after not in first
    monkeypatch.setenv("SANDTABLE_INDICATORS", str(folder))
    st.cache_resource.clear()
    second = shown()
    assert after in second
    assert before not in second
    assert write.count(plain.units) in first
    assert write.count(plain.units) in second
