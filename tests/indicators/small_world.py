"""A market of a few dozen rows in memory: months without rows, divisors of zero, people who come twice."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd

from sandtable.data.catalogue import market_data_folder
from sandtable.indicators import Catalogue, DuckDBEngine, catalogue

REGIONS = {"D1": "North", "D2": "North", "D3": "South"}
CHANNELS = ["search", "web", "referral"]
PRODUCTS = {
    "N1": ("Nova", 210_000),
    "N2": ("Nova", 320_000),
    "R1": ("Orion", 230_000),
    "R2": ("Lyra", 500_000),
}
KINDS = [
    "response",
    "card",
    "visit",
    "test_drive_booked",
    "test_drive",
    "no_show",
    "configured",
    "order",
    "cancel",
    "delivery",
]
MONTHS = [f"2026-{month:02d}" for month in range(1, 7)]
LEAD_MONTHS = ["2026-02", "2026-03", "2026-05", "2026-06"]  # nothing came in April


def folder_of(parent: Path) -> Path:
    """Make the folder of a data set that has metadata and no files."""
    folder = parent / "premium_ev"
    folder.mkdir(exist_ok=True)
    shutil.copy(market_data_folder() / "premium_ev" / "metadata.yaml", folder)
    return folder


def engine_on(parent: Path, frames: dict[str, pd.DataFrame]) -> tuple[Catalogue, DuckDBEngine]:
    """Open frames alone, under the definitions of the package; without word of persons each prospect is one."""
    found = catalogue()
    if "leads" in frames and "persons" not in frames:
        prospects = sorted(set(frames["leads"]["prospect"]))
        frames = frames | {"persons": persons(dict(zip(prospects, prospects, strict=True)))}
    return found, DuckDBEngine(folder_of(parent), found.tables, frames)


def moment(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


def persons(known: dict[str, str]) -> pd.DataFrame:
    rows = {"prospect": list(known), "person": list(known.values())}
    return pd.DataFrame(rows).assign(resolved_at=moment("2026-06-30"))


def products() -> pd.DataFrame:
    rows = [
        {"product": code, "name": code, "brand": firm, "firm": firm, "segment": "x"}
        for code, (firm, _) in PRODUCTS.items()
    ]
    return pd.DataFrame(rows)


def dealers() -> pd.DataFrame:
    return pd.DataFrame([{"dealer": d, "region": r, "brand": "Nova"} for d, r in REGIONS.items()])


def small_frames(seed: int) -> dict[str, pd.DataFrame]:
    """Draw every table; the same seed gives the same tables."""
    random = np.random.default_rng(seed)
    frames = {"products": products(), "dealers": dealers()}
    frames |= _ledgers(random)
    frames |= _own_ledgers(random)
    leads = _leads(random)
    frames["leads"] = leads
    # Three in four prospects come a second time under another number, and some are nobody known.
    known = {f"P{index:02d}": f"H{index // 4 * 3 + index % 3}" for index in range(38)}
    frames["persons"] = persons(known)
    frames["lead_events"] = _events(random, leads)
    frames |= _after_sales(random)
    offers = leads.sample(frac=0.5, random_state=seed)[
        ["lead", "product", "region", "dealer"]
    ].copy()
    offers["at"] = leads["created_at"] + pd.Timedelta(hours=5)
    offers["list_price"], offers["net_price"] = 250_000.0, 240_000.0
    offers["options"] = random.integers(0, 3, len(offers))
    offers["options_offered"] = offers["options"] * random.integers(0, 3, len(offers))
    frames["offers"] = offers.sort_index(ignore_index=True)
    return frames


def _ledgers(random: np.random.Generator) -> dict[str, pd.DataFrame]:
    regions = sorted(set(REGIONS.values()))
    sales = pd.DataFrame(
        [
            {
                "period": m,
                "region": r,
                "product": p,
                "units": int(random.integers(0, 4)),
                "list_price": price,
                "net_price": price - 1000 * int(random.integers(0, 9)),
            }
            for m in MONTHS
            for r in regions
            for p, (_, price) in PRODUCTS.items()
            if random.random() < 0.8
        ]
    )
    media = pd.DataFrame(
        [
            {
                "period": m,
                "region": r,
                "brand": b,
                "channel": c,
                "spend": int(random.integers(0, 3)) * 1000,
                "impressions": 10,
            }
            for m in MONTHS
            for r in regions
            for b in ("Nova", "Orion")
            for c in ("search", "television")
        ]
    )
    rivals = pd.DataFrame(
        [
            {
                "period": m,
                "region": r,
                "brand": b,
                "lead_index": float(random.integers(0, 3)),
                "traffic": 1,
                "incentives": 1,
                "awareness": 0.5,
            }
            for m in MONTHS
            for r in regions
            for b in ("Nova", "Orion", "Lyra")
        ]
    )
    return {"sales": sales, "media": media, "competitor_indicators": rivals}


def _own_ledgers(random: np.random.Generator) -> dict[str, pd.DataFrame]:
    regions = sorted(set(REGIONS.values()))
    exposures = pd.DataFrame(
        [
            {
                "month": m,
                "region": r,
                "channel": "search",
                "impressions": int(random.integers(0, 2)) * 100,
                "clicks": int(random.integers(0, 9)),
                "spend": 5,
            }
            for m in MONTHS[1:]
            for r in regions
        ]
    )
    own = [p for p, (firm, _) in PRODUCTS.items() if firm == "Nova"]
    cells = [(m, d, p) for m in MONTHS for d in REGIONS for p in own]
    zeros = dict.fromkeys(
        ("leads", "cards", "test_drives", "orders", "referrals", "repeat_orders"), 0
    )
    funnel = pd.DataFrame(
        [
            {
                "period": m,
                "region": REGIONS[d],
                "dealer": d,
                "product": p,
                **zeros,
                "deliveries": int(random.integers(0, 3)),
            }
            for m, d, p in cells
        ]
    )
    stock = pd.DataFrame(
        [
            {"month": m, "dealer": d, "product": p, "units_in_stock": int(random.integers(0, 5))}
            for m, d, p in cells
            if m > "2026-01" and random.random() < 0.8
        ]
    )
    targets = pd.DataFrame(
        [
            {"month": m, "region": r, "product": p, "target_units": int(random.integers(0, 4))}
            for m in MONTHS[2:]
            for r in regions
            for p in own
        ]
    )
    return {
        "exposures": exposures,
        "funnel": funnel,
        "stock": stock,
        "targets": targets,
    }


def _leads(random: np.random.Generator) -> pd.DataFrame:
    rows = []
    for index in range(60):
        dealer = str(random.choice(list(REGIONS)))
        month = str(random.choice(LEAD_MONTHS))
        channel = str(random.choice(CHANNELS))
        rows.append(
            {
                "lead": f"L{index:03d}",
                "prospect": f"P{int(random.integers(0, 40)):02d}",
                "created_at": moment(f"{month}-01")
                + pd.Timedelta(minutes=int(random.integers(0, 28 * 1440))),
                "dealer": dealer,
                "region": REGIONS[dealer],
                "product": str(random.choice(["N1", "N2"])),
                "channel": channel,
                "valid": bool(random.random() < 0.7),
                "referrer": "O01" if channel == "referral" else None,
            }
        )
    frame = pd.DataFrame(rows)
    frame["referrer"] = frame["referrer"].astype("str")
    return frame


def _events(random: np.random.Generator, leads: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for lead in leads.to_dict("records"):
        for _ in range(int(random.integers(0, 12))):
            wait = pd.Timedelta(minutes=int(random.integers(0, 80 * 1440)))
            rows.append(
                {
                    "event": f"E{len(rows):04d}",
                    "lead": lead["lead"],
                    "kind": str(random.choice(KINDS)),
                    "at": lead["created_at"] + wait,
                    "dealer": str(random.choice([lead["dealer"], "D1"])),
                }
            )
    return pd.DataFrame(rows)


def _after_sales(random: np.random.Generator) -> dict[str, pd.DataFrame]:
    owners, activity, visits, surveys = [], [], [], []
    for index in range(30):
        dealer = str(random.choice(list(REGIONS)))
        gone = random.random() < 0.5
        owners.append(
            {
                "owner": f"O{index:02d}",
                "prospect": f"P{index:02d}",
                "product": str(random.choice(["N1", "N2"])),
                "region": REGIONS[dealer],
                "dealer": dealer,
                "delivered_at": moment("2025-01-05"),
                "left_at": moment("2026-01-03") + pd.Timedelta(days=int(random.integers(0, 170)))
                if gone
                else pd.NaT,
                "left_to": str(random.choice(["own", "Orion"])) if gone else None,
            }
        )
        activity += [
            {"owner": f"O{index:02d}", "month": month, "active_days": int(random.integers(0, 3))}
            for month in MONTHS
            if random.random() < 0.5
        ]
        for _ in range(int(random.integers(0, 3))):
            day = moment("2026-01-03") + pd.Timedelta(days=int(random.integers(0, 170)))
            visits.append(
                {
                    "visit": f"V{len(visits):03d}",
                    "owner": f"O{index:02d}",
                    "dealer": dealer,
                    "at": day,
                    "kind": "repair",
                    "own_network": bool(random.random() < 0.5),
                }
            )
            surveys.append(
                {
                    "survey": f"S{len(surveys):03d}",
                    "owner": f"O{index:02d}",
                    "at": day,
                    "score": int(random.integers(0, 11)),
                }
            )
    frame = pd.DataFrame(owners)
    frame["left_at"] = pd.to_datetime(frame["left_at"], utc=True)
    frame["left_to"] = frame["left_to"].astype("str")
    return {
        "owners": frame,
        "owner_activity": pd.DataFrame(activity),
        "service_visits": pd.DataFrame(visits),
        "surveys": pd.DataFrame(surveys),
    }
