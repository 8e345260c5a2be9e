"""The documentation lists the rules as they are."""

from __future__ import annotations

import re

from sandtable.calibration import CALIBRATION_RULES, POSTERIOR_RULES
from sandtable.calibration.rules import RATES
from tests.calibration.conftest import ROOT


def test_the_documentation_lists_the_rules_as_they_are() -> None:
    text = (ROOT / "docs" / "calibration.md").read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| `(\w+)` \| (<=|>=|<|>) \| ([\d.e%\- ]+) \| (\w+) \| (.+) \|$", text, re.MULTILINE
    )
    expected = [
        (
            rule.fact,
            rule.sign,
            f"{100 * rule.threshold:g} %" if rule.fact in RATES else f"{rule.threshold:g}",
            rule.grade,
            rule.en.replace("{value}", "x"),
        )
        for rule in (*CALIBRATION_RULES, *POSTERIOR_RULES)
    ]
    assert rows == expected
