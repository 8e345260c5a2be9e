"""An objective over draws of the parameters: its mean, or its mean over the worst of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np

from sandtable.data.loading import DataSet
from sandtable.errors import ConvergenceError, Fault, InputError
from sandtable.planning.measures import MEASURES
from sandtable.planning.search.measuring import Measure
from sandtable.planning.uncertain.uncertainty import paired_runs
from sandtable.scenario.model import Scenario

N_DRAWS = 200
RiskKind = Literal["mean", "cvar"]


@dataclass(frozen=True)
class Risk:
    """What counts of many draws: the change against the baseline, both sides of a draw under the same parameters.

    Parameters
    ----------
    kind : str
        ``mean`` of all draws, or ``cvar``: the mean over the worst of them.
    level : float
        Of cvar: 0.9 is the mean over the worst tenth.
    n_draws : int

    Raises
    ------
    ValueError
        If a word is unknown or a number out of range.
    """

    kind: RiskKind = "cvar"
    level: float = 0.9
    n_draws: int = N_DRAWS

    def __post_init__(self) -> None:
        if self.kind not in get_args(RiskKind):
            raise ValueError(f"risk is '{self.kind}'; expected mean or cvar.")
        if not 0 <= self.level < 1:
            raise ValueError(f"the level of risk is {self.level:g}; it must be 0 to below 1.")
        if self.n_draws < 2:
            raise ValueError(f"{self.n_draws} draws say nothing of risk; take 2 or more.")

    def __str__(self) -> str:
        """Say it in a few words."""
        if self.kind == "mean":
            return f"mean change over {self.n_draws} draws"
        return f"mean change in the worst {1 - self.level:.0%} of {self.n_draws} draws"

    def of(self, changes: np.ndarray, *, most: bool) -> float:
        """Return what counts of some changes.

        Parameters
        ----------
        changes : ndarray, shape (D,)
        most : bool
            Whether more is better; then the lowest are the worst.

        Examples
        --------
        >>> Risk("cvar", 0.5).of(np.array([4.0, 1.0, 3.0, 2.0]), most=True)
        1.5
        """
        if self.kind == "mean":
            return float(changes.mean())
        worst = np.sort(changes if most else -changes)
        # a tail that ends within a draw counts that draw in part, so that the level moves it smoothly
        part = (1 - self.level) * len(worst)
        weights = np.clip(part - np.arange(len(worst)), 0.0, 1.0)
        found = float(weights @ worst / part)
        return found if most else -found


@dataclass
class WorstDraws:
    """The draws of one search; points already asked for are kept."""

    measure: Measure
    direction: str
    risk: Risk
    data_set: DataSet
    seed: int
    sentences: tuple[str, ...] = ()
    kept: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of(
        cls, measure: Measure, direction: str, risk: Risk, data_set: DataSet, seed: int
    ) -> WorstDraws:
        """Check that draws can be had of a measure.

        Raises
        ------
        InputError
            If they cannot.
        """
        if not measure.of_own_total:
            message = f"is '{measure}'; draws give {', '.join(MEASURES)} of the own firm over all periods."
            raise InputError([Fault("optimise", "risk", message)])
        return cls(measure, direction, risk, data_set, seed)

    def value(self, scenario: Scenario) -> float:
        """Return what counts of a scenario; NaN where it does not converge.

        Raises
        ------
        InputError
            If nothing is known of the errors of the parameters.
        """
        key = scenario.sha256
        if key not in self.kept:
            self.kept[key] = self._value(scenario)
        return self.kept[key]

    def _value(self, scenario: Scenario) -> float:
        try:
            found = paired_runs(scenario, self.data_set, self.risk.n_draws, seed=self.seed)
        except ConvergenceError:
            return float("nan")
        if found.draws.basis == "none":
            raise InputError([Fault("optimise", "risk", found.draws.sentences[0])])
        self.sentences = tuple(dict.fromkeys([*self.sentences, *found.warnings]))
        changes = found.changes(self.measure.name)
        return self.risk.of(changes, most=self.direction == "most") if len(changes) else np.nan
