"""``sandtable wargame``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sandtable.cli.indicators import Folders
from sandtable.cli.printing import Json, print_json, print_table, say
from sandtable.errors import Fault, InputError

if TYPE_CHECKING:
    from sandtable.planning.options.wargames import Played
    from sandtable.scenario.model import LeverMove


def wargame(
    file: Annotated[Path, typer.Argument(help="A game file (.yaml).")],
    out: Annotated[
        Path | None, typer.Option(help="Folder for every round, as scenarios that run alone.")
    ] = None,
    replay: Annotated[
        Path | None,
        typer.Option(help="A folder of a game played before: play again and say what drifted."),
    ] = None,
    as_json: Json = False,
    folder: Folders = None,
) -> None:
    """Play rounds in which firms move in turn: teams by their files, others by their best response."""
    from rich.progress import Progress

    from sandtable.planning.options.wargame_files import read_war_game
    from sandtable.planning.options.wargame_folder import differences, save
    from sandtable.planning.options.wargames import play

    game, data_set = read_war_game(file, folder or ())
    with Progress(transient=True) as bar:
        task = bar.add_task("rounds")
        played = play(
            game,
            data_set,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    drifted = None if replay is None else differences(played, replay)
    if out is not None:
        save(played, out)
    if as_json:
        rounds = [one.to_dict() for one in played]
        print_json({"schema": 1, "title": game.title, "rounds": rounds, "drifted": drifted})
    else:
        _show(played, data_set.metadata.money_unit)
        if out is not None:
            print(f"Written to {out}.")  # noqa: T201
    if drifted:
        raise InputError([Fault(str(replay), "", sentence) for sentence in drifted])
    if drifted is not None and not as_json:
        say(f"Reproduced: {replay} holds the same game.")


def _show(played: list[Played], money_unit: str) -> None:
    for one in played:
        for firm, levers in one.levers.items():
            done = "; ".join(
                " ".join(filter(None, (move.lever, move.product, move.channel, _amount(move))))
                for move in levers
            )
            say(f"Round {one.number}, from {one.first}: {firm}: {done or 'leaves its prices'}")
        rows = [
            [
                str(row["firm"]),
                f"{row['units']:,.0f}",
                f"{row['share_of_sales']:.2%}",
                f"{row['contribution_profit']:,.0f}",
                f"{row['change_of_profit']:+,.0f}",
            ]
            for row in one.standings.to_dict(orient="records")
        ]
        print_table(
            f"After round {one.number}; profit in {money_unit}",
            ["firm", "units", "share", "profit", "change"],
            rows,
        )


def _amount(move: LeverMove) -> str:
    if move.change is None:
        return "" if move.value is None else f"{move.value:,.0f}"
    amount = move.change.amount
    return f"{amount:+.2%}" if move.change.kind == "relative" else f"{amount:+,.0f}"
