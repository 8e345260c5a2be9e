"""A fitted response: what each channel does, how sure that is, and whether it is plausible."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from sandtable.data.metadata import Grade
from sandtable.data.verdicts import Verdict
from sandtable.estimation.media.fitting import Fitter, Mode
from sandtable.estimation.media.panel import EFFECTS, ResponsePanel, panel_of
from sandtable.estimation.media.priors import (
    QUANTITIES,
    Beliefs,
    Frequency,
    MediaPriors,
    beliefs_of,
    read_priors,
)
from sandtable.estimation.media.rules import judge
from sandtable.estimation.media.shape import N_NUMBERS, Shape, signals_of, stocks_of
from sandtable.market.primitives import FloatArray

LITTLE = 0.8  # posterior over prior spread from which on the data said little
NORMAL_95 = 1.959963984540054
WEEKS_A_MONTH = 365.25 / 12 / 7
STEP = 1e-5


@dataclass(frozen=True)
class Fitted:
    """One number of a response, with its errors, its prior, and how much the data said.

    Attributes
    ----------
    channel : str
        Empty for what is not one of a channel.
    quantity : str
        ``effect``, ``carry_over``, ``half``, ``slope``, or the name of another column.
    low, high : float
        95 % interval, normal in the logarithm (carry-over: log-odds).
    prior_low, prior, prior_high : float
        The prior's own 95 % interval and middle.
    learnt : float
        Posterior over prior spread: near 1, the data said little.
    source : str
        Of the prior.
    grade : str
        ``estimated``, or the prior's where the data said little.
    """

    channel: str
    quantity: str
    value: float
    standard_error: float
    low: float
    high: float
    prior_low: float
    prior: float
    prior_high: float
    learnt: float
    source: str
    grade: Grade


@dataclass(frozen=True)
class ResponseFit:
    """What a fit found.

    Attributes
    ----------
    panel : ResponsePanel
    beliefs : Beliefs
    mode : Mode
    facts : mapping of str to float or None
        What the rules are held against.
    verdict : Verdict
    """

    panel: ResponsePanel
    beliefs: Beliefs
    mode: Mode
    facts: Mapping[str, float | None]
    verdict: Verdict

    @property
    def shape(self) -> Shape:
        """The response in natural units."""
        return Shape.at(self.mode.point[: self._n_channel_numbers])

    @property
    def _n_channel_numbers(self) -> int:
        return N_NUMBERS * len(self.panel.channels)

    @cached_property
    def numbers(self) -> tuple[Fitted, ...]:
        """Every number that has a prior: four a channel, then the other positive coefficients."""
        names = [(channel, name) for channel in self.panel.channels for name in QUANTITIES]
        names += [("", name) for name in self.panel.positives]
        start, spreads = self.beliefs.start, self.beliefs.spreads
        errors = np.sqrt(np.diag(self.mode.covariance))
        believed = [row[name] for row in self.beliefs.channels for name in QUANTITIES]
        believed += list(self.beliefs.others)
        found = []
        for place, (channel, name) in enumerate(names):
            back = _rate if name == "carry_over" else _exponential
            at, error = float(self.mode.point[place]), float(errors[place])
            value, learnt = back(at), error / float(spreads[place])
            grade: Grade = believed[place].grade if learnt > LITTLE else "estimated"
            slope = value * (1 - value) if name == "carry_over" else value
            reach, wide = NORMAL_95 * error, NORMAL_95 * float(spreads[place])
            middle = float(start[place])
            found.append(
                Fitted(
                    channel,
                    name,
                    value,
                    slope * error,
                    back(at - reach),
                    back(at + reach),
                    back(middle - wide),
                    back(middle),
                    back(middle + wide),
                    learnt,
                    believed[place].source,
                    grade,
                )
            )
        return tuple(found)

    def table(self) -> pd.DataFrame:
        """Return `numbers` as a table, one row a number."""
        return pd.DataFrame([vars(number) for number in self.numbers])

    @cached_property
    def elasticities(self) -> pd.DataFrame:
        """Short- and long-run elasticity of the outcome to each channel and to all (last row), with errors.

        One unit (a brand in a region, say) spends one per cent more; the mean over units and periods, weighted by
        outcome. Short run: in that period alone; long run: in every period.
        """

        def look(numbers: FloatArray) -> FloatArray:
            signals = signals_of(numbers, self.panel.spend, self.panel.past)
            short, long = (
                np.einsum("tg,tgc->c", self.panel.weights, part)
                for part in (signals.short_run, signals.long_run)
            )
            return np.concatenate([short, [short.sum()], long, [long.sum()]])

        n = self._n_channel_numbers
        values, errors = propagated(look, self.mode.point[:n], self.mode.covariance[:n, :n])
        half = len(values) // 2
        columns = {
            "channel": [*self.panel.channels, "all"],
            "short_run": values[:half],
            "short_run_error": errors[:half],
            "long_run": values[half:],
            "long_run_error": errors[half:],
        }
        return pd.DataFrame(columns)

    def worth(self, spend: FloatArray, past: FloatArray) -> FloatArray:
        """What some spend adds to the outcome, channel by channel.

        Parameters
        ----------
        spend : ndarray, shape (T, G, C)
        past : ndarray, shape (G, C)
            Spend of every period before the first.

        Returns
        -------
        ndarray, shape (T, G, C)
        """
        found = signals_of(self.mode.point[: self._n_channel_numbers], spend, past)
        return np.asarray(found.reached * self.shape.effects)


def _exponential(value: float) -> float:
    return float(np.exp(value))


def _rate(value: float) -> float:
    return float(1 / (1 + np.exp(-value)))


def propagated(
    look: Callable[[FloatArray], FloatArray], point: FloatArray, covariance: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Carry the errors of transformed numbers over to what follows from them (delta method).

    Parameters
    ----------
    look : callable
        (K,) -> (M,).

    Returns
    -------
    values, errors : ndarray, shape (M,)
    """
    values = look(point)
    slopes = np.empty((len(values), len(point)))
    for place in range(len(point)):
        moved = np.zeros(len(point))
        moved[place] = STEP
        slopes[:, place] = (look(point + moved) - look(point - moved)) / (2 * STEP)
    variances = np.einsum("mk,kl,ml->m", slopes, covariance, slopes)
    return values, np.asarray(np.sqrt(np.maximum(variances, 0.0)))


def fit_panel(
    panel: ResponsePanel, priors: MediaPriors, *, autocorrelated: bool = True
) -> ResponseFit:
    """Fit the response of one panel, and judge it.

    Raises
    ------
    ConvergenceError
        Reason ``"iterations"``.
    """
    beliefs = beliefs_of(
        priors,
        channels=panel.channels,
        spend=panel.spend,
        frequency=panel.frequency,
        elasticity_of_utility=float(panel.weights.sum()),
        others=[prior for _, prior in panel.positives.values()],
    )
    fitter = Fitter(panel, beliefs, autocorrelated=autocorrelated)
    mode = fitter.fit()
    facts = _facts(fitter, mode)
    return ResponseFit(panel, beliefs, mode, facts, judge(facts))


def fit_response(
    outcome: FloatArray,
    spend: FloatArray,
    *,
    channels: Sequence[str],
    frequency: Frequency = "week",
    logarithm: bool = False,
    controls: Mapping[str, FloatArray] | None = None,
    effects: Sequence[str] = EFFECTS,
    past: FloatArray | None = None,
    priors: MediaPriors | Path | None = None,
    autocorrelated: bool = True,
) -> ResponseFit:
    """Fit the response of any outcome to media: sales of shops, revenue of a country, leads of regions.

    Parameters
    ----------
    outcome : ndarray, shape (G, T)
        Of G units over T periods; NaN where it is not known.
    spend : ndarray, shape (G, T, C)
        In units that make G units comparable, such as money per head.
    channels : sequence of str
        Names; they choose the priors of carry-over.
    frequency : str
        Length of a period.
    logarithm : bool
        Whether the outcome is a logarithm.
    controls : mapping of str to ndarray, shape (G, T), optional
        Columns with any coefficient.
    effects : sequence of str
        Free means: ``unit``, ``period``, both or none.
    past : ndarray, shape (G, C), optional
        Spend of every period before the first; by default that of the first one.
    priors : MediaPriors or Path, optional
        By default those that ship with the package.
    autocorrelated : bool
        Whether errors of a unit may remember the period before.

    Raises
    ------
    ValueError
        If the arrays do not fit together.
    InputError
        If the priors name unknown channels, or their file has faults.
    ConvergenceError
        Reason ``"iterations"``.
    """
    panel = panel_of(
        outcome,
        spend,
        channels=channels,
        frequency=frequency,
        logarithm=logarithm,
        controls=controls,
        effects=effects,
        past=past,
    )
    found = priors if isinstance(priors, MediaPriors) else read_priors(priors, channels)
    return fit_panel(panel, found, autocorrelated=autocorrelated)


def _facts(fitter: Fitter, mode: Mode) -> dict[str, float | None]:
    panel = fitter.panel
    signals = fitter.signals(mode.point)
    shape = Shape.at(mode.point[: fitter.n_channel_numbers])
    long_run = np.einsum("tg,tgc->c", panel.weights, signals.long_run)
    reached = panel.spread(signals.reached)
    left = fitter.whitened(reached, 0.0)
    free, error = _free_elasticity(fitter, mode, long_run / shape.effects)
    learnt = np.sqrt(np.diag(mode.covariance))[: len(fitter.beliefs.start)] / fitter.beliefs.spreads
    of_effects = learnt[: fitter.n_channel_numbers : N_NUMBERS]
    weeks = WEEKS_A_MONTH if panel.frequency == "week" else 1.0
    return {
        "long_run_elasticity": float(long_run.sum()),
        "free_elasticity": free,
        "free_elasticity_t": free / error if free >= 0 else None,
        "highest_carry_over": float(shape.carry_overs.max() ** weeks),
        "periods": float(panel.spend.shape[0] / weeks),
        "least_variation": float((left.std(axis=0) / reached.mean(axis=0)).min()),
        "half_beyond": _half_beyond(panel, shape),
        "unlearnt_rate": float((of_effects > LITTLE).mean()),
        "clusters": None if mode.n_clusters is None else float(mode.n_clusters),
    }


def _free_elasticity(fitter: Fitter, mode: Mode, by_effect: FloatArray) -> tuple[float, float]:
    """Long-run elasticity to all media when effects are free of prior and sign, at the fitted curves; with error."""
    panel = fitter.panel
    others = [values for values, _ in panel.positives.values()] + list(panel.controls.values())
    reached = panel.spread(fitter.signals(mode.point).reached)
    columns = np.column_stack([panel.outcomes, reached, *others])
    left = fitter.whitened(columns, mode.memory)
    found = np.linalg.lstsq(left[:, 1:], left[:, 0], rcond=None)[0]
    errors = left[:, 0] - left[:, 1:] @ found
    spread = np.linalg.pinv(left[:, 1:].T @ left[:, 1:]) * (errors @ errors) / mode.degrees
    n = len(by_effect)
    variance = by_effect @ spread[:n, :n] @ by_effect
    return float(by_effect @ found[:n]), float(np.sqrt(variance))


def _half_beyond(panel: ResponsePanel, shape: Shape) -> float:
    """How many times the half saturation of a channel lies above or below the stocks seen; below 1 within them."""
    stocks = stocks_of(panel.spend, shape.carry_overs, panel.past)[0]
    beyond = []
    for place, half in enumerate(shape.halves):
        seen = stocks[:, :, place]
        low, high = np.quantile(seen[seen > 0], [0.05, 0.95])
        beyond.append(max(half / high, low / half))
    return float(max(beyond))
