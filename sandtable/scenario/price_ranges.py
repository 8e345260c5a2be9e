"""The prices that the data have seen, by product and by segment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from sandtable.data.kept import Kept
from sandtable.data.loading import DataSet

Range = tuple[float, float]


@dataclass(frozen=True)
class PricesSeen:
    """Lowest and highest price over all periods and regions; the key says whether it is the net price.

    Attributes
    ----------
    of_product : mapping of (str, bool) to (float, float)
    of_segment : mapping of (str, bool) to (float, float)
    """

    of_product: Mapping[tuple[str, bool], Range]
    of_segment: Mapping[tuple[str, bool], Range]


def prices_seen(data_set: DataSet) -> PricesSeen:
    """Return the prices that a data set has seen, kept in memory."""
    return _seen.get(data_set.fingerprint, lambda: _look(data_set))


def _look(data_set: DataSet) -> PricesSeen:
    sales = data_set.tables["sales"]
    sold = sales[sales["units"] > 0]
    segment = sold["product"].map(data_set.tables["products"].set_index("product")["segment"])
    return PricesSeen(_ranges(sold, sold["product"]), _ranges(sold, segment))


def _ranges(sold: pd.DataFrame, names: pd.Series) -> dict[tuple[str, bool], Range]:
    return {
        (str(name), net): (float(low), float(high))
        for net, column in ((False, "list_price"), (True, "net_price"))
        for name, low, high in sold.groupby(names)[column].agg(["min", "max"]).itertuples()
    }


_seen = Kept[str, PricesSeen](limit=8)
