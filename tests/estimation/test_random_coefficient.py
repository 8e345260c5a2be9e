"""The random price coefficient: exact gradient, the criterion and the estimate of pyblp, planted truth, named failure."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pyblp
import pytest

from sandtable.data import DataSet
from sandtable.errors import ConvergenceError
from sandtable.estimation import EstimationSpec, estimate, moments, read_spec
from sandtable.estimation.linear import endogenous_columns, make_regressors
from sandtable.estimation.mean_utilities import MeanUtilities
from sandtable.estimation.moments import Moments
from sandtable.estimation.random_coefficient import fit_random_coefficient
from sandtable.estimation.sample import Sample, make_sample
from tests.estimation.conftest import ROOT
from tests.estimation.simulated import Truth, simulate
from tests.estimation.specs import simulated_spec

pyblp.options.verbose = False
SPREAD = {"start": [0.3, 0.7], "quadrature_nodes": 7}
SHIFTERS = ["w", "w * w", "w * x"]
INSTRUMENTS = [
    "cost_shifters",
    {"name": "rival_characteristics", "of": ["x", "w"]},
    {"name": "differentiation_quadratic", "of": ["x", "w"]},
]


def random_spec(**fields: Any) -> EstimationSpec:
    base = {
        "model": "random_coefficient",
        "price_spread": SPREAD,
        "cost_shifters": SHIFTERS,
        "instruments": INSTRUMENTS,
    }
    return simulated_spec(**{**base, **fields})


def moments_of(sample: Sample) -> tuple[Moments, np.ndarray]:
    """First-step moments, with the excluded instruments."""
    regressors = make_regressors(sample, endogenous=endogenous_columns(sample))
    columns = np.column_stack([regressors.exogenous, regressors.instruments])
    gram = columns.T @ columns / len(columns)
    root = np.linalg.inv(np.linalg.cholesky(gram))
    utilities = MeanUtilities(sample, 7)
    return Moments(utilities, columns, regressors.exogenous, root), regressors.instruments


@pytest.mark.parametrize(
    ("sigmas", "nests"),
    [((), []), ((0.4,), ["powertrain"]), ((0.2, 0.5), ["segment", "powertrain"])],
)
def test_the_gradient_is_that_of_differences(sigmas: tuple[float, ...], nests: list[str]) -> None:
    truth = Truth(sigmas=sigmas, n_regions=8)
    conditions, _ = moments_of(make_sample(simulate(2, truth), random_spec(nests=nests)))
    theta = np.array([np.log(0.9), 0.5, *sigmas])
    slopes = []
    for place in range(len(theta)):
        step = 1e-5 * np.eye(len(theta))[place]
        high, low = conditions.criterion(theta + step), conditions.criterion(theta - step)
        slopes.append((high - low) / 2e-5)
    np.testing.assert_allclose(conditions.gradient(theta), slopes, rtol=1e-6)


@pytest.mark.parametrize("sigmas", [(), (0.2, 0.5)])
def test_mean_utilities_give_back_the_observed_shares(sigmas: tuple[float, ...]) -> None:
    nests = ["segment", "powertrain"][: len(sigmas)]
    sample = make_sample(simulate(2, Truth(sigmas=sigmas, n_regions=8)), random_spec(nests=nests))
    utilities = MeanUtilities(sample, 7)
    theta = np.array([np.log(0.8), 0.4, *sigmas])
    utilities.solve(theta * 1.2)
    warm, _ = utilities.solve(theta)
    cold, _ = MeanUtilities(sample, 7).solve(theta)
    np.testing.assert_allclose(warm, cold, atol=1e-10)
    for batch in sample.batches:
        shares = utilities.demand(batch, theta).shares(
            batch.wide(warm, -np.inf), batch.wide(sample.prices, 1.0)
        )
        np.testing.assert_allclose(shares, batch.wide(sample.shares, 0.0), rtol=1e-11)


def peer(sample: Sample, excluded: np.ndarray, theta: np.ndarray, optimise: bool) -> Any:
    """Solve the same conditions in pyblp: same nodes, ln alpha as the coefficient of a demographic of one."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(7)
    regions = np.unique(sample.rows["region"].to_numpy(dtype=str))
    agents = {
        "market_ids": np.repeat(regions, 7),
        "weights": np.tile(weights / weights.sum(), len(regions)),
        "nodes": np.tile(nodes, len(regions))[:, None],
        "one": np.ones(7 * len(regions)),
    }
    products = {
        "market_ids": sample.rows["region"].to_numpy(dtype=str),
        "firm_ids": sample.rows["firm"].to_numpy(dtype=str),
        "shares": sample.shares,
        "prices": sample.prices,
        "x": sample.number("x"),
        "demand_instruments": excluded,
    }
    options: dict[str, Any] = {}
    if sample.spec.nests:
        products["nesting_ids"] = sample.rows[sample.spec.nests[0]].to_numpy(dtype=str)
        options["rho"] = theta[2]
    formulas = (pyblp.Formulation("1 + x"), pyblp.Formulation("0 + I(-prices)"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        problem = pyblp.Problem(
            formulas,
            products,
            agent_formulation=pyblp.Formulation("0 + one"),
            agent_data=agents,
            rc_types=["log"],
        )
        tight = pyblp.Optimization("l-bfgs-b", {"gtol": 1e-10, "ftol": 1e-16})
        return problem.solve(
            sigma=[[theta[1]]],
            pi=[[theta[0]]],
            method="1s",
            optimization=tight if optimise else pyblp.Optimization("return"),
            iteration=pyblp.Iteration("squarem", {"atol": 1e-13}),
            se_type="robust",
            **options,
        )


@pytest.mark.parametrize(("sigmas", "nests"), [((), []), ((0.4,), ["powertrain"])])
def test_the_criterion_is_that_of_pyblp(sigmas: tuple[float, ...], nests: list[str]) -> None:
    truth = Truth(sigmas=sigmas, n_regions=15)
    sample = make_sample(simulate(4, truth), random_spec(nests=nests))
    conditions, excluded = moments_of(sample)
    for theta in ([np.log(0.8), 0.4, *sigmas], [np.log(1.3), 0.8, *sigmas]):
        results = peer(sample, excluded, np.array(theta), optimise=False)
        ours = conditions.criterion(np.array(theta))
        assert ours == pytest.approx(float(results.objective), rel=1e-8)
        # pyblp's order: spread, ln alpha, nesting parameter
        slopes = conditions.gradient(np.array(theta))[[1, 0, 2][: len(theta)]]
        np.testing.assert_allclose(results.gradient.ravel(), slopes, rtol=1e-6)


def test_the_estimate_and_its_errors_are_those_of_pyblp() -> None:
    sample = make_sample(simulate(4, Truth(n_regions=30)), random_spec())
    fit = fit_random_coefficient(sample).require()
    _, excluded = moments_of(sample)
    start = np.array([np.log(fit.values[0]) + 0.1, fit.values[1] + 0.1])
    results = peer(sample, excluded, start, optimise=True)
    assert np.exp(float(results.pi[0, 0])) == pytest.approx(fit.values[0], rel=1e-5)
    assert float(results.sigma[0, 0]) == pytest.approx(fit.values[1], rel=1e-5)
    np.testing.assert_allclose(fit.values[2:], results.beta[:, 0], rtol=1e-5)
    n, k = len(sample), 4
    errors = np.sqrt(np.diag(fit.covariance) * (n - k) / n)
    assert errors[1] == pytest.approx(float(results.sigma_se[0, 0]), rel=1e-3)
    assert errors[0] / fit.values[0] == pytest.approx(float(results.pi_se[0, 0]), rel=1e-3)
    np.testing.assert_allclose(errors[2:], results.beta_se[:, 0], rtol=1e-3)


@pytest.mark.parametrize(("method", "optimal"), [("2sls", []), ("gmm", []), ("2sls", ["optimal"])])
def test_planted_parameters_lie_in_the_intervals(method: str, optimal: list[str]) -> None:
    spec = random_spec(method=method, instruments=[*INSTRUMENTS, *optimal])
    found = estimate(simulate(7, Truth(n_regions=80)), spec)
    for name, planted in (("price_coefficient", 0.8), ("price_spread", 0.4), ("x", 1.0)):
        low, high = found.coefficient(name).interval
        assert low < planted < high, name
    assert [search.reason for search in found.searches] == ["", ""]
    ends = [search.end for search in found.searches]
    np.testing.assert_allclose(ends[0], ends[1], rtol=1e-4)


@pytest.mark.slow
def test_the_parameters_planted_in_premium_ev_lie_in_the_intervals(premium_ev: DataSet) -> None:
    path = ROOT / "market_data/premium_ev/estimates/random_coefficient_optimal.yaml"
    found = estimate(premium_ev, read_spec(path, premium_ev))
    truth = {
        "price_coefficient": 1.12e-5,
        "price_spread": 0.35,
        "sigma_segment": 0.2,
        "sigma_powertrain": 0.35,
        "advertising": 0.1 * (1 - 0.35),
    }
    for name, planted in truth.items():
        low, high = found.coefficient(name).interval
        assert low < planted < high, name
        # an interval that holds everything proves nothing
        assert low > 0
    assert found.verdict.grade == "usable"
    assert found.diagnosis.facts["starts_disagree"] == 0


def test_a_search_that_is_cut_short_is_named_and_gives_no_numbers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(moments, "MOST_EVALUATIONS", 2)
    data = simulate(4, Truth(n_regions=15))
    fit = fit_random_coefficient(make_sample(data, random_spec()))
    assert fit.reason == "iterations"
    assert fit.values.size == 0
    assert [search.reason for search in fit.searches] == ["iterations", "iterations"]
    with pytest.raises(ConvergenceError, match="no start reached a minimum") as caught:
        estimate(data, random_spec())
    assert caught.value.reason == "iterations"


def test_an_inversion_that_fails_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ConvergenceError("inversion", "not reproduced")

    monkeypatch.setattr("sandtable.estimation.mean_utilities.invert_shares", fail)
    with pytest.raises(ConvergenceError, match="could not be reproduced at any start") as caught:
        estimate(simulate(4, Truth(n_regions=6)), random_spec())
    assert caught.value.reason == "inversion"


def test_too_few_instruments_for_a_spread_are_named() -> None:
    spec = random_spec(instruments=["cost_shifters"], cost_shifters=["w"])
    with pytest.raises(ConvergenceError, match="do not tell the parameters apart") as caught:
        estimate(simulate(4, Truth(n_regions=6)), spec)
    assert caught.value.reason == "identification"


def test_a_market_without_spread_ends_near_the_edge_or_at_it() -> None:
    found = estimate(simulate(11, Truth(spread=0.0, n_regions=60)), random_spec())
    spread = found.coefficient("price_spread")
    at_edge = found.diagnosis.facts["parameters_at_edge"] == 1
    assert at_edge or spread.interval[0] < 0.1
