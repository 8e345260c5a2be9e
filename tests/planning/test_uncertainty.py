"""Paired runs: each draw is the run it stands for, nothing moves nothing, failures are counted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandtable.errors import ConvergenceError
from sandtable.market.demand import Demand
from sandtable.market.inversion import invert_shares
from sandtable.market.primitives import FloatArray
from sandtable.planning.uncertain import apart, bases
from sandtable.planning.uncertain.inputs import data_at
from sandtable.planning.uncertain.uncertainty import MEASURES, PairedResult, paired_runs
from sandtable.scenario.model import LeverMove, Response, Rivals, Scenario, Supply
from sandtable.scenario.periods import PeriodResult, run_period
from sandtable.scenario.run import run
from sandtable.scenario.summary import totals
from tests.planning.planned import (
    CUT,
    DATA,
    MONTHS,
    OWN_FIRM,
    SPENDING,
    data_set,
    relative,
    scenario,
    uncertain,
    with_parameters,
)

MANY = (
    LeverMove("list_price", product="N5", change=relative(-0.05), first="2026-06"),
    LeverMove("rival_price", firm="Orion", region="East", change=relative(0.03)),
    LeverMove("unit_cost", product="N5", region="East", change=relative(-0.05)),
    LeverMove("unit_cost", product="N5", change=replace(relative(500.0), kind="absolute")),
    LeverMove("lead_volume", product="N7", change=relative(0.1)),
    LeverMove("exit", product="N3", region="East", last="2026-06"),
    LeverMove("market_size", region="East", change=relative(0.03)),
    LeverMove("subsidy", product="N5", value=3000.0),
    LeverMove("customer_cash", product="N9", value=2000.0),
)
LAUNCH = LeverMove("launch", product="X1", firm=OWN_FIRM, value=250_000.0, like=("N5",))
CAPACITY = LeverMove("capacity", product="N5", change=relative(-0.2))
RELIEF = LeverMove(
    "purchase_tax",
    change=relative(-0.05),
    last="2026-05",
    terms=(("brought_forward", 0.4), ("repaid_over", 2.0)),
)
MATCH = Rivals("hold", (("Orion", Response("match", 0.5, 1)),))
ANSWER = Rivals("hold", (("Orion", Response("best_response")),))

WITHOUT_FORECAST = ("parameters", "inputs")

KINDS = {
    "one lever": scenario(CUT),
    "many levers over months": scenario(*MANY, months=MONTHS),
    "levers that spend": scenario(CUT, *SPENDING, months=MONTHS),
    "rivals that match": scenario(CUT, months=MONTHS, rivals=MATCH),
    "rivals that answer": scenario(CUT, rivals=ANSWER),
    "capacity over months": scenario(CUT, CAPACITY, months=MONTHS),
    "a launch": scenario(CUT, LAUNCH),
    "purchases brought forward": scenario(CUT, RELIEF, months=MONTHS),
    "accounting costs": replace(scenario(CUT), supply=Supply("accounting", 0.2)),
}


@pytest.mark.parametrize("cash", [False, True], ids=["demand drawn", "pass-through drawn too"])
@pytest.mark.parametrize("kind", KINDS)
def test_each_draw_is_the_run_under_its_parameters(kind: str, *, cash: bool) -> None:
    found = paired_runs(KINDS[kind], uncertain(cash=cash), 2, seed=8, layers=WITHOUT_FORECAST)
    assert found.failures == ()
    for draw in range(2):
        # a name of its own, under which nothing is remembered
        name = f"draw_{draw}_{cash}_{kind}"
        parameters = found.parameter_set(draw).model_copy(update={"name": name})
        values = {} if found.layers.inputs is None else found.layers.inputs.at(draw)
        alone = run(KINDS[kind], data_at(with_parameters(parameters), values))
        for place, item in enumerate(alone.periods):
            for column, firm in enumerate(found.firms):
                for side, expected in enumerate(totals(item, firm)):
                    at = (draw, place, column)
                    assert found.units[side][at] == pytest.approx(expected.units, rel=1e-9)
                    assert found.profits[side][at] == pytest.approx(
                        expected.contribution_profit, rel=1e-8
                    )


@pytest.mark.parametrize("rivals", [Rivals(), MATCH, ANSWER], ids=["hold", "match", "answer"])
def test_no_lever_changes_nothing_in_any_draw(rivals: Rivals) -> None:
    found = paired_runs(scenario(months=MONTHS[1:], rivals=rivals), uncertain(), 4)
    exact = rivals is not ANSWER  # a game is solved to its tolerance
    for measure in MEASURES:
        for firm in found.firms:
            changes = found.changes(measure, firm)
            scale = 1e-6 * found.profits[0].max()
            assert not changes.any() if exact else np.abs(changes).max() < scale
    if exact:
        assert (found.summary()["p_beats"] == 0).all()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.floats(-0.3, 0.3), st.sampled_from(["N3", "N5", "Q1"]))
def test_a_lower_price_never_sells_less_in_any_draw(change: float, product: str) -> None:
    market = data_set(DATA)
    firms = market.tables["products"].set_index("product")["firm"]
    if product not in firms:
        product = str(firms.index[-1])
    lever = "list_price" if firms[product] == OWN_FIRM else "rival_price"
    move = LeverMove(lever, product=product, change=relative(change))
    found = paired_runs(scenario(move), uncertain(), 8)
    changes = found.changes("units", str(firms[product]))
    assert (changes * change <= 1e-9).all()


def test_the_same_seed_gives_the_same_numbers() -> None:
    one, two, other = (paired_runs(scenario(CUT), uncertain(), 6, seed=s) for s in (1, 1, 2))
    assert np.array_equal(one.changes(), two.changes())
    assert not np.array_equal(one.changes(), other.changes())


def test_baselines_are_observed_whatever_the_parameters() -> None:
    found = paired_runs(scenario(CUT, months=MONTHS), uncertain(), 6, layers=WITHOUT_FORECAST)
    for place, item in enumerate(found.result.periods):
        expected = totals(item, OWN_FIRM)[0].units
        np.testing.assert_allclose(found.units[0][:, place, 0], expected, rtol=1e-11)


def test_the_summary_is_that_of_the_changes() -> None:
    found = paired_runs(scenario(CUT, months=MONTHS), uncertain(), 40)
    table = found.summary()
    assert len(table) == len(MEASURES) * (len(MONTHS) + 1) * len(found.firms)
    for measure in MEASURES:
        for period, key in ((None, "total"), (MONTHS[1], MONTHS[1])):
            row = _row(table, measure, key)
            changes = found.changes(measure, period=period)
            assert row["high_80"] == pytest.approx(np.quantile(changes, 0.9))
            assert row["p_beats"] == (changes > 0).mean()
            assert row["n_draws"] == 40
    before, after = totals(found.result.periods[1], OWN_FIRM)
    row = _row(table, "share_of_sales", MONTHS[1])
    assert row["change"] == pytest.approx(after.share_of_sales - before.share_of_sales)


def _row(table: pd.DataFrame, measure: str, period: str) -> pd.Series:
    keys = (table["measure"] == measure) & (table["period"] == period)
    (place,) = np.flatnonzero(keys & (table["firm"] == OWN_FIRM))
    return table.iloc[int(place)]


def test_without_errors_there_is_no_interval_and_a_sentence_says_so() -> None:
    found = paired_runs(scenario(CUT), data_set(DATA), 200)
    row = found.summary().iloc[0]
    assert row["change"] > 0
    assert np.isnan(row[["low_80", "median", "high_80", "p_beats"]].astype(float)).all()
    assert "no interval" in found.warnings[0]


def test_draws_that_cannot_be_calibrated_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = paired_runs(scenario(CUT), uncertain(), 5, seed=77)
    lost = plain.draws.parameter_set(2).price_coefficient.value

    def failing(demand: Demand, shares: FloatArray, prices: FloatArray) -> FloatArray:
        if demand.tastes.price_coefficients[3] == pytest.approx(lost):
            raise ConvergenceError("inversion", "The shares were not reproduced.")
        return invert_shares(demand, shares, prices)

    monkeypatch.setattr(bases, "invert_shares", failing)
    monkeypatch.setattr(bases, "_kept", type(bases._kept)())
    found = paired_runs(scenario(CUT), uncertain(), 5, seed=77)
    _lost_one(found, plain, "The shares were not reproduced.")


def test_draws_whose_prices_do_not_converge_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = scenario(CUT, rivals=ANSWER)
    plain = paired_runs(asked, uncertain(), 5, seed=78)
    lost = plain.draws.parameter_set(2).price_coefficient.value

    def failing(*arguments: object, **options: object) -> tuple[PeriodResult, tuple[str, ...]]:
        if arguments[1].parameters.price_coefficient.value == lost:  # type: ignore[attr-defined]
            raise ConvergenceError("iterations", "The prices did not settle.")
        return run_period(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(apart, "run_period", failing)
    _lost_one(paired_runs(asked, uncertain(), 5, seed=78), plain, "The prices did not settle.")


def _lost_one(found: PairedResult, plain: PairedResult, reason: str) -> None:
    assert [(failure.draw, failure.reason) for failure in found.failures] == [(2, reason)]
    assert found.n_converged == 4
    np.testing.assert_allclose(found.changes(), np.delete(plain.changes(), 2), rtol=1e-12)
    assert (found.summary()["n_draws"] == 4).all()
    assert (
        f"1 of 5 draws gave no numbers and are in no interval; the first in 2026-06: {reason}"
        in (found.warnings)
    )


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"measure": "unit"}, "no measure is called 'unit'; did you mean 'units'"),
        ({"firm": "Novo"}, "no firm is called 'Novo'; did you mean 'Nova'"),
        ({"period": "2026-13"}, "no period is called '2026-13'"),
    ],
)
def test_what_is_unknown_is_refused_with_a_hint(asked: dict[str, str], sentence: str) -> None:
    found = paired_runs(scenario(CUT), uncertain(), 2)
    with pytest.raises(ValueError, match=sentence):
        found.changes(**asked)


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bases, "_kept", type(bases._kept)())
    monkeypatch.setattr(bases, "BYTES_KEPT", 1)
    for month in MONTHS[:2]:
        paired_runs(scenario(CUT, months=(month,)), uncertain(), 2)
        assert [key[3] for key in bases._kept] == [month]


def test_the_default_is_the_data_set_that_the_scenario_names() -> None:
    found = paired_runs(Scenario("Nothing moves", DATA), n_draws=3)
    assert found.firms[0] == OWN_FIRM
    assert not found.changes().any()
