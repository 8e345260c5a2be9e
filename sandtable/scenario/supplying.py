"""The supply side of a scenario file: how each firm answers, and what is assumed of costs and pricing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar, cast, get_args

from sandtable.documents import Document, Place
from sandtable.errors import did_you_mean
from sandtable.scenario.model import Backlog, Response, ResponseMode, Supply
from sandtable.units import parse_amount

MODES: tuple[str, ...] = get_args(ResponseMode)
SHARES = ("conduct", "drop_out")
NUMBERS = ("longest_wait", "wait_cost")
AssumptionT = TypeVar("AssumptionT", Supply, Backlog)


def read_response(document: Document, place: Place, entry: Any) -> Response | None:
    """Read one item of ``rivals:``, a mode or a mapping; None when it has a fault."""
    before = len(document.faults)
    fields = entry if isinstance(entry, Mapping) else {"mode": entry}
    for name in fields:
        if name not in ("mode", "follow", "lag"):
            hint = did_you_mean(str(name), ("mode", "follow", "lag"))
            document.fault((*place, str(name)), f"is no field of a response{hint}")
    at = (*place, "mode") if isinstance(entry, Mapping) else place
    mode = fields.get("mode")
    if mode not in MODES:
        found = f", not '{mode}'" if isinstance(mode, str) else ""
        document.fault(at, f"must be {' or '.join(MODES)}{found}.")
    elif mode != "match":
        for name in ("follow", "lag"):
            if name in fields:
                document.fault(
                    (*place, name), f"belongs to the mode match, not to {mode}; remove it."
                )
    given: dict[str, Any] = {}
    if "follow" in fields:
        given["follow"] = _share(document, (*place, "follow"), fields["follow"])
    if "lag" in fields:
        given["lag"] = fields["lag"]
        if isinstance(given["lag"], bool) or not isinstance(given["lag"], int):
            document.fault((*place, "lag"), "must be a whole number of periods such as 1.")
    if len(document.faults) > before:
        return None
    try:
        return Response(cast("ResponseMode", mode), **given)
    except ValueError as error:
        document.fault(place, str(error))
        return None


def read_assumptions(
    document: Document, name: str, entry: Any, inherited: AssumptionT
) -> AssumptionT:
    """Read ``supply:`` or ``backlog:``, laid over that of the extended file; with a fault it stays as inherited."""
    known = [item.name for item in fields(inherited)]
    if not isinstance(
        entry, Mapping
    ):  # left out, or a fault of the structure that is noted already
        return inherited
    before = len(document.faults)
    values: dict[str, Any] = {}
    for field, value in entry.items():
        place = (name, str(field))
        if field not in known:
            document.fault(place, f"is no assumption of {name}{did_you_mean(str(field), known)}")
        elif field in SHARES:
            values[field] = _share(document, place, value)
        elif field in NUMBERS and (isinstance(value, bool) or not isinstance(value, (int, float))):
            document.fault(place, "must be a number.")
        else:
            values[field] = value
    if len(document.faults) > before:
        return inherited
    try:
        return replace(inherited, **values)
    except ValueError as error:
        document.fault((name,), str(error))
        return inherited


def _share(document: Document, place: Place, value: Any) -> float:
    """Read a share written as 0.5 or 50 %."""
    read = read_number(value)
    if read is None:
        document.fault(place, "must be a share such as 50 % or 0.5.")
    return 0.0 if read is None else read


def read_number(value: Any) -> float | None:
    """Read a number written as 0.5, "0.5" or 50 %; None when it is none, or carries a unit."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        amount = parse_amount(value)
    except ValueError:
        return None
    if amount.unit == "%":
        return float(amount.exact.scaleb(-2))
    return None if amount.unit else amount.number
