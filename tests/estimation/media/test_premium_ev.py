"""The shipped market: the planted response is found, curves and returns follow from it, and it runs as a parameter set."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sandtable.data import DataSet, load_data_set
from sandtable.data.parameter_files import read_parameters, write_parameters
from sandtable.data.parameters import ParameterSet
from sandtable.errors import InputError
from sandtable.estimation.media import (
    RULES,
    MediaFit,
    MediaView,
    fit_media,
    shape_of,
    view_media,
)
from sandtable.estimation.media.observing import TABLES, market_panel, open_dealers
from sandtable.estimation.media.priors import read_priors
from sandtable.estimation.media.shape import Shape
from sandtable.market.primitives import FloatArray
from sandtable.synthetic import generate
from tests.estimation.media.conftest import ROOT


def planted(fit: MediaFit) -> Shape:
    """The planted response, its channels in the order of the fit."""
    media = fit.parameters.media
    assert media is not None
    order = [list(media.channels).index(channel) for channel in fit.channels]
    found = shape_of(media)
    columns = (found.effects, found.carry_overs, found.halves, found.slopes)
    return Shape(*(column[order] for column in columns))


def distances(fit: MediaFit) -> FloatArray:
    assert fit.parameters.dealers is not None
    truth = np.append(planted(fit).point, np.log(fit.parameters.dealers.value))
    mode = fit.response.mode
    return np.asarray((mode.point - truth) / np.sqrt(np.diag(mode.covariance)))


def test_planted_numbers_lie_within_their_intervals_as_often_as_chance_allows(
    media_fit: MediaFit,
) -> None:
    away = np.abs(distances(media_fit))
    assert len(away) == 25
    # five or more of 25 outside 95 % have a chance of 0.7 %
    assert (away > 1.96).sum() <= 4
    assert away.max() < 3.5
    assert away[-1] < 1.96  # dealers
    carry_overs = away[1:24:4]
    assert (carry_overs < 1.96).all()


def test_the_joint_distance_from_the_truth_is_credible(media_fit: MediaFit) -> None:
    assert media_fit.parameters.dealers is not None
    truth = np.append(planted(media_fit).point, np.log(media_fit.parameters.dealers.value))
    away = media_fit.response.mode.point - truth
    square = away @ np.linalg.solve(media_fit.response.mode.covariance, away)
    assert square < 52.6  # 99.9 % of chi-square with 25 degrees of freedom


def test_the_data_have_the_last_word_on_every_number(media_fit: MediaFit) -> None:
    assert media_fit.verdict.grade == "usable"
    assert all(number.learnt < 0.7 for number in media_fit.response.numbers)


def planted_elasticities(fit: MediaFit) -> pd.DataFrame:
    response = fit.response
    mode = replace(response.mode, point=np.append(planted(fit).point, 0.0))
    return replace(response, mode=mode).elasticities


def test_the_elasticity_is_near_that_of_the_planted_response(media_fit: MediaFit) -> None:
    truth, found = planted_elasticities(media_fit).iloc[-1], media_fit.elasticities.iloc[-1]
    # television saturates too soon in this draw: 0.170 against 0.198, more than its error says; see the slow test
    assert found["long_run"] == pytest.approx(truth["long_run"], rel=0.2)
    assert found["short_run"] == pytest.approx(truth["short_run"], abs=3 * found["short_run_error"])
    # of a brand's cars; what one product takes from others of its brand is no gain
    assert 0.1 < found["long_run"] < 0.24


def test_curves_over_the_seen_range_are_near_the_planted_ones(media_fit: MediaFit) -> None:
    truth = planted(media_fit)
    view = media_fit.view()
    misses = []
    for place, channel in enumerate(media_fit.channels):
        curve = media_fit.response_curve(channel)
        assert curve["seen"].any()
        spends = view.spends(media_fit.response.shape, place, None)
        steady = view.steady_spend(truth)[:, place]
        expected = view.cars(truth, place, spends, steady)
        seen = curve["seen"].to_numpy()
        gap = np.abs(curve["cars"].to_numpy() - expected)[seen]
        misses.append(gap.max() / expected[seen].max())
    # of the largest gain in the range
    assert max(misses) < 0.3
    assert np.median(misses) < 0.15


def test_a_curve_starts_at_nothing_rises_and_has_its_interval_around(media_fit: MediaFit) -> None:
    curve = media_fit.response_curve("television", grid=[0.0, 1e6, 1e7, 1e8, 1e9])
    assert curve["spend"].tolist() == pytest.approx([0.0, 1e6, 1e7, 1e8, 1e9])
    assert curve["cars"].iloc[0] == 0
    assert (np.diff(curve["cars"]) > 0).all()
    assert (curve["low"] <= curve["cars"]).all()
    assert (curve["cars"] <= curve["high"]).all()
    assert curve["seen"].tolist() == [True, True, True, False, False]


def test_the_slope_of_the_curve_is_the_marginal_gain_in_the_long_run(media_fit: MediaFit) -> None:
    view, shape = media_fit.view(), media_fit.response.shape
    table = view.table(shape)
    for place in range(len(view.channels)):
        steady = view.steady_spend(shape)[:, place]
        now = float(steady @ view.households)
        curve = view.curve(shape, place, [now, now + 1e3])
        rate = np.diff(curve["cars"])[0] / 1e3 * 1e6
        assert rate == pytest.approx(table["cars_per_million"].iloc[place], rel=1e-3)


def test_marginal_returns_are_cars_times_what_a_car_brings(media_fit: MediaFit) -> None:
    table = media_fit.marginal_return("Nova", "East")
    a_car = table["revenue_return"] / table["cars_per_million"] * 1e6
    assert a_car.between(150_000, 400_000).all()  # net of tax; the cars cost 220,000 to 430,000
    margin = table["contribution_return"] / table["revenue_return"]
    assert margin.between(0.2, 0.4).all()
    assert (table["cars_per_million_error"] > 0).all()
    assert (table["elasticity_long_run"] > table["elasticity_short_run"]).all()


def test_regions_add_up_to_their_area(media_fit: MediaFit) -> None:
    regions = media_fit.data_set.metadata.areas["East"]
    parts = [media_fit.view("Nova", region).table(media_fit.response.shape) for region in regions]
    area = media_fit.view("Nova", "East").table(media_fit.response.shape)
    assert sum(part["spend"] for part in parts).to_numpy() == pytest.approx(area["spend"])


def test_the_fit_can_be_written_read_and_looked_at_again(
    media_fit: MediaFit, tmp_path: Path
) -> None:
    fitted = media_fit.to_parameter_set("fitted")
    again = read_parameters(write_parameters(fitted, tmp_path))
    assert again == fitted
    assert again.media is not None
    assert again.dealers is not None
    assert again.dealers.grade == "estimated"
    assert again.media.verdict is not None
    assert again.media.diagnosis is not None
    assert again.media.diagnosis.numbers["periods"] == 36
    seen = view_media(media_fit.data_set, again, brand="Lyra").table(shape_of(again.media))
    pd.testing.assert_frame_equal(
        seen, media_fit.view("Lyra").table(media_fit.response.shape), check_exact=False
    )


def test_fitting_twice_says_it_once(media_fit: MediaFit) -> None:
    once = media_fit.to_parameter_set()
    again = MediaFit(media_fit.data_set, once, media_fit.cells, media_fit.response)
    assert again.to_parameter_set().notes == once.notes


def test_a_brand_that_spends_nothing_yet_has_a_return_or_none_at_all(media_fit: MediaFit) -> None:
    cells = replace(media_fit.cells, spend=media_fit.cells.spend * 0)
    view = media_fit.view()
    idle = MediaView(
        view.data_set,
        view.parameters,
        view.period,
        view.channels,
        view.market,
        cells,
        view.brand,
        view.regions,
    )
    table = idle.table(media_fit.response.shape)
    assert not table["elasticity_long_run"].any()
    slopes = media_fit.response.shape.slopes
    cars = table["cars_per_million"].to_numpy()
    assert (cars[slopes > 1] == 0).all()
    assert np.isnan(cars[slopes < 1]).all()


def test_dealers_count_from_the_month_they_open_to_the_one_they_close(
    media_set: DataSet,
) -> None:
    table = pd.DataFrame(
        {
            "dealer": ["a", "b", "c"],
            "region": ["Hunan", "Hunan", "Fujian"],
            "brand": "Nova",
            "opened": pd.array(["2024-02", None, "2020-01"], dtype="string"),
            "closed": pd.array([None, "2024-03", None], dtype="string"),
        }
    )
    changed = replace(media_set, tables={**media_set.tables, "dealers": table})
    counts = open_dealers(changed, ["2024-01", "2024-02", "2024-03"], ["Fujian", "Hunan"])
    assert counts["Nova"].tolist() == [[1, 1], [1, 2], [1, 1]]


def refusal(data_set: DataSet, parameters: ParameterSet) -> list[str]:
    with pytest.raises(InputError) as caught:
        market_panel(data_set, parameters, read_priors())
    return [str(fault) for fault in caught.value.faults]


def test_media_that_cannot_be_used_are_refused_with_sentences(media_set: DataSet) -> None:
    parameters = media_set.parameter_sets["nested"]
    media, market = media_set.tables["media"], media_set.tables["market"]
    idle = media.assign(spend=media["spend"].where(media["channel"] != "search", 0.0))
    short = market[market["period"] != "2024-05"]
    sales = media_set.tables["sales"]
    sales = sales[sales["period"] != "2024-05"]
    tables = {**media_set.tables, "media": idle, "market": short, "sales": sales}
    assert refusal(replace(media_set, tables=tables), parameters) == [
        "media.csv, channel: nothing is ever spent on 'search'; leave it out.",
        "market.csv, period: '2024-04' is followed by '2024-06'; what spend leaves behind can only be told when periods "
        "follow each other. Add the missing ones.",
    ]


def test_a_response_to_channels_that_nobody_buys_is_refused(media_fit: MediaFit) -> None:
    fitted = media_fit.to_parameter_set()
    assert fitted.media is not None
    channels = {**fitted.media.channels, "radio": fitted.media.channels["search"]}
    odd = fitted.model_copy(
        update={"media": fitted.media.model_copy(update={"channels": channels})}
    )
    with pytest.raises(InputError, match="the media table has no channel 'radio'"):
        view_media(media_fit.data_set, odd)


def test_two_periods_are_too_few(media_set: DataSet) -> None:
    tables = {
        name: table[table["period"] >= "2026-05"] if "period" in table else table
        for name, table in media_set.tables.items()
    }
    assert refusal(replace(media_set, tables=tables), media_set.parameter_sets["logit"]) == [
        "market.csv, period: 2 period(s) are too few; give at least 4."
    ]


def test_unknown_names_of_a_curve_are_refused_together(media_fit: MediaFit) -> None:
    with pytest.raises(InputError) as caught:
        media_fit.response_curve("televison", grid=[-1.0])
    assert [str(fault) for fault in caught.value.faults] == [
        "premium_ev, channel: no channel 'televison'; did you mean 'television'?",
        "premium_ev, grid: holds a spend that is not a number of 0 or more.",
    ]


def test_other_demands_give_a_response_too(media_set: DataSet) -> None:
    fit = fit_media(media_set, media_set.parameter_sets["logit"])
    assert fit.verdict.grade != "refuse"
    assert 0.05 < fit.elasticities["long_run"].iloc[-1] < 0.3


def test_without_a_dealers_table_the_dealers_stay_unknown(media_set: DataSet) -> None:
    tables = {name: table for name, table in media_set.tables.items() if name != "dealers"}
    parameters = media_set.parameter_sets["logit"].model_copy(update={"dealers": None})
    fit = fit_media(replace(media_set, tables=tables), parameters)
    assert fit.to_parameter_set().dealers is None


def test_the_shipped_response_is_what_the_fit_gives(media_set: DataSet) -> None:
    shipped = media_set.parameter_sets["estimated"]
    assert shipped.media is not None
    assert shipped.media.verdict is not None
    fit = fit_media(media_set, shipped)
    assert shipped.media.verdict.grade == fit.verdict.grade == "usable"
    for number in fit.response.numbers:
        found = (
            shipped.dealers
            if number.quantity == "dealers"
            else getattr(shipped.media.channels[number.channel], number.quantity)
        )
        assert found.value == pytest.approx(number.value, rel=1e-3)
        assert found.standard_error == pytest.approx(number.standard_error, rel=1e-2)


def test_the_page_tells_every_rule() -> None:
    page = (ROOT / "docs" / "media.md").read_text(encoding="utf-8")
    for rule in RULES:
        (row,) = [
            line
            for line in page.splitlines()
            if line.startswith(f"| `{rule.fact}` | {rule.sign}") and rule.grade in line
        ]
        shown = 100 * rule.threshold if f"{100 * rule.threshold:g} %" in row else rule.threshold
        assert f"{shown:g}" in row


@pytest.mark.slow
def test_intervals_cover_over_other_seeds_of_the_market(tmp_path: Path) -> None:
    away, elastic, seeds = [], [], range(1, 11)
    for seed in seeds:
        folder = generate(tmp_path / str(seed) / "premium_ev", seed)
        data_set = load_data_set(folder, tables=set(TABLES))
        fit = fit_media(data_set, data_set.parameter_sets["random_coefficient"])
        away.append(np.abs(distances(fit)))
        found, truth = fit.elasticities.iloc[-1], planted_elasticities(fit).iloc[-1]
        elastic.append((found["long_run"] - truth["long_run"]) / found["long_run_error"])
    shares = [float((np.array(away) < ends).mean()) for ends in (1.2815515655446004, 1.96)]
    print(f"{len(seeds)} seeds: 80 % intervals cover {shares[0]:.1%}, 95 % {shares[1]:.1%}")  # noqa: T201
    assert 0.75 <= shares[0] <= 0.88
    assert shares[1] >= 0.92
    assert np.std(elastic) < 1.6
    assert np.abs(elastic).max() < 3
