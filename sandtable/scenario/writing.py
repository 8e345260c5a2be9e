"""`Scenario` -> scenario file; reading it back gives an equal scenario."""

from __future__ import annotations

import os
import tempfile
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from sandtable.scenario.model import LeverMove, Rivals, Scenario
from sandtable.units import Change


def write_scenario(scenario: Scenario, path: Path) -> None:
    """Write a scenario file whole or not at all.

    Raises
    ------
    OSError
        If the folder cannot be written; the old file, if any, is then untouched.
    """
    text = scenario_text(scenario)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def scenario_text(scenario: Scenario) -> str:
    """Return the text of a scenario file (YAML 1.2, UTF-8).

    Examples
    --------
    >>> print(scenario_text(Scenario("Empty", "us_autos")), end="")
    schema: 1
    title: Empty
    data: us_autos
    """
    yaml = YAML()
    yaml.width = 100
    yaml.indent(mapping=2, sequence=4, offset=2)
    stream = StringIO()
    yaml.dump(_plain(scenario), stream)
    return stream.getvalue()


def _plain(scenario: Scenario) -> dict[str, Any]:
    horizon = None
    if scenario.periods:
        horizon = {"from": scenario.periods[0], "to": scenario.periods[-1]}
    values: dict[str, Any] = {
        "schema": 1,
        "title": scenario.title,
        "question": scenario.question,
        "author": scenario.author,
        "data": scenario.data,
        "parameters": scenario.parameters,
        "own_firm": scenario.own_firm,
        "horizon": horizon,
        "levers": [move_fields(move) for move in scenario.levers],
        "rivals": None if scenario.rivals == Rivals() else scenario.rivals.to_data(),
        "supply": scenario.supply.to_data() or None,
        "backlog": scenario.backlog.to_data() or None,
        "not_modelled": list(scenario.not_modelled),
    }
    return {name: value for name, value in values.items() if value not in (None, "", [])}


def move_fields(move: LeverMove) -> dict[str, Any]:
    """Return a move as a file writes it: its fields by name, those left out that it does not have."""
    values = {
        "lever": move.lever,
        "product": move.product,
        "firm": move.firm,
        "owner": move.owner,
        **move.further,
        "region": move.region,
        "change": None if move.change is None else _change_text(move.change),
        "value": move.value,
        "like": list(move.like) or None,
        "characteristics": dict(move.characteristics) or None,
        "terms": dict(move.terms) or None,
        "from": move.first,
        "to": move.last,
    }
    return {name: value for name, value in values.items() if value is not None}


def _change_text(change: Change) -> str | float:
    amount = float(change.amount) + 0.0  # no -0
    if change.kind == "absolute":
        return amount
    # the shortest decimal that reads back as the same number
    return f"{format(Decimal(repr(amount)).scaleb(2).normalize(), '+f')} %"
