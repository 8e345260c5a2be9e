"""``sandtable tornado``."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from sandtable.cli.indicators import Folders
from sandtable.cli.printing import Json, print_json, print_table, say
from sandtable.cli.scenarios import ScenarioFiles
from sandtable.cli.uncertainty import NAMES, Draws, ParameterName, Seed, Workers, under, with_error
from sandtable.errors import Fault, InputError, did_you_mean

if TYPE_CHECKING:
    from sandtable.planning.why.information import Information
    from sandtable.planning.why.sensitivity import Tornado

MeasureName = Annotated[
    str, typer.Option(help="units, share_of_sales or contribution_profit of the own firm.")
]


def tornado(
    files: ScenarioFiles,
    measure: MeasureName = "units",
    draws: Draws = 200,
    workers: Workers = 1,
    seed: Seed = None,
    parameters: ParameterName = None,
    as_json: Json = False,
    folder: Folders = None,
) -> None:
    """Say what the result of the first scenario hangs on, and what to test before choosing among all or none."""
    from sandtable.planning.uncertain.draws import SEED
    from sandtable.planning.uncertain.uncertainty import paired_runs
    from sandtable.planning.why.information import FEWEST_DRAWS, to_test_next
    from sandtable.planning.why.sensitivity import tornado as moved
    from sandtable.scenario.files import read_scenario

    check_measure(measure, "tornado")
    if draws < FEWEST_DRAWS:
        message = f"is {draws}; the value of knowing takes {FEWEST_DRAWS} or more."
        raise InputError([Fault("tornado", "draws", message)])
    read = [read_scenario(file, folder or ()) for file in files]
    if len({data_set.name for _, data_set in read}) > 1:
        message = "must be of one data set to be options of one choice."
        raise InputError([Fault("tornado", "files", message)])
    options = [
        (under(scenario, data_set, parameters, "tornado"), data_set) for scenario, data_set in read
    ]
    found = moved(*options[0], measure=measure)
    paired = [
        paired_runs(*option, draws, seed=SEED if seed is None else seed, workers=workers)
        for option in options
    ]
    drawn = any(one.layers.drawn for one in paired)
    worth = to_test_next(paired, measure=measure) if drawn else ()
    if as_json:
        print_json(_described(found, worth))
        return
    _show(found, worth, len(files))


def check_measure(measure: str, command: str) -> None:
    """Refuse a measure that planning does not speak of."""
    from sandtable.planning.measures import MEASURES

    if measure not in MEASURES:
        message = f"no measure is called '{measure}'{did_you_mean(measure, MEASURES)}"
        raise InputError([Fault(command, "measure", message)])


def _described(found: Tornado, worth: tuple[Information, ...]) -> dict[str, object]:
    return {
        "schema": 1,
        "scenario": found.result.scenario.to_dict(),
        "data_fingerprint": found.result.data_set.fingerprint,
        "parameters": found.result.parameters.name,
        "measure": found.measure,
        "change": found.change,
        "swings": [{**asdict(swing), "span": swing.span} for swing in found.swings],
        "value_of_knowing": [asdict(one) for one in worth],
        "notes": list(found.notes),
    }


def _show(found: Tornado, worth: tuple[Information, ...], n_options: int) -> None:
    say(
        f"{NAMES[found.measure]} of {found.result.own_firm} change by {shown(found.change, found.measure)}; "
        f"parameters '{found.result.parameters.name}'."
    )
    rows = [
        [
            swing.name.replace("_", " "),
            f"{swing.low_at} .. {swing.high_at}",
            shown(swing.low, found.measure),
            shown(swing.high, found.measure),
            swing.grade,
        ]
        for swing in found.swings
        if swing.span > 0
    ]
    print_table("What it hangs on", ["", "10 % .. 90 %", "low", "high", "evidence"], rows)
    for note in found.notes:
        say(f"note: {note}", "yellow")
    if not worth:
        say("Nothing has a standard error, so nothing is known of what a test would be worth.")
        return
    lines = [
        [
            one.name.replace("_", " "),
            with_error(one.value, one.error, found.measure),
            f"± {_rough(one.error, found.measure)}",
        ]
        for one in worth
        if one.value > 0
    ]
    among = "the scenario or nothing" if n_options == 1 else f"{n_options} scenarios or nothing"
    if not lines:
        say(
            f"The choice ({among}) is the same in nearly all draws: knowing more would not change it."
        )
        return
    print_table(f"What to test next, choosing {among}", ["", "worth", ""], lines)


def shown(value: float, measure: str) -> str:
    """Write a change of a measure."""
    if measure == "share_of_sales":
        return f"{100 * value:+.3f} pp"
    return f"{value:+,.0f}"


def _rough(error: float, measure: str) -> str:
    """Write an error with one digit."""
    scaled = 100 * error if measure == "share_of_sales" else error
    if scaled <= 0:
        return "0"
    place = math.floor(math.log10(scaled))
    return f"{round(scaled, -place):,.{max(-place, 0)}f}"
