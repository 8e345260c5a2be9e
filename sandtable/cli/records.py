"""``sandtable data records``: record tables of a synthetic data set, at any scale."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from sandtable.cli.printing import Json, print_json, print_table, say
from sandtable.errors import Fault, InputError, did_you_mean

NEEDED = frozenset({"products", "sales", "dealers", "funnel", "media"})


def data_records(
    name: Annotated[str, typer.Argument(help="Name of a synthetic data set: premium_ev.")],
    scale: Annotated[float, typer.Option(help="Leads for each lead of the funnel.")] = 1.0,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write; NAME_records here by default.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Seed; the shipped sample uses the default.")
    ] = None,
    period_from: Annotated[str | None, typer.Option(help="First month; the last 15.")] = None,
    period_to: Annotated[str | None, typer.Option(help="Last month.")] = None,
    as_json: Json = False,
) -> None:
    """Draw leads, events, owners and the like that agree with the tables of a data set, whole or not at all."""
    from sandtable.data.catalogue import find_data_set
    from sandtable.data.loading import load_data_set
    from sandtable.synthetic import DEFAULT_SEED
    from sandtable.synthetic.records import Basis, write_records

    if name != "premium_ev":
        known = did_you_mean(name, ["premium_ev"])
        raise InputError([Fault("data records", name, f"no such synthetic data set{known}")])
    data_set = load_data_set(find_data_set(name), tables=NEEDED)
    firm = data_set.metadata.own_firm
    usual = Basis.of(data_set.tables, firm).periods
    chosen = (period_from or usual[0], period_to or usual[-1])
    written = write_records(
        data_set.tables,
        firm,
        out or Path(f"{name}_records"),
        seed=DEFAULT_SEED if seed is None else seed,
        scale=scale,
        periods=chosen,
        progress=None if as_json else _progress,
    )
    if as_json:
        folder = str(written.folder)
        print_json({"schema": 1, "name": name, "folder": folder, "rows": dict(written.rows)})
        return
    rows = [[table, f"{count:,}"] for table, count in written.rows.items()]
    print_table("", ["table", "rows"], rows)
    say(f"Written to {written.folder}.")


def _progress(period: str, done: int, months: int, rows: int) -> None:
    """Keep one line that says how far it is; on a terminal it is overwritten."""
    end = "\r" if sys.stderr.isatty() and done < months else "\n"
    print(f"{period}: month {done} of {months}, {rows:,} rows", end=end, file=sys.stderr)  # noqa: T201
