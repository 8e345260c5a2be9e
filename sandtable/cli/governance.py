"""``sandtable indicators new | diff | submit | approve | deprecate | history | audit``."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from sandtable.cli.indicators import DEFAULT, DataSet, Folders
from sandtable.cli.printing import Json, print_json, print_table, say
from sandtable.errors import Fault, InputError

if TYPE_CHECKING:
    from sandtable.indicators import Catalogue
    from sandtable.store import Governed, Store

Code = Annotated[str, typer.Argument(help="Code of an indicator.")]
Who = Annotated[str, typer.Option("--by", help="Your name.")]
Reason = Annotated[str, typer.Option(help="Why; it stands in the audit.")]
Address = Annotated[
    str | None,
    typer.Option("--store", help="File or address of the store; see docs/indicators.md."),
]


def new(
    code: Code,
    folder: Annotated[Path, typer.Option(help="Folder of definitions to write into.")],
    kind: Annotated[
        Literal["atomic", "derived", "composite"], typer.Option(help="What it is made of.")
    ] = "composite",
) -> None:
    """Write a definition file to fill in; it is a draft."""
    from sandtable.indicators.governing import template

    path = folder / "definitions" / f"{code}.yaml"
    if path.exists():
        raise InputError([Fault(str(path), "", "exists already; edit it, or choose another code.")])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(template(code, kind), encoding="utf-8")
    say(f"Written to {path}; fill it in, then: sandtable indicators check --folder {folder}")


def diff(
    code: Code,
    data_set: DataSet = DEFAULT,
    folder: Folders = None,
    store: Address = None,
    as_json: Json = False,
) -> None:
    """Show how a definition differs from the one that the store holds, and what rests on it."""
    from sandtable.indicators.governing import standing, text_of
    from sandtable.store.governance import differences

    found, opened = _catalogue(data_set, folder), _open(store)
    definition = found.definition(code)
    held = standing(opened, definition)
    lines = [] if held.known is None else differences(held.known.text, text_of(definition))
    affected = list(found.used_by(code))
    if as_json:
        print_json(
            {
                "code": code,
                "status": held.status,
                "known": held.known is not None,
                "changes": lines,
                "affected": affected,
            }
        )
        return
    if held.known is None:
        say(f"{code} is not in the store; sandtable indicators submit puts it there.")
    for line in lines:
        say(line)
    if held.known is not None and not lines:
        say(f"{code} is as the store holds it ({held.status}, revision {held.known.revision}).")
    say(f"Rests on it: {', '.join(affected) or 'nothing'}.")


def submit_for_review(
    code: Code,
    who: Who,
    reason: Reason,
    data_set: DataSet = DEFAULT,
    folder: Folders = None,
    store: Address = None,
    as_json: Json = False,
) -> None:
    """Put the present definition forward for review."""
    from sandtable.indicators.governing import submit_indicator

    found = submit_indicator(
        _open(store), _catalogue(data_set, folder), code, who=who, reason=reason
    )
    _tell(found, as_json)


def approve_definition(
    code: Code,
    who: Who,
    reason: Reason = "",
    data_set: DataSet = DEFAULT,
    folder: Folders = None,
    store: Address = None,
    as_json: Json = False,
) -> None:
    """Publish what is under review; nobody approves what they wrote."""
    from sandtable.indicators.governing import approve_indicator

    found = approve_indicator(
        _open(store), _catalogue(data_set, folder), code, who=who, reason=reason
    )
    _tell(found, as_json)


def deprecate_definition(
    code: Code,
    who: Who,
    reason: Reason,
    replaced_by: Annotated[str | None, typer.Option(help="What to use instead.")] = None,
    sunset: Annotated[
        dt.datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day of use.")
    ] = None,
    data_set: DataSet = DEFAULT,
    folder: Folders = None,
    store: Address = None,
    as_json: Json = False,
) -> None:
    """Take a published indicator out of use."""
    from sandtable.indicators.governing import deprecate_indicator

    found = deprecate_indicator(
        _open(store),
        _catalogue(data_set, folder),
        code,
        who=who,
        reason=reason,
        replaced_by=replaced_by,
        sunset=None if sunset is None else sunset.date(),
    )
    _tell(found, as_json)


def history(code: Code, store: Address = None, as_json: Json = False) -> None:
    """Show who did what to an indicator, when and why."""
    from sqlalchemy import select

    from sandtable.store.schema import audit

    with _open(store).reading() as connection:
        statement = select(audit).where(audit.c.code == code).order_by(audit.c.number)
        rows = [dict(row) for row in connection.execute(statement).mappings()]
    for row in rows:
        row["changes"], row["affected"] = json.loads(row["changes"]), json.loads(row["affected"])
    if as_json:
        print_json({"code": code, "audit": rows})
        return
    shown = [
        [
            row["at"][:16].replace("T", " "),
            row["who"],
            row["action"],
            str(row["revision"]),
            row["reason"],
            str(len(row["affected"])),
        ]
        for row in rows
    ]
    print_table("", ["when (UTC)", "who", "what", "revision", "why", "affects"], shown)


def check_audit(store: Address = None, as_json: Json = False) -> None:
    """Prove that no row of the audit was changed, removed or put in later."""
    from sandtable.store import broken_links
    from sandtable.store.audit import last_hash

    with _open(store).reading() as connection:
        broken, last = broken_links(connection), last_hash(connection)
    if as_json:
        print_json({"sound": not broken, "broken": broken, "last_hash": last})
    elif not broken:
        say(f"Every row is as it was written. Keep this elsewhere to see rows cut off: {last}")
    if broken:
        raise InputError([Fault("audit", "", sentence) for sentence in broken])


def _catalogue(data_set: str, folder: list[Path] | None) -> Catalogue:
    from sandtable.indicators import catalogue

    return catalogue(data_set, folder or ())


def _open(address: str | None) -> Store:
    from sandtable.store import open_store

    return open_store(address)


def _tell(found: Governed, as_json: bool) -> None:
    if as_json:
        values: dict[str, Any] = {
            "code": found.code,
            "status": found.status,
            "revision": found.revision,
            "hash": found.hash,
            "author": found.author,
            "approved_by": found.approved_by,
        }
        print_json(values)
        return
    say(f"{found.code} is {found.status} (revision {found.revision}, {found.hash[:12]}).")


COMMANDS: dict[str, Callable[..., None]] = {
    "new": new,
    "diff": diff,
    "submit": submit_for_review,
    "approve": approve_definition,
    "deprecate": deprecate_definition,
    "history": history,
    "audit": check_audit,
}


def register(app: typer.Typer) -> None:
    """Add the commands of governance to those of the indicators."""
    for name, command in COMMANDS.items():
        app.command(name)(command)
