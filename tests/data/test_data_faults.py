"""Every fault that a data set can have is refused with its sentence: where, what, what was expected, what to do."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sandtable.data import load_data_set
from sandtable.documents import read_document
from sandtable.errors import InputError

BROKEN = read_document(Path(__file__).with_name("broken.yaml")).value


def refusal(folder: Path) -> list[str]:
    with pytest.raises(InputError) as caught:
        load_data_set(folder)
    return [str(fault) for fault in caught.value.faults]


def test_the_data_set_that_the_faults_are_planted_in_is_sound(
    write_data_set: Callable[..., Path],
) -> None:
    data_set = load_data_set(write_data_set())
    assert data_set.notes == ()
    assert data_set.tables["sales"]["units"].sum() == 370


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case["fault"][:70])
def test_a_broken_file_is_refused_with_its_sentence(
    write_data_set: Callable[..., Path], case: dict[str, str]
) -> None:
    folder = write_data_set()
    path = folder / case["file"]
    text = path.read_text(encoding="utf-8")
    assert case["replace"] in text
    count = -1 if case["replace"] == "," else 1
    path.write_text(text.replace(case["replace"], case["by"], count), encoding="utf-8")
    faults = refusal(folder)
    assert any(fault.startswith(case["fault"]) for fault in faults), faults


@pytest.mark.parametrize(
    ("replaced", "sentence"),
    [
        ({"sales_csv": None}, "tiny/sales.csv: no such table; add it as CSV or Parquet."),
        ({"sales_csv": b" \n"}, "tiny/sales.csv: is empty; it must hold a header line and rows."),
        (
            {"sales_csv": "period,region,product,units,list_price,net_price\n"},
            "tiny/sales.csv: holds a header line and no rows; it must hold at least one row.",
        ),
        (
            {"sales_csv": b"\xff\xff\xff"},
            "tiny/sales.csv: is neither utf-8 nor gb18030; save it as CSV in UTF-8 "
            "(Excel: 'CSV UTF-8').",
        ),
        (
            {"sales_csv": b"a,b\n\0,1\n"},
            "tiny/sales.csv: holds NUL characters; save it as CSV in UTF-8.",
        ),
        (
            {"metadata_yaml": None},
            "tiny/metadata.yaml: no such file; a data set must say what it is.",
        ),
        (
            {"parameters_logit_yaml": None},
            "tiny/parameters: holds no parameter set (*.yaml); give at least one.",
        ),
        (
            {"salez__csv": "a\n1\n"},
            "tiny/salez.csv: no table is called 'salez'; did you mean 'sales'?",
        ),
        (
            {"sales__parquet": b"x"},
            "tiny/sales.parquet: the table also stands in sales.csv; keep one of them.",
        ),
        (
            {"sales_csv": None, "sales__parquet": b"x"},
            "tiny/sales.parquet: cannot be read as Parquet (",
        ),
    ],
)
def test_a_broken_folder_is_refused_with_its_sentence(
    write_data_set: Callable[..., Path], replaced: dict[str, str | bytes | None], sentence: str
) -> None:
    faults = refusal(write_data_set(**replaced))
    assert any(fault.startswith(sentence) for fault in faults), faults


def test_all_faults_of_all_files_come_at_once_in_the_order_of_rows(
    write_data_set: Callable[..., Path],
) -> None:
    folder = write_data_set()
    for name, old, new in [
        ("sales.csv", "O3,90,249900", "O3,many,0"),
        ("sales.csv", "N5,100", "N5,-5"),
        ("market.csv", "800", "none"),
        ("metadata.yaml", "licence: MIT", "licence: ''"),
    ]:
        path = folder / name
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace(old, new), encoding="utf-8")
    assert [fault.split(": ")[0] for fault in refusal(folder)] == [
        "tiny/metadata.yaml, licence",
        "tiny/market.csv, row 3, column market_size",
        "tiny/sales.csv, row 2, column units",
        "tiny/sales.csv, row 5, column units",
        "tiny/sales.csv, row 5, column list_price",
    ]


def test_a_table_reports_at_most_200_faults_and_counts_the_rest(
    write_data_set: Callable[..., Path],
) -> None:
    rows = "".join(f"2026-06,Shanghai,X{i},1,1,1\n" for i in range(250))
    faults = refusal(
        write_data_set(sales_csv="period,region,product,units,list_price,net_price\n" + rows)
    )
    assert len(faults) == 201
    assert faults[-1] == "tiny/sales.csv: and 50 more faults in this file."


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none") == [f"{tmp_path / 'none'}: no such folder; check the path."]


def test_an_unknown_table_is_a_programming_error(write_data_set: Callable[..., Path]) -> None:
    with pytest.raises(ValueError, match="did you mean 'sales'"):
        load_data_set(write_data_set(), tables=["sale"])
