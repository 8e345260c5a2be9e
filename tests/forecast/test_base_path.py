"""Laws of the base path: shares are shares, order does not matter, what never changes stays."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandtable.errors import InputError
from sandtable.forecast import base_path
from sandtable.forecast.lifecycle import fit_lifecycle, smoothed_level
from sandtable.forecast.market_sizes import MARKET_METHODS
from sandtable.forecast.panel import panel_of
from sandtable.forecast.shares import SHARE_METHODS
from tests.forecast.simulated import SEASON, age_effect, data_set_of, planted, shipped, wandering


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.integers(2, 30), st.integers(1, 14), st.floats(0.1, 3.0))
def test_every_method_gives_shares_of_a_market(
    seed: int, n_periods: int, n_ahead: int, spread: float
) -> None:
    random = np.random.default_rng(seed)
    units = np.round(np.exp(random.normal(3, spread, (n_periods, 2, 5))))
    units *= random.uniform(size=units.shape) > 0.2
    units[:, :, 0] = np.maximum(units[:, :, 0], 1)
    sizes = units.sum(axis=2) * random.uniform(1.02, 4, (n_periods, 2)) + 1
    panel = panel_of(data_set_of(units, sizes))
    for size_method in MARKET_METHODS.values():
        path = size_method(panel, n_ahead)
        assert path.shape == (n_ahead, 2)
        assert np.isfinite(path).all()
        assert (path > 0).all()
    for share_method in SHARE_METHODS.values():
        shares = share_method(panel, n_ahead)
        sold = np.broadcast_to(units[-1] > 0, shares.shape)
        assert (shares[sold] > 0).all()
        assert (shares[~sold] == 0).all()
        assert (shares.sum(axis=2) < 1).all()


def test_the_order_of_products_changes_nothing() -> None:
    data_set = planted()
    n_products = len(data_set.tables["products"])
    order = np.random.default_rng(3).permutation(n_products)
    products = data_set.tables["products"].iloc[order].reset_index(drop=True)
    tables = {**data_set.tables, "products": products}
    shuffled = replace(data_set, tables=tables, sha256="shuffled")
    path, other = base_path(data_set), base_path(shuffled)
    places = [other.products.index(product) for product in path.products]
    assert other.products != path.products
    np.testing.assert_allclose(other.shares[:, :, places], path.shares, rtol=1e-9)
    np.testing.assert_allclose(other.own_firm_share.median, path.own_firm_share.median, rtol=1e-9)


@pytest.mark.parametrize("n_periods", [1, 5, 14, 20, 40])
def test_a_market_that_never_changes_is_forecast_as_itself(n_periods: int) -> None:
    units = np.tile(np.array([[100.0, 50, 25], [10, 20, 30]]), (n_periods, 1, 1))
    data_set = data_set_of(units, np.full((n_periods, 2), 400.0))
    path = base_path(data_set, 15)
    np.testing.assert_allclose(path.units, np.tile(units[-1], (15, 1, 1)), rtol=1e-9)
    panel = panel_of(data_set)
    for method in SHARE_METHODS.values():  # and not only by the chosen one
        np.testing.assert_allclose(method(panel, 15)[-1], units[-1] / 400, rtol=1e-9)
    for size_method in MARKET_METHODS.values():
        np.testing.assert_allclose(size_method(panel, 15), 400, rtol=1e-9)


def test_the_age_curve_and_the_season_are_recovered() -> None:
    panel = panel_of(planted())
    found = fit_lifecycle(panel, with_season=True)
    np.testing.assert_allclose(found.by_age[:6], age_effect(np.arange(6.0)), atol=0.15)
    season = 0.5 * (SEASON - SEASON.mean())
    np.testing.assert_allclose(found.season, season, atol=0.05)


def test_a_facelift_in_the_data_is_recovered() -> None:
    panel = panel_of(wandering(2, n_products=20))
    facelift = np.where(np.arange(20) % 2 == 0, 10.0 + np.arange(20), np.nan)
    lift = np.where(np.arange(40)[:, None] >= facelift, np.exp(0.3), 1.0)
    lifted = replace(panel, units=panel.units * lift[:, None, :], facelift=facelift)
    found = fit_lifecycle(lifted, with_season=False)
    assert found.since_facelift[0] == pytest.approx(0.3, abs=0.1)


def test_noise_around_a_level_is_smoothed_and_a_random_walk_is_not() -> None:
    noise = np.random.default_rng(4).normal(size=(60, 3, 20))
    assert smoothed_level(noise)[1] <= 0.2
    assert smoothed_level(noise.cumsum(axis=0))[1] >= 0.9


def test_a_product_that_was_away_begins_anew() -> None:
    odds = np.zeros((6, 1, 2))
    odds[:3, 0, 1], odds[3, 0, 1], odds[4:, 0, 1] = 9.0, np.nan, 1.0
    level, _ = smoothed_level(odds)
    assert level[0, 1] == 1.0


def test_what_is_not_sold_in_the_last_period_stays_away_and_the_path_says_so() -> None:
    units = np.full((30, 2, 4), 50.0)
    units[-1, :, 1] = 0
    units[-1, 0, 2] = 0
    path = base_path(data_set_of(units, np.full((30, 2), 400.0)))
    assert path.products == ("P00", "P02", "P03")
    assert path.regions == ("R0", "R1")
    assert (path.shares[:, 0, 1] == 0).all()
    assert (path.shares[:, 1, 1] > 0).all()
    said = [warning.en for warning in path.warnings]
    assert "1 products that were sold before, but not in 2024-06, stay away." in said


def test_a_short_history_says_that_it_has_no_season_and_no_intervals() -> None:
    rng = np.random.default_rng(0)
    units = rng.uniform(40, 60, (9, 2, 3))
    path = base_path(data_set_of(units, np.full((9, 2), 400.0)), 13)
    said = " ".join(warning.en for warning in path.warnings)
    assert "too little history for a season: 9 periods" in said
    assert "too little history for intervals" in said
    assert "more than 12 ahead lie beyond the back-test" in said
    assert np.isnan(path.total_units.low_80).all()
    assert path.to_dict()["total_units"]["low_80"] == [None] * 13


def test_a_gap_shortens_the_history_and_the_path_says_so() -> None:
    data_set = planted()
    market = data_set.tables["market"]
    kept = market[~((market["period"] == "2022-03") & (market["region"] == "R1"))]
    gap = replace(data_set, tables={**data_set.tables, "market": kept}, sha256="gap")
    assert panel_of(gap).periods[0] == "2022-04"
    assert any("The history begins in 2022-04" in warning.en for warning in base_path(gap).warnings)


@pytest.mark.parametrize("name", ["premium_ev", "us_autos"])
def test_the_shipped_data_have_a_base_path(name: str) -> None:
    data_set = shipped(name)
    path = base_path(data_set)
    json.dumps(path.to_dict(), allow_nan=False)
    assert path.shares.shape == (12, len(path.regions), len(path.products))
    assert (path.shares.sum(axis=2) < 1).all()
    sales = data_set.tables["sales"]
    last = sales[(sales["period"] == path.last_period) & (sales["units"] > 0)]
    assert set(path.products) == set(last["product"])
    for level in (path.total_units, path.own_firm_units, path.own_firm_share):
        bounds = [level.low_95, level.low_80, level.median, level.high_80, level.high_95]
        assert (np.diff(bounds, axis=0) > 0).all()
        assert (level.high_95 < 3 * level.median[0]).all() or name == "us_autos"
    np.testing.assert_allclose(path.total_units.of_path, path.units.sum(axis=(1, 2)), rtol=1e-12)
    assert path.warnings[0].en == f"Prices are held at those of {path.last_period}."
    assert path.warnings[0].zh == f"价格保持在 {path.last_period} 的水平。"


def test_the_path_is_kept_for_the_next_call() -> None:
    assert base_path(shipped("us_autos"), 3) is base_path(shipped("us_autos"), 3)


@pytest.mark.parametrize("n_periods", [0, -1, 121])
def test_a_number_of_periods_that_nobody_can_mean_is_refused(n_periods: int) -> None:
    with pytest.raises(InputError, match=r"write a number of periods from 1 to 120\."):
        base_path(shipped("us_autos"), n_periods)
