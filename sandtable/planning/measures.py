"""What planning speaks of: units, share of sales, contribution profit."""

from __future__ import annotations

import numpy as np

from sandtable.market.primitives import FloatArray
from sandtable.scenario.pulling_forward import temporary_moves
from sandtable.scenario.run import Result

MEASURES = ("units", "share_of_sales", "contribution_profit")


def share_of_sales(units: FloatArray, sold: FloatArray) -> FloatArray:
    """Return units over all units sold, the outside good left out; 0 where nothing is sold."""
    return np.divide(units, sold, out=np.zeros(np.shape(units)), where=sold != 0)


def measures_of(sums: FloatArray) -> FloatArray:
    """Return own units, share of sales and profit from own units, all units and own profit, (..., 3)."""
    own, sold, profit = np.moveaxis(sums, -1, 0)
    return np.stack([own, share_of_sales(own, sold), profit], axis=-1)


def sums_of(result: Result) -> FloatArray:
    """Return own units, all units and own profit over all periods of a run, (3,)."""
    sums = np.zeros(3)
    for item in result.periods:
        owned = np.array([firm == result.own_firm for firm in item.base.market.firms])
        units, profit = item.scenario.units, item.scenario.contribution_profit
        sums += units[:, owned].sum(), units.sum(), profit[:, owned].sum()
    return sums


def stands_alone(result: Result) -> bool:
    """Whether the periods of a run stand alone and the levers alone decide prices and who is there."""
    rivals = result.scenario.rivals
    modes = {rivals.default.mode, *(response.mode for _, response in rivals.by_firm)}
    levers = {move.lever for move in result.scenario.levers}
    remembered = levers & {"launch", "capacity"} or any(temporary_moves(result.scenario))
    return modes == {"hold"} and not remembered
