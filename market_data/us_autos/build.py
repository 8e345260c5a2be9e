"""Make the tables of this folder from the file that pyblp ships: `python market_data/us_autos/build.py`.

Nothing is edited by hand: run it again and the tables are the same to the byte.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pyblp

from sandtable.documents import read_document

FOLDER = Path(__file__).resolve().parent
ATTRIBUTES = ["hpwt", "air", "mpd", "mpg", "space"]


def product_codes(cars: pd.DataFrame) -> pd.Series:
    """Give each car-year a product code: the model code of the source, made unique within a year and a firm.

    The second and third car of one model code in a year, in the order of their car numbers, end in ``-2``,
    ``-3``; the two model codes that stand under two firms end in the firm's number.
    """
    codes = cars["clustering_ids"].astype(str)
    rank = cars.sort_values("car_ids").groupby(["market_ids", "clustering_ids"]).cumcount() + 1
    codes = codes + rank.reindex(cars.index).map(lambda number: "" if number == 1 else f"-{number}")
    shared = cars.groupby(codes)["firm_ids"].transform("nunique") > 1
    return codes + ("-firm" + cars["firm_ids"].astype(str)).where(shared, "")


def product_name(code: str, model_code: str, names: dict[str, Any]) -> str:
    """Return a readable name where the abbreviation is clear, otherwise brand and code."""
    brand, stem, year = names["brands"][model_code[:2]], model_code[:-2], model_code[-2:]
    if stem not in names["models"]:
        return f"{brand} {code}"
    variant = code.removeprefix(model_code).replace("-", " no. ")
    return f"{brand} {names['models'][stem]} 19{year}{variant}"


def tables() -> dict[str, pd.DataFrame]:
    """Return the three tables as they are written."""
    names = read_document(FOLDER / "names.yaml").value
    cars = pd.read_csv(pyblp.data.BLP_PRODUCTS_LOCATION)
    households = {int(year): 1000 * count for year, count in names["households"].items()}
    cars["product"] = product_codes(cars)
    first = cars.drop_duplicates("product")
    codes = zip(first["product"], first["clustering_ids"], strict=True)
    products = pd.DataFrame(
        {
            "product": first["product"],
            "name": [product_name(code, model, names) for code, model in codes],
            "brand": first["clustering_ids"].str[:2].map(names["brands"]),
            "firm": first["firm_ids"].astype(str).map(names["firms"]),
            "segment": first["region"],
            "origin": first["region"],
        }
    )
    sales = pd.DataFrame(
        {
            "period": cars["market_ids"],
            "region": "US",
            "product": cars["product"],
            "units": cars["shares"] * cars["market_ids"].map(households),
            "list_price": cars["prices"],
            "net_price": cars["prices"],
            **{name: cars[name] for name in ATTRIBUTES},
        }
    )
    market = pd.DataFrame(
        {"period": list(households), "region": "US", "market_size": list(households.values())}
    )
    return {
        "products": products.sort_values("product"),
        "sales": sales.sort_values(["period", "product"]),
        "market": market,
    }


def main() -> None:
    """Write the tables beside this file."""
    for name, table in tables().items():
        table.to_csv(FOLDER / f"{name}.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
