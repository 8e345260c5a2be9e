"""What is wrong with one lever move: one list of checks for files, for scenarios built in Python and for the app."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType

from sandtable.data.loading import DataSet
from sandtable.errors import Fault, InputError, did_you_mean
from sandtable.scenario.calendar import regions_of
from sandtable.scenario.known import Known
from sandtable.scenario.launching import launch_faults, launched_firms
from sandtable.scenario.levers import Lever, lever_table, term_faults
from sandtable.scenario.model import FURTHER_TARGETS, LeverMove, Scenario
from sandtable.units import Change

Faults = Iterator[tuple[str, str]]

NEEDS_LEADS = ("lead_volume", "conversion", "stage_rate", "referral_reward")
ZERO_ALLOWED = ("customer_cash", "dealer_cash", "subsidy", "capacity", "media")
NOTHING_LEFT_ALLOWED = ("media",)
OWNERS = ("ownership", "divestiture")
_NOTHING: Mapping[str, str] = MappingProxyType({})


def move_faults(
    move: LeverMove, scenario: Scenario, known: Known, unread: Mapping[str, str] = _NOTHING
) -> Faults:
    """Yield what is wrong with a move: the field (``""`` for the move as a whole) and a sentence.

    Parameters
    ----------
    move : LeverMove
    scenario : Scenario
        That it belongs to, or will: its own firm, parameter set and launches count.
    known : Known
        The names of the data set.
    unread : mapping of str to str
        Fields that a file gives but that could not be read (``change``, ``terms.rate``), and why: said in their place.
    """
    lever = lever_table().get(move.lever)
    if lever is None:
        yield "lever", _unknown("lever", move.lever, lever_table())
        yield from _unknown_names(move, known)
        return
    if move.lever != "launch":
        yield from _target_faults(move, lever, scenario, known)
    yield from _amount_faults(move, lever, unread)
    yield from _further_faults(move, lever, known)
    yield from _date_faults(move, known)
    unread_terms = [field for field in unread if field.startswith("terms.")]
    for field in unread_terms:
        yield field, unread[field]
    for term, sentence in term_faults(move.lever, dict(move.terms)):
        if f"terms.{term}" not in unread_terms:
            yield f"terms.{term}", sentence
    if move.lever == "launch":
        yield from launch_faults(move, known.data_set)
        yield from _unknown_names(move, known, ("firm", "region"))


def _unknown(kind: str, name: str, known: Collection[str]) -> str:
    return f"no {kind} is called '{name}'{did_you_mean(name, known)}"


def _unknown_names(
    move: LeverMove, known: Known, fields: Collection[str] = ("product", "firm", "region")
) -> Faults:
    names: dict[str, Collection[str]] = {
        "product": known.firm_of,
        "firm": known.firms,
        "region": known.regions_and_areas,
    }
    for field in fields:
        given = getattr(move, field)
        if given is not None and given not in names[field]:
            yield field, _unknown(field, given, names[field])


def _target_faults(move: LeverMove, lever: Lever, scenario: Scenario, known: Known) -> Faults:
    fault = False
    for field, sentence in _scope_faults(move, lever):
        fault = True
        yield field, sentence
    launched = launched_firms(scenario)
    own_firm = known.data_set.metadata.own_firm
    if scenario.own_firm in known.firms:
        own_firm = scenario.own_firm
    owner = move.firm
    for field, name, firms in (
        ("product", move.product, {**known.firm_of, **launched}),
        ("firm", move.firm, {firm: firm for firm in known.firms}),
    ):
        if name is None:
            continue
        if name not in firms:
            fault = True
            yield field, _unknown(field, name, firms)
            continue
        owner = firms[name]
        if lever.products == "own" and owner != own_firm:
            fault = True
            hint = "; use rival_price for another firm's price" if lever.unit == "money" else ""
            yield (
                field,
                f"the lever {move.lever} is for products of {own_firm}, this one is {owner}'s{hint}.",
            )
    if move.region is not None and move.region not in known.regions_and_areas:
        fault = True
        yield "region", _unknown("region", move.region, known.regions_and_areas)
    if move.lever in OWNERS:
        yield from _owner_faults(move, owner, known)
    if not fault:
        yield from _need_faults(move, scenario, known)


def _scope_faults(move: LeverMove, lever: Lever) -> Faults:
    name, product, firm = move.lever, move.product, move.firm
    if lever.scope == "market":
        for field in ("product", "firm"):
            if getattr(move, field) is not None:
                yield field, f"the lever {name} acts on the whole market; remove it."
    elif (product is None) == (firm is None) and (product or lever.scope != "any"):
        wanted = "product or firm" if lever.scope in ("firm_or_product", "any") else lever.scope
        what = "names both a product and a firm" if product else "names nothing to act on"
        yield "", f"{what}; name one {wanted}."
    elif firm is not None and lever.scope == "product":
        yield "firm", f"the lever {name} acts on a product; name one."
    elif product is not None and lever.scope == "firm":
        yield "product", f"the lever {name} acts on a firm; name one."


def _owner_faults(move: LeverMove, owner_now: str | None, known: Known) -> Faults:
    owner = move.owner
    if owner is None:
        yield "owner", "is missing; name the firm that takes over."
    elif move.lever == "divestiture":
        if owner in known.firms:
            yield "owner", f"{owner} exists already; use the lever ownership, or name a new firm."
    elif owner not in known.firms:
        yield "owner", _unknown("firm", owner, known.firms)
    elif owner == owner_now:
        yield "owner", f"{owner} already owns {move.product or 'its products'}; name another."
    if move.region is not None:
        yield "region", "an owner changes everywhere; remove it."


def _need_faults(move: LeverMove, scenario: Scenario, known: Known) -> Faults:
    """Say what the data set or the parameter set lacks for a move."""
    name, data_set = move.lever, known.data_set
    if name in NEEDS_LEADS:
        mine = [move.product] if move.product else _products_of(move.firm, known)
        if "funnel" not in data_set.tables:
            yield "lever", f"the lever {name} needs leads, but {data_set.name} has no funnel table."
        elif not known.leads_of.intersection(mine):
            target = move.product or move.firm
            yield "lever", f"the lever {name} needs leads; the data have none of {target}."
    firms = {"media": known.spending_firms, "dealers": known.firms_with_dealers}
    if name in firms:
        if name not in data_set.tables:
            yield "lever", f"the lever {name} needs the table {name}, which {data_set.name} lacks."
            return
        if move.firm not in firms[name]:
            yield "firm", f"the table {name} has no row of {move.firm}."
    yield from _parameter_faults(move, scenario, known)
    absolute = move.change is not None and move.change.kind == "absolute"
    if name == "dealers" and absolute and move.region not in regions_of(data_set, None):
        yield "region", "a dealer stands in one region; name it, or give the change in per cent."


def _parameter_faults(move: LeverMove, scenario: Scenario, known: Known) -> Faults:
    """Say what the parameter set does not know of a lever."""
    metadata, sets = known.data_set.metadata, known.data_set.parameter_sets
    parameters = sets.get(scenario.parameters or metadata.default_parameters)
    if parameters is None:
        return
    about = f"the parameter set '{parameters.name}'"
    if move.lever == "media" and parameters.media is None:
        yield "lever", f"{about} has no response to media; fit one with sandtable media fit."
    elif move.lever == "media" and move.channel in known.further["channel"]:
        channels = parameters.media.channels if parameters.media else {}
        if move.channel not in channels:
            yield (
                "channel",
                f"{about} has no response to {move.channel}{did_you_mean('', channels)}",
            )
    if move.lever == "dealers" and parameters.dealers is None:
        yield "lever", f"{about} has no effect of dealers; fit one with sandtable media fit."
    if (
        move.characteristic in known.further["characteristic"]
        and move.characteristic not in parameters.worth
    ):
        yield (
            "characteristic",
            f"{about} does not say what {move.characteristic} is worth; add it there under worth.",
        )


def _products_of(firm: str | None, known: Known) -> list[str]:
    return [product for product, owner in known.firm_of.items() if owner == firm]


def _amount_faults(move: LeverMove, lever: Lever, unread: Mapping[str, str]) -> Faults:
    given = {"change": move.change, "value": move.value}
    named = [field for field, it in given.items() if it is not None or field in unread]
    if not lever.change:
        for field in named:
            yield field, f"the lever {move.lever} takes no amount; remove it."
        return
    wanted = wanted_amount(lever)
    if len(named) != 1:
        what = "gives both change and value" if named else "gives no amount"
        yield "", f"{what}; give {wanted}."
        return
    if named[0] in unread:
        yield named[0], unread[named[0]]
        return
    kind = "value" if move.change is None else move.change.kind
    if kind not in lever.change:
        found = "" if "relative" in lever.change and move.change else f", not a {named[0]}"
        yield named[0], f"the lever {move.lever} takes {wanted}{found}."
        return
    problem = _beyond_range(move.lever, move.change, move.value)
    if move.lever == "rival_price" and move.value is not None and move.firm is not None:
        problem = f"would set every product of {move.firm} to one price; name a product, or give a change."
    if problem:
        yield named[0], problem


def wanted_amount(lever: Lever) -> str:
    """Say which amounts a lever takes."""
    kinds = set(lever.change)
    change = "a change" if {"relative", "absolute"} <= kinds else "a change in per cent"
    words = [change] if kinds - {"value"} else []
    return " or ".join([*words, *(["a value"] if "value" in kinds else [])])


def _beyond_range(name: str, change: Change | None, value: float | None) -> str | None:
    """Say why an amount cannot be; None when it can."""
    if change is not None:
        if change.kind == "absolute" or change.amount > -1:
            return None
        if name in NOTHING_LEFT_ALLOWED:
            return None if change.amount == -1 else "is below -100 %; less than nothing cannot be."
        return "is -100 % or less; it must leave something."
    assert value is not None
    if name in ZERO_ALLOWED:
        return f"is {value:g}; it must be 0 or more." if value < 0 else None
    return f"is {value:g}; it must be above 0." if value <= 0 else None


def _further_faults(move: LeverMove, lever: Lever, known: Known) -> Faults:
    given = {
        "owner": move.owner,
        "like": move.like or None,
        "characteristics": move.characteristics or None,
        **{name: getattr(move, name) for name in FURTHER_TARGETS},
    }
    for field, value in given.items():
        if value is not None and field not in lever.fields:
            users = [name for name, item in lever_table().items() if field in item.fields]
            listed = " and ".join(filter(None, [", ".join(users[:-1]), users[-1]]))
            yield field, f"belongs to the lever{'s'[: len(users) - 1]} {listed} only; remove it."
        elif field in FURTHER_TARGETS and field in lever.fields:
            names = known.further[field]
            if value is None:
                if lever.fields[field] == "required":
                    shown = ", ".join(names)
                    yield field, f"is missing; name one of: {shown}." if names else "is missing."
            elif value not in names:
                yield field, _unknown(field, str(value), names)
    if move.dealer in known.further["dealer"] and move.region is not None:
        yield "region", f"the dealer {move.dealer} stands in one region already; remove it."


def _date_faults(move: LeverMove, known: Known) -> Faults:
    fault = False
    for field, period in (("from", move.first), ("to", move.last)):
        if period is not None and period not in known.periods:
            fault = True
            yield field, period_fault(period, known)
    if move.first is not None and move.last is not None and not fault and move.last < move.first:
        yield "to", f"is {move.last}, before 'from' ({move.first})."


def period_fault(period: str, known: Known) -> str:
    """Say that something is no period of the data set, nor a coming one."""
    periods, last = known.periods, known.observed[-1]
    return (
        f"'{period}' is not a period; expected {periods[0]} to {last}, or up to {periods[-1]} "
        f"beyond the data, written like {last}."
    )


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
        With all unknown names, and all that is wrong with its levers.
    """
    known = Known.of(data_set)
    faults = []

    def require(place: str, kind: str, name: str | None, names: Collection[str]) -> None:
        if name is not None and name not in names:
            faults.append(Fault("scenario", place, _unknown(kind, name, names)))

    if scenario.data != data_set.name:
        message = f"is '{scenario.data}', but the data set at hand is '{data_set.name}'."
        faults.append(Fault("scenario", "data", message))
    require("parameters", "parameter set", scenario.parameters, data_set.parameter_sets)
    require("own_firm", "firm", scenario.own_firm, known.firms)
    for period in scenario.periods:
        require("periods", "period", period, known.periods)
    for index, move in enumerate(scenario.levers):
        for field, message in move_faults(move, scenario, known):
            place = f"levers[{index}]" + (f".{field}" if field else "")
            faults.append(Fault("scenario", place, message))
    for firm, _ in scenario.rivals.by_firm:
        require("rivals", "firm", firm, known.firms)
    if faults:
        raise InputError(faults)
