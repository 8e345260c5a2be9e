"""What `import sandtable` offers."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import sandtable

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("name", sandtable.__all__)
def test_every_public_name_resolves(name: str) -> None:
    assert getattr(sandtable, name) is not None
    assert name in dir(sandtable)


def test_there_is_nothing_else() -> None:
    assert sorted(sandtable.__all__) == sorted({*sandtable._HOMES, "__version__"})
    with pytest.raises(AttributeError, match="module 'sandtable' has no attribute 'Scenari'"):
        sandtable.Scenari  # noqa: B018


def test_the_version_is_that_of_the_project_file() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert sandtable.__version__ == project["version"]


def test_a_public_name_is_loaded_when_it_is_used() -> None:
    program = (
        "import sys, sandtable\n"
        "assert 'pandas' not in sys.modules\n"
        "sandtable.Change\n"
        "assert 'sandtable.units' in sys.modules and 'pandas' not in sys.modules\n"
        "from sandtable import run, Scenario\n"
        "print(run(Scenario('Empty', 'us_autos')).periods[0].base.period)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("1990\n", "")
