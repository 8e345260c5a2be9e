"""``sandtable indicators check | certify``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from sandtable.cli.indicators import DEFAULT, DataSet, Folders
from sandtable.cli.printing import Json, print_json, print_table, say
from sandtable.cli.standing import certificate_text, flag, standings, tests
from sandtable.errors import Fault, InputError

Codes = Annotated[list[str] | None, typer.Argument(help="Codes of indicators; all by default.")]


def check(
    codes: Codes = None, data_set: DataSet = DEFAULT, folder: Folders = None, as_json: Json = False
) -> None:
    """Hold definitions against the live tables and run their tests; broken ones end with exit code 2."""
    from sandtable.indicators import catalogue

    found = catalogue(data_set, folder or ())
    here = standings(codes or list(found.definitions), data_set, folder)
    if as_json:
        shown = [
            {"code": code} | flag(here, code) | {"tests": tests(one)} for code, one in here.items()
        ]
        conflicts = [str(conflict) for conflict in found.conflicts]
        print_json({"data": data_set, "indicators": shown, "conflicts": conflicts})
    else:
        states = [one.state for one in here.values()]
        results = [
            test.passed for one in here.values() for test in one.outcomes if test.kind != "binding"
        ]
        say(
            f"{states.count('sound')} sound, {states.count('broken')} broken, "
            f"{states.count('absent')} without their tables here",
            "bold",
        )
        say(
            f"{results.count(True)} tests passed, {results.count(False)} failed, "
            f"{results.count(None)} not run"
        )
        for one in here.values():
            if one.state == "absent":
                say(f"{one.code}: {' '.join(one.reasons)}", "dim")
    broken = [
        Fault(found.files[one.code], one.code, reason)
        for one in here.values()
        if one.state == "broken"
        for reason in one.reasons
    ]
    if broken:
        raise InputError(broken)


def certify(
    codes: Codes = None,
    engine: Annotated[str, typer.Option(help="Engine to certify.")] = "duckdb",
    data_set: DataSet = DEFAULT,
    folder: Folders = None,
    as_json: Json = False,
) -> None:
    """Run the golden rows on an engine: which indicators it computes right; a wrong answer ends with exit code 2."""
    from sandtable.indicators import catalogue
    from sandtable.indicators.certificate import certificates

    found = catalogue(data_set, folder or ())
    made = certificates(found, tuple(codes) if codes else None, engine=engine)
    if as_json:
        print_json({"engine": engine, "certificates": [asdict(one) for one in made.values()]})
    else:
        rows = [[one.code, certificate_text(one)] for one in made.values()]
        print_table(f"{len(rows)} certificates", ["code", "certificate"], rows)
    wrong = [
        Fault("golden", one.code, fault)
        for one in made.values()
        if one.passed is False
        for fault in one.faults
    ]
    if wrong:
        raise InputError(wrong)


def register(app: typer.Typer) -> None:
    """Add the commands to those of the indicators."""
    for command in (check, certify):
        app.command()(command)
