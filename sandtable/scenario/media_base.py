"""Media in the base of a period: what each brand spends, and what of its earlier spend is still at work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sandtable.data.kept import Kept
from sandtable.data.loading import DataSet
from sandtable.data.media_cells import MediaCells, media_cells
from sandtable.data.parameters import ParameterSet
from sandtable.market.primitives import FloatArray
from sandtable.response.media import adstock, hill, steady_stock
from sandtable.scenario.calendar import coming_periods, path_of, periods_of

PERIODS_A_YEAR = {"month": 12, "quarter": 4, "year": 1}


@dataclass(frozen=True)
class MediaPath:
    """Spend and adstock of B brands in C channels over the observed and the coming periods.

    Attributes
    ----------
    periods, brands, channels : tuple of str
        Channels are those whose response is known.
    spend : ndarray, shape (T, R, B, C)
        Per household in the market, in money units; a coming period spends like the same one a year before.
    stock : ndarray, shape (T, R, B, C)
        Adstock; before the first period all were like it.
    households : ndarray, shape (T, R)
    effect, carry_over, half, slope : ndarray, shape (C,)
    """

    periods: tuple[str, ...]
    brands: tuple[str, ...]
    channels: tuple[str, ...]
    spend: FloatArray
    stock: FloatArray
    households: FloatArray
    effect: FloatArray
    carry_over: FloatArray
    half: FloatArray
    slope: FloatArray


@dataclass(frozen=True)
class MediaBase:
    """One period of a `MediaPath`.

    Attributes
    ----------
    path : MediaPath
    place : int
        Of the period in the path.
    brand_of : ndarray of int, shape (J,)
        Place of the brand of each product; -1 where it has no row in the media table.
    """

    path: MediaPath
    place: int
    brand_of: NDArray[np.int64]

    @property
    def stock(self) -> FloatArray:
        """Adstock of the period, (R, B, C)."""
        return np.asarray(self.path.stock[self.place])

    @cached_property
    def _worth(self) -> FloatArray:
        return self._utility(self.stock)

    def _utility(self, stock: FloatArray) -> FloatArray:
        path = self.path
        return np.asarray(hill(stock, path.half, path.slope) @ path.effect)

    def utility_change(self, change: FloatArray) -> FloatArray:
        """Utility that a change of the adstock adds to each product, (R, J); exactly 0 where nothing changes.

        Parameters
        ----------
        change : ndarray, shape (R, B, C)
            In money units per household.
        """
        by_brand = np.where(
            change.any(axis=2), self._utility(np.maximum(self.stock + change, 0)) - self._worth, 0.0
        )
        with_none = np.hstack([by_brand, np.zeros((len(by_brand), 1))])
        return np.asarray(with_none[:, self.brand_of])


def media_base(
    data_set: DataSet, parameters: ParameterSet, period: str, brands: Sequence[str]
) -> MediaBase | None:
    """Return the media of one period; None where the data have none or the parameter set knows no response to them.

    Parameters
    ----------
    data_set : DataSet
    parameters : ParameterSet
    period : str
        An observed or a coming one.
    brands : sequence of str, length J
        Brand of each product.
    """
    if parameters.media is None or "media" not in data_set.tables:
        return None
    coming = period not in periods_of(data_set)
    key = (data_set.fingerprint, parameters.fingerprint, coming)
    path = _paths.get(key, lambda: _path(data_set, parameters, coming=coming))
    places = {brand: place for place, brand in enumerate(path.brands)}
    brand_of = np.array([places.get(brand, -1) for brand in brands], dtype=np.int64)
    return MediaBase(path, path.periods.index(period), brand_of)


def _path(data_set: DataSet, parameters: ParameterSet, *, coming: bool) -> MediaPath:
    cells = _cells.get(data_set.fingerprint, lambda: media_cells(data_set))
    media = parameters.media
    assert cells is not None
    assert media is not None
    known = [name for name in cells.channels if name in media.channels]
    spend = cells.spend[..., [cells.channels.index(name) for name in known]]
    periods, households = cells.periods, cells.households
    if coming:
        periods = (*periods, *coming_periods(data_set))
        households = np.vstack([households, _coming_households(data_set, cells.regions)])
        year = min(PERIODS_A_YEAR[data_set.metadata.frequency], len(spend))
        again = [len(spend) - year + place % year for place in range(len(periods) - len(spend))]
        spend = np.concatenate([spend, spend[again]])
    per_household = spend / households[:, :, None, None]
    numbers = {
        field: np.array([getattr(media.channels[name], field).value for name in known])
        for field in ("effect", "carry_over", "half", "slope")
    }
    stock = np.empty_like(per_household)
    for place, carry_over in enumerate(numbers["carry_over"].tolist()):
        spent = per_household[..., place]
        before = steady_stock(spent[0], carry_over)
        stock[..., place] = adstock(spent, carry_over, before=before)
    return MediaPath(
        periods=periods,
        brands=cells.brands,
        channels=tuple(known),
        spend=per_household,
        stock=stock,
        households=households,
        **numbers,
    )


def _coming_households(data_set: DataSet, regions: Sequence[str]) -> FloatArray:
    """Return the market sizes of the coming periods, (H, R)."""
    coming = coming_periods(data_set)
    path = path_of(data_set, coming[-1])
    rows = [path.regions.index(region) for region in regions]
    return np.asarray(path.market_sizes[: len(coming)][:, rows])


_paths = Kept[tuple[str, str, bool], MediaPath](limit=8)
_cells = Kept[str, MediaCells | None](limit=4)
