"""Planted truth: an interval that promises four in five holds the true change four times in five."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sandtable.data.loading import DataSet
from sandtable.data.parameters import ParameterSet
from sandtable.planning.uncertain.draws import draw_parameters
from sandtable.planning.uncertain.inputs import draw_inputs, inputs_of, parameters_at
from sandtable.planning.uncertain.uncertainty import paired_runs
from sandtable.scenario.model import LeverMove
from sandtable.scenario.run import run
from sandtable.scenario.summary import totals
from tests.planning.planned import (
    DATA,
    OWN_FIRM,
    data_set,
    relative,
    scenario,
    with_covariance,
    with_errors,
)

ERRORS = {"price_coefficient": 0.15, "sigma_powertrain": 0.1}
MOVES = (
    LeverMove("list_price", product="N5", change=relative(-0.08)),
    LeverMove("list_price", product="N3", change=relative(0.05)),
)
CORRELATION = -0.5
PERIOD, REGION = "2026-06", "Shanghai"


def _small() -> DataSet:
    """One region and one month, so that hundreds of sets can be calibrated."""
    loaded = data_set(DATA)
    tables = {
        name: table[(table["region"] == REGION) & (table["period"] == PERIOD)]
        if {"region", "period"} <= set(table.columns)
        else table
        for name, table in loaded.tables.items()
    }
    return replace(loaded, tables=tables, sha256="one region and one month")


def _change(market: DataSet, parameters: ParameterSet) -> float:
    result = run(scenario(*MOVES, months=(PERIOD,)), _under(market, parameters))
    before, after = totals(result.periods[0], OWN_FIRM)
    return after.contribution_profit - before.contribution_profit


def _under(market: DataSet, parameters: ParameterSet) -> DataSet:
    metadata = market.metadata.model_copy(update={"default_parameters": parameters.name})
    return replace(market, metadata=metadata, parameter_sets={parameters.name: parameters})


def _covered(factor: float, n_worlds: int, n_draws: int) -> float:
    """Part of the worlds in which the interval around the estimate holds the truth, its errors told wrong by a factor."""
    market = _small()
    nested = market.parameter_sets["nested"]
    truth = with_covariance(with_errors(nested, ERRORS, name="truth"), CORRELATION)
    true_change = _change(market, truth)
    estimates = draw_parameters(truth, n_worlds, seed=11)
    errors = {key: value * factor for key, value in ERRORS.items()}
    sigma_error = truth.sigmas[-1].standard_error
    assert sigma_error is not None
    held = 0
    for world in range(n_worlds):
        # its errors are relative in the price coefficient and absolute in the nesting parameter
        estimate = estimates.parameter_set(world)
        found = with_errors(estimate, errors, name=f"estimate_{factor}_{world}")
        sigma = found.sigmas[-1].model_copy(update={"standard_error": factor * sigma_error})
        found = found.model_copy(update={"sigmas": [found.sigmas[0], sigma]})
        found = with_covariance(found, CORRELATION)
        paired = paired_runs(
            scenario(*MOVES, months=(PERIOD,)), _under(market, found), n_draws, seed=world
        )
        low, high = np.quantile(paired.changes("contribution_profit"), [0.1, 0.9])
        held += low <= true_change <= high
    return held / n_worlds


def test_intervals_cover_what_they_promise() -> None:
    assert 0.7 <= _covered(1.0, 60, 50) <= 0.9


@pytest.mark.slow
@pytest.mark.parametrize(("factor", "low", "high"), [(1.0, 0.75, 0.85), (0.4, 0.2, 0.6)])
def test_only_honest_errors_cover_four_worlds_in_five(
    factor: float, low: float, high: float
) -> None:
    assert low <= _covered(factor, 300, 200) <= high


MEDIA = LeverMove("media", firm=OWN_FIRM, channel="digital", change=relative(0.5))
MEDIA_ERROR = 0.2
COMING = ("2026-07", "2026-08")


def _with_media(parameters: ParameterSet) -> ParameterSet:
    """Give the effect of one channel an error, and the rest of its response none."""
    assert parameters.media is not None
    digital = parameters.media.channels["digital"]
    errors = {"effect": MEDIA_ERROR, "carry_over": 0.0, "half": 0.0, "slope": 0.0}
    known = {
        field: (one := getattr(digital, field)).model_copy(
            update={"standard_error": error * one.value}
        )
        for field, error in errors.items()
    }
    channels = {**parameters.media.channels, "digital": digital.model_copy(update=known)}
    media = parameters.media.model_copy(update={"channels": channels})
    return parameters.model_copy(update={"media": media})


def _covered_by_layers(n_worlds: int, n_draws: int) -> dict[str, float]:
    """Part of the worlds in which intervals of all layers hold what comes: the change, and the scenario itself."""
    loaded = data_set(DATA)
    tables = {
        name: table[table["region"] == REGION] if "region" in table.columns else table
        for name, table in loaded.tables.items()
    }
    market = replace(loaded, tables=tables, sha256="one region and all months")
    asked = scenario(MOVES[0], MEDIA, months=COMING)
    truth = _with_media(with_errors(market.parameter_sets["nested"], ERRORS, name="truth"))
    path = paired_runs(asked, _under(market, truth), n_worlds, seed=5, layers=("forecast",))
    before, after = path.sides()
    comes = {"change": after - before, "scenario": after}
    estimates = draw_parameters(truth, n_worlds, seed=12)
    media = draw_inputs(inputs_of(asked, market, truth), n_worlds, seed=13)
    sigma_error = truth.sigmas[-1].standard_error
    held = dict.fromkeys(comes, 0)
    for world in range(n_worlds):
        estimate = parameters_at(estimates.parameter_set(world), media.at(world))
        found = _with_media(with_errors(estimate, ERRORS, name=f"layers_{world}"))
        sigma = found.sigmas[-1].model_copy(update={"standard_error": sigma_error})
        found = found.model_copy(update={"sigmas": [found.sigmas[0], sigma]})
        paired = paired_runs(asked, _under(market, found), n_draws, seed=world + 100)
        sides = paired.sides()
        drawn = {"change": sides[1] - sides[0], "scenario": sides[1]}
        for name, values in drawn.items():
            low, high = np.quantile(values, [0.1, 0.9])
            held[name] += bool(low <= comes[name][world] <= high)
    return {name: count / n_worlds for name, count in held.items()}


@pytest.mark.slow
def test_intervals_of_all_layers_cover_what_they_promise() -> None:
    covered = _covered_by_layers(20, 40)
    assert all(0.6 <= part <= 0.95 for part in covered.values())


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_intervals_of_all_layers_cover_four_worlds_in_five() -> None:
    n_worlds = 250
    covered = _covered_by_layers(n_worlds, 80)
    print(f"n = {n_worlds}: {covered}")  # noqa: T201
    assert all(0.75 <= part <= 0.85 for part in covered.values())
