"""The back-test looks at nothing later, finds planted truth, and says so where there is no skill."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from sandtable.data import DataSet
from sandtable.errors import InputError
from sandtable.forecast import back_test
from sandtable.forecast.intervals import log_errors, rolling_half_widths
from sandtable.forecast.judging import case_of
from sandtable.forecast.levels import LEVELS, Level, forecasts_at
from sandtable.forecast.measures import measures, naive_scale, skill, surely_better
from sandtable.forecast.panel import panel_of
from sandtable.forecast.rolling import Rolling, origins_of, roll
from tests.forecast.simulated import (
    data_set_of,
    planted,
    shipped,
    wandering,
    with_later_changed,
)

HORIZONS = tuple(range(1, 13))


@pytest.mark.slow
def test_changing_later_data_changes_no_forecast_and_no_interval_made_before() -> None:
    data_set = shipped("premium_ev")
    periods = panel_of(data_set).periods
    known = 28
    before = roll(panel_of(data_set), 6)
    after = roll(panel_of(with_later_changed(data_set, periods[known - 1])), 6)
    early = [place for place, origin in enumerate(before.origins) if origin <= known]
    assert len(early) > 10
    for level in ("market_size", "total_units", "own_firm_share", "product_region_units"):
        one, other = (
            forecasts_at(level, rolling, "seasonal_growth") for rolling in (before, after)
        )
        for method in one:
            np.testing.assert_array_equal(one[method][early], other[method][early], err_msg=method)
        cases = [
            case_of(level, rolling, "seasonal_growth", HORIZONS) for rolling in (before, after)
        ]
        method = "ets_total" if level == "market_size" else "lifecycle_season"
        widths = [
            rolling_half_widths(case.actual, case.forecasts[method], case.rolling.origins)[early]
            for case in cases
        ]
        np.testing.assert_array_equal(widths[0], widths[1])
    late = len(before.origins) - 1
    assert not np.array_equal(before.shares["lifecycle"][late], after.shares["lifecycle"][late])


def test_a_planted_market_is_found_out_and_beats_the_last_share() -> None:
    result = back_test(planted())
    assert result.market_size.method in ("seasonal_growth", "ets_total", "ets_region")
    assert result.shares.method == "lifecycle_season"
    verdict = result.verdicts["product_units"]
    assert verdict.method == "lifecycle_season"
    assert verdict.grade in ("usable", "with_care")
    last_share = verdict.skills["last_share"]
    assert last_share is not None
    assert last_share > 0.3
    assert "beats" in verdict.sentence.en
    assert len(result.origins) >= 8


@pytest.mark.slow
def test_random_walks_give_no_skill_over_the_last_share() -> None:
    results = [back_test(wandering(seed)) for seed in range(3)]
    assert [result.shares.method for result in results] == ["last_share"] * 3
    for result in results:
        verdict = result.verdicts["product_units"]
        assert (verdict.grade, verdict.method) == ("no_skill", "last_share")
        assert "no skill" in verdict.sentence.en
        assert "预测技能" in verdict.sentence.zh


@cache
def rolled(market: Callable[[int], DataSet], seed: int) -> Rolling:
    """Forecast a market from all its origins once, at whatever level it is judged."""
    return roll(panel_of(market(seed)), 12)


def covered(rollings: list[Rolling], size: str, share: str, level: Level) -> float:
    """Return the rate of nominal 80 % intervals that held over several markets."""
    hits = cases = 0.0
    for rolling in rollings:
        overall = case_of(level, rolling, size, HORIZONS, with_ets=False).measure(share)[0]
        hits += overall["coverage_80"] * overall["n_interval"]
        cases += overall["n_interval"]
    return hits / cases


@pytest.mark.parametrize("level", ["firm_units", "product_units", "product_region_units"])
def test_nominal_80_per_cent_intervals_of_many_series_hold_about_that_often(level: Level) -> None:
    markets = [rolled(planted, seed) for seed in range(4)]
    assert 0.70 <= covered(markets, "seasonal_growth", "lifecycle_season", level) <= 0.90


@pytest.mark.slow
@pytest.mark.parametrize("level", ["total_units", "own_firm_units", "own_firm_share"])
def test_nominal_80_per_cent_intervals_of_one_series_hold_about_that_often(level: Level) -> None:
    markets = [rolled(wandering, seed) for seed in range(12)]
    assert 0.70 <= covered(markets, "last_value", "last_share", level) <= 0.90


def test_every_horizon_gets_eight_origins_where_the_history_allows_it() -> None:
    origins, warm = origins_of(36, 12, 12)
    judged = origins[warm:]
    assert sum(origin + 12 <= 36 for origin in judged) == 8
    assert warm > 0


@pytest.mark.parametrize("n_periods", [1, 3, 14, 17, 20])
def test_a_short_history_is_too_little_to_judge(n_periods: int) -> None:
    units = np.random.default_rng(1).uniform(40, 60, (n_periods, 2, 3))
    result = back_test(data_set_of(units, np.full((n_periods, 2), 400.0)))
    assert {verdict.grade for verdict in result.verdicts.values()} == {"too_little_history"}
    assert "8 are needed" in result.verdicts["total_units"].sentence.en
    assert result.shares.method == "last_share"
    json.dumps(result.to_dict(), allow_nan=False)


def test_model_year_codes_are_seen_and_products_left_unjudged() -> None:
    result = back_test(shipped("us_autos"))
    for level in ("product_units", "product_region_units"):
        verdict = result.verdicts[level]
        assert verdict.grade == "too_little_history"
        assert "only 19% are still sold" in verdict.sentence.en
    assert set(result.table["level"]) == {
        "market_size",
        "total_units",
        "own_firm_units",
        "own_firm_share",
        "firm_units",
    }
    assert result.verdicts["firm_units"].grade == "no_skill"


@pytest.mark.slow
def test_premium_ev_is_judged_at_every_level_and_horizon() -> None:
    result = back_test(shipped("premium_ev"))
    value = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert [verdict["level"] for verdict in value["verdicts"]] == list(LEVELS)
    assert len(result.origins) == 19
    table = result.table
    assert not table.duplicated(["level", "method", "horizon"]).any()
    products = table[table["level"] == "product_units"]
    path = products[products["method"] == "lifecycle_season"]
    last_share = products[products["method"] == "last_share"]
    assert path["horizon"].tolist() == [0, *HORIZONS]
    assert path["n"].iloc[0] == path["n"].iloc[1:].sum()
    assert path["wape"].iloc[0] < last_share["wape"].iloc[0]
    assert 0.75 <= path["coverage_80"].iloc[0] <= 0.85
    assert (table[table["used"]].groupby("level").size() == 13).all()
    assert result is back_test(shipped("premium_ev"))


@pytest.mark.slow
def test_the_own_firm_may_be_gone() -> None:
    data_set = wandering(1)
    metadata = data_set.metadata.model_copy(update={"own_firm": "Nobody"})
    result = back_test(replace(data_set, metadata=metadata, sha256="gone"), range(1, 4))
    assert result.verdicts["own_firm_units"].grade == "too_little_history"
    json.dumps(result.to_dict(), allow_nan=False)


@pytest.mark.parametrize("horizons", [(), (0,), (1, 121)])
def test_a_horizon_that_nobody_can_mean_is_refused(horizons: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match=r"write a number of periods from 1 to 120\."):
        back_test(shipped("us_autos"), horizons)


def test_measures_are_those_of_the_textbook() -> None:
    actual = np.array([[[100.0, 50.0]], [[80.0, np.nan]]])
    forecast = np.array([[[90.0, 60.0]], [[88.0, 40.0]]])
    widths = np.full(actual.shape, np.log(1.15))
    scales = np.array([[[5.0, 20.0]], [[4.0, 20.0]]])
    found = measures(actual, forecast, widths, scales)
    assert found["wape"] == pytest.approx(28 / 230)
    assert found["bias"] == pytest.approx(8 / 230)
    assert found["mase"] == pytest.approx((2 + 0.5 + 2) / 3)
    assert found["pinball_50"] == pytest.approx(0.5 * 28 / 230)
    low = np.array([90, 60, 88]) / 1.15
    gap = np.array([100, 50, 80]) - low
    expected = np.where(gap > 0, 0.1 * gap, -0.9 * gap).sum() / 230
    assert found["pinball_10"] == pytest.approx(expected)
    assert found["coverage_80"] == pytest.approx(2 / 3)
    assert (found["n"], found["origins"]) == (3, 2)


def test_the_scale_of_an_error_is_the_change_over_a_year_or_over_a_period() -> None:
    history = np.column_stack([np.arange(1.0, 9.0) ** 2, np.r_[np.zeros(6), 3, 5]])
    scale = naive_scale(history, 4)
    assert scale[0] == pytest.approx(np.mean(np.arange(5.0, 9) ** 2 - np.arange(1.0, 5) ** 2))
    assert scale[1] == 2


def test_chance_is_called_chance_and_a_steady_gain_is_not() -> None:
    random = np.random.default_rng(5)
    false = 0
    for _ in range(200):
        actual = np.full((19, 1, 1), 100.0)
        one, other = (actual + random.normal(0, 5, actual.shape) for _ in range(2))
        false += surely_better(actual, one, other)
    assert 2 <= false <= 18  # 5 per cent of 200 is 10
    near = actual + random.normal(0, 5, actual.shape)
    far = actual + random.choice([-1, 1], actual.shape) * (8 + random.uniform(0, 8, actual.shape))
    assert surely_better(actual, near, far)
    assert not surely_better(actual, far, near)
    assert not surely_better(actual, near, near)
    assert skill(actual, near, far) > 0.4
    assert skill(actual, actual, actual) == 0
    assert skill(actual, near, actual) < -9


def test_an_error_of_a_share_counts_in_both_directions() -> None:
    actual, forecast = np.array([0.05, 0.2, 0.0]), np.array([0.1, 0.1, 40.0])
    expected = np.log([0.5, 2.0, 0.5 / 40])
    np.testing.assert_allclose(log_errors(actual, forecast), expected)
