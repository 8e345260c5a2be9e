"""``sandtable funnel diagnose | stages``."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from sandtable.cli.printing import Json, print_json, print_table, say
from sandtable.errors import Fault, InputError

if TYPE_CHECKING:
    import pandas as pd

    from sandtable.data.loading import DataSet
    from sandtable.diagnosis import Diagnosis

app = typer.Typer(no_args_is_help=True, help="Where the own funnel loses customers.")

DataSetName = Annotated[str, typer.Argument(help="Name or folder of a data set.")]
PeriodFrom = Annotated[str | None, typer.Option(help="First period; the last year by default.")]
PeriodTo = Annotated[str | None, typer.Option(help="Last period; the last observed by default.")]


class By(StrEnum):
    """What the rows of ``funnel stages`` are."""

    region = "region"
    dealer = "dealer"
    product = "product"


@app.command()
def diagnose(
    data_set: DataSetName,
    period_from: PeriodFrom = None,
    period_to: PeriodTo = None,
    region: Annotated[str | None, typer.Option(help="Only this region.")] = None,
    area: Annotated[str | None, typer.Option(help="Only this area.")] = None,
    product: Annotated[list[str] | None, typer.Option(help="Only these products.")] = None,
    top: Annotated[int, typer.Option(min=1, help="Links listed.")] = 10,
    as_json: Json = False,
) -> None:
    """Find the weak links: stages where a region or dealer is below its peers, by cars lost a year."""
    from sandtable.diagnosis import diagnose as find_links

    if region is not None and area is not None:
        message = "name a region or an area, not both."
        raise InputError([Fault(data_set, "--region and --area", message)])
    found = find_links(
        _loaded(data_set), period_from=period_from, period_to=period_to, products=product or ()
    )
    place, level = (region, "region") if area is None else (area, "area")
    if as_json:
        print_json(found.to_dict(top=top, place=place, level=level))
        return
    _show(found, place, level, top)


@app.command()
def stages(
    data_set: DataSetName,
    by: Annotated[By, typer.Option(help="Rows: region, dealer or product.")] = By.region,
    period_from: PeriodFrom = None,
    period_to: PeriodTo = None,
    as_json: Json = False,
) -> None:
    """Count the stages and their rates by region, dealer or product."""
    from sandtable.diagnosis import stage_table
    from sandtable.diagnosis.counting import chosen_rows
    from sandtable.diagnosis.result import records

    loaded = _loaded(data_set)
    _, periods = chosen_rows(loaded, period_from, period_to)
    table = stage_table(loaded, by=by.value, period_from=period_from, period_to=period_to)
    if as_json:
        data = {"name": loaded.name, "sha256": loaded.sha256}
        about = {"schema": 1, "data": data, "periods": list(periods), "by": by.value}
        print_json({**about, "rows": records(table)})
        return
    rates = [str(name) for name in table if str(name).endswith("_rate")]
    cells = [
        [
            str(row[by.value]),
            f"{row['leads']:,}",
            *(_rate(row[name]) for name in rates),
            f"{row['deliveries']:,}",
        ]
        for row in table.to_dict("records")
    ]
    names = [name.removesuffix("_rate").replace("_", "\n") for name in rates]
    title = f"Funnel of {loaded.name}, {periods[0]} to {periods[-1]}"
    print_table(title, [by.value, "leads", *names, "cars"], cells)


def _loaded(name: str) -> DataSet:
    """Load the funnel, or say in one sentence that there is none."""
    from sandtable.data.catalogue import find_data_set
    from sandtable.data.loading import TABLE_ENDINGS
    from sandtable.diagnosis.counting import no_funnel
    from sandtable.indicators.feeding import load_fed

    folder = find_data_set(name)
    if not any((folder / f"funnel{ending}").is_file() for ending in TABLE_ENDINGS):
        raise no_funnel(folder.resolve().name)
    return load_fed(folder, tables={"funnel"})


def _show(found: Diagnosis, place: str | None, level: str, top: int) -> None:
    links = found.links(place, level=level)
    sure = links[links["verdict"] == "sure"]
    counts = found.counts
    where = "" if place is None else f" in {place}"
    say(
        f"Surely weak links{where}: {len(sure)}, {sure['units_lost'].sum():,.0f} cars lost a year; "
        f"not clear yet: {len(links) - len(sure)}.",
        "bold",
    )
    title = f"Weak links, {counts.periods[0]} to {counts.periods[-1]}, sure ones first"
    columns = ["link", "into", "rate", "95 %", "peers", "usual\nfrom", "lost\na year", "verdict"]
    print_table(title, columns, [_link(row) for _, row in links.head(top).iterrows()])
    rows = found.drill(place, level=level).pivot(
        index="place", columns="stage", values="sure_units_lost"
    )
    stages_shown = list(counts.stages[1:])
    cells = [
        [str(name), *(_units(row[stage]) for stage in stages_shown)]
        for name, row in rows.iterrows()
    ]
    names = [stage.replace("_", " ") for stage in stages_shown]
    print_table("Cars lost a year by sure links", ["place", *names], cells)


def _link(row: pd.Series) -> list[str]:
    return [
        str(row["place"]),
        str(row["stage"]).replace("_", " "),
        _rate(row["pooled_rate"]),
        f"{_rate(row['low_95'])} to {_rate(row['high_95'])}",
        _rate(row["benchmark"]),
        _rate(row["usual_low"]),
        f"{row['units_lost']:,.0f}",
        str(row["verdict"]).replace("_", " "),
    ]


def _rate(value: float) -> str:
    return "—" if value != value else f"{value:.1%}"  # noqa: PLR0124 - only NaN differs from itself


def _units(value: float) -> str:
    return "—" if value == 0 else f"{value:,.0f}"
