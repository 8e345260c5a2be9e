"""How the answer of a search is printed, and what its commands share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress, TimeRemainingColumn

from sandtable.cli.printing import print_table, say
from sandtable.errors import Fault, InputError

if TYPE_CHECKING:
    from sandtable.planning.search.outcomes import Outcome

Choices = Annotated[
    list[str],
    typer.Option(
        "--choice",
        help="A lever and its bounds: \"list_price product=N5 change='-10 %..+5 %'\", in whole steps "
        "with \"step='0.5 %'\". Once for each lever.",
    ),
]
Kept = Annotated[
    list[str] | None,
    typer.Option(help='What must hold: "contribution_profit >= baseline -2 %". Repeatable.'),
]
Points = Annotated[int | None, typer.Option(help="Points to scan before polishing.", min=2)]
Starts = Annotated[int, typer.Option(help="Points to polish from.", min=1)]
Seed = Annotated[int | None, typer.Option(help="Of the scan.")]
NOT_REACHED = 3


@contextmanager
def shown_progress() -> Iterator[Callable[[int, int], bool]]:
    """Show a bar on the error output while a search runs."""
    from rich.console import Console

    with Progress(
        *Progress.get_default_columns()[:-1],
        TimeRemainingColumn(),
        transient=True,
        console=Console(stderr=True),
    ) as bar:
        task = bar.add_task("runs")

        def tell(done: int, total: int) -> bool:
            bar.update(task, completed=done, total=total)
            return True

        yield tell


def one_by_one(*readings: Callable[[], object]) -> None:
    """Read several groups of options; report the faults of all of them at once."""
    faults: list[Fault] = []
    for read in readings:
        try:
            read()
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError(faults)


def show_outcome(outcome: Outcome) -> None:
    """Print an answer: the sentence, levers, measures, requirements, what binds, what the search did."""
    say(outcome.sentence, None if outcome.feasible else "yellow")
    levers = [
        [one.name, one.shown(one.low), one.shown(amount), one.shown(one.high)]
        for one, amount in zip(outcome.choices, outcome.amounts, strict=True)
    ]
    print_table("Levers", ["lever", "lowest", "chosen", "highest"], levers)
    measures = [
        [str(one.measure), one.measure.shown(one.baseline), one.measure.shown(one.value)]
        for one in outcome.readings
    ]
    print_table("Measures", ["measure", "baseline", "scenario"], measures)
    _show_limits(outcome)
    done = outcome.search
    spread = "" if done.spread is None else f", which ended {done.spread:.2g} apart"
    say(
        f"Looked at {done.scanned:,} points{' by a sweep' if done.swept else ''}, ran {done.runs:,} "
        f"scenarios ({done.failures} without numbers), polished from {done.starts} points{spread}."
    )
    for warning in outcome.warnings:
        say(f"note: {warning}", "yellow")


def _show_limits(outcome: Outcome) -> None:
    rows = [
        [
            str(one.requirement),
            one.requirement.measure.shown(one.value),
            "binds" if one.binding else "kept" if one.kept else "missed",
            _price(one.shadow_price),
        ]
        for one in outcome.limits
    ]
    rows += [
        [f"{one.choice.name}, {one.side}", one.choice.shown(one.amount), "binds", _price(one.shadow_price)]
        for one in outcome.edges
    ]  # fmt: skip
    if rows:
        print_table("Requirements and bounds", ["", "value", "", "shadow price"], rows)


def _price(value: float | None) -> str:
    return "—" if value is None else f"{value:+.4g}"
