"""The published European car market 1970-1997 as a data set, made where the file is at hand; never kept here."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd

from sandtable.data import DataSet, load_data_set

ATTRIBUTES = {
    "power_kw": "kW",
    "fuel": "l per 100 km",
    "width_cm": "cm",
    "height_cm": "cm",
    "vat_rate": "rate",
    "exchange_rate": "index",
}
LAST_YEAR = 1997


def eurocars_file() -> Path:
    """Where the file is: below SANDTABLE_SHARED_DATA, or beside the repository."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    folder = Path(os.environ.get("SANDTABLE_SHARED_DATA", beside))
    return folder / "eurocars_1970_1999" / "eurocars.csv"


def write_eurocars(folder: Path) -> DataSet:
    """Write the data set: a product is a model in a country as long as its segment, origin and firm stay the same."""
    cars = pd.read_csv(eurocars_file())
    cars = cars[cars["year"] <= LAST_YEAR]
    origin = cars["domestic"].map({1: "home", 0: "foreign"})
    identity = cars[["model_id", "country", "segment", "firm_id", "brand_id"]].astype(str)
    product = identity.agg("-".join, axis=1) + "-" + origin
    sales = pd.DataFrame(
        {
            "period": cars["year"],
            "region": cars["country"],
            "product": product,
            "units": cars["units"],
            "list_price": cars["price_keur1999"],
            "net_price": cars["price_keur1999"],
            "power_kw": cars["power_kw"],
            "fuel": cars["fuel_l_100km_90kmh"],
            "width_cm": cars["width_cm"],
            "height_cm": cars["height_cm"],
            "vat_rate": cars["vat_rate"],
            "exchange_rate": cars["xexr"],
        }
    )
    products = pd.DataFrame(
        {
            "product": product,
            "name": cars["model_name"],
            "brand": cars["brand_name"],
            "firm": cars["firm_name"],
            "segment": cars["segment"],
            "origin": origin,
        }
    ).drop_duplicates("product")
    market = cars.groupby(["year", "country"], as_index=False)["population"].first()
    market = market.assign(market_size=market["population"] / 5)
    market = market.rename(columns={"year": "period", "country": "region"})
    (folder / "parameters").mkdir(parents=True)
    for name, table in (("sales", sales), ("products", products), ("market", market)):
        kept = table.drop(columns="population", errors="ignore")
        kept.to_csv(folder / f"{name}.csv", index=False)
    attributes = "".join(
        f"  {name}: {{table: sales, unit: {unit}, label: {{en: {name}, zh: {name}}}}}\n"
        for name, unit in ATTRIBUTES.items()
    )
    (folder / "metadata.yaml").write_text(METADATA + attributes, encoding="utf-8")
    (folder / "parameters" / "logit.yaml").write_text(PARAMETERS, encoding="utf-8")
    return load_data_set(folder)


METADATA = """\
schema: 1
name: eurocars
title: {en: European cars 1970-1997, zh: 欧洲汽车市场}
kind: real
source: Goldberg and Verboven (2001), Brenkers and Verboven (2006)
licence: not stated
retrieved: 2026-11-22
as_of: "1997"
currency: EUR
money_unit: thousand EUR of 1999
price_step: 0.1
frequency: year
own_firm: Fiat
nests: [segment, origin]
pricing: regional
market_size_rule: One fifth of the population
price_bands: [0, 10, 20]
default_parameters: logit
limits: [{en: For tests only, zh: 仅供测试}]
columns: {sales: {provenance: real}, products: {provenance: real}, market: {provenance: derived}}
attributes:
"""
PARAMETERS = """\
schema: 1
name: logit
title: {en: Logit, zh: Logit}
model: logit
price_coefficient: {value: 0.2, unit: utility per thousand EUR, source: tests, grade: judgement}
customer_cash_pass_through: {value: 0.85, unit: share, source: tests, grade: judgement}
notes: {en: Plain, zh: 普通}
"""
