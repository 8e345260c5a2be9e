"""What a loaded data set promises: sorted typed tables, a stable hash, and finding it by name."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sandtable.data import data_set_names, find_data_set, home, load_data_set, market_data_folder
from sandtable.data.contracts import CONTRACTS, tables_needed
from sandtable.errors import InputError


def test_tables_are_sorted_by_key_and_typed(write_data_set: Callable[..., Path]) -> None:
    data_set = load_data_set(write_data_set())
    sales = data_set.tables["sales"]
    assert list(sales["region"]) == ["Beijing", "Beijing", "Shanghai", "Shanghai"]
    assert sales["units"].dtype == np.float64
    assert sales["product"].dtype == "str"
    assert data_set.default_parameters.price_coefficient.value == 0.00002
    assert data_set.metadata.area_of("Shanghai") == "East"


def test_the_order_of_rows_does_not_change_the_tables_and_any_byte_changes_the_hash(
    write_data_set: Callable[..., Path],
) -> None:
    folder = write_data_set()
    first = load_data_set(folder)
    again = load_data_set(folder)
    path = folder / "sales.csv"
    header, *rows = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([header, *reversed(rows)]) + "\n", encoding="utf-8")
    turned = load_data_set(folder)
    assert first.sha256 == again.sha256 != turned.sha256
    assert first.tables["sales"].equals(turned.tables["sales"])


def test_the_hash_does_not_depend_on_the_place_or_on_the_tables_asked_for(
    write_data_set: Callable[..., Path], tmp_path: Path
) -> None:
    folder = write_data_set()
    whole = load_data_set(folder)
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    folder.rename(moved / "tiny")
    part = load_data_set(moved / "tiny", tables=["products"])
    assert whole.sha256 == part.sha256
    assert set(part.tables) == {"products", "market"}


def test_files_beside_the_tables_are_neither_read_nor_hashed(
    write_data_set: Callable[..., Path],
) -> None:
    folder = write_data_set()
    before = load_data_set(folder).sha256
    (folder / "README.md").write_text("notes", encoding="utf-8")
    (folder / "answer_key.yaml").write_text("seed: 1", encoding="utf-8")
    assert load_data_set(folder).sha256 == before


def test_a_table_brings_the_tables_that_it_refers_to() -> None:
    assert tables_needed({"funnel"}) == {"funnel", "dealers", "market", "products"}


def test_every_reference_of_a_contract_leads_to_a_column() -> None:
    for contract in CONTRACTS.values():
        assert set(contract.key) <= set(contract.columns)
        for column in contract.columns.values():
            if column.references:
                table, name = column.references.split(".")
                assert name in CONTRACTS[table].columns


def test_the_home_is_the_variable_then_the_current_folder_then_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SANDTABLE_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    package_home = home()
    assert (package_home / "sandtable" / "data" / "catalogue.py").is_file()
    (tmp_path / "market_data").mkdir()
    assert home() == tmp_path
    monkeypatch.setenv("SANDTABLE_HOME", str(tmp_path / "named"))
    assert market_data_folder() == tmp_path / "named" / "market_data"
    assert data_set_names() == []


def test_a_data_set_is_found_by_name_or_path_and_a_near_miss_is_named(
    write_data_set: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_data_set()
    (tmp_path / "market_data").mkdir()
    folder.rename(tmp_path / "market_data" / "tiny")
    monkeypatch.setenv("SANDTABLE_HOME", str(tmp_path))
    assert find_data_set("tiny") == tmp_path / "market_data" / "tiny"
    assert find_data_set(tmp_path / "market_data" / "tiny").name == "tiny"
    with pytest.raises(InputError, match="no data set is called 'tin'; did you mean 'tiny'"):
        find_data_set("tin")
