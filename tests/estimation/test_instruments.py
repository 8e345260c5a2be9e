"""Instruments are what their names say, against the shipped ones, pyblp's and sums by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyblp
import pytest

from sandtable.data import DataSet
from sandtable.estimation.instruments import InstrumentColumns, build_instruments
from sandtable.estimation.sample import Sample, make_sample
from tests.estimation.simulated import Truth, simulate
from tests.estimation.specs import SUMS, simulated_spec, spec_of
from tests.estimation.test_linear import peer_data


def built(
    data: DataSet, *instruments: object, **fields: object
) -> tuple[Sample, InstrumentColumns]:
    make = spec_of if data.name == "us_autos" else simulated_spec
    spec = make(method="2sls", instruments=list(instruments), **fields)
    sample = make_sample(data, spec)
    return sample, build_instruments(sample)


def test_the_sums_of_characteristics_are_the_instruments_that_the_source_ships(
    us_autos: DataSet,
) -> None:
    sample, found = built(us_autos, *SUMS)
    shipped = peer_data(sample)["demand_instruments"]
    np.testing.assert_allclose(found.values, shipped, rtol=1e-12, atol=1e-9)
    data = {**peer_data(sample, instruments=False), "firm_ids": sample.rows["firm"].to_numpy(str)}
    peer = pyblp.build_blp_instruments(pyblp.Formulation("1 + hpwt + air + mpd"), data)
    np.testing.assert_allclose(found.values, peer, rtol=1e-12, atol=1e-9)


@pytest.mark.parametrize("version", ["local", "quadratic"])
def test_differentiation_instruments_are_those_of_pyblp(us_autos: DataSet, version: str) -> None:
    sample, found = built(us_autos, {"name": f"differentiation_{version}", "of": ["hpwt", "space"]})
    data = peer_data(sample, instruments=False)
    formulation = pyblp.Formulation("0 + hpwt + space")
    peer = pyblp.build_differentiation_instruments(formulation, data, version=version)
    ours = found.values[:, [0, 2, 1, 3]]  # pyblp puts all own ones first
    np.testing.assert_allclose(np.abs(ours).mean(axis=0) > 0, True)
    np.testing.assert_allclose(ours, peer, rtol=1e-9)


def test_counts_by_nest_count_own_products_and_rivals() -> None:
    sample, found = built(
        simulate(1, Truth(n_regions=3)),
        "counts_by_nest",
        model="nested_logit",
        nests=["segment", "powertrain"],
    )
    assert found.names == (
        "counts_by_nest: own firm, segment",
        "counts_by_nest: rivals, segment",
        "counts_by_nest: own firm, powertrain",
        "counts_by_nest: rivals, powertrain",
    )
    rows = sample.rows
    for place, row in rows.iterrows():
        same = rows[(rows["region"] == row["region"]) & (rows["segment"] == row["segment"])]
        inner = same[same["powertrain"] == row["powertrain"]]
        expected = []
        for group in (same, inner):
            own = (group["firm"] == row["firm"]).sum()
            expected += [own - 1, len(group) - own]
        np.testing.assert_array_equal(found.values[place], expected)


def test_sums_within_a_nest_leave_out_all_others() -> None:
    instrument = {"name": "rival_characteristics", "of": ["x"], "within": "segment"}
    sample, found = built(simulate(1, Truth(n_regions=3)), instrument)
    rows = sample.rows
    for place, row in rows.iterrows():
        near = rows[(rows["region"] == row["region"]) & (rows["segment"] == row["segment"])]
        expected = near.loc[near["firm"] != row["firm"], "x"].sum()
        assert found.values[place, 0] == pytest.approx(expected)


def test_prices_in_other_regions_leave_out_the_own_one() -> None:
    sample, found = built(simulate(1, Truth(n_regions=4)), "other_region_prices")
    rows = sample.rows
    for place, row in rows.iterrows():
        others = rows[(rows["product"] == row["product"]) & (rows["region"] != row["region"])]
        expected = others["price"].mean() if len(others) else row["price"]
        assert found.values[place, 0] == pytest.approx(expected)


def test_cost_shifters_are_products_of_columns(premium_ev: DataSet) -> None:
    spec = spec_of(
        data="premium_ev",
        method="2sls",
        characteristics=[],
        cost_shifters=["battery_index * battery_kwh"],
        instruments=["cost_shifters"],
        periods={"from": "2026-05"},
    )
    sample = make_sample(premium_ev, spec)
    found = build_instruments(sample)
    batteries = premium_ev.tables["products"].set_index("product")["battery_kwh"]
    expected = sample.rows["battery_index"] * sample.rows["product"].map(batteries)
    np.testing.assert_allclose(found.values[:, 0], expected)
    assert set(sample.rows["period"]) == {"2026-05", "2026-06"}


def test_advertising_carries_over_as_the_generator_planted_it(premium_ev: DataSet) -> None:
    spec = spec_of(
        data="premium_ev", characteristics=["advertising"], advertising={"carry_over": 0.5}
    )
    rows = make_sample(premium_ev, spec).rows
    media = premium_ev.tables["media"]
    spend = media[(media["brand"] == "Nova") & (media["region"] == "Fujian")]
    spend = np.log1p(spend.groupby("period")["spend"].sum())
    mine = rows[(rows["product"] == "N5") & (rows["region"] == "Fujian")].set_index("period")
    months = pd.Index(sorted(spend.index))
    assert mine.loc[months[0], "advertising"] == pytest.approx(2 * spend[months[0]])
    expected = spend[months[2]] + 0.5 * spend[months[1]] + 0.5**2 * 2 * spend[months[0]]
    assert mine.loc[months[2], "advertising"] == pytest.approx(expected)
