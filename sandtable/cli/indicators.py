"""``sandtable indicators list | show | compute | lineage | sql``; see `quality` for check and certify."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sandtable.cli.printing import Json, print_json, print_table, say
from sandtable.cli.standing import (
    certificate_text,
    flag,
    print_standing,
    standings,
    status_text,
    tests,
    warn,
)
from sandtable.errors import Fault, InputError

if TYPE_CHECKING:
    import pandas as pd

    from sandtable.indicators import Catalogue, Definition, Lineage
    from sandtable.indicators.computing import Asked

app = typer.Typer(no_args_is_help=True, help="The dictionary of indicators, and their figures.")

DataSet = Annotated[str, typer.Option("--data", help="Name or folder of a data set.")]
Folders = Annotated[
    list[Path] | None, typer.Option("--folder", help="A further folder of definitions; repeatable.")
]
By = Annotated[str, typer.Option(help="Dimensions of the grain, with commas: month,region.")]
Where = Annotated[
    list[str] | None,
    typer.Option(help="Filter: region=Sichuan, month=2026-01..2026-06; repeatable."),
]
Modifiers = Annotated[
    list[str] | None,
    typer.Option(
        "--modifier",
        help="change, change_on_year, cumulative, rolling:3, share_of_total, rank; repeatable.",
    ),
]
AsOf = Annotated[str | None, typer.Option(help="Leave out what was not known then: 2026-03-31.")]
Codes = Annotated[list[str], typer.Argument(help="Codes of indicators.")]
DEFAULT = "premium_ev"


@app.command("list")
def list_indicators(
    stage: Annotated[str | None, typer.Option(help="Only one stage, such as activation.")] = None,
    parts: Annotated[
        bool, typer.Option("--parts", help="Also those that only build others.")
    ] = False,
    check: Annotated[
        bool, typer.Option(help="Run the tests; without, nothing is said about the figures here.")
    ] = True,
    data_set: DataSet = DEFAULT,
    folder: Folders = None,
    as_json: Json = False,
) -> None:
    """List the indicators with unit, stage, status, owner, and how they stand with a data set."""
    found = _catalogue(data_set, folder)
    chosen = [
        item
        for item in found.definitions.values()
        if (parts or item.role == "headline") and stage in (None, item.stage)
    ]
    here = standings([item.code for item in chosen], data_set, folder) if check else {}
    if as_json:
        shown = [_shown(item) | flag(here, item.code) for item in chosen]
        conflicts = [str(conflict) for conflict in found.conflicts]
        print_json({"indicators": shown, "conflicts": conflicts})
        return
    columns = ["code", "label", "unit", "stage", "status", "owner"] + (["here"] if check else [])
    rows = [
        [item.code, item.label.en, item.unit, item.stage, status_text(found, item.code), item.owner]
        + ([here[item.code].state] if check else [])
        for item in chosen
    ]
    print_table(f"{len(chosen)} indicators", columns, rows)
    for conflict in found.conflicts:
        say(str(conflict), "yellow")


@app.command()
def show(
    code: Annotated[str, typer.Argument(help="Code of an indicator.")],
    data_set: DataSet = DEFAULT,
    folder: Folders = None,
    as_json: Json = False,
) -> None:
    """Show all that is defined about one indicator."""
    from sandtable.indicators.certificate import certificates

    found = _catalogue(data_set, folder)
    item = found.definition(code)
    here = standings([code], data_set, folder)
    certificate = certificates(found, (code,))[code]
    if as_json:
        about = {"file": found.files[code], "certificate": asdict(certificate)}
        print_json(_shown(item) | about | flag(here, code) | {"tests_here": tests(here[code])})
        return
    say(f"{item.code}  {item.label.en} / {item.label.zh}", "bold")
    say(item.definition.en)
    say(item.definition.zh)
    if item.formula:
        say(f"= {item.formula}")
    rows = [
        [name, str(value)]
        for name, value in _shown(item).items()
        if name not in ("code", "label", "definition", "formula", "status", "tests")
        and value not in (None, [])
    ]
    rows += [["status", status_text(found, code)], ["file", found.files[code]]]
    rows += [["certificate", certificate_text(certificate)]]
    for name, value in rows:
        say(f"{name}: {value}")
    print_standing(here[code])


@app.command("compute")
def compute_indicators(
    codes: Codes,
    by: By = "",
    where: Where = None,
    modifier: Modifiers = None,
    as_of: AsOf = None,
    data_set: DataSet = DEFAULT,
    scenario: Annotated[
        Path | None,
        typer.Option(help="A scenario file: compute over its result, baseline beside scenario."),
    ] = None,
    folder: Folders = None,
    as_json: Json = False,
) -> None:
    """Compute indicators at a grain, of a data set or of a scenario's result; broken ones with a warning."""
    from sandtable.indicators import compute_with, opened
    from sandtable.indicators.standing_here import standing_here

    if scenario is not None:
        if as_of is not None:
            message = "a result knows all its months; leave the date out."
            raise InputError([Fault("query", "--as-of", message)])
        frame = _of_result(scenario, codes, _split(by), _filters(where), modifier or (), folder)
        _count(codes)
        if as_json:
            print_json({"scenario": str(scenario), "by": _split(by), "rows": _rows(frame)})
            return
        _print_wide(frame)
        return

    with opened(data_set, folders=folder or ()) as (found, engine):
        frame = compute_with(found, engine, codes, **_asked(by, where, modifier, as_of))
        here = standing_here(found, engine, codes)
    _count(codes)
    if as_json:
        quality = {code: flag(here, code) for code in here}
        print_json({"data": data_set, "by": _split(by), "rows": _rows(frame), "quality": quality})
        return
    _print_wide(frame)
    warn(here)


def _count(codes: Sequence[str]) -> None:
    """Count one use of each indicator, where there is a store to count in."""
    import datetime as dt

    from sandtable.indicators.governing import KIND
    from sandtable.store.using import note_uses

    note_uses(KIND, codes, day=dt.date.today())


def _of_result(
    file: Path,
    codes: list[str],
    by: list[str],
    where: dict[str, list[str]],
    modifiers: Sequence[str],
    folders: list[Path] | None,
) -> pd.DataFrame:
    from sandtable.scenario.computing import compute_result
    from sandtable.scenario.files import read_scenario
    from sandtable.scenario.run import run

    scenario, data_set = read_scenario(file, folders or ())
    return compute_result(codes, run(scenario, data_set), by=by, where=where, modifiers=modifiers)


@app.command()
def sql(
    codes: Codes,
    by: By = "",
    where: Where = None,
    modifier: Modifiers = None,
    as_of: AsOf = None,
    data_set: DataSet = DEFAULT,
    folder: Folders = None,
    as_json: Json = False,
) -> None:
    """Print the SQL that computes indicators."""
    from sandtable.indicators import sql as sql_of

    text = sql_of(codes, data_set, folders=folder or (), **_asked(by, where, modifier, as_of))
    if as_json:
        print_json({"engine": "duckdb", "sql": text})
        return
    print(text)  # noqa: T201 - to be pasted, so never wrapped


@app.command("lineage")
def show_lineage(
    code: Annotated[str, typer.Argument(help="Code of an indicator.")],
    data_set: DataSet = DEFAULT,
    folder: Folders = None,
    as_json: Json = False,
) -> None:
    """Follow an indicator down to the columns of its tables."""
    from sandtable.indicators import lineage

    found = _catalogue(data_set, folder)
    way = lineage(found, code)
    if as_json:
        print_json(_lineage(way))
        return
    for name, parts in way.parts.items():
        say(f"{name} <- {', '.join(parts)}")
    rows = [[f"{use.table}.{use.column}", use.use, use.leaf] for use in way.columns]
    print_table("Columns", ["column", "read as", "by leaf"], rows)
    if way.used_by:
        say(f"read by {', '.join(way.used_by)}", "dim")


def _asked(
    by: str, where: list[str] | None, modifiers: list[str] | None, as_of: str | None
) -> Asked:
    return {
        "by": _split(by),
        "where": _filters(where),
        "modifiers": modifiers or (),
        "as_of": as_of,
    }


def _catalogue(data_set: str, folders: list[Path] | None) -> Catalogue:
    from sandtable.indicators import catalogue

    return catalogue(data_set, folders or ())


def _shown(item: Definition) -> dict[str, Any]:
    return item.model_dump(mode="json", exclude_none=True) | {
        "definition_hash": item.definition_hash
    }


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _filters(texts: list[str] | None) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for text in texts or ():
        name, sign, value = text.partition("=")
        if not sign or not name or not value:
            message = f"'{text}' is not understood; write for instance region=Sichuan."
            raise InputError([Fault("query", "--where", message)])
        found.setdefault(name.strip(), []).append(value.strip())
    return found


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {str(name): None if value != value else value for name, value in row.items()}  # noqa: PLR0124
        for row in frame.to_dict("records")
    ]


def _print_wide(frame: pd.DataFrame) -> None:
    """Print every column in full: a screen may wrap a line, a pipe must not lose a column."""
    texts = [[str(name) for name in frame.columns]]
    texts += [[_cell(value) for value in row] for row in frame.itertuples(index=False)]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    words = [pd_type == "str" for pd_type in frame.dtypes.astype(str)]
    for row in texts:
        cells = [
            text.ljust(width) if word else text.rjust(width)
            for text, width, word in zip(row, widths, words, strict=True)
        ]
        print("  ".join(cells).rstrip())  # noqa: T201 - rich would cut to the width of the screen


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value != value:  # noqa: PLR0124 - only NaN differs from itself
        return "—"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.4g}"


def _lineage(way: Lineage) -> dict[str, Any]:
    return {
        "code": way.code,
        "parts": {name: list(parts) for name, parts in way.parts.items()},
        "leaves": list(way.leaves),
        "columns": [
            {"leaf": use.leaf, "table": use.table, "column": use.column, "use": use.use}
            for use in way.columns
        ],
        "used_by": list(way.used_by),
    }
