"""Every figure agrees with pyblp on the real data, scenario by scenario."""

import pytest

from docs.model.agreement import PARAMETER_SETS, SCENARIOS, TOLERANCES, compare

IN_EVERY_SCENARIO = set(TOLERANCES) - {"equilibrium prices"}


@pytest.mark.parametrize("parameters", PARAMETER_SETS)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_figure_agrees_with_pyblp(scenario: str, parameters: str) -> None:
    found = compare(scenario, parameters)
    differences = {name: value for name, value in found.items() if value is not None}
    assert set(found) == set(TOLERANCES)
    assert set(differences) >= IN_EVERY_SCENARIO
    assert ("equilibrium prices" in differences) == (scenario != "us-1990-accord-minus-5")
    too_large = {
        name: value for name, value in differences.items() if not value <= TOLERANCES[name]
    }
    assert too_large == {}
