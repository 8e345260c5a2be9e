"""A competitive market sand-table for carmakers: read a scenario, run it, compare.

The public names are loaded when they are first used, so that ``import sandtable`` stays light.

Examples
--------
>>> import sandtable
>>> result = sandtable.run(sandtable.Scenario("Nothing moves", "us_autos"))
>>> result.periods[0].base.period
'1990'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from sandtable.data.catalogue import data_set_names, find_data_set
    from sandtable.data.loading import DataSet, load_data_set
    from sandtable.errors import ConvergenceError, Fault, InputError, SandtableError
    from sandtable.export.folder import write_result
    from sandtable.market.demand import Demand
    from sandtable.market.market import Market
    from sandtable.market.primitives import Nests, Tastes
    from sandtable.scenario.compare import compare
    from sandtable.scenario.files import read_scenario
    from sandtable.scenario.model import Backlog, LeverMove, Response, Rivals, Scenario, Supply
    from sandtable.scenario.run import Result, run
    from sandtable.scenario.writing import write_scenario
    from sandtable.units import Change

__all__ = [
    "Backlog",
    "Change",
    "ConvergenceError",
    "DataSet",
    "Demand",
    "Fault",
    "InputError",
    "LeverMove",
    "Market",
    "Nests",
    "Response",
    "Result",
    "Rivals",
    "SandtableError",
    "Scenario",
    "Supply",
    "Tastes",
    "__version__",
    "compare",
    "data_set_names",
    "find_data_set",
    "load_data_set",
    "read_scenario",
    "run",
    "write_result",
    "write_scenario",
]

_HOMES = {
    "Backlog": "scenario.model",
    "Change": "units",
    "ConvergenceError": "errors",
    "DataSet": "data.loading",
    "Demand": "market.demand",
    "Fault": "errors",
    "InputError": "errors",
    "LeverMove": "scenario.model",
    "Market": "market.market",
    "Nests": "market.primitives",
    "Response": "scenario.model",
    "Result": "scenario.run",
    "Rivals": "scenario.model",
    "SandtableError": "errors",
    "Scenario": "scenario.model",
    "Supply": "scenario.model",
    "Tastes": "market.primitives",
    "compare": "scenario.compare",
    "data_set_names": "data.catalogue",
    "find_data_set": "data.catalogue",
    "load_data_set": "data.loading",
    "read_scenario": "scenario.files",
    "run": "scenario.run",
    "write_result": "export.folder",
    "write_scenario": "scenario.writing",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'sandtable' has no attribute '{name}'")
    value = getattr(import_module(f"sandtable.{_HOMES[name]}"), name)
    globals()[name] = value  # the next use finds it without coming here
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
