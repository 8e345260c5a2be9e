"""The scenario with rivals held and with rivals answered, side by side by firm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sandtable.app.formatting import MISSING, Format
from sandtable.app.panels import plain_table
from sandtable.app.text import Text
from sandtable.scenario.periods import PeriodResult


@dataclass(frozen=True)
class FirmChange:
    """What one firm, or several, gain in units and how far their net prices move.

    Attributes
    ----------
    units : float
        Change of units.
    price : float
        Relative change of the mean net price, weighted by base units; NaN if none is sold.
    """

    units: float
    price: float


def change_of(item: PeriodResult, firms: set[str], rows: list[int]) -> FirmChange:
    """Return the change of some firms, by base ownership, in some regions."""
    owned = np.array([firm in firms for firm in item.base.market.firms])
    before = item.baseline.units[rows][:, owned]
    after = item.scenario.units[rows][:, owned]
    old, new = (side.net_price[rows][:, owned] for side in (item.baseline, item.scenario))
    # a product that leaves the market has no new price; the others say how the firm's prices move
    weights = np.where(np.isfinite(new) & np.isfinite(old), before, 0.0)
    paid = float(weights.sum())
    moved = float(np.nansum(weights * (new / old - 1))) / paid if paid else float("nan")
    return FirmChange(float(after.sum() - before.sum()), moved)


def held_table(
    held: PeriodResult | None,
    answered: PeriodResult | None,
    order: list[str],
    rows: list[int],
    text: Text,
    write: Format,
) -> str:
    """Return the table: own firm, named firms, all others, the whole market; a run that failed leaves dashes."""
    known = next(item for item in (held, answered) if item is not None)
    others = set(known.base.market.firms) - set(order)
    groups = [(firm, {firm}) for firm in order]
    if others:
        groups.append((text("all_others"), others))
    groups.append((text("whole_market"), set(known.base.market.firms)))
    lines = []
    for name, firms in groups:
        cells = [name]
        changes = [
            None if item is None else change_of(item, firms, rows) for item in (held, answered)
        ]
        cells += [
            MISSING if change is None else write.signed_count(change.units) for change in changes
        ]
        cells += [_price(change, write) for change in changes]
        lines.append(cells)
    columns = [
        text("firm"),
        text("cars_held"),
        text("cars_answered"),
        text("price_held"),
        text("price_answered"),
    ]
    return plain_table(columns, lines, 0)


def _price(change: FirmChange | None, write: Format) -> str:
    if change is None or not np.isfinite(change.price):
        return MISSING
    written = write.signed_percent(change.price)
    return written if any(digit in written for digit in "123456789") else MISSING


def held_title(
    held: PeriodResult | None,
    answered: PeriodResult | None,
    firm: str,
    rows: list[int],
    text: Text,
    write: Format,
) -> str:
    """Return the finding: what the rivals' answers do to the own firm."""
    if held is None or answered is None:
        return text("held_title_failed")
    first, second = (change_of(item, {firm}, rows).units for item in (held, answered))
    slots = {
        "firm": firm,
        "held": write.signed_count(first),
        "answered": write.signed_count(second),
    }
    if write.count(first) == write.count(second):
        return text("held_title_same", **slots)
    return text("held_title", **slots)
