"""The tables funnel and dealers -> counts by stage, period and dealer; and rates by region, dealer or product."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sandtable.data.loading import DataSet
from sandtable.data.metadata import Frequency
from sandtable.errors import Fault, InputError, did_you_mean
from sandtable.funnel.stages import STAGES, rates_of

IntArray = NDArray[np.int64]
By = Literal["region", "dealer", "product"]

PERIODS_A_YEAR: Mapping[Frequency, int] = {"month": 12, "quarter": 4, "year": 1}
# Customers who came by a friend or come again: a rate of the stage they are counted at.
LOYALTY = {"referral": ("referrals", "leads"), "repeat": ("repeat_orders", "orders")}


@dataclass(frozen=True)
class FunnelCounts:
    """The funnel of some periods, by dealer.

    Attributes
    ----------
    stages : tuple of str
        Stages that the table has, S of them.
    periods : tuple of str
        All periods of the calendar from the first to the last, T of them.
    dealers : tuple of str
        Those with any row, D of them, in order of name.
    regions, areas, city_tiers : tuple of str
        Of each dealer; empty text where the data set does not say.
    counts : ndarray of int, shape (S, T, D)
    periods_a_year : int
    """

    stages: tuple[str, ...]
    periods: tuple[str, ...]
    dealers: tuple[str, ...]
    regions: tuple[str, ...]
    areas: tuple[str, ...]
    city_tiers: tuple[str, ...]
    counts: IntArray
    periods_a_year: int

    @property
    def years(self) -> float:
        """How many years the periods are."""
        return len(self.periods) / self.periods_a_year


def check_funnel(data_set: DataSet) -> pd.DataFrame:
    """Return the table funnel.

    Raises
    ------
    InputError
        If the data set has none.
    """
    if "funnel" not in data_set.tables:
        raise no_funnel(data_set.name)
    return data_set.tables["funnel"]


def no_funnel(name: str) -> InputError:
    """Return the error of a data set without a funnel."""
    message = (
        "this data set has no table funnel, so there is nothing to diagnose; "
        "add funnel.csv and dealers.csv, or name a data set that has them."
    )
    return InputError([Fault(name, "funnel", message)])


def chosen_rows(
    data_set: DataSet,
    period_from: str | None,
    period_to: str | None,
    products: Collection[str] = (),
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the rows of the funnel that were asked for, and their periods.

    Parameters
    ----------
    data_set : DataSet
        With the table funnel.
    period_from, period_to : str, optional
        First and last period; by default the last twelve months, four quarters or one year.
    products : collection of str, optional
        By default all.

    Raises
    ------
    InputError
        With everything that is unknown.
    """
    funnel = check_funnel(data_set)
    market = data_set.tables["market"]["period"]
    seen = [str(period) for period in sorted(set(funnel["period"]))]
    if not seen:
        raise InputError([Fault(data_set.name, "funnel", "the table has no rows; add some.")])
    known = [str(period) for period in sorted({*market, *seen}) if seen[0] <= period <= seen[-1]]
    faults = []
    for option, period in (("--period-from", period_from), ("--period-to", period_to)):
        if period is not None and period not in known:
            message = f"'{period}' is not in the funnel; expected {known[0]} to {known[-1]}."
            faults.append(Fault(data_set.name, option, message))
    names = sorted(set(funnel["product"]))
    for product in products:
        if product not in names:
            hint = did_you_mean(product, names)
            message = f"no product of the funnel is called '{product}'{hint}"
            faults.append(Fault(data_set.name, "--product", message))
    if faults:
        raise InputError(faults)
    last = known.index(period_to or known[-1])
    length = PERIODS_A_YEAR[data_set.metadata.frequency]
    first = max(0, last - length + 1) if period_from is None else known.index(period_from)
    if first > last:
        message = f"{known[first]} is after {known[last]}; exchange --period-from and --period-to."
        raise InputError([Fault(data_set.name, "--period-from", message)])
    periods = tuple(known[first : last + 1])
    rows = funnel[funnel["period"].isin(periods)]
    if products:
        rows = rows[rows["product"].isin(list(products))]
    if rows.empty:
        message = (
            f"the funnel has no rows from {periods[0]} to {periods[-1]}; choose other periods."
        )
        raise InputError([Fault(data_set.name, "funnel", message)])
    return rows, periods


def stages_in(funnel: pd.DataFrame) -> tuple[str, ...]:
    """Return the stages that the table has; cards may be missing."""
    return tuple(stage for stage in STAGES if stage in funnel)


def count_funnel(
    data_set: DataSet,
    *,
    period_from: str | None = None,
    period_to: str | None = None,
    products: Collection[str] = (),
) -> FunnelCounts:
    """Count the funnel by stage, period and dealer, products together.

    Parameters
    ----------
    data_set : DataSet
        With the tables funnel and dealers.
    period_from, period_to, products
        See `chosen_rows`.

    Raises
    ------
    InputError
        If there is no funnel, or a period or product is unknown.
    """
    rows, periods = chosen_rows(data_set, period_from, period_to, products)
    stages = stages_in(rows)
    dealers, places = np.unique(rows["dealer"].to_numpy(dtype=object), return_inverse=True)
    months = pd.Index(periods).get_indexer(pd.Index(rows["period"]))
    counts = np.zeros((len(stages), len(periods), len(dealers)), dtype=np.int64)
    for stage, name in enumerate(stages):
        np.add.at(counts[stage], (months, places), rows[name].to_numpy(np.int64))
    homes = rows.drop_duplicates("dealer").set_index("dealer")["region"].loc[dealers]
    about = data_set.tables["dealers"].set_index("dealer").reindex(dealers)
    tiers = about["city_tier"] if "city_tier" in about else pd.Series("", index=dealers)
    areas = [data_set.metadata.area_of(str(region)) or "" for region in homes]
    return FunnelCounts(
        stages,
        periods,
        tuple(map(str, dealers)),
        tuple(map(str, homes)),
        tuple(areas),
        tuple(map(str, tiers.fillna(""))),
        counts,
        PERIODS_A_YEAR[data_set.metadata.frequency],
    )


def stage_table(
    data_set: DataSet,
    *,
    by: By = "region",
    period_from: str | None = None,
    period_to: str | None = None,
) -> pd.DataFrame:
    """Counts and rates of the stages by region, dealer or product, and of all together.

    Parameters
    ----------
    data_set : DataSet
        With the table funnel.
    by : str
        ``region``, ``dealer`` or ``product``.
    period_from, period_to : str, optional
        See `chosen_rows`.

    Returns
    -------
    DataFrame
        Column `by`, the stages, ``<stage>_rate`` into each stage but the first, and where counted
        ``referral_rate`` (of leads) and ``repeat_rate`` (of orders). The last row, ``all``, is the sum.
        A rate is missing where nobody arrived.

    Raises
    ------
    InputError
        If there is no funnel, or a period is unknown.
    """
    rows, _ = chosen_rows(data_set, period_from, period_to)
    stages = stages_in(rows)
    loyal = {name: pair for name, pair in LOYALTY.items() if pair[0] in rows}
    columns = [*stages, *(count for count, _ in loyal.values())]
    totals = rows.groupby(by, sort=True, observed=True)[columns].sum()
    totals.loc["all"] = totals.sum()
    counts = totals.astype(np.int64)
    for name, rate in _rates(counts, stages, loyal).items():
        counts[name] = rate
    return counts.rename_axis(by).reset_index()


def _rates(
    counts: pd.DataFrame, stages: Sequence[str], loyal: Mapping[str, tuple[str, str]]
) -> dict[str, NDArray[np.float64]]:
    rates = rates_of(counts[list(stages)].to_numpy(np.int64).T)
    named = {f"{stage}_rate": rate for stage, rate in zip(stages[1:], rates, strict=True)}
    for name, (part, whole) in loyal.items():
        named[f"{name}_rate"] = rates_of(counts[[whole, part]].to_numpy(np.int64).T)[0]
    return named
