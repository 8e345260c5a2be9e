"""How often a document is asked for."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import func, insert, select, update

from sandtable.store.opening import Store
from sandtable.store.schema import usage


def count_use(store: Store, kind: str, code: str, *, day: dt.date) -> None:
    """Count one use of a document on a day."""
    place = (usage.c.kind == kind) & (usage.c.code == code) & (usage.c.day == day)
    with store.writing() as connection:
        changed = connection.execute(
            update(usage).where(place).values(count=usage.c.count + 1)
        ).rowcount
        if not changed:
            connection.execute(insert(usage).values(kind=kind, code=code, day=day, count=1))


def uses(store: Store, kind: str, *, since: dt.date) -> dict[str, int]:
    """Return how often each document of a kind was asked for since a day, by its code."""
    with store.reading() as connection:
        rows = connection.execute(
            select(usage.c.code, func.sum(usage.c.count))
            .where(usage.c.kind == kind, usage.c.day >= since)
            .group_by(usage.c.code)
            .order_by(usage.c.code)
        ).all()
    return {str(code): int(count) for code, count in rows}
