"""Weak links lifted to their benchmarks: each is a lever of the scenario, and brings what the model says."""

from __future__ import annotations

from collections.abc import Sequence

from sandtable.app.funnel_view.words import Row
from sandtable.scenario.known import Known
from sandtable.scenario.model import LeverMove, Scenario
from sandtable.scenario.run import Result
from sandtable.scenario.summary import totals
from sandtable.units import Change

LEVER = "stage_rate"


def lift_move(row: Row, scenario: Scenario, firm: str, known: Known) -> LeverMove:
    """Return the lever that lifts a link to its benchmark.

    Parameters
    ----------
    row : dict
        A link of the diagnosis, of a region or a dealer.
    scenario : Scenario
        The lever acts from its first coming period on, else from its first one.
    firm : str
        The own firm.
    known : Known
    """
    place = "dealer" if row["level"] == "dealer" else "region"
    change = round(row["benchmark"] / row["pooled_rate"] - 1, 6)
    return LeverMove(
        LEVER,
        firm=firm,
        stage=row["stage"],
        change=Change("relative", change),
        first=_start(scenario, known),
        region=row["place"] if place == "region" else None,
        dealer=row["place"] if place == "dealer" else None,
    )


def _start(scenario: Scenario, known: Known) -> str:
    periods = scenario.periods or known.observed[-1:]
    return next((period for period in periods if period not in known.observed), periods[0])


def lifted_by(row: Row, scenario: Scenario, firm: str) -> LeverMove | None:
    """Return the lever of a scenario that lifts a link, whenever and by how much it does; None without one."""
    dealer = row["place"] if row["level"] == "dealer" else None
    region = row["place"] if row["level"] == "region" else None
    wanted = (LEVER, firm, row["stage"], dealer, region)
    return next(
        (
            move
            for move in scenario.levers
            if (move.lever, move.firm, move.stage, move.dealer, move.region) == wanted
        ),
        None,
    )


def without(scenario: Scenario, moves: Sequence[LeverMove]) -> Scenario:
    """Return the scenario without some of its levers."""
    for move in moves:
        scenario = scenario.without_lever(move.key)
    return scenario


def brought(after: Result, before: Result, firm: str) -> float:
    """Return the cars that the own firm sells more in one result than in another, all periods together."""
    return totals(after.periods, firm)[1].units - totals(before.periods, firm)[1].units
