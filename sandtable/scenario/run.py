"""`Scenario` -> `Result`: compose the levers, let the rivals answer, read off the numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from sandtable.data.loading import DataSet
from sandtable.data.parameters import ParameterSet
from sandtable.market.equilibrium import Equilibrium
from sandtable.market.market import Market
from sandtable.market.primitives import BoolArray, FloatArray
from sandtable.scenario.base import Base, base_of, open_data_set, open_parameters, periods_of
from sandtable.scenario.compose import Composed, compose
from sandtable.scenario.known import require_known
from sandtable.scenario.model import Scenario

SCHEMA = 1
MEASURES = (
    "units",
    "share",
    "net_price",
    "list_price",
    "leads",
    "conversion",
    "revenue",
    "contribution_profit",
)


@dataclass(frozen=True)
class State:
    """One side of a result, baseline or scenario: what each product does in each region, (R, J) each.

    Attributes
    ----------
    units : ndarray
        Vehicles in the period.
    share : ndarray
        Share of the whole market, the outside good included.
    net_price, list_price : ndarray
        In money units; NaN where not offered.
    leads, conversion : ndarray
        Leads, and units for each lead; NaN where unknown.
    revenue, contribution_profit : ndarray
        Money units in the period, net of value added tax; contribution is revenue less marginal costs.
    """

    units: FloatArray
    share: FloatArray
    net_price: FloatArray
    list_price: FloatArray
    leads: FloatArray
    conversion: FloatArray
    revenue: FloatArray
    contribution_profit: FloatArray


@dataclass(frozen=True)
class PeriodResult:
    """One period of a result.

    Attributes
    ----------
    base : Base
        The observed period.
    composed : Composed
        After the levers, before any answer.
    market : Market
        The market after levers and answers.
    baseline, scenario : State
        The numbers on both sides.
    answer : Equilibrium or None
        The rivals' answer; None when all hold.
    """

    base: Base
    composed: Composed
    market: Market
    baseline: State
    scenario: State
    answer: Equilibrium | None


@dataclass(frozen=True)
class Result:
    """What a scenario does.

    Attributes
    ----------
    scenario : Scenario
    data_set : DataSet
    parameters : ParameterSet
    own_firm : str
    periods : tuple of PeriodResult
        Oldest first.
    warnings : tuple of str
        What a reader of the numbers must know, a sentence each.
    """

    scenario: Scenario
    data_set: DataSet
    parameters: ParameterSet
    own_firm: str
    periods: tuple[PeriodResult, ...]
    warnings: tuple[str, ...]

    @cached_property
    def rows(self) -> pd.DataFrame:
        """Tidy table: product, name, firm, region, period, then each measure ``_baseline`` and ``_scenario``."""
        names = self.data_set.tables["products"].set_index("product")["name"]
        frames = []
        for item in self.periods:
            market = item.base.market
            n_regions, n_products = len(market.regions), len(market.products)
            columns: dict[str, Any] = {
                "product": np.tile(market.products, n_regions),
                "name": np.tile(names.loc[list(market.products)], n_regions),
                "firm": np.tile(market.firms, n_regions),
                "region": np.repeat(market.regions, n_products),
                "period": item.base.period,
            }
            for measure in MEASURES:
                for side, state in (("baseline", item.baseline), ("scenario", item.scenario)):
                    columns[f"{measure}_{side}"] = getattr(state, measure).ravel()
            frames.append(pd.DataFrame(columns)[market.offered.ravel()])
        return pd.concat(frames, ignore_index=True)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain values, for JSON: full precision, None for what is missing."""
        return {
            **header(self.scenario, self.data_set, self.parameters),
            "converged": True,
            "residual": max((i.answer.residual for i in self.periods if i.answer), default=0.0),
            "warnings": list(self.warnings),
            "rows": self.rows.astype(object)
            .where(self.rows.notna(), None)
            .to_dict(orient="records"),
        }


def header(scenario: Scenario, data_set: DataSet, parameters: ParameterSet) -> dict[str, Any]:
    """Return where a result comes from, as plain values."""
    return {
        "schema": SCHEMA,
        "scenario": {"title": scenario.title, "sha256": scenario.sha256},
        "data": {
            "name": data_set.name,
            "sha256": data_set.sha256,
            "kind": data_set.metadata.kind,
        },
        "parameters": parameters.name,
    }


def run(scenario: Scenario, data_set: DataSet | None = None) -> Result:
    """Run a scenario against its data set.

    Parameters
    ----------
    scenario : Scenario
        Read by `read_scenario`, or built in Python.
    data_set : DataSet, optional
        The loaded data set, when it is at hand.

    Returns
    -------
    Result

    Raises
    ------
    InputError
        If the data set or a name in the scenario is unknown, or moves together leave a price of zero or less.
    ConvergenceError
        If the rivals' prices did not converge, with the reason; no numbers are returned then.

    Examples
    --------
    >>> result = run(Scenario("Nothing moves", "us_autos"))
    >>> bool((result.rows["units_scenario"] == result.rows["units_baseline"]).all())
    True
    """
    data_set = data_set or open_data_set(scenario.data)
    require_known(scenario, data_set)
    parameters = open_parameters(scenario, data_set)
    own_firm = scenario.own_firm or data_set.metadata.own_firm
    periods = scenario.periods or periods_of(data_set)[-1:]
    items = []
    marked: dict[str, list[str]] = {}
    for period in periods:
        base = base_of(data_set, parameters, period)
        item, marks = _run_period(scenario, base, own_firm)
        items.append(item)
        for mark in marks:
            marked.setdefault(mark, []).append(period)
    warnings = [f"{_span(where, periods)}: {mark}." for mark, where in marked.items()]
    warnings = [*_verdict_warnings(parameters), *warnings]
    return Result(scenario, data_set, parameters, own_firm, tuple(items), tuple(warnings))


def _verdict_warnings(parameters: ParameterSet) -> list[str]:
    """Say what an estimate's own verdict says of it, so that no number goes without its label."""
    verdict = parameters.verdict
    if verdict is None or verdict.grade == "usable":
        return []
    label = "refused" if verdict.grade == "refuse" else "to be used with care"
    reasons = " ".join(reason.en for reason in verdict.reasons)
    return [f"the estimate behind '{parameters.name}' is {label}: {reasons}"]


def _span(where: list[str], periods: tuple[str, ...]) -> str:
    """Name some of the periods in few words: one, from-to when none between is missing, or each."""
    first, last = periods.index(where[0]), periods.index(where[-1])
    if len(where) > 2 and len(where) == last - first + 1:
        return f"{where[0]} to {where[-1]}"
    return ", ".join(where)


def _run_period(
    scenario: Scenario, base: Base, own_firm: str
) -> tuple[PeriodResult, tuple[str, ...]]:
    composed = compose(scenario, base)
    market = composed.market
    list_prices = composed.list_prices
    answer = None
    responding = responding_products(scenario, base, composed, own_firm)
    if responding.any():
        # a firm that pays customer cash earns so much less on each car
        answer = market.respond(base.market.costs + composed.cash_kept, responding)
        prices = answer.require()
        # a rival answers with its net price; its list price moves by the same amount
        list_prices = list_prices + (prices - market.prices)
        market = market.moved(prices=prices)
    marks = (*composed.outside_seen, *_ownership_warning(base, composed, answer))
    marks += _cost_warnings(base)
    baseline = _state(base, base.market, base.list_prices, base.leads, np.zeros_like(list_prices))
    growth = (market.market_sizes / base.market.market_sizes)[:, None]
    leads = np.where(market.offered, base.leads * composed.lead_factors * growth, np.nan)
    state = _state(base, market, list_prices, leads, composed.cash_kept)
    return PeriodResult(base, composed, market, baseline, state, answer), marks


def responding_products(
    scenario: Scenario, base: Base, composed: Composed, own_firm: str
) -> BoolArray:
    """Return the products whose prices answer: of firms in best response, not priced by a lever, still sold."""
    modes: Mapping[str, str] = {
        firm: scenario.rivals.mode(firm, own_firm) for firm in set(base.market.firms)
    }
    answers = np.array([modes[firm] == "best_response" for firm in base.market.firms])
    return np.asarray(answers & ~composed.priced & composed.market.offered.any(axis=0))


def _ownership_warning(
    base: Base, composed: Composed, answer: Equilibrium | None
) -> tuple[str, ...]:
    if answer is not None or composed.market.firms == base.market.firms:
        return ()
    return ("a new owner acts through the prices of the firms that answer, but none does",)


def _cost_warnings(base: Base) -> tuple[str, ...]:
    costs = base.market.costs
    negative = [
        code
        for code, cost in zip(base.market.products, np.nanmin(costs, axis=0), strict=True)
        if cost < 0
    ]
    if not negative:
        return ()
    shown = ", ".join(negative[:5]) + (" and more" if len(negative) > 5 else "")
    return (
        f"the parameter set '{base.parameters.name}' implies negative marginal costs for "
        f"{len(negative)} of {len(base.market.products)} products ({shown}); "
        "contribution profit and rivals' answers rest on them",
    )


def _state(
    base: Base, market: Market, list_prices: FloatArray, leads: FloatArray, cash_kept: FloatArray
) -> State:
    tax = 1 + base.data_set.metadata.value_added_tax
    units = market.units
    offered = market.offered
    net = np.where(offered, market.prices, np.nan)
    revenue = units * market.prices / tax
    margin = market.prices - cash_kept - np.nan_to_num(base.market.costs)
    with np.errstate(divide="ignore", invalid="ignore"):
        conversion = np.where(leads > 0, units / leads, np.nan)
    return State(
        units=units,
        share=market.shares,
        net_price=net,
        list_price=np.where(offered, list_prices, np.nan),
        leads=leads,
        conversion=conversion,
        revenue=revenue,
        contribution_profit=units * margin / tax,
    )
