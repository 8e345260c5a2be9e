"""The decision log: what was decided on which forecast, who approved it, and what came.

A decision is a governed document of the kind ``decision``: its text never changes, somebody else than its author
approves it, and every step stands in the audit. Scores are rows that are only added; the audit holds each of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from sqlalchemy import Connection, insert, select

from sandtable.store.audit import broken_links, record
from sandtable.store.governance import (
    Clock,
    Governed,
    RefusedStepError,
    approve,
    differences,
    governed,
    propose,
    submit,
    text_hash,
    utc_now,
)
from sandtable.store.opening import Store
from sandtable.store.schema import audit, decision_score, document, revision

KIND = "decision"
Role = Literal["model", "planner"]
Status = Literal["proposed", "approved"]


@dataclass(frozen=True)
class Forecast:
    """What somebody expects of one period; `low` and `high` bound an 80 % interval, None where there is none."""

    period: str
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class DecisionText:
    """What is decided and on which grounds; it never changes.

    Attributes
    ----------
    title : str
    author : str
        Who records it: the planner.
    measure : str
        ``units`` or ``share_of_sales``, of `firm`.
    data_set, data_sha256 : str
        Which data the forecast rests on.
    parameters, parameters_sha256 : str
    scenario : dict
        The scenario, in full.
    scenario_sha256 : str
    model : tuple of Forecast
        By period.
    planner : tuple of Forecast
        What the author expects; may be empty.
    """

    title: str
    author: str
    measure: str
    firm: str
    data_set: str
    data_sha256: str
    parameters: str
    parameters_sha256: str
    scenario: Mapping[str, Any]
    scenario_sha256: str
    model: tuple[Forecast, ...]
    planner: tuple[Forecast, ...] = ()

    def to_json(self) -> str:
        """Write it down, the same for equal decisions; one field a line."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True, indent=1)

    @classmethod
    def from_json(cls, text: str) -> DecisionText:
        """Read what `to_json` wrote."""
        values = json.loads(text)
        for role in ("model", "planner"):
            values[role] = tuple(Forecast(**one) for one in values[role])
        return cls(**values)


@dataclass(frozen=True)
class Decision:
    """A decision as it stands."""

    code: str
    status: Status
    approved_by: str | None
    text: DecisionText


@dataclass(frozen=True)
class Score:
    """What became of one forecast."""

    code: str
    period: str
    role: Role
    forecaster: str
    value: float
    low: float | None
    high: float | None
    actual: float
    data_sha256: str

    @property
    def inside(self) -> bool | None:
        """Whether the actual figure lies in the interval; None without one."""
        if self.low is None or self.high is None:
            return None
        return self.low <= self.actual <= self.high

    def line(self) -> str:
        """Write it as the audit holds it."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)


def record_decision(
    store: Store, text: DecisionText, *, reason: str = "", clock: Clock = utc_now
) -> Decision:
    """Record a decision; it is proposed until somebody else approves it.

    Raises
    ------
    RefusedStepError
        If the same decision is in the log.
    """
    written = text.to_json()
    code = f"d{text_hash(written)[:10]}"
    if governed(store, KIND, code) is not None:
        raise RefusedStepError(f"this decision is in the log already, as {code}.")
    propose(store, KIND, code, written, author=text.author, reason=reason, clock=clock)
    return _decision(submit(store, KIND, code, who=text.author, reason="recorded", clock=clock))


def approve_decision(
    store: Store, code: str, *, who: str, reason: str = "", clock: Clock = utc_now
) -> Decision:
    """Approve a decision that somebody else recorded.

    Raises
    ------
    RefusedStepError
        If there is none, it is approved already, `who` recorded it, or its text was altered.
    """
    found = decision(store, code)
    if found.status == "approved":
        raise RefusedStepError(f"{code} is approved already, by {found.approved_by}.")
    return _decision(
        approve(store, KIND, code, who=who, text=found.text.to_json(), reason=reason, clock=clock)
    )


def decision(store: Store, code: str) -> Decision:
    """Return one decision.

    Raises
    ------
    RefusedStepError
        If the log does not hold it, or its text was altered since it was recorded.
    """
    found = governed(store, KIND, code)
    if found is None:
        raise RefusedStepError(
            f"the log holds no decision '{code}'; sandtable decisions list shows all."
        )
    with store.reading() as connection:
        _refuse_altered(connection, [code])
    return _decision(found)


def decisions(store: Store) -> list[Decision]:
    """Return all decisions in the order in which they were recorded.

    Raises
    ------
    RefusedStepError
        If one was altered since it was recorded.
    """
    with store.reading() as connection:
        codes = connection.execute(
            select(audit.c.code)
            .where(audit.c.kind == KIND, audit.c.action == "propose")
            .order_by(audit.c.number)
        ).scalars()
        listed = list(codes)
        _refuse_altered(connection, listed)
    found = (governed(store, KIND, code) for code in listed)
    return [_decision(one) for one in found if one is not None]


def add_scores(
    store: Store, scores: Sequence[Score], *, who: str, clock: Clock = utc_now
) -> list[Score]:
    """Add scores of approved decisions; a forecast that has its score keeps it.

    Returns
    -------
    list of Score
        Those that were new.

    Raises
    ------
    RefusedStepError
        If a decision is not approved, or was altered.
    """
    with store.writing() as connection:
        held = {(one.code, one.period, one.role) for one in _scores(connection)}
        fresh = [one for one in scores if (one.code, one.period, one.role) not in held]
        at = clock().isoformat()
        for code in dict.fromkeys(one.code for one in fresh):
            own = [one for one in fresh if one.code == code]
            _refuse_altered(connection, [code])
            status = connection.execute(
                select(document.c.status).where(document.c.kind == KIND, document.c.code == code)
            ).scalar()
            if status != "published":
                raise RefusedStepError(
                    f"{code} is not approved; only approved decisions are scored."
                )
            for one in own:
                connection.execute(insert(decision_score).values(**asdict(one), at=at))
            record(
                connection,
                at=at,
                who=who,
                action="score",
                kind=KIND,
                code=code,
                revision=1,
                changes=[one.line() for one in own],
            )
        return fresh


def scores(store: Store) -> list[Score]:
    """Return all scores, by decision, period and role.

    Raises
    ------
    RefusedStepError
        If one was altered, put in or taken out.
    """
    with store.reading() as connection:
        wrong = _altered_scores(connection)
        if wrong:
            raise RefusedStepError(" ".join(wrong))
        return _scores(connection)


def altered(store: Store) -> list[str]:
    """Say what was altered: rows of the audit, texts of decisions, scores; empty when all is as it was written."""
    with store.reading() as connection:
        codes = connection.execute(
            select(document.c.code).where(document.c.kind == KIND).order_by(document.c.code)
        ).scalars()
        texts = _altered_texts(connection, list(codes))
        return [*broken_links(connection), *texts, *_altered_scores(connection)]


def _decision(found: Governed) -> Decision:
    status: Status = "approved" if found.status == "published" else "proposed"
    return Decision(found.code, status, found.approved_by, DecisionText.from_json(found.text))


def _refuse_altered(connection: Connection, codes: Sequence[str]) -> None:
    wrong = _altered_texts(connection, codes)
    if wrong:
        raise RefusedStepError(" ".join(wrong))


def _altered_texts(connection: Connection, codes: Sequence[str]) -> list[str]:
    """Hold the texts against their hash, their code and the row of the audit that first spoke of them."""
    texts = {
        row.code: row
        for row in connection.execute(
            select(revision.c.code, revision.c.text, revision.c.hash, revision.c.author).where(
                revision.c.kind == KIND, revision.c.number == 1
            )
        )
    }
    steps = connection.execute(
        select(audit.c.code, audit.c.action, audit.c.who, audit.c.changes).where(
            audit.c.kind == KIND
        )
    ).all()
    said = {
        row.code: (row.who, json.loads(row.changes)) for row in steps if row.action == "propose"
    }
    approvals = {row.code: row.who for row in steps if row.action == "approve"}
    standing = {
        row.code: (row.status == "published", row.approved_by)
        for row in connection.execute(
            select(document.c.code, document.c.status, document.c.approved_by).where(
                document.c.kind == KIND
            )
        )
    }
    wrong = []
    for code in codes:
        row = texts.get(code)
        if (
            row is None
            or row.hash != text_hash(row.text)
            or code != f"d{row.hash[:10]}"
            or said.get(code) != (row.author, differences("", row.text))
        ):
            wrong.append(f"{code}: its text is not the one that was recorded.")
        if standing.get(code) != (code in approvals, approvals.get(code)):
            wrong.append(f"{code}: its approval is not the one that the audit holds.")
    return wrong


def _altered_scores(connection: Connection) -> list[str]:
    """Hold the scores against the audit."""
    said = {
        line
        for changes in connection.execute(
            select(audit.c.changes).where(audit.c.kind == KIND, audit.c.action == "score")
        ).scalars()
        for line in json.loads(changes)
    }
    held = {one.line(): one for one in _scores(connection)}
    wrong = [
        f"{one.code}, {one.period} ({one.role}): its score is not the one that the audit holds."
        for line, one in held.items()
        if line not in said
    ]
    lost = len(said - set(held)) - len(wrong)
    return wrong if lost <= 0 else [*wrong, f"{lost} scores of the audit are gone from the log."]


def _scores(connection: Connection) -> list[Score]:
    names = [column for column in decision_score.c if column.name != "at"]
    rows = connection.execute(
        select(*names).order_by(
            decision_score.c.code, decision_score.c.period, decision_score.c.role
        )
    ).mappings()
    return [Score(**row) for row in rows]
