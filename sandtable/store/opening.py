"""Open the store: SQLite in a file by default, PostgreSQL by its address."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import SQLAlchemyError

from sandtable.errors import Fault, InputError
from sandtable.store.schema import metadata

VARIABLE = "SANDTABLE_STORE"
DEFAULT = Path(".sandtable") / "store.sqlite"
WAIT = 10.0  # seconds that one writer waits for another


class Store:
    """A database with the tables of `sandtable.store.schema`; every change is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Read; what is read belongs together."""
        with self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Write all or nothing, one writer at a time."""
        with (
            self._engine.connect().execution_options(writes=True) as connection,
            connection.begin(),
        ):
            yield connection

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()


def open_store(address: str | Path | None = None) -> Store:
    """Open a store, and make its tables if they are not there.

    Parameters
    ----------
    address : str or Path, optional
        A file, or an address that SQLAlchemy understands (``postgresql+psycopg://...``). By default the environment
        variable ``SANDTABLE_STORE``, else ``.sandtable/store.sqlite`` in the current folder.

    Raises
    ------
    InputError
        If it cannot be opened.
    """
    named = str(address or os.environ.get(VARIABLE) or DEFAULT)
    is_address = "://" in named
    try:
        if not is_address:
            Path(named).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(named if is_address else f"sqlite:///{named}")
        if engine.dialect.name == "sqlite":
            _careful(engine)
        metadata.create_all(engine)
    except (SQLAlchemyError, OSError) as error:
        why = str(getattr(error, "orig", None) or error).splitlines()[0]
        message = f"cannot be opened as a store ({why}); name a file that may be written, or set {VARIABLE}."
        raise InputError([Fault(named, "", message)]) from error
    return Store(engine)


def _careful(engine: Engine) -> None:
    """Let SQLite lose nothing that was confirmed, and let one writer wait for another instead of failing."""

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions are begun below, not by the driver
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute(f"PRAGMA busy_timeout={int(1000 * WAIT)}")

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
