"""What must hold between tables, metadata and parameters; each fault at the row or field that breaks it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from sandtable.data.checking import CheckedTable
from sandtable.data.contracts import CONTRACTS
from sandtable.data.metadata import Metadata
from sandtable.documents import Document
from sandtable.errors import Fault, did_you_mean

Tables = Mapping[str, CheckedTable]


def table_faults(tables: Tables) -> list[Fault]:
    """Return the faults between tables: unknown references, cells without a market, shares above 1."""
    faults: list[Fault] = []
    for table in tables.values():
        faults += _reference_faults(table, tables)
    if "market" in tables and "sales" in tables:
        faults += _cell_faults(tables["sales"], tables["market"])
        faults += _share_faults(tables["sales"], tables["market"])
    if "funnel" in tables and "dealers" in tables:
        faults += _dealer_faults(tables["funnel"], tables["dealers"])
    return faults


def _reference_faults(table: CheckedTable, tables: Tables) -> list[Fault]:
    faults = []
    for name, column in table.contract.columns.items():
        target, _, target_column = column.references.partition(".")
        if not target or target not in tables or name not in table.frame:
            continue
        known = tables[target].seen.get(target_column)
        if known is None:
            continue
        values = table.frame[name]
        unknown = (values.notna() & ~values.isin(known)).to_numpy()
        faults += [
            Fault(
                table.file,
                f"row {table.lines[row]}, column {name}",
                f"no {target_column} is called '{values.iloc[row]}' in {tables[target].file}"
                f"{did_you_mean(values.iloc[row], known)}",
            )
            for row in np.flatnonzero(unknown)
        ]
    return faults


def _has(table: CheckedTable, *columns: str) -> bool:
    return all(column in table.frame for column in columns)


def _cell_faults(sales: CheckedTable, market: CheckedTable) -> list[Fault]:
    cell = ["period", "region"]
    if market.faults or not (_has(sales, *cell) and _has(market, *cell)):
        return []
    merged = sales.frame[cell].merge(
        market.frame[cell].drop_duplicates(), on=cell, how="left", indicator=True
    )
    regions = set(market.frame["region"])
    missing = (merged["_merge"] == "left_only").to_numpy() & merged["region"].isin(
        regions
    ).to_numpy()
    return [
        Fault(
            sales.file,
            f"row {sales.lines[row]}",
            f"{market.file} has no market size for period {merged['period'].iloc[row]}, "
            f"region {merged['region'].iloc[row]}; add that row.",
        )
        for row in np.flatnonzero(missing)
    ]


def _share_faults(sales: CheckedTable, market: CheckedTable) -> list[Fault]:
    cell = ["period", "region"]
    if not (_has(sales, *cell, "units") and _has(market, *cell, "market_size")):
        return []
    sold = sales.frame.groupby(cell, sort=False)["units"].sum().rename("sold")
    joined = market.frame.merge(sold.reset_index(), on=cell, how="left")
    faults = []
    for row in np.flatnonzero((joined["sold"] >= joined["market_size"]).to_numpy()):
        one = joined.iloc[row]
        faults.append(
            Fault(
                market.file,
                f"row {market.lines[row]}, column market_size",
                f"is {one['market_size']:g}, but {sales.file} sells {one['sold']:g} cars in period "
                f"{one['period']}, region {one['region']}; it must be above the units sold, because "
                "some households buy none of these products.",
            )
        )
    if "total_units" in joined:
        short = (joined["total_units"] < joined["sold"] * (1 - 1e-9)).to_numpy()
        faults += [
            Fault(
                market.file,
                f"row {market.lines[row]}, column total_units",
                f"is {joined['total_units'].iloc[row]:g}, below the {joined['sold'].iloc[row]:g} "
                f"cars listed in {sales.file}; it must be at least their sum.",
            )
            for row in np.flatnonzero(short)
        ]
    return faults


def _dealer_faults(funnel: CheckedTable, dealers: CheckedTable) -> list[Fault]:
    if not (_has(funnel, "dealer", "region") and _has(dealers, "dealer", "region")):
        return []
    home = dealers.frame.drop_duplicates("dealer").set_index("dealer")["region"]
    expected = funnel.frame["dealer"].map(home)
    wrong = (expected.notna() & (expected != funnel.frame["region"])).to_numpy()
    return [
        Fault(
            funnel.file,
            f"row {funnel.lines[row]}, column region",
            f"is '{funnel.frame['region'].iloc[row]}', but the dealer "
            f"'{funnel.frame['dealer'].iloc[row]}' is in '{expected.iloc[row]}' by {dealers.file}; "
            "correct one of the two.",
        )
        for row in np.flatnonzero(wrong)
    ]


def note_metadata_against_tables(document: Document, metadata: Metadata, tables: Tables) -> None:
    """Note what the metadata name and the tables do not hold."""
    products = tables["products"].frame if "products" in tables else pd.DataFrame()
    if "firm" in products:
        firms = tables["products"].seen["firm"]
        if metadata.own_firm not in firms:
            _unknown(document, ("own_firm",), "firm", metadata.own_firm, firms)
        for index, margin in enumerate(metadata.known_margins):
            if margin.firm is not None and margin.firm not in firms:
                _unknown(document, ("known_margins", index, "firm"), "firm", margin.firm, firms)
    if "product" in products:
        names = tables["products"].seen["product"]
        for index, margin in enumerate(metadata.known_margins):
            if margin.product is not None and margin.product not in names:
                place = ("known_margins", index, "product")
                _unknown(document, place, "product", margin.product, names)
    if not products.columns.empty:
        note_nests(document, metadata.nests, products)
    _note_areas(document, metadata, tables)
    _note_columns(document, metadata, tables)


def _unknown(
    document: Document, place: tuple[str | int, ...], noun: str, name: str, known: list[str]
) -> None:
    document.fault(place, f"no {noun} is called '{name}'{did_you_mean(name, known)}")


def note_nests(document: Document, nests: list[str], products: pd.DataFrame) -> None:
    """Note nests that are not a text column of the products table, filled for every product."""
    columns = [name for name in products.columns if products[name].dtype == "str"]
    for index, nest in enumerate(nests):
        if nest not in columns:
            _unknown(document, ("nests", index), "text column of products", nest, columns)
        elif products[nest].isna().any():
            document.fault(("nests", index), f"some products have no {nest}; fill the column.")


def _note_areas(document: Document, metadata: Metadata, tables: Tables) -> None:
    if not metadata.areas or "market" not in tables or "region" not in tables["market"].frame:
        return
    regions = tables["market"].seen["region"]
    for area, members in metadata.areas.items():
        for index, region in enumerate(members):
            if region not in regions:
                _unknown(document, ("areas", area, index), "region", region, regions)
    for region in regions:
        if metadata.area_of(region) is None:
            document.fault(("areas",), f"the region '{region}' stands in no area; add it to one.")


def _note_columns(document: Document, metadata: Metadata, tables: Tables) -> None:
    for name, attribute in metadata.attributes.items():
        if name in CONTRACTS[attribute.table].columns:
            document.fault(
                ("attributes", name),
                f"the table {attribute.table} has a column '{name}' of its own; choose another name.",
            )
    for entry in metadata.columns:
        table, _, column = entry.partition(".")
        place = ("columns", entry)
        if table not in CONTRACTS:
            _unknown(document, place, "table", table, list(CONTRACTS))
        elif column and table in tables and column not in tables[table].frame:
            _unknown(
                document, place, f"column of {table}", column, list(map(str, tables[table].frame))
            )
    for name, checked in tables.items():
        for column in map(str, checked.frame):
            if metadata.provenance(name, column) is None:
                document.fault(
                    ("columns",),
                    f"says nothing of {name}.{column}; write whether it is real, derived or synthetic.",
                )
