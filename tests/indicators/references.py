"""The 42 indicators once more, in plain pandas, written from their definitions and not from the compiler."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from tests.indicators.world import WHOLE, Part, World

STEPS = ["visit", "test_drive_booked", "test_drive", "configured", "order"]
KEPT: dict[tuple[int, str], tuple[World, list[Part]]] = {}

Ratio = Callable[..., pd.Series]


def over(top: pd.Series, bottom: pd.Series) -> pd.Series:
    return top / bottom.where(bottom != 0)


def first(one: pd.Series) -> pd.Series:
    return one


@dataclass(frozen=True)
class Recipe:
    """Tables whose months must be common, parts, and how they combine."""

    tables: tuple[str, ...]
    parts: Callable[[World], list[Part]]
    combine: Ratio = over


def leads_of(w: World, rows: pd.DataFrame | None = None) -> Part:
    return Part(w.leads if rows is None else rows, "rows", scaled=True)


def own_media(w: World) -> Part:
    return Part(w.media[w.media["brand"] == w.own_firm], "sum", "spend")


def referred(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["referrer"].notna()]


LE, L, S = ("leads", "events"), ("leads",), ("sales",)
ALL_PRODUCTS = ("model", "price_band")


def _per_lead(kind: str) -> Recipe:
    return Recipe(LE, lambda w: [w.happened(kind), leads_of(w)])


def _order_dates(w: World) -> pd.Series:
    return w.firsts("order").set_index("lead")["at"]


RECIPES: dict[str, Recipe] = {
    "mkt_exposure_cnt": Recipe(
        ("exposures",), lambda w: [Part(w.exposures, "sum", "impressions")], first
    ),
    "mkt_click_rate": Recipe(
        ("exposures",),
        lambda w: [Part(w.exposures, "sum", "clicks"), Part(w.exposures, "sum", "impressions")],
    ),
    "sal_lead_cnt": Recipe(L, lambda w: [leads_of(w)], first),
    "sal_lead_rate_valid": Recipe(
        L, lambda w: [leads_of(w, w.leads[w.leads["valid"]]), leads_of(w)]
    ),
    "mkt_lead_cost": Recipe(("media", "leads"), lambda w: [own_media(w), leads_of(w)]),
    "sal_prospect_cnt": Recipe(
        L, lambda w: [Part(w.leads, "people", "person", scaled=True)], first
    ),
    "sal_lead_rate_repeat": Recipe(
        L,
        lambda w: [leads_of(w), Part(w.leads, "people", "person", scaled=True)],
        lambda a, b: over(a - b, a),
    ),
    "cmp_lead_idx": Recipe(
        ("rivals",),
        lambda w: [
            Part(w.rivals[w.rivals["brand"] != w.own_firm], "sum", "lead_index"),
            Part(w.rivals[w.rivals["brand"] == w.own_firm], "sum", "lead_index"),
        ],
        lambda a, b: over(100 * a, b),
    ),
    "mkt_voice_shr": Recipe(("media",), lambda w: [own_media(w), Part(w.media, "sum", "spend")]),
    "sal_response_hrs": Recipe(
        ("events",), lambda w: [w.waits("response", "h", how="mean")], first
    ),
    "sal_card_rate": _per_lead("card"),
    "sal_visit_rate": _per_lead("visit"),
    "sal_testdrive_rate": _per_lead("test_drive"),
    "sal_testdrive_rate_cohort_14d": Recipe(
        L,
        lambda w: [
            Part(w.cohort(["test_drive"], 0, 14), "people", "lead", scaled=True),
            leads_of(w, w.ripe(w.leads, 14)),
        ],
    ),
    "sal_noshow_rate": Recipe(
        ("events",), lambda w: [w.happened("no_show"), w.happened("test_drive_booked")]
    ),
    "sal_testdrive_days_med": Recipe(
        ("events",), lambda w: [w.waits("test_drive", "D", how="median")], first
    ),
    "sal_config_rate": _per_lead("configured"),
    "sal_order_rate": Recipe(
        ("events",), lambda w: [w.happened("order"), w.happened("test_drive")]
    ),
    "sal_lead_order_rate": _per_lead("order"),
    "sal_cancel_rate": Recipe(("events",), lambda w: [w.happened("cancel"), w.happened("order")]),
    "sal_delivery_cnt": Recipe(("funnel",), lambda w: [Part(w.funnel, "sum", "deliveries")], first),
    "sal_delivery_days": Recipe(
        ("events",), lambda w: [w.waits("delivery", "D", since=_order_dates(w), how="mean")], first
    ),
    "sal_price_avg": Recipe(S, lambda w: [w.money("net_price"), w.units()]),
    "sal_discount_rate": Recipe(
        S, lambda w: [w.money("list_price"), w.money("net_price")], lambda a, b: over(a - b, a)
    ),
    "sal_unit_cnt": Recipe(S, lambda w: [w.units()], first),
    "sal_market_shr": Recipe(S, lambda w: [w.units(own=True), w.units(fixed=ALL_PRODUCTS)]),
    "sal_band_shr": Recipe(S, lambda w: [w.units(own=True), w.units(rows=w.served_rows)]),
    "sal_band_mix": Recipe(S, lambda w: [w.units(own=True), w.units(own=True, fixed=ALL_PRODUCTS)]),
    "sal_price_gap": Recipe(
        S,
        lambda w: [
            w.money("net_price", rows=w.own_sales),
            w.units(own=True),
            w.money("net_price", rows=w.served_rivals),
            w.units(rows=w.served_rivals),
        ],
        lambda a, b, c, d: over(over(a, b), over(c, d)) - 1,
    ),
    "sal_option_rate": Recipe(
        ("offers",),
        lambda w: [
            Part(w.offers, "sum", "options", scaled=True),
            Part(w.offers, "sum", "options_offered", scaled=True),
        ],
    ),
    "mkt_order_cost": Recipe(("media", "events"), lambda w: [own_media(w), w.happened("order")]),
    "mkt_media_roi": Recipe(
        ("sales", "media"), lambda w: [w.money("net_price", rows=w.own_sales), own_media(w)]
    ),
    "sal_stock_days": Recipe(
        ("stock", "funnel"),
        lambda w: [
            Part(w.stock, "sum", "units_in_stock", over_months="last"),
            Part(w.funnel, "sum", "deliveries", over_months="last"),
        ],
        lambda a, b: over(30.4375 * a, b),
    ),
    "sal_target_rate": Recipe(
        ("sales", "targets"), lambda w: [w.units(own=True), Part(w.targets, "sum", "target_units")]
    ),
    "cus_app_owner_cnt": Recipe(
        ("activity",),
        lambda w: [
            Part(
                w.activity[w.activity["active_days"] > 0],
                "people",
                "owner",
                scaled=True,
                over_months="mean",
            )
        ],
        first,
    ),
    "aft_service_rate": Recipe(
        ("visits",),
        lambda w: [
            Part(w.visits[w.visits["own_network"]], "people", "owner", scaled=True),
            Part(w.visits, "people", "owner", scaled=True),
        ],
    ),
    "sal_prospect_rate_kept_90d": Recipe(
        L,
        lambda w: [
            Part(w.cohort(STEPS, 30, 90), "people", "person", scaled=True),
            Part(w.ripe(w.leads, 90), "people", "person", scaled=True),
        ],
    ),
    "cus_defeat_rate": Recipe(
        ("leavers",),
        lambda w: [
            Part(
                w.leavers[w.leavers["left_to"].notna() & (w.leavers["left_to"] != "own")],
                "rows",
                scaled=True,
            ),
            Part(w.leavers[w.leavers["left_to"].notna()], "rows", scaled=True),
        ],
    ),
    "cus_repurchase_rate": Recipe(
        ("leavers",),
        lambda w: [
            Part(w.leavers[w.leavers["left_to"] == "own"], "rows", scaled=True),
            Part(w.leavers[w.leavers["left_to"].notna()], "rows", scaled=True),
        ],
    ),
    "cus_survey_score": Recipe(
        ("surveys",),
        lambda w: [
            Part(w.surveys[w.surveys["score"] >= 9], "rows", scaled=True),
            Part(w.surveys[w.surveys["score"] <= 6], "rows", scaled=True),
            Part(w.surveys, "rows", scaled=True),
        ],
        lambda a, b, c: over(100 * (a - b), c),
    ),
    "sal_lead_shr_referral": Recipe(L, lambda w: [leads_of(w, referred(w.leads)), leads_of(w)]),
    "sal_order_rate_referral": Recipe(
        LE,
        lambda w: [
            Part(referred(w.events[w.events["kind"] == "order"]), "people", "lead", scaled=True),
            leads_of(w, referred(w.leads)),
        ],
    ),
}


def _parts(world: World, code: str) -> list[Part]:
    """Return the parts of an indicator, made once; the world is kept too, so that its id stays its own."""
    if (id(world), code) not in KEPT:
        KEPT[id(world), code] = (world, RECIPES[code].parts(world))
    return KEPT[id(world), code][1]


def _counted(part: Part, rows: pd.DataFrame, keys: list[str], n_months: int) -> pd.Series:
    if part.over_months == "mean" and "month" not in keys:
        monthly = rows.groupby([*keys, "month"])[part.value].nunique()
        return monthly.groupby(level=list(range(len(keys)))).sum() / n_months
    groups = rows.groupby(keys)
    if part.how == "rows":
        return groups.size().astype(float)
    column = groups[part.value]
    if part.how == "people":
        return column.nunique().astype(float)
    return {"sum": column.sum, "mean": column.mean, "median": column.median}[part.how]().astype(
        float
    )


def reference(world: World, code: str, by: Sequence[str]) -> pd.DataFrame:
    """Compute one indicator at one grain: the dimensions and a column of figures, ordered."""
    recipe = RECIPES[code]
    months = [set(getattr(world, name)["month"]) for name in recipe.tables]
    low, high = max(min(one) for one in months), min(max(one) for one in months)
    keys = list(by) or [WHOLE]
    figures: list[tuple[Part, pd.Series]] = []
    for part in _parts(world, code):
        rows = part.rows[part.rows["month"].between(low, high)].copy()
        rows[WHOLE] = ""
        if part.over_months == "last" and "month" not in by:
            rows = rows[rows["month"] == high]
        own = [key for key in keys if key not in part.fixed] or [WHOLE]
        count = len(pd.period_range(low, high, freq="M"))
        series = _counted(part, rows, own, count)
        if part.scaled and world.sample < 1:
            series = series / world.sample
        figures.append((part, series))
    cells = pd.concat(
        [
            one.index.to_frame(index=False)[keys]
            for part, one in figures
            if set(keys) <= set(one.index.names)
        ]
    ).drop_duplicates()
    aligned = []
    for part, series in figures:
        name = f"part_{len(aligned)}"
        cells[WHOLE] = ""
        on = list(series.index.names)
        cells = cells.merge(series.rename(name).reset_index(), on=on, how="left")
        if part.how in ("rows", "people", "sum"):
            cells[name] = cells[name].fillna(0.0)
        aligned.append(name)
    cells[code] = recipe.combine(*(cells[name] for name in aligned))
    return cells.sort_values(list(by), ignore_index=True)[[*by, code]] if by else cells[[code]]
