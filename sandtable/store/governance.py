"""Draft -> review -> published -> deprecated: who may take a document from one to the next."""

from __future__ import annotations

import datetime as dt
import difflib
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, insert, select, update

from sandtable.errors import SandtableError
from sandtable.store.audit import record
from sandtable.store.opening import Store
from sandtable.store.schema import document, revision

Status = Literal["draft", "review", "published", "deprecated"]
Clock = Callable[[], dt.datetime]


class RefusedStepError(SandtableError):
    """A step that the rules do not allow; the sentence says which rule and what to do."""


@dataclass(frozen=True)
class Governed:
    """A document as it stands.

    Attributes
    ----------
    kind, code : str
        What it is, and its name.
    status : str
        ``draft``, ``review``, ``published`` or ``deprecated``.
    version : int
        Counts its changes.
    revision : int
        Number of its latest text, from 1.
    text, hash, author : str
        That text, its SHA-256, and who wrote it.
    approved_by, approved_hash : str or None
        Who approved which text; an approval of another text than the latest says nothing of it.
    replaced_by : str or None
    sunset : date or None
        Of a deprecated one: what to use instead, and until when it is still there.
    """

    kind: str
    code: str
    status: Status
    version: int
    revision: int
    text: str
    hash: str
    author: str
    approved_by: str | None
    approved_hash: str | None
    replaced_by: str | None
    sunset: dt.date | None


def utc_now() -> dt.datetime:
    """Return the time, in UTC."""
    return dt.datetime.now(dt.UTC)


def text_hash(text: str) -> str:
    """Return the SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def governed(store: Store, kind: str, code: str) -> Governed | None:
    """Return a document as it stands; None when the store does not hold it."""
    with store.reading() as connection:
        return _read(connection, kind, code)


def propose(
    store: Store,
    kind: str,
    code: str,
    text: str,
    *,
    author: str,
    reason: str,
    affected: Sequence[str] = (),
    clock: Clock = utc_now,
) -> Governed:
    """Write a new text of a document; it is a draft, whatever it was before.

    Parameters
    ----------
    store : Store
    kind, code : str
        What it is (``indicator``), and its name.
    text : str
        The whole text. The latest text again changes nothing.
    author, reason : str
        Who writes it, and why.
    affected : sequence of str
        What rests on it.
    clock : callable
        Gives the time.

    Raises
    ------
    RefusedStepError
        If it is deprecated.
    """
    with store.writing() as connection:
        before = _read(connection, kind, code)
        if before is not None and before.hash == text_hash(text):
            return before
        if before is not None and before.status == "deprecated":
            raise RefusedStepError(f"{code} is deprecated; give the new one another name.")
        number = 1 if before is None else before.revision + 1
        at = clock().isoformat()
        if before is None:
            connection.execute(
                insert(document).values(
                    kind=kind, code=code, status="draft", revision=number, version=1
                )
            )
        else:
            _move(connection, before, status="draft", revision=number)
        connection.execute(
            insert(revision).values(
                kind=kind,
                code=code,
                number=number,
                text=text,
                hash=text_hash(text),
                author=author,
                at=at,
            )
        )
        record(
            connection,
            at=at,
            who=author,
            action="propose",
            kind=kind,
            code=code,
            revision=number,
            reason=reason,
            changes=differences("" if before is None else before.text, text),
            affected=affected,
        )
        return _required(connection, kind, code)


def submit(
    store: Store, kind: str, code: str, *, who: str, reason: str = "", clock: Clock = utc_now
) -> Governed:
    """Put a draft forward for review.

    Raises
    ------
    RefusedStepError
        If it is no draft.
    """
    return _step(store, kind, code, "submit", "draft", "review", who, reason, clock)


def approve(
    store: Store,
    kind: str,
    code: str,
    *,
    who: str,
    text: str,
    reason: str = "",
    clock: Clock = utc_now,
) -> Governed:
    """Publish what is under review.

    Parameters
    ----------
    store : Store
    kind, code : str
    who : str
        Not the author of any text since the last approval.
    text : str
        What the approver has read: the approval is of this text and no other.
    reason : str
    clock : callable

    Raises
    ------
    RefusedStepError
        If it is not under review, the approver wrote some of it, or it is no longer the text that was read.
    """
    with store.writing() as connection:
        found = _required(connection, kind, code)
        _check_status(found, "review", "approve")
        if found.hash != text_hash(text):
            raise RefusedStepError(
                f"{code} was changed since you read it (revision {found.revision}); read it again."
            )
        if who in _authors_since_approval(connection, found):
            raise RefusedStepError(
                f"{who} wrote {code} and cannot approve it; somebody else must read it."
            )
        _move(connection, found, status="published", approved_by=who, approved_hash=found.hash)
        record(
            connection,
            at=clock().isoformat(),
            who=who,
            action="approve",
            kind=kind,
            code=code,
            revision=found.revision,
            reason=reason,
        )
        return _required(connection, kind, code)


def deprecate(
    store: Store,
    kind: str,
    code: str,
    *,
    who: str,
    replaced_by: str | None,
    sunset: dt.date | None,
    reason: str,
    clock: Clock = utc_now,
) -> Governed:
    """Take a published document out of use.

    Raises
    ------
    RefusedStepError
        If it is not published, or would be replaced by itself.
    """
    if replaced_by == code:
        raise RefusedStepError(f"{code} cannot be replaced by itself.")
    changes = [f"replaced_by: {replaced_by}", f"sunset: {sunset}"]
    return _step(
        store,
        kind,
        code,
        "deprecate",
        "published",
        "deprecated",
        who,
        reason,
        clock,
        changes,
        replaced_by=replaced_by,
        sunset=sunset,
    )


def differences(before: str, after: str) -> list[str]:
    """Return the lines that a text lost (``- ``) and gained (``+ ``)."""
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return [line for line in lines if line.startswith(("- ", "+ "))]


def _step(
    store: Store,
    kind: str,
    code: str,
    action: str,
    needed: Status,
    then: Status,
    who: str,
    reason: str,
    clock: Clock,
    changes: Sequence[str] = (),
    **values: object,
) -> Governed:
    with store.writing() as connection:
        found = _required(connection, kind, code)
        _check_status(found, needed, action)
        _move(connection, found, status=then, **values)
        record(
            connection,
            at=clock().isoformat(),
            who=who,
            action=action,
            kind=kind,
            code=code,
            revision=found.revision,
            reason=reason,
            changes=changes,
        )
        return _required(connection, kind, code)


def _check_status(found: Governed, needed: Status, action: str) -> None:
    if found.status != needed:
        raise RefusedStepError(
            f"{found.code} is {found.status}; to {action} it, it must be {needed}."
        )


def _authors_since_approval(connection: Connection, found: Governed) -> set[str]:
    """Return who wrote any text after the approved one, the latest included."""
    rows = connection.execute(
        select(revision.c.number, revision.c.hash, revision.c.author)
        .where(revision.c.kind == found.kind, revision.c.code == found.code)
        .order_by(revision.c.number)
    ).all()
    approved = max((row.number for row in rows if row.hash == found.approved_hash), default=0)
    later = {row.author for row in rows if row.number > approved}
    return later or {found.author}


def _move(connection: Connection, found: Governed, **values: object) -> None:
    """Change a document, unless somebody else did since it was read."""
    changed = connection.execute(
        update(document)
        .where(
            document.c.kind == found.kind,
            document.c.code == found.code,
            document.c.version == found.version,
        )
        .values(version=found.version + 1, **values)
    )
    if changed.rowcount != 1:
        raise RefusedStepError(
            f"{found.code} was changed by somebody else just now; read it again."
        )


def _read(connection: Connection, kind: str, code: str) -> Governed | None:
    row = (
        connection.execute(
            select(
                document.c.kind,
                document.c.code,
                document.c.status,
                document.c.version,
                document.c.revision,
                revision.c.text,
                revision.c.hash,
                revision.c.author,
                document.c.approved_by,
                document.c.approved_hash,
                document.c.replaced_by,
                document.c.sunset,
            )
            .join(
                revision,
                (revision.c.kind == document.c.kind)
                & (revision.c.code == document.c.code)
                & (revision.c.number == document.c.revision),
            )
            .where(document.c.kind == kind, document.c.code == code)
        )
        .mappings()
        .first()
    )
    return None if row is None else Governed(**row)


def _required(connection: Connection, kind: str, code: str) -> Governed:
    found = _read(connection, kind, code)
    if found is None:
        raise RefusedStepError(f"the store holds no {kind} called '{code}'; propose it first.")
    return found
