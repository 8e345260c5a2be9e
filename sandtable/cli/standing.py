"""How indicators stand with a data set, as the command line shows it everywhere."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandtable.cli.printing import print_table, say

if TYPE_CHECKING:
    from sandtable.indicators import Catalogue
    from sandtable.indicators.certificate import Certificate
    from sandtable.indicators.standing_here import StandingHere

# released: published with the package, whose review it passed; unapproved: its file alone says published.
APPROVED = {"package": "released", "file": "published", "none": "unapproved"}
RESULTS = {True: "passed", False: "failed", None: "not run"}
CERTIFIED = {True: "passed", False: "failed", None: "not certified"}


def standings(
    codes: Sequence[str], data_set: str, folders: Sequence[Path] | None
) -> dict[str, StandingHere]:
    """Run the tests of indicators on a data set."""
    from sandtable.indicators import opened
    from sandtable.indicators.standing_here import standing_here

    with opened(data_set, folders=folders or ()) as (found, engine):
        return standing_here(found, engine, codes)


def flag(here: Mapping[str, StandingHere], code: str) -> dict[str, Any]:
    """Return state and reasons for JSON; nothing where no tests were run."""
    if code not in here:
        return {}
    return {"state": here[code].state, "reasons": list(here[code].reasons)}


def tests(standing: StandingHere) -> list[dict[str, Any]]:
    """Return every outcome for JSON."""
    return [asdict(outcome) for outcome in standing.outcomes]


def warn(here: Mapping[str, StandingHere]) -> None:
    """Say on the error stream which indicators are broken."""
    for one in here.values():
        if one.state == "broken":
            print(f"{one.code} is broken here: {' '.join(one.reasons)}", file=sys.stderr)  # noqa: T201


def print_standing(standing: StandingHere) -> None:
    """Print each test with what it expected and saw."""
    rows = [[one.kind, one.expected, one.seen, RESULTS[one.passed]] for one in standing.outcomes]
    print_table(f"In this data set: {standing.state}", ["test", "expected", "seen", "result"], rows)
    for reason in standing.reasons:
        say(reason, "yellow")


def certificate_text(one: Certificate) -> str:
    """Write a certificate in a line."""
    return f"{CERTIFIED[one.passed]} on {one.engine} {one.engine_version}, {one.on}"


def status_text(found: Catalogue, code: str) -> str:
    """Write the status of a definition, and whose word it is that it is published."""
    from sandtable.indicators.approval import approval

    definition = found.definition(code)
    if definition.status != "published":
        return definition.status
    return APPROVED[approval(found, code)]
