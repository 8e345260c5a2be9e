"""What the synthetic market is made of, read from `premium_ev/plan.yaml`."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sandtable.data.metadata import StrictModel, Text
from sandtable.documents import read_document, understand
from sandtable.market.demand import Demand
from sandtable.market.primitives import FloatArray, Nests, Tastes

PLAN_FOLDER = Path(__file__).resolve().parent / "premium_ev"
BoolArray = NDArray[np.bool_]


class PlannedProduct(StrictModel):
    """One product as it stands in the last month."""

    product: Text
    firm: Text
    segment: Text
    powertrain: Text
    list_price: Annotated[int, Field(gt=0)]
    discount: Annotated[float, Field(ge=1, le=10)]
    units: Annotated[int, Field(gt=0)]
    launched: Text
    facelift: Text | None = None


class PlannedRegion(StrictModel):
    """One region: its share of units and its taste."""

    region: Text
    area: Text
    share: Annotated[float, Field(gt=0, lt=1)]
    price_offset: int
    electric: float


class PlannedDemand(StrictModel):
    """The planted parameters of demand."""

    price_coefficient: float
    price_spread: float
    quadrature_nodes: int
    sigma_segment: float
    sigma_powertrain: float


class PlannedChannel(StrictModel):
    """A media channel: its share of spend in the mean brand, and how its spend turns into utility."""

    share: Annotated[float, Field(gt=0, lt=1)]
    effect: Annotated[float, Field(ge=0)]
    carry_over: Annotated[float, Field(ge=0, lt=1)]
    half: Annotated[float, Field(gt=0)]
    slope: Annotated[float, Field(gt=0)]


class PlannedRule(StrictModel):
    """A rule that moved demand over some periods, in one region or in all."""

    period: Text
    until: Text
    region: Text | None = None
    utility: float
    text_en: Text
    text_zh: Text


class WeakLink(StrictModel):
    """A funnel rate spoilt on purpose, at one dealer or in one region."""

    dealer: Text | None = None
    region: Text | None = None
    stage: Text
    factor: float


class PlannedFunnel(StrictModel):
    """The rates of the own funnel."""

    test_drive_rate: float
    order_rate: float
    delivery_rate: float
    weak_links: list[WeakLink]


class PlanFile(StrictModel):
    """All of `plan.yaml`."""

    last_period: Text
    n_periods: Annotated[int, Field(ge=2)]
    own_firm: Text
    inside_share: Annotated[float, Field(gt=0, lt=1)]
    n_dealers: Annotated[int, Field(ge=1)]
    media: dict[str, PlannedChannel]
    dealers: Annotated[float, Field(ge=0)]
    regions: list[PlannedRegion]
    demand: PlannedDemand
    rules: list[PlannedRule]
    funnel: PlannedFunnel
    products: list[PlannedProduct]


@dataclass(frozen=True)
class Plan:
    """The plan as arrays: T periods, R regions, J products."""

    file: PlanFile

    @cached_property
    def periods(self) -> tuple[str, ...]:
        """Return the months, oldest first."""
        last = month_number(self.file.last_period)
        return tuple(month_text(last - back) for back in reversed(range(self.file.n_periods)))

    @cached_property
    def regions(self) -> tuple[str, ...]:
        """Names of the regions."""
        return tuple(region.region for region in self.file.regions)

    @cached_property
    def products(self) -> tuple[str, ...]:
        """Product codes."""
        return tuple(product.product for product in self.file.products)

    @cached_property
    def firms(self) -> tuple[str, ...]:
        """Firm of each product."""
        return tuple(product.firm for product in self.file.products)

    @cached_property
    def brands(self) -> tuple[str, ...]:
        """Return the brands, each once; every firm has one brand of its own name."""
        return tuple(dict.fromkeys(self.firms))

    @property
    def channels(self) -> tuple[str, ...]:
        """Media channels."""
        return tuple(self.file.media)

    @cached_property
    def firm_codes(self) -> NDArray[np.int64]:
        """Owner of each product as a number: place in `brands`, shape (J,)."""
        return np.array([self.brands.index(firm) for firm in self.firms], dtype=np.int64)

    @cached_property
    def own(self) -> NDArray[np.int64]:
        """Places of the own products."""
        return np.flatnonzero(np.array(self.firms) == self.file.own_firm).astype(np.int64)

    @cached_property
    def ages(self) -> FloatArray:
        """Months since launch, 0 in the month of launch, negative before, shape (T, J)."""
        months = np.array([month_number(period) for period in self.periods])
        launched = np.array([month_number(product.launched) for product in self.file.products])
        return np.asarray(months[:, None] - launched, dtype=np.float64)

    @property
    def offered(self) -> BoolArray:
        """Whether a product is on sale in a period, shape (T, J)."""
        return self.ages >= 0

    @cached_property
    def list_prices(self) -> FloatArray:
        """List prices of the last month, shape (J,)."""
        return np.array([product.list_price for product in self.file.products], dtype=np.float64)

    @cached_property
    def demand(self) -> Demand:
        """The planted demand."""
        truth = self.file.demand
        tastes = Tastes.lognormal(
            truth.price_coefficient, truth.price_spread, truth.quadrature_nodes
        )
        return Demand(tastes, self.nests(truth.sigma_segment, truth.sigma_powertrain))

    def nests(self, sigma_segment: float, sigma_powertrain: float) -> Nests:
        """Nest powertrains in segments."""
        segments = [product.segment for product in self.file.products]
        pairs = [(product.segment, product.powertrain) for product in self.file.products]
        outer, inner = sorted(set(segments)), sorted(set(pairs))
        return Nests(
            np.array([outer.index(segment) for segment in segments]),
            np.array([inner.index(pair) for pair in pairs]),
            sigma_segment,
            sigma_powertrain,
        )

    def small(self) -> Plan:
        """Return a market of the same kind with few products, regions, months and dealers, for quick tests."""
        wanted = ("N3", "N5", "N9", "O1", "O3", "L1", "C1", "D4", "P4", "Y1", "S3")
        regions = [
            region.model_copy(update={"share": share})
            for region, share in zip(
                itertools.compress(self.file.regions, [1, 0, 0, 0, 0, 0, 1, 0, 0, 1]),
                (0.25, 0.45, 0.30),
                strict=True,
            )
        ]
        links = [link for link in self.file.funnel.weak_links if link.region]
        links.append(WeakLink(dealer="D004", stage="order_rate", factor=0.7))
        return Plan(
            self.file.model_copy(
                update={
                    "n_periods": 15,
                    "n_dealers": 9,
                    "regions": regions,
                    "products": [p for p in self.file.products if p.product in wanted],
                    "funnel": self.file.funnel.model_copy(update={"weak_links": links}),
                }
            )
        )


def month_number(period: str) -> int:
    """Months since year 0 of a month such as 2026-06."""
    year, month = period.split("-")
    return 12 * int(year) + int(month) - 1


def month_text(number: int) -> str:
    """Write a number of months since year 0 as a month such as 2026-06."""
    return f"{number // 12}-{number % 12 + 1:02d}"


def premium_ev_plan() -> Plan:
    """Read the plan of the data set `premium_ev`."""
    document = read_document(PLAN_FOLDER / "plan.yaml", shown_as="premium_ev/plan.yaml")
    file = understand(document, PlanFile)
    document.finish()
    if file is None:
        raise AssertionError("a plan that is not understood leaves faults")
    return Plan(file)
