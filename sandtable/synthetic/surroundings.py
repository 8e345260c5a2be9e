"""The tables around the sales of the synthetic market: products, media, competitor indicators, events."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sandtable.synthetic.drawing import generator
from sandtable.synthetic.history import History
from sandtable.synthetic.plan import Plan, month_number
from sandtable.synthetic.pricing import Sold

CNY_PER_THOUSAND_IMPRESSIONS = 60.0
EFFICIENCY = {"BEV": 6.7, "EREV": 6.1, "PHEV": 6.3}  # km of electric range a kWh


def products_table(plan: Plan, history: History, seed: int) -> pd.DataFrame:
    """Return products with their attributes."""
    random = generator(seed, "attributes")
    rows = plan.file.products
    efficiency = np.array([EFFICIENCY[row.powertrain] for row in rows])
    ranges = history.battery_kwh * efficiency * random.uniform(0.97, 1.03, len(rows))
    power = 150 + 0.75 * (plan.list_prices / 1000 - 160)
    power = power * random.uniform(0.9, 1.1, len(rows))
    return pd.DataFrame(
        {
            "product": plan.products,
            "name": [f"{row.firm} {row.product}" for row in rows],
            "brand": plan.firms,
            "firm": plan.firms,
            "segment": [row.segment for row in rows],
            "powertrain": [row.powertrain for row in rows],
            "launched": [row.launched for row in rows],
            "facelift": [row.facelift or "" for row in rows],
            "battery_kwh": history.battery_kwh,
            "electric_range_km": (np.round(ranges / 5) * 5).astype(np.int64),
            "power_kw": np.round(power).astype(np.int64),
        }
    ).sort_values("product", ignore_index=True)


def sales_table(plan: Plan, history: History, sold: Sold) -> pd.DataFrame:
    """Return one row for each month, region and product on sale."""
    period, region, product = np.nonzero(~np.isnan(sold.units))
    table = pd.DataFrame(
        {
            "period": np.array(plan.periods)[period],
            "region": np.array(plan.regions)[region],
            "product": np.array(plan.products)[product],
            "units": sold.units[period, region, product].astype(np.int64),
            "list_price": sold.list_prices[period, product].astype(np.int64),
            "net_price": sold.net_prices[period, region, product].astype(np.int64),
            "battery_index": history.battery_index[period],
            "metal_index": history.metal_index[period],
        }
    )
    return table.sort_values(["period", "region", "product"], ignore_index=True)


def market_table(plan: Plan, sold: Sold) -> pd.DataFrame:
    """Return one row for each month and region."""
    period, region = np.indices(sold.market_sizes.shape).reshape(2, -1)
    totals = np.nansum(sold.units, axis=2)
    return pd.DataFrame(
        {
            "period": np.array(plan.periods)[period],
            "region": np.array(plan.regions)[region],
            "market_size": sold.market_sizes[period, region].astype(np.int64),
            "total_units": totals[period, region].astype(np.int64),
        }
    ).sort_values(["period", "region"], ignore_index=True)


def media_table(plan: Plan, history: History) -> pd.DataFrame:
    """Return spend of every brand by channel, as market research's advertising monitor sees it."""
    names = (plan.periods, plan.regions, plan.brands, plan.channels)
    keys = ("period", "region", "brand", "channel")
    places = np.indices(history.spend.shape).reshape(len(keys), -1)
    spend = history.spend.ravel()
    columns = {
        key: np.array(known)[place] for key, known, place in zip(keys, names, places, strict=True)
    }
    columns["spend"] = spend.astype(np.int64)
    seen = np.round(spend / CNY_PER_THOUSAND_IMPRESSIONS).astype(np.int64)
    columns["impressions"] = 1000 * seen
    return pd.DataFrame(columns).sort_values(list(keys), ignore_index=True)


def competitor_table(plan: Plan, history: History, sold: Sold, seed: int) -> pd.DataFrame:
    """Return what market research reports of each brand that is on sale, with its noise."""
    random = generator(seed, "research")
    rows = []
    awareness = np.clip(0.12 + 0.055 * np.log(history.spend.sum(axis=(1, 3)) / 2e5), 0.05, 0.9)
    for b, brand in enumerate(plan.brands):
        mine = np.flatnonzero(plan.firm_codes == b)
        units = np.nansum(sold.units[:, :, mine], axis=2)
        gaps = sold.list_prices[:, None, mine] - sold.net_prices[:, :, mine]
        worth = np.nansum(gaps * np.nan_to_num(sold.units[:, :, mine]), axis=2)
        for t, r in np.argwhere(units > 0):
            leads = units[t, r] * random.gamma(50, 1 / 50)
            rows.append(
                (
                    plan.periods[t],
                    plan.regions[r],
                    brand,
                    round(100 * leads / (np.nansum(sold.units[t, r]) / len(plan.brands)), 1),
                    round(9 * units[t, r] * random.gamma(40, 1 / 40)),
                    round(worth[t, r] / units[t, r] / 100) * 100,
                    round(float(np.clip(awareness[t, b] + random.normal(0, 0.015), 0, 1)), 3),
                )
            )
    columns = ["period", "region", "brand", "lead_index", "traffic", "incentives", "awareness"]
    return pd.DataFrame(rows, columns=columns).sort_values(columns[:3], ignore_index=True)


def events_table(plan: Plan, sold: Sold) -> pd.DataFrame:
    """Return launches, facelifts, moves of list prices and rules within the months shown."""
    rows: list[tuple[str, str, str, str, str, str, str]] = []
    for row in plan.file.products:
        for kind, period, en, zh in (
            ("launch", row.launched, "is launched", "上市"),
            ("facelift", row.facelift, "is renewed", "改款"),
        ):
            if period is not None and period in plan.periods:
                name = f"{row.firm} {row.product}"
                rows.append(
                    (period, kind, "", row.firm, row.product, f"{name} {en}.", f"{name} {zh}。")
                )
    prices = sold.list_prices
    for t, j in np.argwhere(np.abs(np.diff(prices, axis=0)) > 0):
        old, new = int(prices[t, j]), int(prices[t + 1, j])
        name = f"{plan.firms[j]} {plan.products[j]}"
        en = f"{name}: list price {old:,} to {new:,} CNY."
        zh = f"{name}：指导价由 {old:,} 元调整为 {new:,} 元。"
        rows.append((plan.periods[t + 1], "price", "", plan.firms[j], plan.products[j], en, zh))
    for rule in plan.file.rules:
        if month_number(rule.period) >= month_number(plan.periods[0]):
            region = rule.region or ""
            rows.append((rule.period, "rule", region, "", "", rule.text_en, rule.text_zh))
    columns = ["period", "kind", "region", "firm", "product", "text_en", "text_zh"]
    table = pd.DataFrame(rows, columns=columns).sort_values(columns[:5], ignore_index=True)
    table.insert(0, "event", [f"E{number:03d}" for number in range(1, len(table) + 1)])
    return table
