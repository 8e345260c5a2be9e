"""How well people were found: pairs of records said to be one person, against pairs that are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sandtable.errors import Fault, InputError


@dataclass(frozen=True)
class PairMeasures:
    """Pairs of records.

    Attributes
    ----------
    true_pairs, found_pairs, right_pairs : int
        Pairs that are one person, pairs said to be, pairs of both.
    """

    true_pairs: int
    found_pairs: int
    right_pairs: int

    @property
    def precision(self) -> float | None:
        """Part of the pairs found that are right; None when none was found."""
        return self.right_pairs / self.found_pairs if self.found_pairs else None

    @property
    def recall(self) -> float | None:
        """Part of the true pairs that were found; None when there are none."""
        return self.right_pairs / self.true_pairs if self.true_pairs else None


def measure(found: pd.DataFrame, truth: pd.DataFrame) -> PairMeasures:
    """Hold found people against the truth, by pairs.

    Parameters
    ----------
    found, truth : DataFrame
        Columns prospect and person; of the truth at least the prospects that were found.

    Raises
    ------
    InputError
        If the truth lacks a prospect.

    Examples
    --------
    >>> prospects = ["P1", "P2", "P3"]
    >>> found = pd.DataFrame({"prospect": prospects, "person": ["a", "a", "b"]})
    >>> measure(found, pd.DataFrame({"prospect": prospects, "person": ["x", "x", "x"]})).recall
    0.3333333333333333
    """
    true = truth.set_index("prospect")["person"].reindex(found["prospect"])
    missing = found["prospect"][true.isna().to_numpy()]
    if len(missing):
        message = f"lacks {len(missing):,} prospects, the first of them {missing.iloc[0]}."
        raise InputError([Fault("answer key", "", message)])
    groups, _ = pd.factorize(found["person"])
    persons, _ = pd.factorize(true)
    both = pd.DataFrame({"group": groups, "person": persons}).groupby(["group", "person"]).size()
    return PairMeasures(_pairs(np.bincount(persons)), _pairs(np.bincount(groups)), _pairs(both))


def _pairs(sizes: np.ndarray | pd.Series) -> int:
    counts = np.asarray(sizes, dtype=np.int64)
    return int((counts * (counts - 1) // 2).sum())
