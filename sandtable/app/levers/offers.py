"""Which levers are offered for a target, group by group, and which are shown with the reason why they do nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import get_args

from sandtable.app.levers.aim import Target, aimed
from sandtable.app.state import TableState
from sandtable.data.parameters import ParameterSet
from sandtable.scenario.known import Known
from sandtable.scenario.levers import Group, Lever, lever_table
from sandtable.scenario.model import FURTHER_TARGETS, LeverMove
from sandtable.scenario.move_faults import NEEDS_LEADS

GROUPS: tuple[Group, ...] = get_args(Group)
TABLE_OF = {**dict.fromkeys(NEEDS_LEADS, "funnel"), "media": "media", "dealers": "dealers"}


@dataclass(frozen=True)
class Offer:
    """One lever of the inspector.

    Attributes
    ----------
    lever : str
    aim : LeverMove
        What it is pulled on, without amount.
    why_not : str or None
        Key of the sentence that says why it can do nothing here; None when it can.
    """

    lever: str
    aim: LeverMove
    why_not: str | None = None


def offers(
    target: Target, state: TableState, known: Known, parameters: ParameterSet
) -> list[Offer]:
    """Return the levers of a target in the order of the table; what the data set can never have is left out."""
    found = []
    reasons = _reasons(target, known, parameters)
    for name, lever in lever_table().items():
        aim = aimed(name, lever, target, state.region)
        if name == "launch" and target.launched:
            aim = _launch(target, state)
        if aim is None or not _fits(name, lever, target, known):
            continue
        found.append(Offer(name, aim, reasons.get(name)))
    return found


def by_group(found: list[Offer]) -> dict[Group, list[Offer]]:
    """Return the offers by the group of their lever, in the order of the groups."""
    table = lever_table()
    grouped = {group: [o for o in found if table[o.lever].group == group] for group in GROUPS}
    return {group: inside for group, inside in grouped.items() if inside}


def _launch(target: Target, state: TableState) -> LeverMove:
    """Return the launch of a new piece without its price, ramp and dates: who it is stays."""
    move = next(
        move
        for move in state.scenario.levers
        if (move.lever, move.product) == ("launch", target.product)
    )
    return replace(move, value=None, terms=(), first=None, last=None)


def _fits(name: str, lever: Lever, target: Target, known: Known) -> bool:
    if name == "launch":  # a new piece is made on the board; then it has this lever
        return target.launched
    if lever.products == "own" and not target.own:
        return False
    if name == "rival_price" and target.own:  # the same as the own list price
        return False
    if name in TABLE_OF and TABLE_OF[name] not in known.data_set.tables:
        return False
    required = [field for field, need in lever.fields.items() if need == "required"]
    return all(known.further[field] for field in required if field in FURTHER_TARGETS)


def _reasons(target: Target, known: Known, parameters: ParameterSet) -> dict[str, str]:
    """Return the levers that can do nothing for a target, with the key of the sentence that says why."""
    found: dict[str, str] = {}
    if not known.leads_of & _products(target, known):
        found |= dict.fromkeys(NEEDS_LEADS, "lever_no_leads")
    if parameters.media is None:
        found["media"] = "lever_not_media"
    elif target.firm not in known.spending_firms:
        found["media"] = "lever_not_spending"
    if parameters.dealers is None:
        found["dealers"] = "lever_not_dealers"
    elif target.firm not in known.firms_with_dealers:
        found["dealers"] = "lever_no_dealers"
    if not set(parameters.worth) & set(known.further["characteristic"]):
        found["spec"] = "lever_not_worth"
    return found


def _products(target: Target, known: Known) -> set[str]:
    if target.product:
        return {target.product}
    return {code for code, firm in known.firm_of.items() if firm == target.firm}


def options(field: str, aim: LeverMove, known: Known, parameters: ParameterSet) -> list[str]:
    """Return what a further field of a lever may name here: what the parameters know, dealers of the firm."""
    names = known.further[field]
    if field == "channel" and parameters.media is not None:
        return [name for name in parameters.media.channels if name in names]
    if field == "characteristic":
        return [name for name in names if name in parameters.worth]
    if field == "dealer":
        return _dealers(aim, known)
    return names


def _dealers(aim: LeverMove, known: Known) -> list[str]:
    tables = known.data_set.tables
    firm = aim.firm or known.firm_of.get(aim.product or "")
    brands = set(tables["products"].loc[tables["products"]["firm"] == firm, "brand"])
    dealers = tables.get("dealers")
    if dealers is None:
        return []
    inside = dealers["brand"].isin(brands)
    if aim.region is not None:
        areas = known.data_set.metadata.areas
        inside &= dealers["region"].isin(areas.get(aim.region, [aim.region]))
    return sorted(dealers.loc[inside, "dealer"].tolist())
