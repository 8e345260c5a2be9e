"""``sandtable oneid resolve | check``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sandtable.cli.printing import Json, print_json, print_table, say
from sandtable.errors import Fault, InputError

if TYPE_CHECKING:
    import pandas as pd

    from sandtable.oneid import Resolution

app = typer.Typer(no_args_is_help=True, help="Find the people behind prospects.")

SaltFile = Annotated[
    Path | None, typer.Option(help="File with the secret salt; synthetic data need none.")
]
Limit = Annotated[int, typer.Option(min=1, help="A value on more records links nobody.")]
DEFAULT_LIMIT = 8
PROSPECTS, ANSWER_KEY = "prospects.parquet", "answer_key/people.parquet"
PRECISION_WANTED, RECALL_WANTED = 0.999, 0.92
OUT_TABLES = ("people", "edges", "guarded", "history")


@app.command("resolve")
def oneid_resolve(
    source: Annotated[
        str, typer.Argument(help="Data set, folder of record tables, or CSV or Parquet file.")
    ],
    out: Annotated[Path | None, typer.Option(help="Folder for the four result tables.")] = None,
    history: Annotated[
        Path | None, typer.Option(help="history.parquet of the last run: who stays, keeps the id.")
    ] = None,
    at: Annotated[
        str | None, typer.Option(help="When, for the history; the last record by default.")
    ] = None,
    beside: Annotated[
        bool,
        typer.Option(
            "--beside",
            help="Write persons.parquet beside the prospects: indicators count people by it.",
        ),
    ] = False,
    salt_file: SaltFile = None,
    limit: Limit = DEFAULT_LIMIT,
    as_json: Json = False,
) -> None:
    """Find who is who among prospects; people keep their ids from run to run."""
    found, count = _resolved(source, salt_file, limit, history=history, at=at)
    if out is not None:
        _write(found, out)
    persons = _write_beside(found, _place_of(source).prospects) if beside else None
    about = _about(found, count)
    if as_json:
        about["written"] = None if out is None else str(out)
        about["persons"] = None if persons is None else str(persons)
        print_json({"schema": 1, **about})
        return
    _show(found, about)
    for place in (out, persons):
        if place is not None:
            say(f"Written to {place}.")


@app.command("check")
def oneid_check(
    source: Annotated[str, typer.Argument(help="Synthetic data set or folder of record tables.")],
    salt_file: SaltFile = None,
    limit: Limit = DEFAULT_LIMIT,
    as_json: Json = False,
) -> None:
    """Hold the people found against the answer key of synthetic prospects; exit code 2 if they miss the target."""
    from sandtable.oneid import measure
    from sandtable.oneid.reading import read_truth

    truth = read_truth(_place_of(source).answer_key)
    found, count = _resolved(source, salt_file, limit)
    pairs = measure(found.people, truth)
    precision, recall = pairs.precision, pairs.recall
    enough = (precision or 0.0) >= PRECISION_WANTED and (recall or 0.0) >= RECALL_WANTED
    if as_json:
        figures = {
            "true_pairs": pairs.true_pairs,
            "found_pairs": pairs.found_pairs,
            "right_pairs": pairs.right_pairs,
            "precision": precision,
            "recall": recall,
            "enough": enough,
        }
        print_json({"schema": 1, **_about(found, count), **figures})
    else:
        _show(found, _about(found, count))
        say(
            f"Pairs: {pairs.true_pairs:,} true, {pairs.found_pairs:,} found, "
            f"{pairs.right_pairs:,} of both: precision {_share(precision)}, recall {_share(recall)}.",
            "bold",
        )
    if not enough:
        message = (
            f"precision {_share(precision)} and recall {_share(recall)}; "
            f"wanted are {PRECISION_WANTED} and {RECALL_WANTED}."
        )
        raise InputError([Fault(source, "oneid check", message)])


def _resolved(
    source: str,
    salt_file: Path | None,
    limit: int,
    *,
    history: Path | None = None,
    at: str | None = None,
) -> tuple[Resolution, int]:
    from sandtable.oneid import SAMPLE_SALT, read_salt, resolve
    from sandtable.oneid.reading import read_history, read_prospects

    place = _place_of(source)
    prospects = read_prospects(place.prospects)
    earlier = None if history is None else read_history(history)
    salt = SAMPLE_SALT if salt_file is None else read_salt(salt_file)
    found = resolve(prospects, earlier, salt=salt, synthetic=place.synthetic, at=at, limit=limit)
    return found, len(prospects)


@dataclass(frozen=True)
class _Place:
    """Where prospects and their answer key stand, and whether the people are invented."""

    prospects: Path
    answer_key: Path
    synthetic: bool


def _place_of(source: str) -> _Place:
    """Find prospects: a file, a folder of record tables, or a data set by name or folder."""
    from sandtable.data.catalogue import find_data_set
    from sandtable.data.loading import load_metadata

    path = Path(source)
    if path.is_file() or path.suffix in (".csv", ".parquet"):
        return _Place(path, path.parent / ANSWER_KEY, synthetic=False)
    if (path / PROSPECTS).is_file():
        return _Place(path / PROSPECTS, path / ANSWER_KEY, synthetic=_says_synthetic(path))
    folder = find_data_set(source)
    prospects = folder / "records" / PROSPECTS
    if not prospects.is_file():
        message = "has no record tables (records/prospects.parquet); name a file of prospects."
        raise InputError([Fault(folder.resolve().name, "", message)])
    synthetic = load_metadata(folder).kind == "synthetic"
    return _Place(prospects, folder / ANSWER_KEY, synthetic)


def _says_synthetic(folder: Path) -> bool:
    from sandtable.synthetic.records import holds_records

    return holds_records(folder)


def _about(found: Resolution, n_prospects: int) -> dict[str, Any]:
    last = found.history["step"].max() if len(found.history) else 0
    changes = found.history.query("step == @last")["change"].value_counts()
    return {
        "prospects": n_prospects,
        "people": found.n_people,
        "guarded": _records(found.guarded),
        "step": int(last),
        "changes": {str(kind): int(count) for kind, count in changes.items()},
    }


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]


def _show(found: Resolution, about: dict[str, Any]) -> None:
    say(
        f"{about['prospects']:,} prospects are {about['people']:,} people; "
        f"{len(found.guarded):,} values link nobody.",
        "bold",
    )
    rows = [
        [row["value"][:12], row["kind"], f"{row['records']:,}", row["reason"].replace("_", " ")]
        for row in about["guarded"][:10]
    ]
    if rows:
        columns = ["value (hashed)", "kind", "records", "why"]
        print_table("Values that link nobody, the widest first", columns, rows)
    counts = [[kind, f"{count:,}"] for kind, count in about["changes"].items()]
    print_table(f"History, step {about['step']}", ["change", "prospects"], counts)


def _write_beside(found: Resolution, prospects: Path) -> Path:
    from sandtable.oneid import PERSONS_FILE, write_persons

    path = prospects.with_name(PERSONS_FILE)
    try:
        write_persons(found.people, found.at, path)
    except OSError as error:
        message = f"cannot be written ({error.strerror}); check the path and its rights."
        raise InputError([Fault(str(path), "", message)]) from error
    return path


def _write(found: Resolution, folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in OUT_TABLES:
            getattr(found, name).to_parquet(folder / f"{name}.parquet", index=False)
    except OSError as error:
        message = f"cannot be written ({error.strerror}); check the path and its rights."
        raise InputError([Fault(str(folder), "", message)]) from error


def _share(value: float | None) -> str:
    return "—" if value is None else f"{value:.4f}"
