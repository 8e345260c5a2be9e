"""``sandtable tree``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sandtable.cli.indicators import Folders
from sandtable.cli.printing import Json, print_json, print_table, say
from sandtable.errors import Fault, InputError

if TYPE_CHECKING:
    from sandtable.planning.options.trees import TreeResult

COLUMNS = ("expected", "deviation", "worst", "largest_regret")


def tree(
    file: Annotated[Path, typer.Argument(help="A tree file (.yaml).")],
    measure: Annotated[
        str, typer.Option(help="units, share_of_sales or contribution_profit.")
    ] = "contribution_profit",
    as_json: Json = False,
    folder: Folders = None,
) -> None:
    """Hold options against what may happen: expected value, regret, the robust choice."""
    from rich.progress import Progress

    from sandtable.planning.measures import MEASURES
    from sandtable.planning.options.trees import read_tree, run_tree

    if measure not in MEASURES:
        message = f"is '{measure}'; expected one of {', '.join(MEASURES)}."
        raise InputError([Fault("tree", "measure", message)])
    read, data_set = read_tree(file, folder or ())
    with Progress(transient=True) as bar:
        task = bar.add_task("runs")
        result = run_tree(
            read,
            data_set,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    if as_json:
        print_json(_described(result, measure))
    else:
        _show(result, measure)


def _described(result: TreeResult, measure: str) -> dict[str, object]:
    found, names = result.payoffs(measure), [name for name, _ in result.tree.options]
    branches = result.tree.branches
    return {
        "schema": 1,
        "title": result.tree.title,
        "measure": measure,
        "options": result.table(measure).to_dict(orient="records"),
        "states": result.states(measure).to_dict(orient="records"),
        "best": names[found.best],
        "robust": names[found.robust],
        "cautious": names[found.cautious],
        "value_of_knowing": found.value_of_knowing,
        "flips": [
            {
                "branch": list(branches)[flip.branch],
                "now": flip.now,
                "at": flip.at,
                "option": names[flip.option],
            }
            for flip in found.flips(list(branches.values()))
        ],
    }


def _show(result: TreeResult, measure: str) -> None:
    found, names = result.payoffs(measure), [name for name, _ in result.tree.options]
    if found.value_of_knowing == 0:
        say(f"{names[found.best]} has the most {measure} whatever happens.")
    else:
        say(
            f"{names[found.best]} has the highest expected {measure}, {names[found.robust]} the smallest "
            f"largest regret, {names[found.cautious]} the best worst case."
        )
        worth = _written(found.value_of_knowing, measure)
        say(f"Knowing beforehand what will happen is worth {worth}.")
    branches = result.tree.branches
    for flip in found.flips(list(branches.values())):
        name = list(branches)[flip.branch]
        say(
            f"{names[flip.option]} has the highest expected value once '{name}' has a chance "
            f"{'above' if flip.at > flip.now else 'below'} {flip.at:.0%} (now {flip.now:.0%})."
        )
    rows = [
        [
            str(row["option"]) + (" (another is never worse)" if row["dominated"] else ""),
            *(_written(row[name], measure) for name in COLUMNS),
        ]
        for row in result.table(measure).to_dict(orient="records")
    ]
    print_table(
        result.tree.title, ["option", "expected", "deviation", "worst", "largest regret"], rows
    )
    states = [
        [
            " / ".join(state.names),
            f"{state.probability:.1%}",
            *(_written(value, measure) for value in values),
        ]
        for state, values in zip(result.tree.states, found.values.T, strict=True)
    ]
    print_table(f"{measure} in each state", ["state", "chance", *names], states)


def _written(value: float, measure: str) -> str:
    return f"{value:.2%}" if measure == "share_of_sales" else f"{value:,.0f}"
