"""Any indicator over a scenario's result: the same definitions, actual and scenario side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from sandtable.indicators.computing import compute_with
from sandtable.indicators.feeding import catalogue_of
from sandtable.scenario.reading import result_engine
from sandtable.scenario.result_tables import SIDES
from sandtable.scenario.run import Result


def compute_result(
    codes: Sequence[str],
    result: Result,
    *,
    by: Sequence[str] = (),
    where: Mapping[str, str | Sequence[str]] | None = None,
    modifiers: Sequence[str] = (),
) -> pd.DataFrame:
    """Compute indicators over the tables of a result: sales, market, funnel, money.

    Parameters
    ----------
    codes : sequence of str
    result : Result
        Its own firm is the own firm of the indicators.
    by, where, modifiers
        As `sandtable.indicators.compute` takes them; months are those of the result.

    Returns
    -------
    DataFrame
        The dimensions, then ``<code>_baseline`` and ``<code>_scenario`` for each indicator, ordered by the
        dimensions; a cell that only one side has is missing on the other.

    Raises
    ------
    InputError
        With every reason why the question cannot be answered, such as a table that no result holds.
    """
    found = catalogue_of(result.data_set)
    frames = []
    for side in SIDES:
        engine = result_engine(found, result.periods, result.own_firm, side)
        try:
            frame = compute_with(found, engine, codes, by=by, where=where, modifiers=modifiers)
        finally:
            engine.close()
        named = {name: f"{name}_{side}" for name in frame.columns if name not in by}
        frames.append(frame.rename(columns=named))
    keys = list(by)
    if not keys:
        both = pd.concat(frames, axis="columns")
    else:
        both = frames[0].merge(frames[1], on=keys, how="outer", sort=True)
    names = [name for name in frames[0].columns if name not in keys]
    paired = [f"{name.removesuffix('_baseline')}_{side}" for name in names for side in SIDES]
    return both[[*keys, *paired]]
