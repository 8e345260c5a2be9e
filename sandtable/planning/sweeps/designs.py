"""Which combinations of levels a sweep visits: all of them, or a sample that fills the room evenly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np
from scipy.stats import qmc

from sandtable.market.primitives import IntArray

SEED = 20260701


@dataclass(frozen=True)
class Grid:
    """Every combination; the last axis turns fastest.

    Examples
    --------
    >>> Grid((2, 3)).levels(2, 5)
    array([[0, 2],
           [1, 0],
           [1, 1]])
    """

    sizes: tuple[int, ...]

    @property
    def count(self) -> int:
        """How many combinations there are."""
        return prod(self.sizes)

    def __len__(self) -> int:
        return self.count

    def levels(self, start: int, stop: int) -> IntArray:
        """Return the level of each axis for some combinations, shape (n, A)."""
        places = np.unravel_index(np.arange(start, min(stop, len(self))), self.sizes)
        return np.stack(places, axis=1).astype(np.int64)


@dataclass(frozen=True)
class Sample:
    """Combinations from a scrambled Sobol sequence: evenly spread over every axis and every pair of axes.

    Attributes
    ----------
    sizes : tuple of int
        Levels of each axis.
    count : int
    seed : int
        The same seed gives the same combinations.
    """

    sizes: tuple[int, ...]
    count: int
    seed: int = SEED

    def __len__(self) -> int:
        return self.count

    @cached_property
    def _all(self) -> IntArray:
        points = qmc.Sobol(len(self.sizes), rng=np.random.default_rng(self.seed))
        # a power of two keeps the sequence balanced
        drawn = points.random_base2((self.count - 1).bit_length())[: self.count]
        levels: IntArray = np.minimum(
            (drawn * self.sizes).astype(np.int64), np.array(self.sizes) - 1
        )
        return levels

    def levels(self, start: int, stop: int) -> IntArray:
        """Return the level of each axis for some combinations, shape (n, A)."""
        return self._all[start:stop]


Design = Grid | Sample


def blocks_of(design: Design, size: int) -> Sequence[tuple[int, int]]:
    """Return where the blocks of a design begin and end."""
    return [(start, min(start + size, len(design))) for start in range(0, len(design), size)]
