"""The inspector reads the lever table: what it offers, what its numbers are parts of, what becomes a move."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sandtable.app.formatting import Format
from sandtable.app.levers.aim import Target, aim_key, elsewhere, standing, target_of, with_fields
from sandtable.app.levers.draft import (
    Draft,
    converted,
    draft_of,
    kinds_of,
    leading_term,
    missing,
    move_of,
    replaced,
)
from sandtable.app.levers.numbers import Numbers, first_kind, numbers_of
from sandtable.app.levers.offers import GROUPS, by_group, offers, options
from sandtable.app.levers.shown import shown_amount
from sandtable.app.state import TableState
from sandtable.app.text import LANGUAGES, Text
from sandtable.app.view import Scope
from sandtable.data.loading import DataSet
from sandtable.scenario.known import Known
from sandtable.scenario.levers import lever_table
from sandtable.scenario.model import LeverMove, Scenario
from sandtable.scenario.move_faults import move_faults
from sandtable.scenario.run import run
from sandtable.units import Change

OWN_PIECE = Target("N5", "Nova", own=True)
RIVAL = Target("O3", "Orion")
MARKET = Target()


def state_of(data: str = "premium_ev", *levers: LeverMove, own: str = "Nova") -> TableState:
    return TableState(Scenario("", data, levers=levers), own)


def names(target: Target, data_set: DataSet, state: TableState | None = None) -> list[str]:
    found = offers(target, state or state_of(), Known.of(data_set), data_set.default_parameters)
    return [offer.lever for offer in found]


def test_an_own_piece_has_every_lever_but_those_of_rivals_and_of_launches(
    data_sets: dict[str, DataSet],
) -> None:
    found = names(OWN_PIECE, data_sets["premium_ev"])
    assert set(lever_table()) - set(found) == {"rival_price", "launch"}
    assert list(by_group_names(OWN_PIECE, data_sets["premium_ev"])) == list(GROUPS)


def by_group_names(target: Target, data_set: DataSet) -> dict[str, list[str]]:
    found = offers(target, state_of(), Known.of(data_set), data_set.default_parameters)
    return {group: [o.lever for o in inside] for group, inside in by_group(found).items()}


def test_a_rival_has_no_lever_of_own_products_and_the_market_none_of_products(
    data_sets: dict[str, DataSet],
) -> None:
    table = lever_table()
    rival = names(RIVAL, data_sets["premium_ev"])
    assert {table[name].products for name in rival} == {"any"}
    assert "rival_price" in rival
    market = names(MARKET, data_sets["premium_ev"])
    assert {table[name].scope for name in market} <= {"market", "any"}
    assert "market_size" in market


def test_what_a_data_set_can_never_have_is_not_offered(data_sets: dict[str, DataSet]) -> None:
    state = state_of("us_autos", own="Honda")
    found = names(Target("HDACCO90", "Honda", own=True), data_sets["us_autos"], state)
    assert not {"media", "dealers", "lead_volume", "stage_rate", "plate_rule"} & set(found)
    assert {"list_price", "finance", "market_size"} <= set(found)


def test_what_the_parameters_do_not_know_says_why(data_sets: dict[str, DataSet]) -> None:
    data_set = data_sets["premium_ev"]
    bare = data_set.default_parameters.model_copy(
        update={"media": None, "dealers": None, "worth": {}}
    )
    found = {o.lever: o.why_not for o in offers(OWN_PIECE, state_of(), Known.of(data_set), bare)}
    reasons = {name: why for name, why in found.items() if why}
    assert reasons == {
        "media": "lever_not_media",
        "dealers": "lever_not_dealers",
        "spec": "lever_not_worth",
    }
    for language in LANGUAGES:
        for why in reasons.values():
            assert "{" not in Text(language)(why, parameters="p", firm="f")


def test_a_new_piece_has_its_launch_and_no_leads(data_sets: dict[str, DataSet]) -> None:
    launch = LeverMove("launch", product="N-new", firm="Nova", value=250_000.0, like=("N5",))
    state = replace(state_of("premium_ev", launch), selected="N-new")
    known = Known.of(data_sets["premium_ev"])
    target = target_of(state, known)
    assert (target.product, target.own, target.launched) == ("N-new", True, True)
    parameters = data_sets["premium_ev"].default_parameters
    found = {o.lever: o for o in offers(target, state, known, parameters)}
    assert found["launch"].aim.like == ("N5",)
    assert found["lead_volume"].why_not == "lever_no_leads"
    assert standing(found["launch"].aim, state.scenario) == [launch]


def test_channels_are_those_with_a_response_and_dealers_those_in_view(
    data_sets: dict[str, DataSet],
) -> None:
    data_set = data_sets["premium_ev"]
    known, parameters = Known.of(data_set), data_set.default_parameters
    assert parameters.media is not None
    channels = options("channel", LeverMove("media", firm="Nova"), known, parameters)
    assert set(channels) == set(parameters.media.channels)
    everywhere = options("dealer", LeverMove("stage_rate", firm="Nova"), known, parameters)
    sichuan = LeverMove("stage_rate", firm="Nova", region="Sichuan")
    inside = options("dealer", sichuan, known, parameters)
    assert set(inside) < set(everywhere)
    named = with_fields(sichuan, {"stage": "orders", "dealer": inside[0]})
    assert (named.region, named.dealer) == (None, inside[0])


def test_moves_of_other_dates_and_places_are_the_same_lever_elsewhere() -> None:
    cut = Change("relative", -0.05)
    here = LeverMove("list_price", product="N5", change=cut, first="2026-08")
    later = LeverMove("list_price", product="N5", change=cut, first="2026-10")
    east = LeverMove("list_price", product="N5", change=cut, region="East")
    other = LeverMove("list_price", product="N3", change=cut)
    scenario = Scenario("", "premium_ev", levers=(here, later, east, other))
    aim = LeverMove("list_price", product="N5")
    assert standing(aim, scenario) == [here, later]
    assert elsewhere(aim, scenario) == [later, east]
    assert aim_key(here) == aim_key(later) != aim_key(east)


amounts = st.floats(-0.9, 5.0).filter(lambda value: abs(value) > 1e-6)


@given(amount=amounts, lever=st.sampled_from(sorted(lever_table())), kind=st.integers(0, 2))
def test_a_move_read_into_a_draft_is_the_same_move_again(
    amount: float, lever: str, kind: int
) -> None:
    entry = lever_table()[lever]
    aim = LeverMove(lever, product="N5", owner=None)
    if entry.change:
        chosen = entry.change[kind % len(entry.change)]
        change = None if chosen == "value" else Change(chosen, amount)
        move = replace(aim, change=change, value=amount if change is None else None)
    else:
        owner = "Orion" if "owner" in entry.fields else None
        terms = tuple(sorted((name, term.low) for name, term in entry.terms.items()))
        move = replace(aim, owner=owner, terms=terms)
    needed = tuple((name, entry.terms[name].low) for name in missing(Draft(), entry))
    if entry.change and needed:
        move = replace(move, terms=tuple(sorted(needed)))
    dated = replace(move, first="2026-08", last="2026-10")
    for given_move in (move, dated):
        assert move_of(draft_of(given_move), aim, neutral=None) == given_move


@given(
    amount=st.floats(-0.9, 3.0),
    reference=st.floats(1.0, 1e9),
    start=st.sampled_from([None, 0.0]),
    way=st.permutations(["relative", "absolute", "value"]),
)
def test_an_amount_given_in_another_way_and_back_is_the_same(
    amount: float, reference: float, start: float | None, way: list[str]
) -> None:
    draft = Draft("relative", amount)
    for kind in [*way, "relative"]:
        draft = converted(draft, kind, reference, start)  # type: ignore[arg-type]
    assert draft.kind == "relative"
    assert draft.amount == pytest.approx(amount, rel=1e-9, abs=1e-9)


def test_an_offer_waits_for_the_terms_that_must_be_given() -> None:
    lease = lever_table()["lease"]
    aim = LeverMove("lease", product="N5")
    draft = Draft()
    assert leading_term(lease) == "residual"
    for name in list(missing(draft, lease)):
        assert move_of(draft, aim, None) is None
        draft = draft.with_term(name, 0.001)
    assert missing(draft, lease) == []
    assert move_of(draft, aim, None) == replace(aim, terms=draft.terms)
    assert move_of(draft.with_term("residual", None), aim, None) is None


def test_no_change_is_no_lever_but_a_bound_on_what_stands_is_one() -> None:
    nothing = Draft("relative", 0.0)
    assert move_of(nothing, LeverMove("list_price", product="N5"), None) is None
    assert move_of(nothing, LeverMove("price_floor", product="N5"), None) is not None
    at_base = Draft("value", 268_800.0)
    assert move_of(at_base, LeverMove("list_price", product="N5"), 268_800.0) is None


def test_one_price_for_a_firm_and_dealers_without_a_region_cannot_be_given(
    data_sets: dict[str, DataSet],
) -> None:
    known, table = Known.of(data_sets["premium_ev"]), lever_table()
    rival = table["rival_price"]
    assert "value" in kinds_of(rival, LeverMove("rival_price", product="O3"), known)
    assert "value" not in kinds_of(rival, LeverMove("rival_price", firm="Orion"), known)
    for region, there in ((None, False), ("East", False), ("Shanghai", True)):
        aim = LeverMove("dealers", firm="Nova", region=region)
        assert ("absolute" in kinds_of(table["dealers"], aim, known)) is there


def test_a_move_stays_in_its_place_when_its_dates_change() -> None:
    first = LeverMove("customer_cash", product="N5", value=5_000.0)
    second = LeverMove("customer_cash", product="N3", value=5_000.0)
    scenario = Scenario("", "premium_ev", levers=(first, second))
    dated = replace(first, first="2026-08")
    assert replaced(scenario, first, dated).levers == (dated, second)
    assert replaced(scenario, first, None).levers == (second,)


@pytest.mark.parametrize("data", ["premium_ev", "us_autos"])
def test_every_lever_pulled_to_its_usual_end_passes_the_checks_of_a_file(
    data: str, data_sets: dict[str, DataSet]
) -> None:
    data_set = data_sets[data]
    own = data_set.metadata.own_firm
    known, parameters = Known.of(data_set), data_set.default_parameters
    state = TableState(Scenario("", data, own_firm=own), own)
    item = run(state.scenario, data_set).periods[-1]
    product = next(code for code, firm in known.firm_of.items() if firm == own and sold(item, code))
    scope = Scope.of(item.base, None)
    checked = 0
    for offer in offers(Target(product, own, own=True), state, known, parameters):
        lever = lever_table()[offer.lever]
        required = [name for name, need in lever.fields.items() if need == "required"]
        named = {
            name: options(name, offer.aim, known, parameters)[0]
            for name in required
            if name in known.further
        }
        aim = with_fields(offer.aim, named)
        numbers = numbers_of(aim, item, scope, known)
        kind = first_kind(lever, kinds_of(lever, aim, known), numbers)
        usual = numbers.usual_as(kind) if kind else None
        if kind is None or usual is None or "owner" in lever.fields:
            continue
        terms = tuple(sorted((name, lever.terms[name].low) for name in missing(Draft(), lever)))
        move = move_of(Draft(kind, usual[1], terms=terms), aim, numbers.start)
        assert move is not None, offer.lever
        assert list(move_faults(move, state.scenario, known)) == [], offer.lever
        checked += 1
    assert checked >= 8


def sold(item: object, code: str) -> bool:
    market = item.base.market  # type: ignore[attr-defined]
    return code in market.products and market.units[:, market.products.index(code)].sum() > 0


def test_what_is_printed_of_a_lever_says_base_effect_and_usual_range(
    data_sets: dict[str, DataSet],
) -> None:
    data_set = data_sets["premium_ev"]
    item = run(Scenario("", "premium_ev"), data_set).periods[-1]
    known, scope = Known.of(data_set), Scope.of(item.base, None)
    text, write = Text("en"), Format("en", data_set.metadata)

    def printed(aim: LeverMove, draft: Draft) -> list[str]:
        numbers = numbers_of(aim, item, scope, known)
        lever = lever_table()[aim.lever]
        shown = shown_amount(draft, aim, lever, numbers, data_set.metadata, text, write)
        said = [shown.unit, shown.left, shown.right]
        return [part.replace("\u00a0", " ") for part in said]

    cash = LeverMove("customer_cash", product="N5")
    assert printed(cash, Draft("value", 26_880.0)) == [
        "CNY",
        "10.0 % of the price",
        "usual 0 to 26,880",
    ]
    dealers = LeverMove("dealers", firm="Nova")
    assert printed(dealers, Draft("absolute", 12.0)) == [
        "change, dealers",
        "base 120 \u2192 132",
        "usual −36 to +36",
    ]
    capacity = LeverMove("capacity", product="N5")
    assert printed(capacity, Draft("value", 3_620.0))[1] == "base 7,240, −50.0 %"


@given(low=st.floats(1.0, 1e6), span=st.floats(0.0, 1e6), reference=st.floats(1.0, 1e6))
def test_the_seen_range_is_the_same_in_every_way_of_giving_it(
    low: float, span: float, reference: float
) -> None:
    assume(low + span > low)
    numbers = Numbers(reference, reference, None, (low, low + span), seen=True)
    as_change = numbers.usual_as("absolute")
    as_part = numbers.usual_as("relative")
    assert as_change is not None
    assert as_part is not None
    assert reference + as_change[1] == pytest.approx(low + span)
    assert reference * (1 + as_part[0]) == pytest.approx(low, abs=1e-6 * reference)
