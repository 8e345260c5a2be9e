"""A result -> what the board draws: pieces, bands, rows, and the share kernel of the browser's preview."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from sandtable.app.components.board import kernel_hash
from sandtable.app.components.board_text import board_text
from sandtable.app.formatting import Format
from sandtable.app.state import TableState
from sandtable.app.text import Text
from sandtable.market.market import Market
from sandtable.market.primitives import BoolArray, FloatArray
from sandtable.scenario.base import Base
from sandtable.scenario.calendar import regions_of
from sandtable.scenario.periods import PeriodResult

DRAWN = 45
NAMED_FIRMS = 6
NAMED_ANSWERS = 5


@dataclass(frozen=True)
class Scope:
    """The regions in view, as rows of the market.

    Attributes
    ----------
    regions : tuple of str
    rows : list of int
    """

    regions: tuple[str, ...]
    rows: list[int]

    @classmethod
    def of(cls, base: Base, region: str | None) -> Scope:
        """Return the scope of a region, an area, or all."""
        regions = tuple(r for r in regions_of(base.data_set, region) if r in base.market.regions)
        return cls(regions, [base.market.regions.index(name) for name in regions])


def mean_prices(prices: FloatArray, units: FloatArray) -> FloatArray:
    """Mean list price over regions, weighted by base units, so that no mix effect moves it; NaN where none, (J,)."""
    weights = np.where(np.isfinite(prices), units, 0.0)
    totals = weights.sum(axis=0)
    highest = np.fmax.reduce(prices, axis=0)
    same = np.fmin.reduce(prices, axis=0) == highest
    weighted = np.nansum(prices * weights, axis=0) / np.where(totals > 0, totals, 1.0)
    # equal prices must come out exactly, or a piece on its base would seem moved
    return np.asarray(np.where(same | (totals == 0), highest, weighted))


def base_list_prices(base: Base, scope: Scope) -> dict[str, float]:
    """List price of each product at the base in the regions in view, in money units of the data set."""
    prices = _mean_in_scope(base.list_prices, base, scope)
    return dict(zip(base.market.products, prices.tolist(), strict=True))


def _mean_in_scope(prices: FloatArray, base: Base, scope: Scope) -> FloatArray:
    inside = prices[scope.rows]
    missing = ~np.isfinite(inside).any(axis=0)
    # a product that is not offered in view has no price there; its mean elsewhere stands in, undrawn
    known = np.isfinite(base.list_prices).sum(axis=0)
    elsewhere = np.nansum(base.list_prices, axis=0) / np.where(known, known, np.nan)
    inside = np.where(missing, elsewhere, inside)
    return mean_prices(inside, base.market.units[scope.rows])


def model_names(base: Base) -> dict[str, str]:
    """Return the short name of each product: without its brand and its model year."""
    table = base.data_set.tables["products"]
    names = {}
    for code, name, brand in table[["product", "name", "brand"]].itertuples(index=False):
        short = re.sub(r" \d{4}(-\d)?$", "", str(name).removeprefix(f"{brand} "))
        names[str(code)] = short or str(code)
    return names


def share_kernel(market: Market, rows: list[int], money_scale: float) -> dict[str, Any]:
    """Return what the browser needs, beside the net prices, to preview shares while a piece is dragged.

    Parameters
    ----------
    market : Market
        The confirmed market.
    rows : list of int
        Regions in view.
    money_scale : float
        Currency units in one money unit of the data set: the browser works in currency.
    """
    demand = market.demand
    nests = demand.nests
    zeros = [0] * len(market.products)
    return {
        "alphas": (demand.tastes.price_coefficients / money_scale).tolist(),
        "weights": demand.tastes.weights.tolist(),
        "sigma_outer": nests.sigma_outer if nests else 0.0,
        "sigma_inner": nests.sigma_inner if nests else 0.0,
        "outer": nests.outer.tolist() if nests else zeros,
        "inner": nests.inner.tolist() if nests else zeros,
        "deltas": [
            [value if np.isfinite(value) else None for value in row]
            for row in market.deltas[rows].tolist()
        ],
        "market_sizes": market.market_sizes[rows].tolist(),
    }


@dataclass(frozen=True)
class _Figures:
    """Units and list prices (in currency) of each product in view, now and at the base; (J,) each."""

    units: FloatArray
    base_units: FloatArray
    prices: FloatArray
    base_prices: FloatArray

    @classmethod
    def of(cls, item: PeriodResult, scope: Scope) -> _Figures:
        base, scale = item.base, item.base.data_set.metadata.money_scale
        now = np.where(item.market.offered, item.scenario.list_price, base.list_prices)
        return cls(
            units=item.scenario.units[scope.rows].sum(axis=0),
            base_units=item.baseline.units[scope.rows].sum(axis=0),
            prices=_mean_in_scope(now, base, scope) * scale,
            base_prices=_mean_in_scope(base.list_prices, base, scope) * scale,
        )


def board_view(
    item: PeriodResult, state: TableState, scope: Scope, text: Text, write: Format
) -> dict[str, Any]:
    """Return everything that the board draws, as plain JSON values, money in currency units."""
    metadata = item.base.data_set.metadata
    scale = metadata.money_scale
    products = item.base.data_set.tables["products"]
    segments = list(dict.fromkeys(products["segment"]))
    figures = _Figures.of(item, scope)
    drawn = _drawn(item, state, np.maximum(figures.base_units, figures.units))
    pieces = _pieces(item, state, scope, figures, drawn, segments)
    kernel = share_kernel(item.market, scope.rows, scale)
    style: Literal["cny", "plain"] = "cny" if metadata.currency == "CNY" else "plain"
    edges = [edge * scale for edge in metadata.price_bands]
    return {
        "kernel_hash": kernel_hash(kernel),
        "kernel": kernel,
        "prices": (item.market.prices[scope.rows] * scale).tolist(),
        "products": list(item.base.market.products),
        "pieces": pieces,
        "rows": [text.name(segment) for segment in segments],
        "bands": edges,
        "rest": _rest(item, figures, ~drawn, edges, segments),
        "firms": _firms(item.base.market, figures.base_units, state.own_firm),
        "selected": state.selected,
        "price_step": metadata.price_step * scale,
        "price_range": _price_range(pieces, metadata.price_step * scale),
        "money": {"currency": metadata.currency, "style": style},
        "language": text.language,
        "text": board_text(text.language, style),
        "acknowledged": state.acknowledged.as_data() if state.acknowledged else None,
        "revision": state.revision,
        "base_period_label": write.period(item.base.period),
        "busy": False,
        "view": "board",
        "new_piece": {"firm": state.own_firm},
    }


def _drawn(item: PeriodResult, state: TableState, largest: FloatArray) -> BoolArray:
    """Choose the pieces: the own ones, what a lever or the user picked, and the largest of the others."""
    market = item.base.market
    named = {move.product for move in state.scenario.levers} | {state.selected}
    first = np.array(
        [
            firm == state.own_firm or code in named
            for code, firm in zip(market.products, market.firms, strict=True)
        ]
    )
    order = np.lexsort((-largest, ~first))
    drawn = np.zeros(len(first), dtype=bool)
    drawn[order[: max(DRAWN, int(first.sum()))]] = True
    return np.asarray(drawn & (largest > 0))


def _pieces(
    item: PeriodResult,
    state: TableState,
    scope: Scope,
    figures: _Figures,
    drawn: BoolArray,
    segments: list[str],
) -> list[dict[str, Any]]:
    base, market = item.base, item.base.market
    scale = base.data_set.metadata.money_scale
    segment = base.data_set.tables["products"].set_index("product")["segment"]
    offered = np.asarray(item.market.offered[scope.rows].any(axis=0))
    names = model_names(base)
    answering = _answering(figures, drawn, [firm == state.own_firm for firm in market.firms])
    pieces = []
    for j in np.flatnonzero(drawn):
        code, firm = market.products[j], market.firms[j]
        own = firm == state.own_firm
        price, base_price = float(figures.prices[j]), float(figures.base_prices[j])
        pieces.append(
            {
                "id": code,
                "name": names[code],
                "firm": firm,
                "own": own,
                "row": segments.index(segment[code]),
                "price": price,
                "base_price": base_price,
                "units": float(figures.units[j]),
                "base_units": float(figures.base_units[j]),
                "answering": bool(answering[j]),
                "movable": bool(offered[j]),
                "seen": [bound * scale for bound in base.prices_seen(code)],
            }
        )
    return pieces


def _answering(figures: _Figures, drawn: BoolArray, own: list[bool]) -> BoolArray:
    """Choose the rivals' pieces that carry a line of change: the largest moves that do not round to nothing."""
    change = np.abs(figures.prices / figures.base_prices - 1)
    change = np.where(drawn & ~np.array(own) & (change >= 0.0005), change, 0.0)
    answering = np.zeros(len(change), dtype=bool)
    answering[np.argsort(-change)[:NAMED_ANSWERS]] = True
    return np.asarray(answering & (change > 0))


def _rest(
    item: PeriodResult,
    figures: _Figures,
    hidden: BoolArray,
    edges: list[float],
    segments: list[str],
) -> dict[str, Any]:
    """Sum what is not drawn, so that bands and rows still hold the whole market."""
    market = item.base.market
    segment = item.base.data_set.tables["products"].set_index("product")["segment"]
    rows = np.array([segments.index(segment[code]) for code in market.products])
    sold = hidden & (figures.base_units > 0)
    drawable = np.maximum(figures.base_units, figures.units) > 0  # a new piece has no base

    def by_band(prices: FloatArray, units: FloatArray) -> list[float]:
        bands = np.clip(np.searchsorted(edges, prices, side="right") - 1, 0, None)
        return np.bincount(bands[sold], units[sold], minlength=len(edges)).tolist()  # type: ignore[no-any-return]

    return {
        "count": int(sold.sum()),
        "of": int(drawable.sum()),
        "units": float(figures.units[sold].sum()),
        "base_units": float(figures.base_units[sold].sum()),
        "by_band": by_band(figures.prices, figures.units),
        "base_by_band": by_band(figures.base_prices, figures.base_units),
        "by_row": np.bincount(rows[sold], figures.units[sold], minlength=len(segments)).tolist(),
    }


def firm_order(market: Market, base_units: FloatArray, own_firm: str) -> list[str]:
    """Return the own firm and the six largest others; these carry a colour."""
    sums = _units_by_firm(market, base_units)
    others = sorted((firm for firm in sums if firm != own_firm), key=lambda firm: -sums[firm])
    return [own_firm, *others[:NAMED_FIRMS]]


def _units_by_firm(market: Market, base_units: FloatArray) -> dict[str, float]:
    sums: dict[str, float] = {}
    for firm, units in zip(market.firms, base_units.tolist(), strict=True):
        sums[firm] = sums.get(firm, 0.0) + units
    return sums


def _firms(market: Market, base_units: FloatArray, own_firm: str) -> dict[str, Any]:
    named = firm_order(market, base_units, own_firm)
    count = len(_units_by_firm(market, base_units))
    return {"order": named, "own": own_firm, "others_count": count - len(named)}


def _price_range(pieces: list[dict[str, Any]], step: float) -> list[float]:
    """Fix the axis to the base prices, with room to move; a price that was moved past it widens it."""
    bases = [piece["base_price"] for piece in pieces]
    now = [piece["price"] for piece in pieces]
    span = max(bases) - min(bases) or max(bases)
    low = max(step, min(min(bases) - 0.06 * span, min(now) - step))
    return [low, max(max(bases) + 0.06 * span, max(now) + step)]
