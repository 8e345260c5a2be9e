"""Linear estimators agree with pyblp and linearmodels, and find what was planted."""

from __future__ import annotations

import runpy
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyblp
import pytest
from linearmodels.iv import IV2SLS, IVGMM, AbsorbingLS

from sandtable.data import DataSet
from sandtable.estimation import estimate
from sandtable.estimation.linear import fit_linear
from sandtable.estimation.sample import Sample, make_sample
from tests.estimation.simulated import Truth, simulate
from tests.estimation.specs import SUMS, simulated_spec, spec_of

pyblp.options.verbose = False
CHARACTERISTICS = ["hpwt", "air", "mpd", "space"]


def product_codes(cars: pd.DataFrame) -> pd.Series:
    """Codes that the data set gives to the rows of the shipped file."""
    path = Path(__file__).resolve().parents[2] / "market_data" / "us_autos" / "build.py"
    return runpy.run_path(str(path))["product_codes"](cars)


def peer_data(sample: Sample, *, instruments: bool = True) -> dict[str, Any]:
    """The rows of a sample as pyblp wants them, with the instruments that its own file ships."""
    rows = sample.rows
    data = {
        "market_ids": rows["period"].to_numpy(dtype=str),
        "firm_ids": rows["firm"].to_numpy(dtype=str),
        "clustering_ids": rows["brand"].to_numpy(dtype=str),
        "shares": sample.shares,
        "prices": sample.prices,
        **{name: rows[name].to_numpy(dtype=np.float64) for name in CHARACTERISTICS},
    }
    if instruments:
        file = pd.read_csv(pyblp.data.BLP_PRODUCTS_LOCATION)
        file = file.assign(product=product_codes(file), period=file["market_ids"].astype(str))
        keys = ["period", "product"]
        found = rows[keys].merge(file, on=keys, how="left", validate="1:1")
        shipped = [f"demand_instruments{place}" for place in range(8)]
        data["demand_instruments"] = found[shipped].to_numpy(dtype=np.float64)
    return data


def peer(data: dict[str, Any], **options: Any) -> Any:
    formulation = pyblp.Formulation("1 + prices + hpwt + air + mpd + space")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pyblp.Problem(formulation, data).solve(method="1s", **options)


def in_our_order(results: Any) -> tuple[np.ndarray, np.ndarray]:
    names = list(results.beta_labels)
    order = [names.index(name) for name in ("prices", "1", *CHARACTERISTICS)]
    return results.beta[order, 0], results.beta_se[order, 0]


def errors_of(fit: Any) -> np.ndarray:
    return np.sqrt(np.diag(fit.covariance))


def test_least_squares_gives_the_published_price_coefficient_and_error(us_autos: DataSet) -> None:
    price = estimate(us_autos, spec_of()).coefficient("price_coefficient")
    assert price.value == pytest.approx(0.0886, abs=5e-5)
    assert price.standard_error == pytest.approx(0.0040, abs=5e-5)


def test_least_squares_equals_pyblp_and_linearmodels(us_autos: DataSet) -> None:
    sample = make_sample(us_autos, spec_of())
    fit = fit_linear(sample)
    data = peer_data(sample, instruments=False)
    data["demand_instruments"] = sample.prices[:, None]  # price stands for itself: least squares
    values, _ = in_our_order(peer(data))
    np.testing.assert_allclose(fit.values, values, rtol=1e-8)
    left = np.log(sample.shares / sample.rows["outside_share"].to_numpy())
    columns = np.column_stack(
        [sample.prices, np.ones(len(sample)), sample.numbers(CHARACTERISTICS)]
    )
    plain = IV2SLS(left, columns, None, None).fit(cov_type="unadjusted", debiased=True)
    np.testing.assert_allclose(fit.values, plain.params, rtol=1e-8)
    np.testing.assert_allclose(errors_of(fit), plain.std_errors, rtol=1e-8)


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"errors": "classical"}, "unadjusted"),
        ({"errors": "robust"}, "robust"),
        ({"clusters": "brand"}, "clustered"),
    ],
)
def test_two_stage_least_squares_equals_pyblp_in_one_step(
    us_autos: DataSet, fields: dict[str, str], kind: str
) -> None:
    sample = make_sample(us_autos, spec_of(method="2sls", instruments=SUMS, **fields))
    fit = fit_linear(sample)
    values, errors = in_our_order(peer(peer_data(sample), se_type=kind))
    np.testing.assert_allclose(fit.values, values, rtol=1e-8)
    # pyblp's errors know no small-sample factor
    n, k = len(sample), len(values)
    n_brands = sample.rows["brand"].nunique()
    factor = n / (n - k)
    if kind == "clustered":
        factor = n_brands / (n_brands - 1) * (n - 1) / (n - k)
    np.testing.assert_allclose(errors_of(fit), errors * np.sqrt(factor), rtol=1e-6)


def test_nested_logit_equals_pyblp_in_one_step(us_autos: DataSet) -> None:
    spec = spec_of(method="2sls", model="nested_logit", nests=["origin"], instruments=SUMS)
    sample = make_sample(us_autos, spec)
    fit = fit_linear(sample)
    data = peer_data(sample)
    data["nesting_ids"] = sample.rows["origin"].to_numpy(dtype=str)
    tight = pyblp.Optimization("l-bfgs-b", {"gtol": 1e-12, "ftol": 1e-16})
    results = peer(data, rho=0.3, optimization=tight)
    values, _ = in_our_order(results)
    assert fit.values[1] == pytest.approx(float(results.rho[0, 0]), rel=1e-8)
    np.testing.assert_allclose(np.delete(fit.values, 1), values, rtol=1e-8)


def test_two_step_gmm_equals_linearmodels(us_autos: DataSet) -> None:
    spec = spec_of(method="gmm", instruments=SUMS, errors="robust")
    sample = make_sample(us_autos, spec)
    fit = fit_linear(sample)
    left = np.log(sample.shares / sample.rows["outside_share"].to_numpy())
    exogenous = np.column_stack([np.ones(len(sample)), sample.numbers(CHARACTERISTICS)])
    instruments = peer_data(sample)["demand_instruments"]
    plain = IVGMM(left, exogenous, sample.prices, instruments, weight_type="robust").fit(
        iter_limit=2, cov_type="robust"
    )
    ours = dict(zip(fit.names, fit.values, strict=True))
    assert ours["price"] == pytest.approx(float(plain.params["endog"]), rel=1e-7)
    assert fit.over_identification is not None
    assert fit.over_identification.statistic == pytest.approx(float(plain.j_stat.stat), rel=1e-6)
    assert fit.over_identification.degrees == 7


def test_absorbed_effects_equal_dummies_and_absorbing_least_squares(us_autos: DataSet) -> None:
    sample = make_sample(us_autos, spec_of(effects=["brand", "period"]))
    fit = fit_linear(sample)
    left = np.log(sample.shares / sample.rows["outside_share"].to_numpy())
    columns = np.column_stack([sample.prices, sample.numbers(CHARACTERISTICS)])
    dummies = pd.get_dummies(sample.rows[["brand", "period"]], dtype=float)
    dummies = dummies.drop(columns="period_1971")  # brands hold the constant
    together = np.column_stack([columns, dummies])
    plain = IV2SLS(left, together, None, None).fit(cov_type="unadjusted", debiased=True)
    np.testing.assert_allclose(fit.values, plain.params.to_numpy()[:5], rtol=1e-8)
    np.testing.assert_allclose(errors_of(fit), plain.std_errors.to_numpy()[:5], rtol=1e-8)
    groups = sample.rows[["brand", "period"]].astype("category")
    absorbed = AbsorbingLS(left, columns, absorb=groups).fit(cov_type="unadjusted", debiased=True)
    np.testing.assert_allclose(fit.values, absorbed.params, rtol=1e-6)
    np.testing.assert_allclose(errors_of(fit), absorbed.std_errors, rtol=1e-6)


def test_instrumented_estimates_with_effects_equal_those_with_dummies(us_autos: DataSet) -> None:
    spec = spec_of(method="2sls", instruments=SUMS, effects=["period"], errors="robust")
    sample = make_sample(us_autos, spec)
    fit = fit_linear(sample)
    left = np.log(sample.shares / sample.rows["outside_share"].to_numpy())
    dummies = pd.get_dummies(sample.rows["period"], dtype=float).to_numpy()
    exogenous = np.column_stack([sample.numbers(CHARACTERISTICS), dummies])
    # within a period the sums of rivals are those of all cars less own ones: they say nothing more
    instruments = peer_data(sample)["demand_instruments"][:, :4]
    assert len(fit.redundant_instruments) == 4
    plain = IV2SLS(left, exogenous, sample.prices, instruments).fit(debiased=True)
    assert fit.values[0] == pytest.approx(float(plain.params["endog"]), rel=1e-7)
    assert errors_of(fit)[0] == pytest.approx(float(plain.std_errors["endog"]), rel=1e-6)


def test_the_first_stage_f_is_that_of_a_regression_on_the_instruments(us_autos: DataSet) -> None:
    sample = make_sample(us_autos, spec_of(method="2sls", instruments=SUMS))
    stage = fit_linear(sample).first_stages[0]
    exogenous = np.column_stack([np.ones(len(sample)), sample.numbers(CHARACTERISTICS)])
    instruments = peer_data(sample)["demand_instruments"]

    def squares(columns: np.ndarray) -> float:
        return float(np.linalg.lstsq(columns, sample.prices, rcond=None)[1][0])

    small, large = squares(exogenous), squares(np.column_stack([exogenous, instruments]))
    classical = ((small - large) / 8) / (large / (len(sample) - 13))
    assert stage.f_statistic == pytest.approx(classical, rel=1e-8)
    assert stage.conditional_f == stage.f_statistic
    assert stage.partial_r_squared == pytest.approx(1 - large / small, rel=1e-8)


def test_two_levels_of_nests_are_recovered_where_prices_answer_tastes() -> None:
    truth = Truth(spread=0.0, sigmas=(0.2, 0.5), n_regions=300)
    spec = simulated_spec(model="nested_logit", nests=["segment", "powertrain"])
    found = estimate(simulate(3, truth), spec)
    for name, planted in (
        ("price_coefficient", 0.8),
        ("sigma_segment", 0.2),
        ("sigma_powertrain", 0.5),
        ("x", 1.0),
    ):
        low, high = found.coefficient(name).interval
        assert low < planted < high, name
    assert found.verdict.grade == "usable"


def test_least_squares_underrates_price_where_prices_answer_tastes() -> None:
    data = simulate(3, Truth(spread=0.0, n_regions=300))
    plain = {"method": "ols", "instruments": [], "cost_shifters": []}
    biased = estimate(data, simulated_spec(**plain)).coefficient("price_coefficient")
    assert biased.interval[1] < 0.8
    assert "instrumented" in {
        one.fact for one in estimate(data, simulated_spec(**plain)).verdict.findings
    }


def test_the_order_of_rows_and_the_unit_of_money_change_nothing(us_autos: DataSet) -> None:
    spec = spec_of(method="2sls", instruments=SUMS, errors="robust")
    plain = estimate(us_autos, spec)
    sales = us_autos.tables["sales"].sample(frac=1, random_state=1)
    for column in ("net_price", "list_price"):
        sales[column] *= 1000
    tables = {**us_autos.tables, "sales": sales}
    moved = estimate(DataSet(**{**vars(us_autos), "tables": tables}), spec)
    for before, after in zip(plain.coefficients, moved.coefficients, strict=True):
        factor = 1000 if before.name == "price_coefficient" else 1
        assert after.value * factor == pytest.approx(before.value, rel=1e-9)
        assert after.standard_error * factor == pytest.approx(before.standard_error, rel=1e-9)
    assert plain.diagnosis.own_elasticities["50 %"] == pytest.approx(
        moved.diagnosis.own_elasticities["50 %"], rel=1e-9
    )
