"""``python -m tests.bench``: measure the rows and print the table.

A module of this folder with a function ``rows() -> list[Row]`` and a place in `MODULES` is a part of it. Each checks
that the answers are right before any time counts.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench.measure import Row, missed

MODULES = (
    "shares",
    "equilibrium",
    "inversion",
    "lever",
    "planning",
    "scaling",
    "indicators",
    "browser",
)
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    """Measure, write, print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=main.__doc__)
    parser.add_argument("--json", type=Path, default=ROOT / "out" / "bench.json", metavar="FILE")
    parser.add_argument("--only", choices=MODULES, nargs="+", default=MODULES)
    arguments = parser.parse_args()
    _one_thread()
    rows = [row for module in arguments.only for row in _rows(module)]
    document = {
        "machine": {
            "processor": platform.processor() or platform.machine(),
            "processors": os.cpu_count(),
            "python": platform.python_version(),
            **{name: importlib.metadata.version(name) for name in ("numpy", "scipy", "pyblp")},
        },
        "rows": [row.to_dict() for row in rows],
    }
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    arguments.json.write_text(json.dumps(document, indent=2), encoding="utf-8")
    _print(rows, document["machine"])
    Console().print(missed(rows), soft_wrap=True)
    Console().print(f"Written to {arguments.json}", soft_wrap=True)


def _one_thread() -> None:
    """Start again with one thread a side: the libraries read the number when numpy is loaded."""
    if any(os.environ.get(name) != "1" for name in THREADS):
        os.environ.update(dict.fromkeys(THREADS, "1"))
        os.execv(sys.executable, [sys.executable, "-m", "tests.bench", *sys.argv[1:]])


def _rows(module: str) -> list[Row]:
    name = f"tests.bench.{module}"
    if importlib.util.find_spec(name) is None:
        return []
    rows: list[Row] = importlib.import_module(name).rows()
    return rows


def _print(rows: list[Row], machine: object) -> None:
    table = Table(caption=str(machine), show_lines=True)
    for heading in ("work", "measured", "gate", "", "median (fastest .. slowest)"):
        table.add_column(heading)
    for row in rows:
        times = "\n".join(f"{name}: {found}" for name, found in row.times.items())
        table.add_row(
            row.work,
            "" if row.measured is None else f"{row.measured:.3g}{row.unit}",
            "" if row.gate is None else f"{'≥' if row.at_least else '≤'} {row.gate:g}{row.unit}",
            row.verdict,
            "\n".join(part for part in (times, _peak(row), row.remark) if part),
        )
    Console().print(table)


def _peak(row: Row) -> str:
    return "" if row.peak is None else f"peak memory {row.peak / 1e6:.3g} MB"


if __name__ == "__main__":
    main()
