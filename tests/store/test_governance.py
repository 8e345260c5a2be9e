"""The rules of governance: who may do what, and what an edit does to an approval."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text as sql

from sandtable.errors import InputError
from sandtable.store import (
    RefusedStepError,
    Store,
    approve,
    broken_links,
    count_use,
    deprecate,
    governed,
    open_store,
    propose,
    submit,
    uses,
)
from sandtable.store.audit import last_hash

KIND, CODE = "indicator", "sal_lead_cnt"
ONE, TWO = "formula: a / b\n", "formula: a / c\n"
NOON = dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC)


def clock() -> dt.datetime:
    return NOON


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "store.sqlite")
    yield opened
    opened.close()


def written(store: Store, text: str = ONE, author: str = "ann") -> None:
    propose(store, KIND, CODE, text, author=author, reason="because", clock=clock)


def published(store: Store, text: str = ONE) -> None:
    written(store, text)
    submit(store, KIND, CODE, who="ann", clock=clock)
    approve(store, KIND, CODE, who="bob", text=text, clock=clock)


def status(store: Store) -> str:
    found = governed(store, KIND, CODE)
    assert found is not None
    return found.status


def test_a_document_goes_from_draft_over_review_to_published(store: Store) -> None:
    written(store)
    assert status(store) == "draft"
    submit(store, KIND, CODE, who="ann", clock=clock)
    assert status(store) == "review"
    found = approve(store, KIND, CODE, who="bob", text=ONE, clock=clock)
    assert (found.status, found.approved_by, found.approved_hash) == (
        "published",
        "bob",
        found.hash,
    )


def test_an_approval_is_not_kept_through_an_edit(store: Store) -> None:
    published(store)
    written(store, TWO)
    found = governed(store, KIND, CODE)
    assert found is not None
    assert found.status == "draft"
    assert found.approved_hash != found.hash


def test_the_author_cannot_approve(store: Store) -> None:
    written(store)
    submit(store, KIND, CODE, who="bob", clock=clock)
    with pytest.raises(RefusedStepError, match="ann wrote sal_lead_cnt and cannot approve it"):
        approve(store, KIND, CODE, who="ann", text=ONE)


def test_who_wrote_any_part_since_the_last_approval_cannot_approve(store: Store) -> None:
    published(store)
    written(store, TWO, author="bob")
    written(store, TWO + "unit: ratio\n", author="cleo")
    submit(store, KIND, CODE, who="cleo")
    for writer in ("bob", "cleo"):
        with pytest.raises(RefusedStepError, match="somebody else must read it"):
            approve(store, KIND, CODE, who=writer, text=TWO + "unit: ratio\n")
    assert approve(store, KIND, CODE, who="ann", text=TWO + "unit: ratio\n").status == "published"


def test_what_was_not_read_is_not_approved(store: Store) -> None:
    written(store)
    submit(store, KIND, CODE, who="ann")
    with pytest.raises(RefusedStepError, match="was changed since you read it"):
        approve(store, KIND, CODE, who="bob", text=TWO)


def test_no_step_is_skipped(store: Store) -> None:
    written(store)
    with pytest.raises(RefusedStepError, match="to approve it, it must be review"):
        approve(store, KIND, CODE, who="bob", text=ONE)
    with pytest.raises(RefusedStepError, match="to deprecate it, it must be published"):
        deprecate(store, KIND, CODE, who="bob", replaced_by=None, sunset=None, reason="old")


def test_what_is_deprecated_says_what_replaces_it_and_takes_no_edit(store: Store) -> None:
    published(store)
    found = deprecate(
        store,
        KIND,
        CODE,
        who="bob",
        replaced_by="sal_lead_valid_cnt",
        sunset=dt.date(2026, 12, 31),
        reason="counts test leads",
    )
    assert (found.status, found.replaced_by) == ("deprecated", "sal_lead_valid_cnt")
    with pytest.raises(RefusedStepError, match="give the new one another name"):
        written(store, TWO)


def test_the_same_text_again_changes_nothing(store: Store) -> None:
    published(store)
    with store.reading() as connection:
        before = last_hash(connection)
    written(store, ONE, author="cleo")
    assert status(store) == "published"
    with store.reading() as connection:
        assert last_hash(connection) == before


COLUMNS = ("at", "who", "action", "kind", "code", "revision", "reason", "changes", "affected")


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(row=st.integers(1, 5), column=st.sampled_from((*COLUMNS, "before", "hash")))
def test_the_audit_shows_any_row_that_was_altered(
    tmp_path_factory: pytest.TempPathFactory, row: int, column: str
) -> None:
    store = open_store(tmp_path_factory.mktemp("audit") / "store.sqlite")
    published(store)
    written(store, TWO)
    submit(store, KIND, CODE, who="ann")
    with store.reading() as connection:
        assert broken_links(connection) == []
    value = 99 if column == "revision" else "0" * 63 + "1" if column in ("before", "hash") else "x"
    with store.writing() as connection:
        connection.execute(sql("PRAGMA defer_foreign_keys=ON"))
        statement = sql(f"UPDATE audit SET {column} = :value WHERE number = :row")
        if column in ("kind", "code"):
            connection.execute(
                sql(
                    "INSERT INTO document (kind, code, status, revision, version) "
                    "SELECT 'x', code, status, revision, version FROM document"
                )
            )
            connection.execute(
                sql(
                    "INSERT INTO document (kind, code, status, revision, version) "
                    "SELECT kind, 'x', status, revision, version FROM document "
                    "WHERE kind = 'indicator'"
                )
            )
        connection.execute(statement, {"value": value, "row": row})
    with store.reading() as connection:
        assert broken_links(connection)
    store.close()


@pytest.mark.parametrize("row", [1, 2, 4])
def test_the_audit_shows_a_row_that_is_gone(store: Store, row: int) -> None:
    published(store)
    written(store, TWO)
    submit(store, KIND, CODE, who="ann")
    with store.writing() as connection:
        connection.execute(sql("DELETE FROM audit WHERE number = :row"), {"row": row})
    with store.reading() as connection:
        assert any("is missing" in text for text in broken_links(connection))


def test_rows_cut_off_at_the_end_show_against_a_hash_kept_elsewhere(store: Store) -> None:
    published(store)
    with store.reading() as connection:
        kept = last_hash(connection)
    with store.writing() as connection:
        connection.execute(sql("DELETE FROM audit WHERE number = 3"))
    with store.reading() as connection:
        assert broken_links(connection) == []
        assert last_hash(connection) != kept


def test_of_two_approvers_at_once_one_wins_and_the_audit_holds(store: Store) -> None:
    written(store)
    submit(store, KIND, CODE, who="ann")
    refused: list[str] = []

    def read_and_approve(who: str) -> None:
        try:
            approve(store, KIND, CODE, who=who, text=ONE)
        except RefusedStepError as error:
            refused.append(str(error))

    threads = [threading.Thread(target=read_and_approve, args=(who,)) for who in ("bob", "cleo")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    with store.reading() as connection:
        assert broken_links(connection) == []


def test_uses_are_counted_by_day(store: Store) -> None:
    for day in (1, 2, 2):
        count_use(store, KIND, CODE, day=dt.date(2026, 7, day))
    assert uses(store, KIND, since=dt.date(2026, 7, 1)) == {CODE: 3}
    assert uses(store, KIND, since=dt.date(2026, 7, 2)) == {CODE: 2}


def test_a_file_that_is_no_store_is_refused_with_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database, whatever its name says" * 50, encoding="utf-8")
    with pytest.raises(InputError, match="cannot be opened as a store"):
        open_store(path)
