"""``sandtable data list | show | check | generate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sandtable.cli.printing import Json, print_json, print_table, say
from sandtable.errors import Fault, InputError, did_you_mean

app = typer.Typer(no_args_is_help=True, help="List, show, check and generate data sets.")


@app.command("list")
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
        print_json({"schema": 1, "data_sets": sets})
        return
    rows = [[item.name, item.kind, item.as_of, item.title.en] for item in items]
    print_table("", ["data set", "kind", "as of", "title"], rows)


@app.command("show")
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
        print_json(
            {
                "schema": 1,
                "sha256": data_set.sha256,
                "metadata": about,
                "rows": sizes,
                "parameters": sets,
            }
        )
        return
    say(f"{metadata.title.en} ({metadata.kind})", "bold")
    for label, text in (
        ("source", metadata.source),
        ("licence", metadata.licence),
        ("as of", metadata.as_of),
        ("money", metadata.money_unit),
        ("own firm", metadata.own_firm),
        ("market size", metadata.market_size_rule),
        ("sha256", data_set.sha256),
    ):
        say(f"{label}: {text}")
    print_table("Tables", ["table", "rows"], [[key, f"{size:,}"] for key, size in sizes.items()])
    rows = [
        [key, value.title.en, value.price_coefficient.grade]
        for key, value in data_set.parameter_sets.items()
    ]
    print_table("Parameter sets", ["name", "title", "price coefficient"], rows)
    for limit in metadata.limits:
        say(f"limit: {limit.en}", "yellow")


@app.command("check")
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
            print_json({"schema": 1, "valid": False, "faults": faults})
        raise
    if as_json:
        notes = list(data_set.notes)
        print_json({"schema": 1, "valid": True, "sha256": data_set.sha256, "notes": notes})
        return
    for note in data_set.notes:
        print(f"converted: {note}")  # noqa: T201
    print(f"{path}: valid, sha256 {data_set.sha256}")  # noqa: T201


@app.command("generate")
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
        print_json({"schema": 1, "name": name, "folder": str(folder)})
    else:
        print(f"Written to {folder}.")  # noqa: T201
