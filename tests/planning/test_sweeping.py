"""Sweeps: every row is the run of its scenario, whichever way it was evaluated and wherever it was stopped."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandtable.errors import InputError
from sandtable.planning.measures import measures_of, sums_of
from sandtable.planning.sweeps.axes import Axis, axis, read_axes
from sandtable.planning.sweeps.designs import Grid, Sample, blocks_of
from sandtable.planning.sweeps.sweeping import SweepResult, sweep
from sandtable.scenario.model import LeverMove, Response, Rivals, Scenario
from sandtable.scenario.run import run
from tests.planning.planned import CUT, DATA, MONTHS, data_set, relative, scenario

PRICES = tuple(
    axis(
        LeverMove("list_price", product=code, change=relative(0.0)),
        np.linspace(-0.1, 0.1, 5).tolist(),
    )
    for code in ("N3", "N5", "N7")
)
CASH = axis(LeverMove("customer_cash", product="N9", value=0.0), [0.0, 5_000.0, 12_000.0])
RIVAL = axis(LeverMove("rival_price", product="O3", change=relative(0.0)), [-0.08, 0.0, 0.04])
EAST = axis(
    LeverMove("list_price", product="N5", region="East", change=relative(0.0)), [-0.06, 0.03]
)


def check_rows(result: SweepResult, places: list[int], *, rtol: float = 1e-10) -> None:
    """Hold some rows of a sweep against runs of their own."""
    loaded = data_set(result.job.scenario.data)
    for place in places:
        alone = run(result.job.at(result.levels[place]), loaded)
        np.testing.assert_allclose(result.measures[place], measures_of(sums_of(alone)), rtol=rtol)


@pytest.mark.parametrize("parameters", ["random_coefficient", "nested", "logit"])
@pytest.mark.parametrize(
    "axes", [PRICES, (*PRICES[:2], CASH, RIVAL), (EAST, CASH)], ids=["prices", "mixed", "regions"]
)
def test_a_row_of_a_sweep_is_the_run_of_its_scenario(
    axes: tuple[Axis, ...], parameters: str
) -> None:
    base = replace(scenario(CUT, months=MONTHS), parameters=parameters)
    result = sweep(base, axes, data_set(DATA), sample=40)
    assert result.together
    assert result.complete
    check_rows(result, [0, 7, 39])


def test_a_market_with_one_region_and_general_tastes_is_swept_alike() -> None:
    loaded = data_set("us_autos")
    product = next(
        code
        for code, firm in zip(
            loaded.tables["products"]["product"], loaded.tables["products"]["firm"], strict=True
        )
        if firm == "Honda"
        and code in set(loaded.tables["sales"].query("period == '1990'")["product"])
    )
    move = LeverMove("list_price", product=product, change=relative(0.0))
    result = sweep(Scenario("", "us_autos"), [axis(move, [-0.1, 0.0, 0.1])], loaded)
    assert result.together
    check_rows(result, [0, 1, 2])


@pytest.mark.parametrize(
    "base",
    [
        scenario(CUT, rivals=Rivals(Response("match", follow=0.5))),
        scenario(LeverMove("capacity", product="N5", value=9_000.0)),
    ],
    ids=["rivals follow", "capacity binds"],
)
def test_where_scenarios_do_not_stand_alone_each_is_run(base: Scenario) -> None:
    result = sweep(base, PRICES[:2], data_set(DATA), sample=6)
    assert not result.together
    check_rows(result, [0, 5], rtol=1e-12)


def test_two_axes_on_one_product_are_run_one_by_one() -> None:
    result = sweep(scenario(), (PRICES[1], EAST), data_set(DATA), sample=4)
    assert not result.together
    check_rows(result, [0, 3], rtol=1e-12)


def test_the_baseline_pulls_no_lever() -> None:
    result = sweep(scenario(CUT), PRICES[:1], data_set(DATA), sample=2)
    still = run(scenario(), data_set(DATA))
    np.testing.assert_array_equal(result.baseline, measures_of(sums_of(still)))


def test_a_sweep_that_was_stopped_goes_on_where_it_was(tmp_path: Path) -> None:
    swept = partial(sweep, scenario(), (*PRICES, CASH), data_set(DATA), sample=4_500)
    whole = swept()
    told: list[int] = []

    def stop_soon(done: int, total: int) -> bool:
        told.append(done)
        return done < 2_000

    part = swept(keep=tmp_path / "kept", progress=stop_soon)
    assert not part.complete
    assert told == [0, 1_000, 2_000]
    np.testing.assert_array_equal(part.measures, whole.measures[:2_000])
    told.clear()
    rest = swept(keep=tmp_path / "kept", progress=lambda *at: told.append(at[0]))
    assert told == [2_000, 3_000, 4_000, 4_500]
    assert rest.complete
    np.testing.assert_array_equal(rest.measures, whole.measures)


def test_a_folder_of_another_sweep_is_refused_and_left_alone(tmp_path: Path) -> None:
    sweep(scenario(), PRICES[:1], data_set(DATA), keep=tmp_path / "kept")
    before = sorted(path.name for path in (tmp_path / "kept").iterdir())
    with pytest.raises(InputError, match="holds another sweep"):
        sweep(scenario(CUT), PRICES[:1], data_set(DATA), keep=tmp_path / "kept")
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == before


@given(st.lists(st.integers(1, 7), min_size=1, max_size=4), st.integers(1, 50))
def test_a_grid_visits_every_combination_once_whatever_its_blocks(
    sizes: list[int], block: int
) -> None:
    grid = Grid(tuple(sizes))
    rows = np.concatenate([grid.levels(*one) for one in blocks_of(grid, block)])
    assert len(rows) == len(grid) == len({tuple(row) for row in rows.tolist()})
    assert (rows >= 0).all()
    assert (rows < sizes).all()


@settings(max_examples=30)
@given(st.lists(st.integers(1, 30), min_size=1, max_size=5), st.integers(1, 300))
def test_a_sample_is_as_long_as_asked_the_same_again_and_inside(
    sizes: list[int], count: int
) -> None:
    drawn = Sample(tuple(sizes), count).levels(0, count)
    assert drawn.shape == (count, len(sizes))
    np.testing.assert_array_equal(drawn, Sample(tuple(sizes), count).levels(0, count))
    assert (drawn >= 0).all()
    assert (drawn < sizes).all()


def test_a_sample_visits_the_levels_of_an_axis_equally_often() -> None:
    drawn = Sample((16, 16), 4_096).levels(0, 4_096)
    for place in range(2):
        np.testing.assert_array_equal(np.bincount(drawn[:, place]), np.full(16, 256))


def test_axes_are_read_as_they_are_typed() -> None:
    texts = [
        "list_price product=N5 change='-10 %..+5 %' levels=4",
        "customer_cash product=N3 value=0..9000 levels=3 region=East",
    ]
    cut, cash = read_axes(texts, scenario(), data_set(DATA))
    assert cut.name == "list_price N5"
    np.testing.assert_allclose(cut.amounts, [-0.1, -0.05, 0.0, 0.05])
    assert cut.amounts[2] == 0
    assert (cash.name, cash.amounts) == ("customer_cash N3 East", (0.0, 4_500.0, 9_000.0))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("list_prize product=N5 change=-5%..5%", "did you mean 'list_price'"),
        ("list_price product=N55 change=-5%..5%", "no product is called 'N55'"),
        ("list_price product=N5", "needs one of change=A..B and value=A..B"),
        ("list_price product=N5 change=-5%", "is not a range"),
        ("list_price product=N5 change=-5%..5000", "give both ends in the same way"),
        ("list_price product=N5 change=-5%..5% levels=1", "a whole number from 2"),
        ("list_price product=N5 prize=3 change=-5%..5%", "'prize=3' is not understood"),
        ("list_price product=N5 product=N7 change=-5%..5%", "'product' stands twice"),
        ("list_price product=N5 value=-5000..5000", "above 0"),
    ],
)
def test_an_axis_that_cannot_be_read_says_why(text: str, sentence: str) -> None:
    with pytest.raises(InputError) as refused:
        read_axes([text], scenario(), data_set(DATA))
    assert sentence in str(refused.value)


def test_every_fault_of_every_axis_is_said_at_once() -> None:
    good = "list_price product=N5 change=-5%..5%"
    with pytest.raises(InputError) as refused:
        read_axes([good, "list_price", good, "x"], scenario(), data_set(DATA))
    assert [fault.place for fault in refused.value.faults] == [
        "axis[1]",
        "axis[2]",
        "axis[3]",
    ]


def test_a_grid_too_large_is_refused_before_anything_is_run() -> None:
    wide = axis(LeverMove("list_price", product="N5", change=relative(0.0)), [0.001] * 5_000)
    other = axis(LeverMove("list_price", product="N7", change=relative(0.0)), [0.001] * 5_000)
    with pytest.raises(InputError, match="25,000,000 combinations"):
        sweep(scenario(), (wide, other), data_set(DATA))
