"""New products, and periods that nobody has observed yet."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sandtable.errors import InputError
from sandtable.scenario.base import base_of
from sandtable.scenario.calendar import coming_periods, path_of
from sandtable.scenario.files import parse_scenario
from sandtable.scenario.launching import with_launches
from sandtable.scenario.model import LeverMove, Rivals, Scenario
from sandtable.scenario.periods import PeriodResult
from sandtable.scenario.run import run
from sandtable.scenario.summary import totals
from tests.scenario.observed import PARAMETERS, assert_sides_equal, data_set, relative, run_moves

PREMIUM = data_set("premium_ev")
SUMMER = ("2026-07", "2026-08", "2026-09")


def launch(**given: object) -> LeverMove:
    base = LeverMove("launch", product="N6", firm="Nova", value=268_800.0)
    return replace(base, **given)  # type: ignore[arg-type]


def units(item: PeriodResult, product: str) -> float:
    return float(item.scenario.units[:, item.base.market.products.index(product)].sum())


@pytest.mark.parametrize("parameters", PARAMETERS)
def test_a_twin_at_the_same_price_sells_as_its_model(parameters: str) -> None:
    item = run_moves(launch(like=("N5",)), parameters=parameters).periods[0]
    assert units(item, "N6") == pytest.approx(units(item, "N5"), rel=1e-9)
    assert item.baseline.units[:, -1].sum() == 0
    assert item.scenario.units.sum() > item.baseline.units.sum()
    assert units(item, "N5") < item.baseline.units[:, item.base.market.products.index("N5")].sum()


def test_a_dearer_entrant_sells_less() -> None:
    sold = [
        units(run_moves(launch(like=("N5",), value=value)).periods[0], "N6")
        for value in (240_000.0, 270_000.0, 300_000.0)
    ]
    assert sold[0] > sold[1] > sold[2] > 0


def test_an_entrant_is_like_its_nearest_neighbours() -> None:
    table = PREMIUM.tables["products"].set_index("product")
    n5 = table.loc["N5"]
    given = {"segment": n5["segment"], "powertrain": n5["powertrain"]}
    given |= {
        name: float(str(n5[name])) for name in ("power_kw", "electric_range_km", "battery_kwh")
    }
    move = launch(characteristics=tuple(sorted(given.items())))
    item = run_moves(move).periods[0]
    neighbours = item.entrants["N6"].neighbours
    assert sum(neighbours.values()) == pytest.approx(1)
    assert max(neighbours, key=lambda code: neighbours[code]) == "N5"
    assert set(neighbours) <= set(table.index[table["segment"] == n5["segment"]])


def test_an_entrant_is_sold_where_and_when_it_is_launched() -> None:
    move = launch(like=("N5",), region="East", first="2026-08")
    first, second, _ = run_moves(move, periods=SUMMER).periods
    assert "N6" not in first.base.market.products
    assert_sides_equal(first)
    by_region = second.scenario.units[:, second.base.market.products.index("N6")]
    east = PREMIUM.metadata.areas["East"]
    assert [bool(value) for value in by_region] == [
        region in east for region in second.base.market.regions
    ]


def test_an_entrant_answers_prices_as_others_do() -> None:
    item = run_moves(
        launch(like=("N5",)), rivals=Rivals("best_response", (("Nova", "best_response"),))
    ).periods[0]
    assert item.answer is not None
    assert item.answer.residual <= 1e-10
    assert item.market.firms[-1] == "Nova"


def test_rows_and_totals_hold_the_entrant() -> None:
    result = run_moves(launch(like=("N5",)))
    rows = result.rows[result.rows["product"] == "N6"]
    assert len(rows) == 12
    assert (rows["units_baseline"] == 0).all()
    assert (rows["list_price_scenario"] == 268_800).all()
    _, after = totals(result.periods[0], "Nova")
    assert after.units == pytest.approx(rows["units_scenario"].sum() + _others(result.rows))


def _others(rows: object) -> float:
    import pandas as pd

    assert isinstance(rows, pd.DataFrame)
    own = rows[(rows["firm"] == "Nova") & (rows["product"] != "N6")]
    return float(own["units_scenario"].sum())


def test_a_launch_on_yearly_data_reads_characteristics_from_the_sales() -> None:
    data = data_set("us_autos")
    move = LeverMove(
        "launch",
        product="NEWCAR",
        firm="Honda",
        value=9.3,
        characteristics=(("hpwt", 0.5), ("origin", "JP"), ("segment", "JP"), ("space", 1.2)),
    )
    item = run(Scenario("New", "us_autos", levers=(move,)), data).periods[0]
    assert units(item, "NEWCAR") > 0


@pytest.mark.parametrize(
    ("move", "sentence"),
    [
        (launch(product="N5", like=("N3",)), r"levers\[0\].product: 'N5' exists already"),
        (launch(like=("N55",)), r"levers\[0\].like: no product is called 'N55'"),
        (launch(), r"levers\[0\].characteristics: lacks segment, powertrain"),
        (launch(like=("N5",), value=None), r"levers\[0\]: gives no amount; give a value"),
    ],
)
def test_a_launch_that_cannot_be_is_refused(move: LeverMove, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        run_moves(move)


def test_a_launch_without_neighbours_in_the_period_is_refused() -> None:
    sold = set(base_of(PREMIUM, PREMIUM.default_parameters, "2023-07").market.products)
    later = sorted(set(PREMIUM.tables["products"]["product"]) - sold)[0]
    with pytest.raises(InputError, match="no product sold in 2023-07 is like N6"):
        run_moves(launch(like=(later,)), periods=("2023-07",))


def test_a_base_without_launch_is_the_same_object() -> None:
    base = base_of(PREMIUM, PREMIUM.default_parameters, "2026-06")
    scenario = Scenario("T", "premium_ev")
    assert with_launches(scenario, base) == (base, {})
    assert with_launches(scenario, base)[0] is base


def test_a_coming_period_stands_on_the_base_path() -> None:
    result = run_moves(periods=SUMMER)
    path = path_of(PREMIUM, "2026-09")
    for place, item in enumerate(result.periods):
        assert item.base.projected
        assert_sides_equal(item)
        np.testing.assert_allclose(item.baseline.units.sum(), path.units[place].sum(), rtol=1e-9)
        last = base_of(PREMIUM, PREMIUM.default_parameters, "2026-06")
        np.testing.assert_array_equal(item.base.market.prices, last.market.prices)
    assert any("Prices are held at those of 2026-06" in warning for warning in result.warnings)
    assert not any("held at those" in warning for warning in run_moves().warnings)


def test_a_coming_period_converts_like_the_latest_twelve() -> None:
    coming = run_moves(periods=("2026-07",)).periods[0]
    funnel = PREMIUM.tables["funnel"]
    latest = funnel[funnel["period"] > "2025-06"].groupby(["region", "product"])
    summed = latest[["leads", "deliveries"]].sum()
    rates = summed["deliveries"] / summed["leads"]
    for (region, product), rate in rates.items():
        market = coming.base.market
        cell = market.regions.index(region), market.products.index(product)
        np.testing.assert_allclose(coming.baseline.conversion[cell], rate, rtol=1e-9)


def test_observed_and_coming_periods_run_together() -> None:
    cut = LeverMove("list_price", product="N5", change=relative(-0.05), first="2026-07")
    result = run_moves(cut, periods=("2026-06", "2026-07"))
    assert_sides_equal(result.periods[0])
    assert (
        units(result.periods[1], "N5")
        > result.periods[1]
        .baseline.units[:, result.periods[1].base.market.products.index("N5")]
        .sum()
    )


def test_two_years_may_be_run_and_no_more() -> None:
    assert len(coming_periods(PREMIUM)) == 24
    assert coming_periods(PREMIUM)[-1] == "2028-06"
    with pytest.raises(InputError, match="no period is called '2028-07'"):
        run_moves(periods=("2028-07",))


def test_levers_act_on_a_new_product_as_on_any_other() -> None:
    plain = run_moves(launch(like=("N5",)))
    cut = LeverMove("list_price", product="N6", change=relative(-0.1))
    cheaper = run_moves(launch(like=("N5",)), cut)
    assert units(cheaper.periods[0], "N6") > 1.2 * units(plain.periods[0], "N6")
    text = (
        "schema: 1\ntitle: T\ndata: premium_ev\nlevers:\n"
        "  - {lever: launch, product: N6, firm: Nova, value: 268800, like: N5}\n"
        "  - {lever: list_price, product: N6, change: -10 %}\n"
    )
    scenario, data = parse_scenario(text.encode(), file="launch.yaml")
    assert run(scenario, data).rows.equals(cheaper.rows)
