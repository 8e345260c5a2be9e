"""The media table as arrays: spend of each brand by period, region and channel."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sandtable.data.loading import DataSet

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class MediaCells:
    """Spend over T periods, R regions, B brands and C channels.

    Attributes
    ----------
    periods, regions, brands, channels : tuple of str
        All sorted, but the channels: in the order of the table.
    spend : ndarray, shape (T, R, B, C)
        In money units; 0 where the table has no row.
    households : ndarray, shape (T, R)
        Market sizes.
    """

    periods: tuple[str, ...]
    regions: tuple[str, ...]
    brands: tuple[str, ...]
    channels: tuple[str, ...]
    spend: FloatArray
    households: FloatArray

    @cached_property
    def per_household(self) -> FloatArray:
        """Spend per household in the market, (T, R, B, C)."""
        return np.asarray(self.spend / self.households[:, :, None, None])


def media_cells(data_set: DataSet) -> MediaCells | None:
    """Return the spend of a data set; None when it has no media table.

    Parameters
    ----------
    data_set : DataSet
        With the tables ``media`` and ``market``.

    Returns
    -------
    MediaCells or None
    """
    table = data_set.tables.get("media")
    if table is None:
        return None
    market = data_set.tables["market"]
    sizes = market.pivot(index="period", columns="region", values="market_size").sort_index()
    sizes = sizes.reindex(columns=sorted(sizes.columns))
    brands = sorted(table["brand"].unique())
    channels = list(dict.fromkeys(table["channel"]))
    spend = np.zeros((*sizes.shape, len(brands), len(channels)))
    places = [
        pd.Index(known).get_indexer(pd.Index(table[column]))
        for known, column in (
            (sizes.index, "period"),
            (sizes.columns, "region"),
            (brands, "brand"),
            (channels, "channel"),
        )
    ]
    known = np.all([place >= 0 for place in places], axis=0)
    spend[tuple(place[known] for place in places)] = table["spend"].to_numpy(np.float64)[known]
    return MediaCells(
        tuple(sizes.index),
        tuple(sizes.columns),
        tuple(brands),
        tuple(channels),
        spend,
        sizes.to_numpy(np.float64),
    )
