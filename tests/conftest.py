"""What all tests share: the search profile of hypothesis, and the promise that browser tests ran."""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest
from hypothesis import settings

BROWSER_REQUIRED = os.environ.get("SANDTABLE_REQUIRE_BROWSER") == "1"

# "ci" draws the same examples each time, so that a run is red because of the change and not by luck;
# `pytest --hypothesis-profile=dev` searches afresh and longer.
settings.register_profile("ci", derandomize=True, deadline=None, database=None)
settings.register_profile("dev", max_examples=1000, deadline=None)
settings.load_profile("ci")


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


def pytest_collection_finish(session: pytest.Session) -> None:
    """Refuse a run without a single browser test where a browser is required."""
    # Files that cannot be imported are reported by pytest itself, and are the likelier cause.
    if not BROWSER_REQUIRED or session.testsfailed:
        return
    if not any(item.get_closest_marker("e2e") for item in session.items):
        raise pytest.UsageError(
            "SANDTABLE_REQUIRE_BROWSER=1, but no test marked e2e was collected; "
            "run the whole test suite, or unset the variable."
        )
