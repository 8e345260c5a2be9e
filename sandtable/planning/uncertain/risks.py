"""What draws of a scenario say: chances, expected shortfall, what each layer adds, what pairing saves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sandtable.data.loading import DataSet
from sandtable.errors import Fault, InputError
from sandtable.market.primitives import FloatArray
from sandtable.planning.measures import MEASURES
from sandtable.planning.search.measuring import ALL, Measure
from sandtable.planning.search.targets import Requirement
from sandtable.planning.uncertain.draws import N_DRAWS, SEED
from sandtable.planning.uncertain.spread import chance, expected_shortfall, spread_of
from sandtable.planning.uncertain.uncertainty import LAYERS, PairedResult, paired_runs
from sandtable.scenario.model import Scenario

SIDES = ("baseline", "scenario", "change")
WORST = 0.1  # part of the draws that the expected shortfall looks at
TOTAL = "total"


@dataclass(frozen=True)
class Contribution:
    """What one layer adds to the spread of a change.

    Attributes
    ----------
    layer : str
    deviation : float
        Standard deviation of the change when only this layer is drawn.
    part : float
        Its square over that with all layers; the parts need not sum to 1, for layers act on each other.
    error : float
        Standard error of the part from drawing.
    """

    layer: str
    deviation: float
    part: float
    error: float


def risk_table(paired: PairedResult, *, firm: str | None = None) -> pd.DataFrame:
    """Return how baseline, scenario and their difference spread, by measure and period.

    Returns
    -------
    DataFrame
        measure, period (``total`` for all), side (``baseline``, ``scenario``, ``change``), mean, the quantiles of
        `spread_of`, p_beats (chance to lie above 0: of the change, that the scenario beats the baseline) and
        expected_shortfall (mean of the worst tenth), each with its Monte-Carlo error ``..._error``; and n_draws.
    """
    rows: list[dict[str, object]] = []
    for measure in MEASURES:
        for period in (*paired.periods, None):
            before, after = paired.sides(measure, firm, period)
            drawn = np.stack([before, after, after - before], axis=1)
            drawn = drawn if paired.layers.drawn else drawn[:0]
            spread = spread_of(drawn)
            worst, worst_error = expected_shortfall(drawn, WORST)
            few = len(drawn) < 2
            means = np.full(3, np.nan) if few else drawn.mean(axis=0)
            errors = np.full(3, np.nan) if few else drawn.std(axis=0, ddof=1) / np.sqrt(len(drawn))
            for place, side in enumerate(SIDES):
                rows.append(
                    {
                        "measure": measure,
                        "period": period or TOTAL,
                        "side": side,
                        "mean": means[place],
                        "mean_error": errors[place],
                        **{name: values[place] for name, values in spread.items()},
                        "expected_shortfall": worst[place],
                        "expected_shortfall_error": worst_error[place],
                        "n_draws": len(drawn),
                    }
                )
    return pd.DataFrame(rows)


def chance_of(paired: PairedResult, target: Requirement) -> tuple[float, float]:
    """Return the chance that the scenario hits a target, and its Monte-Carlo error; NaN where nothing was drawn.

    Parameters
    ----------
    paired : PairedResult
    target : Requirement
        On units, share of sales or contribution profit of a firm, in one period or in all.

    Raises
    ------
    InputError
        If it is on something that the draws do not keep.
    """
    measure = target.measure
    kept = Measure(measure.name, firm=measure.firm, period=measure.period)
    if measure.name not in MEASURES or measure != kept or measure.firm == ALL:
        message = (
            f"'{target}' is not kept by the draws; expected {', '.join(MEASURES)} of a firm, "
            "in one period or in all."
        )
        raise InputError([Fault("uncertainty", "target", message)])
    before, after = paired.sides(measure.name, measure.firm, measure.period)
    if not paired.layers.drawn:
        return float("nan"), float("nan")
    bounds = np.array([target.bound(value) for value in before.tolist()])
    hit = after >= bounds if target.sense == ">=" else after <= bounds
    found, error = chance(hit[:, None])
    return float(found[0]), float(error[0])


def contributions(
    scenario: Scenario,
    data_set: DataSet | None = None,
    n_draws: int = N_DRAWS,
    *,
    measure: str = "units",
    seed: int = SEED,
    layers: Sequence[str] = LAYERS,
    whole: PairedResult | None = None,
    **options: object,
) -> tuple[Contribution, ...]:
    """Return what each layer adds to the spread of the change of a measure, all periods together.

    Parameters
    ----------
    scenario : Scenario
    data_set : DataSet, optional
    n_draws : int
    measure : str
    seed : int
    layers : sequence of str
    whole : PairedResult, optional
        The draws of all layers, when they are at hand: made with the same number and seed.
    **options
        As of `paired_runs`.
    """
    run: Callable[..., PairedResult] = paired_runs
    together = whole or run(scenario, data_set, n_draws, seed=seed, layers=layers, **options)
    changes = together.changes(measure)
    total = float(changes.var(ddof=1)) if len(changes) > 1 else 0.0
    found = []
    for layer in together.layers.drawn:
        alone = (
            changes
            if together.layers.drawn == (layer,)
            else run(scenario, data_set, n_draws, seed=seed, layers=(layer,), **options).changes(
                measure
            )
        )
        variance = float(alone.var(ddof=1)) if len(alone) > 1 else 0.0
        part = variance / total if total else 0.0
        error = part * float(np.sqrt(_relative(alone) + _relative(changes)))
        found.append(Contribution(layer, variance**0.5, part, error))
    return tuple(found)


def _relative(values: FloatArray) -> float:
    """Squared relative error of a variance: (kurtosis - 1) / n."""
    apart = values - values.mean()
    second = float((apart**2).mean())
    return (float((apart**4).mean()) / second**2 - 1) / len(values) if second else 0.0


def variance_cut(paired: PairedResult, measure: str = "units") -> float:
    """Return how many times less the difference varies than if baseline and scenario were drawn apart.

    It is infinite where every draw says the same, and about 1 where the baseline does not vary: in observed periods its
    units are known.
    """
    before, after = paired.sides(measure)
    apart = float(before.var() + after.var())
    paired_variance = float((after - before).var())
    return apart / paired_variance if paired_variance else float("inf")
