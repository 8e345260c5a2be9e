"""The published European car market: finite, judged with reasons, and a merger under what is not refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from sandtable.data import DataSet
from sandtable.estimation import Estimate, estimate
from sandtable.market.demand import Demand
from sandtable.market.market import Market
from sandtable.market.primitives import Nests, Tastes
from tests.estimation.eurocars import eurocars_file, write_eurocars
from tests.estimation.specs import spec_of

pytestmark = pytest.mark.skipif(
    not eurocars_file().is_file(),
    reason="eurocars.csv is not at hand (set SANDTABLE_SHARED_DATA to the folder that holds it)",
)
SUMMED = ["constant", "power_kw", "fuel", "width_cm", "height_cm"]
SHAPES: dict[str, dict[str, Any]] = {
    "least squares": {"method": "ols", "effects": ["brand", "region", "period"]},
    "two stages, sums in both nests": {
        "method": "2sls",
        "effects": ["brand", "region", "period"],
        "instruments": [
            {"name": name, "of": SUMMED, "within": within}
            for name in ("own_firm_characteristics", "rival_characteristics")
            for within in ("segment", "segment * origin")
        ]
        + [{"name": "counts_by_nest"}],
    },
    "two stages, sums in segments": {
        "method": "2sls",
        "effects": ["brand * region", "region * period", "segment"],
        "instruments": [
            {"name": "own_firm_characteristics", "of": SUMMED, "within": "segment"},
            {"name": "rival_characteristics", "of": SUMMED, "within": "segment"},
            "counts_by_nest",
        ],
    },
}


@pytest.fixture(scope="module")
def eurocars(tmp_path_factory: pytest.TempPathFactory) -> DataSet:
    return write_eurocars(tmp_path_factory.mktemp("data") / "eurocars")


@pytest.fixture(scope="module")
def estimates(eurocars: DataSet) -> dict[str, Estimate]:
    common = {
        "data": "eurocars",
        "model": "nested_logit",
        "nests": ["segment", "origin"],
        "characteristics": SUMMED[1:],
        "clusters": "product",
    }
    return {name: estimate(eurocars, spec_of(**{**common, **own})) for name, own in SHAPES.items()}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_number_is_finite_and_every_verdict_has_its_reasons(
    estimates: dict[str, Estimate], shape: str
) -> None:
    found = estimates[shape]
    numbers = [(one.value, one.standard_error) for one in found.coefficients]
    assert np.isfinite(numbers).all()
    assert np.isfinite(found.covariance).all()
    assert found.diagnosis.n_observations == 10572
    assert found.diagnosis.n_cells == 140
    assert found.verdict.findings


def test_the_two_stages_disagree_and_the_verdict_tells_them_apart(
    estimates: dict[str, Estimate],
) -> None:
    grades = {shape: found.verdict.grade for shape, found in estimates.items()}
    assert grades == {
        "least squares": "with_care",
        "two stages, sums in both nests": "refuse",
        "two stages, sums in segments": "with_care",
    }


@pytest.mark.parametrize("shape", ["least squares", "two stages, sums in segments"])
def test_a_merger_raises_the_prices_of_the_two_firms_most(
    eurocars: DataSet, estimates: dict[str, Estimate], shape: str
) -> None:
    found = estimates[shape]
    sales = eurocars.tables["sales"].merge(eurocars.tables["products"], on="product")
    cars = sales[(sales["period"] == "1997") & (sales["region"] == "Germany")]
    outer = pd.factorize(cars["segment"])[0]
    inner = cars.groupby(["segment", "origin"]).ngroup().to_numpy()
    sigmas = [found.coefficient(f"sigma_{nest}").value for nest in ("segment", "origin")]
    alpha = found.coefficient("price_coefficient").value
    sizes = eurocars.tables["market"].set_index(["period", "region"])["market_size"]
    size = np.array([sizes["1997", "Germany"]])
    base = Market.calibrate(
        products=tuple(cars["product"]),
        firms=tuple(cars["firm"]),
        regions=("Germany",),
        demand=Demand(Tastes.common(alpha), Nests(outer, inner, *sigmas)),
        shares=cars["units"].to_numpy()[None] / size,
        prices=cars["net_price"].to_numpy(dtype=np.float64)[None],
        market_sizes=size,
    )
    merged = base.moved(firms=tuple("GM" if firm == "VW" else firm for firm in base.firms))
    everyone = np.ones(len(base.products), dtype=bool)
    prices = merged.respond(base.costs, everyone, tolerance=1e-9).require()
    rises = prices[0] / base.prices[0] - 1
    party = np.isin(base.firms, ["GM", "VW"])
    weights = base.units[0]
    own = np.average(rises[party], weights=weights[party])
    others = np.average(rises[~party], weights=weights[~party])
    assert np.isfinite(prices).all()
    assert own > others > -0.01
    assert own > 0.005
