"""Uses are counted where a store is, and nowhere else."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from sandtable.store import open_store, uses
from sandtable.store.using import existing_store, note_uses

KIND = "indicator"
DAY = dt.date(2026, 7, 1)


def test_looking_never_makes_a_store(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "store.sqlite"
    assert existing_store(file) is None
    assert not note_uses(KIND, ["sal_lead_cnt"], day=DAY, address=file)
    assert list(tmp_path.iterdir()) == []


def test_uses_of_several_are_counted_once_each(tmp_path: Path) -> None:
    file = tmp_path / "store.sqlite"
    open_store(file).close()
    for _ in range(2):
        assert note_uses(
            KIND, ["sal_lead_cnt", "sal_unit_cnt", "sal_lead_cnt"], day=DAY, address=file
        )
    store = open_store(file)
    assert uses(store, KIND, since=DAY) == {"sal_lead_cnt": 2, "sal_unit_cnt": 2}
    store.close()


@pytest.mark.parametrize("what", ["no database at all", ""])
def test_a_store_that_cannot_be_written_costs_only_the_count(tmp_path: Path, what: str) -> None:
    file = tmp_path / "store.sqlite"
    if what:
        file.write_text(what * 100)
    else:
        store = open_store(file)
        with store.writing() as connection:
            connection.exec_driver_sql("DROP TABLE usage")
            connection.exec_driver_sql("CREATE VIEW usage AS SELECT 1 AS kind")
        store.close()
    assert not note_uses(KIND, ["sal_lead_cnt"], day=DAY, address=file)
