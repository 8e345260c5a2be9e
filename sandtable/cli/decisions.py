"""``sandtable decisions record | list | approve | score | calibration | check``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sandtable.cli.governance import Address, Who
from sandtable.cli.indicators import Folders
from sandtable.cli.printing import Json, print_json, print_table, say
from sandtable.errors import Fault, InputError

if TYPE_CHECKING:
    from sandtable.store import Store
    from sandtable.store.decisions import Decision, Score

app = typer.Typer(
    no_args_is_help=True,
    help="Record decisions with their forecasts, and score them when figures arrive.",
)
Code = Annotated[str, typer.Argument(help="Code of the decision, as decisions list shows it.")]


@app.command("record")
def record(
    file: Annotated[Path, typer.Argument(help="A scenario file (.yaml) over coming periods.")],
    who: Who,
    measure: Annotated[str, typer.Option(help="units or share_of_sales.")] = "units",
    expect: Annotated[float | None, typer.Option(help="What you expect of the measure.")] = None,
    low: Annotated[float | None, typer.Option(help="Lower end of your 80 % interval.")] = None,
    high: Annotated[float | None, typer.Option(help="Upper end of your 80 % interval.")] = None,
    period: Annotated[
        str, typer.Option("--for", help="Period that you expect it of; the last one by default.")
    ] = "",
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    store: Address = None,
    as_json: Json = False,
    folder: Folders = None,
) -> None:
    """Record a scenario as a decision: data, parameters, forecast by period with its 80 % interval."""
    from sandtable.planning.hindsight.decision_log import decision_text
    from sandtable.scenario.files import read_scenario
    from sandtable.store.decisions import Forecast, record_decision

    if expect is None and (low is not None or high is not None or period):
        message = "is missing; --low, --high and --for say something of the value you expect."
        raise InputError([Fault("decision", "--expect", message)])
    scenario, data_set = read_scenario(file, folder or ())
    expected = None if expect is None else Forecast(period, expect, low, high)
    text = decision_text(scenario, data_set, author=who, measure=measure, expected=expected)
    _tell(record_decision(_open(store), text, reason=reason), as_json)


@app.command("approve")
def approve(
    code: Code,
    who: Who,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    store: Address = None,
    as_json: Json = False,
) -> None:
    """Approve a decision; nobody approves what they recorded."""
    from sandtable.store.decisions import approve_decision

    _tell(approve_decision(_open(store), code, who=who, reason=reason), as_json)


@app.command("list")
def list_decisions(store: Address = None, as_json: Json = False) -> None:
    """List the decisions in the order in which they were recorded."""
    from sandtable.store.decisions import decisions

    found = decisions(_open(store))
    if as_json:
        print_json({"schema": 1, "decisions": [_described(one) for one in found]})
        return
    rows = [
        [
            f"{one.code} {one.text.title}",
            one.status,
            one.text.author,
            one.approved_by or "—",
            one.text.measure,
            one.text.model[0].period,
        ]
        for one in found
    ]
    print_table("", ["decision", "status", "by", "approved by", "measure", "from"], rows)


@app.command("score")
def score_decisions(
    who: Who,
    data: Annotated[
        str | None,
        typer.Option(
            help="Data set that holds the actual figures; by default each decision's own."
        ),
    ] = None,
    store: Address = None,
    as_json: Json = False,
    folder: Folders = None,
) -> None:
    """Score approved decisions against the figures that have arrived; a score once given stays."""
    from sandtable.planning.hindsight.decision_log import score
    from sandtable.scenario.base import open_data_set
    from sandtable.store.decisions import add_scores, decisions

    opened = _open(store)
    found = decisions(opened)
    names = [data] if data else dict.fromkeys(one.text.data_set for one in found)
    held: list[Score] = []
    for name in names:
        held += score(found, open_data_set(name, folder or ()))
    fresh = add_scores(opened, held, who=who)
    if as_json:
        print_json({"schema": 1, "scored": [_scored(one) for one in fresh]})
        return
    waiting = sum(one.status == "proposed" for one in found)
    say(f"{len(fresh)} new scores; {waiting} decisions wait for approval and are not scored.")
    _show_scores(found, fresh)


@app.command("calibration")
def calibration(store: Address = None, as_json: Json = False) -> None:
    """Say how well the model and each planner are calibrated: bias, coverage, pinball loss, with n."""
    from sandtable.planning.hindsight.decision_log import calibrations
    from sandtable.store.decisions import decisions, scores

    opened = _open(store)
    given = scores(opened)
    found = calibrations(decisions(opened), given)
    if as_json:
        print_json({"schema": 1, "forecasters": [one.to_dict() for one in found]})
        return
    if not found:
        say("Nothing is scored yet; sandtable decisions score does so when figures have arrived.")
        return
    for one in found:
        say(f"{one.measure}: {one.sentence.en}")
    rows = [
        [
            one.forecaster,
            one.measure,
            str(one.n),
            *(_rate(value) for value in (one.bias, one.error, one.coverage)),
            str(one.n_interval),
            _rate(one.pinball),
        ]
        for one in found
    ]
    columns = ["forecaster", "measure", "n", "bias", "error", "80 % held", "of", "pinball"]
    print_table("", columns, rows)


@app.command("check")
def check(store: Address = None, as_json: Json = False) -> None:
    """Prove that no decision, score or row of the audit was altered."""
    from sandtable.store.decisions import altered

    found = altered(_open(store))
    if as_json:
        print_json({"sound": not found, "altered": found})
    elif not found:
        say("Every decision, score and row of the audit is as it was written.")
    if found:
        raise InputError([Fault("decisions", "", sentence) for sentence in found])


def _open(address: str | None) -> Store:
    from sandtable.store import open_store

    return open_store(address)


def _described(one: Decision) -> dict[str, Any]:
    return {
        "code": one.code,
        "status": one.status,
        "approved_by": one.approved_by,
        **asdict(one.text),
    }


def _tell(found: Decision, as_json: bool) -> None:
    if as_json:
        print_json({"schema": 1, **_described(found)})
        return
    text = found.text
    by = f", by {found.approved_by}" if found.approved_by else ""
    say(f"{found.code} is {found.status}{by}: {text.title} ({text.measure} of {text.firm}).")
    rows = [
        [
            name,
            one.period,
            *(_figure(value, text.measure) for value in (one.value, one.low, one.high)),
        ]
        for name, forecasts in (("model", text.model), (text.author, text.planner))
        for one in forecasts
    ]
    print_table("Expected, with 80 % intervals", ["who", "period", "expected", "low", "high"], rows)


def _scored(one: Score) -> dict[str, Any]:
    return {**asdict(one), "error": one.value - one.actual, "inside": one.inside}


def _show_scores(found: Sequence[Decision], fresh: Sequence[Score]) -> None:
    measures = {one.code: one.text.measure for one in found}
    marks = {True: "yes", False: "no", None: "—"}
    rows = [
        [
            one.code,
            one.period,
            one.forecaster,
            _figure(one.value, measures[one.code]),
            _figure(one.actual, measures[one.code]),
            _rate(one.value / one.actual - 1) if one.actual else "—",
            marks[one.inside],
        ]
        for one in fresh
    ]
    if rows:
        columns = ["decision", "period", "who", "expected", "actual", "error", "inside"]
        print_table("", columns, rows)


def _figure(value: float | None, measure: str) -> str:
    if value is None:
        return "—"
    return f"{value:.2%}" if measure == "share_of_sales" else f"{value:,.0f}"


def _rate(value: float) -> str:
    return "—" if value != value else f"{value:.1%}"  # noqa: PLR0124 - only NaN differs from itself
