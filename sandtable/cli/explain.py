"""``sandtable explain``: a number on the screen, followed down to the columns and rows of the files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sandtable.cli.indicators import Folders
from sandtable.cli.printing import Json, print_json, print_table, say
from sandtable.errors import Fault, InputError, did_you_mean

if TYPE_CHECKING:
    from sandtable.scenario.explained import Explanation, Part, SourceRows
    from sandtable.scenario.run import Result


def explain(
    kpi: Annotated[
        str,
        typer.Argument(
            metavar="KPI",
            help="units, share_of_sales, leads, conversion, revenue or contribution_profit.",
        ),
    ],
    scenario: Annotated[Path, typer.Option(help="A scenario file (.yaml).")],
    region: Annotated[str | None, typer.Option(help="One region or area; all by default.")] = None,
    period: Annotated[str | None, typer.Option(help="One period; all by default.")] = None,
    rows: Annotated[
        int, typer.Option(help="Show so many source rows behind each part.", min=0, max=10_000)
    ] = 0,
    folder: Folders = None,
    as_json: Json = False,
) -> None:
    """Say where a number on the screen comes from: definition, parts, inputs of the model, source columns."""
    from sandtable.scenario.explaining import explain as explained
    from sandtable.scenario.explaining import source_rows
    from sandtable.scenario.files import read_scenario
    from sandtable.scenario.run import run

    asked, data_set = read_scenario(scenario, folder or ())
    result = run(asked, data_set)
    scope: dict[str, Any] = {
        "items": _items(result, period),
        "regions": _regions(result, region),
    }
    found = explained(kpi, result, **scope)
    behind = source_rows(kpi, result, limit=rows, **scope) if rows else ()
    if as_json:
        print_json({"schema": 1, **found.to_dict(), "rows": [_plain(one) for one in behind]})
        return
    _show(found)
    for one in behind:
        _show_rows(one)


def _items(result: Result, period: str | None) -> Any:
    if period is None:
        return result.periods
    known = [item.base.period for item in result.periods]
    if period not in known:
        message = f"the scenario has no period '{period}'{did_you_mean(period, known)}"
        raise InputError([Fault("explain", "--period", message)])
    return (result.periods[known.index(period)],)


def _regions(result: Result, region: str | None) -> tuple[str, ...] | None:
    from sandtable.scenario.calendar import regions_of

    if region is None:
        return None
    try:
        return regions_of(result.data_set, region)
    except KeyError:
        known = [*regions_of(result.data_set, None), *result.data_set.metadata.areas]
        message = f"no region is called '{region}'{did_you_mean(region, known)}"
        raise InputError([Fault("explain", "--region", message)]) from None


def _show(found: Explanation) -> None:
    from sandtable.scenario.explained_words import written

    say(found.sentences[0], "bold")
    lines: list[list[str]] = []

    def add(part: Part, depth: int) -> None:
        unit = part.defined.unit
        figures = [written(part.baseline, unit), written(part.scenario, unit)]
        lines.append(["  " * depth + part.defined.code, *figures])
        for below in part.parts:
            add(below, depth + 1)

    add(found.indicator, 0)
    print_table("Figures", ["indicator", "baseline", "scenario"], lines)
    print()  # noqa: T201
    for sentence in found.sentences[1:]:
        say(f"- {sentence}")


def _show_rows(behind: SourceRows) -> None:
    shown = len(behind.rows)
    title = f"{behind.leaf}: {shown:,} of {behind.count:,} rows, {behind.place} ({behind.side})"
    columns = [str(name) for name in behind.rows.columns]
    filled = behind.rows.astype(object).where(behind.rows.notna(), "—")
    cells = [[str(value) for value in row] for row in filled.itertuples(index=False)]
    print_table(title, columns, cells)


def _plain(behind: SourceRows) -> dict[str, Any]:
    frame = behind.rows.astype(object)
    return {
        "leaf": behind.leaf,
        "table": behind.table,
        "side": behind.side,
        "place": behind.place,
        "count": behind.count,
        "rows": frame.where(behind.rows.notna(), None).to_dict(orient="records"),
    }
