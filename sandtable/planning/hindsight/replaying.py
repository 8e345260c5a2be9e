"""Replay of past events: what the model would have said from the month before, and what was seen.

Season and market move all products, so every change is a difference: the logarithm of a product's change less the mean
of that of comparable products (its segment, no event of their own), for what was predicted and for what was seen alike.
So what an event takes from the comparable products stands on both sides.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
from scipy import stats

from sandtable.data.loading import DataSet
from sandtable.data.parameters import ParameterSet
from sandtable.market.primitives import BoolArray, FloatArray
from sandtable.planning.hindsight.past_events import History, PastEvent
from sandtable.scenario.base import base_of
from sandtable.scenario.model import Scenario
from sandtable.scenario.run import run
from sandtable.units import Change

Way = Literal["list_price", "paid_price", "seen_prices"]
WAYS: tuple[Way, ...] = get_args(Way)
FEWEST_COMPARABLES = 3
NEAREST = 100  # quiet cases, nearest in size, whose residuals make an interval
FEWEST_QUIET = 20
NOMINAL = 0.8
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Replay:
    """One event replayed; changes are logarithms against comparable products.

    Attributes
    ----------
    length : int
        Periods after the event over which the change is the mean: up to the next event of the product.
    comparables : int
        Products that it was compared with.
    units : float
        Units of the product in the period before.
    seen : float
    predicted, half_widths : dict of str to float
        By way; half the width of an 80 % interval, NaN where quiet cases are too few.
    """

    event: PastEvent
    length: int
    comparables: int
    units: float
    seen: float
    predicted: dict[Way, float]
    half_widths: dict[Way, float]


@dataclass(frozen=True)
class _Quiet:
    """Residuals of products without an event: what chance alone does."""

    bases: FloatArray
    columns: FloatArray
    sizes: FloatArray
    residuals: dict[Way, FloatArray]

    def half_width(self, way: Way, event: PastEvent, size: float) -> float:
        """Return the width that four in five residuals of cases alike keep; the event's own are left out."""
        others = (self.bases != event.base) & (self.columns != event.column)
        n = min(int(others.sum()), NEAREST)
        if n < FEWEST_QUIET:
            return float("nan")
        near = np.argsort(np.abs(self.sizes[others] - size), kind="stable")[:n]
        sorted_ = np.sort(np.abs(self.residuals[way][others][near]))
        return float(sorted_[min(int(np.ceil((n + 1) * NOMINAL)), n) - 1])


class Replayer:
    """The events of one data set under one parameter set."""

    def __init__(self, data_set: DataSet, parameters: ParameterSet, history: History) -> None:
        self._data_set, self._parameters, self._history = data_set, parameters, history
        self._prices: dict[tuple[int, int], FloatArray] = {}
        self._quiet: dict[int, _Quiet] = {}

    def quiet_slope(self, length: int) -> tuple[float, float, float, float]:
        """Return what was seen for each unit that price moves without an event predicted; see `slope_of`."""
        quiet = self._quiet_cases(length)
        seen = quiet.residuals["list_price"]
        return slope_of(seen - quiet.residuals["seen_prices"], seen, quiet.bases)

    def replay(self, event: PastEvent, periods: int) -> Replay | None:
        """Replay one event over so many periods at most; None where nothing is comparable."""
        history = self._history
        length = self._length(event, periods)
        chosen = self._comparables(event.base, length, event.column)
        if length == 0 or chosen is None:
            return None
        predicted: dict[Way, float] = {
            "list_price": _against(self._pulled(event), event.column, chosen),
            "paid_price": _against(
                self._pulled(self._as_paid(event, length)), event.column, chosen
            ),
            "seen_prices": _against(
                self._with_seen_prices(event.base, length), event.column, chosen
            ),
        }
        units = float(history.units[event.base, event.column])
        quiet = self._quiet_cases(length)
        return Replay(
            event=event,
            length=length,
            comparables=int(chosen.sum()),
            units=units,
            seen=_against(self._seen(event.base, length), event.column, chosen),
            predicted=predicted,
            half_widths={way: quiet.half_width(way, event, float(np.log(units))) for way in WAYS},
        )

    def _length(self, event: PastEvent, periods: int) -> int:
        """Count the periods from the event on until its product has another event, or is gone."""
        history, first = self._history, event.base + 1
        last = min(first + periods, len(history.periods))
        for period in range(first, last):
            again = period > first and history.touched[period, event.column]
            if again or history.units[period, event.column] <= 0:
                return period - first
        return last - first

    def _comparables(self, base: int, length: int, column: int) -> BoolArray | None:
        history = self._history
        clean = history.clean(base, length)
        clean[column] = False
        alike = clean & (np.array(history.segments) == history.segments[column])
        for chosen in (alike, clean):
            if chosen.sum() >= FEWEST_COMPARABLES:
                return chosen
        return None

    def _seen(self, base: int, length: int) -> FloatArray:
        units = self._history.units
        with np.errstate(divide="ignore", invalid="ignore"):
            changes = np.log(units[base + 1 : base + 1 + length] / units[base])
        return np.asarray(changes.mean(axis=0))

    def _pulled(self, event: PastEvent) -> FloatArray:
        """Return what the lever alone does to each product, all others holding, (J,)."""
        history = self._history
        scenario = Scenario(
            event.code,
            self._data_set.name,
            parameters=self._parameters.name,
            periods=(history.periods[event.base],),
            levers=(event.move,),
        )
        item = run(scenario, self._data_set, search_again=False).periods[0]
        market = item.base.market
        return self._placed(market.products, item.baseline.units, item.scenario.units)

    def _as_paid(self, event: PastEvent, length: int) -> PastEvent:
        """Return the event with the mean change of what customers paid instead of that of the list price."""
        before, *after = self._history.net_prices[
            event.base : event.base + 1 + length, :, event.column
        ]
        sold = np.isfinite(before) & np.isfinite(after).all(axis=0)
        paid = (
            float(np.mean(after, axis=0)[sold].mean() - before[sold].mean()) if sold.any() else 0.0
        )
        return replace(event, move=replace(event.move, change=Change("absolute", paid)))

    def _with_seen_prices(self, base: int, length: int) -> FloatArray:
        steps = [self._at_prices_of(base, base + step) for step in range(1, length + 1)]
        return np.asarray(np.mean(steps, axis=0))

    def _at_prices_of(self, base: int, target: int) -> FloatArray:
        """Return what the prices of a later period do to the market of an earlier one, (J,)."""
        if (base, target) not in self._prices:
            history = self._history
            market = base_of(self._data_set, self._parameters, history.periods[base]).market
            rows = [history.regions.index(region) for region in market.regions]
            columns = [history.products.index(code) for code in market.products]
            then = history.net_prices[target][np.ix_(rows, columns)]
            prices = np.where(np.isfinite(then), then, market.prices)
            self._prices[base, target] = self._placed(
                market.products, market.units, market.moved(prices=prices).units
            )
        return self._prices[base, target]

    def _placed(
        self, products: tuple[str, ...], before: FloatArray, after: FloatArray
    ) -> FloatArray:
        changes = np.full(len(self._history.products), np.nan)
        columns = [self._history.products.index(code) for code in products]
        changes[columns] = np.log(np.nansum(after, axis=0) / np.nansum(before, axis=0))
        return changes

    def _quiet_cases(self, length: int) -> _Quiet:
        """Gather what is left of products without an event, over windows of one length."""
        if length not in self._quiet:
            cases: list[tuple[float, ...]] = []
            for base in range(len(self._history.periods) - length):
                seen = self._seen(base, length)
                moved = self._with_seen_prices(base, length)
                for column in np.flatnonzero(self._history.clean(base, length)).tolist():
                    chosen = self._comparables(base, length, column)
                    if chosen is not None:
                        change = _against(seen, column, chosen)
                        rest = change - _against(moved, column, chosen)
                        size = float(np.log(self._history.units[base, column]))
                        cases.append((float(base), float(column), size, change, rest))
            bases, columns, sizes, changes, rests = np.array(cases).reshape(-1, 5).T
            residuals: dict[Way, FloatArray] = {
                "list_price": changes,  # nothing was pulled, so all that was seen is chance
                "paid_price": changes,
                "seen_prices": rests,
            }
            self._quiet[length] = _Quiet(bases, columns, sizes, residuals)
        return self._quiet[length]


def slope_of(
    predicted: FloatArray, seen: FloatArray, clusters: FloatArray
) -> tuple[float, float, float, float]:
    """Return seen for each unit of predicted, through the origin, with its error by cluster and its 95 % interval.

    Through the origin, because an event of size zero predicts zero.
    """
    names = np.unique(clusters)
    scale = float(predicted @ predicted)
    if len(names) < 2 or scale == 0:
        nan = float("nan")
        return nan, nan, nan, nan
    slope = float(predicted @ seen) / scale
    scores = predicted * (seen - slope * predicted)
    sums = np.array([scores[clusters == one].sum() for one in names])
    n = len(names)
    error = float(np.sqrt(n / (n - 1) * (sums @ sums))) / scale
    reach = float(stats.t.ppf(0.5 + CONFIDENCE / 2, n - 1)) * error
    return slope, error, slope - reach, slope + reach


def _against(changes: FloatArray, column: int, comparables: BoolArray) -> float:
    return float(changes[column] - changes[comparables].mean())
