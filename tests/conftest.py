"""What all tests share: the search profile of hypothesis, who runs what, and the promise that browser tests ran."""

from __future__ import annotations

import os
from collections.abc import Collection, Generator, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

from sandtable.data.loading import DataSet, load_data_set
from sandtable.scenario import base

SHIPPED = Path(__file__).resolve().parents[1] / "market_data"
BROWSER_REQUIRED = os.environ.get("SANDTABLE_REQUIRE_BROWSER") == "1"

# "ci" draws the same examples each time, so that a run is red because of the change and not by luck;
# `pytest --hypothesis-profile=dev` searches afresh and longer.
settings.register_profile("ci", max_examples=50, derandomize=True, deadline=None, database=None)
settings.register_profile("dev", max_examples=1000, deadline=None)
settings.load_profile("ci")


kept_data_set = cache(load_data_set)


def load_once(folder: Path, *, tables: Collection[str] | None = None) -> DataSet:
    """Load a shipped data set once; a folder that a test made is read each time."""
    if folder.resolve().parent != SHIPPED:
        return load_data_set(folder, tables=tables)
    return kept_data_set(folder, tables=None if tables is None else frozenset(tables))


@pytest.fixture(autouse=True, scope="session")
def _shipped_data_sets_loaded_once() -> Iterator[None]:
    """Hundreds of tests open a shipped data set, which takes seconds each time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(base, "load_data_set", load_once)
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn the skip of a browser test into a failure where a browser is required."""
    report = yield
    skipped = report.skipped and not hasattr(report, "wasxfail")
    if BROWSER_REQUIRED and skipped and item.get_closest_marker("e2e"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"SANDTABLE_REQUIRE_BROWSER=1 allows no skipped browser test. {reason}"
    return report


class Turns(LoadScopeScheduling):
    """Who runs what: a worker runs a whole file, and one worker all files that share something costly.

    What a file builds once is then built by one worker; one app and one browser leave a core to the others.
    The marks of `--dist loadgroup` would say this too, but pytest-xdist 3.8 loses them under pytest 9.2
    (its issue 1386), and they change the names of the tests.
    """

    def _split_scope(self, nodeid: str) -> str:
        return turn_of(self.config.rootpath / nodeid.partition("::")[0])


SHARED = {"pytest.mark.e2e": "browser", "result_of(path)": "results"}


@cache
def turn_of(file: Path) -> str:
    """Name the turn of a file by what its text uses; who gives out the tests sees their names alone."""
    text = file.read_text(encoding="utf-8")
    return next((turn for use, turn in SHARED.items() if use in text), str(file))


@pytest.hookimpl(optionalhook=True)  # `-p no:xdist` knows no workers
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Turns:
    """Give out the tests in turns, whatever `--dist` says."""
    return Turns(config, log)


class BrowserPromise:
    """Refuse a run without a single browser test; it sees the reports of all workers."""

    def __init__(self) -> None:
        self.kept = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note that a browser test ran."""
        self.kept = self.kept or "e2e" in report.keywords

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Make a run that looks green red."""
        # Files that cannot be imported are reported by pytest itself, and are the likelier cause.
        self.kept = self.kept or bool(session.testsfailed) or session.config.option.collectonly
        if not self.kept:
            session.exitstatus = pytest.ExitCode.USAGE_ERROR

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say why."""
        if not self.kept:
            terminalreporter.write_line(
                "ERROR: SANDTABLE_REQUIRE_BROWSER=1, but no test marked e2e ran; "
                "run the whole test suite, or unset the variable.",
                red=True,
            )


def pytest_configure(config: pytest.Config) -> None:
    """Watch over the browser tests, where all reports arrive."""
    if BROWSER_REQUIRED and not hasattr(config, "workerinput"):
        config.pluginmanager.register(BrowserPromise())
