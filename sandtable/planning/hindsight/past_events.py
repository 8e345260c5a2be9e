"""Past events of a data set as levers, and the history of sales in which they happened."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sandtable.data.loading import DataSet, load_data_set
from sandtable.data.metadata import BilingualText
from sandtable.market.primitives import BoolArray, FloatArray
from sandtable.scenario.calendar import periods_of
from sandtable.scenario.model import LeverMove
from sandtable.units import Change

RAMP = 6  # periods after its launch in which a product grows by itself
SMALLEST = 1e-6  # part of a price below which nothing moved

NOT_REPLAYED: Mapping[str, BilingualText] = {
    "kind": BilingualText(
        en="it is no change of a price; launches, facelifts and rules have no month before them that "
        "differs by one lever",
        zh="不是价格调整；上市、改款和政策没有只差一个抓手的事前月份",
    ),
    "no_product": BilingualText(
        en="it names no product of the data set", zh="没有指明数据集中的产品"
    ),
    "no_base": BilingualText(
        en="its product was not sold in the period before it, or there is none",
        zh="事前一期没有该产品的销量，或没有事前一期",
    ),
    "no_change": BilingualText(
        en="the list price of its product did not move in the sales table",
        zh="销量表中该产品指导价没有变动",
    ),
    "ramp": BilingualText(
        en=f"its product was launched less than {RAMP} periods before",
        zh=f"该产品上市不足 {RAMP} 期",
    ),
    "no_comparables": BilingualText(
        en="too few products without an event of their own to compare it with",
        zh="同期没有足够的无事件产品可供比较",
    ),
}


@dataclass(frozen=True)
class History:
    """What was sold in all regions together, by period and product.

    Attributes
    ----------
    periods, products, firms, segments : tuple of str
        T periods, J products with their firm and segment.
    regions : tuple of str
        In the order of `net_prices`.
    units : ndarray, shape (T, J)
        0 where a product is not sold.
    list_prices, net_prices : ndarray, shape (T, R, J)
        NaN where a product is not sold.
    touched : ndarray of bool, shape (T, J)
        Whether a product has an event of its own in a period.
    """

    periods: tuple[str, ...]
    products: tuple[str, ...]
    firms: tuple[str, ...]
    segments: tuple[str, ...]
    regions: tuple[str, ...]
    units: FloatArray
    list_prices: FloatArray
    net_prices: FloatArray
    touched: BoolArray

    def settled(self, base: int) -> BoolArray:
        """Which products were sold in a period and are past the growth after their launch, (J,)."""
        sold = self.units > 0
        first = np.where(sold.any(axis=0), sold.argmax(axis=0), len(self.periods))
        return np.asarray(sold[base] & ((first == 0) | (base - first >= RAMP)))

    def clean(self, base: int, length: int) -> BoolArray:
        """Which settled products have no event of their own in the periods after a base, (J,)."""
        window = slice(base + 1, base + 1 + length)
        calm = ~self.touched[window].any(axis=0) & (self.units[window] > 0).all(axis=0)
        return np.asarray(self.settled(base) & calm)


@dataclass(frozen=True)
class PastEvent:
    """An event that a lever can express.

    Attributes
    ----------
    code : str
        As the table of events names it.
    base : int
        Number of the period before it.
    column : int
        Number of its product.
    change : float
        Change of the list price as a rate.
    move : LeverMove
        The lever that the event was.
    """

    code: str
    base: int
    column: int
    change: float
    move: LeverMove


def events_table(data_set: DataSet) -> pd.DataFrame | None:
    """Return the table of events; None where the data set has none."""
    if not any(path.stem == "events" for path in data_set.folder.iterdir()):
        return None
    return load_data_set(data_set.folder, tables={"events"}).tables["events"]


def history_of(data_set: DataSet, events: pd.DataFrame) -> History:
    """Read the sales by period, region and product, and mark where products have events."""
    sales, products = data_set.tables["sales"], data_set.tables["products"]
    periods, codes = periods_of(data_set), tuple(products["product"].tolist())
    regions = tuple(sorted(sales["region"].unique()))
    shape = (len(periods), len(regions), len(codes))
    keys = [
        pd.Index(names).get_indexer(pd.Index(sales[column]))
        for column, names in (("period", periods), ("region", regions), ("product", codes))
    ]
    arrays = {name: np.full(shape, np.nan) for name in ("units", "list_price", "net_price")}
    for name, array in arrays.items():
        array[tuple(keys)] = sales[name].to_numpy(dtype=np.float64, na_value=np.nan)
    units = np.nan_to_num(arrays["units"])
    total = units.sum(axis=1)
    touched = np.zeros((len(periods), len(codes)), dtype=np.bool_)
    own = events[events["product"].notna()]
    rows = pd.Index(periods).get_indexer(pd.Index(own["period"]))
    columns = pd.Index(codes).get_indexer(pd.Index(own["product"]))
    known = (rows >= 0) & (columns >= 0)
    touched[rows[known], columns[known]] = True
    return History(
        periods=periods,
        products=codes,
        firms=tuple(products["firm"].tolist()),
        segments=tuple(products["segment"].tolist()),
        regions=regions,
        units=total,
        list_prices=np.where(units > 0, arrays["list_price"], np.nan),
        net_prices=np.where(units > 0, arrays["net_price"], np.nan),
        touched=touched,
    )


def levers_of(
    history: History, events: pd.DataFrame, own_firm: str
) -> tuple[list[PastEvent], list[tuple[str, str, str]]]:
    """Say which lever each event was.

    Returns
    -------
    events : list of PastEvent
        Those that a price lever expresses, in the order of the table.
    left_out : list of (event, kind, reason)
        The others; the reason is a key of `NOT_REPLAYED`.
    """
    found: list[PastEvent] = []
    left_out: list[tuple[str, str, str]] = []
    for row in events.to_dict("records"):
        event = _lever_of(history, row, own_firm)
        if isinstance(event, str):
            left_out.append((row["event"], row["kind"], event))
        else:
            found.append(event)
    return found, left_out


def _lever_of(history: History, row: Mapping[Hashable, Any], own_firm: str) -> PastEvent | str:
    if row["kind"] != "price" or row["product"] not in history.products:
        return "kind" if row["kind"] != "price" else "no_product"
    if row["period"] not in history.periods[1:]:
        return "no_base"
    column = history.products.index(row["product"])
    base = history.periods.index(row["period"]) - 1
    before, after = history.list_prices[base : base + 2, :, column]
    both = np.isfinite(before) & np.isfinite(
        after
    )  # the same regions: a shift between them is no event
    if not both.any():
        return "no_base"
    before, after = before[both].mean(), after[both].mean()
    if abs(after - before) <= SMALLEST * before:
        return "no_change"
    if not history.settled(base)[column]:
        return "ramp"
    lever = "list_price" if history.firms[column] == own_firm else "rival_price"
    change = Change("absolute", float(after - before))
    move = LeverMove(lever, product=row["product"], change=change)
    return PastEvent(row["event"], base, column, float(after / before - 1), move)
