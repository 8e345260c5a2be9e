"""A scenario built in Python was held against no data set yet: does it name what exists?"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sandtable.data.loading import DataSet
from sandtable.errors import Fault, InputError, did_you_mean
from sandtable.scenario.base import coming_periods, periods_of, regions_of
from sandtable.scenario.launching import launch_faults, launched_firms
from sandtable.scenario.levers import lever_table, term_faults
from sandtable.scenario.model import LeverMove, Scenario

Named = tuple[str, str, str | None, Collection[str]]  # place, kind, name, what is known


def require_known(scenario: Scenario, data_set: DataSet) -> None:
    """Refuse a scenario that names what its data set does not hold: it would silently do nothing.

    Parameters
    ----------
    scenario : Scenario
        From a file (then all is known already) or built in Python.
    data_set : DataSet
        The data set that it is run against.

    Raises
    ------
    InputError
        With all unknown names, and all levers without their amount or with one that leaves nothing.
    """
    faults = [
        Fault("scenario", place, f"no {kind} is called '{name}'{did_you_mean(name, known)}")
        for place, kind, name, known in _named(scenario, data_set)
        if name is not None and name not in known
    ]
    if scenario.data != data_set.name:
        message = f"is '{scenario.data}', but the data set at hand is '{data_set.name}'."
        faults.insert(0, Fault("scenario", "data", message))
    for index, move in enumerate(scenario.levers):
        place = f"levers[{index}]"
        problem = _amount_fault(move)
        if problem:
            faults.append(Fault("scenario", place, problem))
        if move.lever in lever_table():
            wrong = term_faults(move.lever, dict(move.terms))
            faults += [Fault("scenario", f"{place}.terms.{term}", text) for term, text in wrong]
        if move.lever == "launch":
            wrong = launch_faults(move, data_set)
            faults += [Fault("scenario", f"{place}.{field}", message) for field, message in wrong]
    if faults:
        raise InputError(faults)


def _named(scenario: Scenario, data_set: DataSet) -> Iterator[Named]:
    products = data_set.tables["products"]
    codes = {*products["product"], *launched_firms(scenario)}
    firms = sorted(set(products["firm"]))
    regions = [*regions_of(data_set, None), *data_set.metadata.areas]
    yield "parameters", "parameter set", scenario.parameters, data_set.parameter_sets
    yield "own_firm", "firm", scenario.own_firm, firms
    if scenario.periods:
        known = (*periods_of(data_set), *coming_periods(data_set))
        for period in scenario.periods:
            yield "periods", "period", period, known
    for index, move in enumerate(scenario.levers):
        place = f"levers[{index}]"
        yield f"{place}.lever", "lever", move.lever, lever_table()
        if move.lever != "launch":
            yield f"{place}.product", "product", move.product, codes
        yield f"{place}.firm", "firm", move.firm, firms
        yield f"{place}.region", "region", move.region, regions
        if move.lever != "divestiture":
            yield f"{place}.owner", "firm", move.owner, firms
    for firm, _ in scenario.rivals.by_firm:
        yield "rivals", "firm", firm, firms


def _amount_fault(move: LeverMove) -> str | None:
    lever = lever_table().get(move.lever)
    if lever is None:
        return None
    kinds = {"value" if move.change is None else move.change.kind} if lever.change else set()
    given = (move.change is not None) + (move.value is not None)
    if lever.change and (given != 1 or not kinds <= set(lever.change)):
        return f"the lever {move.lever} takes one of: {', '.join(lever.change)}."
    if move.change is not None and move.change.kind == "relative" and move.change.amount <= -1:
        return "is -100 % or less; it must leave something."
    if move.lever in ("ownership", "divestiture") and move.owner is None:
        return "names no owner; name the firm that takes over."
    if (
        lever.scope not in ("market", "any")
        and move.lever != "launch"
        and (move.product is None) == (move.firm is None)
    ):
        return "must name one product or one firm to act on."
    return None
