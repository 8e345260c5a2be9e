"""`Scenario` -> `Result`: compose the levers, let the rivals answer, read off the numbers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sandtable.data.loading import DataSet
from sandtable.data.parameters import ParameterSet
from sandtable.market.primitives import FloatArray
from sandtable.scenario.base import base_of, open_data_set, open_parameters
from sandtable.scenario.calendar import path_of, periods_of
from sandtable.scenario.model import Scenario
from sandtable.scenario.move_faults import require_known
from sandtable.scenario.periods import Memory, PeriodResult, run_period

SCHEMA = 1
QUEUE_MEASURES = ("orders", "deliveries", "cancellations", "backlog")
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
        """Tidy table: product, name, firm, region, period, then each measure ``_baseline`` and ``_scenario``.

        With capacities also what the scenario orders, delivers, cancels and lets wait.
        """
        queued = any(item.queue is not None for item in self.periods)
        parts = [_columns(item, queued=queued) for item in self.periods]
        # one table at the end: a table a period takes most of the time of a run
        return pd.DataFrame(
            {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        )

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


def _columns(item: PeriodResult, *, queued: bool) -> dict[str, NDArray[Any]]:
    """Return the columns of one period, products that are sold on neither side left out."""
    market = item.base.market
    table = item.base.data_set.tables["products"]
    named = dict(zip(table["product"].tolist(), table["name"].tolist(), strict=True))
    shape = market.prices.shape
    columns: dict[str, NDArray[Any]] = {
        "product": np.broadcast_to(np.array(market.products, dtype=object), shape),
        "name": np.broadcast_to(
            np.array([named[code] for code in market.products], dtype=object), shape
        ),
        "firm": np.broadcast_to(np.array(market.firms, dtype=object), shape),
        "region": np.broadcast_to(np.array(market.regions, dtype=object)[:, None], shape),
        "period": np.full(shape, item.base.period, dtype=object),
    }
    for measure in MEASURES:
        columns[f"{measure}_baseline"] = getattr(item.baseline, measure)
        columns[f"{measure}_scenario"] = getattr(item.scenario, measure)
    if queued:
        columns |= _queue_columns(item)
    sold = market.offered | item.composed.market.offered
    return {name: values[sold] for name, values in columns.items()}


def _queue_columns(item: PeriodResult) -> dict[str, FloatArray]:
    """Return the flow of orders; without a queue orders are delivered at once."""
    found = item.queue
    nothing = np.zeros_like(item.scenario.units)
    flows = {name: nothing if found is None else getattr(found, name) for name in QUEUE_MEASURES}
    if found is None:
        flows["orders"] = flows["deliveries"] = item.scenario.units
    return {f"{name}_scenario": values for name, values in flows.items()}


def data_header(data_set: DataSet) -> dict[str, Any]:
    """Return which files and which definitions a market stands on, as plain values."""
    return {
        "name": data_set.name,
        "sha256": data_set.sha256,
        "kind": data_set.metadata.kind,
        "definitions_sha256": data_set.definitions,
        "fed": [one.to_dict() for one in data_set.fed],
    }


def header(scenario: Scenario, data_set: DataSet, parameters: ParameterSet) -> dict[str, Any]:
    """Return where a result comes from, as plain values."""
    return {
        "schema": SCHEMA,
        "scenario": {"title": scenario.title, "sha256": scenario.sha256},
        "data": data_header(data_set),
        "parameters": parameters.name,
    }


def run(
    scenario: Scenario, data_set: DataSet | None = None, *, search_again: bool = True
) -> Result:
    """Run a scenario against its data set.

    Parameters
    ----------
    scenario : Scenario
        Read by `read_scenario`, or built in Python.
    data_set : DataSet, optional
        The loaded data set, when it is at hand.
    search_again : bool
        Whether to look for another price equilibrium from prices at cost, and say so where there is one.

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
    memory = Memory()
    for period in periods:
        base = base_of(data_set, parameters, period, scenario.supply)
        item, marks = run_period(scenario, base, own_firm, memory, search_again=search_again)
        items.append(item)
        for mark in marks:
            marked.setdefault(mark, []).append(period)
    for item in items:
        item.beside.extend(items)
    warnings = [f"{_span(where, periods)}: {mark}." for mark, where in marked.items()]
    warnings = [
        *_verdict_warnings(parameters),
        *_path_warnings(data_set, items),
        *_assumption_warnings(scenario, items),
        *warnings,
    ]
    return Result(scenario, data_set, parameters, own_firm, tuple(items), tuple(warnings))


def _verdict_warnings(parameters: ParameterSet) -> list[str]:
    """Say what the parameters' own verdict says of them, so that no number goes without its label."""
    return [] if parameters.label is None else [parameters.label.en]


def _path_warnings(data_set: DataSet, items: list[PeriodResult]) -> list[str]:
    """Say what the base path of coming periods rests on."""
    last = items[-1].base
    if not last.projected:
        return []
    path = path_of(data_set, last.period)
    judged = (path.total_units, path.own_firm_units, path.own_firm_share)
    sentences = [level.verdict.sentence.en for level in judged]
    share, place = path.own_firm_share, path.periods.index(last.period)
    if share.verdict.method != share.verdict.path_method:
        sentences.append(
            f"So that products add up, this run has {share.of_path[place]:.2%} for {path.own_firm} in "
            f"{last.period}; the forecast of that level alone is {share.median[place]:.2%}."
        )
    return list(dict.fromkeys([*sentences, *(warning.en for warning in path.warnings)]))


def _assumption_warnings(scenario: Scenario, items: list[PeriodResult]) -> list[str]:
    """Say where the answers of firms rest on something else than profits at implied costs, or come too late."""
    supply = scenario.supply
    warnings = []
    if supply.costs == "accounting":
        warnings.append(
            "costs follow the known margins of the data set; each firm keeps the ratio of its markup to "
            "the one that its profit asks for."
        )
    if supply.conduct:
        warnings.append(
            f"each firm counts {supply.conduct:.0%} of the profit of the others as its own."
        )
    late = [
        f"{firm} (lag {response.lag})"
        for firm, response in scenario.rivals.by_firm
        if response.mode == "match" and response.lag >= len(items)
    ]
    if late:
        warnings.append(f"{', '.join(late)} would follow after the last period that is run.")
    return warnings


def _span(where: list[str], periods: tuple[str, ...]) -> str:
    """Name some of the periods in few words: one, from-to when none between is missing, or each."""
    first, last = periods.index(where[0]), periods.index(where[-1])
    if len(where) > 2 and len(where) == last - first + 1:
        return f"{where[0]} to {where[-1]}"
    return ", ".join(where)
