"""Planted responses are found again, and intervals say how surely."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from sandtable.errors import ConvergenceError
from sandtable.estimation.media import ResponseFit, fit_response, read_priors
from sandtable.estimation.media import fitting as fitting_module
from sandtable.estimation.media.response import fit_panel
from sandtable.market.primitives import FloatArray
from tests.estimation.media.simulated import DEALERS, Simulated, simulate, spend_of

NORMAL_80 = 1.2815515655446004


@cache
def market() -> tuple[Simulated, ResponseFit]:
    simulated = simulate(1, n_brands=18)
    return simulated, fit_panel(simulated.panel, read_priors())


def distances(simulated: Simulated, fit: ResponseFit) -> FloatArray:
    """How many standard errors each transformed number is from the truth."""
    truth = np.append(simulated.truth.point, np.log(DEALERS))
    return np.asarray((fit.mode.point - truth) / np.sqrt(np.diag(fit.mode.covariance)))


def test_a_large_market_gives_back_every_planted_number() -> None:
    simulated, fit = market()
    away = np.abs(distances(simulated, fit))
    assert (away > 1.96).sum() <= 4  # of 25; five or more have a chance of 0.7 %
    assert away.max() < 3.5
    assert fit.mode.memory == pytest.approx(0.7, abs=0.03)
    assert fit.verdict.grade == "usable"
    assert all(number.grade == "estimated" for number in fit.numbers)


def test_elasticities_are_found_within_three_errors() -> None:
    simulated, fit = market()
    planted = replace(fit, mode=replace(fit.mode, point=np.append(simulated.truth.point, 0.0)))
    found, truth = fit.elasticities, planted.elasticities
    for run in ("short_run", "long_run"):
        away = np.abs(found[run] - truth[run]) / found[f"{run}_error"]
        assert away.max() < 3
    assert list(found["channel"])[-1] == "all"
    assert found["long_run"].iloc[-1] == pytest.approx(found["long_run"].iloc[:-1].sum())
    assert (found["long_run"] > found["short_run"]).all()


def test_the_memory_of_errors_pays_for_itself() -> None:
    simulated = simulate(2)
    plain, freed = (
        fit_panel(simulated.panel, read_priors(), autocorrelated=remember)
        for remember in (False, True)
    )
    errors = [np.sqrt(np.diag(fit.mode.covariance))[:24] for fit in (plain, freed)]
    assert plain.mode.memory == 0
    assert np.median(errors[1] / errors[0]) < 0.9


def test_another_money_unit_moves_nothing_but_the_halves() -> None:
    simulated, fit = market()
    panel = replace(
        simulated.panel, spend=simulated.panel.spend * 1e-3, past=simulated.panel.past * 1e-3
    )
    other = fit_panel(panel, read_priors())
    for one, same in zip(fit.numbers, other.numbers, strict=True):
        factor = 1e-3 if one.quantity == "half" else 1.0
        assert same.value == pytest.approx(one.value * factor, rel=1e-4)
        assert same.standard_error == pytest.approx(one.standard_error * factor, rel=1e-3)


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_media_that_do_nothing_are_never_called_usable(seed: int) -> None:
    simulated = simulate(seed, elasticity=0.0)
    fit = fit_panel(simulated.panel, read_priors())
    assert fit.verdict.grade != "usable"
    assert {finding.fact for finding in fit.verdict.findings} & {
        "free_elasticity",
        "free_elasticity_t",
    }


def test_media_that_hurt_are_refused() -> None:
    simulated = simulate(1)
    panel = simulated.panel
    shift = panel.spread(np.log1p(panel.spend.sum(axis=2)))
    fit = fit_panel(replace(panel, outcomes=panel.outcomes - 0.8 * shift), read_priors())
    assert fit.verdict.grade == "refuse"
    assert fit.verdict.findings[0].fact == "free_elasticity"
    assert "would sell fewer cars" in fit.verdict.findings[0].en


def test_an_incredible_elasticity_is_refused_and_a_large_one_taken_with_care() -> None:
    grades = {}
    for elasticity in (0.45, 1.2):
        fit = fit_panel(simulate(3, elasticity=elasticity).panel, read_priors())
        assert fit.verdict.findings[0].fact == "long_run_elasticity"
        grades[elasticity] = fit.verdict.grade
    assert grades == {0.45: "with_care", 1.2: "refuse"}


def test_where_the_data_say_little_the_prior_stays_and_is_said_to() -> None:
    simulated = simulate(4, n_brands=2, n_regions=2, n_periods=14, spread=0.5)
    fit = fit_panel(simulated.panel, read_priors())
    little = [number for number in fit.numbers if number.learnt > 0.8]
    assert len(little) > 15
    assert all(number.grade != "estimated" and number.source for number in little)
    for number in little:
        assert number.prior_low < number.value < number.prior_high
    facts = {finding.fact for finding in fit.verdict.findings}
    assert {"unlearnt_rate", "periods", "clusters"} <= facts


def test_a_number_without_data_keeps_the_spread_of_its_prior() -> None:
    simulated = simulate(4, n_brands=2, n_regions=2, n_periods=14, spread=50.0)
    fit = fit_panel(simulated.panel, read_priors())
    for number in fit.numbers:
        assert number.learnt == pytest.approx(1, abs=0.05)
        assert number.value == pytest.approx(number.prior, rel=0.2)


def test_any_outcome_can_be_fitted_by_unit_and_period() -> None:
    random = np.random.default_rng(5)
    spend = np.swapaxes(spend_of(random, 104, 20, 2), 0, 1)
    stock = spend.copy()
    for week in range(1, 104):
        stock[:, week] += 0.5 * stock[:, week - 1]
    worth = 40 * stock[:, :, 0] / (stock[:, :, 0] + np.median(stock[:, :, 0]))
    promotion = random.normal(size=(20, 104))
    outcome = 200 + random.normal(0, 10, (20, 1)) + worth + 3 * promotion
    outcome = outcome + random.normal(0, 2, (20, 104))
    outcome[3, 7] = np.nan
    fit = fit_response(
        outcome, spend, channels=["radio", "idle"], controls={"promotion": promotion}
    )
    table = fit.table().set_index(["channel", "quantity"])
    assert table.loc[("radio", "carry_over"), "low"] < 0.5
    assert table.loc[("radio", "carry_over"), "high"] > 0.5
    assert table.loc[("radio", "effect"), "value"] == pytest.approx(40, rel=0.2)
    assert fit.mode.point[-1] == pytest.approx(3, abs=0.2)
    idle = fit.elasticities.set_index("channel")["long_run"]
    assert idle["idle"] < 0.15 * idle["radio"]
    assert not fit.worth(np.zeros((4, 20, 2)), np.zeros((20, 2))).any()


def test_arrays_that_do_not_fit_are_refused_with_a_sentence() -> None:
    outcome, spend = np.ones((2, 5)), np.ones((2, 5, 1))
    with pytest.raises(ValueError, match="spend has the shape"):
        fit_response(outcome, spend[:, :4], channels=["a"])
    with pytest.raises(ValueError, match=r"3 period\(s\) are too few; give at least 4"):
        fit_response(outcome[:, :3], spend[:, :3], channels=["a"])
    with pytest.raises(ValueError, match="spend must be a number of 0 or more"):
        fit_response(outcome, -spend, channels=["a"])
    with pytest.raises(ValueError, match="nothing is ever spent on a"):
        fit_response(outcome, 0 * spend, channels=["a"])
    with pytest.raises(ValueError, match="'c' has the shape"):
        fit_response(outcome, spend, channels=["a"], controls={"c": np.ones(5)})
    with pytest.raises(ValueError, match="no effects are called shop"):
        fit_response(outcome, spend, channels=["a"], effects=["shop"])


def test_a_search_that_does_not_end_gives_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting_module, "STEPS", 1)
    with pytest.raises(ConvergenceError) as caught:
        fit_panel(simulate(1, n_brands=2, n_regions=3).panel, read_priors())
    assert caught.value.reason == "iterations"


@pytest.mark.slow
def test_nominal_intervals_cover_in_small_panels() -> None:
    n, inside_80, inside_95 = 40, [], []
    for seed in range(n):
        simulated = simulate(100 + seed, n_channels=4, draw=True)
        fit = fit_panel(simulated.panel, read_priors())
        away = np.abs(distances(simulated, fit))
        inside_80.append(away < NORMAL_80)
        inside_95.append(away < 1.96)
    share_80, share_95 = float(np.mean(inside_80)), float(np.mean(inside_95))
    print(f"{n} panels: 80 % intervals cover {share_80:.1%}, 95 % intervals {share_95:.1%}")  # noqa: T201
    assert 0.75 <= share_80 <= 0.85
    assert 0.92 <= share_95 <= 0.98
