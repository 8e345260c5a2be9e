"""The market stands on indicators: what feeds what, and which figures may not stand in a column of the model."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandtable.data.loading import DataSet
from sandtable.errors import InputError
from sandtable.indicators.catalogue import PACKAGE_FOLDER, catalogue
from sandtable.indicators.feeding import catalogue_of, feed, feeds_of
from sandtable.indicators.inputs import model_inputs
from sandtable.indicators.lineage import lineage
from tests.conftest import SHIPPED, kept_data_set

TABLES = {
    "premium_ev": frozenset({"products", "sales", "market", "funnel", "media", "dealers"}),
    "us_autos": frozenset({"products", "sales", "market"}),
}
_numbers = count()


def raw(name: str) -> DataSet:
    return kept_data_set(SHIPPED / name, tables=TABLES[name])


def definition(code: str) -> str:
    return (PACKAGE_FOLDER / "definitions" / f"{code}.yaml").read_text("utf-8")


def company(folder: Path, **changes: tuple[str, str]) -> Path:
    """Write a folder that changes one line of some shipped definitions; a new name copies `sal_price_avg`."""
    (folder / "definitions").mkdir(parents=True, exist_ok=True)
    for code, (old, new) in changes.items():
        text = definition(code)
        assert text.count(old) == 1, f"'{old}' must stand once in {code}"
        (folder / "definitions" / f"{code}.yaml").write_text(text.replace(old, new), "utf-8")
    return folder


def net_of(folder: Path, fee: float) -> Path:
    """A company that counts a fee off the net price."""
    text = "sal_turnover_amt / sal_unit_cnt"
    return company(folder, sal_price_avg=(f"formula: {text}", f"formula: {text} - {fee:g}"))


def faults_of(folder: Path, data: str = "us_autos") -> list[str]:
    with pytest.raises(InputError) as caught:
        feed(raw(data), [folder])
    return [str(fault) for fault in caught.value.faults]


@pytest.mark.parametrize("name", sorted(TABLES))
def test_the_shipped_definitions_give_the_columns_of_the_files_to_the_bit(name: str) -> None:
    files, fed = raw(name), feed(raw(name))
    for one in fed.fed:
        before, after = files.tables[one.table][one.column], fed.tables[one.table][one.column]
        assert before.dtype == after.dtype
        assert before.equals(after), one.input
        assert (one.changed_rows, one.kept_rows, one.rows) == (0, 0, len(before))


def test_every_input_of_the_model_is_fed_where_the_data_set_has_its_column() -> None:
    for name in TABLES:
        files, fed = raw(name), {one.input for one in feed(raw(name)).fed}
        reached = {
            key
            for key, item in model_inputs().items()
            if item.table in files.tables and item.column in files.tables[item.table]
        }
        assert fed == reached
    assert "sandtable.media_spend" not in {one.input for one in feed(raw("us_autos")).fed}


def test_the_grain_of_each_input_is_the_key_of_its_table() -> None:
    found = catalogue("premium_ev")
    for name, item in model_inputs().items():
        table = found.tables[item.table]
        assert item.column in table.columns, name
        columns = {table.time.column if table.time else "", *table.dimensions.values()}
        held = {
            table.time.column if one == "month" and table.time else table.dimensions.get(one, "")
            for one in item.by
        }
        assert held == set(table.key), name
        assert held <= columns


@settings(max_examples=8)
@given(
    units=st.floats(0.001, 1e7),
    price=st.floats(0.001, 1e7),
    row=st.integers(0, 2216),
)
def test_a_weighted_mean_of_one_row_leaves_no_dust_of_its_division(
    units: float, price: float, row: int
) -> None:
    data = raw("us_autos")
    sales = data.tables["sales"].copy()
    market = data.tables["market"].assign(market_size=1e9)
    sales.loc[row, ["units", "net_price", "list_price"]] = [units, price, price]
    changed = replace(
        data, tables={**data.tables, "sales": sales, "market": market}, sha256=f"a{next(_numbers)}"
    )
    fed = feed(changed)
    assert fed.tables["sales"].equals(sales)
    assert all(one.changed_rows == 0 for one in fed.fed)


def test_a_changed_definition_changes_its_column_and_no_other(tmp_path: Path) -> None:
    before, after = feed(raw("us_autos")), feed(raw("us_autos"), [net_of(tmp_path, 0.5)])
    prices = [one.tables["sales"]["net_price"].to_numpy() for one in (before, after)]
    assert prices[1] == pytest.approx(prices[0] - 0.5, rel=1e-12)
    for column in ("units", "list_price"):
        assert before.tables["sales"][column].equals(after.tables["sales"][column])
    record = next(one for one in after.fed if one.input == "sandtable.net_price")
    assert record.changed_rows == len(prices[0])
    assert record.file.startswith(tmp_path.name)
    assert record.replaced == (
        f"{tmp_path.name}/definitions/sal_price_avg.yaml stands in place of "
        "indicators/definitions/sal_price_avg.yaml.",
    )


def test_a_changed_part_of_a_definition_changes_the_column_too(tmp_path: Path) -> None:
    folder = company(
        tmp_path, sal_turnover_amt=("measure: units * net_price", "measure: units * list_price / 2")
    )
    fed = feed(raw("us_autos"), [folder])
    sales = fed.tables["sales"]
    assert sales["net_price"].to_numpy() == pytest.approx(sales["list_price"].to_numpy() / 2)
    record = next(one for one in fed.fed if one.input == "sandtable.net_price")
    assert record.indicator == "sal_price_avg"
    assert "sal_turnover_amt.yaml stands in place of" in record.replaced[0]


def test_the_fingerprint_follows_the_meaning_and_not_the_label(tmp_path: Path) -> None:
    plain = feed(raw("us_autos"))
    label = company(tmp_path / "label", sal_price_avg=("en: Transaction price", "en: Price paid"))
    fee = net_of(tmp_path / "fee", 0.25)
    assert feed(raw("us_autos"), [label]).fingerprint == plain.fingerprint
    assert feed(raw("us_autos"), [fee]).fingerprint != plain.fingerprint
    assert feed(raw("us_autos"), [fee]).sha256 == plain.sha256 == raw("us_autos").sha256


def test_the_folders_of_the_environment_are_layers_before_those_that_are_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = net_of(tmp_path / "first", 0.25), net_of(tmp_path / "second", 0.5)
    monkeypatch.setenv("SANDTABLE_INDICATORS", str(first))
    price = raw("us_autos").tables["sales"]["net_price"].to_numpy()
    named = feed(raw("us_autos"))
    assert named.tables["sales"]["net_price"].to_numpy() == pytest.approx(price - 0.25)
    given_too = feed(raw("us_autos"), [second])
    assert given_too.tables["sales"]["net_price"].to_numpy() == pytest.approx(price - 0.5)
    assert catalogue_of(named).files["sal_price_avg"].startswith("first")
    assert catalogue_of(given_too).files["sal_price_avg"].startswith("second")


def test_where_nothing_was_sold_the_price_of_the_file_stands() -> None:
    data = raw("us_autos")
    sales = data.tables["sales"].copy()
    sales.loc[5, "units"] = 0.0
    fed = feed(replace(data, tables={**data.tables, "sales": sales}, sha256="one row of nothing"))
    assert fed.tables["sales"].equals(sales)
    kept = {one.input: one.kept_rows for one in fed.fed}
    assert kept["sandtable.net_price"] == kept["sandtable.list_price"] == 1
    assert kept["sandtable.units"] == 0


def test_figures_that_no_column_of_the_model_may_hold_are_refused(tmp_path: Path) -> None:
    (sentence,) = faults_of(net_of(tmp_path / "a", 1000))
    assert (
        "sal_price_avg.yaml, feeds: 'sandtable.net_price': the indicator sal_price_avg is"
        in sentence
    )
    assert "of 2217 rows of sales (such as 1971, US, " in sentence
    assert sentence.endswith("the model needs a number above 0.")
    none = "formula: sal_turnover_amt / (sal_listvalue_amt - sal_turnover_amt)"
    folder = company(
        tmp_path / "b", sal_price_avg=("formula: sal_turnover_amt / sal_unit_cnt", none)
    )
    (sentence,) = faults_of(folder)
    assert "has no figure for 2217 of 2217 rows" in sentence
    few = company(
        tmp_path / "c", mkt_household_cnt=("measure: market_size", "measure: market_size / 1000")
    )
    (sentence,) = faults_of(few)
    assert "households and sells" in sentence


def test_a_definition_that_loses_rows_of_the_model_is_refused(tmp_path: Path) -> None:
    where = "agg: sum\n  where: [{column: product.firm, op: is, value: Honda}]"
    folder = company(tmp_path, sal_turnover_amt=("agg: sum", where))
    (sentence,) = faults_of(folder)
    assert "the model needs a number above 0." in sentence


def test_faults_of_feeds_are_sentences_at_their_place(tmp_path: Path) -> None:
    cases = {
        "unknown": ("feeds: [sandtable.net_price]", "feeds: [sandtable.net_prise]"),
        "grain": (
            "dimensions: [month, region, model, price_band, firm]",
            "dimensions: [month, region]",
        ),
        "twice": (
            "feeds: [sandtable.net_price]",
            "feeds: [sandtable.net_price, sandtable.list_price]",
        ),
        "unit": ("feeds: [sandtable.net_price]", "feeds: [sandtable.units]"),
    }
    said = {
        name: "\n".join(faults_of(company(tmp_path / name, sal_price_avg=change)))
        for name, change in cases.items()
    }
    assert (
        "feeds[0]: the model has no input 'sandtable.net_prise'; did you mean 'sandtable.net_price'?"
    ) in said["unknown"]
    assert (
        "feeds[0]: the model reads 'sandtable.net_price' by month, region, model, and the indicator is not defined "
        "by model; add the dimension, or feed it from another indicator."
    ) in said["grain"]
    assert (
        "feeds[1]: 'sal_listprice_avg' feeds 'sandtable.list_price' as well; let one indicator feed an input, and "
        "take the line out of the other."
    ) in said["twice"]
    assert "feeds[0]: 'sal_price_avg' feeds 'sandtable.list_price' as well" in said["twice"]
    assert (
        "the input 'sandtable.units' is of the unit count, the indicator of money." in said["unit"]
    )


def test_an_input_that_nobody_feeds_is_read_from_the_file(tmp_path: Path) -> None:
    folder = company(tmp_path, sal_price_avg=("feeds: [sandtable.net_price]", "informs: [level]"))
    assert "sandtable.net_price" not in feeds_of(catalogue("us_autos", [folder]))
    fed = feed(raw("us_autos"), [folder])
    assert fed.tables["sales"].equals(raw("us_autos").tables["sales"])
    assert "sandtable.net_price" not in {one.input for one in fed.fed}


def test_a_definition_without_its_table_says_which_input_it_leaves_without(tmp_path: Path) -> None:
    folder = company(tmp_path, mkt_media_amt=("feeds: [sandtable.media_spend]", "informs: [level]"))
    text = definition("mkt_household_cnt").replace("table: market", "table: media")
    text = text.replace("measure: market_size", "measure: spend")
    (folder / "definitions" / "mkt_household_cnt.yaml").write_text(
        text.replace("agg: sum", "agg: sum\n  where: [{column: brand, op: is, value: Nova}]"),
        "utf-8",
    )
    (sentence,) = faults_of(folder)
    assert (
        "'mkt_household_cnt' feeds 'sandtable.market_size' and cannot be computed from us_autos: "
        "the data set has no table 'media'; the indicator needs it."
    ) in sentence


def test_all_that_feeds_reaches_down_to_columns() -> None:
    found = catalogue("premium_ev")
    for name, code in feeds_of(found).items():
        item = model_inputs()[name]
        columns = {(use.table, use.column) for use in lineage(found, code).columns}
        assert (item.table, item.column) in columns


def test_a_fed_data_set_is_kept_for_the_next_call() -> None:
    assert feed(raw("us_autos")) is feed(raw("us_autos"))
