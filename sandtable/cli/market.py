"""``sandtable market elasticities | diversion | demand-curve | hhi | surplus``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sandtable.cli.printing import Json, print_json, print_table, say
from sandtable.errors import Fault, InputError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

    from sandtable.scenario.answers import View
    from sandtable.scenario.run import Result

app = typer.Typer(no_args_is_help=True, help="Ask a calibrated market about itself.")

SHOWN = 30
SHOWN_CHANGE = 1e-5  # relative; a smaller move of a price rounds to nothing

DataSetName = Annotated[str, typer.Argument(help="Name or folder of a data set.")]
Parameters = Annotated[str | None, typer.Option(help="Parameter set; the data set's default.")]
Period = Annotated[str | None, typer.Option(help="Observed period; the last by default.")]
Region = Annotated[str | None, typer.Option(help="Region or area; all by default.")]
Product = Annotated[str | None, typer.Option(help="Only this product.")]


def _view(name: str, parameters: str | None, period: str | None, region: str | None) -> View:
    """Calibrate what the options name, or list all that is unknown."""
    from sandtable.scenario.answers import View
    from sandtable.scenario.base import base_of, open_data_set
    from sandtable.scenario.calendar import periods_of

    data_set = open_data_set(name)
    wanted = parameters or data_set.metadata.default_parameters
    periods = periods_of(data_set)
    chosen = period or periods[-1]
    faults = []
    if wanted not in data_set.parameter_sets:
        hint = did_you_mean(wanted, data_set.parameter_sets)
        faults.append(Fault(name, "parameters", f"no parameter set is called '{wanted}'{hint}"))
    if chosen not in periods:
        message = f"'{chosen}' is not observed; expected {periods[0]} to {periods[-1]}."
        faults.append(Fault(name, "period", message))
    if faults:
        raise InputError(faults)
    return View(base_of(data_set, data_set.parameter_sets[wanted], chosen), region)


def _show(view: View, table: pd.DataFrame, as_json: bool, title: str, **extra: Any) -> None:
    from sandtable.scenario.run import data_header

    base = view.base
    label = None if base.parameters.label is None else base.parameters.label.en
    if as_json:
        about = {
            "schema": 1,
            "data": data_header(base.data_set),
            "parameters": base.parameters.name,
            "label": label,
            "period": base.period,
            "region": view.region,
            "money_unit": base.data_set.metadata.money_unit,
            **extra,
        }
        print_json({**about, "rows": _records(table)})
        return
    _print(f"{title}; {base.data_set.name}, {base.period}, {base.parameters.name}", table)
    _say_notes([] if label is None else [label])


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    records = table.astype(object).where(table.notna(), None).to_dict(orient="records")
    return [{str(name): value for name, value in record.items()} for record in records]


def _print(title: str, table: pd.DataFrame) -> None:
    rows = [[_cell(value) for value in row] for row in table.head(SHOWN).itertuples(index=False)]
    print_table(title, [str(column).replace("_", "\n") for column in table.columns], rows)
    if len(table) > SHOWN:
        print(f"{len(table) - SHOWN} more rows; --json prints all.")  # noqa: T201


def _say_notes(notes: Sequence[str]) -> None:
    for note in notes:
        say(f"note: {note}", "yellow")


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.4g}"
    return str(value)


@app.command()
def elasticities(
    data_set: DataSetName,
    product: Product = None,
    parameters: Parameters = None,
    period: Period = None,
    region: Region = None,
    as_json: Json = False,
) -> None:
    """Own and cross price elasticities: % of units for 1 % of price; largest first."""
    from sandtable.scenario import answers

    view = _view(data_set, parameters, period, region)
    table = answers.elasticities(view)
    if product is not None:
        view.column(product)
        table = table[(table["product"] == product) | (table["price_of"] == product)]
    table = table.sort_values("elasticity", key=abs, ascending=False, ignore_index=True)
    _show(view, table, as_json, "Price elasticities")


@app.command()
def diversion(
    data_set: DataSetName,
    product: Product = None,
    parameters: Parameters = None,
    period: Period = None,
    region: Region = None,
    as_json: Json = False,
) -> None:
    """Where the buyers go that a product loses when its price rises; largest first."""
    from sandtable.scenario import answers

    view = _view(data_set, parameters, period, region)
    table = answers.diversion(view)
    if product is not None:
        view.column(product)
        table = table[table["product"] == product]
    table = table.sort_values(["product", "diversion"], ascending=[True, False], ignore_index=True)
    _show(view, table, as_json, "Diversion")


@app.command("demand-curve")
def demand_curve(
    data_set: DataSetName,
    product: Annotated[str, typer.Option(help="The product whose price moves.")],
    span: Annotated[
        float, typer.Option(min=0.001, max=0.9, help="Largest change, relative.")
    ] = 0.2,
    points: Annotated[int, typer.Option(min=2, max=1001, help="Points on the curve.")] = 21,
    parameters: Parameters = None,
    period: Period = None,
    region: Region = None,
    as_json: Json = False,
) -> None:
    """What a product sells at other prices, rivals held."""
    from sandtable.scenario import answers

    view = _view(data_set, parameters, period, region)
    table = answers.demand_curve(view, product, span=span, n_points=points)
    _show(view, table, as_json, f"Demand curve of {product}", product=product)


@app.command()
def hhi(
    data_set: DataSetName,
    parameters: Parameters = None,
    period: Period = None,
    region: Region = None,
    as_json: Json = False,
) -> None:
    """Herfindahl-Hirschman index of the sales, and each firm's part of it."""
    from sandtable.scenario import answers

    view = _view(data_set, parameters, period, region)
    table = answers.concentration(view)
    index = float(table["hhi_part"].sum())
    _show(view, table, as_json, f"Concentration, index {index:,.0f}", hhi=index)


@app.command()
def surplus(
    file: Annotated[Path, typer.Argument(help="A scenario file (.yaml).")], as_json: Json = False
) -> None:
    """What consumers gain from a scenario, in money, and what it does to concentration."""
    from sandtable.scenario import answers
    from sandtable.scenario.files import read_scenario
    from sandtable.scenario.run import run

    result = run(*read_scenario(file))
    _show_result(result, answers.surplus(result), as_json)


def _show_result(result: Result, table: pd.DataFrame, as_json: bool) -> None:
    from sandtable.scenario.run import header

    unit = result.data_set.metadata.money_unit
    if as_json:
        about = header(result.scenario, result.data_set, result.parameters)
        notes = {"converged": True, "warnings": list(result.warnings), "money_unit": unit}
        print_json({**about, **notes, "rows": _records(table)})
        return
    _print(f"{result.scenario.title}; money in {unit}", table)
    _say_notes(result.warnings)


@app.command("pass-through")
def pass_through(
    data_set: DataSetName,
    product: Product = None,
    parameters: Parameters = None,
    period: Period = None,
    region: Region = None,
    as_json: Json = False,
) -> None:
    """How much of a higher cost reaches prices when all firms answer."""
    from sandtable.scenario.reactions import cost_pass_through

    view = _view(data_set, parameters, period, region)
    table = cost_pass_through(view)
    if product is not None:
        view.column(product)
        table = table[table["product"] == product]
    _show(view, table, as_json, "Pass-through of costs, money on the price for one of cost")


@app.command()
def prices(
    file: Annotated[Path, typer.Argument(help="A scenario file (.yaml).")], as_json: Json = False
) -> None:
    """Net prices of a scenario: base, after levers, after one round of answers, where the answers end."""
    from sandtable.scenario.files import read_scenario
    from sandtable.scenario.reactions import price_answers
    from sandtable.scenario.run import run

    result = run(*read_scenario(file))
    table = price_answers(result)
    table["change"] = table["answered"] / table["base"] - 1
    moved = table[table["change"].abs() > SHOWN_CHANGE]
    largest = moved.sort_values("change", key=abs, ascending=False)
    _show_result(result, table if as_json else largest.drop(columns="change"), as_json)
