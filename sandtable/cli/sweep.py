"""``sandtable sweep``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress, TimeRemainingColumn

from sandtable.cli.indicators import Folders
from sandtable.cli.printing import Json, print_json, print_table, say
from sandtable.cli.scenarios import ScenarioFile
from sandtable.errors import Fault, InputError

if TYPE_CHECKING:
    import pandas as pd

    from sandtable.planning.sweeps.axes import Axis
    from sandtable.planning.sweeps.sweeping import SweepResult

WRITERS = (".csv", ".parquet")


def sweep(
    file: ScenarioFile,
    axis: Annotated[
        list[str],
        typer.Option(
            help="A lever and its range: \"list_price product=N5 change='-10 %..+5 %' levels=16\". "
            "Once for each axis."
        ),
    ],
    sample: Annotated[
        int | None, typer.Option(help="Draw so many combinations instead of running all.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of the sample.")] = None,
    by: Annotated[
        str, typer.Option(help="units, share_of_sales or contribution_profit: what is best.")
    ] = "contribution_profit",
    top: Annotated[int, typer.Option(help="How many of the best to print.", min=1)] = 10,
    out: Annotated[
        Path | None, typer.Option(help="File for all scenarios (.csv or .parquet).")
    ] = None,
    keep: Annotated[
        Path | None,
        typer.Option(help="Folder for finished parts: the same command goes on where it stopped."),
    ] = None,
    cluster: Annotated[
        str | None, typer.Option(help="Address of a dask scheduler, such as tcp://10.0.0.5:8786.")
    ] = None,
    as_json: Json = False,
    folder: Folders = None,
) -> None:
    """Run a scenario at many combinations of lever amounts, a grid or a sample."""
    from sandtable.planning.measures import MEASURES
    from sandtable.planning.sweeps.axes import read_axes
    from sandtable.planning.sweeps.designs import SEED
    from sandtable.planning.sweeps.sweeping import sweep as run_sweep
    from sandtable.scenario.files import read_scenario

    _check(by, MEASURES, out)
    scenario, data_set = read_scenario(file, folder or ())
    axes = read_axes(axis, scenario, data_set)
    with Progress(
        *Progress.get_default_columns()[:-1], TimeRemainingColumn(), transient=True
    ) as bar:
        task = bar.add_task("scenarios")
        result = run_sweep(
            scenario,
            axes,
            data_set,
            sample=sample,
            seed=SEED if seed is None else seed,
            cluster=cluster,
            keep=keep,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    if out is not None:
        _write(result.table(), out)
    if as_json:
        print_json(_described(result, by, top))
        return
    _show(result, by, top)
    if out is not None:
        print(f"Written to {out}.")  # noqa: T201


def _check(by: str, measures: tuple[str, ...], out: Path | None) -> None:
    faults = []
    if by not in measures:
        faults.append(Fault("sweep", "by", f"is '{by}'; expected one of {', '.join(measures)}."))
    if out is not None and out.suffix not in WRITERS:
        message = f"is '{out.name}'; expected a name that ends in {' or '.join(WRITERS)}."
        faults.append(Fault("sweep", "out", message))
    if faults:
        raise InputError(faults)


def _write(table: pd.DataFrame, out: Path) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_name(f"{out.name}.part")
    if out.suffix == ".csv":
        table.to_csv(part, index=False)
    else:
        table.to_parquet(part, index=False)
    part.replace(out)


def _described(result: SweepResult, by: str, top: int) -> dict[str, object]:
    from sandtable.planning.measures import MEASURES

    best = result.best(by, top)
    return {
        "schema": 1,
        "scenario": result.job.scenario.to_dict(),
        "data_fingerprint": result.job.data_fingerprint,
        "axes": [{"name": axis.name, "amounts": list(axis.amounts)} for axis in result.job.axes],
        "scenarios": len(result.measures),
        "failures": result.failures,
        "together": result.together,
        "baseline": dict(zip(MEASURES, result.baseline.tolist(), strict=True)),
        "by": by,
        "best": best.astype(object).where(best.notna(), None).to_dict(orient="records"),
    }


def _show(result: SweepResult, by: str, top: int) -> None:
    units, share, profit = result.baseline
    say(
        f"{len(result.measures):,} scenarios; without levers {units:,.0f} units, {share:.2%} of sales, "
        f"contribution profit {profit:,.0f}."
    )
    if result.failures:
        say(f"{result.failures:,} of them did not converge and have no numbers.", "yellow")
    best, axes = result.best(by, top), result.job.axes
    rows = [
        [
            str(place),
            *(_amount(axis, amount) for axis, amount in zip(axes, row[:-3], strict=True)),
            f"{row[-3]:,.0f}",
            f"{row[-2]:.2%}",
            f"{row[-1]:,.0f}",
        ]
        for place, row in enumerate(best.itertuples(index=False, name=None), start=1)
    ]
    names = [axis.name for axis in axes]
    print_table(f"Most {by}", ["", *names, "units", "share", "profit"], rows)


def _amount(axis: Axis, amount: float) -> str:
    return f"{100 * amount:+.4g} %" if axis.is_relative else f"{amount:,.6g}"
