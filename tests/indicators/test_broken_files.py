"""Faulty definition, root and table files: each case one change to a sound small folder, and every sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from sandtable.errors import InputError
from sandtable.indicators.catalogue import load_layers

FILE = YAML(typ="safe", pure=True).load((Path(__file__).parent / "broken.yaml").read_text("utf-8"))
SOUND: dict[str, str] = FILE["sound"]
CASES: list[dict[str, Any]] = FILE["cases"]


def faults_of(folder: Path, files: dict[str, str]) -> list[str]:
    for name, text in files.items():
        path = folder / "small" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    try:
        load_layers([folder / "small"])
    except InputError as error:
        return [str(fault) for fault in error.faults]
    return []


def changed(case: dict[str, Any]) -> dict[str, str]:
    files = dict(SOUND)
    for name, old, new in case.get("replace", []):
        assert files[name].count(old) == 1, f"{case['name']}: '{old}' must stand once in {name}"
        files[name] = files[name].replace(old, new)
    return files | case.get("add", {})


def test_the_small_folder_is_sound(tmp_path: Path) -> None:
    assert faults_of(tmp_path, SOUND) == []


def test_there_are_sixty_cases_with_names_of_their_own() -> None:
    assert len({case["name"] for case in CASES}) == len(CASES) >= 60


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_broken_file_is_refused_with_its_sentences(tmp_path: Path, case: dict[str, Any]) -> None:
    assert faults_of(tmp_path, changed(case)) == case["faults"]
