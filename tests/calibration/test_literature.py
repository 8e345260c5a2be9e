"""The literature table is honest about what was read."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandtable.calibration import literature, read_literature
from sandtable.errors import InputError

ROWS = read_literature()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_each_row_has_a_range_of_its_sign_and_says_how_it_was_checked(
    row: literature.LiteratureRow,
) -> None:
    assert row.low < row.value < row.high
    assert row.low * row.high > 0
    assert row.checked or "from memory" in row.how or "Judged" in row.how
    assert not (row.checked and "from memory" in row.how)
    assert row.relative_error > 0.05


def test_every_quantity_that_the_model_needs_is_there() -> None:
    assert {row.quantity for row in ROWS} == set(literature.Quantity.__args__)  # type: ignore[attr-defined]


def test_the_range_is_the_middle_nine_tenths() -> None:
    row = next(row for row in ROWS if row.name == "new_cars_own_elasticity")
    # 1.645 errors on either side of the middle of the logarithms
    assert 2 * 1.6448536 * row.relative_error == pytest.approx(1.2527630, rel=1e-6)
    assert row.standard_error == pytest.approx(4 * row.relative_error)


def test_a_broken_table_is_refused_row_by_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = literature.LITERATURE_FILE.read_text(encoding="utf-8")
    text = text.replace("name: goldberg_1995", "name: verboven_1996", 1).replace(
        "value: 0.12\n", "value: 0.5\n"
    )
    path = tmp_path / "literature.yaml"
    path.write_text(text, encoding="utf-8")
    monkeypatch.setattr(literature, "LITERATURE_FILE", path)
    read_literature.cache_clear()
    with pytest.raises(InputError) as caught:
        read_literature()
    read_literature.cache_clear()
    assert [str(fault) for fault in caught.value.faults] == [
        "literature.yaml, rows[3].name: 'verboven_1996' stands twice; rename one.",
        "literature.yaml, rows[8].value: is 0.5; it must lie between 0.01 and 0.3, all of one sign.",
    ]
