"""The shipped data sets, loaded once, and short ways to run moves on them."""

from __future__ import annotations

from functools import cache

import numpy as np

from sandtable.data.loading import DataSet
from sandtable.scenario.base import open_data_set
from sandtable.scenario.model import Backlog, LeverMove, Rivals, Scenario, Supply
from sandtable.scenario.periods import PeriodResult
from sandtable.scenario.run import MEASURES, Result, run
from sandtable.units import Change

SETS = [
    (name, parameters)
    for name in ("us_autos", "premium_ev")
    for parameters in ("logit", "nested", "random_coefficient")
]
PARAMETERS = ("logit", "nested", "random_coefficient")
OWN = ("N3", "N5", "N7", "N9")
EAST = ("Jiangsu", "Shanghai", "Zhejiang")
EVERYBODY_ANSWERS = Rivals("best_response", (("Nova", "best_response"),))

data_set = cache(open_data_set)


def relative(amount: float) -> Change:
    return Change("relative", amount)


def run_moves(
    *moves: LeverMove,
    parameters: str | None = None,
    rivals: Rivals | None = None,
    periods: tuple[str, ...] = (),
    supply: Supply | None = None,
    backlog: Backlog | None = None,
) -> Result:
    scenario = Scenario(
        "Test",
        "premium_ev",
        parameters=parameters,
        levers=moves,
        rivals=rivals or Rivals(),
        periods=periods,
        supply=supply or Supply(),
        backlog=backlog or Backlog(),
    )
    return run(scenario, data_set("premium_ev"))


def units(result: Result, product: str, side: str = "scenario", region: str | None = None) -> float:
    rows = result.rows[result.rows["product"] == product]
    if region is not None:
        rows = rows[rows["region"] == region]
    return float(rows[f"units_{side}"].sum())


def assert_sides_equal(item: PeriodResult) -> None:
    """Baseline and scenario are equal to the bit, in every measure."""
    for measure in MEASURES:
        before, after = getattr(item.baseline, measure), getattr(item.scenario, measure)
        assert np.array_equal(before, after, equal_nan=True), measure


def observed_periods(data: DataSet) -> list[str]:
    return sorted(data.tables["sales"]["period"].unique())
