"""``sandtable indicators list | show | compute | lineage | check | sql``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sandtable.cli.printing import Json, print_json, print_table, say
from sandtable.errors import Fault, InputError

if TYPE_CHECKING:
    import pandas as pd

    from sandtable.indicators import Catalogue, Definition, Lineage

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
    data_set: DataSet = DEFAULT,
    folder: Folders = None,
    as_json: Json = False,
) -> None:
    """List the indicators with unit, stage, status and owner."""
    found = _catalogue(data_set, folder)
    chosen = [
        item
        for item in found.definitions.values()
        if (parts or item.role == "headline") and stage in (None, item.stage)
    ]
    if as_json:
        print_json(
            {
                "indicators": [_shown(item) for item in chosen],
                "conflicts": [str(conflict) for conflict in found.conflicts],
            }
        )
        return
    rows = [
        [item.code, item.label.en, item.unit, item.stage, item.status, item.owner]
        for item in chosen
    ]
    print_table(
        f"{len(chosen)} indicators", ["code", "label", "unit", "stage", "status", "owner"], rows
    )
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
    found = _catalogue(data_set, folder)
    item = found.definition(code)
    if as_json:
        print_json(_shown(item) | {"file": found.files[code]})
        return
    say(f"{item.code}  {item.label.en} / {item.label.zh}", "bold")
    say(item.definition.en)
    say(item.definition.zh)
    if item.formula:
        say(f"= {item.formula}")
    rows = [
        [name, str(value)]
        for name, value in _shown(item).items()
        if name not in ("code", "label", "definition", "formula") and value not in (None, [])
    ]
    print_table("", ["field", "value"], [*rows, ["file", found.files[code]]])


@app.command("compute")
def compute_indicators(
    codes: Codes,
    by: By = "",
    where: Where = None,
    modifier: Modifiers = None,
    as_of: AsOf = None,
    data_set: DataSet = DEFAULT,
    folder: Folders = None,
    as_json: Json = False,
) -> None:
    """Compute indicators at a grain."""
    from sandtable.indicators import compute

    frame = compute(
        codes,
        data_set,
        by=_split(by),
        where=_filters(where),
        modifiers=modifier or (),
        as_of=as_of,
        folders=folder or (),
    )
    if as_json:
        print_json({"data": data_set, "by": _split(by), "rows": _rows(frame)})
        return
    _print_wide(frame)


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

    text = sql_of(
        codes,
        data_set,
        by=_split(by),
        where=_filters(where),
        modifiers=modifier or (),
        as_of=as_of,
        folders=folder or (),
    )
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


@app.command()
def check(data_set: DataSet = DEFAULT, folder: Folders = None, as_json: Json = False) -> None:
    """Hold every definition against the live tables of a data set; broken ones end with exit code 2."""
    from sandtable.indicators import check_bindings, opened

    with opened(data_set, folders=folder or ()) as (found, engine):
        bindings = check_bindings(found, engine)
    if as_json:
        print_json(
            {
                "data": data_set,
                "indicators": [
                    {"code": one.code, "state": one.state, "reasons": list(one.reasons)}
                    for one in bindings
                ],
                "conflicts": [str(conflict) for conflict in found.conflicts],
            }
        )
    else:
        counts = {
            state: sum(one.state == state for one in bindings)
            for state in ("sound", "absent", "broken")
        }
        say(f"{counts['sound']} sound, {counts['absent']} without their tables here", "bold")
        for one in bindings:
            if one.state == "absent":
                say(f"{one.code}: {' '.join(one.reasons)}", "dim")
    broken = [
        Fault(found.files[one.code], one.code, reason)
        for one in bindings
        if one.state == "broken"
        for reason in one.reasons
    ]
    if broken:
        raise InputError(broken)


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
