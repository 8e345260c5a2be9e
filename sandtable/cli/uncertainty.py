"""``sandtable uncertainty``."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import Progress, TimeRemainingColumn

from sandtable.cli.indicators import Folders
from sandtable.cli.printing import Json, print_json, print_table, say
from sandtable.cli.scenarios import ScenarioFile
from sandtable.errors import Fault, InputError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

    from sandtable.data.loading import DataSet
    from sandtable.planning.uncertain.risks import Contribution
    from sandtable.planning.uncertain.uncertainty import PairedResult
    from sandtable.scenario.model import Scenario

Draws = Annotated[int, typer.Option(help="200 while you wait, 2,000 for a report.", min=1)]
Seed = Annotated[int | None, typer.Option(help="Of the draws.")]
Workers = Annotated[int, typer.Option(help="Processes for draws that must run one by one.", min=1)]
ParameterName = Annotated[
    str | None,
    typer.Option("--parameters", help="Another parameter set than that of the scenario."),
]
NAMES = {"units": "units", "share_of_sales": "share", "contribution_profit": "profit"}


def uncertainty(
    file: ScenarioFile,
    draws: Draws = 200,
    layers: Annotated[
        str, typer.Option(help="What is drawn, with commas between.")
    ] = "parameters,forecast,inputs",
    target: Annotated[
        list[str] | None, typer.Option(help='Such as "units >= 55,000"; may be given again.')
    ] = None,
    workers: Workers = 1,
    seed: Seed = None,
    parameters: ParameterName = None,
    as_json: Json = False,
    folder: Folders = None,
) -> None:
    """Say how sure a scenario is: intervals of the difference, chances, expected shortfall."""
    from sandtable.planning.search.targets import read_requirements
    from sandtable.planning.uncertain.draws import SEED
    from sandtable.planning.uncertain.risks import chance_of, contributions, risk_table
    from sandtable.planning.uncertain.uncertainty import paired_runs
    from sandtable.scenario.files import read_scenario

    asked = read_layers(layers)
    scenario, data_set = read_scenario(file, folder or ())
    scenario = under(scenario, data_set, parameters, "uncertainty")
    targets = read_requirements(target or (), scenario, data_set, document="uncertainty")
    options: dict[str, Any] = {"seed": SEED if seed is None else seed, "layers": asked}
    with Progress(
        *Progress.get_default_columns()[:-1], TimeRemainingColumn(), transient=True
    ) as bar:
        task = bar.add_task("draws")
        paired = paired_runs(
            scenario,
            data_set,
            draws,
            workers=workers,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
            **options,
        )
        chances = [(str(one), *chance_of(paired, one)) for one in targets]
        parts = contributions(scenario, data_set, draws, whole=paired, workers=workers, **options)
    table = risk_table(paired)
    if as_json:
        print_json(_described(paired, table, chances, parts))
        return
    _show(paired, table, chances, parts)


def read_layers(text: str) -> tuple[str, ...]:
    """Read layers with commas between."""
    from sandtable.planning.uncertain.layers import checked_layers

    layers = tuple(word.strip() for word in text.split(",") if word.strip())
    try:
        checked_layers(layers)
    except ValueError as error:
        raise InputError([Fault("uncertainty", "layers", str(error))]) from None
    return layers


def under(scenario: Scenario, data_set: DataSet, parameters: str | None, command: str) -> Scenario:
    """Return the scenario under another parameter set of its data set."""
    if parameters is None:
        return scenario
    known = data_set.parameter_sets
    if parameters not in known:
        message = f"no parameter set is called '{parameters}'{did_you_mean(parameters, known)}"
        raise InputError([Fault(command, "parameters", message)])
    return replace(scenario, parameters=parameters)


def with_error(value: float, error: float, measure: str, *, change: bool = False) -> str:
    """Write a number with no digit beyond its error; the change of a share in points."""
    scale, mark = (1.0, "")
    if measure == "share_of_sales":
        scale, mark = 100.0, " pp" if change else " %"
    value, error = value * scale, error * scale
    if not math.isfinite(value):
        return "—"
    if not math.isfinite(error) or error <= 0:
        return f"{value:,.6g}{mark}"
    place = math.floor(math.log10(error))
    decimals = max(-place, 0)
    rounded = round(value, -place) + 0.0
    return f"{rounded:,.{decimals}f}{mark}"


def _described(
    paired: PairedResult,
    table: pd.DataFrame,
    chances: list[tuple[str, float, float]],
    parts: tuple[Contribution, ...],
) -> dict[str, object]:
    filled = table.astype(object).where(table.notna(), None)
    return {
        "schema": 1,
        "scenario": paired.result.scenario.to_dict(),
        "data_fingerprint": paired.result.data_set.fingerprint,
        "parameters": paired.result.parameters.name,
        "layers": list(paired.layers.asked),
        "drawn": list(paired.layers.drawn),
        "draws": paired.n_draws,
        "converged": paired.n_converged,
        "warnings": list(paired.warnings),
        "rows": filled.to_dict(orient="records"),
        "targets": [
            {"target": name, "chance": plain(found), "chance_error": plain(error)}
            for name, found, error in chances
        ],
        "contributions": [
            {
                "layer": one.layer,
                "deviation": one.deviation,
                "part": one.part,
                "part_error": one.error,
            }
            for one in parts
        ],
    }


def plain(value: float) -> float | None:
    """Return a number for JSON; None where it is not known."""
    return value if math.isfinite(value) else None


def _show(
    paired: PairedResult,
    table: pd.DataFrame,
    chances: list[tuple[str, float, float]],
    parts: tuple[Contribution, ...],
) -> None:
    drawn = ", ".join(paired.layers.drawn) or "nothing"
    say(
        f"{paired.n_converged:,} draws of {drawn}; parameters '{paired.result.parameters.name}'; "
        f"{paired.firms[0]}, {paired.periods[0]} to {paired.periods[-1]}."
    )
    for warning in paired.warnings:
        say(f"note: {warning}", "yellow")
    if not paired.layers.drawn:
        return
    columns = ("low_80", "median", "high_80", "expected_shortfall")
    rows = [
        [
            f"{NAMES[row['measure']]}, {row['side']}",
            *(
                with_error(
                    row[name], row[f"{name}_error"], row["measure"], change=row["side"] == "change"
                )
                for name in columns
            ),
        ]
        for row in table[table["period"] == "total"].to_dict(orient="records")
    ]
    print_table(
        "All periods; no digit beyond the Monte-Carlo error",
        ["", "10 %", "median", "90 %", "worst tenth"],
        rows,
    )
    changes = table[(table["period"] == "total") & (table["side"] == "change")]
    for row in changes.to_dict(orient="records"):
        said = _chance(row["p_beats"], row["p_beats_error"])
        say(f"{NAMES[row['measure']]}: chance to beat the baseline {said}.")
    for name, found, error in chances:
        say(f"{name}: {_chance(found, error)}.")
    for one in parts:
        say(
            f"{one.layer} alone: {one.part:.0%} ± {one.error:.0%} of the variance of the change of units."
        )


def _chance(found: float, error: float) -> str:
    return f"{100 * found:.0f} % ± {100 * error:.0f}"
