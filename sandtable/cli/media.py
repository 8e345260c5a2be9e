"""``sandtable media fit | curves``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sandtable.cli.printing import Json, print_json, print_table, say
from sandtable.errors import Fault, InputError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

    from sandtable.data.loading import DataSet
    from sandtable.data.parameters import ParameterSet
    from sandtable.estimation.media import Fitted, MediaFit

app = typer.Typer(no_args_is_help=True, help="What media spend does: fitted response and curves.")

STYLES = {"usable": "bold", "with_care": "bold yellow", "refuse": "bold red"}

DataSetName = Annotated[str, typer.Argument(help="Name or folder of a data set.")]
Parameters = Annotated[str | None, typer.Option(help="Parameter set; the data set's default.")]


@app.command()
def fit(
    data_set: DataSetName,
    parameters: Parameters = None,
    priors: Annotated[
        Path | None, typer.Option(help="Priors (.yaml); those of the package by default.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder to write the parameter set to, with its response to media."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Fit adstock and saturation by channel under priors: numbers, elasticities, and a verdict with reasons."""
    from sandtable.data.parameter_files import write_parameters
    from sandtable.estimation.media import fit_media

    loaded = _loaded(data_set)
    found = fit_media(loaded, _parameters(loaded, parameters), priors)
    written = None if out is None else write_parameters(found.to_parameter_set(), out)
    if as_json:
        print_json(found.to_dict())
        return
    _show(found)
    if written is not None:
        print(f"Written to {written}.")  # noqa: T201


@app.command()
def curves(
    data_set: DataSetName,
    parameters: Parameters = None,
    brand: Annotated[str | None, typer.Option(help="Brand; the own one by default.")] = None,
    region: Annotated[str | None, typer.Option(help="Region or area; all by default.")] = None,
    period: Annotated[str | None, typer.Option(help="The present; the last period.")] = None,
    as_json: Json = False,
) -> None:
    """Show where a brand stands on the curve of each channel, and what one money unit more brings."""
    from sandtable.estimation.media import shape_of, view_media
    from sandtable.estimation.media.view import response_of

    loaded = _loaded(data_set)
    chosen = _parameters(loaded, parameters)
    view = view_media(loaded, chosen, brand=brand, region=region, period=period)
    media = response_of(loaded, chosen)
    shape = shape_of(media)
    table, name = view.table(shape), view.cells.brands[view.brand]
    notes = [reason.en for reason in (media.verdict.reasons if media.verdict else [])]
    if as_json:
        print_json(
            {
                "schema": 1,
                "data": {"name": loaded.name, "sha256": loaded.sha256},
                "parameters": chosen.name,
                "verdict": media.verdict.grade if media.verdict else None,
                "reasons": notes,
                "brand": name,
                "region": region,
                "period": view.period,
                "money_unit": loaded.metadata.money_unit,
                "rows": table.astype(object).where(table.notna(), None).to_dict("records"),
                "curves": {
                    channel: view.curve(shape, place).to_dict("records")
                    for place, channel in enumerate(view.channels)
                },
            }
        )
        return
    _show_view(table, f"{name}, {region or 'all regions'}, {view.period}, {chosen.name}", loaded)
    for note in notes:
        say(f"note: {note}", "yellow")


def _loaded(name: str) -> DataSet:
    """Load the sales, and media and dealers where they are."""
    from sandtable.data.catalogue import find_data_set
    from sandtable.estimation.media.observing import SALES_TABLES, TABLES
    from sandtable.indicators.feeding import load_fed

    folder = find_data_set(name)
    present = {path.stem for path in folder.iterdir()}
    return load_fed(folder, tables={*SALES_TABLES, *(present & set(TABLES))})


def _parameters(data_set: DataSet, name: str | None) -> ParameterSet:
    sets = data_set.parameter_sets
    wanted = name or data_set.metadata.default_parameters
    if wanted not in sets:
        message = f"no parameter set is called '{wanted}'{did_you_mean(wanted, sets)}"
        raise InputError([Fault(data_set.name, "parameters", message)])
    return sets[wanted]


def _show(found: MediaFit) -> None:
    say(f"Verdict: {found.verdict.grade.replace('_', ' ')}", STYLES[found.verdict.grade])
    for finding in found.verdict.findings:
        say(f"- {finding.en} {finding.mend_en}")
    columns = ["", "value", "error", "95 % interval", "prior", "spread\nto prior", "grade"]
    print_table("Response", columns, [_number(one) for one in found.response.numbers])
    rows = [
        [
            str(row["channel"]),
            f"{row['short_run']:.4f}",
            f"{row['short_run_error']:.4f}",
            f"{row['long_run']:.4f}",
            f"{row['long_run_error']:.4f}",
        ]
        for row in found.elasticities.to_dict("records")
    ]
    title = "Elasticity of a brand's cars to its spend"
    print_table(title, ["", "short run", "error", "long run", "error"], rows)
    mode = found.response.mode
    say(
        f"{mode.n:,} observations, errors of {mode.variance**0.5:.4f} with a memory of {mode.memory:.2f}; demand of "
        f"'{found.parameters.name}'",
        "dim",
    )


def _number(one: Fitted) -> list[str]:
    return [
        f"{one.channel} {one.quantity.replace('_', ' ')}".strip(),
        f"{one.value:.4g}",
        f"{one.standard_error:.2g}",
        f"{one.low:.3g} to {one.high:.3g}",
        f"{one.prior:.3g}",
        f"{one.learnt:.2f}",
        one.grade,
    ]


def _show_view(table: pd.DataFrame, title: str, data_set: DataSet) -> None:
    records = table.to_dict("records")
    stands = [
        [
            str(row["channel"]),
            f"{row['spend']:,.0f}",
            f"{row['stock']:,.4g}",
            f"{row['reached']:.1%}",
        ]
        for row in records
    ]
    columns = ["channel", "spend", "stock a household", "reached"]
    print_table(f"Media now; {title}", columns, stands)
    brings = [
        [str(row["channel"]), *(_cell(row[name]) for name in table.columns[4:])] for row in records
    ]
    columns = ["channel", "short run", "long run", "cars per\nmillion", "revenue", "contribution"]
    print_table("Elasticity, and what one money unit more brings", columns, brings)
    metadata = data_set.metadata
    say(
        f"Spend in {metadata.money_unit}, stock in the same a household. More is spent once, on top of the present "
        f"stock; all later periods are counted. Cars per million {metadata.currency}; money is net of value added tax.",
        "dim",
    )


def _cell(value: float) -> str:
    return "—" if value != value else f"{value:,.3g}"  # noqa: PLR0124 - only NaN differs from itself
