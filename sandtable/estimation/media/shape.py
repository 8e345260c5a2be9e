"""What spend adds up to: adstock and saturation by channel, with exact derivatives by transformed parameters.

A channel has four numbers without bounds: ln effect, log-odds of the carry-over, ln half, ln slope.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sandtable.market.primitives import FloatArray
from sandtable.response.media import hill

N_NUMBERS = 4


@dataclass(frozen=True)
class Shape:
    """The response of C channels in natural units; each array of shape (C,)."""

    effects: FloatArray
    carry_overs: FloatArray
    halves: FloatArray
    slopes: FloatArray

    @classmethod
    def at(cls, point: FloatArray) -> Shape:
        """Return the response at transformed numbers, (4C,) or more (what follows is not looked at by channels)."""
        rows = point.reshape(-1, N_NUMBERS)
        return cls(
            np.exp(rows[:, 0]),
            1 / (1 + np.exp(-rows[:, 1])),
            np.exp(rows[:, 2]),
            np.exp(rows[:, 3]),
        )

    @property
    def point(self) -> FloatArray:
        """The transformed numbers, (4C,)."""
        odds = np.log(self.carry_overs / (1 - self.carry_overs))
        columns = [np.log(self.effects), odds, np.log(self.halves), np.log(self.slopes)]
        return np.column_stack(columns).ravel()

    @property
    def natural(self) -> FloatArray:
        """Effect, carry-over, half and slope of each channel in a row, (4C,)."""
        columns = [self.effects, self.carry_overs, self.halves, self.slopes]
        return np.column_stack(columns).ravel()

    @property
    def natural_slopes(self) -> FloatArray:
        """Derivative of each natural number by its transformed one, (4C,)."""
        carried = self.carry_overs * (1 - self.carry_overs)
        return np.column_stack([self.effects, carried, self.halves, self.slopes]).ravel()


@dataclass(frozen=True)
class Signals:
    """What the channels are worth in each period and unit.

    Attributes
    ----------
    stocks : ndarray, shape (T, G, C)
        Adstock.
    reached : ndarray, shape (T, G, C)
        Part of the largest effect, 0 to 1.
    worth : ndarray, shape (T, G)
        Sum over channels of effect times what is reached.
    derivatives : ndarray, shape (T, G, 4C)
        Of the worth by the transformed numbers.
    long_run, short_run : ndarray, shape (T, G, C)
        Change of the worth for one hundredth more spend, in hundredths: in every period, in this period alone.
    """

    stocks: FloatArray
    reached: FloatArray
    worth: FloatArray
    derivatives: FloatArray
    long_run: FloatArray
    short_run: FloatArray


def stocks_of(
    spend: FloatArray, carry_overs: FloatArray, past: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Adstock and its derivative by the carry-over.

    Parameters
    ----------
    spend : ndarray, shape (T, ..., C)
    carry_overs : ndarray, shape (C,)
    past : ndarray, shape (..., C)
        Spend of every period before the first.

    Returns
    -------
    ndarray, ndarray, shape (T, ..., C)
    """
    stocks, moves = np.empty_like(spend), np.empty_like(spend)
    stock, move = past / (1 - carry_overs), past / (1 - carry_overs) ** 2
    for period, amount in enumerate(spend):
        move = stock + carry_overs * move
        stock = amount + carry_overs * stock
        stocks[period], moves[period] = stock, move
    return stocks, moves


def signals_of(point: FloatArray, spend: FloatArray, past: FloatArray) -> Signals:
    """What spend adds up to at transformed numbers.

    Parameters
    ----------
    point : ndarray, shape (4C,)
    spend : ndarray, shape (T, G, C)
    past : ndarray, shape (G, C)
        Spend of every period before the first.
    """
    shape = Shape.at(point)
    stocks, moves = stocks_of(spend, shape.carry_overs, past)
    reached = hill(stocks, shape.halves, shape.slopes)
    parts = shape.effects * reached
    # d parts / d ln stock; without stock there is nothing to change
    bent = parts * (1 - reached) * shape.slopes
    stocked = stocks > 0
    safe = np.where(stocked, stocks, 1.0)
    by_carry = bent * moves / safe * shape.carry_overs * (1 - shape.carry_overs)
    by_slope = np.where(stocked, bent * np.log(safe / shape.halves), 0.0)
    derivatives = np.stack([parts, by_carry, -bent, by_slope], axis=-1)
    return Signals(
        stocks,
        reached,
        np.asarray(parts.sum(axis=-1)),
        derivatives.reshape(*spend.shape[:2], -1),
        bent,
        bent * spend / safe,
    )
