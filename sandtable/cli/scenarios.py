"""``sandtable run | validate | compare | levers``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sandtable.cli.indicators import Folders
from sandtable.cli.printing import Json, print_json, print_table, say
from sandtable.cli.result_parts import kpi_cells
from sandtable.cli.results import show_result
from sandtable.errors import ConvergenceError, Fault, InputError

if TYPE_CHECKING:
    import pandas as pd

    from sandtable.scenario.levers import Term

ScenarioFile = Annotated[Path, typer.Argument(help="A scenario file (.yaml).")]
ScenarioFiles = Annotated[list[Path], typer.Argument(help="Scenario files (.yaml).")]


def run_scenario(
    file: ScenarioFile,
    as_json: Json = False,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for rows.csv, result.json, scenario.yaml and workbook.xlsx."),
    ] = None,
    folder: Folders = None,
) -> None:
    """Run one scenario: what changes for every product, region and period."""
    from sandtable.scenario.base import open_parameters
    from sandtable.scenario.files import read_scenario
    from sandtable.scenario.run import header, run

    scenario, data_set = read_scenario(file, folder or ())
    try:
        result = run(scenario, data_set)
    except ConvergenceError as error:
        if as_json:
            about = header(scenario, data_set, open_parameters(scenario, data_set))
            print_json({**about, "converged": False, "reason": error.reason, "rows": []})
        raise
    if out is not None:
        from sandtable.export.folder import write_result

        write_result(result, out)
    if as_json:
        print_json(result.to_dict())
    else:
        show_result(result)
        if out is not None:
            print(f"Written to {out}.")  # noqa: T201


def validate(files: ScenarioFiles, as_json: Json = False, folder: Folders = None) -> None:
    """Check scenario files against their data sets; list every fault."""
    from sandtable.scenario.files import read_scenario

    faults: list[Fault] = []
    checked: list[dict[str, Any]] = []
    for file in files:
        try:
            scenario, _ = read_scenario(file, folder or ())
            checked.append({"file": str(file), "valid": True, "sha256": scenario.sha256})
        except InputError as error:
            faults += error.faults
            sentences = [str(fault) for fault in error.faults]
            checked.append({"file": str(file), "valid": False, "faults": sentences})
    if as_json:
        print_json({"schema": 1, "files": checked})
    else:
        for item in checked:
            if item["valid"]:
                print(f"{item['file']}: valid")  # noqa: T201
    if faults:
        raise InputError(faults)


def compare_scenarios(files: ScenarioFiles, as_json: Json = False, folder: Folders = None) -> None:
    """Run several scenarios of one data set and hold them side by side."""
    from sandtable.scenario.compare import compare
    from sandtable.scenario.files import read_scenario
    from sandtable.scenario.run import run

    read = []
    faults: list[Fault] = []
    for file in files:
        try:
            read.append((str(file), *read_scenario(file, folder or ())))
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError(faults)
    results = [(name, run(scenario, data_set)) for name, scenario, data_set in read]
    table = compare(results)
    if as_json:
        records = table.astype(object).where(table.notna(), None).to_dict(orient="records")
        print_json({"schema": 1, "converged": True, "rows": records})
        return
    first = results[0][1]
    _show_comparison(table, first.own_firm, first.data_set.metadata.money_unit)
    for label in table["label"].dropna().unique():
        say(f"note: {label}", "yellow")


def _show_comparison(table: pd.DataFrame, own_firm: str, money_unit: str) -> None:
    """Print one block per period and a line per scenario, so that 80 columns hold it."""
    kpis = ("units", "share_of_sales", "contribution_profit")
    for period, rows in table[table["firm"] == own_firm].groupby("period"):
        lines = []
        for row in rows.to_dict(orient="records"):
            sides = [kpi_cells(row[f"{kpi}_baseline"], row[f"{kpi}_scenario"], kpi) for kpi in kpis]
            cells = [cell for _, after, change in sides for cell in (after, change)]
            lines.append([Path(str(row["scenario"])).stem, *cells])
        columns = ["scenario", "units", "change", "share", "change", "profit", "change"]
        print_table(f"{own_firm}, {period}; profit in {money_unit}", columns, lines)


# in few words, so that 80 columns hold the table
AMOUNTS = {"relative": "%", "absolute": "change", "value": "value"}
SCOPES = {
    "product": "{whose} product",
    "firm": "{whose} firm",
    "firm_or_product": "{whose} firm/product",
    "market": "market",
    "any": "firm/product/all",
}


def levers(as_json: Json = False) -> None:
    """List every lever: what it acts on, in which unit, with which evidence."""
    from sandtable.scenario.levers import lever_table

    table = lever_table()
    if as_json:
        values = {name: lever.model_dump() for name, lever in table.items()}
        print_json({"schema": 1, "levers": values})
        return
    rows = [
        [
            name,
            SCOPES[lever.scope].format(whose=lever.products),
            ", ".join(AMOUNTS[kind] for kind in lever.change) or "—",
            lever.usual_range,
            lever.evidence.grade,
        ]
        for name, lever in table.items()
    ]
    print_table("", ["lever", "acts on", "amount", "guard-rail", "evidence"], rows)
    terms = [
        [f"{name}: {term}", *(_edge(item, value) for value in (item.low, item.high, item.default))]
        for name, lever in table.items()
        for term, item in lever.terms.items()
    ]
    print_table("Terms", ["lever: term", "lowest", "highest", "left out"], terms)


def _edge(term: Term, value: float | str | None) -> str:
    if value is None:
        return "must be given"
    if isinstance(value, str):
        return "no limit"
    return f"{value * 100:g} %" if term.kind == "share" else f"{value:g}"
