"""The periods and regions that a scenario may name, and the base path of the coming periods."""

from __future__ import annotations

from sandtable.data.kept import Kept
from sandtable.data.loading import DataSet
from sandtable.forecast.base_paths import BasePath, base_path
from sandtable.forecast.periods import periods_after
from sandtable.forecast.rolling import HORIZON

COMING = 24  # periods beyond the last observed one that a scenario may run


def periods_of(data_set: DataSet) -> tuple[str, ...]:
    """Return the observed periods, oldest first."""
    return _periods.get(
        data_set.fingerprint, lambda: tuple(sorted(data_set.tables["sales"]["period"].unique()))
    )


def coming_periods(data_set: DataSet) -> tuple[str, ...]:
    """Return the periods after the last observed one that a scenario may run."""
    return periods_after(periods_of(data_set)[-1], data_set.metadata.frequency, COMING)


def path_of(data_set: DataSet, period: str) -> BasePath:
    """Return the base path as far as a coming period, or as far as the back-test reaches."""
    reach = coming_periods(data_set).index(period) < HORIZON
    return base_path(data_set, HORIZON if reach else COMING)


def regions_of(data_set: DataSet, region: str | None) -> tuple[str, ...]:
    """Return the regions that a name stands for: a region, an area, or all (None).

    Raises
    ------
    KeyError
        If the data set has no such region or area.
    """
    regions = tuple(sorted(data_set.tables["market"]["region"].unique()))
    if region is None:
        return regions
    if region in data_set.metadata.areas:
        return tuple(data_set.metadata.areas[region])
    if region not in regions:
        raise KeyError(region)
    return (region,)


_periods = Kept[str, tuple[str, ...]](limit=16)
