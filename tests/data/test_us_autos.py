"""The real data set: the published figures, unchanged, and parameter sets with sensible margins."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pyblp
import pytest

from sandtable.data import DataSet, load_data_set
from sandtable.market.demand import Demand
from sandtable.market.market import Market
from sandtable.market.primitives import Nests, Tastes

FOLDER = Path(__file__).resolve().parents[2] / "market_data" / "us_autos"


@cache
def us_autos() -> DataSet:
    return load_data_set(FOLDER)


@cache
def published() -> pd.DataFrame:
    return pd.read_csv(pyblp.data.BLP_PRODUCTS_LOCATION)


def test_it_has_the_published_product_years() -> None:
    sales = us_autos().tables["sales"]
    assert len(sales) == 2217
    assert (sales["period"].min(), sales["period"].max()) == ("1971", "1990")
    accord = sales[(sales["period"] == "1990") & (sales["product"] == "HDACCO90")]
    assert accord["list_price"].item() == pytest.approx(9.292272, abs=1e-6)


def test_shares_prices_and_attributes_equal_the_source() -> None:
    sales, market = us_autos().tables["sales"], us_autos().tables["market"]
    joined = sales.merge(market, on=["period", "region"])
    joined = joined.assign(share=joined["units"] / joined["market_size"])
    order = ["market_ids", "prices", "hpwt", "space", "shares"]
    source = published().sort_values(order)
    ours = joined.assign(year=joined["period"].astype(int)).sort_values(
        ["year", "net_price", "hpwt", "space", "share"]
    )
    np.testing.assert_allclose(ours["share"], source["shares"], rtol=0, atol=1e-15)
    for name, theirs in [("net_price", "prices"), ("hpwt", "hpwt"), ("mpd", "mpd"), ("air", "air")]:
        np.testing.assert_array_equal(ours[name], source[theirs])


def test_every_product_has_one_firm_and_firms_own_what_they_own_in_the_source() -> None:
    sales, products = us_autos().tables["sales"], us_autos().tables["products"]
    firms = sales.merge(products, on="product").groupby("period")["firm"].nunique()
    theirs = published().groupby("market_ids")["firm_ids"].nunique()
    np.testing.assert_array_equal(firms.to_numpy(), theirs.to_numpy())
    assert products["firm"].nunique() == 26


def test_least_squares_give_the_published_price_coefficient() -> None:
    sales, market = us_autos().tables["sales"], us_autos().tables["market"]
    joined = sales.merge(market, on=["period", "region"])
    shares = (joined["units"] / joined["market_size"]).to_numpy()
    outside = 1 - joined.assign(share=shares).groupby("period")["share"].transform("sum").to_numpy()
    regressors = np.column_stack(
        [np.ones(len(joined)), joined[["hpwt", "air", "mpd", "space", "net_price"]].to_numpy()]
    )
    left = np.log(shares) - np.log(outside)
    coefficients = np.linalg.lstsq(regressors, left)[0]
    residuals = left - regressors @ coefficients
    variance = residuals @ residuals / (len(left) - 6)
    error = np.sqrt(variance * np.linalg.inv(regressors.T @ regressors)[-1, -1])
    logit = us_autos().parameter_sets["logit"].price_coefficient
    assert -coefficients[-1] == pytest.approx(0.0886, abs=5e-5)
    assert error == pytest.approx(0.0040, abs=5e-5)
    assert logit.value == pytest.approx(-coefficients[-1], rel=1e-9)
    assert logit.standard_error == pytest.approx(error, rel=1e-9)


@pytest.mark.parametrize(
    ("name", "n_negative"), [("random_coefficient", 0), ("nested", 0), ("logit", 71)]
)
def test_implied_costs_of_1990_are_positive_except_under_the_biased_estimate(
    name: str, n_negative: int
) -> None:
    parameters = us_autos().parameter_sets[name]
    sales = (
        us_autos()
        .tables["sales"]
        .query("period == '1990'")
        .merge(us_autos().tables["products"], on="product")
    )
    households = us_autos().tables["market"].query("period == '1990'")["market_size"].to_numpy()
    alpha = parameters.price_coefficient.value
    spread = parameters.price_spread
    tastes = Tastes.lognormal(alpha, spread.value, 7) if spread else Tastes.common(alpha)
    origins = np.unique(sales["origin"].to_numpy(dtype=str), return_inverse=True)[1]
    nests = Nests.one_level(origins, parameters.sigmas[0].value) if parameters.sigmas else None
    prices = sales["net_price"].to_numpy()[None]
    market = Market.calibrate(
        products=tuple(sales["product"]),
        firms=tuple(sales["firm"]),
        regions=("US",),
        demand=Demand(tastes, nests),
        shares=sales["units"].to_numpy()[None] / households,
        prices=prices,
        market_sizes=households,
    )
    costs = market.costs
    assert (costs <= 0).sum() == n_negative
    if not n_negative:
        assert ((prices - costs) / prices).mean() == pytest.approx(0.24, abs=0.005)
