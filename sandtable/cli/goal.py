"""``sandtable goal``."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

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
from sandtable.cli.printing import Json, print_json
from sandtable.cli.scenarios import ScenarioFile


def goal(
    file: ScenarioFile,
    choice: Choices,
    target: Annotated[
        list[str],
        typer.Option(
            help='What to reach: "share_of_sales >= 8 %", "units product=N5 >= 5,000", '
            '"units >= baseline +3 %". Repeatable.'
        ),
    ],
    keep: Kept = None,
    points: Points = None,
    starts: Starts = 4,
    seed: Seed = None,
    as_json: Json = False,
    folder: Folders = None,
) -> None:
    """Find the least change of levers that reaches a target, or say how near one comes (exit code 3)."""
    from sandtable.planning.search.choices import read_choices
    from sandtable.planning.search.goal_seeking import seek_goal
    from sandtable.planning.search.searching import SEED
    from sandtable.planning.search.targets import read_requirements
    from sandtable.scenario.files import read_scenario

    scenario, data_set = read_scenario(file, folder or ())
    about = (scenario, data_set)
    reading: dict[str, Any] = {
        "choices": partial(read_choices, choice, *about, document="goal"),
        "targets": partial(read_requirements, target, *about, document="goal"),
        "keep": partial(read_requirements, keep or (), *about, document="goal", place="keep"),
    }
    one_by_one(*reading.values())
    asked = {name: read() for name, read in reading.items()}
    with shown_progress() as tell:
        outcome = seek_goal(
            scenario,
            asked["choices"],
            asked["targets"],
            data_set,
            keep=asked["keep"],
            points=points,
            starts=starts,
            seed=SEED if seed is None else seed,
            progress=tell,
        )
    if as_json:
        print_json({"schema": 1, **outcome.to_dict()})
    else:
        show_outcome(outcome)
    if not outcome.feasible:
        raise typer.Exit(NOT_REACHED)
