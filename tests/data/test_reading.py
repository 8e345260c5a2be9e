"""Reading: encodings, reported conversions, and a reader that never fails in an unplanned way."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandtable.data import load_data_set
from sandtable.data.checking import check_table
from sandtable.data.contracts import Column, TableContract
from sandtable.data.reading import read_table
from sandtable.errors import InputError

ANY_TABLE = TableContract(
    name="any",
    required=True,
    key=("period", "name"),
    columns={
        "period": Column(type="period"),
        "name": Column(type="text"),
        "amount": Column(type="number", minimum=0, nullable=True),
        "count": Column(type="integer", minimum=0),
    },
)
PRODUCTS = """\
product,name,brand,firm,segment,battery
N5,蔚蓝 N5,Nova,Nova,Mid SUV,75
O3,Orion O3,Orion,Orion,Mid SUV,70
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_the_same_table_in_each_encoding_reads_the_same(
    write_data_set: Callable[..., Path], encoding: str
) -> None:
    data_set = load_data_set(write_data_set(products_csv=PRODUCTS.encode(encoding)))
    assert list(data_set.tables["products"]["name"]) == ["蔚蓝 N5", "Orion O3"]
    expected = () if encoding.startswith("utf-8") else (f"tiny/products.csv: read as {encoding}.",)
    assert data_set.notes == expected


def test_line_ends_of_windows_read_the_same(write_data_set: Callable[..., Path]) -> None:
    data_set = load_data_set(write_data_set(products_csv=PRODUCTS.replace("\n", "\r\n")))
    assert list(data_set.tables["products"]["product"]) == ["N5", "O3"]


@pytest.mark.parametrize(
    ("cell", "value", "note"),
    [
        (
            '"268,800"',
            268_800.0,
            "thousands separators converted in 1 cell(s), the first '268,800'.",
        ),
        (
            "２６８８００",
            268_800.0,
            "full-width signs converted in 1 cell(s), the first '２６８８００'.",
        ),
        ("26.88万", 268_800.0, "万 converted in 1 cell(s), the first '26.88万'."),
        ("26.88 万", 268_800.0, "万 converted in 1 cell(s), the first '26.88 万'."),
        ("0.0027亿", 270_000.0, "亿 converted in 1 cell(s), the first '0.0027亿'."),
        (
            '"１，２００．５"',
            1200.5,
            "full-width signs and thousands separators converted in 1 cell(s)",
        ),
        (" 268800", 268_800.0, "spaces around the value removed in 1 cell(s), the first '268800'."),
    ],
)
def test_a_number_as_people_write_it_is_converted_and_reported(
    write_data_set: Callable[..., Path], cell: str, value: float, note: str
) -> None:
    folder = write_data_set()
    path = folder / "sales.csv"
    text = path.read_text(encoding="utf-8").replace("N5,100,268800", f"N5,100,{cell}")
    path.write_text(text, encoding="utf-8")
    data_set = load_data_set(folder)
    sales = data_set.tables["sales"].set_index(["region", "product"])
    assert sales.loc[("Shanghai", "N5"), "list_price"] == value
    assert data_set.notes[0].startswith(f"tiny/sales.csv, column list_price: {note}")


@pytest.mark.parametrize(
    "cell", ["12 %", "1,5", "1_000", "5k", "1,2345", "０x1F", "½", "inf", "--1", "1 000"]
)
def test_a_number_that_could_mean_two_things_is_refused(cell: str) -> None:
    raw = f'period,name,amount,count\n2026-06,a,"{cell}",1\n'.encode()
    checked = check_table(read_table(raw, file="t.csv"), ANY_TABLE, "month")
    assert len(checked.faults) == 1
    assert checked.faults[0].place == "row 2, column amount"


def test_a_row_number_is_the_line_in_the_file_even_after_a_cell_with_line_breaks() -> None:
    raw = b'period,name,amount,count\n2026-06,"two\nlines",1,1\n2026-06,b,x,1\n'
    checked = check_table(read_table(raw, file="t.csv"), ANY_TABLE, "month")
    assert [fault.place for fault in checked.faults] == [
        "row 2, column name",
        "row 4, column amount",
    ]


@pytest.mark.parametrize(
    ("frequency", "good", "bad"),
    [("month", "2026-06", "2026-6"), ("quarter", "2026-Q2", "2026-Q5"), ("year", "1990", "90")],
)
def test_a_period_is_written_as_the_frequency_says(frequency: str, good: str, bad: str) -> None:
    raw = f"period,name,amount,count\n{good},a,1,1\n{bad},b,1,1\n".encode()
    checked = check_table(read_table(raw, file="t.csv"), ANY_TABLE, frequency)  # type: ignore[arg-type]
    assert [fault.place for fault in checked.faults] == ["row 3, column period"]


def test_parquet_and_csv_give_the_same_table(write_data_set: Callable[..., Path]) -> None:
    first = load_data_set(write_data_set())
    buffer = io.BytesIO()
    first.tables["sales"].to_parquet(buffer)
    folder = write_data_set(sales__parquet=buffer.getvalue())
    (folder / "sales.csv").unlink()
    second = load_data_set(folder)
    pd.testing.assert_frame_equal(first.tables["sales"], second.tables["sales"])
    assert first.sha256 != second.sha256


@given(st.binary(max_size=400))
def test_random_bytes_give_a_table_or_an_input_error(raw: bytes) -> None:
    for name in ("t.csv", "t.parquet"):
        try:
            table = read_table(raw, file=name)
        except InputError:
            continue
        checked = check_table(table, ANY_TABLE, "month")
        assert checked.faults or len(checked.frame) == len(table.lines)


CELLS = st.text(max_size=12) | st.sampled_from(
    ["2026-06", "1", "-1", "1e400", "1,000", "", "9" * 400]
)


@given(st.lists(st.lists(CELLS, min_size=4, max_size=4), min_size=1, max_size=6))
def test_random_cells_give_a_sound_table_or_faults_that_name_their_row(
    rows: list[list[str]],
) -> None:
    buffer = io.StringIO(newline="")
    pd.DataFrame(rows, columns=list(ANY_TABLE.columns)).to_csv(buffer, index=False)
    try:
        text = read_table(buffer.getvalue().encode("utf-8", "replace"), file="t.csv")
    except InputError:
        return
    checked = check_table(text, ANY_TABLE, "month")
    frame = checked.frame
    assert all("row " in fault.place for fault in checked.faults)
    assert frame["amount"].dropna().ge(0).all()
    assert np.isfinite(frame["amount"].dropna()).all()
    assert frame["count"].dtype == np.int64
    if not checked.faults:
        assert not frame.duplicated(["period", "name"]).any()
        assert len(frame) == len(text.lines)


@given(st.floats(min_value=0, allow_nan=False, allow_infinity=False))
def test_a_number_is_read_back_to_the_last_bit(number: float) -> None:
    raw = f"period,name,amount,count\n2026-06,a,{number!r},1\n".encode()
    checked = check_table(read_table(raw, file="t.csv"), ANY_TABLE, "month")
    assert checked.frame["amount"].iloc[0] == number


@given(st.integers(min_value=0, max_value=10**9))
def test_thousands_separators_never_change_the_number(number: int) -> None:
    raw = f'period,name,amount,count\n2026-06,a,"{number:,}",1\n'.encode()
    checked = check_table(read_table(raw, file="t.csv"), ANY_TABLE, "month")
    assert checked.frame["amount"].iloc[0] == number
