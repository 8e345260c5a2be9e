"""The figures that quality tests look at: few queries, each computed once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from sandtable.indicators.binding import tables_of
from sandtable.indicators.catalogue import Catalogue
from sandtable.indicators.computing import compute_with
from sandtable.indicators.engine import DuckDBEngine
from sandtable.indicators.formulas import names_of
from sandtable.indicators.tables import Dimension

# So many indicators in one query: fewer cost more to compile, more cost more to run.
BATCH = 9
PLACES: tuple[Dimension, ...] = ("month", "region")


def grain_of_tests(found: Catalogue, code: str) -> tuple[Dimension, ...]:
    """Return the grain at which a range is tested.

    What is aggregated from rows is tested by all its dimensions at once. What is composed of others is tested by month
    and region, because a quotient of a handful of rows says nothing, and by the dimensions that one of its leaves does
    not split: a share of a whole is 1 without them.
    """
    definition = found.definition(code)
    if definition.kind != "composite":
        return tuple(definition.dimensions)
    leaves = [found.leaf(name) for name in names_of(found.formula(code))]
    kept = {*PLACES, *(one for leaf in leaves for one in leaf.fixed_over)}
    return tuple(one for one in definition.dimensions if one in kept)


class Figures:
    """Computes indicators for tests, several in one query where that changes nothing.

    Parameters
    ----------
    found : Catalogue
    engine : DuckDBEngine
    """

    def __init__(self, found: Catalogue, engine: DuckDBEngine) -> None:
        self.found = found
        self.engine = engine
        self._kept: dict[tuple[str, tuple[Dimension, ...]], pd.DataFrame] = {}

    def prepare(self, codes: Iterable[str]) -> None:
        """Compute indicators at the grain of their tests; a cell that only another one fills holds zero or nothing."""
        grouped: dict[tuple[Dimension, ...], list[str]] = {}
        # Neighbours that read the same tables share their scans.
        for code in sorted(codes, key=lambda code: (tables_of(self.found, code), code)):
            grouped.setdefault(grain_of_tests(self.found, code), []).append(code)
        for by, asked in grouped.items():
            for start in range(0, len(asked), BATCH):
                batch = asked[start : start + BATCH]
                frame = self.together(batch, by)
                for code in batch:
                    self._kept[code, by] = _known(frame, code, by)

    def at(self, code: str, by: tuple[Dimension, ...]) -> pd.DataFrame:
        """Return the dimensions and the figure, where there is one."""
        if (code, by) not in self._kept:
            self._kept[code, by] = _known(self.together([code], by), code, by)
        return self._kept[code, by]

    def alone(self, code: str, by: tuple[Dimension, ...]) -> pd.DataFrame:
        """Return the dimensions and the figure in the cells that the indicator itself fills."""
        return _known(self.together([code], by), code, by)

    def together(self, codes: Sequence[str], by: Sequence[Dimension]) -> pd.DataFrame:
        """Return several indicators at one grain."""
        return compute_with(self.found, self.engine, codes, by=by)


def _known(frame: pd.DataFrame, code: str, by: Sequence[Dimension]) -> pd.DataFrame:
    return frame[[*by, code]].dropna(subset=[code]).reset_index(drop=True)
