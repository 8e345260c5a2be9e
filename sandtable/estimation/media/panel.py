"""What a fit of media response looks at: outcomes, spend, other columns, effects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sandtable.estimation.media.priors import Frequency, Range
from sandtable.market.primitives import FloatArray, IntArray

EFFECTS = ("unit", "period")
FEWEST_PERIODS = (
    4  # below, what carries over and what is just the level cannot be told apart at all
)


@dataclass(frozen=True)
class ResponsePanel:
    """N outcomes of G units over T periods, with the spend of C channels on each unit.

    Attributes
    ----------
    channels : tuple of str
    spend : ndarray, shape (T, G, C)
        In the units in which stocks are counted.
    past : ndarray, shape (G, C)
        Spend of every period before the first.
    weights : ndarray, shape (T, G)
        What one unit of outcome more is worth there, as a part of all: they turn worth into elasticities.
    outcomes : ndarray, shape (N,)
    units, periods : ndarray of int, shape (N,)
        Where the outcome stands; unit -1: nobody spends on it.
    effects : tuple of ndarray of int, each shape (N,)
        Groups whose means are free.
    series : ndarray of int, shape (N,)
        Outcomes that follow each other and whose errors may too.
    clusters : ndarray of int, shape (N,), or None
        Groups within which errors may be correlated in any way.
    controls : mapping of str to ndarray, shape (N,)
        Columns with any coefficient.
    positives : mapping of str to (ndarray, shape (N,), and Range)
        Columns whose coefficient is above 0, with its prior.
    """

    channels: tuple[str, ...]
    frequency: Frequency
    spend: FloatArray
    past: FloatArray
    weights: FloatArray
    outcomes: FloatArray
    units: IntArray
    periods: IntArray
    effects: tuple[IntArray, ...]
    series: IntArray
    clusters: IntArray | None
    controls: Mapping[str, FloatArray]
    positives: Mapping[str, tuple[FloatArray, Range]]

    def __len__(self) -> int:
        return len(self.outcomes)

    def spread(self, values: FloatArray) -> FloatArray:
        """Give each outcome the values of its period and unit; 0 where nobody spends."""
        found = values[self.periods, self.units]
        return np.asarray(
            np.where((self.units >= 0).reshape(-1, *[1] * (found.ndim - 1)), found, 0.0)
        )

    def previous(self) -> IntArray:
        """Return the row of the same series one period before; -1 where there is none."""
        n_periods = self.spend.shape[0]
        keys = self.series * (n_periods + 1) + self.periods + 1
        order = np.argsort(keys, kind="stable")
        places = np.searchsorted(keys, keys - 1, sorter=order)
        found = order[np.minimum(places, len(keys) - 1)]
        there = (keys[found] == keys - 1) & (self.periods > 0)
        return np.asarray(np.where(there, found, -1))


def panel_of(
    outcome: FloatArray,
    spend: FloatArray,
    *,
    channels: Sequence[str],
    frequency: Frequency,
    logarithm: bool,
    controls: Mapping[str, FloatArray] | None = None,
    effects: Sequence[str] = EFFECTS,
    past: FloatArray | None = None,
) -> ResponsePanel:
    """Lay out a balanced table of outcomes; NaN marks one that is not known.

    Parameters
    ----------
    outcome : ndarray, shape (G, T)
    spend : ndarray, shape (G, T, C)
    logarithm : bool
        Whether the outcome is a logarithm.
    controls : mapping of str to ndarray, shape (G, T), optional
    effects : sequence of str
        ``unit``, ``period``, both or none; without any, one constant.
    past : ndarray, shape (G, C), optional
        Spend of every period before the first; by default that of the first one.

    Raises
    ------
    ValueError
        If shapes do not fit, spend is negative or not a number, or a channel is never spent on.
    """
    outcome, spend = np.asarray(outcome, np.float64), np.asarray(spend, np.float64)
    _refuse_misfits(outcome, spend, channels, controls or {}, effects)
    units, periods = np.nonzero(np.isfinite(outcome))
    known = outcome[units, periods]
    weights = np.where(np.isfinite(outcome.T), 1 / (len(known) if logarithm else known.sum()), 0.0)
    codes = {"unit": units, "period": periods}
    groups = [codes[name] for name in effects] or [np.zeros(len(known), np.int64)]
    wide = np.ascontiguousarray(np.swapaxes(spend, 0, 1))
    return ResponsePanel(
        tuple(channels),
        frequency,
        wide,
        wide[0] if past is None else np.asarray(past, np.float64),
        weights,
        known,
        units,
        periods,
        tuple(groups),
        units,
        units if len(outcome) > 1 else None,
        {name: np.asarray(values)[units, periods] for name, values in (controls or {}).items()},
        {},
    )


def _refuse_misfits(
    outcome: FloatArray,
    spend: FloatArray,
    channels: Sequence[str],
    controls: Mapping[str, FloatArray],
    effects: Sequence[str],
) -> None:
    if spend.shape != (*outcome.shape, len(channels)):
        raise ValueError(
            f"spend has the shape {spend.shape}; expected {(*outcome.shape, len(channels))}: "
            "units, periods and channels."
        )
    if outcome.shape[1] < FEWEST_PERIODS:
        raise ValueError(
            f"{outcome.shape[1]} period(s) are too few; give at least {FEWEST_PERIODS}."
        )
    if not (np.isfinite(spend).all() and (spend >= 0).all()):
        raise ValueError("spend must be a number of 0 or more everywhere; fill the gaps.")
    idle = [name for place, name in enumerate(channels) if not spend[:, :, place].any()]
    if idle:
        raise ValueError(f"nothing is ever spent on {', '.join(idle)}; leave it out.")
    for name, values in controls.items():
        if np.shape(values) != outcome.shape:
            raise ValueError(
                f"'{name}' has the shape {np.shape(values)}; expected {outcome.shape}."
            )
    unknown = [name for name in effects if name not in EFFECTS]
    if unknown:
        raise ValueError(
            f"no effects are called {', '.join(unknown)}; known: {', '.join(EFFECTS)}."
        )
