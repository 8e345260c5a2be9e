"""The audit: rows that are only added, each holding the hash of the one before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, insert, select

from sandtable.store.schema import audit

FIRST = "0" * 64
SAID = (
    "number",
    "at",
    "who",
    "action",
    "kind",
    "code",
    "revision",
    "reason",
    "changes",
    "affected",
)


def hash_of(row: Mapping[str, Any]) -> str:
    """Return the hash of a row, the hash of the one before it included."""
    said = [row["before"], *(row[name] for name in SAID)]
    return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()


def record(
    connection: Connection,
    *,
    at: str,
    who: str,
    action: str,
    kind: str,
    code: str,
    revision: int,
    reason: str = "",
    changes: Sequence[str] = (),
    affected: Sequence[str] = (),
) -> None:
    """Add one row at the end of the audit, within the transaction of what it is about."""
    last = connection.execute(
        select(audit.c.number, audit.c.hash).order_by(audit.c.number.desc()).limit(1)
    ).first()
    row: dict[str, Any] = {
        "number": 1 if last is None else last.number + 1,
        "at": at,
        "who": who,
        "action": action,
        "kind": kind,
        "code": code,
        "revision": revision,
        "reason": reason,
        "changes": json.dumps(list(changes), ensure_ascii=False),
        "affected": json.dumps(list(affected), ensure_ascii=False),
        "before": FIRST if last is None else last.hash,
    }
    connection.execute(insert(audit).values(**row, hash=hash_of(row)))


def broken_links(connection: Connection) -> list[str]:
    """Say for each row of the audit what shows that it, or one before it, was changed, removed or put in later.

    Returns
    -------
    list of str
        Empty when every row is as it was written. Rows cut off at the end leave no trace in the audit alone: compare
        `last_hash` with one kept elsewhere.
    """
    wrong = []
    before, expected = FIRST, 1
    for row in connection.execute(select(audit).order_by(audit.c.number)).mappings().all():
        place = f"row {row['number']} ({row['action']} {row['code']})"
        if row["number"] != expected:
            wrong.append(f"{place}: row {expected} is missing.")
        elif row["before"] != before:
            wrong.append(f"{place}: the row before it was changed.")
        if row["hash"] != hash_of({**row}):
            wrong.append(f"{place}: it was changed after it was written.")
        before, expected = row["hash"], row["number"] + 1
    return wrong


def last_hash(connection: Connection) -> str:
    """Return the hash of the last row: kept elsewhere, it shows whether rows were cut off."""
    number = select(func.max(audit.c.number)).scalar_subquery()
    found = connection.execute(select(audit.c.hash).where(audit.c.number == number)).scalar()
    return FIRST if found is None else str(found)
