"""What knowing a number would be worth before deciding: the expected value of perfect information, number by number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sandtable.market.primitives import FloatArray
from sandtable.planning.options.deciding import Payoffs
from sandtable.planning.uncertain.draws import SEED
from sandtable.planning.uncertain.uncertainty import PairedResult

DEGREE = 3
RESAMPLED = 100
FEWEST_DRAWS = 20


@dataclass(frozen=True)
class Information:
    """What knowing one number exactly would add to the payoff of the best choice.

    Attributes
    ----------
    name : str
        ``everything`` for all numbers together.
    value : float
        In the unit of the payoff, 0 or more.
    error : float
        Its standard error from drawing.
    """

    name: str
    value: float
    error: float


def information_values(
    unknowns: Mapping[str, FloatArray], payoffs: FloatArray, *, seed: int = SEED
) -> tuple[Information, ...]:
    """Return what knowing each number would be worth; everything first, then the most valuable.

    Parameters
    ----------
    unknowns : mapping of str to ndarray, shape (D,)
        Draws of each number.
    payoffs : ndarray, shape (O, D)
        What each option gives in each draw; more is better.
    seed : int
        Of the resampling that gives the errors.

    Raises
    ------
    ValueError
        With fewer than 20 draws.

    Notes
    -----
    ``E[max_o E(payoff_o | number)] - max_o E(payoff_o)``; the inner expectation is a regression of each payoff on a
    cubic of the number (Strong, Oakley and Brennan 2014, with a polynomial for their spline).
    """
    n_draws = payoffs.shape[1]
    if n_draws < FEWEST_DRAWS:
        raise ValueError(f"there are {n_draws} draws; the value of knowing takes {FEWEST_DRAWS}.")
    generator = np.random.default_rng(seed)
    again = [np.arange(n_draws), *generator.integers(0, n_draws, (RESAMPLED, n_draws))]
    known = [_known(payoffs[:, some]) for some in again]
    found = [Information("everything", known[0], float(np.std(known[1:], ddof=1)))]
    for name, values in unknowns.items():
        if np.ptp(values) > 0:
            worth = [_partly(values[some], payoffs[:, some]) for some in again]
            found.append(Information(name, worth[0], float(np.std(worth[1:], ddof=1))))
    return (found[0], *sorted(found[1:], key=lambda one: -one.value))


def _known(payoffs: FloatArray) -> float:
    n_draws = payoffs.shape[1]
    return Payoffs(payoffs, np.full(n_draws, 1 / n_draws)).value_of_knowing


def _partly(values: FloatArray, payoffs: FloatArray) -> float:
    deviation = values.std()
    scaled = (values - values.mean()) / (deviation or 1.0)
    powers = np.vander(scaled, DEGREE + 1)
    fitted = powers @ np.linalg.lstsq(powers, payoffs.T, rcond=None)[0]
    return float(max(fitted.max(axis=1).mean() - fitted.mean(axis=0).max(), 0.0))


def to_test_next(
    options: Sequence[PairedResult], *, measure: str = "contribution_profit"
) -> tuple[Information, ...]:
    """Return what knowing each number would be worth to who chooses among scenarios, or none of them.

    Parameters
    ----------
    options : sequence of PairedResult
        Scenarios of one data set under the same number of draws and one seed.
    measure : str
        What the choice is made by, as a change to the baseline: doing nothing gives 0.
    """
    n_draws = max(option.n_draws for option in options)
    column = [_changes(option, measure, n_draws) for option in options]
    payoffs = np.stack([np.zeros(n_draws), *column])
    kept = np.isfinite(payoffs).all(axis=0)
    unknowns: dict[str, FloatArray] = {}
    for option in options:
        unknowns |= {
            name: values[kept]
            for name, values in unknowns_of(option).items()
            if len(values) == n_draws
        }
    return information_values(unknowns, payoffs[:, kept])


def _changes(option: PairedResult, measure: str, n_draws: int) -> FloatArray:
    """Change in each draw; NaN where it failed, the same everywhere where nothing was drawn."""
    changes = option.changes(measure)
    if option.n_draws == 1:
        return np.full(n_draws, float(changes[0]))
    failed = {failure.draw for failure in option.failures}
    found = np.full(n_draws, np.nan)
    found[[draw for draw in range(option.n_draws) if draw not in failed]] = changes
    return found


def unknowns_of(option: PairedResult) -> dict[str, FloatArray]:
    """Return the draws of each number by name, (D,) each; the forecast by its mean over the periods."""
    layers = option.layers
    found = dict(zip(layers.parameters.names, layers.parameters.values.T, strict=True))
    if layers.inputs is not None:
        names = (item.name for item in layers.inputs.inputs)
        found |= dict(zip(names, layers.inputs.values.T, strict=True))
    if layers.levels is not None:
        found["forecast_sales"] = layers.levels.sales.mean(axis=1)
        found["forecast_own_share"] = layers.levels.own_share.mean(axis=1)
    return found
