"""The ways in which figures go wrong when tables meet, one test each, by numbers worked out by hand."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from sandtable.errors import InputError
from sandtable.indicators import Catalogue, DuckDBEngine, compute_with
from tests.indicators.small_world import dealers, engine_on, moment, products


def lead(
    name: str, at: str, *, prospect: str = "P1", dealer: str = "D1", **more: object
) -> dict[str, object]:
    region = "South" if dealer == "D3" else "North"
    base: dict[str, object] = {
        "lead": name, "prospect": prospect, "created_at": moment(at), "dealer": dealer, "region": region,
        "product": "N1", "channel": "web", "valid": True, "referrer": "",
    }  # fmt: skip
    return base | more


def event(name: str, of: str, kind: str, at: str, dealer: str = "D1") -> dict[str, object]:
    return {"event": name, "lead": of, "kind": kind, "at": moment(at), "dealer": dealer}


def sale(
    period: str, units: int, price: int, *, region: str = "North", product: str = "N1"
) -> dict[str, object]:
    return {
        "period": period,
        "region": region,
        "product": product,
        "units": units,
        "list_price": 210_000,
        "net_price": price,
    }


def asked(
    parent: Path, frames: dict[str, list[dict[str, object]]]
) -> tuple[Catalogue, DuckDBEngine]:
    tables = {name: pd.DataFrame(rows) for name, rows in frames.items()}
    known = {"products": products(), "dealers": dealers()}
    sales = {"sales": pd.DataFrame([sale("2026-06", 1, 200_000)])}
    return engine_on(parent, sales | known | tables)


def test_a_lead_with_many_events_is_one_lead_in_the_divisor(tmp_path: Path) -> None:
    """Fan-out: joining leads to their events first would count five leads, not two."""
    events = [event(f"E{n}", "L1", "test_drive", f"2026-05-0{n}") for n in range(1, 5)]
    pair = asked(
        tmp_path,
        {"leads": [lead("L1", "2026-05-01"), lead("L2", "2026-05-02")], "lead_events": events},
    )
    answer = compute_with(*pair, ["sal_testdrive_rate"], by=["month"])
    assert answer["sal_testdrive_rate"].tolist() == [1 / 2]


def test_two_tables_of_one_cell_do_not_multiply_each_other(tmp_path: Path) -> None:
    """Chasm: spend and leads share month and region only; joined row by row, 2 x 3 rows would appear."""
    media = [
        {
            "period": "2026-05",
            "region": "North",
            "brand": "Nova",
            "channel": channel,
            "spend": 300,
            "impressions": 1,
        }
        for channel in ("search", "web")
    ]
    leads = [lead(f"L{n}", "2026-05-02") for n in range(3)]
    pair = asked(tmp_path, {"media": media, "leads": leads})
    answer = compute_with(*pair, ["mkt_lead_cost"], by=["region", "month"])
    assert answer["mkt_lead_cost"].tolist() == [600 / 3]


def test_a_mean_price_is_not_the_mean_of_mean_prices(tmp_path: Path) -> None:
    pair = asked(tmp_path, {"sales": [sale("2026-05", 1, 300_000), sale("2026-06", 3, 100_000)]})
    answer = compute_with(*pair, ["sal_price_avg"])
    assert answer["sal_price_avg"].tolist() == [600_000 / 4]
    rolling = compute_with(*pair, ["sal_price_avg"], by=["month"], modifiers=["rolling:2"])
    assert rolling["sal_price_avg.rolling_2"].tolist() == [600_000 / 4]


def test_a_person_with_two_leads_in_two_months_is_one_prospect_of_both(tmp_path: Path) -> None:
    leads = [
        lead("L1", "2026-05-01"),
        lead("L2", "2026-06-01"),
        lead("L3", "2026-06-02", prospect="P2"),
    ]
    pair = asked(tmp_path, {"leads": leads})
    assert compute_with(*pair, ["sal_prospect_cnt"])["sal_prospect_cnt"].tolist() == [2]
    monthly = compute_with(*pair, ["sal_prospect_cnt"], by=["month"])
    assert monthly["sal_prospect_cnt"].tolist() == [1, 2]
    running = compute_with(*pair, ["sal_prospect_cnt"], by=["month"], modifiers=["cumulative"])
    assert running["sal_prospect_cnt.cumulative"].tolist() == [1, 2]


def test_stock_is_not_summed_over_months(tmp_path: Path) -> None:
    rows = [
        {"month": month, "dealer": dealer, "product": "N1", "units_in_stock": units}
        for month, dealer, units in (
            ("2026-05", "D1", 10),
            ("2026-06", "D1", 4),
            ("2026-05", "D3", 7),
        )
    ]
    pair = asked(tmp_path, {"stock": rows})
    assert compute_with(*pair, ["sal_stock_cnt"])["sal_stock_cnt"].tolist() == [4]
    regions = compute_with(*pair, ["sal_stock_cnt"], by=["region", "month"])
    assert regions["sal_stock_cnt"].tolist() == [10, 4, 7]
    with pytest.raises(
        InputError, match="sal_stock_cnt reads sal_stock_cnt, which does not add up over months"
    ):
        compute_with(*pair, ["sal_stock_cnt"], by=["month"], modifiers=["cumulative"])


def test_active_owners_of_two_months_are_their_mean(tmp_path: Path) -> None:
    owner = {
        "prospect": "P1",
        "product": "N1",
        "region": "North",
        "dealer": "D1",
        "delivered_at": moment("2025-01-01"),
        "left_at": None,
        "left_to": "own",
    }
    activity = [("O1", "2026-05"), ("O1", "2026-06"), ("O2", "2026-06")]
    frames: dict[str, list[dict[str, object]]] = {
        "owners": [
            owner | {"owner": name, "left_at": moment("2026-06-01")} for name in ("O1", "O2")
        ],
        "owner_activity": [{"owner": o, "month": m, "active_days": 2} for o, m in activity],
    }
    pair = asked(tmp_path, frames)
    assert compute_with(*pair, ["cus_app_owner_cnt"])["cus_app_owner_cnt"].tolist() == [1.5]


def test_a_cohort_whose_window_is_open_is_left_out(tmp_path: Path) -> None:
    """The data end with June: of the leads of 16 and 18 June only the first has its 14 days behind it."""
    leads = [lead("L1", "2026-06-16"), lead("L2", "2026-06-18"), lead("L3", "2026-06-17")]
    events = [
        event("E1", "L1", "test_drive", "2026-06-29T23:59:59"),
        event("E2", "L2", "test_drive", "2026-06-19"),
        event("E3", "L3", "test_drive", "2026-07-01"),
    ]
    pair = asked(tmp_path, {"leads": leads, "lead_events": events})
    answer = compute_with(
        *pair, ["sal_lead_cnt_cohort_14d", "sal_testdrive_rate_cohort_14d"], by=["month"]
    )
    assert answer["sal_lead_cnt_cohort_14d"].tolist() == [2]
    assert answer["sal_testdrive_rate_cohort_14d"].tolist() == [1 / 2]


def test_a_drive_on_the_fourteenth_day_counts_and_a_second_later_does_not(tmp_path: Path) -> None:
    leads = [lead("L1", "2026-05-01"), lead("L2", "2026-05-01")]
    events = [
        event("E1", "L1", "test_drive", "2026-05-14T23:59:59"),
        event("E2", "L2", "test_drive", "2026-05-15"),
    ]
    pair = asked(tmp_path, {"leads": leads, "lead_events": events})
    answer = compute_with(*pair, ["sal_testdrive_cnt_cohort_14d"])
    assert answer["sal_testdrive_cnt_cohort_14d"].tolist() == [1]


def test_a_divisor_of_zero_leaves_a_gap_and_no_error(tmp_path: Path) -> None:
    events = [event("E1", "L1", "order", "2026-06-02")]
    pair = asked(tmp_path, {"leads": [lead("L1", "2026-05-01")], "lead_events": events})
    answer = compute_with(*pair, ["sal_order_rate"], by=["month"])
    assert answer["sal_order_rate"].isna().tolist() == [True]


def test_a_ratio_of_tables_with_unlike_months_reads_the_months_of_both(tmp_path: Path) -> None:
    targets = [{"month": "2026-06", "region": "North", "product": "N1", "target_units": 8}]
    pair = asked(
        tmp_path, {"sales": [sale("2026-05", 100, 1), sale("2026-06", 4, 1)], "targets": targets}
    )
    assert compute_with(*pair, ["sal_target_rate"])["sal_target_rate"].tolist() == [4 / 8]


def test_midnight_of_another_zone_does_not_move_a_lead_to_another_month(tmp_path: Path) -> None:
    """1 June, 3 o'clock in Shanghai is still May in UTC."""
    at = pd.Timestamp("2026-06-01 03:00", tz="Asia/Shanghai")
    frame = pd.DataFrame([lead("L1", "2026-05-01") | {"created_at": at}])
    pair = engine_on(
        tmp_path,
        {
            "leads": frame,
            "products": products(),
            "dealers": dealers(),
            "sales": pd.DataFrame([sale("2026-06", 1, 1)]),
        },
    )
    assert compute_with(*pair, ["sal_lead_cnt"], by=["month"])["month"].tolist() == ["2026-05"]


def test_a_join_key_that_stands_twice_is_refused_before_rows_multiply(tmp_path: Path) -> None:
    twice = pd.concat([products(), products().head(1)])
    leads = pd.DataFrame([lead("L1", "2026-05-01")])
    pair = engine_on(
        tmp_path,
        {"leads": leads, "products": twice, "sales": pd.DataFrame([sale("2026-06", 1, 1)])},
    )
    with pytest.raises(
        InputError, match=r"the join key products\.product is not unique: 1 stand more than once"
    ):
        compute_with(*pair, ["sal_lead_cnt"], by=["model"])


def test_a_market_share_by_model_divides_by_the_whole_market(tmp_path: Path) -> None:
    sales = [sale("2026-06", 1, 1), sale("2026-06", 3, 1, product="R1")]
    pair = asked(tmp_path, {"sales": sales})
    answer = compute_with(*pair, ["sal_market_shr"], by=["model"])
    assert answer.to_numpy().tolist() == [["N1", 1 / 4]]


def test_the_change_over_a_gap_in_the_months_is_a_gap(tmp_path: Path) -> None:
    sales = [
        sale(month, units, 1) for month, units in (("2026-01", 2), ("2026-02", 3), ("2026-04", 6))
    ]
    pair = asked(tmp_path, {"sales": sales})
    answer = compute_with(*pair, ["sal_unit_cnt"], by=["month"], modifiers=["change"])
    assert answer["sal_unit_cnt.change"].fillna(-9).tolist() == [-9, 0.5, -9]
    shown = compute_with(
        *pair, ["sal_unit_cnt"], by=["month"], where={"month": "2026-02"}, modifiers=["change"]
    )
    assert shown["sal_unit_cnt.change"].tolist() == [0.5]


def test_what_was_not_known_at_a_date_is_not_counted(tmp_path: Path) -> None:
    leads = [lead("L1", "2026-05-01"), lead("L2", "2026-05-20")]
    pair = asked(
        tmp_path, {"leads": leads, "sales": [sale("2026-04", 2, 1), sale("2026-05", 5, 1)]}
    )
    known = compute_with(*pair, ["sal_lead_cnt", "sal_unit_cnt"], as_of="2026-05-10")
    assert known.to_numpy().tolist() == [[1, 2]]


def test_shares_of_a_total_sum_to_one_and_a_rate_has_none(tmp_path: Path) -> None:
    sales = [sale("2026-06", 1, 1), sale("2026-06", 3, 1, region="South")]
    pair = asked(tmp_path, {"sales": sales})
    answer = compute_with(
        *pair, ["sal_unit_cnt"], by=["region"], modifiers=["share_of_total", "rank"]
    )
    assert answer["sal_unit_cnt.share_of_total"].tolist() == [1 / 4, 3 / 4]
    assert answer["sal_unit_cnt.rank"].tolist() == [2, 1]
    with pytest.raises(InputError, match="so it has no share of a total"):
        compute_with(*pair, ["sal_price_avg"], by=["region"], modifiers=["share_of_total"])
