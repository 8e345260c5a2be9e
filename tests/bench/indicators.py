"""Ten indicators of the funnel over ten million events, by dealer and month: against SQL by hand, pandas, Polars."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl

from sandtable.indicators import Catalogue, DuckDBEngine, compute_with, opened
from tests.bench.events import N_EVENTS, write_events
from tests.bench.measure import Row, Times, ratio, side_by_side

CODES = (
    "sal_lead_cnt",
    "sal_lead_rate_valid",
    "sal_card_rate",
    "sal_visit_rate",
    "sal_testdrive_rate",
    "sal_noshow_rate",
    "sal_order_rate",
    "sal_cancel_rate",
    "sal_lead_order_rate",
    "sal_config_rate",
)
KEYS = ["dealer", "month"]
KINDS = (
    "card",
    "visit",
    "test_drive",
    "test_drive_booked",
    "no_show",
    "order",
    "cancel",
    "configured",
)
# Dedupe first, then count; the month is a date until the last step.
MARKS = ", ".join(
    f"max(CASE WHEN kind = '{kind}' THEN 1 ELSE 0 END) AS \"{kind}\"" for kind in KINDS
)
SUMS = ", ".join(f'sum("{kind}") AS "{kind}"' for kind in KINDS)
NAMES = ", ".join(f'"{kind}"' for kind in KINDS)
SQL = f"""
WITH single AS (
  SELECT dealer, date_trunc('month', CAST("at" AS DATE)) AS month, lead, {MARKS}
  FROM lead_events WHERE kind IN {KINDS} GROUP BY ALL
), counted AS (
  SELECT dealer, month, {SUMS} FROM single GROUP BY ALL
), leads_of AS (
  SELECT dealer, date_trunc('month', CAST(created_at AS DATE)) AS month,
    count(*) AS leads, count(*) FILTER (valid) AS valid
  FROM leads GROUP BY ALL
)
SELECT dealer, strftime(month, '%Y-%m') AS month, leads, valid, {NAMES}
FROM leads_of FULL JOIN counted USING (dealer, month) ORDER BY ALL
"""


def rows() -> list[Row]:
    """Measure on a data set written for it."""
    with tempfile.TemporaryDirectory() as folder:
        place = write_events(Path(folder))
        with opened(place) as (found, engine), _by_hand(place) as connection:
            return _measured(place, found, engine, connection)


def _by_hand(place: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    for name in ("leads", "lead_events"):
        path = place / "records" / f"{name}.parquet"
        connection.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{path}')")
    return connection


def _measured(
    place: Path, found: Catalogue, engine: DuckDBEngine, connection: duckdb.DuckDBPyConnection
) -> list[Row]:
    work: dict[str, Callable[[], pd.DataFrame]] = {
        "sandtable": lambda: compute_with(found, engine, CODES, by=KEYS),
        "SQL by hand": lambda: _rates(connection.execute(SQL).df()),
        "pandas": lambda: _rates(_pandas(place)),
        "Polars": lambda: _rates(_polars(place)),
    }
    answers = {name: run() for name, run in work.items()}
    for name, answer in answers.items():
        pd.testing.assert_frame_equal(
            answer, answers["sandtable"], check_dtype=False, rtol=1e-12, obj=name
        )
    times = side_by_side(work, rounds=7, enough=40.0)
    size = f"10 funnel indicators, {N_EVENTS / 1e6:.0f} million events, {len(answer):,} cells"
    return [
        Row(
            f"{size}: sandtable / dedupe-first SQL by hand",
            ratio(times, "sandtable", "SQL by hand"),
            1.3,
            at_least=False,
            times=_pair(times, "SQL by hand"),
            remark="Compiling counts; the keys were proven unique once, before. Answers equal to 1e-12.",
        ),
        *[
            Row(
                f"{size}: {peer} / sandtable",
                ratio(times, peer, "sandtable"),
                1.0,
                times=_pair(times, peer),
            )
            for peer in ("pandas", "Polars")
        ],
    ]


def _pair(times: dict[str, Times], peer: str) -> dict[str, Times]:
    return {name: times[name] for name in ("sandtable", peer)}


def _pandas(place: Path) -> pd.DataFrame:
    events = pd.read_parquet(
        place / "records" / "lead_events.parquet",
        columns=["dealer", "lead", "kind", "at"],
        filters=[("kind", "in", KINDS)],
    )
    events["month"] = _month(events.pop("at"))
    single = events.drop_duplicates(["dealer", "month", "lead", "kind"])
    counted = single.groupby([*KEYS, "kind"]).size().unstack("kind")
    leads = pd.read_parquet(
        place / "records" / "leads.parquet", columns=["dealer", "created_at", "valid"]
    )
    leads["month"] = _month(leads.pop("created_at"))
    of_leads = leads.groupby(KEYS)["valid"].agg(leads="size", valid="sum")
    both = of_leads.join(counted, how="outer").reset_index().sort_values(KEYS, ignore_index=True)
    both["month"] = both["month"].dt.strftime("%Y-%m")
    return both


def _month(moments: pd.Series) -> pd.Series:
    return pd.Series(moments.to_numpy("datetime64[us]").astype("datetime64[M]"), moments.index)


def _polars(place: Path) -> pd.DataFrame:
    single = (
        pl.scan_parquet(place / "records" / "lead_events.parquet")
        .filter(pl.col("kind").is_in(KINDS))
        .select("dealer", "lead", "kind", month=pl.col("at").dt.truncate("1mo"))
        .unique()
    )
    counts = [(pl.col("kind") == kind).sum().alias(kind) for kind in KINDS]
    counted = single.group_by(KEYS).agg(counts)
    leads = (
        pl.scan_parquet(place / "records" / "leads.parquet")
        .group_by("dealer", month=pl.col("created_at").dt.truncate("1mo"))
        .agg(leads=pl.len(), valid=pl.col("valid").sum())
    )
    both = leads.join(counted, on=KEYS, how="full", coalesce=True).sort(KEYS)
    both = both.with_columns(pl.col("month").dt.strftime("%Y-%m"))
    answer = both.collect()
    return pd.DataFrame({name: answer[name].to_numpy() for name in answer.columns})


def _rates(counts: pd.DataFrame) -> pd.DataFrame:
    """Divide what was counted; a divisor of zero gives a missing figure."""
    counted = counts.set_index(KEYS).astype("float64").fillna(0.0)
    divisors = counted.replace(0.0, np.nan)
    leads = divisors["leads"]
    rates = {
        "sal_lead_cnt": counted["leads"],
        "sal_lead_rate_valid": counted["valid"] / leads,
        "sal_card_rate": counted["card"] / leads,
        "sal_visit_rate": counted["visit"] / leads,
        "sal_testdrive_rate": counted["test_drive"] / leads,
        "sal_noshow_rate": counted["no_show"] / divisors["test_drive_booked"],
        "sal_order_rate": counted["order"] / divisors["test_drive"],
        "sal_cancel_rate": counted["cancel"] / divisors["order"],
        "sal_lead_order_rate": counted["order"] / leads,
        "sal_config_rate": counted["configured"] / leads,
    }
    return pd.DataFrame(rates)[list(CODES)].reset_index()
