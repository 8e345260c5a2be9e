"""The diagnosis finds what was planted, calls nothing else sure, and adds up."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from sandtable.data import DataSet, find_data_set, load_data_set
from sandtable.diagnosis import Diagnosis, diagnose, stage_table
from sandtable.errors import InputError
from tests.diagnosis.seeds import drawn, plan, planted, premium_ev, sure_links


@cache
def found() -> Diagnosis:
    return diagnose(premium_ev())


def with_funnel(change: pd.DataFrame, **columns: object) -> DataSet:
    return replace(premium_ev(), tables={**premium_ev().tables, "funnel": change.assign(**columns)})


def test_the_planted_links_are_sure_and_lead_the_list() -> None:
    assert sure_links(found()) == planted()
    first = found().links().head(5)
    assert planted() <= set(zip(first["level"], first["place"], first["stage"], strict=True))
    assert first["rank"].tolist() == [1, 2, 3, 4, 5]


def judged_seeds(seeds: range) -> tuple[int, int]:
    """How many of the planted links were found, and how many seeds had a false alarm."""
    alike = [sure_links(diagnose(drawn(seed))) for seed in seeds]
    recalled = sum(len(sure & planted()) for sure in alike)
    return recalled, sum(bool(sure - planted()) for sure in alike)


def test_other_seeds_find_the_planted_links_and_nothing_else() -> None:
    recalled, false_alarms = judged_seeds(range(8))
    assert recalled == 8 * len(planted())
    assert false_alarms == 0


@pytest.mark.slow
def test_a_hundred_seeds_call_unplanted_links_sure_in_at_most_five() -> None:
    recalled, false_alarms = judged_seeds(range(100))
    assert false_alarms <= 5
    assert recalled >= 0.95 * 100 * len(planted())


@pytest.mark.slow
def test_a_hundred_funnels_without_weak_links_raise_at_most_five_alarms() -> None:
    alarms = sum(bool(sure_links(diagnose(drawn(seed, spoilt=False)))) for seed in range(100))
    assert alarms <= 5


def test_dealers_sum_to_regions_and_regions_to_the_market() -> None:
    table = found().table
    sums = [
        table[table["level"] == level].groupby("stage")[["n", "passed"]].sum()
        for level in ("country", "area", "region", "dealer")
    ]
    for finer in sums[1:]:
        pd.testing.assert_frame_equal(sums[0], finer)
    dealers = table[table["level"] == "dealer"].groupby(["region", "stage"])["passed"].sum()
    regions = table[table["level"] == "region"].set_index(["region", "stage"])["passed"]
    pd.testing.assert_series_equal(dealers, regions.sort_index())


def test_stages_close_from_leads_to_the_units_of_the_sales_table() -> None:
    chain = found().rows_of()
    assert chain["stage"].tolist() == ["cards", "test_drives", "orders", "deliveries"]
    assert chain["n"].tolist()[1:] == chain["passed"].tolist()[:-1]
    sales = premium_ev().tables["sales"]
    recent = sales["period"].isin(found().counts.periods) & sales["product"].isin(
        premium_ev().tables["funnel"]["product"]
    )
    assert chain["passed"].iloc[-1] == sales.loc[recent, "units"].sum()
    product = chain["n"].iloc[0] * chain["rate"].astype(float).prod()
    assert product == pytest.approx(chain["passed"].iloc[-1], rel=1e-12)


def test_sure_losses_add_up_from_dealers_to_the_country() -> None:
    table = found().table
    sure = found().links().query("verdict == 'sure'")["units_lost"].sum()
    for level in ("country", "area", "region"):
        assert table.loc[table["level"] == level, "sure_units_lost"].sum() == pytest.approx(sure)
    west = found().drill().query("place == 'West'")["sure_units_lost"].sum()
    assert found().drill("West")["sure_units_lost"].sum() == pytest.approx(west)
    assert set(found().drill("West")["place"]) == {"Sichuan", "Chongqing", "Shaanxi"}
    assert set(found().drill("Sichuan")["level"]) == {"dealer"}
    assert found().drill("D031")["stage"].tolist() == found().rows_of()["stage"].tolist()


def test_lifting_one_link_gains_what_it_loses() -> None:
    for row in found().links().head(8).to_dict("records"):
        gained = found().units_gained_if_lifted([(row["level"], row["place"], row["stage"])])
        assert gained == pytest.approx(row["units_lost"], rel=1e-9)


def test_links_at_different_dealers_add_up_and_stages_of_one_dealer_multiply() -> None:
    links = [("dealer", "D066", "orders"), ("dealer", "D031", "test_drives")]
    each = [found().units_gained_if_lifted([link]) for link in links]
    assert found().units_gained_if_lifted(links) == pytest.approx(sum(each))
    assert found().units_gained_if_lifted([]) == 0
    both = [("region", "Sichuan", "test_drives"), ("region", "Sichuan", "orders")]
    each = [found().units_gained_if_lifted([link]) for link in both]
    assert found().units_gained_if_lifted(both) >= sum(each)


def test_a_planted_loss_is_about_as_large_as_it_was_made() -> None:
    lost = found().links().set_index(["place", "stage"])["units_lost"]
    cars = found().rows_of("Sichuan")["passed"].iloc[-1]
    assert lost["Sichuan", "test_drives"] == pytest.approx(cars * (1 / 0.8 - 1), rel=0.15)


def test_an_unknown_link_is_refused() -> None:
    with pytest.raises(InputError, match=r"dealer D999, orders: is no link with a benchmark"):
        found().units_gained_if_lifted([("dealer", "D999", "orders")])


def test_a_weak_region_leaves_its_dealers_alone() -> None:
    dealers = found().drill("Sichuan").query("stage == 'test_drives'")
    assert (dealers["verdict"] != "sure").all()
    assert (dealers["benchmark"] < dealers["peer_rate"]).all()


def test_the_order_of_rows_changes_nothing() -> None:
    shuffled = premium_ev().tables["funnel"].sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(diagnose(with_funnel(shuffled)).table, found().table)


def test_a_dealer_with_too_few_customers_is_counted_and_not_judged() -> None:
    funnel = premium_ev().tables["funnel"]
    most = (funnel["period"] < "2026-06") | (funnel["product"] != "N9")
    small = (funnel["dealer"] == "D005") & most
    few = diagnose(with_funnel(funnel[~small]))
    row = few.drill("D005").query("stage == 'deliveries'").iloc[0]
    assert row["verdict"] == "sample_too_small"
    assert row["needed"] > row["n"] > 0
    assert pd.isna(row["units_lost"])


def test_a_stage_without_customers_has_no_rate() -> None:
    funnel = premium_ev().tables["funnel"].copy()
    funnel.loc[funnel["dealer"] == "D005", ["test_drives", "orders", "deliveries"]] = 0
    rows = diagnose(with_funnel(funnel)).to_dict(place="D005")["stages"]
    orders = next(row for row in rows if row["stage"] == "orders")
    assert (orders["n"], orders["rate"], orders["pooled_rate"]) == (0, None, None)
    assert orders["verdict"] == "sample_too_small"


def test_more_deliveries_than_orders_are_no_rate_to_judge() -> None:
    funnel = premium_ev().tables["funnel"].copy()
    late = funnel["dealer"] == "D005"
    funnel.loc[late, "deliveries"] = funnel.loc[late, "orders"] + 1
    row = diagnose(with_funnel(funnel)).drill("D005").query("stage == 'deliveries'").iloc[0]
    assert row["verdict"] == "mixed_periods"
    assert row["rate"] > 1


def test_without_cards_and_city_tiers_leads_go_straight_to_test_drives() -> None:
    data = premium_ev()
    tables = {
        **data.tables,
        "funnel": data.tables["funnel"].drop(columns=["cards", "referrals", "repeat_orders"]),
        "dealers": data.tables["dealers"].drop(columns="city_tier"),
    }
    plain = diagnose(replace(data, tables=tables))
    assert plain.counts.stages == ("leads", "test_drives", "orders", "deliveries")
    assert sure_links(plain) == planted()
    assert set(plain.drill("West").query("n > 0")["peers"]) == {"other regions"}
    assert set(plain.drill("Liaoning")["peers"]) == {"same area"}


def test_products_and_periods_can_be_chosen() -> None:
    one = diagnose(premium_ev(), products=["N5"], period_from="2026-04", period_to="2026-05")
    assert one.counts.periods == ("2026-04", "2026-05")
    funnel = premium_ev().tables["funnel"].query("product == 'N5' and '2026-04' <= period")
    assert one.rows_of()["n"].iloc[0] == funnel.query("period <= '2026-05'")["leads"].sum()


def test_losses_are_by_the_year_whatever_the_periods() -> None:
    half = diagnose(premium_ev(), period_from="2026-01").links().set_index(["place", "stage"])
    whole = found().links().set_index(["place", "stage"])
    ratio = (
        half["units_lost"]["Sichuan", "test_drives"] / whole["units_lost"]["Sichuan", "test_drives"]
    )
    assert 0.6 < ratio < 1.4


def test_what_is_unknown_is_named() -> None:
    with pytest.raises(InputError) as caught:
        diagnose(premium_ev(), period_from="2020-01", period_to="2026-09", products=["N4"])
    places = [(fault.place, fault.message) for fault in caught.value.faults]
    assert [place for place, _ in places] == ["--period-from", "--period-to", "--product"]
    assert places[0][1] == "'2020-01' is not in the funnel; expected 2023-07 to 2026-06."
    with pytest.raises(InputError, match="no area or region or dealer of the funnel is called"):
        found().links("Sichuam")
    with pytest.raises(InputError, match="2026-05 is after 2026-01"):
        diagnose(premium_ev(), period_from="2026-05", period_to="2026-01")


def test_a_data_set_without_a_funnel_is_refused() -> None:
    autos = load_data_set(find_data_set("us_autos"))
    with pytest.raises(InputError, match="us_autos, funnel: this data set has no table funnel"):
        diagnose(autos)


def test_stage_tables_of_regions_dealers_and_products_have_one_sum() -> None:
    tables = [stage_table(premium_ev(), by=by) for by in ("region", "dealer", "product")]
    sums = [table.iloc[-1].drop(table.columns[0]) for table in tables]
    for table, total in zip(tables, sums, strict=True):
        assert table.iloc[:-1]["leads"].sum() == total["leads"] == sums[0]["leads"]
        rates = table.filter(regex="^(cards|test_drives|orders|deliveries)_rate$").prod(axis=1)
        np.testing.assert_allclose(table["leads"] * rates, table["deliveries"], rtol=1e-12)
    assert set(plan().regions) < set(tables[0]["region"])
