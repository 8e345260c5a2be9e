"""Random searches on the demonstration market, and what brute force says of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sandtable.planning.search.choices import Choice
from sandtable.planning.search.measuring import Measure
from sandtable.planning.search.outcomes import Outcome
from sandtable.planning.search.searching import Space
from sandtable.planning.search.targets import Requirement
from sandtable.planning.sweeps.sweeping import sweep
from sandtable.scenario.model import LeverMove
from sandtable.scenario.run import run
from tests.planning.planned import DATA, data_set, relative, scenario

OWN = ("N3", "N5", "N7", "N9")
TOTALS = tuple(Measure(name) for name in ("units", "share_of_sales", "contribution_profit"))
FURTHER = (
    Measure("units", product="N5"),
    Measure("revenue"),
    Measure("units", region="East"),
    Measure("net_price"),
    Measure("share_of_sales", region="South"),
    Measure("contribution_profit", product="N7"),
    Measure("units", firm="Orion"),
)


def price(product: str, low: float = -0.1, high: float = 0.05) -> Choice:
    return Choice(LeverMove("list_price", product=product, change=relative(0.0)), low, high)


def cash(product: str, high: float = 20_000.0) -> Choice:
    return Choice(LeverMove("customer_cash", product=product, value=0.0), 0.0, high)


def random_choices(draw: np.random.Generator, n: int) -> tuple[Choice, ...]:
    products = draw.choice(OWN, size=n, replace=False).tolist()
    return tuple(
        cash(code, float(draw.uniform(8_000, 25_000)))
        if draw.random() < 0.25
        else price(code, -float(draw.uniform(0.05, 0.2)), float(draw.uniform(0.01, 0.15)))
        for code in products
    )


def amounts_at(choices: tuple[Choice, ...], point: NDArray[np.float64]) -> list[float]:
    return [one.low + z * one.room for one, z in zip(choices, point.tolist(), strict=True)]


def value_at(choices: tuple[Choice, ...], amounts: list[float], measure: Measure) -> float:
    """Run one point by itself and read a measure of it."""
    asked = scenario()
    for one, amount in zip(choices, amounts, strict=True):
        asked = asked.with_lever(one.at(amount))
    return measure.of(run(asked, data_set(DATA)))


def baseline_of(measure: Measure) -> float:
    return measure.of(run(scenario(), data_set(DATA)), "baseline")


def change_of(choices: tuple[Choice, ...], amounts: list[float] | tuple[float, ...]) -> float:
    """Length of a change, each lever in parts of its room; all of these rest at 0."""
    parts = [amount / one.room for one, amount in zip(choices, amounts, strict=True)]
    return float(np.linalg.norm(parts))


def swept(
    choices: tuple[Choice, ...], levels: int, sample: int | None = None
) -> NDArray[np.float64]:
    """Own totals of a grid or a sample, (S, 3): another way than any search takes."""
    axes = [one.axis(np.linspace(one.low, one.high, levels).tolist()) for one in choices]
    return sweep(scenario(), axes, data_set(DATA), sample=sample, seed=99).measures


def highest(choices: tuple[Choice, ...], measure: Measure, levels: int) -> tuple[float, float]:
    """Lowest and highest value of a measure over a grid."""
    if measure in TOTALS:
        values = swept(choices, levels)[:, TOTALS.index(measure)]
    else:
        steps = np.meshgrid(*[np.linspace(0, 1, levels)] * len(choices))
        points = np.stack([one.ravel() for one in steps], axis=1)
        values = np.array(
            [value_at(choices, amounts_at(choices, point), measure) for point in points]
        )
    return float(values.min()), float(values.max())


@dataclass(frozen=True)
class Planted:
    """A target that a known change reaches."""

    choices: tuple[Choice, ...]
    target: Requirement
    amounts: list[float]


def planted(seed: int) -> Planted:
    draw = np.random.default_rng(seed)
    choices = random_choices(draw, int(draw.integers(1, 4)))
    pool = TOTALS if draw.random() < 0.6 else FURTHER
    measure = pool[int(draw.integers(len(pool)))]
    amounts = amounts_at(choices, draw.uniform(0, 1, len(choices)))
    value = value_at(choices, amounts, measure)
    sense = ">=" if value > baseline_of(measure) else "<="
    if draw.random() < 0.2:
        sense = "="
    return Planted(choices, Requirement(measure, sense, value), amounts)  # type: ignore[arg-type]


def space_of(choices: tuple[Choice, ...], *measures: Measure) -> Space:
    return Space.of(scenario(), choices, measures, data_set(DATA))


def rerun(outcome: Outcome, measure: Measure) -> float:
    """Read a measure from a run of the answer's scenario that no search had a hand in."""
    return measure.reported(run(outcome.scenario, data_set(DATA)))
