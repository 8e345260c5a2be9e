"""Options against what may happen: expected value, regret, the robust choice, what knowing would be worth."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sandtable.market.primitives import BoolArray, FloatArray

CLOSE = 1e-12  # part of the largest payoff below which two are equal


@dataclass(frozen=True)
class Flip:
    """At which chance of a branch another option has the highest expected value.

    Attributes
    ----------
    branch : int
        Place of the branch.
    now, at : float
        Its probability, and the nearest one at which the choice turns, 0 to 1.
    option : int
        The option that is chosen beyond.
    """

    branch: int
    now: float
    at: float
    option: int


@dataclass(frozen=True)
class Payoffs:
    """What each option gives in each state of the world; more is better.

    Attributes
    ----------
    values : ndarray, shape (O, S)
    probabilities : ndarray, shape (S,)
        Of the states; they sum to 1.
    """

    values: FloatArray
    probabilities: FloatArray

    @cached_property
    def expected(self) -> FloatArray:
        """Mean over the states, (O,)."""
        return np.asarray(self.values @ self.probabilities)

    @cached_property
    def deviation(self) -> FloatArray:
        """Standard deviation over the states, (O,)."""
        apart = (self.values - self.expected[:, None]) ** 2
        return np.asarray(np.sqrt(apart @ self.probabilities))

    @cached_property
    def worst(self) -> FloatArray:
        """Lowest value over the states that can happen, (O,)."""
        return np.asarray(self.values[:, self.probabilities > 0].min(axis=1))

    @cached_property
    def regret(self) -> FloatArray:
        """What each option falls short of the best one in each state, (O, S): 0 or more."""
        return np.asarray(self.values.max(axis=0) - self.values)

    @cached_property
    def largest_regret(self) -> FloatArray:
        """Over the states that can happen, (O,)."""
        return np.asarray(self.regret[:, self.probabilities > 0].max(axis=1))

    @property
    def best(self) -> int:
        """The option with the highest expected value; of equal ones the first."""
        return int(np.argmax(self.expected))

    @property
    def robust(self) -> int:
        """The option whose largest regret is smallest (Savage 1951)."""
        return int(np.argmin(self.largest_regret))

    @property
    def cautious(self) -> int:
        """The option whose worst value is highest (Wald 1950)."""
        return int(np.argmax(self.worst))

    @property
    def value_of_knowing(self) -> float:
        """What it is worth to know the state before choosing: expected value of perfect information."""
        known = float(self.values.max(axis=0) @ self.probabilities)
        return max(known - float(self.expected.max()), 0.0)

    @cached_property
    def dominated(self) -> BoolArray:
        """Options that some other one equals or beats in every state, and beats in one, (O,)."""
        close = CLOSE * np.abs(self.values).max(initial=0.0)
        gaps = self.values[None] - self.values[:, None]  # of the second option over the first
        return np.asarray(((gaps >= -close).all(axis=2) & (gaps > close).any(axis=2)).any(axis=1))

    def flips(self, branches: list[BoolArray]) -> list[Flip]:
        """Return for each branch the nearest chance at which the choice by expected value turns.

        Parameters
        ----------
        branches : list of ndarray of bool, shape (S,)
            The states below each branch; the chances within and beside a branch keep their proportions.
        """
        found = []
        for place, inside in enumerate(branches):
            chance = float(self.probabilities[inside].sum())
            if not 0 < chance < 1:
                continue
            within = self.values[:, inside] @ self.probabilities[inside] / chance
            beside = self.values[:, ~inside] @ self.probabilities[~inside] / (1 - chance)
            lead, slope = (
                beside[self.best] - beside,
                (within - beside)[self.best] - (within - beside),
            )
            turns = [
                (float(-lead[option] / slope[option]), option)
                for option in range(len(self.values))
                if slope[option] != 0 and option != self.best
            ]
            inner = [turn for turn in turns if 0 <= turn[0] <= 1]
            if inner:
                at, option = min(inner, key=lambda turn: abs(turn[0] - chance))
                found.append(Flip(place, chance, at, option))
        return found
