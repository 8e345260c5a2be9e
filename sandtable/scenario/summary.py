"""A result in few numbers: what a firm sells and earns, who wins and who loses, where volume comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sandtable.market.primitives import BoolArray, FloatArray
from sandtable.scenario.funnel_base import funnel_table
from sandtable.scenario.kpis import KPI_INDICATORS
from sandtable.scenario.periods import PeriodResult
from sandtable.scenario.reading import Reading, read_codes


@dataclass(frozen=True)
class Totals:
    """What one firm does in some regions; leads and conversion are None where unknown.

    Attributes
    ----------
    share_of_sales : float
        Share of all units sold in those regions (without the outside good), 0 to 1.
    """

    units: float
    share_of_sales: float
    leads: float | None
    conversion: float | None
    revenue: float
    contribution_profit: float


Items = PeriodResult | Sequence[PeriodResult]


def totals(
    items: Items, firm: str, regions: tuple[str, ...] | None = None
) -> tuple[Totals, Totals]:
    """Return what a firm does, baseline and scenario, as the indicators of `KPI_INDICATORS` define it.

    Parameters
    ----------
    items : PeriodResult or sequence of them
        One period of a result, or several together.
    firm : str
        The firm, by its base ownership.
    regions : tuple of str, optional
        Some of the regions; all by default.
    """
    several = _several(items)
    chosen = several[0].base.market.regions if regions is None else regions
    baseline, scenario = read_codes(several, firm, chosen)
    return _totals(baseline), _totals(scenario)


def stage_totals(items: Items, firm: str) -> dict[str, tuple[float, float]]:
    """Return the people of one firm at each stage of the funnel, baseline and scenario; empty where unknown."""
    several = _several(items)
    table = funnel_table(several[0].base.data_set)
    if table is None:
        return {}

    def people(side: Sequence[FloatArray]) -> list[float]:
        parts = zip(several, side, strict=True)
        own = [np.nansum(counts[:, :, _owned(item, firm)], axis=(1, 2)) for item, counts in parts]
        return np.sum(own, axis=0).tolist()  # type: ignore[no-any-return]

    before = people([item.base.stages for item in several])
    after = people([item.stages for item in several])
    pairs = zip(before, after, strict=True)
    return dict(zip(table.stages, pairs, strict=True)) if any(before) else {}


def _several(items: Items) -> Sequence[PeriodResult]:
    return [items] if isinstance(items, PeriodResult) else items


def _rows(item: PeriodResult, regions: tuple[str, ...] | None) -> list[int]:
    known = item.base.market.regions
    return [known.index(region) for region in (known if regions is None else regions)]


def _owned(item: PeriodResult, firm: str) -> BoolArray:
    return np.array([name == firm for name in item.base.market.firms])


def _totals(reading: Reading) -> Totals:
    figures = {kpi: reading.figures[code] for kpi, code in KPI_INDICATORS.items()}
    return Totals(
        units=figures["units"] or 0.0,
        share_of_sales=figures["share_of_sales"] or 0.0,
        leads=figures["leads"],
        conversion=figures["conversion"],
        revenue=figures["revenue"] or 0.0,
        contribution_profit=figures["contribution_profit"] or 0.0,
    )


def change_by_firm(items: Items, regions: tuple[str, ...] | None = None) -> dict[str, float]:
    """Return the change of units of each firm (base ownership), largest gain first."""
    by_firm: dict[str, float] = {}
    for item in _several(items):
        rows = _rows(item, regions)
        change = (item.scenario.units - item.baseline.units)[rows].sum(axis=0)
        for firm, value in zip(item.base.market.firms, change, strict=True):
            by_firm[firm] = by_firm.get(firm, 0.0) + float(value)
    return dict(sorted(by_firm.items(), key=lambda pair: -pair[1]))


@dataclass(frozen=True)
class VolumeSource:
    """Where the change of one product's units comes from; the parts sum to the gain.

    Attributes
    ----------
    gain : float
        Change of the product's units.
    from_rivals : dict
        Units that each other firm lost (negative: gained).
    from_own : float
        Units that the firm's other products lost.
    from_outside : float
        Units that are new to the market.
    """

    gain: float
    from_rivals: dict[str, float]
    from_own: float
    from_outside: float


def volume_source(
    item: PeriodResult, product: str, regions: tuple[str, ...] | None = None
) -> VolumeSource:
    """Return where the change of a product's units comes from."""
    market = item.base.market
    firm = market.firms[market.products.index(product)]
    by_firm = change_by_firm(item, regions)
    rows = _rows(item, regions)
    change = (item.scenario.units - item.baseline.units)[rows].sum(axis=0)
    gain = float(change[market.products.index(product)])
    return VolumeSource(
        gain=gain,
        from_rivals={name: -value for name, value in by_firm.items() if name != firm},
        from_own=gain - by_firm[firm],
        from_outside=float(change.sum()),
    )
