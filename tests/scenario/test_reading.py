"""Results are read by the definitions: equal to sums over the arrays, to a question asked afresh, in every thread."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandtable.errors import InputError
from sandtable.indicators.catalogue import catalogue
from sandtable.indicators.formulas import names_of
from sandtable.indicators.leaf import Leaf
from sandtable.indicators.prepared import can_be_prepared
from sandtable.scenario.computing import compute_result
from sandtable.scenario.kpis import KPI_INDICATORS, KPI_LABELS
from sandtable.scenario.model import LeverMove
from sandtable.scenario.reading import CELL, read_codes
from sandtable.scenario.run import Result, run
from sandtable.scenario.summary import Totals, totals
from tests.golden import SCENARIOS, result_of
from tests.indicators.test_feeding import company
from tests.scenario.observed import data_set, relative, run_moves

BY_HAND = ("units", "revenue", "contribution_profit")
SHIPPED = [path for path in SCENARIOS if "-year-" not in path.stem]


def by_hand(result: Result, firm: str, regions: tuple[str, ...], side: str) -> dict[str, float]:
    """The sums over arrays that the definitions must agree with."""
    found = dict.fromkeys((*BY_HAND, "all", "leads"), 0.0)
    for item in result.periods:
        market, state = item.base.market, getattr(item, side)
        rows = [market.regions.index(region) for region in regions]
        owned = np.array([name == firm for name in market.firms])
        for name in BY_HAND:
            found[name] += float(getattr(state, name)[rows][:, owned].sum())
        found["all"] += float(state.units[rows].sum())
        found["leads"] += float(np.nansum(state.leads[rows][:, owned]))
    return found


def assert_agrees(result: Result, firm: str, regions: tuple[str, ...]) -> None:
    for side, read in zip(
        ("baseline", "scenario"), totals(result.periods, firm, regions), strict=True
    ):
        expected = by_hand(result, firm, regions, side)
        for name in BY_HAND:
            assert getattr(read, name) == pytest.approx(expected[name], rel=1e-9, abs=1e-6)
        assert read.share_of_sales == pytest.approx(expected["units"] / expected["all"], rel=1e-9)
        if read.leads is None:
            assert expected["leads"] == 0
            assert read.conversion is None
            continue
        assert read.leads == pytest.approx(expected["leads"], rel=1e-9)
        if expected["leads"]:
            assert read.conversion == pytest.approx(expected["units"] / expected["leads"], rel=1e-9)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_result_agrees_with_sums_over_its_arrays(path: Path) -> None:
    result = result_of(path)
    regions = result.periods[0].base.market.regions
    for firm in dict.fromkeys(result.periods[0].base.market.firms):
        assert_agrees(result, firm, regions)
    assert_agrees(result, result.own_firm, regions[:1])
    assert_agrees(result, result.own_firm, regions[-3:])


@settings(max_examples=12)
@given(
    change=st.floats(-0.2, 0.2),
    product=st.sampled_from(("N5", "N3", "N7")),
    region=st.sets(st.integers(0, 11), min_size=1),
    firm=st.sampled_from(("Nova", "Orion", "Lyra")),
)
def test_any_move_is_read_as_the_arrays_say(
    change: float, product: str, region: set[int], firm: str
) -> None:
    result = run_moves(LeverMove("list_price", product=product, change=relative(change)))
    known = result.periods[0].base.market.regions
    assert_agrees(result, firm, tuple(known[place] for place in sorted(region)))


@cache
def moved() -> Result:
    months = ("2026-04", "2026-05", "2026-06")
    return run_moves(
        LeverMove("list_price", product="N5", change=relative(-0.05)),
        LeverMove("exit", product="N9", first="2026-05"),
        periods=months,
    )


def test_the_question_kept_ready_answers_as_one_asked_afresh() -> None:
    codes = tuple(KPI_INDICATORS.values())
    fresh = compute_result(codes, moved(), by=["month", "region"])
    for month, place in (("2026-04", 0), ("2026-06", 2)):
        for region in ("Shanghai", "Guangdong"):
            row = fresh[(fresh["month"] == month) & (fresh["region"] == region)].iloc[0]
            sides = read_codes([moved().periods[place]], "Nova", [region], codes)
            for side, read in zip(("baseline", "scenario"), sides, strict=True):
                for code in codes:
                    assert read.figures[code] == pytest.approx(row[f"{code}_{side}"], rel=1e-12)


def test_threads_read_as_one_alone_does() -> None:
    regions = moved().periods[0].base.market.regions

    def read(place: int) -> tuple[Totals, Totals]:
        result = run_moves(
            LeverMove("list_price", product="N5", change=relative(-0.01 * (place % 5 + 1)))
        )
        return totals(result.periods, "Nova", regions)

    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(read, range(12)))
    assert together == [read(place) for place in range(12)]
    assert len({pair[1].units for pair in together}) == 5


def test_a_figure_whose_parts_do_not_add_up_is_asked_alone(tmp_path: Path) -> None:
    change = (
        "measure: contribution_profit\n  agg: sum",
        "measure: contribution_profit\n  agg: max",
    )
    folder = company(tmp_path, sal_contribution_amt=change)
    text = (folder / "definitions" / "sal_contribution_amt.yaml").read_text("utf-8")
    (folder / "definitions" / "sal_contribution_amt.yaml").write_text(
        text.replace("additivity: full", "additivity: none"), "utf-8"
    )
    own = catalogue("premium_ev").definitions["sal_contribution_amt_own"]
    assert own.additivity == "full"
    path = folder / "definitions" / "sal_contribution_amt_own.yaml"
    shipped = Path(catalogue.__code__.co_filename).parent / "definitions" / path.name
    path.write_text(shipped.read_text("utf-8").replace("additivity: full", "additivity: none"))
    from sandtable.scenario.base import open_data_set

    result = run(moved().scenario, open_data_set("premium_ev", [folder]))
    item = result.periods[0]
    owned = np.array([firm == "Nova" for firm in item.base.market.firms])
    row = item.base.market.regions.index("Shanghai")
    expected = item.scenario.contribution_profit[row, owned].max()
    read = totals(item, "Nova", ("Shanghai",))[1]
    assert read.contribution_profit == pytest.approx(expected)
    assert read.units == pytest.approx(totals(moved().periods[0], "Nova", ("Shanghai",))[1].units)


def test_only_what_adds_up_over_cells_is_kept_ready() -> None:
    found = catalogue("premium_ev")

    def ready(code: str) -> bool:
        leaf: Leaf = found.leaf(code)
        return can_be_prepared(found, leaf, CELL)

    leaves = {leaf for code in KPI_INDICATORS.values() for leaf in names_of(found.formula(code))}
    assert all(ready(leaf) for leaf in leaves)
    refused = ("sal_stock_cnt", "sal_visit_cnt", "sal_lead_cnt_cohort_14d", "sal_unit_cnt_served")
    assert [code for code in refused if ready(code)] == []


def test_any_indicator_of_the_tables_that_a_result_holds_is_computed_side_by_side() -> None:
    frame = compute_result(
        ["sal_price_avg", "sal_market_shr"],
        moved(),
        by=["month", "model"],
        where={"region": "Shanghai"},
    )
    assert list(frame.columns) == [
        *("month", "model", "sal_price_avg_baseline", "sal_price_avg_scenario"),
        *("sal_market_shr_baseline", "sal_market_shr_scenario"),
    ]
    rows = moved().rows
    rows = rows[(rows["region"] == "Shanghai") & (rows["product"] == "N5")]
    n5 = frame[frame["model"] == "N5"]
    for side in ("baseline", "scenario"):
        assert n5[f"sal_price_avg_{side}"].tolist() == pytest.approx(
            rows[f"net_price_{side}"].tolist()
        )
    gone = frame[(frame["model"] == "N9") & (frame["month"] == "2026-06")]
    assert gone["sal_price_avg_baseline"].notna().all()
    assert gone["sal_price_avg_scenario"].isna().all()


def test_what_a_result_does_not_hold_it_says() -> None:
    with pytest.raises(InputError) as caught:
        compute_result(["mkt_media_roi", "sal_stock_days"], moved())
    said = str(caught.value)
    assert "mkt_media_roi: the result of a scenario has no table 'media'" in said
    assert "sal_stock_days: the result of a scenario has no table 'stock'" in said


def test_every_figure_of_the_screen_has_a_definition_and_a_name() -> None:
    names = list(Totals.__dataclass_fields__)
    assert list(KPI_INDICATORS) == names == list(KPI_LABELS)
    for name in ("premium_ev", "us_autos"):
        assert set(KPI_INDICATORS.values()) <= set(catalogue(name).definitions)
    assert data_set("us_autos").definitions
