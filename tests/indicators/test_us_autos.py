"""The indicators that the real yearly data allow, against plain pandas."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
import pytest

from sandtable.data.catalogue import market_data_folder
from sandtable.indicators import Catalogue, DuckDBEngine, compute_with, opened
from sandtable.indicators.standing_here import standing_here

FOLDER = market_data_folder() / "us_autos"
Opened = tuple[Catalogue, DuckDBEngine]
Groups = dict[str, pd.Series]


@pytest.fixture(scope="module")
def us_autos() -> Iterator[Opened]:
    with opened("us_autos") as pair:
        yield pair


@pytest.fixture(scope="module")
def sales(us_autos: Opened) -> pd.DataFrame:
    text = {"period": str, "product": str}
    rows = pd.read_csv(FOLDER / "sales.csv", dtype=text)
    rows = rows.merge(
        pd.read_csv(FOLDER / "products.csv", dtype=text), on="product", validate="m:1"
    )
    latest = rows.sort_values("period").groupby("product")["list_price"].last()
    edges = us_autos[1].metadata.price_bands
    band = np.searchsorted(edges, rows["product"].map(latest), side="right")
    own = rows["firm"] == us_autos[1].metadata.own_firm
    served = np.isin(band, np.unique(band[own]))
    return rows.assign(
        band=band,
        own=own,
        served=served,
        turnover=rows["units"] * rows["net_price"],
        listvalue=rows["units"] * rows["list_price"],
    )


def yearly(rows: pd.DataFrame, column: str) -> pd.Series:
    return rows.groupby("period")[column].sum()


def price(rows: pd.DataFrame) -> pd.Series:
    return yearly(rows, "turnover") / yearly(rows, "units")


RECIPES: dict[str, Callable[[pd.DataFrame], pd.Series]] = {
    "sal_unit_cnt": lambda s: yearly(s, "units"),
    "sal_market_shr": lambda s: (
        yearly(s[s["own"]], "units").reindex(yearly(s, "units").index).fillna(0)
        / yearly(s, "units")
    ),
    "sal_band_shr": lambda s: (
        yearly(s[s["own"]], "units").reindex(yearly(s[s["served"]], "units").index).fillna(0)
        / yearly(s[s["served"]], "units")
    ),
    "sal_price_avg": price,
    "sal_price_gap": lambda s: price(s[s["own"]]) / price(s[s["served"] & ~s["own"]]) - 1,
    "sal_discount_rate": lambda s: 1 - yearly(s, "turnover") / yearly(s, "listvalue"),
}


def test_the_headlines_that_apply_are_the_ones_with_a_reference(us_autos: Opened) -> None:
    found, engine = us_autos
    standings = standing_here(found, engine)
    states = {code: standings[code].state for code in found.headlines}
    assert {code for code, state in states.items() if state != "absent"} == {
        *RECIPES,
        "sal_band_mix",
    }
    assert "broken" not in {one.state for one in standings.values()}


@pytest.mark.parametrize("code", RECIPES)
def test_a_yearly_figure_equals_plain_pandas(
    us_autos: Opened, sales: pd.DataFrame, code: str
) -> None:
    found = compute_with(*us_autos, [code], by=["month"]).set_index("month")[code].dropna()
    expected = RECIPES[code](sales).dropna()
    assert found.index.tolist() == expected.index.tolist()
    assert len(found) >= 19
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def test_the_mix_of_price_bands_sums_to_one(us_autos: Opened, sales: pd.DataFrame) -> None:
    found = compute_with(*us_autos, ["sal_band_mix"], by=["month", "price_band"])
    own = sales[sales["own"]]
    by_band = own.groupby(["period", "band"])["units"].sum()
    expected = by_band / by_band.groupby(level=0).transform("sum")
    np.testing.assert_allclose(
        np.sort(found["sal_band_mix"][found["sal_band_mix"] > 0]), np.sort(expected), rtol=1e-9
    )
