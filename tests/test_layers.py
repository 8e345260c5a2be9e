"""Imports point down, and the package is light to import."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
HEAVY = {"streamlit", "altair", "statsmodels", "scipy.optimize", "xlsxwriter"}


def test_imports_point_down() -> None:
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command; lint_imports_command()",
    ]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_importing_the_package_loads_nothing_heavy() -> None:
    command = [sys.executable, "-c", "import sys, sandtable; print(*sys.modules, sep='\\n')"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    assert "sandtable" in loaded
    assert loaded & HEAVY == set()
