"""The command line: ``sandtable run | validate | compare | levers | data``.

Every command has ``--json`` (one object, full precision). Exit codes: 0 done, 2 bad input (all faults listed),
3 did not converge.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console
from rich.text import Text

from sandtable.errors import ConvergenceError, Fault, InputError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

BAD_INPUT, NOT_CONVERGED = 2, 3

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="A competitive market sand-table: run, check and compare market scenarios.",
    pretty_exceptions_enable=False,
)
data_app = typer.Typer(no_args_is_help=True, help="List, show, check and generate data sets.")
app.add_typer(data_app, name="data")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object with full precision.")]
ScenarioFile = Annotated[Path, typer.Argument(help="A scenario file (.yaml).")]
ScenarioFiles = Annotated[list[Path], typer.Argument(help="Scenario files (.yaml).")]


def main() -> None:
    """Run the command line; user errors become sentences and exit codes."""
    sys.exit(run_command(app))


def run_command(command: Callable[[], Any]) -> int:
    """Call a command and turn the errors meant for users into sentences and exit codes."""
    try:
        command()
    except InputError as error:
        print(error, file=sys.stderr)  # noqa: T201
        count = len(error.faults)
        print(f"{count} fault{'s' if count > 1 else ''}; nothing was written.", file=sys.stderr)  # noqa: T201
        return BAD_INPUT
    except ConvergenceError as error:
        print(f"did not converge ({error.reason}): {error}", file=sys.stderr)  # noqa: T201
        return NOT_CONVERGED
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0


def _print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False))  # noqa: T201


def _table(title: str, columns: list[str], rows: list[list[str]]) -> None:
    from rich.table import Table

    if title:
        print()  # noqa: T201
        _say(title, "italic")
    table = Table(box=None, pad_edge=False)
    for place, column in enumerate(columns):
        # a long name breaks into two lines; cut short, it could be another one
        justify: Literal["left", "right"] = "left" if place == 0 else "right"
        table.add_column(column, justify=justify, no_wrap=place > 0, overflow="fold")
    for row in rows:
        # a name from data is text: square brackets in it are no markup
        table.add_row(*(Text(cell) for cell in row))
    Console().print(table)


def _say(text: str, style: str | None = None) -> None:
    Console().print(Text(text), style=style, highlight=False)


@app.command("run")
def run_scenario(
    file: ScenarioFile,
    as_json: Json = False,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for rows.csv, result.json, scenario.yaml and workbook.xlsx."),
    ] = None,
) -> None:
    """Run one scenario: what changes for every product, region and period."""
    from sandtable.scenario.base import open_parameters
    from sandtable.scenario.files import read_scenario
    from sandtable.scenario.run import header, run

    scenario, data_set = read_scenario(file)
    try:
        result = run(scenario, data_set)
    except ConvergenceError as error:
        if as_json:
            about = header(scenario, data_set, open_parameters(scenario, data_set))
            _print_json({**about, "converged": False, "reason": error.reason, "rows": []})
        raise
    if out is not None:
        from sandtable.export.folder import write_result

        write_result(result, out)
    if as_json:
        _print_json(result.to_dict())
    else:
        _show_result(result)
        if out is not None:
            print(f"Written to {out}.")  # noqa: T201


def _show_result(result: Any) -> None:
    from sandtable.scenario.compare import KPIS
    from sandtable.scenario.summary import change_by_firm, totals

    scenario, metadata = result.scenario, result.data_set.metadata
    _say(scenario.title, "bold")
    if scenario.question:
        _say(scenario.question)
    _say(
        f"{result.data_set.name} ({metadata.kind}), parameters {result.parameters.name}, "
        f"money in {metadata.money_unit}",
        "dim",
    )
    for item in result.periods:
        baseline, after = totals(item, result.own_firm)
        rows = [
            [kpi.replace("_", " "), *_kpi_cells(getattr(baseline, kpi), getattr(after, kpi), kpi)]
            for kpi in KPIS
        ]
        title = f"{result.own_firm}, {item.base.period}"
        _table(title, ["", "baseline", "scenario", "change"], rows)
        changes = [pair for pair in change_by_firm(item).items() if round(pair[1])]
        if changes:
            shown = changes if len(changes) <= 8 else [*changes[:4], *changes[-4:]]
            _table("Who wins, who loses", ["firm", "units"], [[f, f"{v:+,.0f}"] for f, v in shown])
    for warning in result.warnings:
        _say(f"note: {warning}", "yellow")


def _kpi_cells(before: float | None, after: float | None, kpi: str) -> list[str]:
    if before is None or after is None:
        return ["—", "—", "—"]
    if kpi in ("share_of_sales", "conversion"):
        points = round((after - before) * 100, 2)
        change = f"{points:+.2f} pt" if points else ""
        return [f"{before:.2%}", f"{after:.2%}", change]
    change = f"{after - before:+,.0f}" if round(after - before) else ""
    return [f"{before:,.0f}", f"{after:,.0f}", change]


@app.command()
def validate(files: ScenarioFiles, as_json: Json = False) -> None:
    """Check scenario files against their data sets; list every fault."""
    from sandtable.scenario.files import read_scenario

    faults: list[Fault] = []
    checked: list[dict[str, Any]] = []
    for file in files:
        try:
            scenario, _ = read_scenario(file)
            checked.append({"file": str(file), "valid": True, "sha256": scenario.sha256})
        except InputError as error:
            faults += error.faults
            sentences = [str(fault) for fault in error.faults]
            checked.append({"file": str(file), "valid": False, "faults": sentences})
    if as_json:
        _print_json({"schema": 1, "files": checked})
    else:
        for item in checked:
            if item["valid"]:
                print(f"{item['file']}: valid")  # noqa: T201
    if faults:
        raise InputError(faults)


@app.command("compare")
def compare_scenarios(files: ScenarioFiles, as_json: Json = False) -> None:
    """Run several scenarios of one data set and hold them side by side."""
    from sandtable.scenario.compare import compare
    from sandtable.scenario.files import read_scenario
    from sandtable.scenario.run import run

    read = []
    faults: list[Fault] = []
    for file in files:
        try:
            read.append((str(file), *read_scenario(file)))
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError(faults)
    results = [(name, run(scenario, data_set)) for name, scenario, data_set in read]
    table = compare(results)
    if as_json:
        records = table.astype(object).where(table.notna(), None).to_dict(orient="records")
        _print_json({"schema": 1, "converged": True, "rows": records})
        return
    first = results[0][1]
    _show_comparison(table, first.own_firm, first.data_set.metadata.money_unit)


def _show_comparison(table: pd.DataFrame, own_firm: str, money_unit: str) -> None:
    """Print one block per period and a line per scenario, so that 80 columns hold it."""
    kpis = ("units", "share_of_sales", "contribution_profit")
    for period, rows in table[table["firm"] == own_firm].groupby("period"):
        lines = []
        for row in rows.to_dict(orient="records"):
            sides = [
                _kpi_cells(row[f"{kpi}_baseline"], row[f"{kpi}_scenario"], kpi) for kpi in kpis
            ]
            cells = [cell for _, after, change in sides for cell in (after, change)]
            lines.append([Path(str(row["scenario"])).stem, *cells])
        columns = ["scenario", "units", "change", "share", "change", "profit", "change"]
        _table(f"{own_firm}, {period}; profit in {money_unit}", columns, lines)


@app.command()
def levers(as_json: Json = False) -> None:
    """List every lever: what it acts on, in which unit, with which evidence."""
    from sandtable.scenario.levers import lever_table

    table = lever_table()
    if as_json:
        values = {name: lever.model_dump() for name, lever in table.items()}
        _print_json({"schema": 1, "levers": values})
        return
    rows = [
        [
            name,
            lever.scope.replace("_", " "),
            lever.products,
            ", ".join(lever.change) or "—",
            lever.evidence.grade,
        ]
        for name, lever in table.items()
    ]
    _table("", ["lever", "acts on", "whose", "change", "evidence"], rows)


@data_app.command("list")
def data_list(as_json: Json = False) -> None:
    """List the data sets."""
    from sandtable.data.catalogue import data_set_names, find_data_set
    from sandtable.data.loading import load_metadata

    items = [load_metadata(find_data_set(name)) for name in data_set_names()]
    if as_json:
        sets = [
            {
                "name": item.name,
                "kind": item.kind,
                "title": item.title.model_dump(),
                "as_of": item.as_of,
            }
            for item in items
        ]
        _print_json({"schema": 1, "data_sets": sets})
        return
    rows = [[item.name, item.kind, item.as_of, item.title.en] for item in items]
    _table("", ["data set", "kind", "as of", "title"], rows)


@data_app.command("show")
def data_show(
    name: Annotated[str, typer.Argument(help="Name or folder of a data set.")],
    as_json: Json = False,
) -> None:
    """Show what a data set holds: source, licence, tables, parameter sets, known limits."""
    from sandtable.data.catalogue import find_data_set
    from sandtable.data.loading import load_data_set

    data_set = load_data_set(find_data_set(name))
    metadata = data_set.metadata
    sizes = {table: len(frame) for table, frame in data_set.tables.items()}
    sets = {key: value.model_dump(by_alias=True) for key, value in data_set.parameter_sets.items()}
    if as_json:
        about = metadata.model_dump(by_alias=True)
        _print_json(
            {
                "schema": 1,
                "sha256": data_set.sha256,
                "metadata": about,
                "rows": sizes,
                "parameters": sets,
            }
        )
        return
    _say(f"{metadata.title.en} ({metadata.kind})", "bold")
    for label, text in (
        ("source", metadata.source),
        ("licence", metadata.licence),
        ("as of", metadata.as_of),
        ("money", metadata.money_unit),
        ("own firm", metadata.own_firm),
        ("market size", metadata.market_size_rule),
        ("sha256", data_set.sha256),
    ):
        _say(f"{label}: {text}")
    _table("Tables", ["table", "rows"], [[key, f"{size:,}"] for key, size in sizes.items()])
    rows = [
        [key, value.title.en, value.price_coefficient.grade]
        for key, value in data_set.parameter_sets.items()
    ]
    _table("Parameter sets", ["name", "title", "price coefficient"], rows)
    for limit in metadata.limits:
        _say(f"limit: {limit.en}", "yellow")


@data_app.command("check")
def data_check(
    path: Annotated[Path, typer.Argument(help="Folder of a data set.")], as_json: Json = False
) -> None:
    """Hold a data set against its contract; list every fault."""
    from sandtable.data.loading import load_data_set

    try:
        data_set = load_data_set(path)
    except InputError as error:
        if as_json:
            faults = [str(fault) for fault in error.faults]
            _print_json({"schema": 1, "valid": False, "faults": faults})
        raise
    if as_json:
        notes = list(data_set.notes)
        _print_json({"schema": 1, "valid": True, "sha256": data_set.sha256, "notes": notes})
        return
    for note in data_set.notes:
        print(f"converted: {note}")  # noqa: T201
    print(f"{path}: valid, sha256 {data_set.sha256}")  # noqa: T201


@data_app.command("generate")
def data_generate(
    name: Annotated[str, typer.Argument(help="Name of a synthetic data set: premium_ev.")],
    out: Annotated[
        Path | None, typer.Option(help="Folder to write; market_data/NAME by default.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Seed; the shipped data use the default.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Generate a synthetic data set, whole or not at all."""
    from sandtable.data.catalogue import market_data_folder
    from sandtable.synthetic import DEFAULT_SEED, generate

    if name != "premium_ev":
        known = did_you_mean(name, ["premium_ev"])
        raise InputError([Fault("data generate", name, f"no such synthetic data set{known}")])
    folder = generate(out or market_data_folder() / name, DEFAULT_SEED if seed is None else seed)
    if as_json:
        _print_json({"schema": 1, "name": name, "folder": str(folder)})
    else:
        print(f"Written to {folder}.")  # noqa: T201
