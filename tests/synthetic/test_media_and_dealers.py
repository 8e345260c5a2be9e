"""What media and dealers do in the synthetic market: as planted, as the answer key says, and to be found again in the tables."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sandtable.data import DataSet, load_data_set
from sandtable.documents import read_document
from sandtable.market.demand import Demand
from sandtable.market.inversion import invert_shares
from sandtable.market.primitives import FloatArray, Nests, Tastes
from sandtable.synthetic import Plan, premium_ev_plan
from sandtable.synthetic.funnel import make_dealers
from sandtable.synthetic.history import History, make_history

FOLDER = Path(__file__).resolve().parents[2] / "market_data" / "premium_ev"
CHANNELS = ("television", "digital", "search", "outdoor", "social", "events")
KEYS = ["period", "region", "brand", "channel"]


@cache
def premium_ev() -> DataSet:
    return load_data_set(FOLDER)


@cache
def answer_key() -> dict[str, Any]:
    return dict(read_document(FOLDER / "answer_key.yaml").value)


@cache
def reached() -> pd.DataFrame:
    """How far each channel's curve is climbed and how fresh its stock is, from tables and answer key alone."""
    media = (
        premium_ev().tables["media"].merge(premium_ev().tables["market"], on=["period", "region"])
    )
    media["flow"] = media["spend"] / media["market_size"]
    parts = []
    for (region, brand, channel), rows in media.groupby(["region", "brand", "channel"]):
        truth = answer_key()["media"]["channels"][channel]
        stock, kept = None, truth["carry_over"]
        for period, flow in rows.set_index("period")["flow"].sort_index().items():
            stock = flow / (1 - kept) if stock is None else flow + kept * stock
            climbed = stock ** truth["slope"] / (
                stock ** truth["slope"] + truth["half"] ** truth["slope"]
            )
            parts.append((period, region, brand, channel, stock, climbed, flow / stock))
    return pd.DataFrame(parts, columns=[*KEYS, "stock", "climbed", "fresh"])


def with_media(plan: Plan, **changes: float) -> Plan:
    media = {name: channel.model_copy(update=changes) for name, channel in plan.file.media.items()}
    return Plan(plan.file.model_copy(update={"media": media}))


def history_of(plan: Plan, seed: int = 7) -> History:
    return make_history(plan, seed, make_dealers(plan, seed).open_by_region)


def test_spend_of_every_brand_is_known_by_channel_in_every_month_and_region() -> None:
    media, plan = premium_ev().tables["media"], premium_ev_plan()
    every = pd.MultiIndex.from_product([plan.periods, plan.regions, plan.brands, CHANNELS])
    assert len(media) == len(every) == 36 * 12 * 18 * 6
    assert set(pd.MultiIndex.from_frame(media[KEYS])) == set(every)
    assert (media["spend"] >= 0).all()
    assert (media["spend"] % 1_000 == 0).all()


def test_impressions_follow_spend_at_one_price() -> None:
    media = premium_ev().tables["media"]
    assert np.abs(media["impressions"] - 1_000 * media["spend"] / 60).max() <= 500


def test_brands_differ_in_their_mix_and_channels_move_by_themselves() -> None:
    media = premium_ev().tables["media"]
    by_brand = media.pivot_table(index="brand", columns="channel", values="spend", aggfunc="sum")
    mixes = np.log(by_brand.div(by_brand.sum(axis=1), axis=0))
    assert (mixes.std() > 0.25).all()
    own = media.groupby(["brand", "channel", "period"])["spend"].sum().unstack("period")
    for brand in own.index.unique("brand"):
        # seasons are common to all; what is left must tell the channels apart
        paths = np.log(own.loc[brand].to_numpy(np.float64))
        assert np.corrcoef(paths)[np.triu_indices(6, 1)].mean() < 0.6


def test_stocks_of_the_last_year_lie_on_both_sides_of_the_half_way_point() -> None:
    last_year = reached().query("period > '2025-06'")
    for _, rows in last_year.groupby("channel"):
        assert rows["climbed"].quantile(0.05) < 0.15
        assert rows["climbed"].median() == pytest.approx(0.5, abs=0.05)
        assert rows["climbed"].quantile(0.95) > 0.8


def test_media_elasticities_are_those_of_the_answer_key() -> None:
    key = answer_key()["media"]
    sales = premium_ev().tables["sales"].merge(premium_ev().tables["products"], on="product")
    units = sales.groupby(["period", "region", "brand"], as_index=False)["units"].sum()
    rows = reached().merge(units, on=KEYS[:3]).query("period > '2025-06'")
    truth = rows["channel"].map(lambda name: key["channels"][name]["effect"])
    truth *= rows["channel"].map(lambda name: key["channels"][name]["slope"])
    rows["long"] = truth * rows["climbed"] * (1 - rows["climbed"]) * rows["units"]
    rows["short"] = rows["long"] * rows["fresh"]
    means = rows.groupby("channel")[["long", "short"]].sum() / (rows["units"].sum() / len(CHANNELS))
    for name, channel in key["channels"].items():
        assert channel["long_run_elasticity"] == pytest.approx(means.loc[name, "long"], abs=6e-5)
        assert channel["short_run_elasticity"] == pytest.approx(means.loc[name, "short"], abs=6e-5)
    assert key["long_run_elasticity"] == pytest.approx(means["long"].sum(), abs=6e-5)
    assert key["short_run_elasticity"] == pytest.approx(means["short"].sum(), abs=6e-5)
    assert key["long_run_elasticity"] == pytest.approx(0.24, abs=0.005)
    assert 0.10 < key["short_run_elasticity"] < 0.12


def test_dealers_move_the_utility_of_the_own_brand_alone_and_by_the_planted_number() -> None:
    plan = premium_ev_plan().small()
    without = Plan(plan.file.model_copy(update={"dealers": 0.0}))
    moved = history_of(plan).utilities - history_of(without).utilities
    is_own = np.array(plan.firms) == "Nova"
    assert (moved[:, :, ~is_own] == 0).all()
    table = make_dealers(plan, 7).table
    opened = np.array(
        [
            [((table["region"] == r) & (table["opened"] <= t)).sum() for r in plan.regions]
            for t in plan.periods
        ]
    )
    expected = 0.65 * 0.25 * (np.log1p(opened) - np.log1p(opened[-1]))
    assert np.abs(expected).max() > 0.02
    np.testing.assert_allclose(moved[:, :, is_own], expected[:, :, None].repeat(3, 2), atol=1e-12)


def test_a_saturated_channel_adds_its_whole_effect_and_so_no_differences() -> None:
    plan = premium_ev_plan().small()
    silent = history_of(with_media(plan, effect=0.0)).utilities
    saturated = history_of(with_media(plan, half=1e-9)).utilities
    np.testing.assert_allclose(saturated, silent, atol=1e-4)
    assert np.abs(history_of(plan).utilities - silent).max() > 0.05


def test_parameter_sets_hold_the_planted_response_at_the_scale_of_their_nests() -> None:
    key = answer_key()
    for name, scale in {"random_coefficient": 0.65, "nested": 0.65, "logit": 1.0}.items():
        parameters = premium_ev().parameter_sets[name]
        assert parameters.media is not None
        assert parameters.dealers is not None
        assert parameters.dealers.value == pytest.approx(scale * 0.25)
        assert set(parameters.media.channels) == set(CHANNELS)
        for channel, response in parameters.media.channels.items():
            truth = key["media"]["channels"][channel]
            assert response.effect.value == pytest.approx(scale * truth["effect"])
            for field in ("carry_over", "half", "slope"):
                assert getattr(response, field).value == truth[field]


def test_every_parameter_set_says_what_range_and_power_are_worth() -> None:
    for parameters in premium_ev().parameter_sets.values():
        worth = {name: (item.value, item.grade) for name, item in parameters.worth.items()}
        assert worth == {"electric_range_km": (60, "judgement"), "power_kw": (150, "judgement")}


def mean_utilities() -> pd.DataFrame:
    """Mean utilities that give the shares of the tables under the planted demand."""
    truth, tables = answer_key()["demand"], premium_ev().tables
    tastes = Tastes.lognormal(
        truth["price_coefficient"], truth["price_spread"], truth["quadrature_nodes"]
    )
    sales = tables["sales"].merge(tables["market"], on=["period", "region"])
    products = tables["products"].set_index("product")
    parts = []
    for _, month in sales[sales["units"] > 0].groupby("period"):
        for _, rows in month.groupby("region"):
            here = products.loc[rows["product"]]
            nests = Nests(
                pd.factorize(here["segment"])[0].astype(np.int64),
                pd.factorize(here["segment"] + here["powertrain"])[0].astype(np.int64),
                truth["sigma_segment"],
                truth["sigma_powertrain"],
            )
            shares = (rows["units"] / rows["market_size"]).to_numpy()[None]
            prices = rows["net_price"].to_numpy(np.float64)[None]
            (delta,) = invert_shares(Demand(tastes, nests), shares, prices)
            parts.append(rows.assign(utility=delta, brand=here["brand"].to_numpy()))
    return pd.concat(parts)


def without_means(values: FloatArray, *groups: pd.Series) -> FloatArray:
    """Take the means of both groups out of every column; they are not balanced."""
    left = pd.DataFrame(values)
    for _ in range(30):
        for group in groups:
            left = left - left.groupby(group.to_numpy()).transform("mean")
    return left.to_numpy()


@pytest.mark.slow
def test_planted_effects_are_found_again_in_the_tables() -> None:
    """Least squares at the planted curves; means by product and month, and by product and region, are free."""
    panel = mean_utilities()
    wide = reached().pivot(index=KEYS[:3], columns="channel", values="climbed")
    panel = panel.merge(wide.reset_index(), on=KEYS[:3])
    dealers = premium_ev().tables["dealers"]
    opened = dealers.groupby("region")["opened"].apply(list)
    own = panel["brand"] == "Nova"
    n_open = [
        sum(month <= period for month in opened[region])
        for period, region in zip(panel["period"], panel["region"], strict=True)
    ]
    panel["dealers"] = np.where(own, np.log1p(n_open), 0.0)
    names = [*CHANNELS, "dealers"]
    left = without_means(
        panel[["utility", *names]].to_numpy(np.float64),
        panel["product"] + panel["period"],
        panel["product"] + panel["region"],
    )
    y, x = left[:, 0], left[:, 1:]
    bread = np.linalg.inv(x.T @ x)
    found = bread @ x.T @ y
    # tastes last over months, so that errors are clustered by product and region
    scores = pd.DataFrame(x * (y - x @ found)[:, None])
    sums = scores.groupby((panel["product"] + panel["region"]).to_numpy()).sum().to_numpy()
    errors = np.sqrt(np.diag(bread @ sums.T @ sums @ bread))
    channels = answer_key()["media"]["channels"]
    planted = 0.65 * np.array([*(channels[c]["effect"] for c in CHANNELS), answer_key()["dealers"]])
    assert np.abs((found - planted) / errors).max() < 3, dict(zip(names, found, strict=True))
    assert (found / errors > 2).all(), dict(zip(names, found / errors, strict=True))
