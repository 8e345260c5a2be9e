"""How well forecasters are calibrated: planted forecasters are seen for what they are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sandtable.planning.hindsight.decision_log import actual_figure, calibrations
from sandtable.store.decisions import Decision, DecisionText, Role, Score
from tests.planning.planned import DATA, OWN_FIRM, data_set

TEXT = DecisionText("t", "ann", "units", OWN_FIRM, DATA, "", "logit", "", {}, "", ())
DECISION = Decision("d1", "approved", "bob", TEXT)
SPREAD = 0.1
REACH = float(stats.norm.ppf(0.9)) * SPREAD


def one(
    period: int, actual: float, reach: float, *, role: Role = "model", value: float = 100.0
) -> Score:
    name = "model" if role == "model" else "ann"
    low, high = value * (1 - reach), value * (1 + reach)
    return Score("d1", str(period), role, name, value, low, high, actual, "")


def drawn(n: int, reach: float, *, seed: int = 3) -> list[Score]:
    actual = 100 * (1 + SPREAD * np.random.default_rng(seed).standard_normal(n))
    return [one(number, float(value), reach) for number, value in enumerate(actual)]


@pytest.mark.parametrize(
    ("reach", "words"),
    [(REACH, "as sure as they say"), (0.4 * REACH, "too narrow"), (3 * REACH, "wider than")],
)
def test_planted_forecasters_are_seen_for_what_they_are(reach: float, words: str) -> None:
    found = calibrations([DECISION], drawn(200, reach))[0]
    assert words in found.sentence.en
    if reach == REACH:
        assert found.coverage == pytest.approx(0.8, abs=0.07)
        assert abs(found.bias) < 0.02


def test_the_honest_interval_has_the_smallest_pinball_loss() -> None:
    losses = [
        calibrations([DECISION], drawn(400, factor * REACH))[0].pinball for factor in (0.3, 1, 3)
    ]
    assert losses[1] < min(losses[0], losses[2])


@pytest.mark.parametrize(("n", "judged"), [(7, False), (8, True)])
def test_few_scores_say_nothing(n: int, judged: bool) -> None:
    found = calibrations([DECISION], drawn(n, REACH))[0]
    assert ("nothing can be said" not in found.sentence.en) is judged


def test_model_and_planner_are_told_apart() -> None:
    mixed = [*drawn(8, REACH), *(one(n, 100.0, 0.1, role="planner", value=120.0) for n in range(9))]
    model, planner = calibrations([DECISION], mixed)
    assert (model.forecaster, model.n) == ("model", 8)
    assert (planner.forecaster, planner.n) == ("ann", 9)
    assert planner.bias == pytest.approx(0.2)
    assert "20.0% too high" in planner.sentence.en


@given(st.floats(10, 1000), st.floats(0.1, 10))
def test_calibration_does_not_depend_on_the_unit(actual: float, scale: float) -> None:
    def found(factor: float) -> tuple[float, float]:
        result = calibrations([DECISION], [one(0, factor * actual, 0.1, value=factor * 100)])[0]
        return result.pinball, result.bias

    assert found(scale) == pytest.approx(found(1.0), rel=1e-9, abs=1e-12)


def test_actual_figures_are_those_of_the_tables() -> None:
    loaded = data_set(DATA)
    sales, products = loaded.tables["sales"], loaded.tables["products"]
    then = sales[sales["period"] == "2026-06"].merge(products[["product", "firm"]], on="product")
    by_firm = then.groupby("firm")["units"].sum()
    units = actual_figure(loaded, OWN_FIRM, "units", "2026-06")
    share = actual_figure(loaded, OWN_FIRM, "share_of_sales", "2026-06")
    assert units == by_firm[OWN_FIRM]
    assert share == pytest.approx(by_firm[OWN_FIRM] / by_firm.sum())
    assert actual_figure(loaded, OWN_FIRM, "units", "2027-06") is None
