"""Who takes whose customers: elasticities and diversion of one base, ready to look up."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from sandtable.scenario.answers import View, diversion, elasticities

CLOSEST = 5
IN_HEAT_MAP = 12
OWN_IN_HEAT_MAP = 5


@dataclass(frozen=True)
class Substitutes:
    """Elasticities and diversion of the products sold in view.

    Attributes
    ----------
    elasticity : DataFrame
        Per cent change of the row's units for one per cent on the column's price.
    diversion : DataFrame
        Part of the row's lost buyers who go to the column, 0 to 1; the outside good is a column too.
    firms : dict
        Owner of each product.
    """

    elasticity: pd.DataFrame
    diversion: pd.DataFrame
    firms: dict[str, str]

    @classmethod
    def of(cls, view: View) -> Substitutes:
        """Read both off one table of slopes."""
        crossed = elasticities(view)
        lost = diversion(view)
        return cls(
            crossed.pivot(index="product", columns="price_of", values="elasticity"),
            lost.pivot(index="product", columns="to", values="diversion").fillna(0.0),
            dict(zip(crossed["product"], crossed["firm"], strict=True)),
        )

    @cached_property
    def products(self) -> tuple[str, ...]:
        """All products sold in view."""
        return tuple(self.elasticity.index)

    # thousands of cells are looked up on each run of the page: a dictionary is a hundred times as fast
    @cached_property
    def _elasticities(self) -> dict[str, dict[str, float]]:
        return _cells(self.elasticity)

    @cached_property
    def _diversions(self) -> dict[str, dict[str, float]]:
        return _cells(self.diversion)

    def takers(self, product: str) -> dict[str, float]:
        """Return what each rival's product takes of the buyers a product loses, largest first."""
        mine = self.firms[product]
        return {to: part for to, part in self._others(product) if self.firms[to] != mine}

    def closest(self, product: str, count: int = CLOSEST) -> tuple[str, ...]:
        """Return the rivals' products that take most of the buyers a product loses."""
        return tuple(self.takers(product))[:count]

    def own_range(self, product: str) -> dict[str, float]:
        """Return what the other products of its firm keep of the buyers a product loses, largest first."""
        mine = self.firms[product]
        return {to: part for to, part in self._others(product) if self.firms[to] == mine}

    def _others(self, product: str) -> list[tuple[str, float]]:
        parts = [(code, self.to(product, code)) for code in self.products if code != product]
        return sorted(parts, key=lambda pair: (-pair[1], pair[0]))

    def own_elasticity(self, product: str) -> float:
        """Return the own price elasticity of a product."""
        return self._elasticities[product][product]

    def cross_elasticity(self, product: str, price_of: str) -> float:
        """Return what one per cent on another price does to the units of a product, per cent."""
        return self._elasticities[product][price_of]

    def to(self, product: str, target: str) -> float:
        """Return the part of a product's lost buyers who go to another product, or to no car."""
        return self._diversions[product][target]

    def chosen(
        self, product: str, segments: dict[str, str], prices: dict[str, float]
    ) -> list[tuple[str, list[str]]]:
        """Choose the products of the heat maps: the product, its firm's range, its closest rivals.

        Returns
        -------
        list of (str, list of str)
            Segment and its products by price; segments in the order of their cheapest product.
        """
        own = tuple(self.own_range(product))[:OWN_IN_HEAT_MAP]
        rivals = self.closest(product, IN_HEAT_MAP - 1 - len(own))
        by_price = sorted({product, *own, *rivals}, key=lambda code: (prices[code], code))
        groups: dict[str, list[str]] = {}
        for code in by_price:
            groups.setdefault(segments[code], []).append(code)
        return list(groups.items())


def _cells(frame: pd.DataFrame) -> dict[str, dict[str, float]]:
    columns = [str(name) for name in frame.columns]
    return {
        str(row): dict(zip(columns, values, strict=True))
        for row, values in zip(frame.index, frame.to_numpy().tolist(), strict=True)
    }
