"""Every shipped scenario stands on the table: its finding, its levers and its products, without a fault."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from sandtable.app.state import TableState
from sandtable.app.text import Text
from sandtable.scenario.files import read_scenario
from tests.golden import SCENARIOS

SCRIPT = Path(__file__).parents[2] / "streamlit_app.py"


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_a_shipped_scenario_opens_on_the_table(path: Path) -> None:
    scenario, data = read_scenario(path)
    own_firm = scenario.own_firm or data.metadata.own_firm
    table = TableState(replace(scenario, levers=()), own_firm).changed(scenario)
    named = [move.product for move in scenario.levers if move.product]
    app = AppTest.from_file(str(SCRIPT), default_timeout=60)
    app.session_state["data_set"] = data.name
    app.session_state["tables"] = {data.name: replace(table, selected=(named or [None])[0])}
    app.run()
    assert [item.value for item in (*app.exception, *app.error)] == []
    written = "\n".join(str(item.proto.body) for item in app.get("html"))
    assert Text("en")("empty_finding") not in written
    assert own_firm in written
