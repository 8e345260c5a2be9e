"""How often a document is asked for.

A use is counted only in a store that is there already: looking at a figure must not leave a file behind, least of all
in a folder that somebody else keeps. Where no store is, or it cannot be written, nothing is counted and nothing fails.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from sandtable.errors import SandtableError
from sandtable.store.opening import DEFAULT, VARIABLE, Store, open_store
from sandtable.store.schema import usage

log = logging.getLogger("sandtable.store")


def count_use(store: Store, kind: str, code: str, *, day: dt.date) -> None:
    """Count one use of a document on a day."""
    count_uses(store, kind, (code,), day=day)


def count_uses(store: Store, kind: str, codes: Iterable[str], *, day: dt.date) -> None:
    """Count one use of each document on a day, in one transaction."""
    with store.writing() as connection:
        for code in dict.fromkeys(codes):
            place = (usage.c.kind == kind) & (usage.c.code == code) & (usage.c.day == day)
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


def existing_store(address: str | Path | None = None) -> Store | None:
    """Open the store if there is one; never make it.

    Parameters
    ----------
    address : str or Path, optional
        As `open_store` takes it. An address of a database server names a store that somebody set up.

    Returns
    -------
    Store or None
        None where no file is, or the store cannot be opened; the reason goes to the log.
    """
    named = str(address or os.environ.get(VARIABLE) or DEFAULT)
    if "://" not in named and not Path(named).is_file():
        return None
    try:
        return open_store(named)
    except SandtableError as error:
        log.info("no store to read or to count in: %s", error)
        return None


def note_uses(
    kind: str, codes: Iterable[str], *, day: dt.date, address: str | Path | None = None
) -> bool:
    """Count one use of each document if there is a store to count in; say whether it was done.

    Parameters
    ----------
    kind : str
    codes : iterable of str
    day : date
    address : str or Path, optional
        As `open_store` takes it.
    """
    store = existing_store(address)
    if store is None:
        return False
    try:
        count_uses(store, kind, codes, day=day)
    except SQLAlchemyError as error:
        log.info("uses were not counted: %s", error)
        return False
    finally:
        store.close()
    return True
