"""Planted truth: an interval that promises four in five holds the true change four times in five."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sandtable.data.loading import DataSet
from sandtable.data.parameters import ParameterSet
from sandtable.planning.draws import draw_parameters
from sandtable.planning.uncertainty import paired_runs
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
