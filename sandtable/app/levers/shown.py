"""A lever as the inspector prints it: its number in the unit of its input, rail, captions."""

from __future__ import annotations

from dataclasses import dataclass

from sandtable.app.formatting import Format
from sandtable.app.levers.draft import BOUNDS, Draft, converted
from sandtable.app.levers.numbers import PRICED, Numbers, step_of
from sandtable.app.panels import Rail
from sandtable.app.text import Text
from sandtable.data.metadata import Metadata
from sandtable.scenario.levers import ChangeKind, Lever, Term
from sandtable.scenario.model import LeverMove

LARGE = 1_000_000  # money from here on is written in millions
WIDEST_SHARE = 3.0  # how far a rail reaches beyond what is usual


@dataclass(frozen=True)
class Shown:
    """The amount of one lever in the unit of its input; a relative change in per cent.

    Attributes
    ----------
    value : float or None
        What stands in the input; None while nothing is said.
    step : float
    decimals : int
    unit : str
        Behind the name of the lever.
    rail : Rail or None
        None where nothing is known of what is usual.
    left, right : str
        Captions below the rail.
    """

    value: float | None
    step: float
    decimals: int
    unit: str
    rail: Rail | None
    left: str
    right: str


def shown_amount(
    draft: Draft,
    aim: LeverMove,
    lever: Lever,
    numbers: Numbers,
    metadata: Metadata,
    text: Text,
    write: Format,
) -> Shown:
    """Return the amount of a lever as its input shows it.

    Parameters
    ----------
    draft : Draft
        With its kind chosen.
    aim : LeverMove
    lever : Lever
    numbers : Numbers
    metadata : Metadata
        Of the data set.
    text : Text
    write : Format
    """
    kind = draft.kind
    assert kind is not None
    factor = 100.0 if kind == "relative" else 1.0
    neutral = numbers.start if kind == "value" else None if aim.lever in BOUNDS else 0.0
    now = draft.amount
    if kind == "value" and aim.lever in PRICED and numbers.now is not None:
        now = numbers.now
    if now is None:
        now = neutral
    step = step_of(lever, kind, numbers, metadata.price_step)
    return Shown(
        value=None if now is None else round(factor * now, 6),
        step=step,
        decimals=0 if step >= 1 else max(1, write.price_decimals),
        unit=_unit(lever, aim, kind, metadata, text),
        rail=_rail(now, neutral, kind, numbers),
        left=_left(draft, now, kind, aim, lever, numbers, text, write),
        right=_right(kind, aim, lever, numbers, text, write),
    )


def _rail(
    now: float | None, neutral: float | None, kind: ChangeKind, numbers: Numbers
) -> Rail | None:
    usual = numbers.usual_as(kind)
    if usual is None or now is None or neutral is None:
        return None
    low, high = usual
    if kind == "value" and not numbers.seen and not neutral:  # money that starts from nothing
        return Rail(0.0, max(WIDEST_SHARE * high, now), low, high, 0.0, now)
    span = max(high - low, 0.1 * abs(neutral))
    lowest, highest = min(low, neutral, now) - span, max(high, neutral, now) + span
    return Rail(lowest, highest, low, high, neutral, now)


def _unit(lever: Lever, aim: LeverMove, kind: ChangeKind, metadata: Metadata, text: Text) -> str:
    if kind == "relative":
        return text("unit_per_cent")
    money = text("unit_money", unit=metadata.money_unit)
    unit = {
        "money": money,
        "vehicles": text("unit_vehicles"),
        "households": text("unit_households"),
        "dealers": text("unit_dealers"),
        "characteristic": _characteristic_unit(aim, metadata),
        "": "",
    }[lever.unit]
    return unit if kind == "value" else text("unit_change", unit=unit)


def _characteristic_unit(aim: LeverMove, metadata: Metadata) -> str:
    attribute = metadata.attributes.get(aim.characteristic or "")
    return "" if attribute is None else attribute.unit


def written(value: float, kind: ChangeKind, lever: Lever, write: Format) -> str:
    """Write an amount of a lever with what belongs behind it."""
    if kind == "relative":
        return write.signed_percent(value, 0 if round(1000 * value) % 10 == 0 else 1)
    if lever.unit == "money" and abs(value) >= LARGE:
        return write.money(value, signed=kind == "absolute")
    if lever.unit == "money":
        return write.signed_price(value) if kind == "absolute" else write.price(value)
    return write.signed_count(value) if kind == "absolute" else write.count(value)


def _left(
    draft: Draft,
    now: float | None,
    kind: ChangeKind,
    aim: LeverMove,
    lever: Lever,
    numbers: Numbers,
    text: Text,
    write: Format,
) -> str:
    """Say where the lever starts, and how far it is from there."""
    if numbers.reference is None or aim.lever == "purchase_tax":
        return text("at_base") if not draft.amount and kind == "relative" else ""
    if not numbers.start and lever.unit == "money":  # the reference is a price, not a start
        return _of_price(draft, numbers, text, write)
    start = numbers.start if numbers.start is not None else numbers.reference
    base = text("base", value=written(start, "value", lever, write))
    whole = converted(Draft(kind, now), "relative", numbers.reference, numbers.start).amount
    if kind == "value" and whole and abs(whole) > 1e-9:
        return f"{base}, {write.signed_percent(whole)}"
    if kind != "value" and draft.amount:
        there = converted(draft, "value", numbers.reference, numbers.start).amount
        return f"{base} \u2192 {written(there or 0.0, 'value', lever, write)}"
    return base


def _of_price(draft: Draft, numbers: Numbers, text: Text, write: Format) -> str:
    if not draft.amount or not numbers.reference:
        return text("base", value=write.price(0.0))
    return text("lever_of_price", share=write.percent(draft.amount / numbers.reference))


def _right(
    kind: ChangeKind,
    aim: LeverMove,
    lever: Lever,
    numbers: Numbers,
    text: Text,
    write: Format,
) -> str:
    usual = numbers.usual_as(kind)
    if usual is None:
        return ""
    low, high = (written(edge, kind, lever, write) for edge in usual)
    return text("seen" if numbers.seen else "guard_rail", low=low, high=high)


def term_step(term: Term) -> tuple[float, str]:
    """Return one press of a button for a term as its input shows it, and how its number is written."""
    if term.kind == "whole":
        return 1.0, "%.0f"
    if term.kind == "share":
        return (0.1 if term.high < 1 else 5.0), "%g"
    return (1000.0 if term.high >= 1000 else 0.0001 if term.high < 1 else 1.0), "%g"


def term_factor(term: Term) -> float:
    """Return what a term is multiplied by in its input: shares stand there in per cent."""
    return 100.0 if term.kind == "share" else 1.0


def term_label(term: Term, text: Text) -> str:
    """Return what a term is called, shares with their per cent."""
    label: str = getattr(term.label, text.language)
    return text("lever_term_share", label=label) if term.kind == "share" else label
