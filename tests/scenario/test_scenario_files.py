"""Files and scenarios are two faces of one thing: written and read back, layered, never changed in place."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandtable.errors import ConvergenceError, InputError
from sandtable.scenario.files import parse_scenario, read_scenario
from sandtable.scenario.model import LeverMove, Rivals, Scenario
from sandtable.scenario.run import run
from sandtable.scenario.writing import scenario_text, write_scenario
from sandtable.units import Change
from tests.scenario.observed import OWN, data_set, relative

PERIODS = tuple(f"{year}-{month:02}" for year in (2025, 2026) for month in range(1, 13))[:18]
FIRMS = ("Orion", "Lyra", "Cetus", "Draco", "Phoenix", "Nova")
RIVAL_PRODUCTS = ("O1", "O3", "L1", "C1", "D2", "P1")

relatives = st.floats(-0.5, 2.0).map(relative)
amounts = st.floats(-20_000, 20_000).map(lambda amount: Change("absolute", amount))
prices = st.floats(100_000, 900_000)
places = st.sampled_from([None, "East", "North", "Shanghai", "Guangdong"])
texts = st.text(max_size=60)
responses = st.sampled_from(["hold", "best_response"])


@st.composite
def moves(draw: st.DrawFn) -> LeverMove:
    lever = draw(
        st.sampled_from(
            (
                "list_price",
                "net_price",
                "customer_cash",
                "rival_price",
                "lead_volume",
                "conversion",
                "exit",
                "ownership",
                "market_size",
            )
        )
    )
    move = LeverMove(lever, region=None if lever == "ownership" else draw(places))
    own, rival = draw(st.sampled_from(OWN)), draw(st.sampled_from(RIVAL_PRODUCTS))
    target: dict[str, str | None] = {"product": own}
    if lever in ("rival_price", "exit"):
        target = draw(st.sampled_from([{"product": rival}, {"firm": "Orion"}]))
    elif lever == "ownership":
        target = {"firm": draw(st.sampled_from(["Tucana", "Mensa"])), "owner": "Lyra"}
    elif lever == "market_size":
        target = {}
    amount: dict[str, object] = {}
    if lever in ("list_price", "net_price") or (lever == "rival_price" and "product" in target):
        amount = draw(
            st.one_of(
                relatives.map(lambda change: {"change": change}),
                amounts.map(lambda change: {"change": change}),
                prices.map(lambda value: {"value": value}),
            )
        )
    elif lever == "customer_cash":
        amount = {"value": draw(st.floats(0, 100_000))}
    elif lever not in ("exit", "ownership"):
        amount = {"change": draw(relatives)}
    return dataclasses.replace(move, **target, **amount)


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    first, last = sorted(draw(st.tuples(st.integers(0, 17), st.integers(0, 17))))
    periods = draw(st.sampled_from([(), PERIODS[first : last + 1]]))
    run_in = periods or PERIODS[-1:]
    levers: dict[tuple[str | None, ...], LeverMove] = {}
    for move in draw(st.lists(moves(), max_size=6)):
        start = draw(st.sampled_from([None, *run_in]))
        end = draw(st.sampled_from([None, *(p for p in run_in if start is None or p >= start)]))
        dated = dataclasses.replace(move, first=start, last=end)
        levers[dated.key] = dated
    return Scenario(
        title=draw(st.text(min_size=1, max_size=60)),
        data="premium_ev",
        question=draw(texts),
        author=draw(texts),
        parameters=draw(st.sampled_from([None, "logit", "nested", "random_coefficient"])),
        own_firm=draw(st.sampled_from([None, "Nova"])),
        periods=periods,
        levers=tuple(levers.values()),
        rivals=Rivals(
            draw(responses),
            tuple(draw(st.dictionaries(st.sampled_from(FIRMS), responses)).items()),
        ),
        not_modelled=tuple(draw(st.lists(texts, max_size=3))),
    )


@settings(max_examples=150)
@given(scenarios())
def test_a_scenario_that_is_written_and_read_is_the_same(scenario: Scenario) -> None:
    text = scenario_text(scenario)
    again, read_data = parse_scenario(text.encode(), file="written.yaml")
    assert again == scenario
    assert again.sha256 == scenario.sha256
    assert scenario_text(again) == text
    assert read_data is data_set("premium_ev")


@settings(max_examples=60)
@given(scenarios())
def test_whatever_a_sound_scenario_says_its_numbers_are_numbers(scenario: Scenario) -> None:
    scenario = dataclasses.replace(scenario, periods=scenario.periods[:2])
    try:
        result = run(scenario, data_set("premium_ev"))
    except (InputError, ConvergenceError):
        return  # moves that only together leave no price, or answers that do not settle
    for item in result.periods:
        state = item.scenario
        offered = item.market.offered
        assert np.isfinite(state.units).all()
        assert (state.units >= 0).all()
        assert (state.share.sum(axis=1) < 1).all()
        for measure in ("net_price", "list_price"):
            assert np.array_equal(np.isfinite(getattr(state, measure)), offered)
        assert np.isfinite(state.contribution_profit[offered]).all()
        assert (state.net_price[offered] > 0).all()


@settings(max_examples=60)
@given(scenarios(), moves())
def test_a_change_makes_a_new_scenario_and_leaves_the_old_one(
    scenario: Scenario, move: LeverMove
) -> None:
    before, text = scenario.sha256, scenario_text(scenario)
    moved = scenario.with_lever(move)
    assert move in moved.levers
    assert (scenario.sha256, scenario_text(scenario)) == (before, text)
    assert moved.with_lever(move) == moved
    undone = moved.without_lever(move.key)
    assert move.key not in [item.key for item in undone.levers]
    if move.key not in [item.key for item in scenario.levers]:
        assert undone == scenario
    else:
        assert len(moved.levers) == len(scenario.levers)


def test_a_replaced_lever_keeps_its_place() -> None:
    first = LeverMove("list_price", product="N5", change=relative(-0.05))
    second = LeverMove("exit", product="O3")
    again = dataclasses.replace(first, change=relative(-0.03))
    scenario = Scenario("Test", "premium_ev", levers=(first, second))
    assert scenario.with_lever(again).levers == (again, second)


@pytest.mark.parametrize("value", [Scenario("A", "b"), LeverMove("exit"), Rivals()])
def test_nothing_is_changed_in_place(value: object) -> None:
    field = dataclasses.fields(value)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(value, field, "other")


def test_the_hash_knows_what_is_said_and_not_how_it_is_laid_out() -> None:
    long = b"""\
# a comment
schema: 1
data: premium_ev
title: "Same"
rivals:
  Orion: best_response
  Lyra: hold
levers:
  - change: -5 %
    product: N5
    lever: list_price
"""
    short = (
        "schema: 1\ntitle: Same\ndata: premium_ev\n"
        "levers: [{lever: list_price, product: N5, change: −5%}]\n"
        "rivals: {Lyra: hold, Orion: best_response}\n"
    ).encode()
    first, second = (parse_scenario(raw, file="x")[0] for raw in (long, short))
    assert first == second
    assert first.sha256 == second.sha256
    other = parse_scenario(short.replace(b"5%", b"6%"), file="x")[0]
    assert other.sha256 != first.sha256


@pytest.mark.parametrize(
    ("written", "list_price"),
    [
        ("change: -5 %", 255_360.0),
        ("change: '-13,440 CNY'", 255_360.0),
        ("change: -13440", 255_360.0),
        ("value: '255,360 CNY'", 255_360.0),
        ("value: 25.536 万", 255_360.0),
        ("value: 255360", 255_360.0),
        ("change: ＋５％", 282_240.0),
    ],
)
def test_an_amount_may_be_written_as_people_write_it(written: str, list_price: float) -> None:
    text = (
        "schema: 1\ntitle: T\ndata: premium_ev\n"
        f"levers:\n  - lever: list_price\n    product: N5\n    {written}\n"
    )
    scenario, data = parse_scenario(text.encode(), file="x")
    rows = run(scenario, data).rows
    moved = rows.loc[rows["product"] == "N5", "list_price_scenario"]
    assert moved.to_list() == pytest.approx([list_price] * 12, rel=1e-14)


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


BASE = """\
schema: 1
title: Base
question: Why?
author: planning
data: premium_ev
parameters: nested
horizon: {from: 2026-01, to: 2026-02}
levers:
  - {lever: list_price, product: N5, change: -5 %}
  - {lever: exit, product: O3}
rivals: {default: best_response, Orion: hold}
not_modelled: [stock]
"""


def test_a_file_is_laid_over_the_one_it_extends(tmp_path: Path) -> None:
    write(tmp_path, "base.yaml", BASE)
    path = write(
        tmp_path,
        "over.yaml",
        "schema: 1\ntitle: Over\nextends: base.yaml\nparameters: logit\n"
        "levers:\n  - {lever: list_price, product: N5, change: -3 %}\n"
        "  - {lever: conversion, product: N7, change: +2 %}\n"
        "rivals: {Orion: best_response, Lyra: hold}\nnot_modelled: [capacity]\n",
    )
    scenario, _ = read_scenario(path)
    assert scenario == Scenario(
        "Over",
        "premium_ev",
        question="Why?",
        author="planning",
        parameters="logit",
        periods=("2026-01", "2026-02"),
        levers=(
            LeverMove("list_price", product="N5", change=relative(-0.03)),
            LeverMove("exit", product="O3"),
            LeverMove("conversion", product="N7", change=relative(0.02)),
        ),
        rivals=Rivals("best_response", (("Lyra", "hold"), ("Orion", "best_response"))),
        not_modelled=("stock", "capacity"),
    )


def test_files_extend_each_other_over_folders_up_to_eight(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    write(tmp_path, "f8.yaml", BASE)
    for layer in range(2, 8):
        text = f"schema: 1\ntitle: L{layer}\nextends: f{layer + 1}.yaml\n"
        write(tmp_path, f"f{layer}.yaml", text)
    path = write(tmp_path / "deep", "f1.yaml", "schema: 1\ntitle: Top\nextends: ../f2.yaml\n")
    scenario, _ = read_scenario(path)
    assert (scenario.title, len(scenario.levers)) == ("Top", 2)


def test_a_new_horizon_may_keep_the_inherited_levers(tmp_path: Path) -> None:
    write(tmp_path, "base.yaml", BASE)
    text = "schema: 1\ntitle: Over\nextends: base.yaml\nhorizon: {from: 2026-06}\n"
    scenario, data = read_scenario(write(tmp_path, "over.yaml", text))
    assert [item.base.period for item in run(scenario, data).periods] == ["2026-06"]


def test_writing_replaces_the_file_whole_or_leaves_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "new" / "plan.yaml"
    write_scenario(Scenario("First", "premium_ev"), path)
    assert read_scenario(path)[0].title == "First"

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        write_scenario(Scenario("Second", "premium_ev"), path)
    monkeypatch.undo()
    assert read_scenario(path)[0].title == "First"
    assert [item.name for item in path.parent.iterdir()] == ["plan.yaml"]


def test_a_data_set_may_be_named_by_its_folder_only_if_it_is_one(tmp_path: Path) -> None:
    text = f"schema: 1\ntitle: T\ndata: {tmp_path}\n"
    with pytest.raises(InputError, match="no data set is called"):
        parse_scenario(text.encode(), file="x")
