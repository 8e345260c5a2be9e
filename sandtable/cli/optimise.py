"""``sandtable optimise``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sandtable.cli.answers import (
    NOT_REACHED,
    Choices,
    Kept,
    Points,
    Seed,
    Starts,
    one_by_one,
    show_outcome,
    shown_progress,
)
from sandtable.cli.indicators import Folders
from sandtable.cli.printing import Json, print_json, print_table, say
from sandtable.cli.scenarios import ScenarioFile
from sandtable.errors import Fault, InputError

if TYPE_CHECKING:
    from sandtable.data.loading import DataSet
    from sandtable.planning.search.optimising import Aim, FrontPoint
    from sandtable.planning.search.risk import Risk
    from sandtable.scenario.model import Scenario


def optimise(
    file: ScenarioFile,
    choice: Choices,
    most: Annotated[
        str | None, typer.Option(help="A measure to be as large as it can: contribution_profit.")
    ] = None,
    least: Annotated[
        str | None, typer.Option(help="A measure to be as small as it can, instead.")
    ] = None,
    keep: Kept = None,
    risk: Annotated[
        str | None, typer.Option(help="Over draws of the parameters: mean, or cvar 90 %.")
    ] = None,
    draws: Annotated[int, typer.Option(help="Of the parameters, with --risk.", min=2)] = 200,
    against: Annotated[
        str | None,
        typer.Option(help='A Pareto front against "most units" or "least spending".'),
    ] = None,
    front: Annotated[int, typer.Option(help="Points of the front.", min=2)] = 9,
    points: Points = None,
    starts: Starts = 4,
    seed: Seed = None,
    as_json: Json = False,
    folder: Folders = None,
) -> None:
    """Find the levers that give most of a measure under requirements (exit code 3 when none keeps them)."""
    from sandtable.planning.search import optimising
    from sandtable.planning.search.choices import read_choices
    from sandtable.planning.search.searching import SEED
    from sandtable.planning.search.targets import read_requirements
    from sandtable.scenario.files import read_scenario

    scenario, data_set = read_scenario(file, folder or ())
    about = (scenario, data_set)
    reading: dict[str, Any] = {
        "aim": partial(_read_aim, most, least, risk, draws, *about),
        "other": partial(_read_other, against, *about),
        "choices": partial(read_choices, choice, *about, document="optimise"),
        "keep": partial(read_requirements, keep or (), *about, document="optimise", place="keep"),
    }
    one_by_one(*reading.values())
    asked = {name: read() for name, read in reading.items()}
    options = {
        "keep": asked["keep"],
        "points": points,
        "starts": starts,
        "seed": SEED if seed is None else seed,
    }
    with shown_progress() as tell:
        if asked["other"] is None:
            found: tuple[Any, ...] = (
                optimising.optimise(
                    scenario, asked["choices"], asked["aim"], data_set, **options, progress=tell
                ),
            )
        else:
            found = optimising.pareto_front(
                scenario, asked["choices"], asked["aim"], asked["other"], data_set,
                count=front, **options, progress=tell,
            )  # fmt: skip
    _hand_over(found, asked["aim"], asked["other"], as_json=as_json)


def _hand_over(found: tuple[Any, ...], aim: Aim, other: Aim | None, *, as_json: bool) -> None:
    """Print what was found; leave with the exit code for a search without an answer."""
    first = found[0] if other is None else found[0].outcome
    if other is None or not first.feasible:
        if as_json:
            print_json({"schema": 1, "aim": str(aim), **first.to_dict()})
        else:
            show_outcome(first)
    elif as_json:
        listed = [{"level": one.level, **one.outcome.to_dict()} for one in found]
        about = {"schema": 1, "feasible": True, "aim": str(aim), "against": str(other)}
        print_json({**about, "front": listed})
    else:
        _show_front(found, aim, other)
    if not first.feasible:
        raise typer.Exit(NOT_REACHED)


def _show_front(found: tuple[FrontPoint, ...], aim: Aim, other: Aim) -> None:
    first = found[0].outcome
    rows = [
        [
            str(place),
            aim.measure.shown(one.outcome.objective or 0.0),
            other.measure.shown(one.outcome.value(other.measure)),
            *(
                choice.shown(amount)
                for choice, amount in zip(one.outcome.choices, one.outcome.amounts, strict=True)
            ),
        ]
        for place, one in enumerate(found, start=1)
    ]
    names = [choice.name for choice in first.choices]
    print_table(f"{aim} against {other}", ["", str(aim.measure), str(other.measure), *names], rows)
    notes = dict.fromkeys(note for one in found for note in one.outcome.warnings)
    for note in notes:
        say(f"note: {note}", "yellow")


def _read_aim(
    most: str | None,
    least: str | None,
    risk: str | None,
    draws: int,
    scenario: Scenario,
    data_set: DataSet,
) -> Aim:
    from sandtable.planning.search.optimising import Aim
    from sandtable.planning.search.targets import read_measure

    if most is not None and least is not None:
        raise InputError([Fault("optimise", "least", "stands beside most; keep one of them.")])
    place = "most" if least is None else "least"
    text = (most or "contribution_profit") if least is None else least
    try:
        measure = read_measure(text, scenario, data_set)
    except ValueError as error:
        raise InputError([Fault("optimise", place, str(error))]) from None
    try:
        chosen = None if risk is None else _read_risk(risk, draws)
    except ValueError as error:
        raise InputError([Fault("optimise", "risk", str(error))]) from None
    return Aim(measure, "most" if least is None else "least", chosen)


def _read_risk(text: str, draws: int) -> Risk:
    from sandtable.planning.search.risk import Risk
    from sandtable.units import parse_amount

    kind, _, level = text.strip().partition(" ")
    if kind not in ("mean", "cvar") or (kind == "mean" and level):
        raise ValueError(f"'{text}' is not understood; write mean, or cvar 90 %.")
    if not level:
        return Risk("mean" if kind == "mean" else "cvar", n_draws=draws)
    amount = parse_amount(level)
    share = amount.number / 100 if amount.unit == "%" else amount.number
    return Risk("cvar", share, draws)


def _read_other(text: str | None, scenario: Scenario, data_set: DataSet) -> Aim | None:
    from sandtable.planning.search.optimising import Aim
    from sandtable.planning.search.targets import read_measure

    if text is None:
        return None
    direction, _, measure = text.strip().partition(" ")
    if direction not in ("most", "least") or not measure:
        message = f"is '{text}'; write for instance most units, or least spending."
        raise InputError([Fault("optimise", "against", message)])
    try:
        named = read_measure(measure, scenario, data_set)
    except ValueError as error:
        raise InputError([Fault("optimise", "against", str(error))]) from None
    return Aim(named, "most" if direction == "most" else "least")
