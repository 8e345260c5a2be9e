"""A scenario in which nothing changes is the observed base: in every data set, period, region and parameter set."""

from __future__ import annotations

import numpy as np
import pytest

from sandtable.scenario.model import Rivals, Scenario
from sandtable.scenario.run import run
from tests.scenario.observed import SETS, assert_sides_equal, data_set, observed_periods

EXACT = 1e-12


@pytest.mark.parametrize(("name", "parameters"), SETS)
def test_an_empty_scenario_returns_the_observed_base(name: str, parameters: str) -> None:
    data = data_set(name)
    periods = tuple(observed_periods(data))
    result = run(Scenario("Empty", name, parameters=parameters, periods=periods), data)
    assert [item.base.period for item in result.periods] == list(periods)
    keys = ["period", "region", "product"]
    sold = data.tables["sales"].merge(data.tables["market"], on=["period", "region"])
    sold = sold[sold["units"] > 0].sort_values(keys, ignore_index=True)
    rows = result.rows.sort_values(keys, ignore_index=True)
    assert rows[keys].astype(str).equals(sold[keys].astype(str))
    for side in ("baseline", "scenario"):
        observed = {
            "units": sold["units"],
            "share": sold["units"] / sold["market_size"],
            "net_price": sold["net_price"],
            "list_price": sold["list_price"],
        }
        for measure, values in observed.items():
            np.testing.assert_allclose(rows[f"{measure}_{side}"], values, rtol=EXACT)
    for item in result.periods:
        assert_sides_equal(item)


@pytest.mark.parametrize(("name", "parameters"), SETS)
def test_rivals_who_answer_to_nothing_change_nothing(name: str, parameters: str) -> None:
    data = data_set(name)
    own = data.metadata.own_firm
    rivals = Rivals("best_response", ((own, "best_response"),))
    result = run(Scenario("Empty", name, parameters=parameters, rivals=rivals), data)
    item = result.periods[0]
    assert item.answer is not None
    assert item.answer.converged
    for measure in ("units", "net_price", "list_price", "contribution_profit"):
        np.testing.assert_allclose(
            getattr(item.scenario, measure), getattr(item.baseline, measure), rtol=EXACT
        )


@pytest.mark.slow
@pytest.mark.parametrize(("name", "parameters"), SETS)
def test_rivals_who_answer_to_nothing_change_nothing_in_any_period(
    name: str, parameters: str
) -> None:
    data = data_set(name)
    rivals = Rivals("best_response", ((data.metadata.own_firm, "best_response"),))
    periods = tuple(observed_periods(data))
    empty = Scenario("Empty", name, parameters=parameters, rivals=rivals, periods=periods)
    for item in run(empty, data).periods:
        np.testing.assert_allclose(item.scenario.units, item.baseline.units, rtol=EXACT)


def test_leads_of_the_base_are_those_of_the_funnel() -> None:
    data = data_set("premium_ev")
    result = run(Scenario("Empty", "premium_ev"), data)
    funnel = data.tables["funnel"]
    counted = funnel[funnel["period"] == "2026-06"].groupby(["region", "product"])["leads"].sum()
    rows = result.rows[result.rows["firm"] == "Nova"].set_index(["region", "product"])
    assert rows["leads_baseline"].sort_index().tolist() == counted.sort_index().tolist()
    assert result.rows.loc[result.rows["firm"] != "Nova", "leads_baseline"].isna().all()


def test_a_data_set_loaded_without_its_funnel_does_not_take_the_leads_from_the_next_run() -> None:
    from sandtable.data.catalogue import find_data_set
    from sandtable.data.loading import load_data_set

    bare = load_data_set(find_data_set("premium_ev"), tables={"products", "sales", "market"})
    period = ("2023-09",)
    without = run(Scenario("Empty", "premium_ev", periods=period), bare)
    assert without.rows["leads_baseline"].isna().all()
    full = run(Scenario("Empty", "premium_ev", periods=period), data_set("premium_ev"))
    assert full.rows["leads_baseline"].notna().any()
