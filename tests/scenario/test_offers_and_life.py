"""Dealer cash, finance, lease, facelift, run-out and the ramp of a launch, through whole runs and files."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandtable.errors import InputError
from sandtable.scenario.files import parse_scenario
from sandtable.scenario.levers import lever_table, terms_of
from sandtable.scenario.model import LeverMove, Scenario
from sandtable.scenario.price_moves import offer_value
from sandtable.scenario.run import Result
from sandtable.scenario.writing import scenario_text
from tests.scenario.observed import assert_sides_equal, relative, run_moves, units

SUMMER = ("2026-07", "2026-08", "2026-09", "2026-10")
USUAL_LEASE = (("usual_money_factor", 0.0019), ("usual_residual", 0.5))


def finance(rate: float, **terms: float) -> LeverMove:
    return LeverMove("finance", product="N5", terms=(("rate", rate), *terms.items()))


def lease(money_factor: float, residual: float) -> LeverMove:
    terms = (("money_factor", money_factor), ("residual", residual), *USUAL_LEASE)
    return LeverMove("lease", product="N5", terms=terms)


def net_change(result: Result) -> float:
    item = result.periods[0]
    place = item.base.market.products.index("N5")
    ratio = item.scenario.net_price[:, place] / item.baseline.net_price[:, place]
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-9)
    return float(ratio[0]) - 1


def test_the_documented_example_is_worth_8_5_per_cent_to_who_takes_it() -> None:
    assert offer_value(finance(0.0, take_up=1.0)) == pytest.approx(0.085, abs=1e-3)
    result = run_moves(finance(0.0, take_up=0.5))
    assert net_change(result) == pytest.approx(-0.0424, abs=5e-4)


@pytest.mark.parametrize(
    "move",
    [
        finance(0.045),
        finance(0.0, take_up=0.0),
        finance(0.0, share_financed=0.0),
        lease(0.0019, 0.5),
        LeverMove("dealer_cash", product="N5", value=0.0),
        LeverMove("facelift", product="N5", change=relative(0.0)),
        LeverMove("run_out", product="N5", change=relative(0.0)),
    ],
    ids=lambda move: move.lever,
)
def test_an_offer_at_the_usual_terms_does_nothing_to_the_bit(move: LeverMove) -> None:
    assert_sides_equal(run_moves(move).periods[0])


@settings(max_examples=15)
@given(st.floats(0.0, 0.04), st.floats(0.001, 0.02))
def test_a_cheaper_loan_sells_more_and_earns_less_on_each_car(rate: float, more: float) -> None:
    cheap, dear = (run_moves(finance(each)) for each in (rate, rate + more))
    assert units(cheap, "N5") > units(dear, "N5")
    assert net_change(cheap) < net_change(dear)


def test_a_better_lease_is_a_lower_price() -> None:
    assert net_change(run_moves(lease(0.001, 0.5))) < 0
    assert net_change(run_moves(lease(0.0019, 0.6))) < 0
    assert net_change(run_moves(lease(0.0025, 0.5))) > 0


def test_a_finance_offer_is_a_price_cut_of_equal_worth() -> None:
    offer = finance(0.0)
    cut = LeverMove("net_price", product="N5", change=relative(-offer_value(offer)))
    financed, cheaper = run_moves(offer).periods[0], run_moves(cut).periods[0]
    np.testing.assert_allclose(financed.scenario.units, cheaper.scenario.units, rtol=1e-12)
    np.testing.assert_allclose(
        financed.scenario.contribution_profit, cheaper.scenario.contribution_profit, rtol=1e-12
    )


def test_dealer_cash_reaches_the_customer_in_part_and_costs_the_firm_all() -> None:
    result = run_moves(LeverMove("dealer_cash", product="N5", value=10_000.0))
    item = result.periods[0]
    place = item.base.market.products.index("N5")
    fall = (item.baseline.net_price - item.scenario.net_price)[:, place]
    np.testing.assert_allclose(fall, 3_500.0)
    each = item.scenario.contribution_profit[:, place] / item.scenario.units[:, place]
    before = item.baseline.contribution_profit[:, place] / item.baseline.units[:, place]
    np.testing.assert_allclose(before - each, 10_000.0 / 1.13, rtol=1e-9)


def test_offers_may_be_made_by_rivals() -> None:
    item = run_moves(LeverMove("finance", firm="Orion", terms=(("rate", 0.0),))).periods[0]
    orion = np.array([firm == "Orion" for firm in item.base.market.firms])
    change = item.scenario.units - item.baseline.units
    assert (change[:, orion].sum(axis=0) > 0).all()
    assert (change[:, ~orion] <= 0).all()


def test_a_facelift_lasts_and_a_run_out_grows() -> None:
    lifted = run_moves(
        LeverMove("facelift", product="N5", change=relative(0.1), first="2026-08"), periods=SUMMER
    )
    fading = run_moves(
        LeverMove("run_out", product="N5", change=relative(-0.05), first="2026-08"), periods=SUMMER
    )

    def gains(result: Result) -> list[float]:
        place = result.periods[0].base.market.products.index("N5")
        return [
            float((item.scenario.units / item.baseline.units)[:, place].mean()) - 1
            for item in result.periods
        ]

    up, down = gains(lifted), gains(fading)
    assert up[0] == down[0] == 0
    assert up[1] == pytest.approx(up[3], abs=0.01)
    assert 0.05 < up[1] < 0.1
    assert 0 > down[1] > down[2] > down[3]


def test_a_launch_with_a_ramp_becomes_known_step_by_step() -> None:
    def launch(ramp: float) -> LeverMove:
        return LeverMove(
            "launch",
            product="N6",
            firm="Nova",
            value=268_800.0,
            like=("N5",),
            terms=(("ramp", ramp),),
        )

    def sold(move: LeverMove) -> list[float]:
        result = run_moves(move, periods=SUMMER)
        place = result.periods[0].base.market.products.index("N6")
        return [float(item.scenario.share[:, place].mean()) for item in result.periods]

    slow, at_once = sold(launch(3.0)), sold(launch(0.0))
    parts = [one / other for one, other in zip(slow, at_once, strict=True)]
    assert parts == sorted(parts)
    assert 0.2 < parts[0] < 0.45
    assert 0.6 < parts[3] < 0.9


TEXT = """schema: 1
title: T
data: premium_ev
levers:
  - {lever: finance, product: N5, terms: {rate: 0 %, months: 48, take_up: 50 %}}
"""


def test_terms_are_read_written_and_read_again() -> None:
    scenario, _ = parse_scenario(TEXT.encode(), file="f.yaml")
    (move,) = scenario.levers
    assert dict(move.terms) == {"rate": 0.0, "months": 48.0, "take_up": 0.5}
    assert terms_of(move)["share_financed"] == 0.8
    again, _ = parse_scenario(scenario_text(scenario).encode(), file="f.yaml")
    assert again == scenario
    assert again.sha256 == scenario.sha256


@pytest.mark.parametrize(
    ("terms", "sentence"),
    [
        ("{months: 48}", "terms.rate: is missing; the lever finance needs it."),
        ("{rate: 90 %}", "terms.rate: is 0.9; it must lie between 0% and 30%."),
        ("{rate: 0 %, months: 4.5}", "terms.months: is 4.5; it must be a whole number."),
        ("{rate: cheap}", "terms.rate: must be a number such as 60 or 4.5 %."),
        ("{rate: 0 %, moths: 4}", "no such term; did you mean 'months'?"),
    ],
)
def test_a_wrong_term_is_refused_at_its_place(terms: str, sentence: str) -> None:
    text = TEXT.replace("{rate: 0 %, months: 48, take_up: 50 %}", terms)
    with pytest.raises(InputError) as caught:
        parse_scenario(text.encode(), file="f.yaml")
    assert [sentence in str(fault) for fault in caught.value.faults] == [True]


def test_terms_of_a_lever_without_terms_are_refused() -> None:
    move = LeverMove("exit", product="O3", terms=(("rate", 0.0),))
    with pytest.raises(
        InputError, match=r"levers\[0\].terms.rate: the lever exit has no such term"
    ):
        run_moves(move)
    with pytest.raises(InputError, match=r"terms.rate: is missing"):
        run_moves(LeverMove("finance", product="N5"))


def test_every_default_lies_in_its_range() -> None:
    for lever in lever_table().values():
        for term in lever.terms.values():
            assert term.low < term.high
            if isinstance(term.default, float):
                assert term.low <= term.default <= term.high


def test_equal_terms_make_equal_scenarios() -> None:
    one = Scenario("T", "premium_ev", levers=(finance(0.0),))
    other = Scenario("T", "premium_ev", levers=(finance(-0.0),))
    assert one.sha256 == other.sha256
