"""Call the command line inside a test: what it ended with, printed, and said on the error output."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from sandtable.cli import app, run_command

Command = Callable[..., tuple[int, str, str]]


def commands(capsys: pytest.CaptureFixture[str], *group: str) -> Command:
    """Return a way to call the commands of a group."""

    def call(*words: object) -> tuple[int, str, str]:
        code = run_command(lambda: app([*group, *map(str, words)], prog_name="sandtable"))
        out, err = capsys.readouterr()
        return code, out, err

    return call


def plain(text: str) -> Any:
    """Read JSON and refuse NaN and infinity, which no other program could read."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)
