"""The decision log: nobody approves their own, only what is approved is scored, and nothing is altered unseen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text as sql

from sandtable.store import RefusedStepError, Store, broken_links, open_store
from sandtable.store.decisions import (
    Decision,
    DecisionText,
    Forecast,
    Score,
    add_scores,
    altered,
    approve_decision,
    decision,
    decisions,
    record_decision,
    scores,
)

NOON = dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC)
TEXT = DecisionText(
    title="Cut the N5",
    author="ann",
    measure="units",
    firm="Nova",
    data_set="premium_ev",
    data_sha256="0" * 64,
    parameters="logit",
    parameters_sha256="1" * 64,
    scenario={"title": "Cut the N5", "levers": [{"lever": "list_price", "change": -0.03}]},
    scenario_sha256="2" * 64,
    model=(Forecast("2026-07", 100.0, 90.0, 110.0), Forecast("2026-08", 100.0)),
    planner=(Forecast("2026-08", 120.0, 115.0, 125.0),),
)


def clock() -> dt.datetime:
    return NOON


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "store.sqlite")
    yield opened
    opened.close()


def recorded(store: Store, text: DecisionText = TEXT) -> Decision:
    return record_decision(store, text, clock=clock)


def approved(store: Store) -> Decision:
    return approve_decision(store, recorded(store).code, who="bob", clock=clock)


def scored(code: str, period: str = "2026-07", actual: float = 105.0) -> Score:
    return Score(code, period, "model", "model", 100.0, 90.0, 110.0, actual, "3" * 64)


def change(store: Store, statement: str) -> None:
    with store.writing() as connection:
        assert connection.execute(sql(statement)).rowcount > 0


def test_what_is_recorded_is_read_again_word_for_word(store: Store) -> None:
    code = recorded(store).code
    found = decision(store, code)
    assert (found.status, found.approved_by, found.text) == ("proposed", None, TEXT)


def test_the_same_decision_is_recorded_once(store: Store) -> None:
    recorded(store)
    with pytest.raises(RefusedStepError, match="in the log already"):
        recorded(store)
    assert len(decisions(store)) == 1


def test_decisions_are_listed_in_the_order_of_recording(store: Store) -> None:
    titles = [f"decision {number}" for number in range(5)]
    for title in titles:
        recorded(store, replace(TEXT, title=title))
    assert [one.text.title for one in decisions(store)] == titles


def test_nobody_approves_what_they_recorded(store: Store) -> None:
    code = recorded(store).code
    with pytest.raises(RefusedStepError, match="ann wrote"):
        approve_decision(store, code, who="ann", clock=clock)
    assert decision(store, code).status == "proposed"


def test_a_decision_is_approved_once(store: Store) -> None:
    code = approved(store).code
    with pytest.raises(RefusedStepError, match="approved already, by bob"):
        approve_decision(store, code, who="eve", clock=clock)


def test_only_approved_decisions_are_scored(store: Store) -> None:
    code = recorded(store).code
    with pytest.raises(RefusedStepError, match="not approved"):
        add_scores(store, [scored(code)], who="bob", clock=clock)
    assert scores(store) == []
    approve_decision(store, code, who="bob", clock=clock)
    assert add_scores(store, [scored(code)], who="bob", clock=clock) == [scored(code)]


def test_a_score_once_given_stays(store: Store) -> None:
    code = approved(store).code
    add_scores(store, [scored(code)], who="bob", clock=clock)
    later = [scored(code, actual=1.0), scored(code, period="2026-08")]
    assert add_scores(store, later, who="bob", clock=clock) == later[1:]
    assert [one.actual for one in scores(store)] == [105.0, 105.0]


def test_a_log_that_nobody_touched_is_sound(store: Store) -> None:
    code = approved(store).code
    add_scores(store, [scored(code), scored(code, "2026-08")], who="bob", clock=clock)
    assert altered(store) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE revision SET text = replace(text, '100.0', '105.0')",
        "UPDATE revision SET author = 'eve'",
        "UPDATE document SET approved_by = 'eve'",
        "UPDATE document SET status = 'review'",
        "UPDATE decision_score SET value = 105.0",
        "UPDATE decision_score SET actual = 100.0 WHERE period = '2026-08'",
        "DELETE FROM decision_score WHERE period = '2026-08'",
        "UPDATE audit SET changes = '[]' WHERE action = 'score'",
        "UPDATE audit SET who = 'eve' WHERE action = 'approve'",
    ],
)
def test_whatever_is_altered_is_seen(store: Store, statement: str) -> None:
    code = approved(store).code
    add_scores(store, [scored(code), scored(code, "2026-08")], who="bob", clock=clock)
    change(store, statement)
    assert altered(store)


def test_an_altered_decision_is_neither_read_nor_approved(store: Store) -> None:
    code = recorded(store).code
    change(store, "UPDATE revision SET text = replace(text, '100.0', '105.0')")
    for step in (
        lambda: decision(store, code),
        lambda: decisions(store),
        lambda: approve_decision(store, code, who="bob", clock=clock),
    ):
        with pytest.raises(RefusedStepError, match="not the one that was recorded"):
            step()


def test_a_text_rewritten_with_its_hash_is_still_seen(store: Store) -> None:
    recorded(store)
    other = replace(TEXT, model=(Forecast("2026-07", 105.0),))
    recorded(store, other)
    change(
        store,
        "UPDATE revision SET (text, hash) = (SELECT o.text, o.hash FROM revision o "
        "WHERE o.code <> revision.code)",
    )
    assert len(altered(store)) == 1  # one row now holds the text of the other, hash and all


def test_an_approval_without_a_step_in_the_audit_is_seen(store: Store) -> None:
    code = recorded(store).code
    change(store, "UPDATE document SET status = 'published', approved_by = 'ann'")
    with pytest.raises(RefusedStepError, match="approval is not the one"):
        decision(store, code)
    with pytest.raises(RefusedStepError, match="approval is not the one"):
        add_scores(store, [scored(code)], who="ann", clock=clock)


def test_every_step_stands_in_the_audit(store: Store) -> None:
    code = approved(store).code
    add_scores(store, [scored(code)], who="dan", clock=clock)
    with store.reading() as connection:
        steps = connection.execute(sql("SELECT who, action FROM audit ORDER BY number")).all()
        assert broken_links(connection) == []
    assert [tuple(one) for one in steps] == [
        ("ann", "propose"),
        ("ann", "submit"),
        ("bob", "approve"),
        ("dan", "score"),
    ]


@pytest.mark.parametrize(("actual", "inside"), [(90.0, True), (110.0, True), (89.9, False)])
def test_the_ends_of_an_interval_belong_to_it(actual: float, inside: bool) -> None:
    assert scored("d", actual=actual).inside is inside
    assert replace(scored("d"), low=None).inside is None
