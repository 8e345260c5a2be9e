from collections.abc import Callable
from pathlib import Path

import pytest

METADATA = """\
schema: 1
name: tiny
title: {en: Tiny market, zh: 小市场}
kind: synthetic
source: Written by hand for the tests
licence: MIT
retrieved: 2026-07-01
as_of: 2026-06
currency: CNY
money_unit: CNY
price_step: 1000
frequency: month
own_firm: Nova
nests: [segment]
pricing: national
market_size_rule: Households in the market
known_margins: [{product: N5, value: 0.2, source: annual report, grade: literature}]
areas: {East: [Shanghai], North: [Beijing]}
price_bands: [0, 200000, 300000]
default_parameters: logit
limits: [{en: Not real, zh: 非真实}]
columns:
  products: {provenance: synthetic}
  sales: {provenance: synthetic}
  market: {provenance: synthetic}
attributes:
  battery: {table: products, unit: kWh, label: {en: Battery, zh: 电池}}
"""
PARAMETERS = """\
schema: 1
name: logit
title: {en: Logit, zh: Logit}
model: logit
price_coefficient: {value: 0.00002, unit: utility per CNY, source: tests, grade: judgement}
customer_cash_pass_through: {value: 0.85, unit: share, source: tests, grade: judgement}
notes: {en: Plain, zh: 普通}
"""
PRODUCTS = """\
product,name,brand,firm,segment,battery
N5,Nova N5,Nova,Nova,Mid SUV,75
O3,Orion O3,Orion,Orion,Mid SUV,70
"""
MARKET = """\
period,region,market_size
2026-06,Shanghai,1000
2026-06,Beijing,800
"""
SALES = """\
period,region,product,units,list_price,net_price
2026-06,Shanghai,N5,100,268800,260000
2026-06,Shanghai,O3,120,249900,245000
2026-06,Beijing,N5,60,268800,260000
2026-06,Beijing,O3,90,249900,245000
"""
FILES = {
    "metadata.yaml": METADATA,
    "parameters/logit.yaml": PARAMETERS,
    "products.csv": PRODUCTS,
    "market.csv": MARKET,
    "sales.csv": SALES,
}

WriteDataSet = Callable[..., Path]


@pytest.fixture
def write_data_set(tmp_path: Path) -> WriteDataSet:
    """Write the tiny data set with some files replaced (text, bytes, or None to leave it out)."""

    def write(**replaced: str | bytes | None) -> Path:
        folder = tmp_path / "tiny"
        names = {name.replace("/", "_").replace(".", "_"): name for name in FILES}
        contents: dict[str, str | bytes | None] = dict(FILES)
        for key, content in replaced.items():
            contents[names.get(key, key.replace("__", "."))] = content
        for name, content in contents.items():
            if content is None:
                continue
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return folder

    return write
